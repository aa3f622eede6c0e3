"""``helpscraper show``."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpscraper.cli.options import (
    ALL,
    add_format,
    add_partition,
    article_key,
    each_that_has_it,
    open_catalog,
    refuse_together,
    snapshots_named,
)
from helpscraper.errors import ArchiveError, CommandError, ReferenceNotFoundError

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog, Snapshot

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper show                            # the latest snapshot
  helpscraper show 2026-11-22 --format csv
  helpscraper show what-is-a-passkey          # one article in the latest snapshot
  helpscraper show what-is-a-passkey@latest~7 --body markdown
  helpscraper show what-is-a-passkey --locale all    # in every edition
  helpscraper show what-is-a-passkey@2026-11-22 --raw --output page.html.gz
"""

_SHOWN = ("article_id", "title", "section", "published_on", "updated_on", "view_count", "status")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "what", nargs="?", default="latest", metavar="ARTICLE[@REF] | REF", help="default: latest"
    )
    parser.add_argument("--body", choices=("text", "markdown", "html"), help="print only the article's body")
    parser.add_argument(
        "--raw", action="store_true", help="write the recorded response of the article, byte for byte"
    )
    add_partition(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the rows of a snapshot, the fields of one article, or its body."""
    from helpscraper.archive.references import is_reference

    if args.raw and args.body:
        refuse_together("--raw", "--body", "choose the response (--raw) or the extracted body (--body)")
    if (args.raw or args.body) and args.format != "table":
        flag = "--raw" if args.raw else "--body"
        refuse_together(flag, f"--format {args.format}", f"{flag} writes one text: leave --format out")
    if (args.raw or args.body) and args.locale == ALL:
        refuse_together(
            "--raw" if args.raw else "--body", "--locale all", "one text is written: name its locale"
        )
    catalog = open_catalog(args)
    article, at, reference = args.what.rpartition("@")
    if not at:
        article, reference = args.what, "latest"
        if is_reference(args.what):
            try:
                return _show_snapshots(args, catalog, snapshots_named(args, catalog, args.what))
            except ReferenceNotFoundError:
                # A key of a platform that numbers its articles looks like the beginning of a snapshot's id.
                if _newest_with(catalog, catalog.resolve().partition, args.what) is None:
                    raise
    if not article:
        raise CommandError(
            f"{args.what!r} names no article",
            advice="give ARTICLE, ARTICLE@REF or REF, such as fees@latest~1",
        )
    article = article_key(catalog, article)
    snapshots = snapshots_named(args, catalog, reference)
    if args.raw or args.body:
        return _write_text(args, catalog, _find(catalog, snapshots[0], article, stated=bool(at)))

    def read(snapshot: Snapshot) -> tuple[Snapshot, str]:
        return _find(catalog, snapshot, article, stated=bool(at))

    return _show_articles(args, catalog, each_that_has_it(snapshots, read))


def _newest_with(catalog: Catalog, partition: Partition, name: str) -> Snapshot | None:
    """Return the newest snapshot that holds the article, which may be gone since; None if none does."""
    for snapshot in reversed(catalog.snapshots(partition)):
        with suppress(ArchiveError):
            if catalog.load_table(snapshot, article_id=name, columns=["article_id"]).num_rows:
                return snapshot
    return None


def _show_snapshots(args: argparse.Namespace, catalog: Catalog, snapshots: list[Snapshot]) -> int:
    import pyarrow as pa

    from helpscraper.archive.arrow import with_edition
    from helpscraper.cli.output import emit

    if args.body or args.raw:
        flag = "--raw" if args.raw else "--body"
        raise CommandError(f"{flag} needs an article", advice="give ARTICLE@REF")
    tables = [with_edition(catalog.load_table(each), each.partition) for each in snapshots]
    shown = _SHOWN if len(snapshots) == 1 else ("site", "locale", *_SHOWN)
    emit(pa.concat_tables(tables), args.format, output=args.output, columns=shown)
    return 0


def _show_articles(args: argparse.Namespace, catalog: Catalog, found: list[tuple[Snapshot, str]]) -> int:
    import pyarrow as pa

    from helpscraper.archive.arrow import with_edition
    from helpscraper.cli.output import emit, print_fields

    table = pa.concat_tables(
        with_edition(catalog.load_table(snapshot, article_id=key), snapshot.partition)
        for snapshot, key in found
    )
    if args.format != "table" or args.output is not None:
        emit(table, args.format, output=args.output)
        return 0
    for number, row in enumerate(table.to_pylist()):
        if number:
            print()
        print_fields(row)
    return 0


def _find(catalog: Catalog, snapshot: Snapshot, article: str, *, stated: bool) -> tuple[Snapshot, str]:
    """Return the snapshot to show the article in, and its key there.

    That is ``snapshot``, or the newest one that holds the article unless ``snapshot`` was ``stated``.
    """
    if catalog.load_table(snapshot, article_id=article, columns=["article_id"]).num_rows:
        return snapshot, article
    if name := _name_now(catalog, snapshot, article):
        print(f"{article} was renamed: in {snapshot} it is {name}", file=sys.stderr)
        if catalog.load_table(snapshot, article_id=name, columns=["article_id"]).num_rows:
            return snapshot, name
        article = name
    held = _newest_with(catalog, snapshot.partition, article)
    if held is None or stated:
        raise _unknown(catalog, snapshot, article, held)
    print(f"{article} is not in {snapshot}; this is the article in {held}", file=sys.stderr)
    return held, article


def _unknown(
    catalog: Catalog, snapshot: Snapshot, article: str, held: Snapshot | None
) -> ReferenceNotFoundError:
    """Return the error for an article that ``snapshot`` lacks; ``held`` is the newest snapshot that holds it."""
    from helpscraper.nearest import nearest

    keys = catalog.load_table(snapshot, columns=["article_id"]).column("article_id").to_pylist()
    if held is not None:
        advice = f"{held} is the newest that holds it: `helpscraper show {article}@{held.id}`"
    elif names := nearest(article, keys):
        advice = f"did you mean: {', '.join(names)}"
    else:
        advice = f"run `helpscraper show {snapshot.id}` to list its articles"
    return ReferenceNotFoundError(f"{article}: no such article in {snapshot}", advice=advice)


def _write_text(args: argparse.Namespace, catalog: Catalog, found: tuple[Snapshot, str]) -> int:
    """Write one article's recorded response or its extracted body."""
    from helpscraper.cli.output import print_text, whole_file

    snapshot, article = found
    row = catalog.load_table(snapshot, article_id=article, bodies=args.body is not None).to_pylist()[0]
    if args.raw:
        return _write_raw(args, catalog, snapshot, row)
    body = row[f"body_{args.body}"]
    if body is None:
        raise ReferenceNotFoundError(
            f"{article}: {snapshot} has no body of it (status: {row['status']}: its page was never fetched)",
            advice="a crawl with -a mode=full fetches every page",
        )
    if args.output is None:
        print_text(body)
    else:
        with whole_file(Path(args.output)) as file:
            file.write(f"{body}\n".encode("utf-8", "surrogatepass"))
    return 0


def _name_now(catalog: Catalog, snapshot: Snapshot, article: str) -> str | None:
    """Return the key in ``snapshot`` of an article that once had the key ``article``; None without a rename."""
    from helpscraper.history.timeline import article_history

    try:
        name = article_history(catalog, article, snapshot.partition).name_in(snapshot.id)
    except ReferenceNotFoundError:
        return None
    return name if name != article else None


def _write_raw(args: argparse.Namespace, catalog: Catalog, snapshot: Snapshot, row: dict[str, Any]) -> int:
    """Write the recorded payload, and describe it on stderr, because it may be compressed."""
    from helpscraper.archive.recordings import read_payload
    from helpscraper.cli.output import whole_file

    if row["warc_record"] is None:
        raise ReferenceNotFoundError(
            f"{row['article_id']}: {snapshot} has no record of it (status: {row['status']})",
            advice="check whether WARC_ENABLED was off, or the article was imported from a saved page",
        )
    payload, facts = read_payload(catalog.store, row["warc_record"])
    if args.output:
        with whole_file(Path(args.output)) as file:
            file.write(payload)
    else:
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()
    # The text records of a web archive have no HTTP status.
    answer = "text without HTTP headers" if facts["status"] is None else f"HTTP {facts['status']}"
    said = [answer, facts["content_type"], facts["content_encoding"], f"{len(payload):,} bytes"]
    print(
        f"{facts['url']} at {facts['date']:%Y-%m-%d %H:%M:%S} UTC: {', '.join(filter(None, said))}, "
        f"{facts['payload_record']}",
        file=sys.stderr,
    )
    return 0
