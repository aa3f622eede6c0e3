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
    """Run the demo; the report of one on an object store is written to this machine, to be opened from disk."""
    need("crawl", "report")
    from helpscraper.archive.store import open_store
    from helpscraper.demo import run_demo

    store, here = open_store(args.archive), Path.cwd()
    folder = store.local_path()
    if folder is None:
        if store.uri.startswith("memory:"):
            raise CommandError(
                f"{store.uri}: the demo runs several programs, and this archive is in the memory of one",
                advice="name a folder or a bucket with --archive",
            )
        run_demo(store.uri, Path("output/demo-report"), layout=args.layout)
        return 0
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    run_demo(str(shown), shown / "report", layout=args.layout)
    return 0
