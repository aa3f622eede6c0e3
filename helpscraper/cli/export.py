"""``helpscraper export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpscraper import __version__
from helpscraper.cli.options import (
    ALL,
    FORMATS,
    add_format,
    add_partition,
    open_catalog,
    refuse_existing,
    refuse_own_folders,
    snapshots_named,
)
from helpscraper.errors import CommandError
from helpscraper.plain_text import plural

KINDS = ("sqlite", "xlsx", "md")
"""The values of ``--to``."""

__all__ = ["EXAMPLE", "KINDS", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper export --output articles.csv
  helpscraper export --locale all --output every.csv --excel       # every edition; Excel shows every script
  helpscraper export 2026-11-22 --bodies --output articles.parquet
  helpscraper export latest~1 --columns article_id,title,view_count --format json
  helpscraper export 2026-11-22 --wacz --output crawl.wacz    # opens in ReplayWeb.page and pywb
  helpscraper export --to sqlite help.db    # articles, versions, changes, full-text search: `datasette help.db`
  helpscraper export --to md articles       # a Markdown file for each article, for git and static-site tools

--to sqlite holds every snapshot, --to xlsx a sheet of articles and one of changes (install it with: pip install
'helpscraper[xlsx]'), --to md the articles of one snapshot; a later export with --overwrite renews the folder.
CSV puts an apostrophe before a cell that a spreadsheet would take for a formula (= + - @, tab, line break);
remove one apostrophe to read it back. Lists are JSON, instants are in UTC, an empty cell is null.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "ref", nargs="?", default="latest", metavar="REF", help="the snapshot (default: latest)"
    )
    parser.add_argument("--bodies", action="store_true", help="include bodies as text, Markdown and HTML")
    parser.add_argument("--columns", metavar="A,B", help="only these columns")
    parser.add_argument(
        "--wacz", action="store_true", help="write the recorded responses of that crawl as a WACZ instead"
    )
    parser.add_argument(
        "--to",
        nargs=2,
        metavar=("KIND", "PATH"),
        help=f"write for another program: {', '.join(KINDS)}, to a new path",
    )
    add_partition(parser)
    add_format(parser, default=None)


def run(args: argparse.Namespace) -> int:
    """Write the rows of one snapshot, or the recorded responses of its crawl."""
    if args.wacz:
        return _write_wacz(args)
    if args.to:
        from helpscraper.cli.export_to import write

        return write(args)
    import pyarrow as pa

    from helpscraper.archive.arrow import with_edition
    from helpscraper.archive.reader import BODY_COLUMNS
    from helpscraper.archive.schema import SNAPSHOT_SCHEMA
    from helpscraper.cli.output import emit

    columns = None if args.columns is None else args.columns.split(",")
    known = ["site", "locale", *SNAPSHOT_SCHEMA.names, *(BODY_COLUMNS if args.bodies else ())]
    unknown = sorted(set(columns or ()) - set(known))
    if unknown:
        unknown_bodies = {*unknown} <= {*BODY_COLUMNS}
        raise CommandError(
            f"unknown columns: {', '.join(name or repr(name) for name in unknown)}",
            advice="add --bodies" if unknown_bodies else f"choose from: {', '.join(known)}",
        )
    if columns is not None and (again := sorted({name for name in columns if columns.count(name) > 1})):
        raise CommandError(f"repeated columns: {', '.join(again)}", advice="name each column once")
    catalog = open_catalog(args)
    table = pa.concat_tables(
        with_edition(catalog.load_table(each, bodies=args.bodies), each.partition)
        for each in snapshots_named(args, catalog, args.ref)
    )
    if columns is not None:
        table = table.select(columns)
    emit(table, args.format or _format_of(args.output), output=args.output)
    return 0


def _write_wacz(args: argparse.Namespace) -> int:
    from helpscraper.archive.recordings.wacz import write_wacz

    if args.format or args.columns or args.bodies or args.to or args.locale == ALL:
        raise CommandError(
            "--wacz writes the responses of one crawl, not rows",
            advice="leave --format, --columns, --bodies, --to and --locale all out",
        )
    catalog = open_catalog(args)
    snapshot = catalog.resolve(args.ref)
    target = Path(args.output or f"{snapshot.partition.site}-{snapshot.partition.locale}-{snapshot.id}.wacz")
    refuse_own_folders(target, args.archive)
    refuse_existing(target, overwrite=args.overwrite)
    rows = catalog.load_table(snapshot, columns=["url", "title"]).to_pylist()
    titles = {row["url"]: row["title"] for row in rows}
    software = f"helpscraper/{__version__}"
    pages = write_wacz(catalog.store, snapshot.partition, snapshot.id, target, titles, software=software)
    print(f"{target}: {plural(pages, 'page')}")
    return 0


def _format_of(output: str | None) -> str:
    """Return the format by the file's ending; CSV without a file."""
    if output is None:
        return "csv"
    suffix = Path(output).suffix.removeprefix(".").lower()
    if suffix in FORMATS and suffix != "table":
        return suffix
    raise CommandError(f"{output}: the ending names no known format", advice="add --format")
