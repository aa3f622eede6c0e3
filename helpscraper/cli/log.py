"""``helpscraper log``."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from helpscraper.archive.layout import Partition
from helpscraper.cli.options import (
    add_format,
    add_partition,
    add_range,
    each_that_has_it,
    open_existing,
    picked,
    refuse_together,
)
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.plain_text import plural

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from helpscraper.archive.reader import Catalog

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper log                        # newest first, with the changes of each section
  helpscraper log --last 5 --format json
  helpscraper log --since 7d
  helpscraper log --from 2026-11-01 --to 2026-11-30
  helpscraper log what-is-a-passkey      # the story of one article
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("article", nargs="?", metavar="ARTICLE", help="show the changes of this article")
    parser.add_argument(
        "--last", dest="count", type=int, metavar="N",
        help="without ARTICLE: the last N snapshots (default: 20, with --from or --to all; 0: all)",
    )  # fmt: skip
    parser.add_argument("--words", action="store_true", help="with ARTICLE: show the words that changed")
    parser.add_argument("--counts", action="store_true", help="count changed view counts, too")
    add_range(parser)
    add_partition(parser)
    add_format(parser, more=["html"])


def run(args: argparse.Namespace) -> int:
    """Print the snapshots of each edition, newest first; or one article's story."""
    if args.article is not None:
        for option, value in (("--last", args.count), ("--from", args.first), ("--to", args.last)):
            if value is not None:
                refuse_together("ARTICLE", option, "an article's changes are always shown in full")
        from helpscraper.cli.history import run as run_history

        return run_history(args)
    if args.words:
        raise CommandError("--words is for one article", advice="say `helpscraper log ARTICLE --words`")
    if args.format == "html":
        raise CommandError(
            "--format html is for one article",
            advice="say `helpscraper log ARTICLE --format html`, or `helpscraper digest`, or `helpscraper report`",
        )
    if args.count is not None and args.count < 0:
        raise CommandError(f"--last {args.count}: not a number of snapshots", advice="give 0 for all")
    catalog = open_existing(args)
    snapshots = _chosen(catalog, args)
    entries = [
        entry
        for partition in dict.fromkeys((row["site"], row["locale"]) for row in snapshots)
        for entry in _entries(catalog, Partition(*partition), snapshots, counted=args.counts)
    ]
    if args.format == "table":
        _print(entries, args.output)
    else:
        from helpscraper.cli.output import emit

        emit(_table(entries, counted=args.counts), args.format, output=args.output)
    return 0


