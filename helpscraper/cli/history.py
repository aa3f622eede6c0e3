"""``helpscraper history``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from helpscraper.cli.documents import wants_document, write_histories
from helpscraper.cli.options import add_format, add_partition, article_key, each_edition, open_catalog
from helpscraper.extras import need

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
  helpscraper history what-is-a-passkey --words --format html -o passkey.html    # md too: documents to read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", metavar="ARTICLE", help="its present or an earlier key, or its address")
    parser.add_argument("--words", action="store_true", help="show the words that changed in its body")
    parser.add_argument("--counts", action="store_true", help="show changes of its view count too")
    add_partition(parser)
    add_format(parser, more=["html"])


def run(args: argparse.Namespace) -> int:
    """Print one article's changes, oldest first; data formats hold all of them."""
    import pyarrow as pa

    from helpscraper.cli.changes_text import paged, print_warnings
    from helpscraper.cli.output import emit
    from helpscraper.history.change_rows import NAMES, history_rows
    from helpscraper.history.timeline import article_history

    if args.words:
        need("words")
        from helpscraper.history.body_diff import words_of

    catalog = open_catalog(args)
    article = article_key(catalog, args.article)
    found = each_edition(args, catalog, lambda where: article_history(catalog, article, where))
    for each in found:
        print_warnings(each.warnings)
    if wants_document(args):
        write_histories(catalog, found, args)
        return 0
    if args.format != "table":
        tables = [
            history_rows(catalog, each, words_of(catalog, each.partition) if args.words else None)
            for each in found
        ]
        emit(pa.concat_tables(tables).drop_columns(list(NAMES)), args.format, output=args.output)
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
    from helpscraper.history.change_rows import history_begins
    from helpscraper.history.kinds import QUIET
    from helpscraper.history.last_read import OF_THE_PAGE

    begins = history_begins(catalog, found)
    every = [row | {"from": begin} for row, begin in zip(found.table.to_pylist(), begins, strict=True)]
    rows = [row for row in every if counts or row["kind"] not in QUIET]
    compare = None
    if words:
        from helpscraper.history.body_diff import words_of

        compare = words_of(catalog, found.partition)
    names = " -> ".join(map(terminal_safe, found.names))
    target.print(Text(f"{found.partition}  {names}", style="bold"), soft_wrap=True)
    if found.since:
        target.print(Text(f"{found.since}  in the first snapshot of the archive"), soft_wrap=True)
    ids = catalog.ids(found.partition)
    for snapshot_id in dict.fromkeys(row["snapshot_id"] for row in rows):
        # An article that snapshots in between did not see changed at any time since one saw it.
        seen = [
            row["from"]
            for row in rows
            if row["snapshot_id"] == snapshot_id and row["field"] not in OF_THE_PAGE
        ]
        before = max(seen, default=ids[ids.index(snapshot_id) - 1])
        target.print(Text(f"{before} -> {snapshot_id}", style="bold"), soft_wrap=True)
        own = [
            row | {"last_read": row["from"] if row["from"] < before else None}
            for row in rows
            if row["snapshot_id"] == snapshot_id
        ]
        print_records(target, own, compare)
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
