"""``helpscraper grep``."""

from __future__ import annotations

import argparse
import re
import sys

from helpscraper.cli.options import add_format, add_partition, open_existing
from helpscraper.errors import ExitCode

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper grep "smallest order"                 # the articles that say it now
  helpscraper grep -i --history "rounded down"      # also those that said it, from when to when
  helpscraper grep --fixed "Fees are" --section faq-kyc --format csv

PATTERN is a regular expression (RE2) that matches within a line of the text. A time that lasts ends "now".
Exit codes: 0 when an article says it, 5 when none does, 2 for a pattern that is no regular expression or a section that
does not exist; an archive that cannot be read is 1, so here 1 does not mean "nothing found" as in grep(1).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("pattern", metavar="PATTERN", help="what the texts of articles are searched for")
    parser.add_argument("--history", action="store_true", help="search all snapshots, not only the latest")
    parser.add_argument("-i", "--ignore-case", action="store_true", help="find it in any case")
    parser.add_argument(
        "-F", "--fixed", action="store_true", help="PATTERN is text, not a regular expression"
    )
    parser.add_argument(
        "--section", action="append", default=[], metavar="SECTION", help="only articles of these sections"
    )
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the articles, each with the time during which it said it and a line that does."""
    from helpscraper.cli.output import emit
    from helpscraper.history.search import search

    pattern = re.escape(args.pattern) if args.fixed else args.pattern
    found = search(
        open_existing(args),
        f"(?i){pattern}" if args.ignore_case else pattern,
        history=args.history,
        sections=args.section,
    )
    if not found.num_rows:
        print("nothing found", file=sys.stderr)
    code = ExitCode.OK if found.num_rows else ExitCode.NOTHING
    if args.format != "table" or args.output is not None:
        emit(found, args.format, output=args.output)
        return code
    from rich.text import Text

    from helpscraper.archive.layout import moments
    from helpscraper.cli.changes_text import paged
    from helpscraper.cli.output import cells_shown, terminal_safe

    with paged() as target:
        for row in found.to_pylist():
            since, until = [*moments(*filter(None, (row["since"], row["until"]))), "now"][:2]
            line = Text(f"{row['site']}/{row['locale']}  {terminal_safe(row['article_id'])}", style="bold")
            line.append(f"  {terminal_safe(row['title'] or '')}", style="not bold")
            line.append(f"  {since} to {until} UTC", style="dim not bold")
            target.print(line, soft_wrap=True)
            target.print(Text(f"    {terminal_safe(cells_shown(row['line'] or ''))}"), soft_wrap=True)
    return code
