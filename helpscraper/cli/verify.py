"""``helpscraper verify``."""

from __future__ import annotations

import argparse

from helpscraper.cli.options import add_format, add_partition, open_catalog

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper verify
  helpscraper verify --archive s3://bucket/help --format json

exit codes: 0 the archive is whole, 1 problems were found, 2 there is no archive
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Check every file; print the problems and a summary."""
    import sys

    from helpscraper.archive.verify import verify
    from helpscraper.cli.output import emit
    from helpscraper.cli.progress import Bar

    with Bar("files") as bar:
        report = verify(open_catalog(args), bar.show)
    if report.problems or args.format != "table":
        emit(report.table(), args.format, output=args.output)
    print(report, file=sys.stderr if report.problems or args.format != "table" else sys.stdout)
    return 0 if report.ok else 1
