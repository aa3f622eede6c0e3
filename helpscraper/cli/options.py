"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.nearest import nearest_or_all
from helpscraper.plain_text import terminal_safe

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.ranges import Picked
    from helpscraper.archive.reader import Catalog, Snapshot

__all__ = [
    "ALL", "FORMATS", "add_format", "add_partition", "add_range", "article_key", "each_edition", "each_that_has_it",
    "locale_of", "open_catalog", "open_existing", "picked", "refuse_existing", "refuse_own_folders", "refuse_together",
    "resolve_reference", "settle_output", "snapshots_named",
]  # fmt: skip

FORMATS = ("table", "json", "csv", "md", "parquet")
ALL = "all"
"""The value of ``--locale`` that means every edition."""

_P = TypeVar("_P")
_T = TypeVar("_T")


def add_partition(parser: argparse.ArgumentParser) -> None:
    """Add ``--site`` and ``--locale``; by default the only edition, or the default one."""
    parser.add_argument("--site", help="only this site, where the archive holds several")
    parser.add_argument("--locale", help="only this locale, where the archive holds several; or: all")


def add_format(
    parser: argparse.ArgumentParser, default: str | None = "table", *, more: Sequence[str] = ()
) -> None:
    """Add ``--format`` and ``--output``, which ``output.emit`` takes; ``more`` are formats of this command alone."""
    parser.add_argument(
        "--format",
        choices=(*FORMATS, *more),
        default=default,
        help=f"(default: {default or 'by the file name'})",
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="write to this new file instead of printing")
    parser.add_argument("--overwrite", action="store_true", help="replace the file of --output if it exists")
    parser.add_argument(
        "--excel",
        action="store_true",
        help="with CSV: begin with the byte order mark that Excel needs for UTF-8",
    )


def add_range(parser: argparse.ArgumentParser) -> None:
    """Add ``--from`` and ``--to``, which ``archive.ranges.pick`` takes."""
    bound = "a date, a month (2026-11), today, yesterday, 12h, 7d, 2w, or a snapshot"
    parser.add_argument(
        "--from", "--since", dest="first", metavar="WHEN", help=f"only snapshots from then on: {bound}"
    )
    parser.add_argument("--to", "--until", dest="last", metavar="WHEN", help="only snapshots up to then")


def picked(args: argparse.Namespace, ids: Sequence[str], where: str) -> Picked:
    """Return the snapshots of ``ids`` in the range of ``add_range``; stderr is told when the archive begins in it."""
    from helpscraper.archive.ranges import pick

    found = pick(ids, args.first, args.last, where=where)
    if late := found.begins_late(where):
        print(f"warning: {terminal_safe(late)}", file=sys.stderr)
    return found


def settle_output(args: argparse.Namespace) -> None:
    """Check where a command writes and how; raises ``CommandError`` before any work is done."""
    output, folder = getattr(args, "output", None), getattr(args, "out", None)
    if output == "-":
        if getattr(args, "wacz", False):
            refuse_together("--wacz", "--output -", "a WACZ is a file: give its name")
        args.output = output = None  # stdout, as without --output
    if output is not None:
        refuse_own_folders(Path(output), args.archive)
        refuse_existing(Path(output), overwrite=args.overwrite)
    if folder is not None:
        refuse_own_folders(Path(folder), args.archive)
    if getattr(args, "excel", False):
        name = args.format or Path(output or ".csv").suffix.removeprefix(".")
        if name != "csv":
            refuse_together("--excel", f"--format {name}", "only CSV needs the mark: add --format csv")
        args.format = "excel"


