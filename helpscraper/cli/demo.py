"""``helpscraper demo``."""

from __future__ import annotations

import argparse
from pathlib import Path

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
    """Run the demo."""
    from helpscraper.demo import run_demo

    run_demo(Path(args.archive), layout=args.layout)
    return 0
