"""The bodies of a ledger as Arrow batches for the archive's writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from helpscraper.archive.schema import bodies_table
from helpscraper.intake.ledger import Ledger

__all__ = ["LedgerBodies"]

_ROWS, _CHARACTERS = 128, 4 << 20
"""Bounds of one batch in memory: bodies, and characters in all."""


@dataclass(frozen=True, slots=True)
class LedgerBodies:
    """The bodies of ``ledger`` in batches (``BODIES_SCHEMA``), sorted by key; may be iterated more than once."""

    ledger: Ledger
    at: dt.datetime

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        batch, size = [], 0
        for body in self.ledger.bodies():
            batch.append(body)
            size += len(body.text) + len(body.markdown) + len(body.html)
            if len(batch) >= _ROWS or size >= _CHARACTERS:
                yield from bodies_table(batch, self.at).to_batches()
                batch, size = [], 0
        yield from bodies_table(batch, self.at).to_batches()
