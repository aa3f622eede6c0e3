"""``helpscraper compact``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

from helpscraper.cli.options import add_partition, open_existing
from helpscraper.errors import ExitCode, LeaseLostError, LockHeldError

if TYPE_CHECKING:
    from helpscraper.archive.compact import MonthReport

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper compact                       # every past month
  helpscraper compact --dry-run             # print the work and do nothing
  helpscraper compact --keep 90             # snapshots older than 90 days
  helpscraper compact --before 2026-11-01   # snapshots from before that day (UTC)

Readers see the same rows. The month's file is read back and compared before the originals are removed. The next run
finishes an interrupted one. No crawl of the same site and locale can run meanwhile.

exit codes: 0 done, 1 a file could not be packed (it is named), 2 wrong arguments or no archive, 75 a crawl of a site
and locale is running (the others are done)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--keep", type=_days, metavar="DAYS", help="do not pack the snapshots of the last DAYS days"
    )
    which.add_argument(
        "--before",
        type=_day,
        metavar="DATE",
        help="only snapshots from before DATE (default: the first day of this month)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the work and do nothing")
    add_partition(parser)


def run(args: argparse.Namespace) -> int:
    """Compact each site and locale under its lock; print a line for each month."""
    from helpscraper.archive.compact import compact, month_begin
    from helpscraper.archive.indexing import update_index
    from helpscraper.archive.reader import Catalog
    from helpscraper.cli.progress import Bar
    from helpscraper.crawl.lock import EditionLock

    now = dt.datetime.now(dt.UTC)
    before = args.before or (month_begin(now) if args.keep is None else now - dt.timedelta(days=args.keep))
    partitions = open_existing(args).partitions()
    catalog = Catalog(args.archive)
    done = problems = locked = 0
    with Bar("months") as bar:
        for partition in partitions:
            lock = EditionLock(catalog.store, partition, "compact")
            try:
                lock.acquire()
            except LockHeldError as error:
                bar.say(str(error), file=sys.stderr)
                locked += 1
                continue
            try:
                for report in compact(catalog, partition, before, dry_run=args.dry_run, progress=bar.show):
                    if report.ids:
                        bar.say(_line(report, dry_run=args.dry_run))
                    for problem in report.problems:
                        bar.say(str(problem), file=sys.stderr)
                    done += bool(report.ids)
                    problems += len(report.problems)
                    lock.check()
                if not args.dry_run:
                    update_index(catalog.with_cached_listings(), partition)
            except LeaseLostError as error:
                bar.say(str(error), file=sys.stderr)
                locked += 1
            finally:
                lock.release()
    if not (done or locked or problems):
        print("nothing to do")
    return ExitCode.LOCKED if locked else int(problems > 0)


def _line(report: MonthReport, *, dry_run: bool) -> str:
    noun = "feeds" if report.kind == "changes" else "snapshots"
    head = f"{report.partition} {report.month[:4]}-{report.month[4:]}: {len(report.ids)} {noun}"
    if dry_run:
        return f"{head}, {report.before:,} bytes, would be packed"
    return f"{head}, {report.before:,} bytes became {report.after:,}"


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days")
    return int(text)


def _day(text: str) -> dt.datetime:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-11-01") from None
    return dt.datetime.combine(day, dt.time(), dt.UTC)
