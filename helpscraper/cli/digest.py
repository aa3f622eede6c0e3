"""``helpscraper digest``."""

from __future__ import annotations

import argparse
import sys

from helpscraper.cli.options import add_partition, add_range, open_existing
from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper digest                                       # the last seven days
  helpscraper digest --since 2026-11-01 --until 2026-11-30 --format html -o november.html
  helpscraper digest --since 7d --format md --section faq-kyc
  helpscraper digest > week.txt && mail -s "Help centre" me < week.txt      # no mail of an empty week

Silent edits come first, then the sections; each change is a paragraph with its words. Changes of dates and counts alone
are not listed. Exit codes: 0, 5 when nothing changed (stdout is empty then), 2 when there was no crawl in that time.
A crawl sends it by itself with -s DIGEST=weekly (docs/running.md).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_range(parser)
    parser.set_defaults(first="7d")
    parser.add_argument(
        "--section", action="append", default=[], metavar="SECTION", help="only articles of these sections"
    )
    add_partition(parser)
    parser.add_argument(
        "--format", choices=("text", "md", "html"), default="text", help="(default: %(default)s)"
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="write to this new file instead of printing")
    parser.add_argument("--overwrite", action="store_true", help="replace the file of --output if it exists")


def run(args: argparse.Namespace) -> int:
    """Print the changes of the time."""
    need("words")
    from helpscraper.cli.changes_text import print_warnings, warn_of_lost_snapshots
    from helpscraper.cli.output import write_document
    from helpscraper.history.digest import digest

    catalog = open_existing(args)
    warn_of_lost_snapshots(catalog)
    found = digest(catalog, args.first, args.last, sections=args.section)
    print_warnings(found.warnings)
    if not found.crawls:
        raise CommandError("no two crawls of this time can be compared", advice="give an earlier --since")
    if not found:
        print("\n".join([found.title, *found.notes]), file=sys.stderr)
        return ExitCode.NOTHING
    write_document(found.render(args.format), args.output)
    return 0
