"""Recorded responses read again: the same pages, the same normalisation, and the same ledger as in a crawl.

``plan`` says which record answered which question. ``read`` notes what one record says (this is the work, and
runs in any process), and the notes go into a ledger, from which ``crawl.merge`` makes the rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

from helpscraper.archive.store import Store
from helpscraper.archive.warc import Capture, Record, read_at
from helpscraper.archive.warc.record import parse_date
from helpscraper.crawl.notes import Notes
from helpscraper.errors import ArchiveError, ExtractionError, InputError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.pages.okx import ArticlePage, HomePage, ListingPage, OkxPage, SearchPage
from helpscraper.urls import HelpUrl, parse_help_url

__all__ = ["PER_ANSWER", "UNREAD", "Source", "Task", "is_ours", "plan", "question", "read", "unanswered"]


@dataclass(frozen=True, slots=True)
class Task:
    """One recorded answer: what was asked for, the URL that answered, when, and the records with its head and
    payload.

    ``payload`` differs from ``record`` for a revisit; it is empty where there is no page to read (304, 404).
    ``redirected`` says that another address was asked for first.
    """

    asked: HelpUrl
    url: str
    at: dt.datetime
    status: int
    record: str
    payload: str
    redirected: bool = False


UNREAD = "unread"
"""The tally of answers that could not be read, by ``question``."""

PER_ANSWER = frozenset({"challenge", "extraction", "record"})
"""The kinds of problem that make an answer unread; others are about a line on a page that was read."""


def question(asked: HelpUrl) -> str:
    """Return what was asked for in one word, the same for every record that answers it."""
    return f"{asked.kind}/{asked.slug or ''}/{asked.page}"


def unanswered(tasks: Iterable[Task], unread: Mapping[str, int]) -> set[str]:
    """Return the questions of which no recorded answer could be read; ``unread`` counts those that could not.

    A crawl asks again for what was a hiccup of the site, and both answers are recorded.
    """
    answers = Counter(question(task.asked) for task in tasks)
    return {each for each, count in unread.items() if count >= answers[each]}


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


# Whoever is answered so asks for the same address again (the setting ``RETRY_HTTP_CODES``).
_NOT_NOW = frozenset({403, 408, 429})


def plan(
    captures: Iterable[Capture],
    locale: str,
    base_url: str,
    holders: Mapping[str, str],
    *,
    redirects: bool = True,
) -> Iterator[Task]:
    """Yield what each recorded answer of one crawl (in its order) is the answer to.

    ``holders`` maps a payload's digest to the record that holds it. What a redirect led to answers the
    question that the redirect was the first answer to, as in the crawl. Without ``redirects`` every page answers for
    its own address, as among captures that nobody followed from one to the other.
    """
    redirected: defaultdict[str, list[HelpUrl]] = defaultdict(list)
    for capture in captures:
        if not is_ours(capture.url, base_url):
            continue
        led = _led(redirected[capture.url], capture.status) if capture.url in redirected else None
        asked = led
        if asked is None:
            asked = parse_help_url(capture.url)
            if asked.locale != locale:
                continue
        if capture.location and redirects:
            redirected[capture.location].append(asked)
        at = parse_date(capture.date)
        if asked.kind == "other" or at is None or capture.status is None:
            continue
        if capture.status // 100 == 2:
            payload = capture.ref
            if capture.is_revisit:
                # Records without a digest have no payload in common.
                payload = holders.get(capture.digest, "") if capture.digest else ""
            yield Task(asked, capture.url, at, capture.status, capture.ref, payload, led is not None)
        elif asked.kind == "article" and capture.status in {304, 404, 410}:
            yield Task(asked, capture.url, at, capture.status, capture.ref, "", led is not None)


def _led(waiting: list[HelpUrl], status: int | None) -> HelpUrl | None:
    """Return which of the questions that were led here, oldest first, an answer with ``status`` is for."""
    if not waiting:
        return None
    return waiting[0] if status in _NOT_NOW or (status or 0) >= 500 else waiting.pop(0)


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


def read(task: Task, source: Source, context: Context, notes: Notes) -> None:
    """Note what one recorded answer says, as the spider and the pipelines enter it for a live one.

    What is wrong with the record or the page is noted too, never raised.
    """
    try:
        if task.status // 100 == 2:
            page = _page(task, source)
            _note_page(page, task, context, notes)
            _note_rules(page, task, notes)
        elif not task.redirected:
            _note_answer(task, notes)
    except ExtractionError as error:
        kind = "challenge" if error.field == "challenge" else "extraction"
        _note_unread(task, kind, f"{error.field}: {error.detail}", notes)
    except (InputError, ArchiveError) as error:
        _note_unread(task, "record", error.message, notes)


def _page(task: Task, source: Source) -> OkxPage:
    if not task.payload:
        raise InputError(f"{task.record}: the payload of this revisit is not in the archive")
    html = source.record(task.payload).body()
    match task.asked.kind:
        case "article":
            return ArticlePage(task.url, html, slug=task.asked.slug)
        case "home":
            return HomePage(task.url, html)
        case "search":
            return SearchPage(task.url, html)
    return ListingPage(task.url, html)


def _note_rules(page: OkxPage, task: Task, notes: Notes) -> None:
    name = "listing" if task.asked.kind == "section" else task.asked.kind
    notes.tally("rules", {f"{name}.{rule}": n for rule, n in page.outcomes.items()})
    if page.language:
        notes.tally("language", {page.language: 1})


def _note_page(page: OkxPage, task: Task, context: Context, notes: Notes) -> None:
    match page:
        case ArticlePage():
            _note_article(page, task, context, notes)
        case SearchPage():
            _note_rows(page.articles, task, context, notes)
        case ListingPage():
            rows: list[RawArticle] = []
            landed, asked = parse_help_url(task.url), task.asked
            if asked.kind == "section":
                if (landed.kind, landed.slug, landed.page) != ("section", asked.slug, asked.page):
                    raise page.error("url", f"section {asked.slug}, page {asked.page} leads to another page")
                rows = page.articles
            for each in page.sections:
                notes.section(
                    each.slug, title=each.title, category=each.category, content_type=each.content_type
                )
            _note_rows(rows, task, context, notes)


def _note_rows(raws: Iterable[RawArticle], task: Task, context: Context, notes: Notes) -> None:
    listed_by = (task.asked.slug or "") if task.asked.kind == "section" else ""
    for raw in raws:
        values = normalise_article(raw, context)
        notes.tally("fields", values.outcomes)
        article_id = values.columns.get("article_id")
        if article_id is None:
            notes.problem("slug", task.url, task.record, f"{raw.slug[:80]!r} is not a slug")
        else:
            values.columns["warc_record"] = task.record
            notes.sighting(article_id, listed_by, values.columns)


def _note_article(page: ArticlePage, task: Task, context: Context, notes: Notes) -> None:
    slug = task.asked.slug or ""
    if _moved(page, task):
        # What became of the article only the crawl could tell, by its listings; the other one has a record of its own.
        return
    values = normalise_article(page.article, context)
    notes.tally("fields", values.outcomes)
    if values.columns.get("title") is None:
        notes.problem("invalid", task.url, task.record, "no title")
        notes.settle(slug, "failed", "no title")
    else:
        values.columns |= {"warc_record": task.record, "fetched_at": task.at}
        notes.fetched(values.columns["article_id"], values.columns, values.body)


def _note_answer(task: Task, notes: Notes) -> None:
    """Note an answer without a page: the article is as it was, or it is gone."""
    slug = task.asked.slug or ""
    if task.status == 304:
        notes.validated(slug, {"fetched_at": task.at})
    elif task.status in {404, 410}:
        notes.settle(slug, "gone", f"HTTP {task.status}")


def _note_unread(task: Task, kind: str, detail: str, notes: Notes) -> None:
    slug = task.asked.slug or ""
    notes.problem(kind, task.url, task.record, detail)
    notes.tally(UNREAD, {question(task.asked): 1})
    if task.asked.kind == "article":
        notes.settle(slug, "failed", detail)


def _moved(page: ArticlePage, task: Task) -> bool:
    """Tell whether an article's address led to the page of another."""
    landed, asked = page.here, task.asked
    return landed.kind == "article" and landed.slug != asked.slug and landed.locale == asked.locale
