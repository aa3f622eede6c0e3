"""``helpscraper diff``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpscraper.cli.options import add_format
from helpscraper.errors import CommandError, ReferenceNotFoundError

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog, Snapshot
    from helpscraper.history.result import DiffResult

__all__ = ["EXAMPLE", "HELP", "configure", "run"]

HELP = "show what changed between two snapshots"
EXAMPLE = """\
examples:
  helpscraper diff                                    # the last snapshot against the one before it
  helpscraper diff 2026-11-01 latest --kind edited --words
  helpscraper diff latest~7 latest --field title --format csv
  helpscraper diff --kind silent                      # edits that the site did not date
  helpscraper diff --stat --locale all
  helpscraper diff --exit-code > changes.txt || mail -s changes me < changes.txt
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("a", nargs="?", metavar="A", help="the earlier snapshot (default: latest~1)")
    parser.add_argument("b", nargs="?", metavar="B", help="the later snapshot (default: latest)")
    for name, text in (
        ("kind", "only these kinds of change, or silent (repeat, or separate by commas)"),
        ("section", "only articles of these sections"),
        ("field", "only these fields, such as title, body or updated_at"),
        ("article", "only these articles"),
    ):
        parser.add_argument(f"--{name}", action="append", default=[], metavar=name.upper(), help=text)
    parser.add_argument("--words", action="store_true", help="show the words that changed in edited bodies")
    parser.add_argument("--stat", action="store_true", help="only count changes by section and kind")
    parser.add_argument(
        "--exit-code", action="store_true", help="exit 1 when something is shown, as git diff does"
    )
    parser.add_argument("--site", help="only this site, where the archive holds several")
    parser.add_argument(
        "--locale",
        action="append",
        default=[],
        metavar="LOCALE",
        help="this locale; repeat for several, or: all",
    )
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the changes of one edition, or of several one after the other."""
    from helpscraper.archive.reader import Catalog
    from helpscraper.cli.changes_text import print_warnings

    catalog = Catalog(args.archive, site=args.site)
    found: list[tuple[DiffResult, int]] = []
    failed: list[CommandError] = []
    changed = False
    pairs = _pairs(catalog, args, failed)
    for before, after in pairs:
        diff = _narrowed(catalog, before, after, args)
        shown = diff if "counted" in _split(args.kind) or _wants_all(args) else diff.loud()
        found.append((shown, len(diff) - len(shown)))
        # One answer whatever the format: a moved view count is a change only for who asks for view counts.
        changed = changed or bool(shown if "counted" in _split(args.kind) or args.field else diff.loud())
        print_warnings(diff.warnings)
    if failed and not found:
        raise failed[0]
    print_warnings([error.message for error in failed])
    _print(catalog, found, args)
    return int(args.exit_code and changed)


def _split(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _wants_all(args: argparse.Namespace) -> bool:
    """Data for a machine is whole; text for a reader leaves view counts out unless they are asked for."""
    return args.format in {"json", "csv", "parquet"} or bool(args.field)


def _pairs(
    catalog: Catalog, args: argparse.Namespace, failed: list[CommandError]
) -> list[tuple[Snapshot, Snapshot]]:
    """Return the snapshots to compare, edition by edition; with several, one without both costs only itself."""
    pairs = []
    for locale, where in _editions(catalog, args):
        site = where.site if where else args.site
        try:
            if args.a is None:
                _require_two(catalog, where or catalog.partition(site, locale))
            before = catalog.resolve(args.a or "latest~1", site=site, locale=locale)
            after = catalog.resolve(args.b or "latest", site=site, locale=locale)
        except CommandError as error:
            failed.append(error)
            continue
        pairs.append((before, after))
    return pairs


def _editions(catalog: Catalog, args: argparse.Namespace) -> list[tuple[str | None, Partition | None]]:
    locales = _split(args.locale)
    if "all" in locales:
        return [(each.locale, each) for each in catalog.partitions()]
    return [(locale, None) for locale in locales] or [(None, None)]


def _require_two(catalog: Catalog, partition: Partition) -> None:
    ids = catalog.ids(partition)
    if len(ids) == 1:
        raise ReferenceNotFoundError(
            f"{catalog.store.uri} ({partition}) holds one snapshot, {ids[0]}:"
            " there is nothing before it to compare with",
            advice="crawl again later, or look at it with `helpscraper show latest`",
        )


def _narrowed(catalog: Catalog, before: Snapshot, after: Snapshot, args: argparse.Namespace) -> DiffResult:
    from helpscraper.history.diff import diff_snapshots

    diff = diff_snapshots(catalog, before, after, kinds=_split(args.kind), fields=_split(args.field))
    if sections := _split(args.section):
        diff = diff.narrow(sections=sections)
    if articles := _split(args.article):
        _require_known(catalog, before, after, articles)
        diff = diff.only(articles)
    return diff


def _require_known(catalog: Catalog, before: Snapshot, after: Snapshot, articles: list[str]) -> None:
    """Raise for an article that is in neither snapshot, with the names that may have been meant."""
    from helpscraper.archive.nearest import nearest

    known = {
        name
        for each in (before, after)
        for name in catalog.load_table(each, columns=["article_id"]).column("article_id").to_pylist()
    }
    for article in articles:
        if article not in known:
            names = nearest(article, known)
            raise ReferenceNotFoundError(
                f"{article}: neither {before.id} nor {after.id} knows this article",
                advice=f"nearest: {', '.join(names)}" if names else "`helpscraper show` lists the articles",
            )


def _print(catalog: Catalog, found: list[tuple[DiffResult, int]], args: argparse.Namespace) -> None:
    if args.format == "json":
        _print_json([diff for diff, _ in found], args)
    elif args.format == "table" and args.output is None:
        _print_text(catalog, found, args)
    else:
        _emit([diff for diff, _ in found], args)


def _print_json(diffs: list[DiffResult], args: argparse.Namespace) -> None:
    from helpscraper.cli.output import print_text

    answers: list[dict[str, Any]] = [
        {"from": diff.from_id, "to": diff.to_id, "changes": diff.records()} for diff in diffs
    ]
    if len(diffs) > 1:
        answers = [
            {"edition": str(diff.partition), **answer} for diff, answer in zip(diffs, answers, strict=True)
        ]
    text = json.dumps(answers[0] if len(answers) == 1 else answers, ensure_ascii=False, indent=1)
    if args.output:
        Path(args.output).write_text(text + "\n", encoding="utf-8")
    else:
        print_text(text, sys.stdout)


def _print_text(catalog: Catalog, found: list[tuple[DiffResult, int]], args: argparse.Namespace) -> None:
    from helpscraper.cli.changes_text import paged, print_diff, print_stat
    from helpscraper.history.bodies import words_of

    with paged() as target:
        for diff, quiet in found:
            if args.stat:
                print_stat(target, diff)
            else:
                words = words_of(catalog, diff.partition) if args.words and diff.partition else None
                print_diff(target, diff, quiet=quiet, words=words)


def _emit(diffs: list[DiffResult], args: argparse.Namespace) -> None:
    import pyarrow as pa

    from helpscraper.cli.output import emit

    tables = [diff.table for diff in diffs]
    if len(diffs) > 1:
        named = [pa.array([str(diff.partition)] * len(diff), pa.string()) for diff in diffs]
        tables = [table.add_column(0, "edition", name) for table, name in zip(tables, named, strict=True)]
    emit(pa.concat_tables(tables), args.format, output=args.output)
