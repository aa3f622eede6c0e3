"""Build a report: render the pages whose inputs changed, on all cores, and delete obsolete ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from helpscraper.archive.layout import Partition
from helpscraper.archive.progress import Progress, silent
from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError
from helpscraper.publish.jobs import run_jobs
from helpscraper.publish.load import EditionData
from helpscraper.publish.manifest import Manifest, fingerprint, holds_feeds, write_page
from helpscraper.publish.model import ArticleHistory, Crawl, CrawlRow
from helpscraper.publish.report.edition import EditionPages, Gain
from helpscraper.publish.report.lists import texts_of
from helpscraper.publish.report.render import (
    PageLocation,
    article_page,
    first_rows,
    marked,
    rows_page,
    rows_script,
)
from helpscraper.publish.report.search import data_script
from helpscraper.publish.report.span import spans
from helpscraper.publish.sanitise import safe_url
from helpscraper.publish.translations import main_edition

__all__ = ["ReportBuilt", "build_report"]

_ASSETS = ("report.css", "theme.js", "report.js", "search.js", "article.js")
_BATCH = 64
"""Articles of one job."""
_BODIES = 12_000
"""Bodies held in memory at a time."""
_SERIAL_EDITS = 2000
"""Up to this many edits are compared in this process."""
_SERIAL = 150
"""Up to this many articles are rendered in this process, because starting others takes longer."""


@dataclass
class ReportBuilt:
    """The result of a build: the page to open, and numbers of files written, kept and deleted."""

    index: Path
    written: int = 0
    kept: int = 0
    deleted: int = 0
    editions: list[str] = field(default_factory=list)


def build_report(
    catalog: Catalog,
    folder: Path,
    *,
    first: str | None = None,
    last: str | None = None,
    feeds: str | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> ReportBuilt:
    """Build or update the report of every site and locale of ``catalog`` in ``folder``.

    ``first`` and ``last`` are references that bound the snapshots (see ``span.spans``); ``feeds`` is the URL or the
    folder of the feeds, to which the pages link (default: the folder ``feeds`` beside ``folder``); ``workers`` is the
    number of processes (default: one per core). Raises ``CommandError`` for a folder that holds something else and for
    an archive without a snapshot in the range, and ``ArchiveError`` naming a damaged file.
    """
    # Without the time of the build, so that equal archives give equal reports.
    made_by = f"report/{fingerprint()}/{first or ''}/{last or ''}"
    partitions = [each for each in catalog.partitions() if catalog.ids(each)]
    if not partitions:
        raise CommandError(
            f"{catalog.store.uri} holds no snapshot", advice="make one with `helpscraper crawl`"
        )
    ranges = spans(catalog, partitions, main_edition(partitions), first, last)
    shown = list(ranges)
    where = _feeds_from(folder, feeds)
    manifest = Manifest.open(folder, made_by=made_by)
    built = ReportBuilt(folder / "index.html")
    for name in _ASSETS:
        text = (files("helpscraper.publish.report") / "assets" / name).read_text(encoding="utf-8")
        page = f"assets/{name}"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        if manifest.stale(page, digest):
            _write(manifest, built, [(page, text)], digest)
        else:
            built.kept += 1
    for partition, (begin, end) in ranges.items():
        with EditionData(catalog, partition, begin, end) as source:
            _build_edition(
                source,
                manifest,
                built,
                shown,
                lead=partition == main_edition(shown),
                feeds=where,
                workers=workers or os.cpu_count() or 1,
                progress=progress,
            )
        built.editions.append(str(partition))
    built.deleted = manifest.save(made_by=made_by)
    return built


def _feeds_from(folder: Path, feeds: str | None) -> str | None:
    """Return the URL of the feeds, or their folder as a path from ``folder``; None where there are none.

    Raises ``CommandError`` for a folder that holds no feeds.
    """
    if feeds is not None and safe_url(feeds):
        return feeds.rstrip("/")
    beside = folder.resolve().parent / "feeds" if feeds is None else Path(feeds).resolve()
    if holds_feeds(beside):
        return quote(os.path.relpath(beside, folder.resolve()).replace(os.sep, "/"))
    if feeds is not None:
        raise CommandError(
            f"{feeds} holds no feeds", advice="make them with `helpscraper feed`, or give a URL"
        )
    return None


def _build_edition(
    source: EditionData,
    manifest: Manifest,
    built: ReportBuilt,
    partitions: Sequence[Partition],
    *,
    lead: bool,
    feeds: str | None,
    workers: int,
    progress: Progress,
) -> None:
    """Write the pages of one site and locale."""
    pages = EditionPages(source, partitions, lead=lead, feeds=feeds)
    folder = pages.folder
    stale, places = [], pages.place("articles")
    for owner, key, digest in pages.articles():
        page = f"{folder}/articles/{key}.html"
        if manifest.stale(page, digest):
            stale.append(owner)
        else:
            manifest.keep_scripts(page)
            built.kept += 1
    progress(folder, 0, len(stale))
    rendered = _rendered(source, pages, stale, places, manifest.folder / folder, workers)
    for done, (article, separate) in enumerate(rendered, 1):
        progress(folder, done, len(stale))
        built.written += 1
        if separate:
            page = f"{folder}/articles/{article.key}.html"
            manifest.now[page.replace(".html", "-data.js")] = manifest.now[page]
    _write_crawls(source, pages, manifest, built, workers)
    for page, digest, make in pages.other_pages():
        if manifest.stale(page, digest):
            _write(manifest, built, make(), digest)
        else:
            manifest.keep_scripts(page)
            built.kept += 1
    for below, digest, make in pages.data():
        kept = manifest.keep_folder(below, digest)
        built.kept += kept
        if not kept:
            _write(manifest, built, make(), digest)


def _write(manifest: Manifest, built: ReportBuilt, made: Iterable[tuple[str, str]], digest: str) -> None:
    """Write files, given as path and text, whose inputs have ``digest``."""
    for name, text in made:
        manifest.now[name] = digest
        write_page(manifest.folder / name, text)
        built.written += 1


@dataclass(frozen=True, slots=True)
class _CrawlJob:
    """The input of a process that renders the page of a crawl, without the archive."""

    base: Path
    place: PageLocation
    crawl: Crawl
    rows: list[CrawlRow]
    gains: tuple[list[Gain], list[Gain]]
    texts: Mapping[str, str]


def _write_crawls(
    source: EditionData, pages: EditionPages, manifest: Manifest, built: ReportBuilt, workers: int
) -> None:
    """Write the pages of the crawls whose inputs changed."""
    stale = []
    for crawl, page, digest in pages.crawl_pages():
        if manifest.stale(page, digest):
            stale.append(crawl)
        else:
            manifest.keep_scripts(page)
            built.kept += 1
    folder = f"{pages.folder}/crawls"
    edits = sum(crawl.kinds.get("edited", 0) for crawl in stale)
    jobs = _crawl_jobs(source, pages, stale, manifest.folder / folder)
    for job, names in run_jobs(_render_crawl, jobs, workers if edits > _SERIAL_EDITS else 1):
        built.written += len(names)
        digest = manifest.now[f"{folder}/{job.crawl.id}.html"]
        manifest.now |= {f"{folder}/{name}": digest for name in names}


def _crawl_jobs(
    source: EditionData, pages: EditionPages, crawls: Sequence[Crawl], folder: Path
) -> Iterator[_CrawlJob]:
    """Yield a job for each crawl; the bodies of several crawls are read at once."""
    place = pages.place("crawls")
    held: list[tuple[Crawl, list[CrawlRow]]] = []
    bodies = 0

    def jobs() -> Iterator[_CrawlJob]:
        texts = texts_of(source, [row for _, rows in held for row in first_rows(rows)])
        for crawl, rows in held:
            keys = {key for row in rows for key in row.bodies or () if key}
            mine = {name: texts[name] for key in keys for name in (key, marked(key)) if name in texts}
            yield _CrawlJob(folder / crawl.id, place, crawl, rows, pages.crawl_counts(crawl), mine)

    for crawl in crawls:
        held.append((crawl, pages.crawl_rows(crawl)))
        bodies += 2 * crawl.kinds.get("edited", 0)
        if bodies >= _BODIES:
            yield from jobs()
            held, bodies = [], 0
    yield from jobs()


def _render_crawl(job: _CrawlJob) -> list[str]:
    """Write the page of a crawl and its separate scripts, and return their names."""
    name, (gains, every) = job.crawl.id, job.gains
    made = {
        f"{name}.html": rows_page(
            "crawl.html", job.place, job.rows, job.texts, crawl=job.crawl, counted=len(every), gains=gains
        )
    }
    made |= rows_script(name, job.rows, job.place.language)
    if len(every) > len(gains):
        keys = [[key, before, after] for key, _, before, after in every]
        made[f"{name}-views.js"] = data_script(f"views{name}", keys)
    for file, text in made.items():
        write_page(job.base.with_name(file), text)
    return list(made)


@dataclass(frozen=True, slots=True)
class _Job:
    """The input of a process that renders some pages, without the archive."""

    folder: str
    place: PageLocation
    articles: tuple[ArticleHistory, ...]
    texts: Mapping[str, str]
    html: Mapping[str, str]


def _render(job: _Job) -> list[bool]:
    """Write the pages of a job; tell for each article whether its data is in a separate script."""
    separate = []
    for article in job.articles:
        last = next((v.body for v in reversed(article.versions) if v.body), None)
        text, data = article_page(article, job.place, job.texts, job.html.get(last or ""))
        base = Path(job.folder) / "articles" / article.key
        if data is not None:
            write_page(base.with_name(f"{article.key}-data.js"), data_script(f"a{article.key}", data))
        write_page(base.with_suffix(".html"), text)
        separate.append(data is not None)
    return separate


def _rendered(
    source: EditionData,
    pages: EditionPages,
    wanted: Sequence[str],
    place: PageLocation,
    folder: Path,
    workers: int,
) -> Iterator[tuple[ArticleHistory, bool]]:
    """Render the pages of the ``wanted`` articles and yield each article with whether its data is separate."""
    jobs = _jobs(source, pages, wanted, place, folder)
    for job, separate in run_jobs(_render, jobs, workers if len(wanted) > _SERIAL else 1):
        yield from zip(job.articles, separate, strict=True)


def _jobs(
    source: EditionData, pages: EditionPages, wanted: Sequence[str], place: PageLocation, folder: Path
) -> Iterator[_Job]:
    """Split the work into jobs, with at most about ``_BODIES`` bodies in memory."""
    held: list[ArticleHistory] = []
    bodies = 0
    for start in range(0, len(wanted), 2000):
        for article in source.articles(wanted[start : start + 2000], pages.translations):
            held.append(replace(article, last_seen=pages.last_seen.get(article.article_id, {})))
            bodies += len(article.versions)
            if bodies >= _BODIES:
                yield from _split(source, held, place, folder)
                held, bodies = [], 0
    if held:
        yield from _split(source, held, place, folder)


def _split(
    source: EditionData, articles: Sequence[ArticleHistory], place: PageLocation, folder: Path
) -> Iterator[_Job]:
    bodies = [[v.body for v in article.versions if v.body] for article in articles]
    texts = source.bodies(sorted({key for keys in bodies for key in keys}))
    html = source.bodies(sorted({keys[-1] for keys in bodies if keys}), form="html")
    for start in range(0, len(articles), _BATCH):
        chunk = tuple(articles[start : start + _BATCH])
        mine = {v.body for article in chunk for v in article.versions if v.body}
        yield _Job(
            str(folder), place, chunk, {key: texts[key] for key in mine if key in texts},
            {key: html[key] for key in mine if key in html},
        )  # fmt: skip
