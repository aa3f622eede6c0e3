"""Recorded responses read again: the same pages, the same normalisation, and the same ledger as in a crawl.

``plan`` says which record answered which question, ``read`` turns one record into what it says (this is the
work, and runs in any process), and ``enter`` puts that into a ledger, from which ``crawl.merge`` makes the
rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlsplit

from helpscraper.archive.store import Store
from helpscraper.archive.warc import Capture, Record, read_at
from helpscraper.archive.warc.record import parse_date
from helpscraper.crawl.ledger import Ledger
from helpscraper.errors import ArchiveError, ExtractionError, InputError
from helpscraper.items import Body, RawArticle
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.pages.okx import ArticlePage, HomePage, ListingPage, OkxPage, SearchPage
from helpscraper.urls import HelpUrl, parse_help_url

__all__ = ["UNREAD", "Row", "Said", "Source", "Task", "enter", "is_ours", "plan", "read"]


@dataclass(frozen=True, slots=True)
class Task:
    """One recorded answer: what was asked for, the URL that answered, when, and the records with its head and
    payload.

    ``payload`` differs from ``record`` for a revisit; it is empty where there is no page to read (304, 404).
    """

    asked: HelpUrl
    url: str
    at: dt.datetime
    status: int
    record: str
    payload: str


@dataclass(frozen=True, slots=True)
class Row:
    """One article as a page shows it: typed columns, its body on its own page, and what normalisation did."""

    slug: str
    columns: dict[str, Any]
    body: Body | None
    outcomes: Counter[str]


@dataclass(slots=True)
class Said:
    """Everything that one recorded answer says. ``problem`` is (kind, detail) when the page could not be
    read.

    ``sections`` are (slug, title, category, content type).
    """

    task: Task
    rows: list[Row] = field(default_factory=list)
    sections: list[tuple[str, str | None, str | None, str | None]] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    language: str | None = None
    problem: tuple[str, str] | None = None


UNREAD = "unread listing"
"""The tally of listing pages that could not be read, by section."""


def is_ours(url: str, base_url: str) -> bool:
    """Tell whether ``url`` is on the site at ``base_url``; other archives met it without ``www`` and by plain
    HTTP too.

    >>> is_ours("http://okx.com:80/help/a", "https://www.okx.com")
    True
    >>> is_ours("https://okx.evil/help", "https://okx.com")
    False
    """
    try:
        a, b = urlsplit(url), urlsplit(base_url)
        ports = [None if parts.port in (80, 443) else parts.port for parts in (a, b)]
    except ValueError:
        return False
    names = [(parts.hostname or "").removeprefix("www.") for parts in (a, b)]
    return a.scheme in {"http", "https"} and names[0] == names[1] and ports[0] == ports[1] and not a.username


def plan(
    captures: Iterable[Capture], locale: str, base_url: str, holders: Mapping[str, str]
) -> Iterator[Task]:
    """Yield what each recorded answer of one crawl (in its order) is the answer to.

    ``holders`` maps a payload's digest to the record that holds it. What a redirect led to answers the
    question that the redirect was the first answer to, as in the crawl.
    """
    redirected: dict[str, HelpUrl] = {}
    for capture in captures:
        if not is_ours(capture.url, base_url):
            continue
        asked = redirected.pop(capture.url, None)
        if asked is None:
            asked = parse_help_url(capture.url)
            if asked.locale != locale:
                continue
        if capture.location:
            redirected[capture.location] = asked
        at = parse_date(capture.date)
        if asked.kind == "other" or at is None or capture.status is None:
            continue
        if capture.status // 100 == 2:
            payload = holders.get(capture.digest, "") if capture.is_revisit else capture.ref
            yield Task(asked, capture.url, at, capture.status, capture.ref, payload)
        elif asked.kind == "article" and capture.status in {304, 404, 410}:
            yield Task(asked, capture.url, at, capture.status, capture.ref, "")


class Source:
    """Records of one archive, with the files kept open; for one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = ""
        self._stream: IO[bytes] | None = None

    def record(self, reference: str) -> Record:
        """Return the record, its digests verified; raises ``InputError`` naming file and offset."""
        file, _, offset = reference.rpartition("#")
        if self._stream is None or file != self._file:
            self.close()
            self._stream, self._file = self._store.open(file), file
        record = read_at(self._stream, file, int(offset))
        wrong = record.wrong_digests(block=False)
        if wrong:
            raise InputError(f"{reference}: {'; '.join(wrong)} ({record.url})")
        return record

    def close(self) -> None:
        """Close the open file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def read(task: Task, source: Source, context: Context) -> Said:
    """Read one recorded answer; what is wrong with record or page is in the result, never raised."""
    said = Said(task)
    if task.status // 100 != 2:
        return said
    if not task.payload:
        said.problem = ("record", f"{task.record}: the payload of this revisit is not in the archive")
        return said
    try:
        page = _page(task, source.record(task.payload).body())
        _fill(said, page, context)
        said.rules, said.language = page.outcomes, page.language
    except ExtractionError as error:
        kind = "challenge" if error.field == "challenge" else "extraction"
        said.problem = (kind, f"{error.field}: {error.detail}")
    except (InputError, ArchiveError) as error:
        said.problem = ("record", error.message)
    return said


def _page(task: Task, html: bytes) -> OkxPage:
    match task.asked.kind:
        case "article":
            return ArticlePage(task.url, html, slug=task.asked.slug)
        case "home":
            return HomePage(task.url, html)
        case "search":
            return SearchPage(task.url, html)
    return ListingPage(task.url, html)


def _fill(said: Said, page: OkxPage, context: Context) -> None:
    match page:
        case ArticlePage():
            if not _moved(said.task):
                said.rows = [_row(page.article, context)]
        case SearchPage():
            said.rows = [_row(raw, context) for raw in page.articles]
        case ListingPage():
            landed, asked = parse_help_url(said.task.url), said.task.asked
            if asked.kind == "section":
                if (landed.kind, landed.slug, landed.page) != ("section", asked.slug, asked.page):
                    raise page.error("url", f"section {asked.slug}, page {asked.page} leads to another page")
                said.rows = [_row(raw, context) for raw in page.articles]
            said.sections = [
                (each.slug, each.title, each.category, each.content_type) for each in page.sections
            ]


def _row(raw: RawArticle, context: Context) -> Row:
    values = normalise_article(raw, context)
    return Row(raw.slug, values.columns, values.body, values.outcomes)


def _moved(task: Task) -> str | None:
    """Return the slug that an article's page was redirected to, None when it stayed where it was."""
    landed = parse_help_url(task.url)
    stayed = landed.kind != "article" or landed.slug == task.asked.slug or landed.locale != task.asked.locale
    return None if stayed else landed.slug


