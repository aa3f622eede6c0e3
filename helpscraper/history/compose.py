"""What can be done with diffs alone: apply one to a snapshot, join two that follow each other. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.history.compare import RECORD_SCHEMA
from helpscraper.history.kinds import ARTICLE, COMPARED, FIELD_KINDS, LABELS
from helpscraper.history.renames import Candidate, find_renames
from helpscraper.history.result import ARTICLES_SCHEMA, DiffResult, ordered, rename_field, split

__all__ = ["apply", "compose"]

_COLUMNS = ("article_id", *COMPARED)
_GONE = frozenset({"removed", "unverified"})


@dataclass
class _Edit:
    """What one diff says of one article: ids and whole articles as JSON text, field differences with their reason."""

    before_id: str | None
    after_id: str | None
    before: str | None = None
    after: str | None = None
    gone: str | None = None
    via: str | None = None
    fields: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)


def apply(table: pa.Table, diff: DiffResult) -> pa.Table:
    """Return the live rows of the later snapshot: ``article_id`` and the compared columns, sorted by ``article_id``.

    ``table`` is the earlier snapshot, ``diff`` the whole diff to the later one, narrowed down by nothing.
    """
    live = table.filter(pc.not_equal(table.column("status"), "gone"))
    schema = pa.schema([SNAPSHOT_SCHEMA.field(name) for name in _COLUMNS])
    live = pa.Table.from_arrays(
        [
            live.column(f.name).cast(f.type)
            if f.name in live.schema.names
            else pa.nulls(live.num_rows, f.type)
            for f in schema
        ],
        schema=schema,
    )
    edits = _edits(diff)
    by_id = {edit.before_id: edit for edit in edits if edit.before_id is not None}
    concerned = pc.is_in(live.column("article_id"), value_set=pa.array(list(by_id), pa.string()))
    rows = [_applied(row, by_id[row["article_id"]]) for row in live.filter(concerned).to_pylist()]
    rows = [row for row in rows if row is not None]
    rows += [_row(edit.after) for edit in edits if edit.before_id is None and edit.after is not None]
    changed = pa.Table.from_pylist(rows, schema=schema)
    return (
        pa.concat_tables([live.filter(pc.invert(concerned)), changed]).sort_by("article_id").combine_chunks()
    )


def _applied(row: dict[str, Any], edit: _Edit) -> dict[str, Any] | None:
    if edit.after_id is None:
        return None
    old, new = row["article_id"], edit.after_id
    if old != new:
        row = {**row, "article_id": new}
        row |= {name: _follow(name, row[name], old, new) for name in ("url", "source_id")}
    return row | {name: _value(name, after) for name, (_, after) in edit.fields.items()}


def _followed(url: str, old: str, new: str) -> str:
    return url.removesuffix(old) + new if url.endswith(f"/{old}") else url


def _row(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return {name: _value(name, found.get(name)) for name in _COLUMNS}


def _value(name: str, text: Any) -> Any:
    """Read a value as the records write it: ISO 8601 for dates and instants, JSON for lists, digits for numbers."""
    kind = SNAPSHOT_SCHEMA.field(name).type
    if text is None or pa.types.is_string(kind):
        return text
    if pa.types.is_list(kind):
        return json.loads(text) if isinstance(text, str) else text
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(text)
    return dt.date.fromisoformat(text) if pa.types.is_date(kind) else int(text)


def compose(first: DiffResult, second: DiffResult) -> DiffResult:
    """Return the diff from where ``first`` begins to where ``second`` ends, without looking at a snapshot.

    Equal to the direct diff, but for what only the snapshots can tell: an article that was unverified in between
    stays so, a slug that was freed by a rename and taken by another article keeps the story of the rename, and an
    article that came back under another slug is recognised by its id or its equal body only.
    """
    later = {edit.before_id: edit for edit in _edits(second) if edit.before_id is not None}
    born = {edit.after_id: edit for edit in _edits(second) if edit.before_id is None}
    joined: list[_Edit] = []
    for edit in _edits(first):
        if edit.after_id is None:
            again = born.pop(edit.before_id, None)
            joined.append(edit if again is None else _returned(edit, again))
        else:
            joined.append(_joined(edit, later.pop(edit.after_id, None)))
    joined += [*later.values(), *born.values()]
    edits = _renamed([edit for edit in joined if edit.before_id or edit.after_id])
    at = second.table.column("at")[0].as_py() if second.table.num_rows else None
    at = at or (first.table.column("at")[0].as_py() if first.table.num_rows else None)
    records = pa.Table.from_pylist(
        [row for edit in edits for row in _records(edit, at)], schema=RECORD_SCHEMA
    )
    own, apart = split(ordered(records))
    named = {row["article_id"]: row for side in (first, second) for row in side.articles.to_pylist()}
    ids = {edit.after_id or edit.before_id: edit.before_id for edit in edits}
    rows = [
        {**named[key], "previous_id": old if old != key else None}
        for key, old in sorted(ids.items())
        if key in named
    ]
    articles = pa.Table.from_pylist(rows, schema=ARTICLES_SCHEMA)
    counts = {**first.counts, "after": second.counts.get("after", 0)}
    warnings = tuple(dict.fromkeys((*first.warnings, *second.warnings)))
    return DiffResult(first.from_id, second.to_id, own, apart, articles, counts, warnings, first.partition)


def _edits(diff: DiffResult) -> list[_Edit]:
    # One that went bears its slug of before, which after a composed rename another article may bear by now.
    grouped: defaultdict[tuple[str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in diff.table.to_pylist() + diff.apart.to_pylist():
        grouped[row["article_id"], row["kind"] in _GONE].append(row)
    return [_edit(article_id, rows) for (article_id, _), rows in grouped.items()]


def _edit(article_id: str, rows: Iterable[Mapping[str, Any]]) -> _Edit:
    edit = _Edit(article_id, article_id)
    rows = list(rows)
    rename = rename_field(row["field"] for row in rows if row["kind"] == "renamed")
    for row in rows:
        name, before, after = row["field"], row["before"], row["after"]
        if row["kind"] == "added":
            edit.before_id, edit.after = None, after
        elif row["kind"] in _GONE:
            edit.after_id, edit.before, edit.gone = None, before, row["kind"]
        elif row["kind"] == "renamed" and name == rename:
            edit.before_id, edit.via = before, name
            _note(edit, "article_id", row)
        else:
            edit.fields[name] = (before, after)
            _note(edit, name, row)
            if name in LABELS and row["kind"] == "moved":
                edit.labels.add(name)
    if not edit.fields.keys().isdisjoint({"category", "section"}):
        edit.labels.clear()
    return edit


def _note(edit: _Edit, name: str, row: Mapping[str, Any]) -> None:
    if row.get("reason"):
        edit.reasons[name] = row["reason"]


def _joined(first: _Edit, second: _Edit | None) -> _Edit:
    """Join two edits of one article that was there in between."""
    if second is None:
        return first
    edit = replace(
        first,
        after_id=second.after_id,
        gone=second.gone,
        via=(second.via or first.via) if first.before_id != second.after_id else None,
        reasons=first.reasons | second.reasons,
        labels=first.labels | second.labels,
        fields=dict(first.fields),
    )
    if first.after is not None:  # it came with the first diff, so it is whole
        edit.after = None if second.after_id is None else _updated(first.after, second)
        edit.fields = {}
    elif second.after_id is None:
        edit.before = None if second.before is None else _rewound(second.before, first)
        edit.fields = {}
    else:
        edit.fields = _chained(first, second)
    return edit


def _chained(first: _Edit, second: _Edit) -> dict[str, tuple[str | None, str | None]]:
    """Join the field differences of two edits; what only followed a new slug follows it all the way."""
    start, middle, end = first.before_id or "", first.after_id or "", second.after_id or ""
    fields: dict[str, tuple[str | None, str | None]] = {}
    for name in (*first.fields, *(name for name in second.fields if name not in first.fields)):
        one, other = first.fields.get(name), second.fields.get(name)
        before = one[0] if one else _follow(name, other[0] if other else None, middle, start)
        after = other[1] if other else _follow(name, one[1] if one else None, middle, end)
        if after != _follow(name, before, start, end):
            fields[name] = (before, after)
    return fields


def _follow(name: str, value: str | None, old: str, new: str) -> str | None:
    """Return what a value becomes when its article's slug goes from ``old`` to ``new`` and nothing else happens."""
    if name == "url" and value is not None:
        return _followed(value, old, new)
    return new if name == "source_id" and value == old else value


