"""An archive as files of Atom: which feeds there are, and which of them must be made again."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError
from helpscraper.history.kinds import check_kinds
from helpscraper.publish.feed.newest import Newest, newest_of
from helpscraper.publish.feed.pages import Told, Voice, bodies_of, feed_page, told_of
from helpscraper.publish.report.load import Source
from helpscraper.publish.report.manifest import Manifest, fingerprint, write_bytes
from helpscraper.publish.report.model import Article, article_key
from helpscraper.publish.report.sanitise import safe_url
from helpscraper.publish.report.translations import lead_of
from helpscraper.sites import sites_at

__all__ = ["CONTENT_KINDS", "FeedsBuilt", "build_feeds"]

CONTENT_KINDS = ("added", "removed", "renamed", "edited", "retitled", "moved")
"""What a reader is told of unless asked otherwise: not dates and counts that move by themselves."""

_BATCH = 2000
"""Articles whose bodies are read at a time: every reading looks through all files of bodies."""
_JOB = 100
"""Articles that one process makes the feeds of at a time."""
_SERIAL = 400
"""Up to this many feeds of articles are made here: starting processes would take longer."""


@dataclass
class FeedsBuilt:
    """What a build did: the feed of the first site, and how many files were written, left and deleted."""

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
    workers: int | None = None,
) -> FeedsBuilt:
    """Write the feeds of every site and locale of ``catalog`` into ``folder``, or bring them up to date.

    ``kinds`` are the kinds of change that are told, ``limit`` is the number of entries of one feed, ``base_url`` the
    address where ``folder`` is served (feeds then name their own), ``workers`` the number of processes (default: the
    cores). Raises ``CommandError`` for an unknown kind, an
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
    made_by = f"feed/{fingerprint()}/{sorted(wanted)}/{limit}/{base_url}"
    manifest = Manifest.open(folder, made_by=made_by)
    lead = lead_of(partitions)
    built = FeedsBuilt(folder / lead.site / lead.locale / "all.atom")
    for partition in partitions:
        with Source(catalog, partition, counted="counted" in wanted, views=False) as source:
            _Feeds(source, manifest, built, wanted, limit, base_url).write(workers or os.cpu_count() or 1)
    built.deleted = manifest.save(made_by=made_by)
    return built


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process needs for some feeds of articles: no archive, no table."""

    folder: Path
    voice: Voice
    feeds: tuple[tuple[Article, tuple[Told, ...]], ...]
    former: Mapping[str, Sequence[str]]
    texts: Mapping[str, str]


def _make(job: _Job) -> int:
    """Write the feeds of a job, at their former addresses too, and return how many files that made."""
    where = f"{job.voice.partition.site}/{job.voice.partition.locale}"
    written = 0
    for article, told in job.feeds:
        parts, link = ("articles", article.key), safe_url(article.url)
        for key in (article.key, *job.former.get(article.article_id, ())):
            page = f"{where}/articles/{key}.atom"
            write_bytes(
                job.folder / page, feed_page(job.voice, page, article.title, parts, told, job.texts, link)
            )
            written += 1
    return written


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
        self.kinds, self.limit = kinds, limit
        partition = source.partition
        self.folder = f"{partition.site}/{partition.locale}"
        site = sites_at(source.catalog.store.uri).by_name.get(partition.site)
        # A site that we do not know has no name on the web that we could speak for.
        host = urlsplit(site.base_url).hostname or "" if site else f"{partition.site}.invalid"
        self.voice = Voice(partition, host, source.language, source.ids[0], base_url)
        self.home = site.help_url(partition.locale) if site else None
        self.digests = source.article_digests()
        # Whoever reads the feed of an article goes on reading it when the article gets another address.
        self.former: dict[str, list[str]] = {}
        for before, owner in sorted(source.renamed.items()):
            if before not in self.digests:
                self.former.setdefault(owner, []).append(article_key(before))

    def write(self, workers: int) -> None:
        """Write the feeds of the articles that changed, then those of the sections and the site that tell of them."""
        stale = []
        for owner, digest in self.digests.items():
            keys = (article_key(owner), *self.former.get(owner, ()))
            # Each of them is asked: the manifest notes what it is asked about.
            answers = [self.manifest.stale(f"{self.folder}/articles/{key}.atom", digest) for key in keys]
            if True in answers:
                stale.append(owner)
            else:
                self.built.kept += len(keys)
        self._articles(stale, workers)
        lost = list(self.source.articles(self.source.lost(), {}))
        several = []
        for newest in newest_of(self.source, lost, self.kinds, self.limit):
            inputs = repr((newest.inputs(self.digests), self.voice.first))
            digest = hashlib.sha256(inputs.encode("utf-8", "replace")).hexdigest()[:32]
            if self.manifest.stale(self._page(newest), digest):
                several.append(newest)
            else:
                self.built.kept += 1
        self._several(several)

    def _page(self, newest: Newest) -> str:
        if newest.slug is None:
            return f"{self.folder}/all.atom"
        return f"{self.folder}/sections/{article_key(newest.slug)}.atom"

    def _several(self, several: Sequence[Newest]) -> None:
        """Write feeds that tell of several articles."""
        owners = sorted({owner for newest in several for owner, _ in newest.events})
        events = {
            (article.article_id, told.event.snapshot): told
            for article in self.source.articles(owners, {})
            for told in told_of(article, self.kinds, self.limit)
        }
        texts = self._texts(events[each] for newest in several for each in newest.events)
        for newest in several:
            told = [events[each] for each in newest.events]
            parts = ("all",) if newest.slug is None else ("sections", article_key(newest.slug))
            page = self._page(newest)
            data = feed_page(self.voice, page, newest.title, parts, told, texts, self.home)
            write_bytes(self.manifest.folder / page, data)
            self.built.written += 1

    def _articles(self, stale: Sequence[str], workers: int) -> None:
        """Write the feeds of articles, here or in processes."""
        jobs = self._jobs(stale)
        if len(stale) <= _SERIAL or workers < 2:
            self.built.written += sum(map(_make, jobs))
            return
        # Fresh processes: a fork would copy the memory and the threads of DuckDB.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            waiting: set[Future[int]] = set()
            for job in jobs:
                waiting.add(pool.submit(_make, job))
                if len(waiting) > 2 * workers:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    self.built.written += sum(each.result() for each in done)
            self.built.written += sum(each.result() for each in waiting)

    def _jobs(self, stale: Sequence[str]) -> Iterator[_Job]:
        for start in range(0, len(stale), _BATCH):
            found = self.source.articles(stale[start : start + _BATCH], {})
            feeds = [(article, tuple(told_of(article, self.kinds, self.limit))) for article in found]
            texts = self._texts(each for _, told in feeds for each in told)
            for first in range(0, len(feeds), _JOB):
                mine = tuple(feeds[first : first + _JOB])
                keys = bodies_of(each for _, told in mine for each in told)
                held = {key: texts[key] for key in keys if key in texts}
                owners = [article.article_id for article, _ in mine]
                former = {owner: self.former[owner] for owner in owners if owner in self.former}
                yield _Job(self.manifest.folder, self.voice, mine, former, held)

    def _texts(self, told: Iterable[Told]) -> dict[str, str]:
        return self.source.bodies(sorted(bodies_of(told)))
