"""Changes as a document to read: ``--format html``, and ``--format md`` with ``--words``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpscraper.archive.reader import Catalog
    from helpscraper.history.article_changes import ArticleChanges
    from helpscraper.history.result import DiffResult
    from helpscraper.history.timeline import History

__all__ = ["wants_document", "write_diffs", "write_histories"]


def wants_document(args: argparse.Namespace) -> bool:
    """Tell whether changes are wanted as a document instead of as rows."""
    return bool(args.format == "html" or (args.format == "md" and args.words))


def write_diffs(catalog: Catalog, diffs: Iterable[DiffResult], args: argparse.Namespace) -> None:
    """Write the changes of each diff, the strongest kinds first."""
    from helpscraper.history.article_changes import article_changes
    from helpscraper.history.change_rows import diff_rows
    from helpscraper.history.kinds import KINDS, counts_text

    sections = []
    for diff in diffs:
        changes = article_changes(catalog, diff_rows(catalog, diff, None), words=args.words)
        ranked = sorted(changes, key=lambda each: KINDS.index(each.kinds[0]))
        total = counts_text(diff.summary()) or "no change"
        sections.append((f"{diff.partition}: {diff.from_id} to {diff.to_id}: {total}", ranked))
    _write("Changes", sections, args)


def write_histories(catalog: Catalog, found: Iterable[History], args: argparse.Namespace) -> None:
    """Write the changes of one article in each edition, oldest first."""
    from helpscraper.history.article_changes import article_changes
    from helpscraper.history.change_rows import history_rows
    from helpscraper.history.kinds import KINDS, QUIET
    from helpscraper.history.result import of_kinds

    kinds = [kind for kind in KINDS if args.counts or kind not in QUIET]
    sections = []
    for each in found:
        rows = of_kinds(history_rows(catalog, each, None), kinds)
        changes = list(article_changes(catalog, rows, words=args.words))
        sections.append((f"{each.partition}: {' -> '.join(each.names)}", changes))
    _write("History", sections, args)


def _write(
    title: str, sections: Sequence[tuple[str, Sequence[ArticleChanges]]], args: argparse.Namespace
) -> None:
    from helpscraper.cli.output import write_document
    from helpscraper.history.render_changes import as_document

    write_document(as_document(title, sections, "html" if args.format == "html" else "md"), args.output)
