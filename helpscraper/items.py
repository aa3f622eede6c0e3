"""The records that travel through helpscraper, and the one place where a column is declared and described.

``RawArticle`` is what a page object reads: strings as they are on the page. ``Article`` is one row of a snapshot.
``archive/schema.py`` derives the Arrow schema from ``Article`` and the data dictionary prints the descriptions here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

__all__ = ["STATUSES", "Article", "Body", "RawArticle", "Status"]

Status = Literal["fetched", "carried", "listed", "failed"]
"""How a row came to be; see the ``status`` column."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)


@dataclass(slots=True, kw_only=True)
class RawArticle:
    """One article as one page states it, before normalisation. Absent fields are None, never an empty string.

    ``published`` and ``updated`` are the state's own values (ISO 8601 text, or seconds or milliseconds since 1970);
    ``published_text`` and ``updated_text`` are the visible lines with their markers ("Published on Apr 24, 2025").
    ``unread`` says why an article that a list holds could not be read, beyond its key; it makes no row of its own.
    """

    kind: Literal["listing", "article", "search", "text"]
    key: str
    url: str
    source_id: str | None = None
    title: str | None = None
    category: str | None = None
    category_title: str | None = None
    section: str | None = None
    section_title: str | None = None
    listed_in: tuple[str, ...] = ()
    published: str | int | None = None
    updated: str | int | None = None
    published_text: str | None = None
    updated_text: str | None = None
    view_count_text: str | None = None
    reading_text: str | None = None
    snippet: str | None = None
    language: str | None = None
    labels: tuple[str, ...] | None = None
    votes_up: int | None = None
    votes: int | None = None
    body_html: str | None = None
    body_markdown: str | None = None
    body_text: str | None = None
    unread: str | None = None


def _column(
    arrow: str, doc: str, *, volatile: bool = False, required: bool = False, default: Any = None
) -> Any:
    metadata = {"arrow": arrow, "doc": doc, "volatile": volatile, "required": required}
    if required:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(slots=True, kw_only=True)
class Article:
    """One row of a snapshot: one article in one crawl.

    Each field's metadata holds ``arrow`` (the column type), ``doc`` (its meaning), ``volatile`` (changes without an
    edit) and ``required`` (never null).
    """

    snapshot_at: dt.datetime = _column(
        "timestamp[us, UTC]",
        "Start of the crawl; the same in every row of a file.",
        required=True,
        volatile=True,
    )
    article_id: str = _column(
        "string", "Stable key of the article within site and locale, as its platform gives it.", required=True
    )
    source_id: str | None = _column("string", "The CMS's own id, where the page gives one.")
    url: str = _column("string", "Canonical URL.", required=True)
    title: str = _column(
        "string", "Title: NFC, without zero-width or bidi control characters, single spaces.", required=True
    )
    category: str | None = _column(
        "string",
        "Key of the category: the name that the site's declaration gives it, else the site's own key.",
    )
    section: str | None = _column("string", "Key of the article's own section, likewise.")
    category_title: str | None = _column("string", "Category as shown.")
    section_title: str | None = _column("string", "Section as shown.")
    listed_in: list[str] | None = _column(
        "list<string>", "Every section key whose listing showed the article, sorted (the 'latest' tag too)."
    )
    published_at: dt.datetime | None = _column(
        "timestamp[us, UTC]", "Instant of publication, where the page states an instant."
    )
    updated_at: dt.datetime | None = _column(
        "timestamp[us, UTC]",
        "Instant of the last update, where the page states one. It also moves without an edit.",
    )
    published_on: dt.date | None = _column(
        "date32", "Date of publication as the site shows it, in the site's time zone."
    )
    updated_on: dt.date | None = _column("date32", "Date of the last update as the site shows it.")
    view_count: int | None = _column(
        "int64",
        "The count shown beside the dates (null when none is shown, never 0 for absent). The site's own name for it "
        "is likes.",
        volatile=True,
    )
    snippet: str | None = _column("string", "Excerpt shown in a listing or search result.", volatile=True)
    body_sha256: str | None = _column(
        "string", "Key into `bodies` (lower-case hex); null when the body was never fetched."
    )
    word_count: int | None = _column("int32", "Words of the body text (UAX #29 word boundaries).")
    reading_minutes: int | None = _column("int16", "Reading time in minutes, as stated by the page.")
    language: str | None = _column("string", "BCP 47 tag of the page.")
    labels: list[str] | None = _column(
        "list<string>",
        "Labels or tags of the article, where the platform has them. Since schema 2.",
    )
    votes_up: int | None = _column(
        "int64", "Helpful votes, where the platform shows them. Since schema 2.", volatile=True
    )
    votes: int | None = _column(
        "int64", "All votes, where the platform shows them. Since schema 2.", volatile=True
    )
    confidence: str | None = _column(
        "string",
        "`declared`: the reader of this platform read the page; `generic`: the fall-back for unknown sites did. "
        "Since schema 2; null in older rows.",
        volatile=True,
    )
    status: Status = _column(
        "string",
        "`fetched` in this crawl; `carried` (the listing says unchanged; fields and body of an earlier snapshot); "
        "`listed` (known from a listing only); `failed` (could not be fetched this time; earlier values kept). "
        "Files of schema 1 hold `gone` too (404 or 410 was answered): such an article does not exist, and helpscraper "
        "leaves its row out.",
        required=True,
        volatile=True,
    )
    fetched_at: dt.datetime | None = _column(
        "timestamp[us, UTC]", "When the article page itself was last fetched.", volatile=True
    )
    warc_record: str | None = _column(
        "string",
        "`file#offset` of the response that the row came from; `file#offset!n` where it held whole articles.",
        volatile=True,
    )


@dataclass(frozen=True, slots=True)
class Body:
    """One body, as stored once in ``bodies``: ``sha256`` is the key computed by ``normalise.bodies.body_key``."""

    sha256: str
    text: str
    markdown: str
    html: str
