"""Read recorded answers with the pages and the normalisation of a crawl.

This is the work of a re-extraction, and it runs in any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO

from helpscraper.archive.recordings import record_of
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, ExtractionError, InputError, PayloadError
from helpscraper.intake.enter import notes_of, page_notes, readings_of, remarks
from helpscraper.intake.notes import Batch, Gone, Named, Note, Problem, Settled, Tally, Validated
from helpscraper.intake.wording import problem_kind
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms import address_at, get_platform, reader_at
from helpscraper.platforms.contract import PAST_THE_END, Findings, Section
from helpscraper.replay.plan import UNREAD, RecordedAnswer, question
from helpscraper.warc.reader import read_at
from helpscraper.warc.record import Record

__all__ = ["RecordReader", "read"]


# A revisit and its payload may lie in different files, so a few are kept open.
_OPEN = 8


class RecordReader:
    """Reads records of one archive and keeps a few files open; not to be shared between processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._streams: dict[str, IO[bytes]] = {}

    def record(self, reference: str) -> Record:
        """Return the record, its digests verified; raises ``InputError`` naming file and offset."""
        file, _, offset = record_of(reference).rpartition("#")
        if file not in self._streams:
            if len(self._streams) >= _OPEN:
                self._streams.pop(next(iter(self._streams))).close()
            self._streams[file] = self._store.open(file)
        record = read_at(self._streams[file], file, int(offset))
        wrong = record.wrong_digests()
        if wrong:
            raise InputError(f"{reference}: {'; '.join(wrong)} ({record.url})")
        return record

    def close(self) -> None:
        """Close the open files."""
        while self._streams:
            self._streams.popitem()[1].close()


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why an answer cannot be read; ``kind`` and ``detail`` as in ``notes.Problem``.

    The exception itself would keep the page and its tree in memory.
    """

    kind: str
    detail: str


_AT_ONCE = 8 << 20
"""Bytes of pages after which a group of answers is complete."""


def read(recorded: Iterable[RecordedAnswer], source: RecordReader, context: Context) -> Batch:
    """Return the notes of recorded answers: the same ones as the spider and the pipelines enter in a live crawl.

    Faults of a record or a page are noted too, never raised. Answers are processed in groups, step by step, to keep
    each step's code in the processor's cache.
    """
    batch = Batch()
    for answers in _answers(recorded, source):
        said = [(answer, _findings_of(answer, page, context)) for answer, page in answers]
        for answer, each in said:
            batch.answers += 1
            if isinstance(each, Findings):
                batch.add(_notes(answer, each, context))
            elif each is not None:
                batch.add(_unread_notes(answer, each))
            elif not answer.redirected:
                batch.add(_answer_notes(answer))
    return batch


def _answers(
    recorded: Iterable[RecordedAnswer], source: RecordReader
) -> Iterator[list[tuple[RecordedAnswer, Payload | _Unread | None]]]:
    """Yield the recorded answers with their pages, in groups of some ``_AT_ONCE`` bytes."""
    held, size = [], 0
    for answer in recorded:
        page = _payload(answer, source)
        held.append((answer, page))
        size += len(page.data) if isinstance(page, Payload) else 0
        if size >= _AT_ONCE:
            yield held
            held, size = [], 0
    if held:
        yield held


def _payload(answer: RecordedAnswer, source: RecordReader) -> Payload | _Unread | None:
    """Return the page that was recorded, or why there is none; None for an answer without a page."""
    if answer.status // 100 != 2 and not answer.payload:
        return None
    try:
        if not answer.payload:
            raise InputError(
                f"{answer.record}: no record holds the payload of this revisit; `helpscraper verify` says why"
            )
        record = source.record(answer.record)
        return record.page(_holder(answer, source) if answer.payload != answer.record else None)
    except PayloadError as error:  # the crawl could not decode it either
        return _Unread("payload", error.message)
    except (InputError, ArchiveError) as error:
        return _Unread("record", error.message)


def _holder(answer: RecordedAnswer, source: RecordReader) -> Record:
    try:
        return source.record(answer.payload)
    except (InputError, ArchiveError) as error:
        raise InputError(f"the payload of this revisit cannot be read: {error.message}") from None


def _findings_of(
    answer: RecordedAnswer, page: Payload | _Unread | None, context: Context
) -> Findings | _Unread | None:
    if not isinstance(page, Payload):
        return page
    platform, edition = reader_at(context, answer.url)
    if platform.leads_away(answer.asked, address_at(context.site, answer.url)):
        # The crawl's facts and listings decide this article; the target of the redirect has its own record.
        return Findings()
    try:
        # The crawl read past the end of the list on purpose.
        asked = replace(answer.asked, locale=edition.locale, guessed=True)
        return platform.read(asked, answer.url, page, edition)
    except ExtractionError as error:
        if error.field == PAST_THE_END:
            return Findings()
        return _Unread(problem_kind(error), f"{error.field}: {error.detail}")


def _notes(answer: RecordedAnswer, said: Findings, context: Context) -> Iterator[Note]:
    asked = answer.asked
    yield from page_notes(said)
    if asked.kind == "list" and asked.key and get_platform(context.site.platform).collects:
        yield Named(Section(key=asked.key, content_type="tag"))
    for kind, detail in remarks(said):
        yield Problem(kind, answer.url, detail, answer.record)
    if said.no_article:
        yield Settled(asked.key or "", "absent", said.no_article)
    section = None if asked.kind == "article" else (asked.key or "") if asked.kind == "list" else ""
    readings = readings_of(said.articles, context, section=section, at=answer.at, record=answer.record)
    for reading in readings:
        reading.stored_body = answer.stored_body
    yield from notes_of(readings, answer.record)


def _answer_notes(answer: RecordedAnswer) -> Iterator[Note]:
    """Note an answer without a page: the article is unchanged or gone."""
    key = answer.asked.key or ""
    if answer.status == 304:
        yield Validated(key, answer.at)
    elif answer.status in {404, 410}:
        yield Gone(key, answer.url, answer.status, answer.at)


def _unread_notes(answer: RecordedAnswer, unread: _Unread) -> Iterator[Note]:
    yield Problem(unread.kind, answer.url, unread.detail, answer.record)
    yield Tally(UNREAD, (question(answer.asked),))
    if answer.asked.kind == "article":
        yield Settled(answer.asked.key or "", "failed", unread.detail)
