"""``helpscraper blame``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from helpscraper.cli.options import add_format, add_partition, article_key, each_edition, open_catalog
from helpscraper.extras import need

if TYPE_CHECKING:
    import pyarrow as pa

    from helpscraper.archive.layout import Partition

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper blame what-is-a-passkey
  helpscraper blame what-is-a-passkey --format json

A ^ before a snapshot marks paragraphs of the first snapshot, which may be older.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", metavar="ARTICLE", help="its present or an earlier key, or its address")
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the paragraphs of the newest body, each with the snapshot that brought it."""
    need("words")
    import pyarrow as pa
    from rich.text import Text

    from helpscraper.archive.arrow import with_edition
    from helpscraper.cli.changes_text import paged, print_warnings
    from helpscraper.cli.output import cells_shown, emit, terminal_safe
    from helpscraper.history.blame import blame

    catalog = open_catalog(args)

    article = article_key(catalog, args.article)

    def read(where: Partition | None) -> tuple[Partition, pa.Table]:
        edition = where or catalog.partition()
        return edition, blame(catalog, article, edition, warn=lambda text: print_warnings([text]))

    found = each_edition(args, catalog, read)
    if args.format != "table":
        tables = [with_edition(table, edition) for edition, table in found]
        emit(pa.concat_tables(tables), args.format, output=args.output)
        return 0
    with paged(args.output) as target:
        for edition, table in found:
            if len(found) > 1:
                target.print(Text(str(edition), style="bold"), soft_wrap=True)
            rows = table.to_pylist()
            for row in rows:
                # A caret as in git blame.
                line = Text(f"{'^' if row['or_earlier'] else ' '}{row['snapshot_id']}  ", style="dim")
                line.append(terminal_safe(cells_shown(row["text"])), style="not dim")
                target.print(line, soft_wrap=True)
            if any(row["or_earlier"] for row in rows):
                target.print(Text("(^: in the first snapshot, may be older)", style="dim"), soft_wrap=True)
    return 0
