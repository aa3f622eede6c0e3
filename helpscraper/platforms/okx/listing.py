"""A listing of the OKX help centre: a section page or a category page.

The state has instants and ids; the markup has the order, the visible dates and the view count. They are joined by
slug, because the two lists may differ.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from helpscraper.html.base import inline_text, inside
from helpscraper.items import RawArticle
from helpscraper.platforms.contract import PAST_THE_END
from helpscraper.platforms.okx.items import Shown, read_items
from helpscraper.platforms.okx.page import OkxPage, is_breadcrumb, is_navigation
from helpscraper.platforms.okx.pager import Pager, read_pager
from helpscraper.platforms.okx.recognise import is_challenge
from helpscraper.platforms.okx.rows import merge
from helpscraper.platforms.okx.sections import SectionLink, linked_sections, stated_sections
from helpscraper.platforms.okx.state import Json, dig, find_rows, number, text
from helpscraper.platforms.okx.urls import parse_help_url

__all__ = ["PAGE_SIZE", "PAST_THE_END", "ListingPage", "SectionLink"]

PAGE_SIZE = 15
"""Articles on a full page of a list, where the page does not say."""

_OPEN_SECTION = "a[aria-current=page][href*='/help/section/']"
_EMPTY_LIST = "//*[@aria-describedby='help-load-more-desc' or contains(@class, 'index_list__')][not(*)]"


class ListingPage(OkxPage):
    """One page of a list of articles. Reading a field raises ``ExtractionError`` when the page is no listing."""

    @cached_property
    def _data(self) -> Json:
        data = dig(self.state, "initialProps", "sectionData")
        return data if isinstance(data, dict) else {}

    @cached_property
    def _current(self) -> Json:
        for value in (self._data.get("currSection"), dig(self.state, "serverSideProps", "sectionOutline")):
            if isinstance(value, dict):
                return value
        return {}

    @cached_property
    def _list(self) -> tuple[list[Json], Json, Literal["items", "list", "drift", "none"]]:
        """The state's articles, the object that holds them, and the shape in which they came."""
        holder = self._data.get("articleList")
        for shape in ("items", "list"):
            rows = dig(holder, shape)
            if isinstance(rows, list):
                self.count("list", shape)
                return [row for row in rows if isinstance(row, dict)], holder or {}, shape
        found = find_rows(self.state)
        if found is not None:
            self.count("list", "drift")
            return *found, "drift"
        return [], holder if isinstance(holder, dict) else {}, "none"

    @cached_property
    def _pager(self) -> Pager:
        return read_pager(self)

    @cached_property
    def _shown(self) -> list[Shown]:
        known = frozenset(slug for row in self._list[0] if (slug := text(row, "slug")))
        return read_items(self, known)

    @cached_property
    def articles(self) -> list[RawArticle]:
        """The articles in shown order, kind ``listing``; raises ``ExtractionError`` for a list that cannot be
        read.

        ``listed_in`` holds this page's section. An article that only the state or only the markup has is a
        row too.
        """
        self._check_claim()
        rows = merge(self, self._list[0], self._shown, kind="listing")
        listed = (self.section,) if self.section else ()
        known = any(row.section for row in rows) or self.content_type == "section"
        titles = {link.slug: link.title for link in self.sections} if known else {}
        own = self.section if self.content_type == "section" else None
        for row in rows:
            row.listed_in = listed
            row.section = row.section or own
            row.section_title = titles.get(row.section) if row.section else None
            row.category = row.category or self.category
            row.category_title = self.category_title if row.category == self.category else None
        if not rows:
            self._check_empty()
        return rows

    def _check_claim(self) -> None:
        """Raise when the page states another section or category than its URL."""
        for kind, own in (("section", self._own_section), ("category", self._own_category)):
            if self.here.kind == kind and own and own != self.here.slug:
                raise self.error(
                    "slug",
                    f"the page is {kind} {own!r}, not {self.here.slug!r}",
                    selector="appState currSection.slug, nav [aria-current=page]",
                    advice="the site answered with another page",
                )

    @cached_property
    def _own_section(self) -> str | None:
        stated = self.valid_slug(text(self._current, "slug"))
        if stated is None:
            opened = next(inside(self.selector.css(_OPEN_SECTION), is_navigation), None)
            target = parse_help_url(opened.attrib["href"] if opened is not None else "")
            return target.slug if target.kind == "section" else None
        return stated

    @cached_property
    def _own_category(self) -> str | None:
        return self.valid_slug(text(self._current, "category", "slug"))

    def check_blocked(self) -> None:
        """Raise ``ExtractionError`` for a block or challenge page, which shows neither sections nor articles."""
        if is_challenge(self):
            raise self.error(
                "challenge",
                f"a block or challenge page ({self.head_title!r}), not a listing",
                advice="slow down, or ask the site's owner for access",
            )

    def _check_empty(self) -> None:
        """Raise unless the page states that it has no articles."""
        self.check_blocked()
        total, skipped = self.total, number(self._list[1], "skip") or 0
        stated_empty = self._list[2] in ("items", "list") and not self._list[0]
        refused = self.error(
            "list",
            f"none of {self.counted('slug', 'rejected')} entries has a slug and a link of this site",
            selector="articleList, index_articleItem__, links to /help/<slug>",
            advice="look at the page: its slugs are hostile, or it is another site's",
        )
        if self._list[0] and self.counted("slug", "rejected"):
            # The list was read, so the refused entries belong to it.
            raise refused
        if total and skipped < total and self.page <= -(-total // (self.page_size or PAGE_SIZE)):
            raise self.error(
                "list",
                f"the page states {total} articles and shows none that can be read",
                selector="articleList, index_articleItem__, links to /help/<slug>",
                advice="the site's layout has changed: helpscraper/platforms/okx/items.py needs a rule for it",
            )
        if self.counted("slug", "rejected"):
            raise refused
        if (
            stated_empty
            or total == 0
            or self._empty_container
            or (self.here.kind == "category" and self.sections)
        ):
            self.count("list", "empty")
            return
        broken = self.counted("state", "broken")
        raise self.error(
            "list" if self.state else "state",
            "the state script is broken JSON, and the markup holds no list of articles"
            if broken
            else "neither the state nor the markup holds a list of articles",
            selector="#appState, index_articleItem__, links to /help/<slug>",
            advice="save or fetch the page again: it is cut or damaged"
            if broken
            else "the page is no listing of this site, or its layout has changed",
        )

    @cached_property
    def _empty_container(self) -> bool:
        return bool(self.selector.xpath(_EMPTY_LIST))

    @cached_property
    def is_empty(self) -> bool:
        """Whether the page states that it has no article; a list that cannot be read raises ``ExtractionError``."""
        return not self.articles

    @cached_property
    def sections(self) -> list[SectionLink]:
        """The sections that the page names, in its order: of the state with all sub-sections, else of the nav."""
        found = stated_sections(self, self._data.get("allSections")) or linked_sections(self, self.category)
        return list(found.values())

    @cached_property
    def section(self) -> str | None:
        """The slug of the section whose list this is; None on a category page that states none."""
        return self._own_section or (self.here.slug if self.here.kind == "section" else None)

    @cached_property
    def section_title(self) -> str | None:
        """The section's title, as shown or else as stated."""
        stated = text(self._current, "title")
        if stated:
            return self.bounded_title(stated.strip())
        named = next((link.title for link in self.sections if link.slug == self.section), None)
        return named or self._heading("h2")

    @cached_property
    def content_type(self) -> str | None:
        """``tag`` for a list across sections ('latest'), ``section`` for a section's own; None when not stated."""
        return text(self._current, "contentType")

    @cached_property
    def category(self) -> str | None:
        """The slug of the category that the section belongs to."""
        stated = self._own_category
        if stated or self.here.kind == "category":
            return stated or self.here.slug
        crumb = next(inside(self.selector.css("a[href*='/help/category/']"), is_breadcrumb), None)
        target = parse_help_url(crumb.attrib["href"] if crumb is not None else "")
        return target.slug if target.kind == "category" else None

    @cached_property
    def category_title(self) -> str | None:
        """The category's title."""
        stated = text(self._current, "category", "title")
        return self.bounded_title(stated.strip()) if stated else self._heading("h1")

    def _heading(self, tag: str) -> str | None:
        headings = self.selector.css(f"[class*='index_titleHeader__'] > {tag}")
        return self.bounded_title(inline_text(headings[0].root)) if headings else None

    @cached_property
    def page(self) -> int:
        """The number of this page, from 1, as its list says, else the page around it; else as its URL says."""
        stated = number(self._list[1], "pageNum")
        skip, limit = number(self._list[1], "skip"), number(self._list[1], "limit")
        if not stated and skip is not None and limit:
            stated = skip // limit + 1
        stated = stated or number(self.state, "serverSideProps", "page")
        return stated or self._pager.page or self.here.page

    def check_answers(self, asked: int, *, guessed: bool = False) -> None:
        """Raise ``ExtractionError`` unless this is page ``asked`` of its list, counted from 1.

        The error's field is ``past the end`` where the list has no such page: the list says so itself, or the page was
        ``guessed``. Otherwise the field is ``page``.
        """
        if self.page == asked:
            return
        ended = guessed if self.pages is None else asked > self.pages
        raise self.error(
            PAST_THE_END if ended else "page",
            f"the answer is page {self.page} of the list, not {asked}",
            selector="articleList.pageNum, articleList.skip, serverSideProps.page",
            advice=""
            if ended
            else "the page is asked for again, and is a hole in the list if that does not help",
        )

    @cached_property
    def total(self) -> int | None:
        """The number of articles in the whole list; None when neither the state nor the page says."""
        stated = number(self._list[1], "total")
        self.count(
            "total", "state" if stated is not None else "missing" if self._pager.total is None else "markup"
        )
        return self._pager.total if stated is None else stated

    @cached_property
    def page_size(self) -> int | None:
        """The number of articles on a full page; None when the page does not say."""
        stated = number(self._list[1], "pageSize") or number(self._list[1], "limit")
        if stated:
            return stated
        first, last, total = self._pager.first, self._pager.last, self._pager.total
        if first is None or last is None:
            return None
        if self.page > 1:
            return (first - 1) // (self.page - 1) or None
        return last - first + 1 if last != total else None

    @cached_property
    def pages(self) -> int | None:
        """The number of the last page: by the pager or by the total, whichever is larger."""
        size = self.page_size or PAGE_SIZE
        by_total = max(1, -(-self.total // size)) if self.total is not None else None
        known = [count for count in (self._pager.pages, by_total) if count is not None]
        return max(known, default=None)

    @cached_property
    def next_url(self) -> str | None:
        """The URL of the next page; None on the last one. Built from the totals where the page has no pager."""
        if self._pager.next_url:
            self.count("next", "pager")
            return self._pager.next_url
        if self._pager.pages is None and self.here.slug and self.pages is not None and self.page < self.pages:
            self.count("next", "built")
            return self.article_url(f"{self.here.kind}/{self.here.slug}/page/{self.page + 1}")
        return None
