"""``helpscraper import``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Literal

from helpscraper.cli.options import locale_of
from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need
from helpscraper.plain_text import plural

__all__ = ["EXAMPLE", "NAMED", "configure", "run"]

_EXAMPLES = 3
NAMED = {
    "challenge": "a block or challenge page",
    "edition": "a page of another edition",
    "extraction": "a page without an article or a list",
    "page": "another page of its list",
    "payload": "a page that cannot be decoded",
    "record": "a record that cannot be read",
}

EXAMPLE = """\
examples:
  helpscraper import page.html --captured-at 2025-04-26T10:00:00Z \\
      --url https://www.okx.com/help/section/announcements-latest-announcements/page/2
  helpscraper import results.txt --format text --locale en --captured-at 2026-06-01T00:00:00Z \\
      --url "https://www.okx.com/help/search?category=faq&term=face"
  helpscraper import captures.warc.gz more.wacz     # also .wet.gz, and .cdxj with the WARC files beside it

exit codes: 0 imported (or there already), 1 the archive cannot be read or written, 2 wrong arguments or a file from
which nothing can be imported: it is named, and the archive is unchanged; 75 a crawl of the same site and locale is
running
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", metavar="FILE", type=Path, nargs="+",
        help="a saved page, may be gzipped; or files of a web archive: WARC, WET, WACZ, CDXJ",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("html", "text"), help="what the file holds (default: by its ending)"
    )
    parser.add_argument("--url", help="where the saved page was captured; files of a web archive state it")
    parser.add_argument("--captured-at", metavar="TIME", help="when it was, in ISO 8601 with an offset")
    parser.add_argument(
        "--locale",
        help="locale prefix of the edition (default: that of --url; every one that a web archive's files hold)",
    )
    parser.add_argument("--site", help="site that it was captured from (default: that of its address)")


def run(args: argparse.Namespace) -> int:
    """Import the files and print the results."""
    need("crawl")
    from helpscraper.archive.recordings.sources import is_capture_file

    captures = [path for path in args.files if is_capture_file(path)]
    if not captures:
        return _import_page(args)
    if len(captures) < len(args.files):
        pages = ", ".join(str(path) for path in args.files if path not in captures)
        raise CommandError(f"{pages}: not a file of a web archive", advice="import saved pages one by one")
    if args.url or args.captured_at or args.format:
        raise CommandError(
            "--url, --captured-at and --format are for a saved page",
            advice="leave them out: files of a web archive state where and when",
        )
    return _import_captures(args)


def _import_captures(args: argparse.Namespace) -> int:
    from helpscraper.cli.progress import Bar
    from helpscraper.replay.captures import import_captures
    from helpscraper.replay.captures.select import ANOTHER_SITE
    from helpscraper.sites import sites_at

    with Bar("days") as bar:
        report = import_captures(args.archive, args.files, args.site, locale_of(args), progress=bar.show)
    for written in report.snapshots:
        print(f"imported: {written.path}, {plural(written.rows, 'row')}")
    for path, captures in report.already.items():
        print(f"there already: {path}, {plural(captures, 'capture')}")
    if report.redirects:
        print(f"redirects from one article to another: {report.redirects}")
    for reason, n in sorted(report.skipped.items()):
        print(f"passed over, {NAMED.get(reason, reason)}: {n}", file=sys.stderr)
        for example in report.examples[reason][:_EXAMPLES]:
            print(f"  {example}", file=sys.stderr)
    if report.skipped[ANOTHER_SITE]:
        print(f"  {sites_at(args.archive).known_hosts()}", file=sys.stderr)
    for doubt in report.doubts:
        print(f"doubtful: {doubt}", file=sys.stderr)
    for problem in report.problems:
        print(f"unreadable: {problem}", file=sys.stderr)
        if problem.advice:
            print(f"  {problem.advice}", file=sys.stderr)
    if not (report.snapshots or report.already or report.redirects):
        print("nothing was imported", file=sys.stderr)
        return int(ExitCode.USAGE)
    return 0


def _import_page(args: argparse.Namespace) -> int:
    for path in args.files:
        if not path.exists():
            raise CommandError(f"{path}: cannot be read: no such file", advice="check its name")
    if len(args.files) != 1 or not args.url or not args.captured_at:
        raise CommandError(
            "a saved page needs --url and --captured-at; import one page at a time",
            advice="give the URL and the time at which the page was captured",
        )
    (path,) = args.files
    captured_at = _instant(args.captured_at)
    name = path.name.removesuffix(".gz")
    form: Literal["html", "text"] = args.format or ("text" if name.endswith(".txt") else "html")
    from helpscraper.replay.saved_page import import_page

    report = import_page(
        args.archive,
        path,
        form=form,
        url=args.url,
        locale=args.locale,
        captured_at=captured_at,
        site=args.site,
    )
    print(f"imported: {report.snapshot.path}, {plural(report.snapshot.rows, 'row')}")
    for doubt in report.doubts:
        print(f"doubtful: {doubt}", file=sys.stderr)
    for title in report.ambiguous:
        print(f"ambiguous, left open: {title!r}", file=sys.stderr)
    return 0


def _instant(text: str) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(text)
        in_utc = instant.astimezone(dt.UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is not None and in_utc > dt.datetime.now(dt.UTC):
        raise CommandError(
            f"--captured-at {text}: this time is in the future",
            advice="give the time when the page was captured: a snapshot of the future would be `latest` until then",
        )
    if in_utc is None:
        raise CommandError(
            f"--captured-at {text}: not an instant",
            advice="write a date and time with an offset: 2026-11-22T06:00:00Z",
        )
    return in_utc
