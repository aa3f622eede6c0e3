"""The index of sections, the page of each section, and the index of articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from helpscraper.publish.load import EditionData
from helpscraper.publish.model import article_key

__all__ = ["ARTICLES_SHOWN", "IndexedArticle", "Section", "indexed_articles", "sections_of"]

ARTICLES_SHOWN = 300
"""Rows in the index of articles; its script adds the others from the search index."""


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """An article in an index: ``dated`` by the site, ``changed`` the last crawl that found it changed.

    Changes of only the date or a count are not among its ``changes``.
    """

    key: str
    title: str
    slug: str
    section: str
    category: str
    dated: str | None
    lives: bool
    changed: str | None
    changes: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its articles, those that are no longer there last; ``key`` names its page."""

    key: str
    slug: str
    title: str
    category: str
    articles: tuple[IndexedArticle, ...]

    @property
    def live(self) -> int:
        """The number of articles that are there."""
        return sum(each.lives for each in self.articles)

    @property
    def changed(self) -> str | None:
        """The last crawl that found one of its articles changed."""
        return max((each.changed for each in self.articles if each.changed), default=None)

    @property
    def inputs(self) -> list[object]:
        """Everything that its page shows."""
        return [self.title, self.category, [asdict(each) for each in self.articles]]


def indexed_articles(source: EditionData) -> list[IndexedArticle]:
    """Return every article ever seen, by title."""
    live = {
        owner: (category or "", dated)
        for owner, category, dated in source.con.execute(
            "select article_id, category_title, coalesce(updated_on, updated_at[:10], published_on, published_at[:10])"
            " from last_rows"
        ).fetchall()
    }
    changed = {
        owner: (sid, number)
        for owner, sid, number in source.con.execute(
            "select owner, max(sid), count(distinct sid) from records where kind not in ('touched', 'counted')"
            " group by 1"
        ).fetchall()
    }
    found = [
        IndexedArticle(
            article_key(owner), title, slug, section, *live.get(owner, ("", None)), owner in live,
            *changed.get(owner, (None, 0)),
        )
        for owner, (title, slug, section) in source.labels.items()
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.title.casefold(), each.key))


def sections_of(articles: Iterable[IndexedArticle]) -> Iterator[Section]:
    """Yield the sections by category and title; articles without one are in the section ``""``."""
    sections = []
    by_slug = sorted(articles, key=lambda each: (each.slug, not each.lives, each.title.casefold(), each.key))
    for slug, group in groupby(by_slug, key=lambda each: each.slug):
        found = tuple(group)
        # The site may relabel a section while articles that are gone keep the old label.
        title = found[0].section or slug or "No section"
        category = next((each.category for each in found if each.category), "")
        sections.append(Section(article_key(slug), slug, title, category, found))
    return iter(sorted(sections, key=lambda each: (not each.live, each.category, each.title, each.key)))
