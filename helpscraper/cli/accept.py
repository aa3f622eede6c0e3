"""``helpscraper accept``."""

from __future__ import annotations

import argparse

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
example:
  helpscraper runs                      # find the refused one and its reasons
  helpscraper accept 20261122T060000Z
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help="id of the refused snapshot")
    parser.add_argument("--site", default="okx", help="site of the snapshot (default: %(default)s)")
    parser.add_argument("--locale", default="en", help="locale of the snapshot (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Promote the snapshot and say where it is now."""
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.store import Store
    from helpscraper.archive.writer import promote

    written = promote(Store(args.archive), Partition(args.site, args.locale), args.id)
    print(f"accepted: {written.path}")
    return 0
