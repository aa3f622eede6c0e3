"""The history of one article and the log of an archive, over many snapshots."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.arrow import with_edition
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.errors import ArchiveError, HelpscraperError, ReferenceNotFoundError
from helpscraper.history.current_feed import counts_of
from helpscraper.history.identity import Tenure
from helpscraper.history.section_counts import SECTION_COUNTS_SCHEMA, count_sections
from helpscraper.history.steps import changes_of, steps, story_of
from helpscraper.nearest import nearest, nearest_or_all
from helpscraper.plain_text import html_safe, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "HISTORY_SCHEMA", "LOG_SCHEMA", "TIMELINE_SCHEMA", "History", "article_history", "log_table", "timeline_table",
]  # fmt: skip

HISTORY_SCHEMA: pa.Schema = pa.schema([pa.field("snapshot_id", pa.string(), nullable=False), *CHANGES_SCHEMA])
"""One row for each change: the snapshot that showed it, then the columns of a change feed."""

LOG_SCHEMA: pa.Schema = pa.schema(
    [pa.field("snapshot_id", pa.string(), nullable=False), *SECTION_COUNTS_SCHEMA]
)
"""How many articles of a section had a kind of change in a snapshot; see ``SECTION_COUNTS_SCHEMA``."""

_INSTANT = pa.timestamp("us", tz="UTC")

TIMELINE_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("locale", pa.string()),
        pa.field("snapshot_id", pa.string()),
        pa.field("at", _INSTANT),
        pa.field("section", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("articles", pa.int64()),
    ]
)
"""``LOG_SCHEMA`` of every edition, with the instant of the snapshot that showed the changes."""

# "Did you mean" searches this many of the newest snapshots, so that the answer comes at once.
_SEARCHED = 30


@dataclass(frozen=True)
class History:
    """The history of one article, across its renames.

    ``table`` has ``HISTORY_SCHEMA``, oldest first. ``names`` are its keys, the newest last, and ``tenures`` the times
    at which it had each. ``since`` is the first snapshot of the archive if it has the article: its earlier history is
    unknown.
    """

    article_id: str
    partition: Partition
    table: pa.Table
    names: tuple[str, ...]
    since: str | None
    warnings: tuple[str, ...] = ()
    tenures: tuple[Tenure, ...] = ()

    def name_in(self, snapshot_id: str) -> str | None:
        """Return the key of the article at the time of a snapshot; None before its first key."""
        return next((tenure.key for tenure in self.tenures if tenure.covers(snapshot_id)), None)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The changes: snapshot_id, article_id, kind, field, before, after, silent, at."""
        from helpscraper.archive.frames import to_frame  # slow to import, and the commands need no pandas

        return to_frame(self.table)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        snapshots = len(self.table.column("snapshot_id").unique())
        return f"<history of {self.article_id}: {plural(len(self), 'change')} in {plural(snapshots, 'snapshot')}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{row['snapshot_id']}</td>"
            f"<td>{row['kind']}{' (silent)' if row['silent'] else ''}</td>"
            f"<td>{row['field'] or ''}</td><td>{html_safe(_shown(row['before'], row['field']))}</td>"
            f"<td>{html_safe(_shown(row['after'], row['field']))}</td></tr>"
            for row in self.table.to_pylist()
        )
        head = "".join(f"<th>{name}</th>" for name in ("snapshot", "kind", "field", "before", "after"))
        return f"<p>{html_safe(repr(self)[1:-1])}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _shown(value: str | None, field: str | None) -> str:
    if value is None or field == "article":
        return ""
    return f"{value[:12]}…" if field == "body_sha256" else value[:120]


def article_history(catalog: Catalog, article_id: str, partition: Partition | None = None) -> History:
    """Return the changes of one article, across its renames, from the first snapshot to the last.

    Raises ``ReferenceNotFoundError`` with the nearest names when no snapshot knows the article.
    """
    where = partition or catalog.partition()
    found = story_of(catalog, steps(catalog, where), article_id)
    table, tenures = found.table, found.tenures
    names = tuple(dict.fromkeys(tenure.key for tenure in tenures))
    since = None if tenures[0].since else _first_if_known(catalog, where, names[0])
    if not table.num_rows and since is None:
        _require_known(catalog, where, article_id)  # it may be in a step that cannot be compared
    ids = [snapshot_id(at) for at in table.column("at").to_pylist()]
    table = table.add_column(0, HISTORY_SCHEMA.field(0), pa.array(ids, pa.string()))
    return History(article_id, where, table, names, since, found.warnings, tenures)


