"""Operations on diffs alone: apply one to a snapshot, join two consecutive ones. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.gone import drop_gone_rows
from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.history.compare import RECORD_SCHEMA
from helpscraper.history.renames import Candidate, find_renames
from helpscraper.history.result import ARTICLES_SCHEMA, DiffResult, ordered, split
from tests.history.edits import Edit, Fields, edits_of, records_of
from tests.history.values import COLUMNS, as_article, as_row, as_value, differences, followed

__all__ = ["apply", "compose"]


def apply(table: pa.Table, diff: DiffResult) -> pa.Table:
    """Return the live rows of the later snapshot: ``article_id`` and the compared columns, sorted by ``article_id``.

    ``table`` is the earlier snapshot, ``diff`` the whole diff to the later one, narrowed down by nothing.
    """
    live = drop_gone_rows(table)
    schema = pa.schema([SNAPSHOT_SCHEMA.field(name) for name in COLUMNS])
    live = pa.Table.from_arrays(
        [
            live.column(f.name).cast(f.type)
            if f.name in live.schema.names
            else pa.nulls(live.num_rows, f.type)
            for f in schema
        ],
        schema=schema,
    )
    edits = edits_of(diff)
    by_id = {edit.before_id: edit for edit in edits if edit.before_id is not None}
    concerned = pc.is_in(live.column("article_id"), value_set=pa.array(list(by_id), pa.string()))
    rows = [_applied(row, by_id[row["article_id"]]) for row in live.filter(concerned).to_pylist()]
    rows = [row for row in rows if row is not None]
    rows += [as_row(edit.after) for edit in edits if edit.before_id is None and edit.after is not None]
    changed = pa.Table.from_pylist(rows, schema=schema)
    return (
        pa.concat_tables([live.filter(pc.invert(concerned)), changed]).sort_by("article_id").combine_chunks()
    )


def _applied(row: dict[str, Any], edit: Edit) -> dict[str, Any] | None:
    if edit.after_id is None:
        return None
    old, new = row["article_id"], edit.after_id
    if old != new:
        row = {**row, "article_id": new}
        row |= {name: followed(name, row[name], old, new) for name in ("url", "source_id")}
    return row | {name: as_value(name, after) for name, (_, after) in edit.fields.items()}


def compose(first: DiffResult, second: DiffResult) -> DiffResult:
    """Return the diff from where ``first`` begins to where ``second`` ends, without looking at a snapshot.

    Equal to the direct diff, but for what only the snapshots can tell: an article that was unverified in between
    and is not seen later stays so, a slug that was freed by a rename and taken by another article keeps the story of
    the rename, and an article that came back under another slug is recognised by its id or its equal body only.
    """
    edits = _renamed(_chain(edits_of(first), edits_of(second)))
    at = second.table.column("at")[0].as_py() if second.table.num_rows else None
    at = at or (first.table.column("at")[0].as_py() if first.table.num_rows else None)
    records = pa.Table.from_pylist(
        [row for edit in edits for row in records_of(edit, at)], schema=RECORD_SCHEMA
    )
    own, apart = split(ordered(records))
    named = {row["article_id"]: row for side in (first, second) for row in side.articles.to_pylist()}
    ids = {edit.after_id or edit.start_id: edit.start_id for edit in edits}
    rows = [
        {**named[key], "previous_id": old if old != key else None}
        for key, old in sorted(ids.items())
        if key in named
    ]
    articles = pa.Table.from_pylist(rows, schema=ARTICLES_SCHEMA)
    counts = {**first.counts, "after": second.counts.get("after", 0)}
    warnings = tuple(dict.fromkeys((*first.warnings, *second.warnings)))
    return DiffResult(first.from_id, second.to_id, own, apart, articles, counts, warnings, first.partition)


def _chain(first: list[Edit], second: list[Edit]) -> list[Edit]:
    """Join the edits of two diffs article by article; what came to nothing is left out."""
    later = {edit.before_id: edit for edit in second if edit.before_id is not None}
    # What the second diff found again or missed for good, by the slug under which the first one lost it.
    unseen = {edit.start_id or edit.after_id: edit for edit in second if edit.before_id is None}
    joined: list[Edit] = []
    for edit in first:
        if edit.after_id is not None:
            joined.append(_joined(edit, later.pop(edit.after_id, None)))
            continue
        again = unseen.pop(edit.start_id, None)
        if again is None:
            joined.append(edit)
        elif again.after_id is None:
            joined.append(replace(edit, claim=again.claim))
        else:
            joined.append(_returned(edit, again))
    joined += [*later.values(), *unseen.values()]
    return [edit for edit in joined if edit.start_id or edit.after_id]


def _joined(first: Edit, second: Edit | None) -> Edit:
    """Join two edits of one article that was there in between."""
    if second is None:
        return first
    edit = replace(
        first,
        after_id=second.after_id,
        claim=second.claim or first.claim,
        via=(second.via or first.via) if first.start_id != second.after_id else None,
        reasons=first.reasons | second.reasons,
        labels=first.labels | second.labels,
        fields=_chained(first, second) if first.start_id and second.after_id else {},
    )
    if second.after_id is not None:
        edit.after = None if first.after is None else _updated(first.after, second)
        return edit
    edit.after = None
    if first.start_id is not None:
        edit.before = None if second.before is None else _rewound(second.before, first)
    if first.hidden_id is not None and second.claim != "removed":
        edit.hidden_id = None  # out of sight it was, and out of sight it is again
    return edit


def _chained(first: Edit, second: Edit) -> Fields:
    """Join the field differences of two edits; what only followed a new slug follows it all the way."""
    start, middle, end = first.start_id or "", first.after_id or "", second.after_id or ""
    fields: Fields = {}
    for name in (*first.fields, *(name for name in second.fields if name not in first.fields)):
        one, other = first.fields.get(name), second.fields.get(name)
        before = one[0] if one else followed(name, other[0] if other else None, middle, start)
        after = other[1] if other else followed(name, one[1] if one else None, middle, end)
        if after != followed(name, before, start, end):
            fields[name] = (before, after)
    return fields


def _updated(text: str, edit: Edit) -> str:
    return as_article(_applied(as_row(text), edit) or {})


def _rewound(text: str, edit: Edit) -> str:
    back = replace(edit, before_id=edit.after_id, after_id=edit.start_id)
    back.fields = {name: (after, before) for name, (before, after) in edit.fields.items()}
    return _updated(text, back)


def _returned(gone: Edit, again: Edit) -> Edit:
    """Join an absence and a coming back, maybe under another slug, into what differs between the two."""
    old, new = gone.start_id or "", again.after_id or ""
    known = json.loads(gone.before or "{}")
    fields = differences(gone.before or "{}", again.after or "{}")
    if old != new:
        for name in ("url", "source_id"):
            if name in fields and followed(name, known.get(name), old, new) == fields[name][1]:
                del fields[name]
    hidden = gone.before_id is None
    return replace(
        gone,
        after_id=again.after_id,
        before=None,
        after=again.after if hidden else None,
        claim="unverified" if hidden else None,
        via=again.via,
        fields=fields,
        reasons=again.reasons,
        labels=again.labels,
    )


def _renamed(edits: list[Edit]) -> list[Edit]:
    """Pair what went in one diff with what came in the other, as a direct diff would."""
    went = {e.start_id: e for e in edits if e.after_id is None and e.start_id is not None}
    came = {e.after_id: e for e in edits if e.start_id is None and e.after_id is not None}
    gone, new = (
        [_candidate(text) for e in side.values() if (text := e.before or e.after) is not None]
        for side in (went, came)
    )
    pairs = {r.before: r for r in find_renames(gone, new)}
    taken = {r.after for r in pairs.values()}
    result = []
    for edit in edits:
        pair = pairs.get(edit.start_id or "") if edit.after_id is None else None
        if pair is not None:
            result.append(_returned(edit, replace(came[pair.after], via=pair.via)))
        elif not (edit.start_id is None and edit.after_id in taken):
            result.append(edit)
    return result


def _candidate(text: str) -> Candidate:
    row = json.loads(text)
    names = ("source_id", "body_sha256", "published_at", "published_on")
    return Candidate(row["article_id"], *(row.get(name) for name in names))
