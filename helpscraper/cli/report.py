"""``helpscraper report``."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from helpscraper.cli.options import add_partition, open_existing

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper report --open
  helpscraper report --out /srv/www/help-centre
  helpscraper report --from 2026-11-01 --to latest --out november

The next build into the same folder renders only changed pages.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--out", metavar="DIR", default="report", help="the folder of the pages (default: %(default)s)"
    )
    parser.add_argument(
        "--from", dest="first", metavar="REF", help="the first snapshot to include (default: the oldest)"
    )
    parser.add_argument(
        "--to", dest="last", metavar="REF", help="the last snapshot to include (default: latest)"
    )
    parser.add_argument("--open", action="store_true", help="open the front page in the browser")
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Build the report and print its path."""
    from helpscraper.publish.report.build import build_report

    built = build_report(open_existing(args), Path(args.out), first=args.first, last=args.last)
    print(f"{built.index}  ({built.written} files written, {built.kept} kept, {built.deleted} deleted)")
    if args.open:
        webbrowser.open(built.index.resolve().as_uri())
    return 0
