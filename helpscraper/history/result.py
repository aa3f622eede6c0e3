"""``DiffResult``: the changes between two snapshots, as tables, as a summary and as a notebook shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.history.kinds import (
    COMPARED,
    KINDS,
    PICTURE,
    QUIET,
    RENAME_EVIDENCE,
    check_fields,
    check_kinds,
    counts_text,
    primary_kind,
)
from helpscraper.plain_text import html_safe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ARTICLES_SCHEMA", "DiffResult", "of_kinds", "ordered", "rename_field", "renames_of", "split"]

ARTICLES_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("previous_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("section", pa.string()),
        pa.field("url", pa.string()),
    ]
)
"""One row for each article that changed; ``previous_id`` is its key before a rename."""

_SHOWN = 200
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_PLACES = {name: place for place, name in enumerate((COMPARED[0], PICTURE, *COMPARED[1:]))}
_CLIP = 120


@dataclass(frozen=True)
class DiffResult:
    """The changes from snapshot ``from_id`` to ``to_id``.

    ``table`` holds the changes of the site with ``CHANGES_SCHEMA``, sorted by article, kind and field. ``set_aside``
    holds differences that are no changes of the site. Its column ``reason`` says why: ``extractor`` (another extractor
    read the pages), ``schema`` (one side does not have the column), ``unread`` (one side never read the page), or
    ``unseen`` (the earlier snapshot did not look for an article that was there before: a record of the whole article).
    ``articles`` (``ARTICLES_SCHEMA``) names the articles; ``counts`` has the numbers of articles on both sides.
    """

    from_id: str
    to_id: str
    table: pa.Table
    set_aside: pa.Table
    articles: pa.Table
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    partition: Partition | None = None

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The changes of the site: article_id, kind, field, before, after (``str``), silent (``boolean``), at."""
        return _frame(self.table)

    @cached_property
    def extractor_changes(self) -> pd.DataFrame:
        """The differences that are not changes of the site: the columns of ``changes`` and ``reason``."""
        return _frame(self.set_aside)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __bool__(self) -> bool:
        return len(self) > 0

    def records(self) -> list[dict[str, Any]]:
        """Return the changes as plain records, as ``--format json`` prints them; ``at`` is ISO 8601 text."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return [{**row, "at": row["at"].isoformat().replace("+00:00", "Z")} for row in rows]

    def primary(self) -> dict[str, str]:
        """Return the strongest kind of each changed article by its id."""
        kinds: dict[str, set[str]] = {}
        for article_id, kind in self._pairs():
            kinds.setdefault(article_id, set()).add(kind)
        return {article_id: primary_kind(each) or "" for article_id, each in kinds.items()}

    def _pairs(self) -> Iterable[tuple[str, str]]:
        pairs = self.table.select(["article_id", "kind"]).group_by(["article_id", "kind"]).aggregate([])
        return zip(pairs.column("article_id").to_pylist(), pairs.column("kind").to_pylist(), strict=True)

    def summary(self) -> dict[str, int]:
        """Return how many articles each kind of change happened to, in the order of ``KINDS``.

        An article counts under each of its kinds: one that was renamed and edited counts twice. ``silent`` counts the
        edits that left the updated date, ``picture`` those that exchanged a picture.
        """
        counts = Counter(kind for _, kind in self._pairs())
        found = {kind: counts[kind] for kind in KINDS if counts[kind]}
        table = self.table
        for name, chosen in (
            ("silent", table.column("silent")),
            (PICTURE, pc.equal(table.column("field"), PICTURE)),
        ):
            if count := pc.count_distinct(table.filter(chosen).column("article_id")).as_py():
                found[name] = count
        return found

    def narrow(
        self, kinds: Iterable[str] = (), fields: Iterable[str] = (), sections: Iterable[str] = ()
    ) -> DiffResult:
        """Return the part of this diff with these kinds, fields and sections (of the article, after the change).

        Empty means all. ``silent`` is understood as a kind, and ``article_id`` as the field of renames.
        Raises ``CommandError`` for unknown kinds and fields.
        """
        sections = tuple(sections)
        table = of_kinds(self.table, kinds)
        names = check_fields(fields)
        if names:
            chosen = pc.is_in(table.column("field"), value_set=pa.array(names, pa.string()))
            # The record of a rename holds slugs, but its ``field`` says how the rename was recognised.
            table = table.filter(pc.or_kleene(chosen, _renames(table)) if "article_id" in names else chosen)
        if sections:
            own = self.articles.column("section")
            ids = self.articles.filter(pc.is_in(own, value_set=pa.array(sections, pa.string()))).column(
                "article_id"
            )
            table = table.filter(pc.is_in(table.column("article_id"), value_set=ids))
        return replace(self, table=table)

    def only(self, articles: Iterable[str]) -> DiffResult:
        """Return the part of this diff about these articles, by their ids after or before the change."""
        wanted = pa.array(list(articles), pa.string())
        known = self.articles
        named = pc.or_kleene(
            pc.is_in(known.column("article_id"), value_set=wanted),
            pc.is_in(known.column("previous_id"), value_set=wanted),
        )
        ids = known.filter(named).column("article_id")
        return replace(
            self, table=self.table.filter(pc.is_in(self.table.column("article_id"), value_set=ids))
        )

    def loud(self) -> DiffResult:
        """Return this diff without the kinds in ``QUIET`` (counts)."""
        return self.narrow(kinds=[kind for kind in KINDS if kind not in QUIET])

    def titles(self) -> dict[str, str]:
        """Return the title of each changed article by its id."""
        columns = self.articles.column("article_id").to_pylist(), self.articles.column("title").to_pylist()
        return dict(zip(*columns, strict=True))

    def _counted(self) -> str:
        return counts_text(self.summary()) or "no change"

    def __repr__(self) -> str:
        return f"<diff {self.from_id}..{self.to_id}: {self._counted()}>"

    def _repr_html_(self) -> str:
        """Show the changes in a notebook, all text of the site escaped; view counts are only counted."""
        rows = self.loud().table.slice(0, _SHOWN).to_pylist()
        titles = self.titles()
        head = f"<p><b>{self.from_id} → {self.to_id}</b>: {self._counted()}</p>"
        warned = "".join(f"<p>⚠ {html_safe(text)}</p>" for text in self.warnings)
        body = "".join(
            f"<tr><td>{row['kind']}{' (silent)' if row['silent'] else ''}</td>"
            f"<td title={_quoted(row['article_id'])}>{html_safe(_clip(titles.get(row['article_id'])))}</td>"
            f"<td>{row['field'] or ''}</td><td>{html_safe(_value(row, 'before'))}</td>"
            f"<td>{html_safe(_value(row, 'after'))}</td></tr>"
            for row in rows
        )
        more = (
            f"<p>… {len(self.loud()) - len(rows)} more in <code>.changes</code></p>"
            if len(self.loud()) > len(rows)
            else ""
        )
        header = "".join(f"<th>{name}</th>" for name in ("kind", "article", "field", "before", "after"))
        return f"{head}{warned}<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>{more}"


def _frame(table: pa.Table) -> pd.DataFrame:
    from helpscraper.archive.frames import to_frame  # imports pandas, which a crawl does not need

    return to_frame(table)


def _clip(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _CLIP else f"{text[: _CLIP - 1]}…"


def _quoted(text: str) -> str:
    return f'"{html_safe(text)}"'


def _value(row: Mapping[str, Any], side: str) -> str:
    value = row[side]
    if value is None or row["field"] == "article":
        return ""
    return f"{value[:12]}…" if row["field"] == "body_sha256" else _clip(value)


def of_kinds(records: pa.Table, kinds: Iterable[str]) -> pa.Table:
    """Return the change records of these kinds (none: all); ``silent`` is understood as a kind.

    Raises ``CommandError`` for unknown kinds.
    """
    kinds = tuple(kinds)
    wanted = check_kinds(kind for kind in kinds if kind != "silent")
    if not kinds:
        return records
    chosen = pc.is_in(records.column("kind"), value_set=pa.array(wanted, pa.string()))
    return records.filter(pc.or_(chosen, records.column("silent")) if "silent" in kinds else chosen)


def split(records: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split records into the site's changes (``CHANGES_SCHEMA``) and those with a ``reason``."""
    own = pc.is_null(records.column("reason"))
    return records.filter(own).select(CHANGES_SCHEMA.names).cast(CHANGES_SCHEMA), records.filter(
        pc.invert(own)
    )


