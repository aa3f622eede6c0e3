"""Articles and their values as the records of a diff write them, and back. Pure.

A whole article is a JSON object without nulls. A single value is text: ISO 8601 for dates and instants, JSON for lists,
digits for numbers.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from helpscraper.archive.schema import SNAPSHOT_SCHEMA
from helpscraper.history.kinds import COMPARED

__all__ = ["COLUMNS", "as_article", "as_row", "as_value", "differences", "followed"]

COLUMNS: Final = ("article_id", *COMPARED)


def as_row(text: str) -> dict[str, Any]:
    """Return a whole article as a row with ``COLUMNS``."""
    found = json.loads(text)
    return {name: as_value(name, found.get(name)) for name in COLUMNS}


def as_article(row: Mapping[str, Any]) -> str:
    """Return a row as a whole article."""
    known = {name: row[name] for name in COLUMNS if row.get(name) is not None}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"), default=_iso)


def as_value(name: str, text: Any) -> Any:
    """Return the value of column ``name`` that ``text`` stands for, in a record or in a whole article."""
    kind = SNAPSHOT_SCHEMA.field(name).type
    if text is None or pa.types.is_string(kind):
        return text
    if pa.types.is_list(kind):
        return json.loads(text) if isinstance(text, str) else text
    if pa.types.is_timestamp(kind):
        return dt.datetime.fromisoformat(text)
    return dt.date.fromisoformat(text) if pa.types.is_date(kind) else int(text)


def differences(before: str, after: str) -> dict[str, tuple[str | None, str | None]]:
    """Return in which columns two whole articles differ, with the values as text."""
    old, new = json.loads(before), json.loads(after)
    pairs = {name: (_text(old.get(name)), _text(new.get(name))) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def followed(name: str, value: str | None, old: str, new: str) -> str | None:
    """Return what a value becomes when its article's slug goes from ``old`` to ``new`` and nothing else happens.

    >>> followed("url", "https://help.example/en/help/a", "a", "b"), followed("title", "a", "a", "b")
    ('https://help.example/en/help/b', 'a')
    """
    if name == "url" and value is not None:
        return value.removesuffix(old) + new if value.endswith(f"/{old}") else value
    return new if name == "source_id" and value == old else value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _iso(value: dt.datetime | dt.date) -> str:
    return value.isoformat().replace("+00:00", "Z")
