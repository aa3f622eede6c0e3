"""The OKX help centre, 2024 to 2026: its listing, search, home and article pages, and the state they embed."""

from __future__ import annotations

from helpscraper.platforms.okx.article import ArticlePage
from helpscraper.platforms.okx.interface import ArticlesAnswer, NodeAnswer
from helpscraper.platforms.okx.listing import PAST_THE_END, ListingPage
from helpscraper.platforms.okx.page import OkxPage, RegionFacts
from helpscraper.platforms.okx.recognise import PageKind, is_challenge, page_kind
from helpscraper.platforms.okx.search import CategoryLink, HomePage, SearchPage
from helpscraper.platforms.okx.sections import SectionLink
from helpscraper.platforms.okx.served import check_edition, other_edition

__all__ = [
    "EXTRACTOR",
    "PAST_THE_END",
    "ArticlePage",
    "ArticlesAnswer",
    "CategoryLink",
    "HomePage",
    "ListingPage",
    "NodeAnswer",
    "OkxPage",
    "PageKind",
    "RegionFacts",
    "SearchPage",
    "SectionLink",
    "check_edition",
    "is_challenge",
    "other_edition",
    "page_kind",
]

EXTRACTOR = "okx/3"
"""Version of these rules; it increases when the same page would give other rows."""
