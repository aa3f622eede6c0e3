"""The typed columns of a row as JSON text, and back; the ledger keeps them so."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from helpscraper.items import Article

__all__ = ["decode", "encode"]

_DECODERS: dict[str, Any] = {
    "timestamp[us, UTC]": dt.datetime.fromisoformat,
    "date32": dt.date.fromisoformat,
}
_TEMPORAL = {
    f.name: _DECODERS[f.metadata["arrow"]] for f in fields(Article) if f.metadata["arrow"] in _DECODERS
}


def encode(columns: Mapping[str, Any]) -> str:
    """Return ``columns`` as JSON; instants and dates as ISO 8601."""
    return _ENCODER.encode(columns)


def _isoformat(value: object) -> str:
    if isinstance(value, dt.date):  # an instant is one too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the ledger")


# ``json.dumps`` would make one for every row.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_isoformat)
_DECODER = json.JSONDecoder()


def decode(text: str) -> dict[str, Any]:
    """Return what ``encode`` was given, instants and dates as such again."""
    columns: dict[str, Any]
    # Written by ``encode``, so there is no white space to look for, as ``json.loads`` does.
    columns, _ = _DECODER.raw_decode(text)
    for name, read in _TEMPORAL.items():
        if (stated := columns.get(name)) is not None:
            columns[name] = read(stated)
    return columns
