"""``helpscraper export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpscraper.cli.options import FORMATS, add_format, add_partition, open_catalog
from helpscraper.errors import CommandError

__all__ = ["EXAMPLE", "HELP", "configure", "run"]

HELP = "write a snapshot as CSV, JSON, Markdown or Parquet"
EXAMPLE = """\
examples:
  helpscraper export --output articles.csv
  helpscraper export 2026-11-22 --bodies --output articles.parquet
  helpscraper export latest~1 --columns article_id,title,view_count --format json

In CSV an apostrophe stands before a cell that a spreadsheet would take for a formula (= + - @, tab, line
break); to read such a cell back, take one apostrophe away. Lists are JSON, instants are UTC, an empty cell is
null.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "ref", nargs="?", default="latest", metavar="REF", help="the snapshot (default: latest)"
    )
    parser.add_argument("--bodies", action="store_true", help="with the bodies as text, Markdown and HTML")
    parser.add_argument("--columns", metavar="A,B", help="only these columns")
    add_partition(parser)
    add_format(parser, default=None)


def run(args: argparse.Namespace) -> int:
    """Write the rows of one snapshot."""
    from helpscraper.archive.schema import SNAPSHOT_SCHEMA
    from helpscraper.cli.output import emit

    columns = args.columns.split(",") if args.columns else None
    unknown = sorted(set(columns or ()) - set(SNAPSHOT_SCHEMA.names))
    if unknown:
        raise CommandError(
            f"unknown columns: {', '.join(unknown)}", advice=f"columns: {', '.join(SNAPSHOT_SCHEMA.names)}"
        )
    table = open_catalog(args).load_table(args.ref, columns=columns, bodies=args.bodies)
    emit(table, args.format or _format_of(args.output), output=args.output)
    return 0


def _format_of(output: str | None) -> str:
    """Return the format that the file's name asks for; CSV where there is no file."""
    if output is None:
        return "csv"
    suffix = Path(output).suffix.removeprefix(".").lower()
    if suffix in FORMATS and suffix != "table":
        return suffix
    raise CommandError(f"{output}: the name does not tell the format", advice="add --format")
