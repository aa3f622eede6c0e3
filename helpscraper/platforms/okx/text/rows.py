"""The rows of flattened text, and their conversion to raw articles."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from helpscraper.items import RawArticle
from helpscraper.locales import get_locale
from helpscraper.normalise.counts import parse_count
from helpscraper.normalise.titles import normalise_title
from helpscraper.platforms.okx.text.anchors import Anchor
from helpscraper.platforms.okx.words import categories

__all__ = ["Builder", "Kind", "Reading", "TextPage", "TextRow", "lines_of", "slug_words", "split_url"]

Kind = Literal["search", "section", "article"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to cut a count from the title after it.

    ``views_text`` is the count of the row before, None when there is none; ``title`` the title of the row
    behind.
    """

    views_text: str | None
    title: str


@dataclass(slots=True, kw_only=True)
class TextRow:
    """One article as a flattened text shows it.

    ``published`` and ``updated`` are calendar dates as shown; ``category`` is the label as shown. ``complete`` is False
    where the text was cut inside the row. ``raw`` holds the same as strings, for the normalising steps. ``behind`` are
    the ways to read this row's count with the next row's title, ``before`` the ways to read this row's title with the
    count of the row before; the first one is the one in use. ``open_behind`` and ``open_before`` say that the text does
    not settle them. ``problems`` names unreadable parts.
    """

    raw: RawArticle
    title: str
    published: dt.date | None = None
    updated: dt.date | None = None
    category: str | None = None
    views: int | None = None
    reading_minutes: int | None = None
    complete: bool = True
    behind: tuple[Reading, ...] = ()
    before: tuple[Reading, ...] = ()
    open_behind: bool = False
    open_before: bool = False
    problems: tuple[str, ...] = ()

    @property
    def ambiguous(self) -> tuple[Reading, ...]:
        """Every reading of this row's title and count that the text does not settle."""
        return (self.before if self.open_before else ()) + (self.behind if self.open_behind else ())


@dataclass(slots=True)
class TextPage:
    """The rows of one flattened page; ``outcomes`` counts found and missing fields (``field/what``)."""

    url: str
    locale: str
    kind: Kind
    tabs: tuple[str, ...] = ()
    rows: list[TextRow] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG = 200


def slug_words(title: str) -> str:
    """Return ``title`` as the site makes slugs of English titles; "" where most of its letters would be lost."""
    ascii_only = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = _NOT_SLUG.sub("-", ascii_only.replace("'", "")).strip("-")
    return words if sum(map(str.isalnum, words)) * 2 >= sum(map(str.isalnum, title)) else ""


def _slug(title: str, published: dt.date | None, taken: dict[str, int]) -> str:
    """Make the slug of an article that is known from a text only.

    An English row mostly gets the site's own slug; other scripts get a digest of the title. Rows with one title get
    their date, then a number.
    """
    words = slug_words(title)[:_LONGEST_SLUG].strip("-")
    if not words:
        words = f"text-{hashlib.sha256(title.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    if words in taken and published is not None:
        words = _suffixed(words, f"-{published:%Y%m%d}")
    slug = words
    while slug in taken:
        taken[words] += 1
        slug = _suffixed(words, f"-{taken[words]}")
    taken[slug] = 1
    return slug


def _suffixed(slug: str, suffix: str) -> str:
    return slug[: _LONGEST_SLUG - len(suffix)].strip("-") + suffix


class Builder:
    """Collects the rows of one page."""

    def __init__(self, page: TextPage) -> None:
        self.page = page
        self._taken: dict[str, int] = {}

    def row(
        self,
        title: str,
        *,
        anchor: Anchor | None = None,
        snippet: str = "",
        category: str | None = None,
        views_text: str | None = None,
        complete: bool = True,
        slug: str | None = None,
    ) -> TextRow:
        """Append a row, its values read, and return it."""
        page = self.page
        title = normalise_title(title)
        problems: list[str] = []
        published = anchor.published.date if anchor else None
        updated = anchor.updated.date if anchor and anchor.updated else None
        if anchor is not None:
            for name, reading in (("published", anchor.published), ("updated", anchor.updated)):
                if reading is not None and reading.problem is not None:
                    problems.append(f"{name}/{reading.problem}")
        count = parse_count(views_text, page.locale) if views_text is not None else None
        if count is not None and count.problem is not None:
            problems.append(f"views/{count.problem}")
        key = categories().find(category, get_locale(page.locale).language)
        if category is not None and key is None:
            problems.append("category/unknown-label")
        raw = RawArticle(
            kind="text",
            key=slug or _slug(title, published, self._taken),
            url=page.url,
            title=title or None,
            category=key,
            category_title=category,
            published_text=anchor.published_text if anchor else None,
            updated_text=anchor.updated_text if anchor else None,
            view_count_text=views_text,
            snippet=normalise_title(snippet) or None,
        )
        row = TextRow(
            raw=raw,
            title=title,
            published=published,
            updated=updated,
            category=category,
            views=count.value if count else None,
            complete=complete,
            problems=tuple(problems),
        )
        page.rows.append(row)
        page.outcomes.update(problems)
        page.outcomes["rows/complete" if complete else "rows/incomplete"] += 1
        return row


def lines_of(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Return ``(begin, end)`` of every line of ``text[begin:end]`` that is not blank, without outer spaces."""
    found = []
    while begin < end:
        stop = text.find("\n", begin, end)
        stop = end if stop < 0 else stop
        line = text[begin:stop]
        bare = line.strip()
        if bare:
            first = begin + line.index(bare[0])
            found.append((first, first + len(bare)))
        begin = stop + 1
    return found


def split_url(url: str) -> SplitResult:
    """Split any text as a URL; an invalid one has neither path nor query."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
