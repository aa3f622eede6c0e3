"""``helpscraper due``."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

from helpscraper.cli.options import add_format, add_partition, locale_of
from helpscraper.extras import need

if TYPE_CHECKING:
    from helpscraper.archive.due import Schedule

__all__ = ["EVERY", "EXAMPLE", "add_every", "configure", "run", "scheduled"]

EVERY = "20h"

EXAMPLE = """\
examples:
  helpscraper due
  helpscraper due --every 7d --format json
  helpscraper due --site okx --locale fr     # a shipped site that the archive does not hold yet

The editions of a site are those that its declaration names as `crawl_locales`, else those that the archive holds a
crawl of, else that of its default locale. A shipped site counts once it was crawled, or by --site.

exit codes: 0 the list, which may be empty: stderr says so then; 1 the archive cannot be read; 2 bad arguments
"""

_SHOWN = ("site", "locale", "host", "last_crawl", "due_for")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_every(parser)
    add_partition(parser)
    add_format(parser)


def add_every(parser: argparse.ArgumentParser) -> None:
    """Add ``--every``, which ``scheduled`` takes; None when it is not given."""
    parser.add_argument(
        "--every", metavar="TIME",
        help=f"due is an edition whose last whole crawl began so long ago: 12h, 7d, 2w (default: {EVERY}, for"
        " one run a day: no run begins at the very second of the one before)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Print one row for each due edition, the longest due first."""
    need("crawl")
    from helpscraper.archive.due import due_table
    from helpscraper.archive.references import span
    from helpscraper.cli.output import emit

    now = dt.datetime.now(dt.UTC)
    found = scheduled(args.archive, args.every, now, args.site, locale_of(args))
    if found.due or args.format != "table" or args.output:
        emit(
            due_table(found.due, span(args.every or EVERY), now),
            args.format,
            output=args.output,
            columns=_SHOWN,
        )
    return 0


def scheduled(
    archive: str,
    every: str | None,
    now: dt.datetime,
    site: str | None,
    locale: str | None,
    folder: str | None = None,
) -> Schedule:
    """Return what is due in ``archive``; notes, and that nothing is due, go to stderr.

    ``folder`` holds further declarations, as for ``sites_at``.
    """
    from helpscraper.archive.due import schedule
    from helpscraper.archive.reader import Catalog
    from helpscraper.archive.references import span
    from helpscraper.sites import sites_at

    every = every or EVERY
    catalog = Catalog(archive, site=site, locale=locale)
    found = schedule(catalog, sites_at(archive, folder), span(every), now)
    for note in found.notes:
        print(f"warning: {note}", file=sys.stderr)
    if not found.kept:
        print(
            "nothing is due: no site is declared here, and the archive holds no crawl\n"
            "  add one with `helpscraper sites add URL`, or name a shipped one with --site",
            file=sys.stderr,
        )
    elif not found.due:
        print(f"nothing is due: every edition ({found.kept}) was crawled within {every}", file=sys.stderr)
    return found
