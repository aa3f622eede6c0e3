"""Build the Atom feeds of an archive; only feeds whose entries have changed are written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from helpscraper.archive.progress import Progress, silent
from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError
from helpscraper.history.kinds import check_kinds
from helpscraper.normalise.article import Context
from helpscraper.platforms import home_page
from helpscraper.publish.feed.index import ListedEdition, index_files
from helpscraper.publish.feed.pages import FeedContext, FeedEntry, body_keys, feed_entries, feed_page
from helpscraper.publish.feed.sections import SectionFeed, section_feeds
from helpscraper.publish.jobs import run_jobs
from helpscraper.publish.load import EditionData
from helpscraper.publish.manifest import Manifest, fingerprint, write_bytes, write_page
from helpscraper.publish.model import ArticleHistory, article_key, feed_name
from helpscraper.publish.sanitise import safe_url
from helpscraper.sites import sites_at

__all__ = ["CONTENT_KINDS", "FeedsBuilt", "build_feeds"]

CONTENT_KINDS = ("added", "removed", "renamed", "edited", "retitled", "moved")
"""The default kinds: without dates and counts that change by themselves."""

_BATCH = 2000
"""Articles whose bodies are read at a time."""
_JOB = 100
"""Articles of one job."""
_SERIAL = 400
"""Up to this many feeds of articles are made in this process, because starting others takes longer."""


@dataclass
class FeedsBuilt:
    """The result of a build: the page that lists the feeds, and numbers of files written, kept and deleted."""

    index: Path
    written: int = 0
    kept: int = 0
    deleted: int = 0


def build_feeds(
    catalog: Catalog,
    folder: Path,
    *,
    kinds: Iterable[str] = CONTENT_KINDS,
    limit: int = 100,
    base_url: str | None = None,
    report_url: str | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> FeedsBuilt:
    """Write or update the feeds of every site and locale of ``catalog`` in ``folder``.

    ``kinds`` are the kinds of change to include, ``limit`` is the number of entries of a feed, ``base_url`` the URL at
    which ``folder`` is served (feeds then link to themselves), ``report_url`` that of the report (entries then link to
    their change in it), ``workers`` the number of processes (default: one per
    core). Raises ``CommandError`` for an unknown kind, an archive without a snapshot, an invalid URL, and a folder that
    holds something else.
    """
    wanted = frozenset(check_kinds(kinds))
    for url in (base_url, report_url):
        if url is not None and safe_url(url) is None:
            raise CommandError(f"{url!r} is not a web address", advice="give one such as https://host/path")
    partitions = [each for each in catalog.partitions() if catalog.ids(each)]
    if not partitions:
        raise CommandError(
            f"{catalog.store.uri} holds no snapshot", advice="make one with `helpscraper crawl`"
        )
    made_by = f"feed/{fingerprint()}/{sorted(wanted)}/{limit}/{base_url}/{report_url}"
    manifest = Manifest.open(folder, made_by=made_by)
    built = FeedsBuilt(folder / "index.html")
    editions = []
    for partition in partitions:
        with EditionData(catalog, partition, counted="counted" in wanted, views=False) as source:
            feeds = _Feeds(source, manifest, built, wanted, limit, base_url, report_url)
            feeds.write(workers or os.cpu_count() or 1, progress)
            editions.append(feeds.listed())
    for page, text in index_files(editions, base_url):
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        if manifest.stale(page, digest):
            write_page(folder / page, text)
            built.written += 1
        else:
            built.kept += 1
    built.deleted = manifest.save(made_by=made_by)
    return built


@dataclass(frozen=True, slots=True)
class _Job:
    """The input of a process that makes some feeds of articles, without the archive."""

    folder: Path
    context: FeedContext
    feeds: tuple[tuple[ArticleHistory, tuple[FeedEntry, ...]], ...]
    addresses: Mapping[str, Sequence[tuple[str, str]]]
    texts: Mapping[str, str]


def _write_feeds(job: _Job) -> int:
    """Write the feeds of a job at each of their addresses, and return the number of files."""
    written = 0
    for article, entries in job.feeds:
        link = safe_url(article.url)
        for page, key in job.addresses[article.article_id]:
            # RFC 4287 4.2.6: the id of the feed at an address is permanent, also after a rename.
            parts = ("articles", key)
            write_bytes(
                job.folder / page,
                feed_page(job.context, page, article.title, parts, entries, job.texts, link),
            )
            written += 1
    return written


class _Feeds:
    """The feeds of one site and locale."""

    def __init__(
        self,
        source: EditionData,
        manifest: Manifest,
        built: FeedsBuilt,
        kinds: frozenset[str],
        limit: int,
        base_url: str | None,
        report_url: str | None,
    ) -> None:
        self.source, self.manifest, self.built = source, manifest, built
        self.kinds, self.limit = kinds, limit
        partition = source.partition
        self.folder = f"{partition.site}/{partition.locale}"
        site = sites_at(source.catalog.store.uri).by_name.get(partition.site)
        # The host of an unknown site is unknown.
        host = urlsplit(site.base_url).hostname or "" if site else f"{partition.site}.invalid"
        self.context = FeedContext(partition, host, source.language, source.ids[0], base_url, report_url)
        self.home = home_page(Context(site, partition.locale)) if site else None
        self.digests = source.article_digests()
        # A feed stays at its old address too when the article is renamed.
        self.former: dict[str, list[str]] = {}
        for before, owner in sorted(source.renamed.items()):
            if before not in self.digests:
                self.former.setdefault(owner, []).append(before)

    def write(self, workers: int, progress: Progress) -> None:
        """Write the changed feeds of articles, sections and site."""
        stale = []
        for owner, digest in self.digests.items():
            # A list, because the manifest must record every address.
            answers = [self.manifest.stale(page, digest) for page, _ in self._addresses(owner)]
            if True in answers:
                stale.append(owner)
            else:
                self.built.kept += len(answers)
        jobs = self._jobs(stale)
        workers = workers if len(stale) > _SERIAL else 1
        progress(self.folder, 0, len(stale))
        done = 0
        for job, written in run_jobs(_write_feeds, jobs, workers):
            self.built.written += written
            done += len(job.feeds)
            progress(self.folder, done, len(stale))
        missing = list(self.source.articles(self.source.missing_articles(), {}))
        stale_feeds = []
        for feed in section_feeds(self.source, missing, self.kinds, self.limit):
            inputs = repr((feed.inputs(self.digests), self.context.first))
            digest = hashlib.sha256(inputs.encode("utf-8", "replace")).hexdigest()[:32]
            answers = [self.manifest.stale(page, digest) for page in self._pages(feed)]
            if True in answers:
                stale_feeds.append(feed)
            else:
                self.built.kept += len(answers)
        self._write_sections(stale_feeds)

    def _addresses(self, owner: str) -> list[tuple[str, str]]:
        """Return the paths of an article's feed, each with the key in its id: of the present and of former names."""
        return [
            (page, article_key(name))
            for name in (owner, *self.former.get(owner, ()))
            for page in self._paths("articles", name)
        ]

    def _paths(self, kind: str, name: str) -> list[str]:
        """Return the path of a feed, and the one by digest that an earlier version of helpscraper gave it here."""
        named, keyed = (f"{self.folder}/{kind}/{each}.atom" for each in (feed_name(name), article_key(name)))
        return [named, keyed] if keyed in self.manifest.before and keyed != named else [named]

    def _pages(self, feed: SectionFeed) -> list[str]:
        return [f"{self.folder}/all.atom"] if feed.slug is None else self._paths("sections", feed.slug)

    def listed(self) -> ListedEdition:
        """Return the feeds for the index: all changes, the sections, the articles by section."""
        labels = self.source.labels
        sections: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        known = {owner: labels.get(owner, (owner, "", "")) for owner in self.digests}
        for owner, (title, slug, section) in sorted(
            known.items(), key=lambda each: (each[1][0].casefold(), each[0])
        ):
            articles = sections.setdefault(slug, (section or "No section", []))[1]
            articles.append((title, f"articles/{feed_name(owner)}.atom"))
        listed = [
            (title, f"sections/{feed_name(slug)}.atom", tuple(articles))
            for slug, (title, articles) in sorted(sections.items(), key=lambda each: (each[1][0], each[0]))
        ]
        return ListedEdition(self.folder, self.source.language, tuple(listed))

    def _write_sections(self, feeds: Sequence[SectionFeed]) -> None:
        """Write the feeds of sections and site."""
        owners = sorted({owner for feed in feeds for owner, _ in feed.events})
        events = {
            (article.article_id, entry.event.snapshot): entry
            for article in self.source.articles(owners, {})
            for entry in feed_entries(article, self.kinds, self.limit)
        }
        texts = self._texts(events[each] for feed in feeds for each in feed.events)
        for feed in feeds:
            entries = [events[each] for each in feed.events]
            parts = ("all",) if feed.slug is None else ("sections", article_key(feed.slug))
            for page in self._pages(feed):
                data = feed_page(self.context, page, feed.title, parts, entries, texts, self.home)
                write_bytes(self.manifest.folder / page, data)
                self.built.written += 1

    def _jobs(self, stale: Sequence[str]) -> Iterator[_Job]:
        for start in range(0, len(stale), _BATCH):
            found = self.source.articles(stale[start : start + _BATCH], {})
            feeds = [(article, tuple(feed_entries(article, self.kinds, self.limit))) for article in found]
            texts = self._texts(each for _, entries in feeds for each in entries)
            for first in range(0, len(feeds), _JOB):
                mine = tuple(feeds[first : first + _JOB])
                keys = body_keys(each for _, entries in mine for each in entries)
                held = {key: texts[key] for key in keys if key in texts}
                addresses = {each.article_id: self._addresses(each.article_id) for each, _ in mine}
                yield _Job(self.manifest.folder, self.context, mine, addresses, held)

    def _texts(self, entries: Iterable[FeedEntry]) -> dict[str, str]:
        return self.source.bodies(sorted(body_keys(entries)))
