"""The one way from the findings of a response to a ledger: readings, their columns, and the notes that they lead to.

A live crawl runs the steps as pipelines, one by one; everything that reads recorded or saved pages calls ``notes_of``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from helpscraper.intake.columns import decode, encode
from helpscraper.intake.notes import Fetched, Named, Note, Problem, Settled, Sighting, Tally
from helpscraper.intake.reading import Reading
from helpscraper.items import RawArticle
from helpscraper.normalise.article import STEPS, Context
from helpscraper.platforms.contract import Findings

__all__ = [
    "TWICE",
    "WITHOUT_BODY",
    "accepted",
    "notes_of",
    "page_notes",
    "readings_of",
    "refused",
    "remarks",
    "twice",
    "why_refused",
]

WITHOUT_BODY = "body"
"""The kind of problem of an article that was read and has no body; health judges how many there may be."""

TWICE = "twice"
"""The kind of problem of an article that stands twice in a list."""


def readings_of(
    articles: Iterable[RawArticle],
    context: Context,
    *,
    section: str | None,
    at: dt.datetime | None,
    record: str | None = None,
    walk: int = 1,
    first: int = 0,
) -> list[Reading]:
    """Return the readings of ``articles``, which one response held; ``first`` is the number of the first of them.

    ``section`` is the list that showed them ("" for a search, None for an article's own page), ``at`` the time of the
    response. Several whole articles in one response have the records ``file#offset!0``, ``!1`` ….
    """
    found = []
    for place, raw in enumerate(articles, first):
        whole = raw.kind == "article"
        own = f"{record}!{place}" if record and whole and section is not None else record
        reading = Reading(
            raw=raw,
            context=context,
            section=section,
            walk=walk,
            fetched_at=at if whole else None,
            warc_record=own,
        )
        found.append(reading)
    return found


def why_refused(reading: Reading) -> str | None:
    """Return why ``reading`` cannot become a row, or None: no key, a whole article that was not read, or no title.

    A list may leave out a title (the article's own page gives it); an article's own page may not.
    """
    columns, raw = reading.values.columns, reading.raw
    if not columns.get("article_id"):
        return f"{raw.key[:80]!r} is not a key"
    if raw.kind == "article" and (raw.unread or not columns.get("title")):
        return raw.unread or "no title"
    return None


def refused(reading: Reading, why: str, record: str = "") -> Iterator[Note]:
    """Yield the notes of a reading that cannot become a row; an article with a key is there, and its list shows it."""
    raw, columns = reading.raw, reading.values.columns
    yield Tally("fields", tuple(reading.values.outcomes))
    if not columns.get("article_id"):
        yield Problem("slug", raw.url, why, record)
        return
    yield Problem("invalid", raw.url, why, record)
    if reading.section is not None:
        yield Sighting(columns["article_id"], reading.section, encode(columns), reading.walk)
    yield Settled(columns["article_id"], "failed", why)


def accepted(reading: Reading) -> Iterator[Note]:
    """Yield the notes of a complete reading: its article as fetched, or as a list showed it."""
    columns, body = dict(reading.values.columns), reading.values.body
    yield Tally("fields", tuple(reading.values.outcomes))
    if "body/absent" in reading.values.outcomes:
        yield Problem(WITHOUT_BODY, reading.raw.url, "an article without a body", reading.warc_record or "")
    if reading.warc_record is not None:
        columns["warc_record"] = reading.warc_record
    if reading.section is not None:
        yield Sighting(columns["article_id"], reading.section, encode(columns), reading.walk)
    if reading.raw.kind == "article":
        columns["fetched_at"] = reading.fetched_at
        if body is not None and body.sha256 == reading.stored_body:
            body = None
        yield Fetched(columns["article_id"], encode(columns), body, reading.etag, reading.last_modified)


def twice(later: Sighting, earlier: Mapping[str, Any]) -> str:
    """Return what to say of an article that one reading of a list showed before, with the columns ``earlier``."""
    columns = decode(later.columns)
    differ = sorted(
        name
        for name in (earlier.keys() | columns.keys()) - {"warc_record"}
        if earlier.get(name) != columns.get(name)
    )
    said = f"{later.article_id} stands twice in the list {later.section or 'of hits'}"
    if not differ:
        return f"{said}, both times alike"
    places = " and ".join(str(each["warc_record"]) for each in (earlier, columns) if each.get("warc_record"))
    return (
        f"{said} and differs in {', '.join(differ)}{f' ({places})' if places else ''}; the later one is kept"
    )


def notes_of(readings: Iterable[Reading], record: str = "") -> Iterator[Note]:
    """Normalise and validate ``readings``; yield their notes. A problem names ``record``."""
    for reading in readings:
        for step in STEPS:
            reading.values.add(step(reading.raw, reading.context))
        why = why_refused(reading)
        yield from accepted(reading) if why is None else refused(reading, why, record)


def remarks(found: Findings) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) for each problem on a page that was read all the same."""
    yield from (("list", hole) for hole in found.holes)
    yield from (("left-out", each) for each in found.left_out)


def page_notes(found: Findings) -> Iterator[Note]:
    """Yield the notes on a page as a whole: the sections that it names, the rules that matched, its language."""
    for section in found.sections:
        yield Named(section)
    yield Tally("rules", tuple(found.rules))
    if found.language:
        yield Tally("language", (found.language,))
