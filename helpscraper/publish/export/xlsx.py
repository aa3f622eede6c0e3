"""An archive as an Excel workbook: a sheet of articles and one of changes. Every text is a text, never a formula."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.errors import CommandError
from helpscraper.extras import need
from helpscraper.history.all_changes import all_changes
from helpscraper.publish.export import rows
from helpscraper.publish.export.beside import new_file

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

__all__ = ["write_xlsx"]

_MOST_ROWS = 1_048_576
_MOST_CHARACTERS = 32_767
"""The limits of Excel for a sheet and for a cell."""

_EXACT = 1 << 53
"""Excel keeps numbers as floats: a larger whole number would lose digits."""


def write_xlsx(
    catalog: Catalog, snapshots: Sequence[Snapshot], target: Path, *, bodies: bool = False, words: bool = True
) -> tuple[dict[str, int], int]:
    """Write the workbook; return the number of rows of each sheet, and of texts that were cut to fit into a cell.

    Raises ``MissingExtraError`` without XlsxWriter, and ``CommandError`` for more rows than a sheet holds.
    """
    need("xlsx")
    import xlsxwriter

    sheets = {
        "articles": rows.articles(catalog, snapshots, bodies=bodies),
        "changes": _changes(catalog, snapshots, words=words),
    }
    for name, table in sheets.items():
        if table.num_rows >= _MOST_ROWS:
            raise CommandError(
                f"{table.num_rows:,} {name} are more than a sheet of Excel holds ({_MOST_ROWS - 1:,})",
                advice="use --to sqlite, or --format parquet",
            )
    cut = 0
    with new_file(target) as path, xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        forms: dict[type, Any] = {
            dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for name, table in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            cut += _fill(sheet, table, forms)
    return {name: table.num_rows for name, table in sheets.items()}, cut


def _changes(catalog: Catalog, snapshots: Sequence[Snapshot], *, words: bool) -> pa.Table:
    """Return the changes of the editions of these snapshots."""
    partitions = dict.fromkeys(each.partition for each in snapshots)
    editions = (Catalog(catalog.store, site=each.site, locale=each.locale) for each in partitions)
    return pa.concat_tables(all_changes(edition, words=words).table for edition in editions)


def _fill(sheet: Worksheet, table: pa.Table, forms: dict[type, Any]) -> int:
    cut = 0
    for column, name in enumerate(table.schema.names):
        sheet.write_string(0, column, name)
    for place, record in enumerate(rows.records(table), 1):
        for column, value in enumerate(record):
            if isinstance(value, str):
                # Excel counts a character outside the BMP as two.
                if len(value.encode("utf-16-le")) > 2 * _MOST_CHARACTERS:
                    value, cut = value[: _MOST_CHARACTERS // 2 - 1] + "…", cut + 1
                sheet.write_string(place, column, value)
            elif isinstance(value, dt.datetime):
                sheet.write_datetime(place, column, value.replace(tzinfo=None), forms[dt.datetime])
            elif isinstance(value, dt.date):
                _write_date(sheet, place, column, value, forms[dt.date])
            elif isinstance(value, bool):
                sheet.write_boolean(place, column, value)
            elif isinstance(value, int | float):
                if abs(value) < _EXACT:
                    sheet.write_number(place, column, value)
                else:
                    sheet.write_string(place, column, str(value))
    return cut


def _write_date(sheet: Worksheet, place: int, column: int, value: dt.date, form: Any) -> None:
    """Write a date; one before 1900, which Excel does not know, as text."""
    if value.year < 1900:
        sheet.write_string(place, column, value.isoformat())
    else:
        sheet.write_datetime(place, column, dt.datetime.combine(value, dt.time()), form)
