"""An archive as files of Atom: which feeds there are, and which entries stand in each."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from helpscraper import __version__
from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError
from helpscraper.feed.atom import Entry, Feed, atom, entry_html, tag_uri
from helpscraper.history.kinds import check_kinds
from helpscraper.report.load import Source
from helpscraper.report.manifest import Manifest, write_bytes
from helpscraper.report.model import Article, Event, article_key
from helpscraper.report.sanitise import safe_url
from helpscraper.report.translations import lead_of
from helpscraper.sites import SITES

__all__ = ["CONTENT_KINDS", "FeedsBuilt", "build_feeds"]

CONTENT_KINDS = ("added", "removed", "renamed", "edited", "retitled", "moved")
"""What a reader is told of unless asked otherwise: not dates and counts that move by themselves."""

_BATCH = 500


@dataclass
class FeedsBuilt:
    """What a build did: the feed of the first site, and how many files were written, left and deleted."""

    index: Path
    written: int = 0
    kept: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """One event of one article, before its word diff is made."""

    article: Article
    event: Event

    @property
    def order(self) -> tuple[str, str]:
        return self.event.snapshot, self.article.key


def build_feeds(
    catalog: Catalog,
    folder: Path,
    *,
    kinds: Iterable[str] = CONTENT_KINDS,
    limit: int = 100,
    base_url: str | None = None,
) -> FeedsBuilt:
    """Write the feeds of every site and locale of ``catalog`` into ``folder``, or bring them up to date.

    ``kinds`` are the kinds of change that are told, ``limit`` is the number of entries of one feed, ``base_url`` the
    address where ``folder`` is served (feeds then name their own). Raises ``CommandError`` for an unknown kind, an
    archive without a snapshot, an address that is none, and a folder that holds something else.
    """
    wanted = frozenset(check_kinds(kinds))
    if base_url is not None and safe_url(base_url) is None:
        raise CommandError(f"{base_url!r} is no address of the web", advice="--base-url https://host/path")
    partitions = [each for each in catalog.partitions() if catalog.ids(each)]
    if not partitions:
        raise CommandError(
            f"{catalog.store.uri} holds no snapshot", advice="`helpscraper crawl` makes the first one"
        )
    made_by = f"feed/{__version__}/{sorted(wanted)}/{limit}/{base_url}"
    manifest = Manifest.open(folder, made_by=made_by)
    lead = lead_of(partitions)
    built = FeedsBuilt(folder / lead.site / lead.locale / "all.atom")
    for partition in partitions:
        with Source(catalog, partition, counted="counted" in wanted) as source:
            _Feeds(source, manifest, built, wanted, limit, base_url).write()
    built.deleted = manifest.save(made_by=made_by)
    return built


class _Feeds:
    """The feeds of one site and locale."""

    def __init__(
        self,
        source: Source,
        manifest: Manifest,
        built: FeedsBuilt,
        kinds: frozenset[str],
        limit: int,
        base_url: str | None,
    ) -> None:
        self.source, self.manifest, self.built = source, manifest, built
        self.kinds, self.limit, self.base_url = kinds, limit, base_url
        self.partition: Partition = source.partition
        self.folder = f"{self.partition.site}/{self.partition.locale}"
        site = SITES.get(self.partition.site)
        # A site that we do not know has no name on the web that we could speak for.
        self.host = urlsplit(site.base_url).hostname or "" if site else f"{self.partition.site}.invalid"
        self.home = site.help_url(self.partition.locale) if site else None

    def write(self) -> None:
        """Write the feed of every article, then those of the sections and the site from the newest events of all."""
        newest: list[tuple[tuple[str, str], _Told]] = []
        sections: dict[str, list[tuple[tuple[str, str], _Told]]] = {}
        titles: dict[str, str] = {}
        digests = self.source.article_digests()
        owners = sorted(digests)
        for start in range(0, len(owners), _BATCH):
            stale: list[tuple[str, Article, list[_Told]]] = []
            for article in self.source.articles(owners[start : start + _BATCH], {}):
                told = self._told(article)
                page = f"{self.folder}/articles/{article.key}.atom"
                if self.manifest.stale(page, digests[article.article_id]):
                    stale.append((page, article, told))
                else:
                    self.built.kept += 1
                slug = article.section or ""
                titles[slug] = article.section_title or article.section or "No section"
                _push(newest, told, self.limit)
                _push(sections.setdefault(slug, []), told, self.limit)
            self._write_articles(stale)
        for slug, heap in sections.items():
            parts = ("sections", article_key(slug))
            self._write_many(f"{self.folder}/sections/{article_key(slug)}.atom", titles[slug], parts, heap)
        self._write_many(f"{self.folder}/all.atom", "all changes", ("all",), newest)

    def _told(self, article: Article) -> list[_Told]:
        """Return the events of an article that are wanted, the newest first."""
        found = []
        for event in article.events:
            kinds = tuple(kind for kind in event.kinds if kind in self.kinds)
            if kinds:
                found.append(_Told(article, replace(event, kinds=kinds)))
        return found[: self.limit]

    def _write_articles(self, stale: Sequence[tuple[str, Article, list[_Told]]]) -> None:
        texts = self._texts(each for _, _, told in stale for each in told)
        for page, article, told in stale:
            self._write(
                page, article.title, ("articles", article.key), told, texts, link=safe_url(article.url)
            )

    def _write_many(
        self, page: str, title: str, parts: tuple[str, ...], heap: list[tuple[tuple[str, str], _Told]]
    ) -> None:
        told = [each for _, each in sorted(heap, key=lambda pair: pair[0], reverse=True)]
        inputs = repr(
            [(each.article.key, each.article.title, each.article.url, asdict(each.event)) for each in told]
        )
        if not self.manifest.stale(page, hashlib.sha256(inputs.encode("utf-8", "replace")).hexdigest()[:32]):
            self.built.kept += 1
            return
        self._write(page, title, parts, told, self._texts(told), link=self.home)

    def _texts(self, told: Iterable[_Told]) -> dict[str, str]:
        keys = {key for each in told for key in _bodies(each) if key}
        return self.source.bodies(sorted(keys))

    def _write(
        self,
        page: str,
        title: str,
        parts: tuple[str, ...],
        told: Sequence[_Told],
        texts: dict[str, str],
        *,
        link: str | None,
    ) -> None:
        name = f"{self.partition.site}/{self.partition.locale}"
        feed = Feed(
            id=tag_uri(self.host, *name.split("/"), *parts), title=f"{name}: {title}",
            updated=snapshot_instant(told[0].event.snapshot if told else self.source.ids[0]),
            author=f"{name}, as helpscraper saw it", link=link,
            url=f"{self.base_url.rstrip('/')}/{page}" if self.base_url else None, language="en",
            entries=[self._entry(each, texts) for each in told],
        )  # fmt: skip
        write_bytes(self.manifest.folder / page, atom(feed))
        self.built.written += 1

    def _entry(self, told: _Told, texts: dict[str, str]) -> Entry:
        article, event = told.article, told.event
        before, after = _bodies(told)
        changed = before != after
        kinds = ", ".join(event.kinds) + (", silent" if event.silent else "")
        title = next(
            (v.title for v in reversed(article.versions) if v.snapshot <= event.snapshot), article.title
        )
        html = entry_html(
            event.fields, texts.get(before or "") if changed else None, texts.get(after or "") if changed else None,
            kinds=event.kinds, dated=event.dated, silent=event.silent, language=self.source.language,
        )  # fmt: skip
        return Entry(
            id=tag_uri(self.host, *self.folder.split("/"), event.snapshot, article_key(event.article_id)),
            title=f"{kinds.capitalize()}: {title}", at=snapshot_instant(event.snapshot), link=safe_url(article.url),
            kinds=event.kinds, section=article.section_title or article.section, html=html,
            language=self.source.language,
        )  # fmt: skip


def _bodies(told: _Told) -> tuple[str | None, str | None]:
    """Return the keys of the body before and after an event; equal where it did not change."""
    versions = told.article.versions
    place = next((n for n, version in enumerate(versions) if version.snapshot == told.event.snapshot), None)
    if place is None:
        return None, None
    return versions[place - 1].body if place else None, versions[place].body


def _push(heap: list[tuple[tuple[str, str], _Told]], told: Sequence[_Told], limit: int) -> None:
    """Keep the ``limit`` newest of all events seen."""
    for each in told:
        pair = (each.order, each)
        if len(heap) < limit:
            heapq.heappush(heap, pair)
        elif pair[0] > heap[0][0]:
            heapq.heapreplace(heap, pair)
