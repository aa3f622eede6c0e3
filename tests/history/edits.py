"""The part of a diff about one article, as one value: read from records, written as records. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpscraper.history.kinds import ARTICLE, FIELD_KINDS, LABELS
from helpscraper.history.result import DiffResult, rename_field

__all__ = ["Edit", "Fields", "edits_of", "records_of"]

Fields = dict[str, tuple[str | None, str | None]]


@dataclass
class Edit:
    """What one diff says of one article: ids and whole articles as JSON text, field differences with their reason.

    ``before_id`` and ``after_id`` are None where the article is not in that snapshot. ``claim`` is what is said of its
    coming or going (``added``, ``removed``, ``unverified``). ``hidden_id`` is the slug under which it was last seen
    where the earlier snapshot did not look for it: then there are field differences although ``before_id`` is None.
    """

    before_id: str | None
    after_id: str | None
    before: str | None = None
    after: str | None = None
    claim: str | None = None
    hidden_id: str | None = None
    via: str | None = None
    fields: Fields = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    @property
    def start_id(self) -> str | None:
        """The slug that the article had before, in sight or not."""
        return self.before_id or self.hidden_id


def edits_of(diff: DiffResult) -> list[Edit]:
    """Return one edit for each article in ``diff``, with what is kept apart."""
    # One that went bears its slug of before, which after a composed rename another article may bear by now.
    grouped: defaultdict[tuple[str, bool], list[dict[str, Any]]] = defaultdict(list)
    for row in diff.table.to_pylist() + diff.set_aside.to_pylist():
        went = row["field"] == ARTICLE and row["after"] is None
        grouped[row["article_id"], went].append(row)
    return [_edit(article_id, rows) for (article_id, _), rows in grouped.items()]


def _edit(article_id: str, rows: list[dict[str, Any]]) -> Edit:
    edit = Edit(article_id, article_id)
    rename = rename_field(row["field"] for row in rows if row["kind"] == "renamed")
    came = hidden = False
    for row in rows:
        name, before, after = row["field"], row["before"], row["after"]
        if name == ARTICLE:
            came = came or before is None
            hidden = hidden or row.get("reason") == "unseen"
            edit.before, edit.after = before, after
            if edit.claim is None or not row.get("reason"):
                edit.claim = row["kind"]
        elif row["kind"] == "renamed" and name == rename:
            edit.before_id, edit.via = before, name
            _note(edit, "article_id", row)
        else:
            edit.fields[name] = (before, after)
            _note(edit, name, row)
            if name in LABELS and row["kind"] == "moved":
                edit.labels.add(name)
    if edit.claim is not None and not came:
        edit.after_id = None
    if hidden:
        edit.hidden_id = edit.before_id
    if came or hidden:
        edit.before_id = None
    if not edit.fields.keys().isdisjoint({"category", "section"}):
        edit.labels.clear()
    return edit


def _note(edit: Edit, name: str, row: Mapping[str, Any]) -> None:
    if row.get("reason"):
        edit.reasons[name] = row["reason"]


def records_of(edit: Edit, at: dt.datetime | None) -> Iterable[dict[str, Any]]:
    """Write an edit as records, with the kinds as ``compare`` gives them."""
    article_id = edit.after_id or edit.start_id

    def record(
        kind: str, name: str, before: str | None, after: str | None, reason: str | None
    ) -> dict[str, Any]:
        silent = kind == "edited" and not {"updated_at", "updated_on"} & edit.fields.keys()
        return {"article_id": article_id, "kind": kind, "field": name, "before": before, "after": after,
                "silent": silent, "at": at, "reason": reason}  # fmt: skip

    whole = (edit.before, None) if edit.after_id is None else (None, edit.after)
    if edit.hidden_id is not None:
        yield record("unverified", ARTICLE, whole[0], whole[1], "unseen")
    if edit.after_id is None or edit.start_id is None:
        yield record(edit.claim or "unverified", ARTICLE, whole[0], whole[1], None)
        return
    renamed = edit.start_id != edit.after_id
    if renamed:
        via = edit.via or "source_id"
        yield record("renamed", via, edit.start_id, edit.after_id, edit.reasons.get("article_id"))
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
        yield record(kind, name, before, after, edit.reasons.get(name))
