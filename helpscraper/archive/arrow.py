"""Arrow tables: rows that name their edition, and less memory: no pandas, compact tables, an empty pool."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa

from helpscraper.archive.layout import Partition

__all__ = ["compact", "leave_pandas_out", "release_memory", "with_edition"]


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("no DataFrame is made here", name=name)


def leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas, which saves 0.2 s and 40 MB.

    pyarrow imports it once, with the first array of Python values, to recognise a ``Series``. Call this only in a
    process that passes pyarrow none. ``to_pandas`` imports pandas itself and works. Does nothing if pandas is loaded.
    """
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)


def release_memory() -> None:
    """Return unused memory of Arrow's pool to the system; takes some microseconds.

    The pool keeps free buffers by size, so a sequence of tables takes several times the memory of the largest.
    """
    pa.default_memory_pool().release_unused()


def compact(table: pa.Table) -> pa.Table:
    """Return ``table`` with one buffer for each batch: the hundred of its columns take half as much memory again."""
    batches = [pa.ipc.read_record_batch(batch.serialize(), table.schema) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, table.schema)


def with_edition(table: pa.Table, partition: Partition) -> pa.Table:
    """Return ``table`` with the columns ``site`` and ``locale`` before its own."""
    for name, value in (("locale", partition.locale), ("site", partition.site)):
        table = table.add_column(0, pa.field(name, pa.string()), pa.repeat(pa.scalar(value), table.num_rows))
    return table