def _first_if_known(catalog: Catalog, partition: Partition, name: str) -> str | None:
    """Return the id of the first snapshot if it holds the article."""
    for snapshot in catalog.snapshots(partition)[:1]:
        with contextlib.suppress(ArchiveError):
            if catalog.load_table(snapshot, columns=["article_id"], article_id=name).num_rows:
                return snapshot.id
    return None


def _require_known(catalog: Catalog, partition: Partition, article_id: str) -> None:
    catalog.resolve("latest", site=partition.site, locale=partition.locale)  # raises for an empty archive
    known: set[str] = set()
    for snapshot in catalog.snapshots(partition)[-_SEARCHED:]:
        with contextlib.suppress(ArchiveError):  # a damaged snapshot has no names to offer
            known.update(
                catalog.load_table(snapshot, columns=["article_id"]).column("article_id").to_pylist()
            )
    if article_id in known:
        return
    names = nearest(article_id, known)
    raise ReferenceNotFoundError(
        f"{article_id}: no snapshot of {catalog.store.uri} ({partition}) knows this article",
        advice=f"did you mean: {', '.join(names)}"
        if names
        else "`helpscraper show latest` lists the articles",
    )


def timeline_table(catalog: Catalog, section: str | None = None) -> pa.Table:
    """Return how many articles changed in each snapshot of each edition, by section and kind (``TIMELINE_SCHEMA``).

    ``section`` chooses one; raises ``ReferenceNotFoundError`` with the nearest names where none of the changes has it.
    """
    parts = [TIMELINE_SCHEMA.empty_table()]
    for partition in catalog.partitions():
        counts = log_table(catalog, partition)[0]
        instants = [snapshot_instant(name) for name in counts.column("snapshot_id").to_pylist()]
        dated = counts.add_column(1, TIMELINE_SCHEMA.field("at"), pa.array(instants, _INSTANT))
        parts.append(with_edition(dated, partition).cast(TIMELINE_SCHEMA))
    table = pa.concat_tables(parts)
    if section is None:
        return table
    found = table.filter(pc.equal(table.column("section"), section))
    if not found.num_rows:
        known = sorted(name for name in pc.unique(table.column("section")).to_pylist() if name)
        raise ReferenceNotFoundError(
            f"{section}: no change of this archive is in this section",
            advice=nearest_or_all(section, known) if known else "nothing has changed in this archive yet",
        )
    return found


def log_table(
    catalog: Catalog, partition: Partition, ids: Collection[str] | None = None
) -> tuple[pa.Table, tuple[str, ...], tuple[str, ...]]:
    """Return how many articles changed in each snapshot, by section and kind (``LOG_SCHEMA``).

    ``ids`` are the snapshots to count (default: all). The second value has a warning for each snapshot that
    cannot be compared with the one before, the third the ids of those that were.
    """
    taken = [pair for pair in steps(catalog, partition) if ids is None or pair[1].id in ids]
    tables: list[pa.Table] = [LOG_SCHEMA.empty_table()]
    warnings: list[str] = []
    compared: list[str] = []
    for before, after in taken:
        try:
            counts = counts_of(catalog, before, after)
            if counts is None:
                found = changes_of(catalog, [(before, after)])
                warnings += found.warnings
                rows = catalog.load_table(after, columns=["article_id", "section"])
                counts = count_sections(found.table, rows)
                compared += [] if found.warnings else [after.id]
            else:
                compared.append(after.id)
            tables.append(
                counts.add_column(0, LOG_SCHEMA.field(0), pa.array([after.id] * len(counts), pa.string()))
            )
        except HelpscraperError as error:
            warnings.append(f"{after.id}: {error.message}")
    return pa.concat_tables(tables), tuple(warnings), tuple(compared)
