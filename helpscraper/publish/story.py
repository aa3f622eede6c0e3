"""Fold change records into the history of an article and into the rows of a crawl's page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal

from helpscraper.history.kinds import KINDS, PICTURE, RENAME_EVIDENCE
from helpscraper.history.pictures import exchanged
from helpscraper.history.result import rename_field
from helpscraper.history.words import blocks_of
from helpscraper.publish.model import (
    ArticleHistory,
    ChangeRecord,
    CrawlRow,
    Event,
    Translation,
    Version,
    article_key,
)

__all__ = ["article_history", "crawl_rows", "pool_blocks", "rename_in", "row_order"]

SHOWN_FIELDS = (
    "title", "category", "category_title", "section", "section_title", "updated_on", "published_on", "view_count",
)  # fmt: skip
"""Fields whose two values a list of changes shows; the body has its word diff."""


def pool_blocks(texts: Sequence[str | None]) -> tuple[list[str], list[list[int]]]:
    """Return the distinct blocks of ``texts``, and each text as the positions of its blocks.

    The versions of an article share most of their paragraphs, so this keeps pages small.

    >>> pool_blocks(["a\\nb", "a\\nc"])
    (['a', 'b', 'c'], [[0, 1], [0, 2]])
    """
    places: dict[str, int] = {}
    found = [[places.setdefault(block, len(places)) for block in blocks_of(text or "")] for text in texts]
    return list(places), found


def article_history(
    article_id: str,
    base: Mapping[str, Any] | None,
    base_snapshot: str,
    latest: Mapping[str, Any] | None,
    records: Iterable[ChangeRecord],
    translations: tuple[Translation, ...] = (),
    counted: bool = False,
) -> ArticleHistory:
    """Fold the change records of one article, oldest first, into its versions and events.

    ``base`` and ``latest`` are its rows in the first and the last snapshot (None: missing), ``counted`` says that it
    has view counts. Rows are mappings of snapshot columns, with dates as ISO 8601 text.
    """
    row: dict[str, Any] = dict(base or {})
    first = base_snapshot if base else ""
    versions = [_version(base_snapshot, row, (), silent=False)] if base else []
    events: list[Event] = []
    former: dict[str, None] = {}
    state: Literal["live", "removed", "unverified"] = "live"
    for snapshot, group in groupby(records, key=lambda record: record.snapshot):
        found = list(group)
        event = _event(snapshot, found, row)
        if "removed" in event.kinds:
            state = "removed"
        elif any(record.kind == "unverified" and record.after is None for record in found):
            state = "unverified"
        else:
            state, first = "live", first or snapshot
        if (rename := rename_in(found)) and rename.before:
            former[rename.before] = None
        events.append(event)
        last = versions[-1] if versions else None
        if last is None or (row.get("title"), row.get("body_sha256")) != (last.title, last.body):
            versions.append(_version(snapshot, row, event.kinds, silent=event.silent))
    now = dict(latest) if latest is not None else row
    if not versions:
        versions.append(_version(first or base_snapshot, now, (), silent=False))
    return ArticleHistory(
        key=article_key(article_id), article_id=article_id, url=str(now.get("url") or ""),
        title=str(now.get("title") or article_id), section=now.get("section"), section_title=now.get("section_title"),
        category_title=now.get("category_title"), published_on=_day(now, "published"), updated_on=_day(now, "updated"),
        language=str(now.get("language") or ""), first_seen=first or base_snapshot,
        state="live" if latest is not None else ("unverified" if state == "unverified" else "removed"),
        versions=tuple(versions), events=tuple(reversed(events)), former_ids=tuple(former),
        translations=translations, counted=counted,
    )  # fmt: skip


def rename_in(records: Sequence[ChangeRecord]) -> ChangeRecord | None:
    """Return the record with the two ids of a rename, of an article's records of one crawl; None without a rename."""
    renames = [record for record in records if record.kind == "renamed"]
    field = rename_field(record.field for record in renames)
    return next((record for record in renames if field and record.field == field), None)


def _event(snapshot: str, records: Sequence[ChangeRecord], row: dict[str, Any]) -> Event:
    """Apply the records of one crawl to ``row`` and return its event."""
    kinds = {record.kind for record in records}
    rename = rename_in(records)
    fields = []
    for record in records:
        if record.field == "article":
            value = record.after or record.before
            row.update(json.loads(value) if value else {})
        elif record is rename:
            evidence = RENAME_EVIDENCE.get(record.field or "", "")
            fields.append((f"address ({evidence})", record.before, record.after))
        elif record.field == PICTURE:
            fields.append((PICTURE, *exchanged(record.before, record.after)))
        elif record.field:
            row[record.field] = record.after
            if record.field in SHOWN_FIELDS:
                fields.append((record.field, record.before, record.after))
    # Show the title of a section rather than its slug.
    labelled = {name.removesuffix("_title") for name, _, _ in fields if name.endswith("_title")}
    fields = [
        (name.removesuffix("_title"), before, after) for name, before, after in fields if name not in labelled
    ]
    ordered = tuple(kind for kind in KINDS if kind in kinds)
    return Event(
        snapshot,
        ordered,
        any(r.silent for r in records),
        tuple(fields),
        _day(row, "updated"),
        records[0].article_id,
    )


def _version(snapshot: str, row: Mapping[str, Any], kinds: tuple[str, ...], *, silent: bool) -> Version:
    return Version(
        snapshot, str(row.get("title") or row.get("article_id") or ""), row.get("body_sha256"),
        row.get("section_title") or row.get("section"), _day(row, "updated"), kinds, silent,
    )  # fmt: skip


def _day(row: Mapping[str, Any], name: str) -> str | None:
    """Return the date that the site shows, else the day (UTC) of the instant that it states."""
    value = row.get(f"{name}_on") or row.get(f"{name}_at")
    return str(value)[:10] if value else None


def crawl_rows(
    records: Iterable[ChangeRecord],
    titles: Mapping[str, tuple[str, str, str]],
    previous: str | None,
    present: Mapping[str, str] = MappingProxyType({}),
    since: Mapping[str, str] = MappingProxyType({}),
) -> list[CrawlRow]:
    """Return one row for each article that changed in a crawl, in the order of ``row_order``.

    ``records`` are grouped by article; ``titles`` gives title, section slug and section title of each,
    ``present`` the present id of articles that were renamed since, ``since`` the last crawl that read its page before.
    """
    rows = []
    for article_id, group in groupby(records, key=lambda record: record.article_id):
        found = list(group)
        known: dict[str, Any] = {}
        event = _event(found[0].snapshot, found, known)
        title, section, section_title = titles.get(article_id) or (
            str(known.get("title") or article_id), str(known.get("section") or ""),
            str(known.get("section_title") or known.get("section") or ""),
        )  # fmt: skip
        bodies = next(((r.before, r.after) for r in found if r.field == "body_sha256"), None)
        rows.append(
            CrawlRow(
                article_key(present.get(article_id, article_id)), article_key(article_id), title, section,
                section_title, event.kinds, event.silent, event.fields, bodies, found[0].snapshot, previous,
                since.get(article_id, previous),
            )
        )  # fmt: skip
    return sorted(rows, key=row_order)


_ORDER = ("edited", "retitled", "removed", "renamed", "moved", "added", "unverified", "touched", "counted")


def row_order(row: CrawlRow) -> tuple[bool, int, str, str]:
    """Return the sort key of a row: silent edits, other edits, the other kinds; then the title."""
    rank = min((_ORDER.index(kind) for kind in row.kinds), default=len(_ORDER))
    return not row.silent, rank, row.title, row.key
