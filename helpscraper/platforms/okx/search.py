"""The home page and the search page. No saved copy of either is known, so both are read by their links."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin

from parsel import Selector

from helpscraper.html.base import Ends, pieces
from helpscraper.items import RawArticle
from helpscraper.platforms.okx.items import read_items
from helpscraper.platforms.okx.page import OkxPage
from helpscraper.platforms.okx.pager import Pager, read_pager
from helpscraper.platforms.okx.recognise import is_challenge
from helpscraper.platforms.okx.rows import merge
from helpscraper.platforms.okx.state import Json, find_rows, number, text, walk_dicts
from helpscraper.platforms.okx.urls import parse_help_url
from helpscraper.urls import same_site

__all__ = ["CategoryLink", "HomePage", "SearchPage"]

_SEARCH_BOX = "input[type=search], [role=tablist], [role=tab]"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True, slots=True)
class CategoryLink:
    """A category that the home page names."""

    slug: str
    title: str | None
    url: str


class HomePage(OkxPage):
    """The home page of a help centre."""

    @cached_property
    def categories(self) -> list[CategoryLink]:
        """The categories in shown order; raises ``ExtractionError`` when the page names none."""
        found: dict[str, CategoryLink] = {}
        links = self.selector.css("a[href*='/help/category/']")
        ends = frozenset(link.root for link in links)
        for link in links:
            url = urljoin(self.url, link.attrib["href"])
            target = parse_help_url(url)
            if target.kind != "category" or not target.slug or not same_site(url, self.url):
                self.count("slug", "rejected")
                continue
            known = found.get(target.slug)
            if known is None or known.title is None:
                label = self._label(link, ends)
                found[target.slug] = CategoryLink(target.slug, label, self._url(target.slug))
        self.count("categories", "markup" if found else "missing")
        found = found or self._stated()
        if not found:
            kind = "a block or challenge page" if is_challenge(self) else "the page"
            raise self.error(
                "challenge" if is_challenge(self) else "categories",
                f"{kind} names no category",
                selector="a[href*='/help/category/'], appState categories",
                advice="name the categories with -a categories=announcements,faq, or look at the page",
            )
        return list(found.values())

    def category(self, slug: str) -> CategoryLink:
        """Return the category ``slug`` at its usual address, for a page that does not name it."""
        return CategoryLink(slug, None, self._url(slug))

    def _stated(self) -> dict[str, CategoryLink]:
        """Categories of the state: objects with slug and title in a list under a key that contains "categor"."""
        found: dict[str, CategoryLink] = {}
        for key, _, value in walk_dicts(self.state):
            if "categor" not in key.lower() or not isinstance(value, list):
                continue
            for entry in value:
                slug, title = self.valid_slug(text(entry, "slug")), self.bounded_title(text(entry, "title"))
                if slug and title:
                    found.setdefault(slug, CategoryLink(slug, title.strip(), self._url(slug)))
        self.count("categories", "state" if found else "nowhere")
        return found

    def _url(self, slug: str) -> str:
        return self.article_url(f"category/{slug}")

    def _label(self, link: Selector, ends: Ends) -> str | None:
        """The label of a link that may be a whole card: its heading, else its first piece of text."""
        found = list(pieces(link.root, ends))
        heading = next(
            (piece for node, piece in found if node.tag in _HEADINGS or node.get("role") == "heading"), None
        )
        return self.bounded_title(heading or (found[0][1] if found else None))


class SearchPage(OkxPage):
    """One page of search results."""

    @cached_property
    def _stated(self) -> tuple[list[Json], Json]:
        return find_rows(self.state) or ([], {})

    @cached_property
    def _pager(self) -> Pager:
        return read_pager(self)

    @cached_property
    def articles(self) -> list[RawArticle]:
        """The hits in shown order, kind ``search``: title, snippet, dates, category label and view count.

        Raises ``ExtractionError`` when the page is no search page. A page without hits gives an empty list.
        """
        stated = self._stated[0]
        known = frozenset(slug for row in stated if (slug := text(row, "slug")))
        shown = read_items(self, known)
        rows = merge(self, stated, shown, kind="search")
        labels = {item.slug: item.details.labels for item in shown}
        for row in rows:
            row.category_title = next(iter(labels.get(row.key, ())), None)
            self.count("category", "markup" if row.category_title else "missing")
        if not rows:
            self._check_empty()
        return rows

    def _check_empty(self) -> None:
        if is_challenge(self):
            raise self.error("challenge", f"a block or challenge page ({self.head_title!r})")
        if self.total:
            raise self.error("list", f"the page states {self.total} hits and shows none that can be read")
        if not self.state and not self.selector.css(_SEARCH_BOX):
            raise self.error(
                "list", "no hits, no state and no search box: this is no search page of this site"
            )
        self.count("list", "empty")

    @cached_property
    def is_empty(self) -> bool:
        """Whether the page states that the search found nothing."""
        return not self.articles

    @cached_property
    def total(self) -> int | None:
        """The number of hits; None when the page does not say."""
        stated = number(self._stated[1], "total")
        return self._pager.total if stated is None else stated

    @cached_property
    def next_url(self) -> str | None:
        """The URL of the next page of hits; None on the last one."""
        return self._pager.next_url
