"""Write tables to a terminal or as JSON, CSV, Markdown or Parquet.

Cells hold text of crawled pages, so each format is made safe: terminals get no control characters, Markdown no markup,
CSV no formulas (see ``csv_safe``).
"""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import io
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from helpscraper.cli.layout import hanging, print_columns, table_lines
from helpscraper.errors import CommandError
from helpscraper.plain_text import cells_shown, terminal_safe

__all__ = [
    "cells_shown",
    "console",
    "csv_safe",
    "emit",
    "md_safe",
    "print_fields",
    "print_plain",
    "print_text",
    "terminal_safe",
    "utf8",
    "whole_file",
    "write_document",
]

# The start of a formula for a spreadsheet (also full-width), after any number of apostrophes.
_FORMULA = "^('*[=+\\-@\t\r\n＝＋－＠])"
_MD_MARKS = str.maketrans(
    {mark: f"\\{mark}" for mark in "\\|`*_[]~"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "}
)
_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def emit(
    table: pa.Table,
    format: str = "table",
    *,
    output: str | None = None,
    stream: IO[str] | None = None,
    columns: Sequence[str] | None = None,
) -> None:
    """Write ``table`` in one of the formats to the file ``output`` or to ``stream`` (default: stdout).

    Only the format ``table`` is limited to ``columns``. JSON is a list of records with instants as
    ``2026-11-22T06:00:00Z``; CSV holds lists as JSON. A file is written whole or not at all.
    Raises ``CommandError`` for Parquet to a terminal and for a file that cannot be written.
    """
    out = stream or sys.stdout
    if format == "table" and output is None:
        _print_table(table.select(columns) if columns else table, out)
    elif output is not None:
        with whole_file(Path(output)) as file:
            _write(table, format, file, columns)
    elif format == "parquet" and out.isatty():
        raise CommandError("Parquet cannot be shown on a terminal", advice="add --output FILE, or use a pipe")
    else:
        with utf8(out) as binary:
            _write(table, format, binary, columns)


def write_document(text: str, output: str | None) -> None:
    """Write a document as UTF-8 to the file ``output``, or to stdout."""
    with utf8() if output is None else whole_file(Path(output)) as file:
        file.write(text.encode("utf-8", "surrogatepass"))


@contextlib.contextmanager
def utf8(stream: IO[str] | None = None) -> Iterator[BinaryIO]:
    """Give the binary buffer of ``stream`` (default: stdout): data is UTF-8 whatever the terminal's encoding."""
    out = stream or sys.stdout
    out.flush()
    binary = cast("BinaryIO", cast("io.TextIOWrapper", out).buffer)
    yield binary
    binary.flush()


def _write(table: pa.Table, format: str, file: BinaryIO, columns: Sequence[str] | None) -> None:
    match format:
        case "parquet":
            pq.write_table(table, file, compression="zstd")
        case "csv":
            pacsv.write_csv(_csv_table(table), file)
        case "excel":
            file.write(codecs.BOM_UTF8)
            pacsv.write_csv(_csv_table(table), file)
        case "json":
            _write_json(table, file)
        case "md":
            _write_markdown(table, file)
        case "table":
            text = io.StringIO()
            _print_table(table.select(columns) if columns else table, text)
            file.write(text.getvalue().encode())
        case _:
            raise CommandError(f"unknown format {format!r}", advice="choose table, json, csv, md or parquet")


def csv_safe(column: Any) -> Any:
    """Return a string column with an apostrophe before each cell that a spreadsheet would take for a formula.

    To read it back, remove one apostrophe if any number of them is followed by ``= + - @``, a tab or a line break (or
    a full-width form): ``re.sub("^'('*[=+\\-@\\t\\r\\n＝＋－＠])", r"\\1", cell)``. Other cells are unchanged.

    >>> csv_safe(pa.array(["=1+1", "'=1", "'tis", None])).to_pylist()
    ["'=1+1", "''=1", "'tis", None]
    """
    return pc.replace_substring_regex(column, _FORMULA, r"'\1")


def md_safe(text: str) -> str:
    """Return ``text`` escaped for a cell of a Markdown table: no markup, no HTML, no pipe, one line.

    >>> md_safe("a|b <i>[x](y)")
    'a\\\\|b &lt;i&gt;\\\\[x\\\\](y)'
    """
    return terminal_safe(text).translate(_MD_MARKS)


def console(stream: IO[str] | None = None) -> Console:
    """Return a rich console: coloured on a terminal, plain and as wide as needed in a pipe or a file."""
    out = stream or sys.stdout
    if out.isatty():
        return _Console(file=out, highlight=False)
    return _Console(file=out, highlight=False, width=100_000, no_color=True, force_terminal=False)


class _Console(Console):
    """Breaks long lines between words, and lets ``cli.main`` handle a closed pipe, for which rich would exit with 1."""

    def print(self, *objects: Any, **options: Any) -> None:
        if options.get("soft_wrap") and self.is_terminal:
            objects = tuple(hanging(each, self.width) if isinstance(each, Text) else each for each in objects)
        super().print(*objects, **options)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def print_fields(row: dict[str, Any]) -> None:
    """Print one record with a line for each field."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in row.items():
        grid.add_row(name, Text(terminal_safe(_cell(value))))
    print_plain(console(), grid)


def print_text(text: str, stream: IO[str] | None = None) -> None:
    """Print a text of several lines; on a terminal without control characters."""
    out = stream or sys.stdout
    if out.isatty():
        text = "\n".join(terminal_safe(line.expandtabs()) for line in text.splitlines())
    out.write(text if text.endswith("\n") else text + "\n")


def _print_table(table: pa.Table, stream: IO[str]) -> None:
    names, right = table.schema.names, [any(test(kind) for test in _NUMERIC) for kind in table.schema.types]
    columns = [[terminal_safe(_cell(value)) for value in column.to_pylist()] for column in table.columns]
    if stream.isatty():
        print_columns(console(stream), names, columns, right)
        return
    table = [(name, *cells) for name, cells in zip(names, columns, strict=True)]
    widths = [max(map(cell_len, cells)) for cells in table]
    stream.writelines(f"{line}\n" for line in table_lines(table, widths, right))


def print_plain(target: Console, table: Table) -> None:
    """Print a table, in a pipe without the trailing blanks that rich adds to the last column."""
    if target.is_terminal:
        target.print(table)
        return
    with target.capture() as captured:
        target.print(table)
    target.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case dt.datetime() | dt.date():
            return _iso(value)
        case dict():
            return " ".join(map(_cell, value.values()))
        case list():
            return ", ".join(_cell(each) for each in value)
    return str(value)


def _iso(value: dt.datetime | dt.date) -> str:
    """Return ISO 8601; instants are in UTC and end with ``Z``."""
    return value.isoformat().replace("+00:00", "Z")


def _json_row(row: dict[str, Any]) -> str:
    """Return a row as JSON, which has neither NaN nor infinity: they are null."""
    plain = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    return json.dumps(plain, ensure_ascii=False, default=_json_value)


def _json_value(value: object) -> str | int:
    if isinstance(value, dt.datetime | dt.date):
        return _iso(value)
    if isinstance(value, Decimal):  # a whole number of more than 64 bits
        return int(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _write_json(table: pa.Table, file: BinaryIO) -> None:
    file.write(b"[")
    separator = b"\n"
    for batch in table.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            file.write(separator + _json_row(row).encode())
            separator = b",\n"
    file.write(b"\n]\n")


def _write_markdown(table: pa.Table, file: BinaryIO) -> None:
    rules = ("--:" if any(test(field.type) for test in _NUMERIC) else "---" for field in table.schema)
    names = " | ".join(table.schema.names)
    file.write(f"| {names} |\n| {' | '.join(rules)} |\n".encode())
    for batch in table.to_batches(max_chunksize=1024):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            file.write(f"| {' | '.join(md_safe(_cell(value)) for value in values)} |\n".encode())


def _csv_table(table: pa.Table) -> pa.Table:
    columns = []
    for column in table.columns:
        kind = column.type
        if pa.types.is_timestamp(kind):
            column = pc.strftime(_whole_seconds(column), format="%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_list(kind):
            texts = (
                None if each is None else json.dumps(each, ensure_ascii=False) for each in column.to_pylist()
            )
            column = pa.array(texts, pa.string())
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            column = csv_safe(column)
        columns.append(column)
    return pa.table(columns, names=table.schema.names)


def _whole_seconds(column: Any) -> Any:
    """Return instants in seconds if none has a fraction, so that CSV has the same digits as JSON."""
    try:
        return column.cast(pa.timestamp("s", column.type.tz))
    except pa.ArrowInvalid:
        return column


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when it is complete; raises ``CommandError`` when it cannot be written."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written: {error.strerror or error}", advice="give another file with --output"
        ) from error
