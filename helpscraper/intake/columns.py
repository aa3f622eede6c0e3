"""Convert the typed columns of a row to JSON text, the form in which the ledger keeps them, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson

from helpscraper.items import Article

__all__ = ["decode", "encode"]

_DECODERS: dict[str, Any] = {"timestamp[us, UTC]": dt.datetime.fromisoformat, "date32": dt.date.fromisoformat}
_TEMPORAL = {
    f.name: _DECODERS[f.metadata["arrow"]] for f in fields(Article) if f.metadata["arrow"] in _DECODERS
}


def encode(columns: Mapping[str, Any]) -> str:
    """Return ``columns`` as JSON; instants and dates as ISO 8601.

    Raises ``TypeError`` for text that UTF-8 cannot hold (a lone surrogate), and for a value that is not a text,
    number, date, instant or list of these.
    """
    return orjson.dumps(dict(columns)).decode()


def decode(text: str) -> dict[str, Any]:
    """Return the columns that ``encode`` was given; instants and dates are typed again."""
    columns: dict[str, Any] = orjson.loads(text)
    for name, read in _TEMPORAL.items():
        if (stated := columns.get(name)) is not None:
            columns[name] = read(stated)
    return columns
