"""A digest: the changes of a time by section, silent edits first, each as a paragraph with its words."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpscraper.archive.layout import moments, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.history.all_changes import all_changes
from helpscraper.history.article_changes import ArticleChanges, article_changes, with_words
from helpscraper.history.kinds import CERTAIN, KINDS, counts_text
from helpscraper.history.render_changes import Form, as_document
from helpscraper.plain_text import plural

__all__ = ["Digest", "counted", "digest"]

_SILENT = "Silent edits"


@dataclass(frozen=True, slots=True)
class Digest:
    """The changes of a time. ``changes`` are those to show, by heading, and ``left_out`` the number of further ones.

    ``crawls`` are the ids of the crawls that were compared with the one before them; ``span`` says from when to when.
    """

    span: str
    crawls: tuple[str, ...]
    changes: tuple[tuple[str, tuple[ArticleChanges, ...]], ...]
    notes: tuple[str, ...]
    left_out: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line: what changed, or that nothing did."""
        every = [change for _, changes in self.changes for change in changes]
        crawls = plural(len(self.crawls), "crawl")
        return f"{counted(every) or 'Nothing changed'} ({crawls}, {self.span})"

    def __bool__(self) -> bool:
        return bool(self.changes)

    def render(self, form: Form) -> str:
        """Return the digest as a document of plain text, Markdown or HTML."""
        more = (f"And {self.left_out} more: `helpscraper digest` shows all.",) if self.left_out else ()
        return as_document(self.title, self.changes, form, notes=(*self.notes, *more), short=True)


def digest(
    catalog: Catalog,
    since: str | dt.date | None,
    until: str | dt.date | None = None,
    *,
    sections: Iterable[str] = (),
    words: bool = True,
    limit: int | None = None,
) -> Digest:
    """Return the changes of the crawls from ``since`` to ``until`` (bounds as in ``archive.ranges``).

    ``limit`` is the largest number of changes to show. Raises what ``all_changes`` raises.
    """
    found = all_changes(catalog, since=since, until=until, sections=sections, words=False)
    every = list(article_changes(catalog, found.table, words=False))
    proven = [change for change in every if not {*CERTAIN}.isdisjoint(change.kinds)]
    several = len({change.partition for change in proven}) > 1
    grouped: defaultdict[tuple[bool, str, str], list[ArticleChanges]] = defaultdict(list)
    for change in proven:
        section = _SILENT if change.silent else change.section or "(no section)"
        edition = f"{change.partition}: " if several else ""
        grouped[not change.silent, edition, section].append(change)
    room = len(proven) if limit is None else limit
    shown: list[tuple[str, tuple[ArticleChanges, ...]]] = []
    for (_, edition, section), changes in sorted(grouped.items()):
        taken = sorted(changes, key=lambda each: (KINDS.index(each.kinds[0]), each.title, each.end))[:room]
        room -= len(taken)
        if taken:
            told = (with_words(catalog, each, whole=True) for each in taken) if words else taken
            shown.append((edition + section, tuple(told)))
    crawls = tuple(after.id for _, after in found.steps)
    instants = [snapshot_instant(each.id) for step in found.steps for each in step]
    span = f"{' to '.join(moments(min(instants), max(instants)))} UTC" if instants else "no time"
    left_out = len(proven) - sum(len(changes) for _, changes in shown)
    return Digest(span, crawls, tuple(shown), tuple(_notes(every)), left_out, found.warnings)


def counted(changes: Sequence[ArticleChanges]) -> str:
    """Return how many changes there are of each kind, such as ``2 edited (1 silent)``; empty without changes."""
    counts = Counter(kind for change in changes for kind in change.kinds if kind in CERTAIN)
    counts["silent"] = sum(change.silent for change in changes)
    return counts_text(counts)


def _notes(changes: Sequence[ArticleChanges]) -> Iterable[str]:
    """Say how many articles changed only in ways that are not listed."""
    other = [change for change in changes if {*CERTAIN}.isdisjoint(change.kinds)]
    dated = sum("touched" in change.kinds for change in other)
    unproven = sum("unverified" in change.kinds for change in other)
    said = [f"{dated} dated anew without another change"] if dated else []
    said += [f"{unproven} seen or missed by a crawl that did not look everywhere"] if unproven else []
    if said:
        yield f"Not listed: {', '.join(said)}."