def _updated(text: str, edit: _Edit) -> str:
    row = _applied(_row(text), edit)
    return _dumped(row or {})


def _rewound(text: str, edit: _Edit) -> str:
    back = replace(edit, before_id=edit.after_id, after_id=edit.before_id)
    back.fields = {name: (after, before) for name, (before, after) in edit.fields.items()}
    return _updated(text, back)


def _dumped(row: Mapping[str, Any]) -> str:
    known = {name: row[name] for name in _COLUMNS if row.get(name) is not None}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"), default=_iso)


def _iso(value: dt.datetime | dt.date) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _returned(gone: _Edit, again: _Edit) -> _Edit:
    """Join an absence and a coming back into what differs between the two."""
    edit = replace(gone, after_id=again.after_id, gone=None, before=None, fields={})
    edit.fields = _differences(gone.before or "{}", again.after or "{}")
    return edit


def _differences(before: str, after: str) -> dict[str, tuple[str | None, str | None]]:
    old, new = json.loads(before), json.loads(after)
    pairs = {name: (_text(old.get(name)), _text(new.get(name))) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if isinstance(value, list)
        else str(value)
    )


def _renamed(edits: list[_Edit]) -> list[_Edit]:
    """Pair what went in one diff with what came in the other, as a direct diff would."""
    went = {e.before_id: e for e in edits if e.after_id is None and e.before_id is not None}
    came = {e.after_id: e for e in edits if e.before_id is None and e.after_id is not None}
    gone, new = (
        [_candidate(text) for e in side.values() if (text := e.before or e.after) is not None]
        for side in (went, came)
    )
    pairs = {r.before: r for r in find_renames(gone, new)}
    taken = {r.after for r in pairs.values()}
    result = []
    for edit in edits:
        pair = pairs.get(edit.before_id or "") if edit.after_id is None else None
        if pair is not None:
            both = _returned(edit, came[pair.after])
            old, now = json.loads(edit.before or "{}"), json.loads(came[pair.after].after or "{}")
            for name in ("url", "source_id"):
                if _follow(name, old.get(name), pair.before, pair.after) == now.get(name):
                    both.fields.pop(name, None)
            result.append(replace(both, after_id=pair.after, via=pair.via))
        elif not (edit.before_id is None and edit.after_id in taken):
            result.append(edit)
    return result


