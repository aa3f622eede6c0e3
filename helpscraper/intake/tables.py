"""What a ledger holds, as the tables that a snapshot is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from helpscraper.archive.schema import bodies_table
from helpscraper.intake.ledger import Ledger

__all__ = ["LedgerBodies"]

_BATCH = 200


@dataclass(frozen=True, slots=True)
class LedgerBodies:
    """The bodies of ``ledger`` with ``BODIES_SCHEMA``, some hundred at a time; they can be gone through again."""

    ledger: Ledger
    at: dt.datetime

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        batch = []
        for body in self.ledger.bodies():
            batch.append(body)
            if len(batch) >= _BATCH:
                yield from bodies_table(batch, self.at).to_batches()
                batch = []
        yield from bodies_table(batch, self.at).to_batches()
