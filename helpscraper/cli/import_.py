"""``helpscraper import``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from helpscraper.errors import CommandError

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper import page.html --captured-at 2025-04-26T10:00:00Z \\
      --url https://www.okx.com/help/section/announcements-latest-announcements/page/2
  helpscraper import results.txt --format text --locale en --captured-at 2026-06-01T00:00:00Z \\
      --url "https://www.okx.com/help/search?category=faq&term=face"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the saved page; may be gzipped")
    parser.add_argument("--format", choices=("html", "text"), help="what the file holds (default: by its ending)")
    parser.add_argument("--url", required=True, help="where the page was captured")
    parser.add_argument("--captured-at", required=True, metavar="TIME", help="when, in ISO 8601 with an offset")
    parser.add_argument("--locale", default="en", help="locale prefix of the edition (default: %(default)s)")
    parser.add_argument("--site", default="okx", help="site that it was captured from (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Import the file and say what became of it."""
    captured_at = _instant(args.captured_at)
    name = args.file.name.removesuffix(".gz")
    form = args.format or ("text" if name.endswith(".txt") else "html")
    from helpscraper.imports import import_page

    report = import_page(
        args.archive,
        args.file,
        form=form,
        url=args.url,
        locale=args.locale,
        captured_at=captured_at,
        site=args.site,
    )
    print(f"imported: {report.snapshot.path}, {report.snapshot.rows} rows")
    for title in report.ambiguous:
        print(f"ambiguous, left open: {title!r}", file=sys.stderr)
    return 0


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise CommandError(
            f"--captured-at {text}: not an instant", advice="write a date and time with an offset: 2026-11-22T06:00:00Z"
        )
    return instant
