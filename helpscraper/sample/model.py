"""Data of the sample help centre: sections, articles without a language, and options of a site.

Nothing depends on the clock: state 0 is at ``EPOCH``, and each state is ``STEP`` later than the one before.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

__all__ = [
    "BRAND",
    "CATEGORIES",
    "EPOCH",
    "LATEST",
    "PAGE_SIZE",
    "SECTIONS",
    "SHOWN_ZONE",
    "STEP",
    "Attack",
    "BlockPlan",
    "Layout",
    "Options",
    "Section",
    "Spec",
    "category_of",
    "seeded_random",
]

BRAND = "Brambleway"
EPOCH = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
STEP = dt.timedelta(days=7)
PAGE_SIZE = 15
SHOWN_ZONE = dt.timezone(dt.timedelta(hours=8))
CATEGORIES = ("announcements", "faq", "product-documentation")
LATEST = "announcements-latest-announcements"

Layout = Literal[
    "e2",
    "e3",
    "e3-bare",
    "markup",
    "markup-a",
    "zendesk",
    "intercom",
    "binance",
    "bybit",
    "document360",
    "gitbook",
    "generic",
]
"""``e2``: JSON state with ``articleList.items``; ``e3``: with ``articleList.list``; ``e3-bare``: the same without
data-testid; ``markup``: no state, items are ``li > a``; ``markup-a``: no state, items are ``a``;
``zendesk``, ``intercom``, ``binance``, ``bybit``, ``document360``, ``gitbook``: other
platforms; ``generic``: an unknown one."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section; ``share`` is its number of articles out of 76, 0 for the tag that lists all announcements."""

    slug: str
    category: str
    priority: int
    share: int


SECTIONS = (
    Section(LATEST, "announcements", 80, 0),
    Section("announcements-new-listings", "announcements", 20, 18),
    Section("announcements-delistings", "announcements", 19, 5),
    Section("announcements-trading-updates", "announcements", 15, 8),
    Section("announcements-maintenance", "announcements", 4, 5),
    Section("faq-getting-started", "faq", 30, 15),
    Section("faq-identity", "faq", 20, 7),
    Section("faq-deposits", "faq", 10, 5),
    Section("faq-security", "faq", 5, 4),
    Section("docs-spot", "product-documentation", 10, 5),
    Section("docs-fees", "product-documentation", 5, 4),
)

_CATEGORY = {section.slug: section.category for section in SECTIONS}


def category_of(section: str) -> str:
    """Return the category slug of a section slug; raises ``KeyError`` for a section that the sample lacks."""
    return _CATEGORY[section]


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """A block without a language: its shape, and (sentence number, figure) pairs."""

    shape: Literal["p", "h2", "ul", "ol", "table", "nested", "quote", "code", "image", "break", "edit"]
    picks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """One article in one state, without a language. ``key`` is its identity and is never served.

    ``views`` is None if the site shows no count. ``behind`` holds the plan and the updated instant that other
    languages still have after an edit of the English page only.
    """

    key: int
    source_id: str
    slug: str
    section: str
    template: int
    ticker: str
    figure: int
    published: dt.datetime
    created: dt.datetime
    updated: dt.datetime
    views: int | None
    rich: bool
    plan: tuple[BlockPlan, ...]
    retitled: bool = False
    behind: tuple[tuple[BlockPlan, ...], dt.datetime] | None = None
    home: str = ""

    @property
    def section_of_title(self) -> str:
        """The first section of the article, on which its title depends."""
        return self.home or self.section


@dataclass(frozen=True, slots=True)
class Attack:
    """Hostile content: ``title(text, key)`` changes a title, ``html`` ends every body and is shown as ``text``."""

    title: Callable[[str, int], str]
    html: Markup
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a sample help centre; equal options give equal bytes.

    ``articles`` is the number in state 0, and ``seed`` chooses their words. Without ``totals`` no page states the
    number of articles. ``region="us"`` serves the US edition at the locale-neutral URL. ``padding`` is the number of
    additional bytes of each page, half menus and half JSON in ``#headerState``, to make pages as large as real ones.
    ``hostile`` is put into every field. ``past_end`` is the reply to a listing page after the last one: 404, an empty
    list, or the first page. ``interface_page`` is the maximum page size of the JSON interface or API. Of a Zendesk help
    centre, ``api`` and ``pages`` are its answers to a stranger, and ``theme`` is the year of its theme: 2017, 2018,
    2022 or 2026; one on Intercom has the pages of Next.js after 2023. ``lists`` is the source of the pages of a
    ``generic`` one: an index of sitemaps in robots.txt, ``/sitemap.xml`` (beside a sitemap of another site), a feed, or
    nothing.
    """

    layout: Layout = "e2"
    articles: int = 76
    seed: int = 1
    hash_seed: int = 0
    region: Literal["global", "us"] = "global"
    totals: bool = True
    validators: bool = False
    gzip: bool = True
    padding: int = 0
    hostile: Attack | None = None
    past_end: Literal["404", "empty", "first"] = "404"
    robots: Literal["allow", "disallow", "no-interface"] = "allow"
    interface_page: int = 100
    api: Literal["open", "closed", "challenge", "sign-in"] = "open"
    pages: Literal["open", "challenge", "sign-in"] = "open"
    theme: int = 2026
    lists: Literal["index", "sitemap", "elsewhere", "feed", "nothing"] = "index"


def seeded_random(*parts: object) -> random.Random:
    """Return a random generator that depends only on ``parts``, so that every run makes the same help centre."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - repeatable, no secret
