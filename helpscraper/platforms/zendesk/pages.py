"""The pages of a Zendesk help centre, in the themes of 2017 to 2026.

Owners edit their themes, so a link is recognised by its address, and a place by the class names that Zendesk's own
theme has kept: ``article-body``, ``article-list``, ``pagination-next-link``. Lists of recent, promoted and related
articles do not count as lists of a section.
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urljoin

from lxml import etree
from parsel import Selector, SelectorList

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, Within, collapse, integers
from helpscraper.html.bodies import write_body
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings, Link, Section
from helpscraper.platforms.zendesk import addresses
from helpscraper.urls import same_site

__all__ = ["ZendeskPage"]

_BESIDE_TAGS = frozenset(("nav", "aside"))
_BESIDE = frozenset(
    (
        *("header", "footer", "sidebar", "sidenav"),
        *("recent-articles", "related-articles", "promoted-articles"),
    )
)
_NEXT = "a.pagination-next-link::attr(href), .pagination-next a::attr(href), a[rel=next]::attr(href)"
# An empty section still has a place of its own in every theme; an error page with status 200 has none.
_EMPTY_SECTION = ".page-header, .section-container, .section-content, .section-empty, .article-list"
_IN_LIST = "//*[contains(concat(' ', @class, ' '), ' article-list ')]//a[@href]"


class ZendeskPage(Page):
    """One page of the edition of ``context``."""

    def __init__(self, url: str, payload: Payload, context: Context) -> None:
        super().__init__(url, payload)
        self.context = context

    @cached_property
    def shown(self) -> Selector:
        """The page, for selectors."""
        return Selector(root=self.root, type="html")

    @property
    def language(self) -> str | None:
        """The language that the page states."""
        return self.shown.xpath("/html/@lang").get()

    def check(self) -> None:
        """Raise ``ExtractionError`` for a sign-in page, and ``AnotherEditionError`` for a page of another locale."""
        if self.shown.css("input[type=password]"):
            raise self.error(
                "challenge", f"a sign-in page ({self.title!r})", advice="the help centre is not public"
            )
        language = (self.language or "").lower()
        if language and language != self.context.locale and "-" in language:
            raise AnotherEditionError(self.url, self.context.locale, language, "the language of the page")

    @property
    def title(self) -> str:
        """The title of the document."""
        return collapse(self.shown.css("title::text").get(""))[:100]

    def links(self, kind: str, path: str = "") -> dict[str, tuple[str, Address]]:
        """Return text and address of each link of a kind to this edition, by key, in the order of the page.

        ``path`` is the XPath of the links; without one they are all outside of menus and lists beside the content.
        """
        found: dict[str, tuple[str, Address]] = {}
        left_out = Within(lambda node: node.tag == "a" or (not path and _is_beside(node)))
        for link in self.shown.xpath(path or "//a[@href]"):
            url = urljoin(self.url, link.attrib["href"])
            address = addresses.address_of(url)
            if address.kind != kind or address.locale != self.context.locale or not address.key:
                continue
            if not same_site(url, self.url) or left_out(link.root.getparent()):
                continue
            if address.key not in found and (text := collapse(link.xpath("string()").get(""))):
                found[address.key] = text, address
        return found

    def home(self) -> Findings:
        """Return the links of the categories; some themes name sections here too."""
        self.check()
        locale = self.context.locale
        links = [
            Link(f"{addresses.home(self.context)}/categories/{key}", Address("category", locale, key))
            for key in self.links("category")
        ]
        found = Findings(links=links, language=self.language, rules=["home.categories/links"] * bool(links))
        found.sections = self._sections(None)
        if not links and not found.sections:
            found.missing = self.error("categories", f"the home page names none ({self.title!r})")
        return found

    def category(self, key: str) -> Findings:
        """Return the sections that a category's page names; their articles are on the sections' own pages."""
        self.check()
        found = Findings(
            language=self.language, sections=self._sections(key), rules=["category.sections/links"]
        )
        if not found.sections and not self.shown.css(".section-tree, .page-header"):
            found.missing = self.error(
                "sections", f"no page of a category ({self.title!r})", selector=".section-tree"
            )
        return found

    def _sections(self, category: str | None, other_than: str | None = None) -> list[Section]:
        return [
            Section(key=key, title=text, category=category, content_type="section")
            for key, (text, _) in self.links("list").items()
            if key != other_than and not text.isdecimal()
        ]

    def section(self, asked: Address) -> Findings:
        """Return the articles of one page of a section, the sections inside it, and the next page."""
        self.check()
        landed = addresses.address_of(self.url)
        if (landed.kind, landed.key) != ("list", asked.key):
            raise self.error("url", f"section {asked.key} leads to another page")
        title, category = self.shown.css("main h1::text, h1::text").get(), self._crumb("category")
        listed = self.links("article", _IN_LIST) or self.links("article")
        rows = [
            RawArticle(
                kind="listing", key=key, url=addresses.article_page(self.context, key), title=text,
                section=asked.key, section_title=title, category=category[0], category_title=category[1],
            )
            for key, (text, _) in listed.items()
        ]  # fmt: skip
        crumbs = set(self.links("list", "//*[contains(@class, 'breadcrumb')]//a[@href]"))
        inner = [each for each in self._sections(category[0], asked.key) if each.key not in crumbs]
        following, holes = None, []
        try:
            following = self._next(asked)
        except ExtractionError as error:  # the rows of this page are whole
            holes.append(f"{error.field}: {error.detail}")
        if not rows and not inner and not self.shown.css(_EMPTY_SECTION):
            raise self.error("list", f"no page of a section ({self.title!r})", selector=_EMPTY_SECTION)
        return Findings(
            articles=rows, sections=inner, next=following, holes=holes, language=self.language,
            content_type="section", rules=["listing.articles/links"] * bool(rows),
        )  # fmt: skip

    def _next(self, asked: Address) -> Link | None:
        href = self.shown.css(_NEXT).get()
        if href is None:
            return None
        url = urljoin(self.url, href)
        address = addresses.address_of(url)
        if not same_site(url, self.url) or (address.kind, address.key) != ("list", asked.key):
            raise self.error(
                "next", f"the pager leads away from the list: {url[:200]!r}", selector=".pagination-next-link"
            )
        if address.page != asked.page + 1:
            raise self.error("next", f"the pager leads from page {asked.page} to {address.page}")
        key, number = asked.key or "", address.page
        return Link(
            f"{addresses.home(self.context)}/sections/{key}?page={number}",
            Address("list", self.context.locale, key, number),
        )

    def article(self, asked: Address) -> Findings:
        """Return the article of its own page."""
        self.check()
        landed = addresses.address_of(self.url)
        if (landed.kind, landed.key) != ("article", asked.key):
            raise self.error("article", f"article {asked.key} leads to another page")
        body, title = self.shown.css("div.article-body"), self.shown.css("h1.article-title, article h1")
        if not body or not title:
            raise self._no_article()
        forms = write_body([body[0].root], self.base_url)
        section, category = self._crumb("list"), self._crumb("category")
        votes = integers(self.shown.css(".article-votes-count").xpath("string()").get(""))
        counted = len(votes) == 2 and votes[0] <= votes[1]
        raw = RawArticle(
            kind="article",
            key=asked.key or "",
            url=addresses.article_page(self.context, asked.key or ""),
            title=collapse(title[0].xpath("string()").get("")),
            section=section[0], section_title=section[1],
            category=category[0], category_title=category[1],
            updated=self.shown.css(".article-meta time::attr(datetime), article header time::attr(datetime)").get(),
            language=self.language,
            votes_up=votes[0] if counted else None,
            votes=votes[1] if counted else None,
            body_html=forms.html, body_text=forms.text, body_markdown=forms.markdown,
        )  # fmt: skip
        return Findings(
            articles=[raw],
            language=self.language,
            rules=["article.article/page", "article.body/article-body"],
        )

    def _no_article(self) -> ExtractionError:
        scripts: SelectorList[Selector] = self.shown.css("script")
        text = collapse(self.shown.css("body").xpath("string()").get(""))
        if scripts and len(text) < 200:
            return self.error(
                "challenge", f"a shell that needs JavaScript ({self.title!r})", selector=".article-body"
            )
        return self.error(
            "article", f"no article on the page ({self.title!r})", selector="h1.article-title, .article-body"
        )

    def _crumb(self, kind: str) -> tuple[str | None, str | None]:
        """Return key and text of the last breadcrumb of a kind."""
        found = self.links(kind, "//*[contains(@class, 'breadcrumb')]//a[@href]")
        key = next(reversed(found), None)
        return (key, found[key][0]) if key is not None else (None, None)


def _is_beside(node: etree._Element) -> bool:
    return node.tag in _BESIDE_TAGS or not _BESIDE.isdisjoint((node.get("class") or "").split())