def _candidate(text: str) -> Candidate:
    row = json.loads(text)
    names = ("source_id", "body_sha256", "published_at", "published_on")
    return Candidate(row["article_id"], *(row.get(name) for name in names))


def _records(edit: _Edit, at: dt.datetime | None) -> Iterable[dict[str, Any]]:
    """Write an edit as records, with the kinds as ``compare`` gives them."""
    article_id = edit.after_id or edit.before_id

    def record(kind: str, name: str, before: str | None, after: str | None) -> dict[str, Any]:
        silent = kind == "edited" and not {"updated_at", "updated_on"} & edit.fields.keys()
        reason = edit.reasons.get("article_id" if kind == "renamed" and name == edit.via else name)
        return {"article_id": article_id, "kind": kind, "field": name, "before": before, "after": after,
                "silent": silent, "at": at, "reason": reason}  # fmt: skip

    if edit.after_id is None:
        yield record(edit.gone or "unverified", ARTICLE, edit.before, None)
        return
    if edit.before_id is None:
        yield record("added", ARTICLE, None, edit.after)
        return
    renamed = edit.before_id != edit.after_id
    if renamed:
        yield record("renamed", edit.via or "source_id", edit.before_id, edit.after_id)
    body = edit.fields.get("body_sha256", (None, None))
    happened = [
        ("edited", None not in body),
        ("retitled", "title" in edit.fields),
        ("moved", bool({"category", "section"} & edit.fields.keys())),
        ("renamed", renamed),
    ]
    main = next((kind for kind, did in happened if did), "touched")
    for name, (before, after) in edit.fields.items():
        kind = FIELD_KINDS.get(name, "moved" if name in edit.labels else main)
        yield record(kind, name, before, after)
