"""From Arrow to pandas without losing what a column is."""

from __future__ import annotations

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


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table as a DataFrame whose dtypes keep the meaning of the columns.

    Strings are ``str``; integers and booleans the nullable ``Int16``/``Int32``/``Int64``/``boolean`` (an
    absent view count is ``<NA>``, not a float); instants ``datetime64[us, UTC]``; dates
    ``date32[day][pyarrow]`` (dates, not midnights); lists ``list<…>[pyarrow]``; floats ``float64``.
    """
    frame: pd.DataFrame = table.to_pandas(types_mapper=_dtype)
    return frame


def _dtype(kind: pa.DataType) -> object:
    if pa.types.is_list(kind) or pa.types.is_date(kind):
        return pd.ArrowDtype(kind)
    return _PANDAS.get(kind)
