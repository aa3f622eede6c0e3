"""``helpscraper log``."""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from helpscraper.cli.options import add_format, add_partition, open_catalog
from helpscraper.errors import CommandError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from helpscraper.archive.reader import Catalog

__all__ = ["EXAMPLE", "HELP", "configure", "run"]

HELP = "list snapshots with their changes, or tell the story of one article"
EXAMPLE = """\
examples:
  helpscraper log                        # newest first, with the changes of each section
  helpscraper log --last 5 --format json
  helpscraper log what-is-a-passkey      # the story of one article
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", nargs="?", metavar="ARTICLE", help="tell the story of this article")
    parser.add_argument(
        "--last", type=int, default=20, metavar="N", help="the last N snapshots (default: 20; 0: all)"
    )
    parser.add_argument("--words", action="store_true", help="with ARTICLE: show the words that changed")
    parser.add_argument("--counts", action="store_true", help="count moved view counts, too")
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the snapshots of each edition, newest first; or one article's story."""
    if args.article:
        from helpscraper.cli.history import run as run_history

        return run_history(args)
    if args.last < 0:
        raise CommandError(f"--last {args.last}: not a number of snapshots", advice="give 0 for all")
    catalog = open_catalog(args)
    overview, counts = _read(catalog, args.last)
    if args.format == "table" and args.output is None:
        _print(overview, counts, args.counts)
    else:
        from helpscraper.cli.output import emit

        emit(counts, args.format, output=args.output)
    return 0


def _read(catalog: Catalog, last: int) -> tuple[list[dict[str, Any]], pa.Table]:
    """Return the snapshots, newest first, and the counts of their changes with site and locale before them."""
    import pyarrow as pa

    from helpscraper.archive.overview import snapshots_table
    from helpscraper.cli.changes_text import print_warnings
    from helpscraper.history.timeline import LOG_SCHEMA, log_table

    overview: list[dict[str, Any]] = []
    edition = [pa.field("site", pa.string()), pa.field("locale", pa.string())]
    tables = [pa.schema([*edition, *LOG_SCHEMA]).empty_table()]
    rows = snapshots_table(catalog).to_pylist()
    for partition in catalog.partitions():
        own = [row for row in rows if (row["site"], row["locale"]) == (partition.site, partition.locale)]
        overview += reversed(own[-last:] if last else own)
        table, warnings = log_table(catalog, partition, last or None)
        print_warnings(warnings)
        for number, (field, value) in enumerate(
            zip(edition, (partition.site, partition.locale), strict=True)
        ):
            table = table.add_column(number, field, pa.array([value] * table.num_rows, pa.string()))
        tables.append(table)
    return overview, pa.concat_tables(tables)


def _print(overview: list[dict[str, Any]], counts: pa.Table, with_counts: bool) -> None:
    from helpscraper.cli.changes_text import paged
    from helpscraper.history.kinds import QUIET

    sections: defaultdict[tuple[str, str, str], defaultdict[str, dict[str, int]]]
    sections = defaultdict(lambda: defaultdict(dict))
    for row in counts.to_pylist():
        if with_counts or row["kind"] not in QUIET:
            snapshot = sections[row["site"], row["locale"], row["snapshot_id"]]
            snapshot[row["section"] or "(no section)"][row["kind"]] = row["articles"]
    with paged() as target:
        for row in overview:
            _print_snapshot(target, row, sections[row["site"], row["locale"], row["snapshot_id"]])


def _print_snapshot(target: Console, row: dict[str, Any], sections: dict[str, dict[str, int]]) -> None:
    from rich.text import Text

    from helpscraper.cli.output import terminal_safe
    from helpscraper.history.kinds import KINDS

    order = [*KINDS, "silent"]
    line = Text(f"{row['snapshot_id']}  {row['site']}/{row['locale']}", style="bold")
    if row["error"]:
        line.append(f"  {terminal_safe(row['error'])}", style="red")
    else:
        line.append(f"  {row['articles']} articles", style="not bold")
        line.append("" if row["complete"] else "  incomplete", style="yellow")
        line.append("  re-extracted" if row["reextracted"] else "", style="not bold")
    target.print(line, soft_wrap=True)
    for section in sorted(sections):
        kinds = sections[section]
        told = ", ".join(f"{kinds[kind]} {kind}" for kind in order if kind in kinds)
        target.print(Text(f"  {terminal_safe(section):<42} {told}"), soft_wrap=True)
