"""Make one feed of articles and their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.publish.feed.atom import AtomEntry, AtomFeed, atom, entry_html, tag_uri
from helpscraper.publish.model import ArticleHistory, Event, article_key
from helpscraper.publish.sanitise import safe_url

__all__ = ["FeedContext", "FeedEntry", "body_keys", "feed_entries", "feed_page"]


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An event of an article, before its word diff is made."""

    article: ArticleHistory
    event: Event

    @property
    def order(self) -> tuple[str, str]:
        """The key by which entries are sorted: the crawl, then the article's key."""
        return self.event.snapshot, self.article.key


@dataclass(frozen=True, slots=True)
class FeedContext:
    """The inputs that all feeds of one site and locale share; ``first`` is the id of its first snapshot."""

    partition: Partition
    host: str
    language: str
    first: str
    base_url: str | None
    report_url: str | None = None


def feed_entries(article: ArticleHistory, kinds: frozenset[str], limit: int) -> list[FeedEntry]:
    """Return the newest ``limit`` events of an article with one of ``kinds``, newest first."""
    found = []
    for event in article.events:
        wanted = tuple(kind for kind in event.kinds if kind in kinds)
        if wanted:
            found.append(FeedEntry(article, replace(event, kinds=wanted)))
    return found[:limit]


def feed_page(
    context: FeedContext,
    page: str,
    title: str,
    parts: tuple[str, ...],
    entries: Sequence[FeedEntry],
    texts: Mapping[str, str],
    link: str | None,
) -> bytes:
    """Return the feed at the path ``page`` with ``entries``, which are sorted newest first.

    ``parts`` are the last parts of the feed's id, ``texts`` are bodies by key, ``link`` is the page of its subject.
    """
    name = f"{context.partition.site}/{context.partition.locale}"
    return atom(
        AtomFeed(
            id=tag_uri(context.host, *name.split("/"), *parts),
            title=f"{name}: {title}",
            updated=snapshot_instant(entries[0].event.snapshot if entries else context.first),
            author=f"{name}, as helpscraper saw it",
            link=link,
            url=f"{context.base_url.rstrip('/')}/{page}" if context.base_url else None,
            language="en",
            entries=[_entry(context, each, texts) for each in entries],
        )
    )


def body_keys(entries: Iterable[FeedEntry]) -> set[str]:
    """Return the keys of the bodies that ``entries`` compare."""
    return {key for each in entries for key in _bodies(each) if key}


def _entry(context: FeedContext, entry: FeedEntry, texts: Mapping[str, str]) -> AtomEntry:
    article, event = entry.article, entry.event
    before, after = _bodies(entry)
    changed = before != after
    kinds = ", ".join(event.kinds) + (", silent" if event.silent else "")
    title = next((v.title for v in reversed(article.versions) if v.snapshot <= event.snapshot), article.title)
    html = entry_html(
        event.fields, texts.get(before or "") if changed else None, texts.get(after or "") if changed else None,
        kinds=event.kinds, dated=event.dated, silent=event.silent, language=context.language,
    )  # fmt: skip
    where = (context.partition.site, context.partition.locale)
    report = (context.report_url or "").rstrip("/")
    change = f"{report}/{'/'.join(where)}/crawls/{event.snapshot}.html#{event.anchor}" if report else None
    return AtomEntry(
        id=tag_uri(context.host, *where, event.snapshot, article_key(event.article_id)),
        title=f"{kinds.capitalize()}: {title}", at=snapshot_instant(event.snapshot), link=safe_url(article.url),
        kinds=event.kinds, section=article.section_title or article.section, html=html, language=context.language,
        change=change,
    )  # fmt: skip


def _bodies(entry: FeedEntry) -> tuple[str | None, str | None]:
    """Return the keys of the body before and after an event; equal if it did not change."""
    versions = entry.article.versions
    place = next((n for n, version in enumerate(versions) if version.snapshot == entry.event.snapshot), None)
    if place is None:
        return None, None
    return versions[place - 1].body if place else None, versions[place].body
