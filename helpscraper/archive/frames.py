"""Convert Arrow tables to pandas, with types that suit notebooks."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

__all__ = ["to_frame"]

_PANDAS = {
    pa.string(): pd.StringDtype(na_value=float("nan")),
    pa.large_string(): pd.StringDtype(na_value=float("nan")),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
_MIDNIGHT = pa.timestamp("us")


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table as a DataFrame that can be compared, grouped, resampled and written in every format.

    Strings become ``str``; integers and booleans the nullable ``Int16``/``Int32``/``Int64``/``boolean``; instants
    ``datetime64[us, UTC]``; dates ``datetime64[us]`` at midnight, without a zone; lists become tuples, which are
    hashable; floats ``float64``; whole numbers of more than 64 bits Python's ``int``. Null is ``<NA>``, ``NaT`` or
    ``None``.
    """
    names, columns, size = table.schema.names, [], table.num_rows
    while table.num_columns:
        columns.append(_series(table.column(0)))
        # Each column is in memory once, unless the caller keeps the table.
        table = table.remove_column(0)
    if not columns:
        return pd.DataFrame(index=pd.RangeIndex(size))
    return pd.concat(columns, axis=1).set_axis(names, axis=1)


def _series(column: pa.ChunkedArray) -> pd.Series[Any]:
    if pa.types.is_list(column.type):
        return pd.Series(_tuples(column), dtype=object)
    if pa.types.is_decimal(column.type) and column.type.scale == 0:  # a whole number of more than 64 bits
        return pd.Series([None if each is None else int(each) for each in column.to_pylist()], dtype=object)
    if pa.types.is_date(column.type):
        column = column.cast(_MIDNIGHT)
    series: pd.Series[Any] = column.to_pandas(types_mapper=_PANDAS.get)
    return series


def _tuples(column: pa.ChunkedArray) -> list[tuple[Any, ...] | None]:
    """Return the lists of a column as tuples; the values of a chunk are converted at once."""
    found: list[tuple[Any, ...] | None] = []
    for chunk in column.chunks:
        values, ends = chunk.values.to_pylist(), chunk.offsets.to_pylist()
        there = chunk.is_valid().to_pylist()
        found += [
            tuple(values[start:end]) if valid else None
            for valid, start, end in zip(there, ends, ends[1:], strict=False)
        ]
    return found