def _chosen(catalog: Catalog, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of ``snapshots_table`` to list, by edition, newest first."""
    from helpscraper.archive.overview import snapshots_table

    ranged = args.first is not None or args.last is not None
    count = args.count if args.count is not None else 0 if ranged else 20
    rows = snapshots_table(catalog).to_pylist()
    partitions = dict.fromkeys(Partition(row["site"], row["locale"]) for row in rows)
    if not partitions:
        raise ReferenceNotFoundError(
            f"{catalog.store.uri} holds no snapshot yet",
            advice="`helpscraper runs` shows what became of each run",
        )

    def chosen(partition: Partition) -> list[dict[str, Any]]:
        own = {
            row["snapshot_id"]: row
            for row in rows
            if (row["site"], row["locale"]) == (partition.site, partition.locale)
        }
        where = f"{catalog.store.uri} ({partition})"
        ids = picked(args, list(own), where).ids
        return [own[name] for name in reversed(ids[-count:] if count else ids)]

    return [row for found in each_that_has_it(list(partitions), chosen) for row in found]


def _entries(
    catalog: Catalog, partition: Partition, snapshots: list[dict[str, Any]], *, counted: bool
) -> list[dict[str, Any]]:
    """Return the snapshots of an edition, each with its changes: ``sections`` is None where none could be counted."""
    from helpscraper.archive.lost_snapshots import lost_warnings
    from helpscraper.cli.changes_text import print_warnings
    from helpscraper.history.kinds import QUIET
    from helpscraper.history.timeline import log_table

    own = [row for row in snapshots if (row["site"], row["locale"]) == (partition.site, partition.locale)]
    table, warnings, compared = log_table(catalog, partition, {row["snapshot_id"] for row in own})
    print_warnings(warnings)
    print_warnings(lost_warnings(catalog, partition))
    changes: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        if counted or row["kind"] not in QUIET:
            changes[row.pop("snapshot_id")].append(row)
    return [
        row | {"changes": changes[name] if name in compared or name in changes else None}
        for row in own
        for name in [row["snapshot_id"]]
    ]


def _table(entries: list[dict[str, Any]], *, counted: bool) -> pa.Table:
    """Return a row for each snapshot, newest first: how many articles it holds, and how many changed how.

    The counts are null where there is nothing to compare with. ``sections`` has the counts by section and kind.
    """
    import pyarrow as pa

    from helpscraper.archive.overview import SNAPSHOTS_SCHEMA
    from helpscraper.history.kinds import KINDS, PICTURE, QUIET

    kinds = [kind for kind in (*KINDS, "silent", PICTURE) if counted or kind not in QUIET]
    count = pa.field("articles", pa.int64())
    section = pa.struct([pa.field("section", pa.string()), pa.field("kind", pa.string()), count])
    names = (
        "site", "locale", "snapshot_id", "snapshot_at", "articles", "gone", "kind", "outcome", "complete", "scope",
        "reextracted", "error",
    )  # fmt: skip
    schema = pa.schema(
        [
            *(SNAPSHOTS_SCHEMA.field(name) for name in names),
            *(pa.field(kind, pa.int64()) for kind in kinds),
            pa.field("sections", pa.list_(section)),
        ]
    )
    rows = []
    for entry in entries:
        changes = entry["changes"]
        row = {name: entry[name] for name in names} | {"sections": changes}
        if changes is not None:
            row |= {kind: sum(each["articles"] for each in changes if each["kind"] == kind) for kind in kinds}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema)


def _print(entries: list[dict[str, Any]], output: str | None) -> None:
    from helpscraper.cli.changes_text import paged

    with paged(output) as target:
        for entry in entries:
            sections: defaultdict[str, dict[str, int]] = defaultdict(dict)
            for each in entry["changes"] or ():
                sections[each["section"] or "(no section)"][each["kind"]] = each["articles"]
            _print_snapshot(target, entry, sections)


def _print_snapshot(target: Console, row: dict[str, Any], sections: dict[str, dict[str, int]]) -> None:
    from rich.text import Text

    from helpscraper.cli.output import terminal_safe
    from helpscraper.history.kinds import counts_text

    line = Text(f"{row['snapshot_id']}  {row['site']}/{row['locale']}", style="bold")
    if row["error"]:
        line.append(f"  {terminal_safe(row['error'])}", style="red")
    else:
        gone = f" and {row['gone']:,} gone" if row["gone"] else ""
        line.append(f"  {plural(row['articles'], 'article')}{gone}", style="not bold")
        line.append(_not_all(row), style="yellow")
        line.append("  re-extracted" if row["reextracted"] else "", style="not bold")
    target.print(line, soft_wrap=True)
    every = sum(map(Counter, sections.values()), Counter[str]())
    whole = [("all sections", every)] if len(sections) > 1 else []
    for section, kinds in [*whole, *sorted(sections.items())]:
        target.print(Text(f"  {terminal_safe(section):<42} {counts_text(kinds)}"), soft_wrap=True)


def _not_all(row: dict[str, Any]) -> str:
    """Say in the words of ``runs`` that a snapshot is not the whole help centre: a requested part, or with holes."""
    said = [row["outcome"]] if row["outcome"] not in (None, "committed") else []
    said += [f"only part: {row['scope']}"] if row["scope"] else []
    if not said and row["complete"] is False:
        said = [row["kind"] if row["kind"] == "import" else "incomplete"]
    return "".join(f"  {each}" for each in said)
