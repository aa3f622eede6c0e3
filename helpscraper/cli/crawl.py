"""``helpscraper crawl``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from helpscraper.cli.due import add_every
from helpscraper.cli.options import refuse_together
from helpscraper.errors import CommandError, ExitCode
from helpscraper.extras import need

__all__ = ["EXAMPLE", "configure", "pairs", "run"]

EXAMPLE = """\
examples:
  helpscraper crawl
  helpscraper crawl -a locale=zh-hans -a sections=faq-kyc
  helpscraper crawl -a query="P2P" -a categories=announcements   # one tab of the search; without it, faq
  helpscraper crawl https://support.example.com/hc/en-us         # any help centre: declared, then crawled
  helpscraper crawl --resume
  helpscraper crawl --due                       # what `helpscraper due` lists, one edition after the other
  helpscraper crawl --due --scheduler tcp://dask.example:8786    # the same on a Dask cluster

exit codes: 0 committed, 1 internal error, 2 bad arguments, 3 refused by the health checks,
4 committed but incomplete, 75 another crawl is running. With --due: that of the edition for which
it comes first in the order 1, 2, 3, 75, 4, 0; 0 when nothing is due
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "url", metavar="URL|SITE", nargs="?",
        help="any page of the help centre, which names its site and locale; a new one is declared (see `sites`); or a"
        " declared site",
    )  # fmt: skip
    parser.add_argument(
        "-a", dest="arguments", metavar="NAME=VALUE", action="append", default=[],
        help="argument of the spider: site, locale, base_url, categories and sections (A,B), query, mode (incremental"
        " or full), limit (articles), witness",
    )  # fmt: skip
    parser.add_argument(
        "-s", dest="settings", metavar="NAME=VALUE", action="append", default=[], help="any Scrapy setting"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the ledger of a crawl that did not end; start a new crawl when there is none",
    )
    parser.add_argument(
        "--single-writer",
        action="store_true",
        help="nothing else writes to this archive, so its store need not honour conditional puts",
    )
    parser.add_argument(
        "--due", action="store_true",
        help="crawl each edition that is due (see `due`), each with --resume; of -a it takes site and locale, which"
        " say of what, and mode and witness",
    )  # fmt: skip
    add_every(parser)
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="with --due: crawl on the workers of this Dask cluster, tcp://HOST:8786, one edition of a host at a time",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Crawl, print one line, and return the exit code of the run facts."""
    need("crawl")
    arguments, settings = pairs("-a", args.arguments), pairs("-s", args.settings)
    _once("-a", args.arguments)
    if args.due:
        from helpscraper.cli.fleet import crawl_due

        return int(crawl_due(args, arguments, settings))
    for option in ("every", "scheduler"):
        if getattr(args, option) is not None:
            refuse_together(f"--{option}", "a single crawl", "add --due")
    from helpscraper.crawl.process import run_crawl  # slow to import, because of Scrapy
    from helpscraper.intake.wording import summary

    # Cron should mail one line; -s LOG_LEVEL=INFO shows the log of the crawl.
    given: dict[str, object] = {
        "LOG_LEVEL": "WARNING",
        "ARCHIVE_URI": args.archive,
        "RESUME": args.resume,
    } | settings
    if args.single_writer:
        given["SINGLE_WRITER"] = True
    found: dict[str, Any] = {}
    if args.url is not None:
        from helpscraper.cli.sites import at_url

        found = at_url(args, arguments, settings)
    facts = run_crawl(arguments | found.get("arguments", {}), given, look_first=found.get("look_first"))
    code = ExitCode(facts.exit_code or ExitCode.OK)
    print(summary(facts), file=sys.stdout if code in (ExitCode.OK, ExitCode.INCOMPLETE) else sys.stderr)
    if code in (ExitCode.OK, ExitCode.INCOMPLETE) and "declare" in found:
        found["declare"]()
    return int(code)


def pairs(flag: str, texts: list[str]) -> dict[str, str]:
    """Split ``NAME=VALUE`` texts; the error names all other texts at once."""
    wrong = [text for text in texts if "=" not in text or text.startswith("=")]
    if wrong:
        raise CommandError(f"{flag} {' '.join(wrong)}: not NAME=VALUE", advice=f"write {flag} name=value")
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def _once(flag: str, texts: list[str]) -> None:
    """Refuse an argument that is given twice: only the last one would count."""
    counts = Counter(text.partition("=")[0] for text in texts)
    if again := [name for name, n in counts.items() if n > 1]:
        name = again[0]
        raise CommandError(
            f"{flag} {', '.join(again)}: given more than once",
            advice=f"give several values in one: {flag} {name}=one,two",
        )
