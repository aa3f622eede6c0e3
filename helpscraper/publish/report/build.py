"""Build a report: find the pages whose inputs changed, render them on all cores, delete what is no longer there."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.errors import CommandError
from helpscraper.publish.report.edition import EditionPages, view_frame
from helpscraper.publish.report.load import Source
from helpscraper.publish.report.manifest import Manifest, fingerprint, write_page
from helpscraper.publish.report.model import Article
from helpscraper.publish.report.render import Place, article_page
from helpscraper.publish.report.search import data_script
from helpscraper.publish.report.span import spans
from helpscraper.publish.report.translations import lead_of

__all__ = ["Built", "build_report"]

_ASSETS = ("report.css", "theme.js", "report.js", "search.js", "article.js")
_BATCH = 64
"""Articles that one process renders at a time."""
_BODIES = 12_000
"""Bodies held in memory at a time."""
_SERIAL = 150
"""Up to this many articles are rendered here: starting processes would take longer."""


@dataclass
class Built:
    """What a build did: the page to open, how many files were written, left as they were, and deleted."""

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
    workers: int | None = None,
) -> Built:
    """Build the report of every site and locale of ``catalog`` into ``folder``, or bring it up to date.

    ``first`` and ``last`` are references that bound the snapshots (see ``span.spans``). ``workers`` is the number of
    processes (default: the cores). Raises ``CommandError`` for a folder that holds something else and for an archive
    without a snapshot in the range, and ``ArchiveError`` naming a damaged file.
    """
    # A page shows what the archive says, whatever the clock: equal archives give equal reports.
    made_by = f"report/{fingerprint()}/{first or ''}/{last or ''}"
    partitions = [each for each in catalog.partitions() if catalog.ids(each)]
    if not partitions:
        raise CommandError(
            f"{catalog.store.uri} holds no snapshot", advice="`helpscraper crawl` makes the first one"
        )
    ranges = spans(catalog, partitions, lead_of(partitions), first, last)
    shown = list(ranges)
    manifest = Manifest.open(folder, made_by=made_by)
    built = Built(folder / "index.html")
    for name in _ASSETS:
        text = (files("helpscraper.publish.report") / "assets" / name).read_text(encoding="utf-8")
        _write(manifest, built, f"assets/{name}", text)
    for partition, (begin, end) in ranges.items():
        with Source(catalog, partition, begin, end) as source:
            _edition(
                source,
                manifest,
                built,
                shown,
                lead=partition == lead_of(shown),
                workers=workers or os.cpu_count() or 1,
            )
        built.editions.append(str(partition))
    built.deleted = manifest.save(made_by=made_by)
    return built


def _edition(
    source: Source,
    manifest: Manifest,
    built: Built,
    partitions: Sequence[Partition],
    *,
    lead: bool,
    workers: int,
) -> None:
    """Write the pages of one site and locale."""
    pages = EditionPages(source, partitions, lead=lead)
    folder = pages.folder
    stale, places = [], pages.place("articles")
    for owner, key, digest in pages.articles():
        page = f"{folder}/articles/{key}.html"
        if manifest.stale(page, digest):
            stale.append(owner)
        else:
            manifest.keep_beside(page)
            built.kept += 1
    for article, spilled in _rendered(source, pages, stale, places, manifest.folder / folder, workers):
        built.written += 1
        if spilled:
            page = f"{folder}/articles/{article.key}.html"
            manifest.now[page.replace(".html", "-data.js")] = manifest.now[page]
    for page, digest, make in pages.others():
        if not manifest.stale(page, digest):
            manifest.keep_beside(page)
            built.kept += 1
            continue
        for name, text in make():
            manifest.now[name] = digest
            write_page(manifest.folder / name, text)
            built.written += 1
    for below, digest, make in pages.data():
        kept = manifest.keep_folder(below, digest)
        built.kept += kept
        if not kept:
            for name, text in make():
                manifest.now[name] = digest
                write_page(manifest.folder / name, text)
                built.written += 1


def _write(manifest: Manifest, built: Built, page: str, text: str) -> None:
    """Write a file that is cheap to make, when it differs from what is there."""
    if manifest.stale(page, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]):
        write_page(manifest.folder / page, text)
        built.written += 1
    else:
        built.kept += 1


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process needs for some pages: no archive, no table."""

    folder: str
    place: Place
    articles: tuple[Article, ...]
    texts: Mapping[str, str]
    html: Mapping[str, str]
    frame: Markup


def _render(job: _Job) -> list[tuple[str, bool]]:
    """Write the pages of a job; return each article's key and whether its data went into a script beside it."""
    done = []
    for article in job.articles:
        last = next((v.body for v in reversed(article.versions) if v.body), None)
        text, data = article_page(article, job.place, job.texts, job.html.get(last or ""), job.frame)
        base = Path(job.folder) / "articles" / article.key
        if data is not None:
            write_page(base.with_name(f"{article.key}-data.js"), data_script(f"a{article.key}", data))
        write_page(base.with_suffix(".html"), text)
        done.append((article.key, data is not None))
    return done


def _rendered(
    source: Source, pages: EditionPages, wanted: Sequence[str], place: Place, folder: Path, workers: int
) -> Iterator[tuple[Article, bool]]:
    """Render the pages of the ``wanted`` articles, here or in processes, and yield each article when it is done."""
    jobs = _jobs(source, pages, wanted, place, folder)
    if len(wanted) <= _SERIAL or workers < 2:
        for job in jobs:
            yield from zip(job.articles, (spilled for _, spilled in _render(job)), strict=True)
        return
    # Fresh processes: a fork would copy the memory and the threads of DuckDB.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: dict[Future[list[tuple[str, bool]]], _Job] = {}
        for job in jobs:
            waiting[pool.submit(_render, job)] = job
            if len(waiting) > 2 * workers:
                yield from _collect(waiting)
        while waiting:
            yield from _collect(waiting)


def _collect(waiting: dict[Future[list[tuple[str, bool]]], _Job]) -> Iterator[tuple[Article, bool]]:
    for done in wait(waiting, return_when=FIRST_COMPLETED).done:
        job = waiting.pop(done)
        yield from zip(job.articles, (spilled for _, spilled in done.result()), strict=True)


def _jobs(
    source: Source, pages: EditionPages, wanted: Sequence[str], place: Place, folder: Path
) -> Iterator[_Job]:
    """Cut the work into jobs, with no more than about ``_BODIES`` bodies in memory."""
    held: list[Article] = []
    bodies, frame = 0, view_frame()
    for start in range(0, len(wanted), 2000):
        for article in source.articles(wanted[start : start + 2000], pages.editions):
            held.append(article)
            bodies += len(article.versions)
            if bodies >= _BODIES:
                yield from _cut(source, held, place, folder, frame)
                held, bodies = [], 0
    if held:
        yield from _cut(source, held, place, folder, frame)


def _cut(
    source: Source, articles: Sequence[Article], place: Place, folder: Path, frame: Markup
) -> Iterator[_Job]:
    keys = {v.body for article in articles for v in article.versions if v.body}
    latest = {next((v.body for v in reversed(article.versions) if v.body), None) for article in articles} - {
        None
    }
    texts = source.bodies(sorted(keys))
    html = source.bodies(sorted(key for key in latest if key), html=True)
    for start in range(0, len(articles), _BATCH):
        chunk = tuple(articles[start : start + _BATCH])
        mine = {v.body for article in chunk for v in article.versions if v.body}
        yield _Job(
            str(folder), place, chunk, {key: texts[key] for key in mine if key in texts},
            {key: html[key] for key in mine if key in html}, frame,
        )  # fmt: skip
