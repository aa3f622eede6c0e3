"""Data classes for the contents of pages and feeds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "KIND_WORDS",
    "ArticleHistory",
    "ChangeRecord",
    "Crawl",
    "CrawlRow",
    "Event",
    "PeriodCounts",
    "Translation",
    "Version",
    "article_key",
    "feed_name",
]


KIND_WORDS = {
    "added": "new article",
    "removed": "taken down",
    "unverified": "not seen, but not proven to be gone",
    "renamed": "same article at another address",
    "edited": "the text changed",
    "retitled": "the title changed",
    "moved": "in another section",
    "touched": "only the date of the last update changed",
    "counted": "only the view count changed",
}
"""The meaning of each kind of change, for readers; ``assets/report.js`` has the same words."""


def article_key(article_id: str) -> str:
    """Return the file name of the article's page: a digest, because an id from the web must not choose a path.

    >>> article_key("../../etc/passwd")
    '3754d6cb3a38e118'
    """
    return hashlib.sha256(article_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_KEYED = re.compile(r"(?:.*-)?[0-9a-f]{16}", re.ASCII)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))}
"""Names that no file can have on Windows."""


def feed_name(identifier: str) -> str:
    """Return the file name of the feed of an article or a section: readable, safe, and the same for ever.

    An id of lower-case words and dashes is its own name; any other one is reduced to such words and gets its key, so
    that two ids never share a name.

    >>> feed_name("how-to-enable-2fa"), feed_name("../../etc/passwd"), feed_name("提币")
    ('how-to-enable-2fa', 'etc-passwd-3754d6cb3a38e118', '898380be2abbf89e')
    """
    plain = len(identifier) <= 80 and _PLAIN.fullmatch(identifier) and not _KEYED.fullmatch(identifier)
    if plain and identifier not in _DEVICES:
        return identifier
    words = "-".join(re.findall(r"[a-z0-9]+", identifier[:200].lower(), re.ASCII))[:60].strip("-")
    return f"{words}-{article_key(identifier)}" if words else article_key(identifier)


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A change record; ``snapshot`` is the id of the crawl that found it."""

    snapshot: str
    article_id: str
    kind: str
    field: str | None
    before: str | None
    after: str | None
    silent: bool


@dataclass(frozen=True, slots=True)
class Event:
    """The changes of one article in one crawl: their kinds, the strongest first, and changed fields with both values.

    ``dated`` is the date that the site gave the article at that time, ``article_id`` its id then.
    """

    snapshot: str
    kinds: tuple[str, ...]
    silent: bool
    fields: tuple[tuple[str, str | None, str | None], ...]
    dated: str | None
    article_id: str

    @property
    def anchor(self) -> str:
        """The id of its row on the crawl's page."""
        return article_key(self.article_id)


@dataclass(frozen=True, slots=True)
class Version:
    """An article between two changes of its title or body."""

    snapshot: str
    title: str
    body: str | None
    section: str | None
    dated: str | None
    kinds: tuple[str, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class Translation:
    """The same article in another locale; ``href`` is relative to the report's root."""

    locale: str
    language: str
    direction: str
    title: str
    href: str
    days_behind: int | None


@dataclass(frozen=True, slots=True)
class ArticleHistory:
    """The contents of an article's page.

    ``last_seen`` gives the crawl that last saw the article before an event, by the event's crawl, where that is not the
    crawl right before or is long ago.
    """

    key: str
    article_id: str
    url: str
    title: str
    section: str | None
    section_title: str | None
    category_title: str | None
    published_on: str | None
    updated_on: str | None
    language: str
    first_seen: str
    state: Literal["live", "removed", "unverified"]
    counted: bool
    versions: tuple[Version, ...]
    events: tuple[Event, ...]
    former_ids: tuple[str, ...] = ()
    translations: tuple[Translation, ...] = ()
    last_seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def section_key(self) -> str:
        """The file name of its section's page."""
        return article_key(self.section or "")


@dataclass(frozen=True, slots=True)
class CrawlRow:
    """A row of a list of changes: one article and its changes in one crawl.

    ``anchor`` is the article's key at that time, which identifies the row on the crawl's page for ever; ``bodies`` are
    the keys of a changed body, ``previous`` is the crawl that this one is compared with, ``since`` the last crawl that
    read the article unchanged, ``words`` the changed words as HTML.
    """

    key: str
    anchor: str
    title: str
    section: str
    section_title: str
    kinds: tuple[str, ...]
    silent: bool
    fields: tuple[tuple[str, str | None, str | None], ...]
    bodies: tuple[str | None, str | None] | None
    snapshot: str
    previous: str | None
    since: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Crawl:
    """A run as shown in lists; ``kinds`` counts articles by kind, ``previous`` is the snapshot it is compared with."""

    id: str
    outcome: str
    complete: bool | None
    health: tuple[tuple[str, str, str], ...]
    articles: int | None
    requests: int | None
    seconds: float | None
    reason: str | None
    committed: bool
    kinds: Mapping[str, int] = field(default_factory=dict)
    silent: int = 0
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """The numbers of the front page's plots: one value for each period; sections with the most changes first."""

    periods: tuple[str, ...]
    unit: str
    kinds: Mapping[str, tuple[int, ...]]
    sections: Mapping[str, tuple[int, ...]]
    silent: tuple[int, ...]
    articles: tuple[int | None, ...]

    @property
    def drawn_sections(self) -> dict[str, tuple[int, ...]]:
        """The sections that the plot has room for; the table has all."""
        return dict(list(self.sections.items())[:14])

    @property
    def other_sections(self) -> list[str]:
        """The names of the sections that the plot leaves out."""
        return [name for name in self.sections if name not in self.drawn_sections]