def enter(ledger: Ledger, said: Said) -> None:
    """Enter in ``ledger`` what one answer says, as the spider and the pipelines do for a live one."""
    task = said.task
    slug = task.asked.slug or ""
    page = {"section": "listing"}.get(task.asked.kind, task.asked.kind)
    ledger.tally("rules", {f"{page}.{name}": n for name, n in said.rules.items()})
    if said.language:
        ledger.tally("language", {said.language: 1})
    for row in said.rows:
        ledger.tally("fields", row.outcomes)
    if said.problem is not None:
        kind, detail = said.problem
        ledger.problem(kind, task.url, f"{task.record}: {detail}")
    if task.asked.kind == "article":
        _enter_article(ledger, said, slug)
        return
    if said.problem is not None and task.asked.kind == "section":
        ledger.tally(UNREAD, {slug: 1})
    for name, title, category, content_type in said.sections:
        ledger.section(name, title=title, category=category, content_type=content_type)
    for row in said.rows:
        article_id = row.columns.get("article_id")
        if article_id is None:
            ledger.problem("slug", task.url, f"{task.record}: {row.slug[:80]!r} is not a slug")
        else:
            listed_by = slug if task.asked.kind == "section" else ""
            ledger.sighting(article_id, listed_by, row.columns | {"warc_record": task.record})


def _enter_article(ledger: Ledger, said: Said, slug: str) -> None:
    task, landed = said.task, _moved(said.task)
    if task.status == 304:
        ledger.validated(slug, {"fetched_at": task.at})
    elif task.status in {404, 410}:
        ledger.settle(slug, "gone", f"HTTP {task.status}")
    elif said.problem is not None:
        ledger.settle(slug, "failed", said.problem[1])
    elif landed is not None:
        ledger.settle(slug, "gone", f"redirects to {landed}")
    for row in said.rows:
        if row.columns.get("title") is None:
            ledger.problem("invalid", task.url, f"{task.record}: no title")
            ledger.settle(slug, "failed", "no title")
        else:
            columns = row.columns | {"warc_record": task.record, "fetched_at": task.at}
            ledger.fetched(row.columns["article_id"], columns, row.body)
