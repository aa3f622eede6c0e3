"""``helpscraper accept``."""

from __future__ import annotations

import argparse

from helpscraper.cli.options import add_partition, open_catalog

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
    """Promote the snapshot and say where it is now."""
    from helpscraper.crawl.conclude import accept

    catalog = open_catalog(args)
    written = accept(catalog, catalog.partition(), args.id)
    print(f"accepted: {written.path}")
    return 0
