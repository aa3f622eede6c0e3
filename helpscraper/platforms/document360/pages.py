"""Read one article from its page, as Angular renders it on the server."""

from __future__ import annotations

from urllib.parse import urljoin

from lxml import etree
from parsel import Selector

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, collapse, inline_text
from helpscraper.html.bodies import write_body
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings
from helpscraper.platforms.document360 import addresses, state
from helpscraper.urls import key_of, same_site

__all__ = ["read_article", "read_list", "with_own_elements"]

_CHROME = "descendant::button | descendant::div[contains(concat(' ', @class, ' '), ' toolbar ')]"
_MEDIA = ("img", "video", "iframe", "picture")
_OWN = "//*[starts-with(local-name(), 'd360-')]"


def with_own_elements(page: Page) -> bool:
    """Tell whether a page has elements that only Document360 writes."""
    return bool(page.selector.xpath(f"boolean({_OWN})").get() == "1")


def read_list(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return a row for each page of the tree; raises ``ExtractionError`` for a page without one."""
    landed = addresses.address_of(context.site, url)
    if landed.kind == "article" and landed.key == asked.locale:
        advice = f'declare the language of the folder: editions.{asked.locale} = "{asked.locale}"'
        raise ExtractionError(url, "edition", f"{asked.locale} is no declared edition", advice=advice)
    if landed.kind in {"list", "article"}:
        _same_edition(asked, landed, url)
    page = Page(url, payload)
    _check(page)
    try:
        tree = state.read_tree(page)
    except ExtractionError as error:
        raise (_shell(page) if _is_empty(page) else error) from error
    rows = []
    for node in tree.nodes:
        key = key_of(f"/{node.slug}")
        row = RawArticle(
            kind="listing", key=key, url=addresses.page_url(context, key), title=node.title or None
        )
        _place(row, [(key_of(f"/{slug}"), title) for slug, title in node.above])
        rows.append(row)
    if not rows:
        raise page.error("list", "the tree holds no article", selector="script#serverApp-state")
    return Findings(
        articles=rows, holes=tree.holes, content_type="tag", language=_language(page),
        left_out=[f"{n} × {why}" for why, n in sorted(tree.left_out.items())],
        rules=["list.articles/state"],
    )  # fmt: skip


def read_article(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the article of its own page, or that a category has none; raises ``ExtractionError``."""
    landed = addresses.address_of(context.site, url)
    _same_edition(asked, landed, url)
    if (landed.kind, landed.key) != ("article", asked.key):
        raise ExtractionError(url, "article", f"article {asked.key} leads to another page")
    page = Page(url, payload)
    _check(page)
    title, body = page.selector.css("h1.article-title"), page.selector.css("#articleContent")
    if _is_empty(page):
        raise _shell(page)
    if not body or not title:
        if _is_category(page, asked.key or ""):
            return Findings(no_article="a category without a text of its own")
        raise page.error("body", f"no article on the page ({_document(page)!r})", selector="#articleContent")
    forms = write_body([body[0].root], page.base_url, _CHROME)
    raw = RawArticle(
        kind="article", key=asked.key or "", url=url, title=inline_text(title[0].root), language=_language(page),
        body_html=forms.html, body_text=forms.text, body_markdown=forms.markdown,
    )  # fmt: skip
    _place(raw, _crumbs(page, context))
    return Findings(
        articles=[raw], language=raw.language, rules=["article.article/page", "article.body/article-content"]
    )


def _is_category(page: Page, key: str) -> bool:
    """Tell whether the state of a page says that it is a category's."""
    try:
        nodes = state.read_tree(page).nodes
    except ExtractionError:
        return False
    return any(not node.is_article and key_of(f"/{node.slug}") == key for node in nodes)


def _place(raw: RawArticle, above: list[tuple[str, str]]) -> None:
    """Set the outermost category as the category, the innermost as the section."""
    if above:
        raw.category, raw.category_title = above[0]
        raw.section, raw.section_title = above[-1]


def _crumbs(page: Page, context: Context) -> list[tuple[str, str]]:
    """Return key and title of the categories in the breadcrumbs; the link of the home page is none."""
    found = []
    for link in page.selector.css(".breadcrumb-nav a[href]"):
        url = urljoin(page.base_url, link.attrib["href"])
        address = addresses.address_of(context.site, url)
        if same_site(url, page.url) and address.kind == "article" and address.key:
            found.append((address.key, inline_text(link.root)))
    return found


def _same_edition(asked: Address, landed: Address, url: str) -> None:
    if landed.locale != asked.locale:
        raise AnotherEditionError(url, asked.locale, landed.locale, "the address to which the page leads")


def _check(page: Page) -> None:
    if page.selector.css("input[type=password]") and not page.selector.css("#articleContent"):
        raise page.error(
            "challenge", f"a sign-in page ({_document(page)!r})", advice="the knowledge base is not public"
        )


def _is_empty(page: Page) -> bool:
    """Tell whether the place of the article is on the page and holds nothing that a reader sees."""
    places: list[Selector] = [
        *page.selector.css("d360-article-content"),
        *page.selector.css("#articleContent"),
    ]
    return bool(places) and not any(_shows(each.root) for each in places[-1:])


def _shows(part: etree._Element) -> bool:
    return bool(inline_text(part)) or next(part.iter(*_MEDIA), None) is not None


def _shell(page: Page) -> ExtractionError:
    return page.error(
        "challenge", f"a shell that needs JavaScript ({_document(page)!r})", selector="d360-article-content"
    )


def _document(page: Page) -> str:
    return collapse(page.selector.css("title::text").get(""))[:100]


def _language(page: Page) -> str | None:
    return page.root.get("lang") or None
