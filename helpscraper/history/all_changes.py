"""All changes of an archive, or of a range in time, as one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.arrow import release_memory
from helpscraper.archive.layout import Partition
from helpscraper.archive.ranges import pick
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.errors import ReferenceNotFoundError
from helpscraper.history.body_diff import words_of
from helpscraper.history.change_rows import CHANGE_ROWS_SCHEMA, change_rows, names_in, with_words
from helpscraper.history.kinds import KINDS, QUIET, check_kinds
from helpscraper.history.last_read import last_seen_unchanged
from helpscraper.history.result import of_kinds, renames_of
from helpscraper.history.steps import changes_of, steps
from helpscraper.nearest import nearest_or_all

__all__ = ["LOUD", "AllChanges", "all_changes", "rows_of_steps"]

LOUD = tuple(kind for kind in KINDS if kind not in QUIET)
"""The kinds that are given where none is asked for."""

# Edits whose bodies are in memory at a time.
_AT_ONCE = 256

Step = tuple[Snapshot, Snapshot]


@dataclass(frozen=True, slots=True)
class AllChanges:
    """Changes as rows (``CHANGE_ROWS_SCHEMA``), by edition, oldest first, and the warnings about them.

    ``steps`` are the pairs of crawls that were compared.
    """

    table: pa.Table
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]


def all_changes(
    catalog: Catalog,
    *,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
    kinds: Iterable[str] = (),
    sections: Iterable[str] = (),
    words: bool = True,
) -> AllChanges:
    """Return the changes that the crawls from ``since`` to ``until`` found, each against the crawl before it.

    The bounds are those of ``archive.ranges``. Without ``kinds`` all are given but ``counted``; ``silent`` is
    understood as a kind. ``sections`` are keys. Without ``words`` the three columns of words are null.

    Raises ``CommandError`` for an unknown kind, and ``ReferenceNotFoundError`` for a section that none of these changes
    is in, for a bound that means nothing, and for a range without a snapshot; one of several editions without a
    snapshot in the range gives a warning.
    """
    kinds, wanted = tuple(kinds), list(sections)
    check_kinds(kind for kind in kinds if kind != "silent")
    taken, warnings = _steps_between(catalog, since, until)
    tables = [CHANGE_ROWS_SCHEMA.empty_table()]
    for step in taken:
        rows, warned = rows_of_steps(catalog, [step], kinds, words=False)
        tables.append(rows)
        warnings += warned
    table = pa.concat_tables(tables)
    if wanted:
        _require_known(catalog, table, taken, wanted)
        table = table.filter(pc.is_in(table.column("section"), value_set=pa.array(wanted, pa.string())))
    return AllChanges(_with_all_words(catalog, table) if words else table, tuple(warnings), tuple(taken))


def _steps_between(
    catalog: Catalog, since: str | dt.date | None, until: str | dt.date | None
) -> tuple[list[Step], list[str]]:
    taken: list[Step] = []
    missing: list[ReferenceNotFoundError] = []
    warnings: list[str] = []
    partitions = [each for each in catalog.partitions() if catalog.ids(each)]
    for partition in partitions:
        where = f"{catalog.store.uri} ({partition})"
        try:
            picked = pick(catalog.ids(partition), since, until, where=where)
        except ReferenceNotFoundError as error:
            missing.append(error)
            continue
        warnings += filter(None, [picked.begins_late(where)])
        taken += [
            step
            for step in steps(catalog, partition)
            if step[1].id in picked.ids and step[1].id != picked.base
        ]
    if not partitions:
        catalog.resolve("latest")  # raises an error, because there is no snapshot
    if missing and len(missing) == len(partitions):
        raise missing[0]
    return taken, warnings + [error.message for error in missing]


def rows_of_steps(
    catalog: Catalog, taken: Iterable[Step], kinds: Sequence[str] = (), *, words: bool = True
) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the changes of these steps as rows (``CHANGE_ROWS_SCHEMA``), and the warnings about them."""
    tables = [CHANGE_ROWS_SCHEMA.empty_table()]
    warnings: list[str] = []
    for before, after in taken:
        found = changes_of(catalog, [(before, after)])
        warnings += found.warnings
        table = of_kinds(found.table, kinds or LOUD)
        if not table.num_rows:
            continue
        records = table.to_pylist()
        keys = {new: old for old, new in renames_of(found.table)}
        begins = last_seen_unchanged(catalog, before, records, keys)
        rows = change_rows(table, after.partition, names_in(catalog, after, records), begins)
        tables.append(_completed(rows))
    table = pa.concat_tables(tables)
    return _with_all_words(catalog, table) if words else table, tuple(warnings)


def _completed(rows: pa.Table) -> pa.Table:
    """Return rows with all columns of ``CHANGE_ROWS_SCHEMA``; those that are missing are null."""
    for field in CHANGE_ROWS_SCHEMA:
        if field.name not in rows.schema.names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(CHANGE_ROWS_SCHEMA.names).cast(CHANGE_ROWS_SCHEMA)


def _with_all_words(catalog: Catalog, table: pa.Table) -> pa.Table:
    """Fill the columns of words, reading the bodies of some hundred edits at a time."""
    bare = table.drop_columns([name for name in CHANGE_ROWS_SCHEMA.names if name.startswith("words")])
    parts = [CHANGE_ROWS_SCHEMA.empty_table()]
    for part in _parts(bare):
        first = part.slice(0, 1).to_pylist()[0]
        partition = Partition(first["site"], first["locale"])
        edits = part.filter(pc.equal(part.column("field"), "body_sha256"))
        keys = {key for side in ("before", "after") for key in edits.column(side).to_pylist() if key}
        parts.append(with_words(part, words_of(catalog, partition, sorted(keys))))
        release_memory()
    return pa.concat_tables(parts).cast(CHANGE_ROWS_SCHEMA)


def _parts(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into parts of one edition with at most ``_AT_ONCE`` rows each."""
    for edition in table.group_by(["site", "locale"], use_threads=False).aggregate([]).to_pylist():
        chosen = (pc.equal(table.column(name), value) for name, value in edition.items())
        own = table.filter(pc.and_(*chosen))
        yield from (own.slice(start, _AT_ONCE) for start in range(0, own.num_rows, _AT_ONCE))


def _require_known(catalog: Catalog, table: pa.Table, taken: Sequence[Step], sections: Sequence[str]) -> None:
    """Raise for a section that neither these changes nor the last snapshots of their range have."""
    known = set(table.column("section").to_pylist())
    for snapshot in {after.partition: after for _, after in taken}.values():
        known.update(catalog.load_table(snapshot, columns=["section"]).column("section").to_pylist())
    for section in sections:
        if section not in known:
            names = sorted(name for name in known if name)
            raise ReferenceNotFoundError(
                f"{section}: no change and no article of this time is in this section",
                advice=nearest_or_all(section, names) if names else "leave sections out",
            )
