"""Articles and their events -> the bytes of one feed. Pure: whatever stands in a feed is given to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.publish.feed.atom import Entry, Feed, atom, entry_html, tag_uri
from helpscraper.publish.report.model import Article, Event, article_key
from helpscraper.publish.report.sanitise import safe_url

__all__ = ["Told", "Voice", "bodies_of", "feed_page", "told_of"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of one article, before its word diff is made."""

    article: Article
    event: Event

    @property
    def order(self) -> tuple[str, str]:
        """What entries are sorted by: the crawl, then the article's key."""
        return self.event.snapshot, self.article.key


@dataclass(frozen=True, slots=True)
class Voice:
    """What all feeds of one site and locale have in common; ``first`` is the id of its first snapshot."""

    partition: Partition
    host: str
    language: str
    first: str
    base_url: str | None


def told_of(article: Article, kinds: frozenset[str], limit: int) -> list[Told]:
    """Return the newest ``limit`` events of an article that are of one of ``kinds``, the newest first."""
    found = []
    for event in article.events:
        wanted = tuple(kind for kind in event.kinds if kind in kinds)
        if wanted:
            found.append(Told(article, replace(event, kinds=wanted)))
    return found[:limit]


def feed_page(
    voice: Voice,
    page: str,
    title: str,
    parts: tuple[str, ...],
    told: Sequence[Told],
    texts: Mapping[str, str],
    link: str | None,
) -> bytes:
    """Return the feed at the path ``page`` with one entry for each of ``told``, the newest first.

    ``parts`` end the feed's id, ``texts`` are bodies by their keys, ``link`` is the page that the feed is about.
    """
    name = f"{voice.partition.site}/{voice.partition.locale}"
    return atom(
        Feed(
            id=tag_uri(voice.host, *name.split("/"), *parts),
            title=f"{name}: {title}",
            updated=snapshot_instant(told[0].event.snapshot if told else voice.first),
            author=f"{name}, as helpscraper saw it",
            link=link,
            url=f"{voice.base_url.rstrip('/')}/{page}" if voice.base_url else None,
            language="en",
            entries=[_entry(voice, each, texts) for each in told],
        )
    )


def bodies_of(told: Iterable[Told]) -> set[str]:
    """Return the keys of the bodies that these entries compare."""
    return {key for each in told for key in _bodies(each) if key}


def _entry(voice: Voice, told: Told, texts: Mapping[str, str]) -> Entry:
    article, event = told.article, told.event
    before, after = _bodies(told)
    changed = before != after
    kinds = ", ".join(event.kinds) + (", silent" if event.silent else "")
    title = next((v.title for v in reversed(article.versions) if v.snapshot <= event.snapshot), article.title)
    html = entry_html(
        event.fields, texts.get(before or "") if changed else None, texts.get(after or "") if changed else None,
        kinds=event.kinds, dated=event.dated, silent=event.silent, language=voice.language,
    )  # fmt: skip
    where = (voice.partition.site, voice.partition.locale)
    return Entry(
        id=tag_uri(voice.host, *where, event.snapshot, article_key(event.article_id)),
        title=f"{kinds.capitalize()}: {title}", at=snapshot_instant(event.snapshot), link=safe_url(article.url),
        kinds=event.kinds, section=article.section_title or article.section, html=html, language=voice.language,
    )  # fmt: skip


def _bodies(told: Told) -> tuple[str | None, str | None]:
    """Return the keys of the body before and after an event; equal where it did not change."""
    versions = told.article.versions
    place = next((n for n, version in enumerate(versions) if version.snapshot == told.event.snapshot), None)
    if place is None:
        return None, None
    return versions[place - 1].body if place else None, versions[place].body