def refuse_own_folders(target: Path, archive: str) -> None:
    """Raise ``CommandError`` for a path in a folder that an archive fills itself, and for the archive's root."""
    from helpscraper.archive.layout import OWN_FOLDERS
    from helpscraper.archive.store.local import absolute

    root, path = Path(absolute(archive)).resolve(), target.resolve()
    for place in (path, *path.parents):
        # Another archive is known by the folders of its sites.
        if place.name in OWN_FOLDERS and (place.parent == root or any(place.glob("site=*"))):
            raise CommandError(
                f"{target} is in {place.name}/, which belongs to the archive {place.parent}",
                advice="name a path outside of it",
            )
    if path == root:
        raise CommandError(f"{target} is the archive itself", advice="name a path outside of it")


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise ``CommandError`` for a file that would be replaced without having been asked for."""
    if path.exists() and not overwrite:
        raise CommandError(
            f"{path} exists already", advice="add --overwrite to replace it, or name another file"
        )


def open_catalog(args: argparse.Namespace) -> Catalog:
    """Return the catalog of ``args.archive`` for one reading command, narrowed down by ``--site`` and ``--locale``."""
    from helpscraper.archive.reader import Catalog

    return Catalog(args.archive, site=args.site, locale=locale_of(args)).with_cached_listings()


def locale_of(args: argparse.Namespace) -> str | None:
    """Return the locale that ``--locale`` names, None for all."""
    return None if args.locale == ALL else args.locale


def each_edition(
    args: argparse.Namespace, catalog: Catalog, read: Callable[[Partition | None], _T]
) -> list[_T]:
    """Return ``read(edition)`` of every edition for ``--locale all``, else ``read(None)``: of the one that is meant.

    One of several editions that lacks what is asked for is a warning; where all lack it, the first error is raised.
    """
    partitions = [each for each in catalog.partitions() if catalog.ids(each)] if args.locale == ALL else []
    return each_that_has_it(partitions or [None], read)


def snapshots_named(args: argparse.Namespace, catalog: Catalog, reference: str) -> list[Snapshot]:
    """Return the snapshot that ``reference`` names, or that of every edition for ``--locale all``."""

    def resolve(where: Partition | None) -> Snapshot:
        site, locale = (where.site, where.locale) if where else (None, None)
        return resolve_reference(catalog, reference, site=site, locale=locale)

    return list(dict.fromkeys(each_edition(args, catalog, resolve)))


def resolve_reference(
    catalog: Catalog, reference: str, *, site: str | None = None, locale: str | None = None
) -> Snapshot:
    """Return the snapshot that ``reference`` names; a day after the newest one means that, and stderr is told so."""
    from helpscraper.archive.references import later_than

    snapshot = catalog.resolve(reference, site=site, locale=locale)
    if later_than(reference, snapshot.id) and snapshot.id == catalog.ids(snapshot.partition)[-1]:
        print(
            f"{reference} is after the newest snapshot of {snapshot.partition}: {snapshot.id} is used",
            file=sys.stderr,
        )
    return snapshot


def article_key(catalog: Catalog, article: str) -> str:
    """Return the key of the article that has the address ``article``; any other text is a key already.

    Raises ``ReferenceNotFoundError`` for an address that no snapshot has.
    """
    if not article.startswith(("http://", "https://")):
        return article
    url = article.partition("#")[0].rstrip("/")
    for partition in catalog.partitions():
        for snapshot in reversed(catalog.snapshots(partition)):
            for row in catalog.load_table(snapshot, columns=["article_id", "url"]).to_pylist():
                if row["url"].rstrip("/") == url:
                    return str(row["article_id"])
    raise ReferenceNotFoundError(
        f"{article}: no article of {catalog.store.uri} has this address",
        advice="give its key, which `show` lists",
    )


def each_that_has_it(places: Sequence[_P], read: Callable[[_P], _T]) -> list[_T]:
    """Return ``read`` of each place; a ``ReferenceNotFoundError`` of some is a warning, and raised if all fail."""
    found: list[_T] = []
    failed: list[ReferenceNotFoundError] = []
    for place in places:
        try:
            found.append(read(place))
        except ReferenceNotFoundError as error:
            failed.append(error)
    if failed and not found:
        raise failed[0]
    for each in failed:
        print(f"warning: {each.message}", file=sys.stderr)
    return found


def open_existing(args: argparse.Namespace) -> Catalog:
    """Return the catalog, or raise ``ReferenceNotFoundError`` when it is empty, because an empty list looks fine."""
    from helpscraper.archive.reader import Catalog

    catalog = open_catalog(args)
    if catalog.partitions():
        return catalog
    existing = Catalog(catalog.store).partitions()
    asked = " and ".join(filter(None, (args.site, locale_of(args)))) if existing else ""
    raise ReferenceNotFoundError(
        f"{catalog.store.uri} holds no snapshot and no run{f' of {asked}' if asked else ''}",
        advice=nearest_or_all("/".join(filter(None, (args.site, locale_of(args)))), map(str, existing))
        if existing
        else "make one with `helpscraper crawl`, or name another archive with --archive",
    )


def refuse_together(one: str, other: str, why: str) -> None:
    """Raise ``CommandError`` for two options of which one would be ignored."""
    raise CommandError(f"{one} and {other} do not go together", advice=why)
