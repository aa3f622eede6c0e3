"""The changes from each snapshot to the next: from the published change feed if it is current, else a new diff.

``current_feed`` says when a feed is current.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition
from helpscraper.archive.open_file import OpenFile
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import CHANGES_SCHEMA, read_compatible
from helpscraper.errors import ArchiveError, HelpscraperError
from helpscraper.history.current_feed import RENAMES_KEY, is_current
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.identity import Identities, Rename, Tenure
from helpscraper.history.result import ordered, renames_of

__all__ = ["Records", "changes_of", "renames_between", "steps", "story_of"]

_NOTHING = CHANGES_SCHEMA.empty_table()

_Feed = tuple[pa.Table, list[tuple[str, str]]]
"""The change records of a step, and its renames."""

# A second thread pays from this many steps on.
_WORTH_A_THREAD = 32


@dataclass(frozen=True, slots=True)
class Records:
    """Change records of several steps (``CHANGES_SCHEMA``, oldest first), and warnings.

    ``tenures`` are those of the requested article, oldest first.
    """

    table: pa.Table
    warnings: tuple[str, ...] = ()
    tenures: tuple[Tenure, ...] = ()


def steps(catalog: Catalog, partition: Partition) -> list[tuple[Snapshot, Snapshot]]:
    """Return the steps from each snapshot of ``partition`` to the next, oldest first."""
    return list(pairwise(catalog.snapshots(partition)))


def changes_of(catalog: Catalog, taken: Iterable[tuple[Snapshot, Snapshot]]) -> Records:
    """Return all records of these steps.

    A step that cannot be compared (a damaged snapshot, another region) gives no records, and a warning.
    """
    tables = [CHANGES_SCHEMA.empty_table()]
    warnings: list[str] = []
    for before, after in taken:
        try:
            feed = _feed(catalog, before, after)
            tables.append(feed[0] if feed else diff_snapshots(catalog, before, after).table)
        except HelpscraperError as error:
            warnings.append(f"{before.id} to {after.id}: {error.message}")
    return Records(pa.concat_tables(tables), tuple(warnings))


def story_of(catalog: Catalog, taken: Iterable[tuple[Snapshot, Snapshot]], article_id: str) -> Records:
    """Return the records of the article that ``article_id`` means; ``warnings`` as in ``changes_of``.

    Each feed is opened once: its footer holds the renames, and statistics that select the rows. Only a renamed article
    needs a second pass, for its other keys.
    """
    pairs = list(taken)
    found, renames, warnings = _look(catalog, pairs, {article_id})
    tenures = Identities(renames).tenures(article_id, max(found, default=None))
    names = {tenure.key for tenure in tenures}
    if names != {article_id}:
        found, _, warnings = _look(catalog, pairs, names)
    own = [
        _only(table, pa.array([tenure.key for tenure in tenures if tenure.covers(name)], pa.string()))
        for name, table in found.items()
    ]
    return Records(pa.concat_tables([_NOTHING, *own]), tuple(warnings), tenures)


def renames_between(catalog: Catalog, taken: Iterable[tuple[Snapshot, Snapshot]]) -> list[Rename]:
    """Return the renames of these steps, oldest first. A step that cannot be compared has none."""
    return _look(catalog, list(taken), ())[1]


def _look(
    catalog: Catalog, pairs: Sequence[tuple[Snapshot, Snapshot]], names: Collection[str]
) -> tuple[dict[str, pa.Table], list[Rename], list[str]]:
    """Return the records of ``names`` by the later snapshot of each step that has any, all renames, and warnings."""
    tables: dict[str, pa.Table] = {}
    renames: list[Rename] = []
    warnings: list[str] = []
    wanted = pa.array(sorted(names), pa.string())
    for (before, after), feed in zip(pairs, _feeds(catalog, pairs, wanted), strict=True):
        try:
            if feed is None:
                every = diff_snapshots(catalog, before, after).table
                feed = _only(every, wanted), renames_of(every)
        except HelpscraperError as error:
            warnings.append(f"{before.id} to {after.id}: {error.message}")
            continue
        renames += [(after.id, old, new) for old, new in feed[1]]
        if feed[0].num_rows:
            tables[after.id] = feed[0]
    return tables, renames, warnings


def _feeds(
    catalog: Catalog, pairs: Sequence[tuple[Snapshot, Snapshot]], wanted: pa.Array
) -> list[_Feed | None]:
    """Return the result of ``_feed`` for each step.

    Reading files releases the interpreter's lock, so several threads read a part of a long history each.
    """

    def read(part: Sequence[tuple[Snapshot, Snapshot]]) -> list[_Feed | None]:
        return [_feed(catalog, before, after, wanted) for before, after in part]

    if len(pairs) < _WORTH_A_THREAD:
        return read(pairs)
    size = -(-len(pairs) // catalog.store.readers)
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    with ThreadPoolExecutor(len(parts)) as pool:
        return [feed for part in pool.map(read, parts) for feed in part]


def _feed(
    catalog: Catalog, before: Snapshot, after: Snapshot, wanted: pa.Array | None = None
) -> _Feed | None:
    """Return the records of ``wanted`` (None: all) and the renames of the feed from ``before`` to ``after``.

    None when the feed is missing, out of date or damaged: then a diff is needed.
    """
    try:
        with catalog.open_feed(after) as one:
            if not is_current(catalog, before, after, one.metadata):
                return None
            text = one.metadata.get(RENAMES_KEY)
            table = _rows(one, None if text is None else wanted)
            links = renames_of(table) if text is None else [(old, new) for old, new in json.loads(text)]
            if not table.num_rows:
                return _NOTHING, links
            if wanted is not None and "article_id" in table.schema.names:
                table = _only(table, wanted)
            known = read_compatible(table, CHANGES_SCHEMA, where=one.path)
    except ArchiveError:
        return None
    return ordered(known.replace_schema_metadata()), links


def _rows(one: OpenFile, wanted: pa.Array | None) -> pa.Table:
    """Read the row groups whose keys include one of ``wanted``, with all columns; without ``wanted``, all rows."""
    if wanted is None:
        return one.read()
    names = wanted.to_pylist()
    if one.has_own_file:
        ids = one.read(["article_id"], names).column("article_id")
        if not any(pc.index(ids, name).as_py() >= 0 for name in wanted):
            return _NOTHING
    return one.read(articles=names)


def _only(table: pa.Table, wanted: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column("article_id"), value_set=wanted))
