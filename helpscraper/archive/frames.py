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
    hashable; floats ``float64``. Null is ``<NA>``, ``NaT`` or ``None``.
    """
    lists = [place for place, field in enumerate(table.schema) if pa.types.is_list(field.type)]
    columns = {place: table.column(place) for place in range(table.num_columns) if place not in lists}
    dated = [_dated(column) for column in columns.values()]
    names = [table.schema.names[place] for place in columns]
    frame: pd.DataFrame = pa.Table.from_arrays(dated, names=names).to_pandas(types_mapper=_PANDAS.get)
    if not names:
        frame.index = pd.RangeIndex(table.num_rows)
    for place in lists:
        values = pd.Series(_tuples(table.column(place)), dtype=object, index=frame.index)
        frame.insert(place, table.schema.names[place], values, allow_duplicates=True)
    return frame


def _dated(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(_MIDNIGHT) if pa.types.is_date(column.type) else column


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
