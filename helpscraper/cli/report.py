"""``helpscraper report``."""

from __future__ import annotations

import argparse
import webbrowser
from contextlib import suppress
from pathlib import Path

from helpscraper.cli.options import add_partition, add_range, open_existing, picked
from helpscraper.errors import ReferenceNotFoundError
from helpscraper.extras import need
from helpscraper.plain_text import plural

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper report --open
  helpscraper report --out /srv/www/help-centre
  helpscraper report --from 2026-11-01 --to 2026-11-30 --out november
  helpscraper report --since 7d --out week

The next build into the same folder renders only changed pages.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--out", metavar="DIR", default="report", help="the folder of the pages (default: %(default)s)"
    )
    parser.add_argument(
        "--feeds",
        metavar="WHERE",
        help="the folder or the URL of the feeds, to link to (default: feeds beside DIR)",
    )
    add_range(parser)
    parser.add_argument("--open", action="store_true", help="open the front page in the browser")
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Build the report and print its path."""
    need("report")
    from helpscraper.cli.changes_text import warn_of_lost_snapshots
    from helpscraper.cli.progress import Bar
    from helpscraper.publish.report.build import build_report

    catalog = open_existing(args)
    warn_of_lost_snapshots(catalog)
    for partition in catalog.partitions():
        where = f"{catalog.store.uri} ({partition})"
        with suppress(ReferenceNotFoundError):  # an edition without a snapshot in the range is left out
            picked(args, catalog.ids(partition), where)
    with Bar("articles") as bar:
        built = build_report(
            catalog, Path(args.out), first=args.first, last=args.last, feeds=args.feeds, progress=bar.show
        )
    print(
        f"{built.index}  ({plural(built.written, 'file')} written, {built.kept} kept, {built.deleted} deleted)"
    )
    if args.open:
        webbrowser.open(built.index.resolve().as_uri())
    return 0
