"""``helpscraper backfill``."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from typing import TYPE_CHECKING

from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need
from helpscraper.plain_text import plural

if TYPE_CHECKING:
    from helpscraper.backfill.choose import Wanted
    from helpscraper.backfill.coverage import Coverage
    from helpscraper.backfill.run import Backfill
    from helpscraper.sites import Site, Sites

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper backfill --dry-run                     # the captures that Common Crawl's index knows; fetches nothing
  helpscraper backfill okx --source wayback --from 2018 --to 2021-06
  helpscraper backfill --source https://archive.example.org/web/cdx --every 7d --limit 500

An interrupted run, or one that a busy archive refused, continues where it stopped: run the same command again.

exit codes: 0 pages were read, and nothing is missing but what --limit left (with --dry-run: something would be
fetched, and the whole index answered), 2 wrong arguments, 4 no page was read, or something is missing: stderr says
what, and how to get it; 75 a backfill or a crawl of the same site and locale is running; captures that were fetched
are kept
"""

_OLDEST = "1996"  # no web archive is older
_LATEST = "2199"  # captures dated ahead are named
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_EVERY = re.compile(r"(\d{1,5})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}
_MOST_GAPS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "site", metavar="SITE", nargs="?", help="a declared help centre (default: that of `crawl`)"
    )
    parser.add_argument("--locale", help="locale prefix of the edition (default: that of the site)")
    parser.add_argument(
        "--from", dest="start", metavar="DATE", default=_OLDEST, help="a year, month or day (default: %(default)s)"
    )  # fmt: skip
    parser.add_argument("--to", dest="end", metavar="DATE", help="a year, month or day (default: today)")
    parser.add_argument(
        "--source", default="commoncrawl", metavar="ARCHIVE",
        help="commoncrawl, wayback, or the URL of a CDX index or of a list of collections (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--every", default="1d", metavar="TIME",
        help="captures of one address are at least this far apart: hours, days or weeks such as 12h, 7d, 4w"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="fetch at most N captures now (default: all)")
    parser.add_argument(
        "--pause", type=float, default=1.0, metavar="SECONDS",
        help="between two requests (default: %(default)s); use less only for your own archive",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true", help="only ask the index, and count the captures to fetch"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch, import, and print the results by year."""
    need("crawl")
    if args.limit is not None and args.limit < 1:
        raise CommandError(f"--limit {args.limit}: give a number from 1")
    if not 0 <= args.pause <= 3600:
        raise CommandError(f"--pause {args.pause}: 0 to 3600 seconds are wanted")
    every = _every(args.every)
    from helpscraper.backfill.client import Client
    from helpscraper.backfill.run import backfill
    from helpscraper.backfill.sources import source_of
    from helpscraper.cli.progress import Bar
    from helpscraper.crawl.settings_table import default
    from helpscraper.sites import sites_at

    sites = sites_at(args.archive)
    wanted = _wanted(args, sites)
    with Bar("") as bar:
        client = Client(
            contact=str(default("CONTACT") or ""),
            pause=args.pause,
            waiting=lambda seconds, why: bar.say(f"{why}: asked again in {seconds:,.0f} s", sys.stderr),
            sending=lambda number: bar.note(f"request {number:,}"),
        )
        source = source_of(args.source, client)
        try:
            done = backfill(
                args.archive, source, wanted,
                every=every, limit=args.limit, dry_run=args.dry_run, progress=bar.show,
            )  # fmt: skip
        except KeyboardInterrupt:
            if not args.dry_run:
                bar.say("fetched captures are kept: the same command goes on from here", sys.stderr)
            raise
    years = [wanted.start.year] if args.start != _OLDEST else []
    _print(done, source.name, years)
    return _conclude(done, wanted.site, source.name, dry_run=args.dry_run)


def _wanted(args: argparse.Namespace, sites: Sites) -> Wanted:
    from helpscraper.backfill.choose import Wanted
    from helpscraper.sites import DEFAULT

    site = sites.get(args.site or DEFAULT)
    locale = args.locale or site.default_locale
    site.locale(locale)
    now = dt.datetime.now(dt.UTC)
    start, _ = _span("--from", args.start)
    _, end = _span("--to", args.end or _LATEST)
    if start >= min(end, now):
        raise CommandError(f"--from {args.start} --to {args.end or 'today'}: the end is not after the start")
    return Wanted(site, locale, sites.find, start, end, now)


def _span(flag: str, text: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the first instant of a year, month or day, and the first one after it."""
    found = _DATE.fullmatch(text)
    try:
        if found is None or not "1990" <= found[1] <= "9998":
            raise ValueError(text)
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        first = dt.datetime(year, month, day, tzinfo=dt.UTC)
    except ValueError:
        raise CommandError(f"{flag} {text}: not a date", advice="write 2018, 2018-05 or 2018-05-31") from None
    if found[3]:
        return first, first + dt.timedelta(days=1)
    after = (year + month // 12, month % 12 + 1) if found[2] else (year + 1, 1)
    return first, dt.datetime(*after, 1, tzinfo=dt.UTC)


def _every(text: str) -> dt.timedelta:
    found = _EVERY.fullmatch(text)
    if found is None:
        raise CommandError(f"--every {text}: not a time", advice="write 12h, 7d or 4w; 0d keeps every change")
    return dt.timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _print(done: Backfill, source: str, years: list[int]) -> None:
    """Print the coverage by year, including all ``years``."""
    from helpscraper.backfill.coverage import COLUMNS

    rows = [tuple(map(str, row)) for row in done.coverage.rows(*years)]
    known = plural(done.coverage.total("known"), "capture")
    whole = "knows" if not done.asked.missed else "did not answer in full; it named"
    print(f"{source} {whole} {known} of {done.partition}")
    names = ("year", *COLUMNS)
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows) if rows else ():
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    _print_reasons(done.coverage)
    named = list(done.asked.missing.items())[:_MOST_GAPS]
    for text, count in named:
        print(f"not known: {text}" + (f" ({count:,} times)" if count > 1 else ""), file=sys.stderr)
    more = done.asked.missed - sum(count for _, count in named)
    if more:
        print(f"not known: {plural(more, 'more part')} of the index", file=sys.stderr)


def _print_reasons(coverage: Coverage) -> None:
    from helpscraper.cli.import_ import NAMED

    named = sorted((NAMED.get(reason, reason), reason, years) for reason, years in coverage.reasons.items())
    for text, reason, years in named:
        by_year = ", ".join(f"{year}: {n}" for year, n in sorted(years.items()))
        print(f"left out, {text}: {years.total()} ({by_year})", file=sys.stderr)
        for example in coverage.examples[reason]:
            print(f"  {example}", file=sys.stderr)


def _conclude(done: Backfill, site: Site, source: str, *, dry_run: bool) -> int:
    """Print the result and return the exit code."""
    from helpscraper.backfill.fetch import LATER

    report = done.imported
    if report is not None:
        for doubt in report.doubts:
            print(f"doubtful: {doubt}", file=sys.stderr)
        for problem in report.problems:
            print(f"unreadable: {problem}", file=sys.stderr)
        print(f"imported: {plural(len(report.snapshots), 'day')}; there already: {len(report.already):,}")
        if report.redirects:
            print(f"redirects from one article to another: {report.redirects}")
    if done.reach is not None:
        snapshots = plural(done.reach.snapshots, "snapshot")
        print(f"the history of {done.partition} reaches back to {done.reach.first}: {snapshots}")
        if done.reach.gap is not None:
            print(f"the longest time without a snapshot is {done.reach.gap[0]} to {done.reach.gap[1]}")
    if done.asked.unchecked:
        print(
            f"not compared with a digest of the index: {done.asked.unchecked:,} of the fetched pages;"
            " it states none, or the archive undid their coding",
            file=sys.stderr,
        )
    missing = _missing(done)
    for line in missing:
        print(f"missing: {line}", file=sys.stderr)
    if left := done.coverage.left_out(LATER):
        print(
            f"left by --limit: {plural(left, 'capture')}; the same command fetches the next ones",
            file=sys.stderr,
        )
    if done.held is not None:
        print(f"nothing was imported: {done.held.message}", file=sys.stderr)
        print(
            "  the fetched captures are kept: the same command imports them when it has ended",
            file=sys.stderr,
        )
        return int(ExitCode.LOCKED)
    nothing = done.coverage.total("chosen" if dry_run else "read") == 0
    if nothing:
        said = "nothing to fetch was found" if dry_run else "nothing was imported: no page was read"
        print(f"{said} ({source})", file=sys.stderr)
        for place in _elsewhere(site, done.partition.locale, source):
            print(f"  {place}", file=sys.stderr)
    return int(ExitCode.INCOMPLETE if nothing or missing else ExitCode.OK)


def _missing(done: Backfill) -> list[str]:
    """Return a line for each kind of thing that is missing: how much, and how to get it."""
    from helpscraper.backfill.fetch import ANOTHER, NOT_HAD, REFUSED

    again, elsewhere = "run the same command again later", "another --source may have them"
    asked, left_out = done.asked, done.coverage.left_out
    problems = [] if done.imported is None else done.imported.problems
    found = [
        (asked.missed, "part", "of the index, named above", again if asked.again else elsewhere),
        (left_out(NOT_HAD), "capture", "that the archive did not give", again),
        (left_out(REFUSED), "capture", "that the archive refused", elsewhere),
        (left_out(ANOTHER), "capture", "for which the archive has something else", elsewhere),
        (len(problems), "place", "of kept files, named above", "delete them, and the same command fetches anew"),
    ]  # fmt: skip
    return [f"{plural(count, noun)} {what}: {how}" for count, noun, what, how in found if count]


def _elsewhere(site: Site, locale: str, source: str) -> list[str]:
    """Return other places where captures may be found."""
    others = [name for name in ("commoncrawl", "wayback") if name != source]
    editions = [name for name in site.locales if name != locale][:5]
    hosts = [*list(site.addresses)[1:], *site.eras]
    found = [f"other indexes: --source {' or --source '.join(others)}, or the URL of a library's web archive"]
    if hosts:
        found.append(f"asked for too: {', '.join(hosts)}; add others to the declaration of {site.name}")
    else:
        found.append(f"earlier addresses: declare them as [eras] of {site.name} (docs/sites.md)")
    if editions:
        found.append(f"other editions: --locale {', --locale '.join(editions)}")
    return [*found, "capture files from elsewhere: `helpscraper import FILE`"]
