"""``helpscraper diff``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpscraper.cli.documents import wants_document, write_diffs
from helpscraper.cli.options import add_format, add_range, picked, refuse_together, resolve_reference
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.extras import need

if TYPE_CHECKING:
    import pyarrow as pa

    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog, Snapshot
    from helpscraper.cli.changes_text import Words
    from helpscraper.history.result import DiffResult

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  helpscraper diff                                    # the last snapshot against the one before it
  helpscraper diff 2026-11-01 latest --kind edited --words
  helpscraper diff 2026-10..2026-11                   # the end of a month against the end of the next
  helpscraper diff --since 7d                         # also --from 2026-11-01 --to 2026-11-30
  helpscraper diff latest~7 latest --field title --format csv
  helpscraper diff --words --format json              # with the deleted and inserted words of each edit
  helpscraper diff --words --format html -o diff.html # a page to read or send; md: for a forum or an issue
  helpscraper diff --kind silent                      # edits that the site did not date
  helpscraper diff --stat --locale all
  helpscraper diff --exit-code > changes.txt || mail -s changes me < changes.txt

Each record of the other formats names the crawls between which the change happened (from, to): a text changed since
the crawl that last read its page. --words adds the words of each edit; html, and md with --words, are documents to
read. The table and the documents omit view counts unless --kind counted or --field is given; the data formats hold all
records. An article marked (new?) was seen for the first time, but the crawl before did not look everywhere.
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
        "--exit-code", action="store_true", help="exit 1 when there are changes, as git diff does"
    )
    add_range(parser)
    parser.add_argument("--site", help="only this site, if the archive holds several")
    parser.add_argument(
        "--locale",
        action="append",
        default=[],
        metavar="LOCALE",
        help="this locale; repeat for several, or: all",
    )
    add_format(parser, more=["html"])


def run(args: argparse.Namespace) -> int:
    """Print the changes of one edition, or of several one after the other."""
    if args.words:
        need("words")
    from helpscraper.archive.lost_snapshots import lost_warnings
    from helpscraper.archive.reader import Catalog
    from helpscraper.cli.changes_text import print_warnings
    from helpscraper.history.diff import diff_snapshots

    if args.words and args.stat:
        refuse_together("--words", "--stat", "--stat only counts: leave one of them out")
    if args.stat and args.format == "html":
        refuse_together("--stat", "--format html", "counts are a table: choose md, csv or json")
    if args.b is None and args.a is not None and ".." in args.a:
        args.a, _, args.b = args.a.partition("..")
    if args.a is not None and (args.first is not None or args.last is not None):
        refuse_together("A", "--from" if args.first is not None else "--to", "name the two ends in one way")
    catalog = Catalog(args.archive, site=args.site).with_cached_listings()
    failed: list[CommandError] = []
    kinds, fields = _split(args.kind), _split(args.field)
    diffs = [
        diff_snapshots(catalog, before, after, kinds=kinds, fields=fields)
        for before, after in _pairs(catalog, args, failed)
    ]
    if failed and not diffs:
        raise failed[0]
    if not diffs:
        catalog.resolve("latest")  # raises an error, because there is no snapshot
    found: list[tuple[DiffResult, int]] = []
    for diff in _narrowed(catalog, diffs, args):
        shown = diff if "counted" in kinds or _wants_all(args) else diff.loud()
        found.append((shown, len(diff) - len(shown)))
        print_warnings(diff.warnings)
        if diff.partition is not None:
            # Without the lost snapshot `latest~N` and dates mean another one.
            print_warnings(lost_warnings(catalog, diff.partition, min(diff.from_id, diff.to_id)))
        if diff.from_id > diff.to_id:
            print_warnings(
                [f"{diff.from_id} is later than {diff.to_id}: added articles are shown as removed"]
            )
    print_warnings([error.message for error in failed])
    _print(catalog, found, args)
    # In every format view counts count as changes only if they were asked for.
    changed = any(shown if "counted" in kinds or fields else shown.loud() for shown, _ in found)
    return int(args.exit_code and changed)


def _split(values: list[str]) -> list[str]:
    parts = [part.strip() for value in values for part in value.split(",")]
    if not all(parts):
        raise CommandError(
            f"{','.join(values)!r}: a name is empty", advice="give a name, or leave the option out"
        )
    return parts


def _wants_all(args: argparse.Namespace) -> bool:
    """Tell whether to include view counts: in data always, in text only if asked for."""
    return (args.format != "table" and not wants_document(args)) or bool(args.field)


def _pairs(
    catalog: Catalog, args: argparse.Namespace, failed: list[CommandError]
) -> list[tuple[Snapshot, Snapshot]]:
    """Return the snapshots to compare for each edition; errors of single editions are added to ``failed``."""
    pairs = []
    for locale, where in _editions(catalog, args):
        site = where.site if where else args.site
        try:
            if args.first is not None or args.last is not None:
                pairs.append(_ends(catalog, args, where or catalog.partition(site, locale)))
                continue
            if args.a is None:
                _require_two(catalog, where or catalog.partition(site, locale))
            # An empty argument, for instance of an unset shell variable, is an error.
            a, b = ("latest~1" if args.a is None else args.a), ("latest" if args.b is None else args.b)
            before, after = (resolve_reference(catalog, each, site=site, locale=locale) for each in (a, b))
        except CommandError as error:
            failed.append(error)
            continue
        pairs.append((before, after))
    return pairs


def _ends(catalog: Catalog, args: argparse.Namespace, partition: Partition) -> tuple[Snapshot, Snapshot]:
    """Return the ends of the range in one edition: the state before it, or its first snapshot, and its last one."""
    ids = catalog.ids(partition)
    where = f"{catalog.store.uri} ({partition})"
    chosen = picked(args, ids, where)
    begin, end = chosen.base or chosen.ids[0], chosen.ids[-1]
    if args.first is None:
        begin = ids[max(ids.index(end) - 1, 0)]
    if begin == end:
        raise ReferenceNotFoundError(
            f"{where} holds only one snapshot in this range, {end}: there is nothing to compare",
            advice="give an earlier --from, or see it with `helpscraper show`",
        )
    before, after = (
        catalog.resolve(name, site=partition.site, locale=partition.locale) for name in (begin, end)
    )
    return before, after


def _editions(catalog: Catalog, args: argparse.Namespace) -> list[tuple[str | None, Partition | None]]:
    locales = _split(args.locale)
    if "all" in locales:
        return [(each.locale, each) for each in catalog.partitions()]
    return [(locale, None) for locale in locales] or [(None, None)]


def _require_two(catalog: Catalog, partition: Partition) -> None:
    ids = catalog.ids(partition)
    if len(ids) == 1:
        raise ReferenceNotFoundError(
            f"{catalog.store.uri} ({partition}) holds only one snapshot, {ids[0]}",
            advice="crawl again later to compare, or see it with `helpscraper show latest`",
        )


def _narrowed(catalog: Catalog, diffs: list[DiffResult], args: argparse.Namespace) -> list[DiffResult]:
    """Filter by the given sections and articles; raises ``ReferenceNotFoundError`` for unknown ones."""
    sections, articles = _split(args.section), _split(args.article)
    for names, column, what in ((sections, "section", "section"), (articles, "article_id", "article")):
        if names:
            _require_known(names, _known(catalog, diffs, column), what, diffs)
    diffs = [diff.narrow(sections=sections) for diff in diffs] if sections else diffs
    return [diff.only(articles) for diff in diffs] if articles else diffs


def _known(catalog: Catalog, diffs: list[DiffResult], column: str) -> set[str]:
    known: set[str | None] = set()
    for diff in diffs:
        # The diff may hold articles that are in neither snapshot.
        known.update(diff.articles.column(column).to_pylist())
        for each in (diff.from_id, diff.to_id):
            table = catalog.load_table(f"{diff.partition}:{each}", columns=[column])
            known.update(table.column(0).to_pylist())
    return {name for name in known if name is not None}


def _require_known(names: list[str], known: set[str], what: str, diffs: list[DiffResult]) -> None:
    from helpscraper.nearest import nearest

    for name in names:
        if name not in known:
            like = nearest(name, known)
            pairs = "; ".join(f"neither {diff.from_id} nor {diff.to_id}" for diff in diffs[:3])
            listed = "run `helpscraper show` to list the articles"
            if what == "section":
                listed = f"choose one of: {', '.join(sorted(known)[:20])}"
            raise ReferenceNotFoundError(
                f"{name}: {pairs} has this {what}",
                advice=f"did you mean: {', '.join(like)}" if like else listed,
            )


def _print(catalog: Catalog, found: list[tuple[DiffResult, int]], args: argparse.Namespace) -> None:
    if args.format == "table":
        _print_text(catalog, found, args)
    elif wants_document(args) and not args.stat:
        write_diffs(catalog, (diff for diff, _ in found), args)
    elif args.format == "json" and not args.stat:
        _print_json(catalog, [diff for diff, _ in found], args)
    else:
        _emit(catalog, [diff for diff, _ in found], args)


def _print_json(catalog: Catalog, diffs: list[DiffResult], args: argparse.Namespace) -> None:
    """Print one object whatever the number of editions; ``from`` and ``to`` are null where these differ in them."""
    from helpscraper.cli.output import utf8, whole_file

    ends = [(diff.from_id, diff.to_id) for diff in diffs]
    begin, end = ({pair[side] for pair in ends} for side in (0, 1))
    rows = _rows(catalog, diffs, args).to_pylist()
    answer: dict[str, Any] = {
        "from": begin.pop() if len(begin) == 1 else None,
        "to": end.pop() if len(end) == 1 else None,
        "editions": [
            {
                "site": each.partition.site,
                "locale": each.partition.locale,
                "from": each.from_id,
                "to": each.to_id,
            }
            for each in diffs
            if each.partition
        ],
        "changes": [{**row, "at": row["at"].isoformat().replace("+00:00", "Z")} for row in rows],
    }
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    with utf8() if args.output is None else whole_file(Path(args.output)) as file:
        file.write(text.encode() + b"\n")


def _rows(catalog: Catalog, diffs: list[DiffResult], args: argparse.Namespace) -> pa.Table:
    import pyarrow as pa

    from helpscraper.history.change_rows import NAMES, diff_rows

    return pa.concat_tables(
        diff_rows(catalog, diff, _words(catalog, diff) if args.words else None).drop_columns(list(NAMES))
        for diff in diffs
    )


def _print_text(catalog: Catalog, found: list[tuple[DiffResult, int]], args: argparse.Namespace) -> None:
    from helpscraper.cli.changes_text import paged, print_diff, print_stat
    from helpscraper.history.change_rows import diff_begins

    with paged(args.output) as target:
        for diff, quiet in found:
            if args.stat:
                print_stat(target, diff)
            else:
                words = _words(catalog, diff) if args.words else None
                print_diff(target, diff, diff_begins(catalog, diff), quiet=quiet, words=words)


def _words(catalog: Catalog, diff: DiffResult) -> Words:
    from helpscraper.history.body_diff import words_of

    return words_of(catalog, diff.partition or catalog.partition())


def _emit(catalog: Catalog, diffs: list[DiffResult], args: argparse.Namespace) -> None:
    import pyarrow as pa

    from helpscraper.archive.arrow import with_edition
    from helpscraper.cli.output import emit

    if args.stat:
        table = pa.concat_tables(
            with_edition(_counted(diff), diff.partition) for diff in diffs if diff.partition
        )
    else:
        table = _rows(catalog, diffs, args)
    emit(table, args.format, output=args.output)


def _counted(diff: DiffResult) -> pa.Table:
    """Return the counts of ``--stat`` as a table: from, to, section, kind, articles."""
    import pyarrow as pa

    from helpscraper.cli.changes_text import count_stat

    rows = [
        {"from": diff.from_id, "to": diff.to_id, "section": section, "kind": kind, "articles": count}
        for (section, kind), count in count_stat(diff).items()
    ]
    names = ("from", "to", "section", "kind")
    schema = pa.schema([*((name, pa.string()) for name in names), ("articles", pa.int64())])
    return pa.Table.from_pylist(rows, schema=schema)
