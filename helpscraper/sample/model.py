"""The records of the sample help centre: its sections, one article's life, and how a site is to be served.

Nothing here reads a clock: the help centre begins at ``EPOCH`` and one state follows the other by ``STEP``.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BRAND",
    "CATEGORIES",
    "EPOCH",
    "LATEST",
    "PAGE_SIZE",
    "SECTIONS",
    "SHOWN_ZONE",
    "STEP",
    "BlockPlan",
    "Layout",
    "Options",
    "Section",
    "Spec",
    "category_of",
    "dice",
]

BRAND = "Brambleway"
EPOCH = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
STEP = dt.timedelta(days=7)
PAGE_SIZE = 15
SHOWN_ZONE = dt.timezone(dt.timedelta(hours=8))
CATEGORIES = ("announcements", "faq", "product-documentation")
LATEST = "announcements-latest-announcements"

Layout = Literal["e2", "e3", "e3-bare", "markup", "markup-a"]
"""``e2``: state with ``articleList.items``; ``e3``: with ``articleList.list``; ``e3-bare``: that without
data-testid;
``markup``: no state, ``li > a``; ``markup-a``: no state, the item is the ``a`` itself."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section; ``share`` is its number of articles out of 76, 0 for the tag that lists them all."""

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
    """One block before it is put into words: its shape, and (sentence number, figure) pairs."""

    shape: Literal["p", "h2", "ul", "ol", "table", "nested", "quote", "code", "image", "break", "edit"]
    picks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """One article in one state, in no language. ``key`` is its identity and is never served.

    ``views`` is None where the site shows no count. ``behind`` holds the plan and the updated instant that
    the editions other than English still have after an edit of the English page alone.
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
        """The section that the article was written for: a move keeps its title."""
        return self.home or self.section


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sample help centre is made and served; equal options give equal bytes.

    ``articles`` is the number in state 0 and ``seed`` picks their words. ``totals=False`` states the number
    of articles of a section nowhere. ``region="us"`` serves the other region's edition at the locale-neutral
    URL. ``padding`` is the number of bytes that each page carries besides, half of them menus and half JSON in
    ``#headerState``: so it is parsed in the time that a real page of its size takes. ``hostile`` puts script,
    formulas and bidi controls into every field. ``past_end`` says what a listing page behind the last one
    answers: 404, an empty list, or the first page.
    ``interface_page`` is the largest page that the JSON interface gives.
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
    hostile: bool = False
    past_end: Literal["404", "empty", "first"] = "404"
    robots: Literal["allow", "disallow", "no-interface"] = "allow"
    interface_page: int = 100


def dice(*parts: object) -> random.Random:
    """Return a generator that depends on ``parts`` alone, so that every run makes the same help centre."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - repeatable, and no secret
