"""``helpscraper history``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from helpscraper.cli.options import add_format, add_partition, each_edition, open_catalog, refuse_together

if TYPE_CHECKING:
    from rich.console import Console

    from helpscraper.archive.reader import Catalog
    from helpscraper.history.timeline import History

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper history what-is-a-passkey
  helpscraper history what-is-a-passkey --words      # with the words that changed
  helpscraper history what-is-a-passkey --format csv
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", metavar="ARTICLE", help="its present or an earlier key")
    parser.add_argument("--words", action="store_true", help="show the words that changed in its body")
    parser.add_argument("--counts", action="store_true", help="show changes of its view count too")
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print one article's changes, oldest first; data formats hold all of them."""
    import pyarrow as pa

    from helpscraper.cli.changes_text import paged, print_warnings
    from helpscraper.cli.output import emit, with_edition
    from helpscraper.history.timeline import article_history

    if args.words and args.format != "table":
        refuse_together("--words", f"--format {args.format}", "words are shown as text: leave --format out")
    catalog = open_catalog(args)
    found = each_edition(args, catalog, lambda where: article_history(catalog, args.article, where))
    for each in found:
        print_warnings(each.warnings)
    if args.format != "table":
        tables = [with_edition(each.table, each.partition) for each in found]
        emit(pa.concat_tables(tables), args.format, output=args.output)
        return 0
    with paged(args.output) as target:
        for each in found:
            _print_history(target, catalog, each, words=args.words, counts=args.counts)
    return 0


def _print_history(target: Console, catalog: Catalog, found: History, *, words: bool, counts: bool) -> None:
    """Print an article's changes, a paragraph for each snapshot."""
    from rich.text import Text

    from helpscraper.cli.changes_text import print_records
    from helpscraper.cli.output import terminal_safe
    from helpscraper.history.kinds import QUIET

    rows = [row for row in found.table.to_pylist() if counts or row["kind"] not in QUIET]
    compare = None
    if words:
        from helpscraper.history.body_diff import words_of

        compare = words_of(catalog, found.partition)
    names = " -> ".join(map(terminal_safe, found.names))
    target.print(Text(f"{found.partition}  {names}", style="bold"), soft_wrap=True)
    if found.since:
        target.print(Text(f"{found.since}  in the first snapshot of the archive"), soft_wrap=True)
    for snapshot_id in dict.fromkeys(row["snapshot_id"] for row in rows):
        target.print(Text(snapshot_id, style="bold"), soft_wrap=True)
        print_records(target, [row for row in rows if row["snapshot_id"] == snapshot_id], compare)
    if rows and rows[-1]["kind"] == "unverified" and rows[-1]["after"] is None:
        target.print(Text(_since(catalog, found, rows[-1]["snapshot_id"])), soft_wrap=True)
    quiet = len(found) - len(rows)
    if quiet:
        target.print(
            Text(f"(changed view counts and excerpts not shown: {quiet}; add --counts)", style="dim"),
            soft_wrap=True,
        )


def _since(catalog: Catalog, found: History, last: str) -> str:
    """Say whether an article was seen again after its last change, which was ``unverified``."""
    for snapshot in catalog.snapshots(found.partition):
        if snapshot.id > last and any(
            catalog.load_table(snapshot, columns=["article_id"], article_id=name).num_rows
            for name in found.names
        ):
            return f"{snapshot.id}  seen again, unchanged"
    return "not seen since"
