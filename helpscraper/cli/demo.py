"""``helpscraper demo``."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpscraper.errors import CommandError
from helpscraper.extras import need

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
example:
  helpscraper demo
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(archive="output/demo")
    parser.add_argument("--layout", default="e2", help="layout of the sample site (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Run the demo in a local folder; raises ``CommandError`` for an object store."""
    need("crawl", "report")
    from helpscraper.archive.store import open_store
    from helpscraper.demo import run_demo

    store, here = open_store(args.archive), Path.cwd()
    folder = store.local_path()
    if folder is None:
        raise CommandError(
            f"{store.uri}: the demo needs a local folder, because its report is opened from disk",
            advice="give a folder with --archive",
        )
    run_demo(folder.relative_to(here) if folder.is_relative_to(here) else folder, layout=args.layout)
    return 0
