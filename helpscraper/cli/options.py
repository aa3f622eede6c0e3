"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.nearest import nearest_or_all

if TYPE_CHECKING:
    from helpscraper.archive.reader import Catalog

__all__ = ["FORMATS", "add_format", "add_partition", "open_catalog", "open_existing", "refuse_together"]

FORMATS = ("table", "json", "csv", "md", "parquet")


def add_partition(parser: argparse.ArgumentParser) -> None:
    """Add ``--site`` and ``--locale``; without them the only edition is meant, or the default one."""
    parser.add_argument("--site", help="only this site, where the archive holds several")
    parser.add_argument("--locale", help="only this locale, where the archive holds several")


def add_format(parser: argparse.ArgumentParser, default: str | None = "table") -> None:
    """Add ``--format`` and ``--output``, which ``output.emit`` takes."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default=default,
        help=f"(default: {default or 'by the file name'})",
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="write to this file instead of printing")


def open_catalog(args: argparse.Namespace) -> Catalog:
    """Return the catalog of ``args.archive`` for one reading command, narrowed down by ``--site`` and ``--locale``."""
    from helpscraper.archive.reader import Catalog

    return Catalog(args.archive, site=args.site, locale=args.locale).with_cached_listings()


def open_existing(args: argparse.Namespace) -> Catalog:
    """Return the catalog, or raise ``ReferenceNotFoundError`` where nothing is: an empty list would say all is well."""
    from helpscraper.archive.reader import Catalog

    catalog = open_catalog(args)
    if catalog.partitions():
        return catalog
    existing = Catalog(catalog.store).partitions()
    asked = " and ".join(filter(None, (args.site, args.locale))) if existing else ""
    raise ReferenceNotFoundError(
        f"{catalog.store.uri} holds no snapshot and no run{f' of {asked}' if asked else ''}",
        advice=nearest_or_all("/".join(filter(None, (args.site, args.locale))), map(str, existing))
        if existing
        else "make one with `helpscraper crawl`, or name another archive with --archive",
    )


def refuse_together(one: str, other: str, why: str) -> None:
    """Raise ``CommandError`` for two options of which one would be ignored."""
    raise CommandError(f"{one} and {other} do not go together", advice=why)
