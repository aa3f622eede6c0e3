"""The pages of an Intercom help centre: older ones (until about 2023), and those that Next.js writes.

Owners restyle both, so a link is recognised by its address, and a place by the names that have lasted: ``article``,
``paper__preview``, ``t__h3``. A page of Next.js names its kind in its state (``__NEXT_DATA__``). The state of a
collection lists the articles inside (``articleSummaries``) and the collections inside (``subcollections``). The visible
date is relative ("over a week ago") and is never read; the state may hold ``lastUpdatedISO``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urljoin

from lxml import etree

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, Within, collapse, inline_text
from helpscraper.html.bodies import write_body
from helpscraper.items import RawArticle
from helpscraper.json_text import loads
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings, Section
from helpscraper.platforms.intercom import addresses
from helpscraper.urls import same_site

__all__ = ["IntercomPage"]

_ROUTE = "/[helpCenterIdentifier]/[locale]/"
_KINDS = {
    f"{_ROUTE}landing": "home",
    f"{_ROUTE}collections/[collectionSlug]": "list",
    f"{_ROUTE}articles/[articleSlug]": "article",
}
_MOST_HOMES, _MOST_CRUMBS = 9, 50
"""The most links to the home page beside which breadcrumbs are searched, and links there: a page may have a million."""
_BESIDE_TAGS = frozenset(("header", "footer", "nav", "aside"))
_BESIDE = frozenset(("breadcrumb", "header", "footer", "related_articles", "related-articles"))
_RELATED = ".//*[contains(@class, 'related_articles') or contains(@class, 'related-articles')]"
_ARTICLE = frozenset(("article", "article_body"))
_COLLECTION = ".collection__headline, .collection__meta, .section__bg"
_CARD, _CARD_TEXT = ".t__h3, .t__h2", ".paper__preview"


class _Linked(NamedTuple):
    """One link of a page: an article or a collection, the words of its card, and the collection around it."""

    address: Address
    title: str | None
    snippet: str | None = None
    inside: tuple[str, str | None] | None = None


class IntercomPage(Page):
    """One page of the edition of ``context``."""

    def __init__(self, url: str, payload: Payload, context: Context) -> None:
        super().__init__(url, payload)
        self.context = context
        self._holes: list[str] = []

    @cached_property
    def _next(self) -> dict[str, Any]:
        """The state of a page of Next.js; empty for an older page."""
        text = self.selector.css("script#__NEXT_DATA__::text").get()
        if text is None:
            return {}
        try:
            found = loads(text)
        except (ValueError, RecursionError) as error:
            raise self.error("state", str(error)[:200], selector="#__NEXT_DATA__") from error
        return found if isinstance(found, dict) else {}

    @cached_property
    def _state(self) -> dict[str, Any]:
        return _table(_table(self._next.get("props")).get("pageProps"))

    @property
    def marks(self) -> list[str]:
        """The signs that the page is Intercom's; empty if there is only one weak sign."""
        if str(self._next.get("page")).startswith(_ROUTE):
            return ["its page in Next.js"]
        weak = {
            'the link "We run on Intercom"': self.selector.css("a[href*='intercom.com/intercom-link']"),
            "its markup": self.selector.css(".intercom-force-break"),
            "its address": self._address(self.url).key,
        }
        found = [name for name, there in weak.items() if there]
        return found if len(found) > 1 else []

    @property
    def language(self) -> str | None:
        """The language that the page states."""
        return self.root.get("lang")

    @property
    def _title(self) -> str:
        return collapse(self.selector.css("title::text").get(""))[:100]

    def check(self, asked: Address) -> None:
        """Raise ``ExtractionError`` for a page that is not ``asked``, ``AnotherEditionError`` for another language."""
        page = self._next.get("page")
        if self.selector.css("input[type=password]") or "/not-authorized" in f"{page} {self.url}":
            raise self.error(
                "challenge", f"a sign-in page ({self._title!r})", advice="the help centre is not public"
            )
        if page is not None and _KINDS.get(str(page)) != asked.kind:
            raise self.error("page", f"the page says that it is {str(page)[:100]!r} ({self._title!r})")
        landed = self._address(self.url)
        if (landed.kind, landed.key) != (asked.kind, asked.key):
            raise self.error("url", f"{asked.kind} {asked.key or ''} leads to another page")
        short, long = sorted([(self.language or "").lower(), self.context.locale], key=len)
        if short and long != short and not long.startswith(f"{short}-"):
            raise AnotherEditionError(
                self.url, self.context.locale, str(self.language).lower(), "the language of the page"
            )

    def _address(self, url: Any) -> Address:
        """Return the address behind a URL of this help centre in this edition; kind ``other`` for any other."""
        if isinstance(url, str):
            try:
                whole = urljoin(self.base_url, url)
            except ValueError:
                whole = ""
            if same_site(whole, self.url) or self.context.site.serves(whole):
                found = addresses.address_of(whole, addresses.folder_of(self.context.site))
                if found.locale == self.context.locale:
                    return found
        return Address("other", "")

    def _links(self) -> Iterator[_Linked]:
        """Yield the links outside menus, breadcrumbs and lists of related articles."""
        beside, in_link = Within(_is_beside), Within(lambda node: node.tag == "a")
        for link in self.selector.css("a[href]"):
            address = self._address(link.attrib["href"])
            unread = beside(link.root) or in_link(link.root.getparent())
            if address.kind in {"list", "article"} and not unread:
                title = _words(link.css(_CARD))
                if address.kind == "article":  # its link is a card with a title, or the title alone
                    title = title or inline_text(link.root) or None
                yield _Linked(address, title, _words(link.css(_CARD_TEXT)))

    def _stated(self, state: Any, inside: tuple[str, str | None] | None = None) -> Iterator[_Linked]:
        """Yield the articles and collections that ``state`` states, in order, with the collection around each."""
        waiting = [(state, inside)]
        while waiting:
            value, inside = waiting.pop()
            if isinstance(value, list):
                waiting += [(each, inside) for each in reversed(value)]
            elif isinstance(value, dict):
                address = self._address(value.get("url"))
                title = _text(value.get("title")) or _text(value.get("name"))
                if address.kind in {"list", "article"}:
                    yield _Linked(address, title, _text(value.get("description")), inside)
                if address.kind == "list":
                    inside = address.key or "", title
                for place, each in enumerate(_list(value.get("articleSummaries"))):
                    if self._address(_table(each).get("url")).kind != "article":
                        self._holes.append(f"articleSummaries[{place}] states no address of this edition")
                waiting += [(each, inside) for each in reversed(value.values())]

    def _sections(self, found: list[_Linked], other_than: set[str | None]) -> list[Section]:
        """Return the collections of ``found``, each once, with the first title that is stated."""
        titles: dict[str, str | None] = {}
        for each in found:
            if each.address.kind == "list" and each.address.key and each.address.key not in other_than:
                titles[each.address.key] = titles.get(each.address.key) or each.title
        return [Section(key=key, title=title, content_type="section") for key, title in titles.items()]

    def home(self, asked: Address) -> Findings:
        """Return the collections that the home page names."""
        self.check(asked)
        found = self._sections([*self._stated(self._state), *self._links()], set())
        missing = None if found else self._nothing("collections", "the home page names none")
        return Findings(
            sections=found, missing=missing, language=self.language,
            rules=["home.collections/links"] * bool(found),
        )  # fmt: skip

    def collection(self, asked: Address) -> Findings:
        """Return the articles of a collection, and the collections inside it."""
        self.check(asked)
        state = _table(self._state.get("collection"))
        name = _text(state.get("name")) or _words(self.selector.css(".collection__meta, main")[:1].css("h1"))
        own = asked.key or "", name
        found = [*self._stated(state, own), *self._links()]
        rows: dict[str, RawArticle] = {}
        for each in found:
            if each.address.kind == "article" and each.address.key:
                raw = rows.setdefault(each.address.key, self._row(each.address.key))
                raw.title, raw.snippet = raw.title or each.title, raw.snippet or each.snippet
                if raw.section is None and each.inside:
                    raw.section, raw.section_title = each.inside
        crumbs = {key for key, _ in self._crumbs()}
        inner = self._sections(found, {asked.key, *crumbs})
        if not (rows or inner or self._next or self.selector.css(_COLLECTION)):
            raise self._nothing("list", "no page of a collection", _COLLECTION)
        for raw in rows.values():
            raw.section, raw.section_title = (raw.section, raw.section_title) if raw.section else own
        return Findings(
            articles=list(rows.values()), sections=inner, holes=self._holes, language=self.language,
            content_type="section", rules=["listing.articles/links"] * bool(rows),
        )  # fmt: skip

    def _row(self, key: str) -> RawArticle:
        return RawArticle(kind="listing", key=key, url=addresses.article_page(self.context, key))

    def article(self, asked: Address) -> Findings:
        """Return the article of its own page."""
        self.check(asked)
        state = _table(self._state.get("articleContent"))
        heading, body = self._in_article("h1", "header"), self._in_article("article")
        title = _text(state.get("title")) or (inline_text(heading) if heading is not None else None)
        if not title or body is None:
            what = "title" if body is not None else "body"
            raise self._nothing("article", f"no {what} of an article on the page", ".article article")
        forms = write_body([body], self.base_url, _RELATED)
        crumbs, key = self._crumbs(), asked.key or ""
        category, section = (crumbs[0], crumbs[-1]) if crumbs else ((None, None), (None, None))
        raw = RawArticle(
            kind="article", key=key, url=addresses.article_page(self.context, key), title=title,
            category=category[0], category_title=category[1], section=section[0], section_title=section[1],
            updated=_text(state.get("lastUpdatedISO")) or _text(self._state.get("lastUpdatedISO")),
            language=self.language,
            body_html=forms.html, body_text=forms.text, body_markdown=forms.markdown,
        )  # fmt: skip
        return Findings(
            articles=[raw], language=self.language, rules=["article.article/page", "article.body/article"]
        )

    def _in_article(self, *tags: str) -> etree._Element | None:
        """Return the first such element in the place of the article, outside of the body."""
        within = Within(lambda node: not _ARTICLE.isdisjoint(_classes(node)))
        in_body = Within(lambda node: node.tag == "article")
        found = (each for each in self.root.iter(*tags) if within(each.getparent()))
        return next((each for each in found if not in_body(each.getparent())), None)

    def _crumbs(self) -> list[tuple[str | None, str]]:
        """Return key and title of each collection that the breadcrumbs name, the outermost first.

        They are marked as such, or are beside a link to the home page outside of header and footer.
        """
        for scope in self.selector.css(".breadcrumb"):
            links = [
                (self._address(link.attrib["href"]).key, inline_text(link.root))
                for link in scope.css("a[href]")[:_MOST_CRUMBS]
            ]
            return [(key, text) for key, text in links[1:] if text]  # the first one leads home
        beside = Within(lambda node: node.tag in {"header", "footer"})
        homes = (
            link
            for link in self.selector.css("a[href]")
            if self._address(link.attrib["href"]).kind == "home" and not beside(link.root)
        )
        for link in islice(homes, _MOST_HOMES):
            around = link.xpath("(parent::li/parent::* | parent::*[not(self::li)])//a[@href]")[:_MOST_CRUMBS]
            found = [(self._address(each.attrib["href"]), each.root) for each in around]
            crumbs = [(each.key, inline_text(root)) for each, root in found if each.kind == "list"]
            if named := [(key, text) for key, text in crumbs if text]:
                return named
        return []

    def _nothing(self, field: str, what: str, selector: str = "") -> ExtractionError:
        """Return the error for a page without ``what``, which may be a page that only JavaScript fills."""
        if self.selector.css("script[src]") and len(inline_text(self.root)) < 200:
            return self.error(
                "challenge", f"a shell that needs JavaScript ({self._title!r})", selector=selector
            )
        return self.error(field, f"{what} ({self._title!r})", selector=selector)


def _is_beside(node: etree._Element) -> bool:
    return node.tag in _BESIDE_TAGS or not _BESIDE.isdisjoint(_classes(node))


def _classes(node: etree._Element) -> list[str]:
    return (node.get("class") or "").split()


def _words(found: Any) -> str | None:
    """Return the text of the first of some elements; a word that is cut into spans stays one word."""
    return (inline_text(found[0].root) or None) if found else None


def _text(value: Any) -> str | None:
    return collapse(value) or None if isinstance(value, str) else None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
