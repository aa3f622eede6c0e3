"""``helpscraper accept``."""

from __future__ import annotations

import argparse
import sys

from helpscraper.cli.options import add_partition, locale_of

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
example:
  helpscraper runs                      # find the refused one and its reasons
  helpscraper accept 20261122T060000Z
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help="id of the refused snapshot")
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Commit the refused snapshot and print its path."""
    from helpscraper.archive.reader import Catalog
    from helpscraper.crawl.conclude import accept

    catalog = Catalog(args.archive, site=args.site, locale=locale_of(args))
    written = accept(catalog, catalog.partition(), args.id)
    print(f"accepted: {written.path}")
    newer = [each for each in sorted(catalog.paths(written.partition)) if each > written.snapshot_id]
    if newer:
        print(
            f"the change feed of {newer[0]} starts from the snapshot before {written.snapshot_id}\n"
            "  commands notice this and compare again; other readers of changes/ find the start of each feed in its "
            "metadata (helpscraper.from)",
            file=sys.stderr,
        )
    return 0
