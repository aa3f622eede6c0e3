"""``helpscraper log``."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from helpscraper.cli.options import add_format, add_partition, open_existing, refuse_together
from helpscraper.errors import CommandError, ReferenceNotFoundError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from helpscraper.archive.reader import Catalog

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper log                        # newest first, with the changes of each section
  helpscraper log --last 5 --format json
  helpscraper log what-is-a-passkey      # the story of one article
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", nargs="?", metavar="ARTICLE", help="show the changes of this article")
    parser.add_argument(
        "--last", type=int, metavar="N", help="without ARTICLE: the last N snapshots (default: 20; 0: all)"
    )
    parser.add_argument("--words", action="store_true", help="with ARTICLE: show the words that changed")
    parser.add_argument("--counts", action="store_true", help="count changed view counts, too")
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the snapshots of each edition, newest first; or one article's changes."""
    if args.article is not None:
        if args.last is not None:
            refuse_together("ARTICLE", "--last", "an article's changes are always shown in full")
        from helpscraper.cli.history import run as run_history

        return run_history(args)
    if args.words:
        raise CommandError("--words is for one article", advice="say `helpscraper log ARTICLE --words`")
    last = 20 if args.last is None else args.last
    if last < 0:
        raise CommandError(f"--last {last}: not a number of snapshots", advice="give 0 for all")
    catalog = open_existing(args)
    overview, counts = _read(catalog, last)
    if not overview:
        raise ReferenceNotFoundError(
            f"{catalog.store.uri} holds no snapshot yet",
            advice="`helpscraper runs` shows what became of each run",
        )
    if args.format == "table":
        _print(overview, counts, args.counts, args.output)
    else:
        from helpscraper.cli.output import emit

        emit(counts, args.format, output=args.output)
    return 0


def _read(catalog: Catalog, last: int) -> tuple[list[dict[str, Any]], pa.Table]:
    """Return the snapshots, newest first, and the counts of their changes with site and locale before them."""
    import pyarrow as pa

    from helpscraper.archive.lost_snapshots import lost_warnings
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
        print_warnings(lost_warnings(catalog, partition))
        for number, (field, value) in enumerate(
            zip(edition, (partition.site, partition.locale), strict=True)
        ):
            table = table.add_column(number, field, pa.array([value] * table.num_rows, pa.string()))
        tables.append(table)
    return overview, pa.concat_tables(tables)


def _print(overview: list[dict[str, Any]], counts: pa.Table, with_counts: bool, output: str | None) -> None:
    from helpscraper.cli.changes_text import paged
    from helpscraper.history.kinds import QUIET

    sections: defaultdict[tuple[str, str, str], defaultdict[str, dict[str, int]]]
    sections = defaultdict(lambda: defaultdict(dict))
    for row in counts.to_pylist():
        if with_counts or row["kind"] not in QUIET:
            snapshot = sections[row["site"], row["locale"], row["snapshot_id"]]
            snapshot[row["section"] or "(no section)"][row["kind"]] = row["articles"]
    with paged(output) as target:
        for row in overview:
            _print_snapshot(target, row, sections[row["site"], row["locale"], row["snapshot_id"]])


def _print_snapshot(target: Console, row: dict[str, Any], sections: dict[str, dict[str, int]]) -> None:
    from rich.text import Text

    from helpscraper.cli.output import terminal_safe
    from helpscraper.history.kinds import KINDS, PICTURE

    order = [*KINDS, "silent", PICTURE]
    line = Text(f"{row['snapshot_id']}  {row['site']}/{row['locale']}", style="bold")
    if row["error"]:
        line.append(f"  {terminal_safe(row['error'])}", style="red")
    else:
        gone = f" and {row['gone']} gone" if row["gone"] else ""
        line.append(f"  {row['articles']} articles{gone}", style="not bold")
        line.append(_not_all(row), style="yellow")
        line.append("  re-extracted" if row["reextracted"] else "", style="not bold")
    target.print(line, soft_wrap=True)
    every = sum(map(Counter, sections.values()), Counter[str]())
    whole = [("all sections", every)] if len(sections) > 1 else []
    for section, kinds in [*whole, *sorted(sections.items())]:
        told = ", ".join(f"{kinds[kind]:,} {kind}" for kind in order if kinds.get(kind))
        target.print(Text(f"  {terminal_safe(section):<42} {told}"), soft_wrap=True)


def _not_all(row: dict[str, Any]) -> str:
    """Say in the words of ``runs`` that a snapshot is not the whole help centre: a requested part, or with holes."""
    said = [row["outcome"]] if row["outcome"] not in (None, "committed") else []
    said += [f"only part: {row['scope']}"] if row["scope"] else []
    if not said and row["complete"] is False:
        said = [row["kind"] if row["kind"] == "import" else "incomplete"]
    return "".join(f"  {each}" for each in said)