def renames_of(changes: pa.Table) -> list[tuple[str, str]]:
    """Return the renames among change records as (key before, key after)."""
    rows = changes.filter(pc.equal(changes.column("kind"), "renamed")).to_pylist()
    fields: dict[str, set[str]] = {}
    for row in rows:
        fields.setdefault(row["article_id"], set()).add(row["field"])
    return [
        (row["before"], row["after"])
        for row in rows
        if row["field"] == rename_field(fields[row["article_id"]])
    ]


def rename_field(fields: Iterable[str | None]) -> str | None:
    """Return which field of an article's ``renamed`` records holds the two slugs.

    A rename recognised by its body or a redirect may have a second record with the two ids, under ``source_id``; a
    rename recognised by its id keeps the id.
    """
    names = set(fields)
    return next((name for name in RENAME_EVIDENCE if name in names), None)


def _renames(changes: pa.Table) -> pa.ChunkedArray:
    """Return a mask of the records that hold the keys of a rename: only these have the new key as a value."""
    return pc.and_kleene(
        pc.equal(changes.column("kind"), "renamed"),
        pc.equal(changes.column("after"), changes.column("article_id")),
    )


def ordered(changes: pa.Table) -> pa.Table:
    """Return change records by article, then the strongest kind first, then in the order of the columns."""
    if changes.num_rows < 2:  # usual for one day of one article's history
        return changes
    ranks = [_RANKS.get(kind, len(_RANKS)) for kind in changes.column("kind").to_pylist()]
    # The record with the slugs of a rename comes first.
    slugs = _renames(changes)
    places = [
        -1 if is_rename else _PLACES.get(name or "", -1)
        for name, is_rename in zip(changes.column("field").to_pylist(), slugs.to_pylist(), strict=True)
    ]
    keyed = changes.append_column("_rank", pa.array(ranks, pa.int64())).append_column(
        "_place", pa.array(places, pa.int64())
    )
    keys = [(name, "ascending") for name in ("article_id", "_rank", "_place")]
    return keyed.sort_by(keys).select(changes.schema.names)
