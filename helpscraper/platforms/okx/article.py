"""An article of the OKX help centre, from its own page.

The page must prove to be the article that was asked for: its state, its canonical link or its structured data
name the slug. A missing field costs that field; any other page raises ``ExtractionError``.
"""

from __future__ import annotations

from functools import cached_property

from lxml import etree
from parsel import Selector

from helpscraper.html.base import collapse, inline_text, inside, pieces
from helpscraper.html.bodies import BodyForms, write_body
from helpscraper.items import RawArticle
from helpscraper.json_text import loads
from helpscraper.payload import Payload
from helpscraper.platforms.okx.items import Details, looks_dated, read_details
from helpscraper.platforms.okx.linked_data import article_slug, linked_articles, linked_text
from helpscraper.platforms.okx.page import OkxPage, is_article, is_breadcrumb
from helpscraper.platforms.okx.recognise import is_challenge
from helpscraper.platforms.okx.richtext import rich_text
from helpscraper.platforms.okx.rows import instant, pick_title
from helpscraper.platforms.okx.state import Json, dig, find_post, number, text
from helpscraper.platforms.okx.urls import parse_help_url

__all__ = ["ArticlePage"]

# Places of the dates, the most reliable first.
_ROWS = (
    "(.//*[@data-testid='RowWithDivider'])[1]",
    "(.//*[contains(@class, 'index_timeWrap__')])[1]",
    "(.//*[contains(@class, 'index_detail-row__')])[1]",
    "(.//*[@data-testid='DateDisplay'])[1]/..",
)
_BODY_CLASSES = ("index_richTextContent__", "index_markdownContent__")
_BODIES = ", ".join(f"div[class*='{name}']" for name in _BODY_CLASSES)
_FOOTER = "contains(@class, 'index_footerContainer__') or starts-with(@id, 'footer-')"
_CONTENT = "(.//*[contains(@class, 'index_content__')][not(starts-with(@id, 'footer-'))])[1]"
_CHROME = (
    f"descendant::*[{_FOOTER} or @data-testid='footer' or contains(@class, 'Footer_footer__')"
    " or contains(@class, 'index_articleSidebarContainer__') or contains(@class, 'index_headerContainer__')"
    " or contains(@class, 'index_shareContainer__') or contains(@class, 'index_share__')"
    " or contains(@class, 'okui-breadcrumbs') or self::header or self::nav or self::aside or self::footer]"
)
_CHROME_AND_HEAD = (
    f"{_CHROME.removesuffix(']')} or self::h1"
    " or @data-testid='RowWithDivider' or contains(@class, 'index_detail-row__')]"
)
_AFTER_TITLE = "(following::*[not(*)])[position() <= 40]"


class ArticlePage(OkxPage):
    """The page of one article. ``slug`` is the one that was asked for (default: the one in the URL)."""

    def __init__(self, url: str, html: str | bytes | Payload, *, slug: str | None = None) -> None:
        super().__init__(url, html)
        self._asked = slug

    @cached_property
    def _post(self) -> Json:
        post = dig(self.state, "serverSideProps", "currentPost")
        if isinstance(post, dict) and text(post, "slug"):
            return post
        found = find_post(self.state, self.asked_slug)
        if found is not None:
            self.count("post", "drift")
            return found
        return {}

    @cached_property
    def _element(self) -> Selector | None:
        # A lookup of the container by id is cheaper than a walk through the whole page.
        containers = self.selector.xpath("id('article-container')")
        for scope in (*containers, self.selector):
            if (found := _article_in(scope)) is not None:
                return found
        return next((one for one in containers if _heading(one) is not None), None)

    @cached_property
    def _linked_data(self) -> Json:
        """The article's JSON-LD, the third source of title and dates: one that names it, else one that names none."""
        found: list[Json] = []
        for script in self.selector.css("script[type*='ld+json']"):
            try:
                value = loads(script.xpath("string()").get(""))
            except (ValueError, RecursionError):
                self.count("json_ld", "broken")
                continue
            found += linked_articles(value)
        named = {article_slug(one): one for one in reversed(found)}
        return named.get(self.asked_slug) or named.get(None) or (found[0] if found else {})

    @cached_property
    def asked_slug(self) -> str | None:
        """The slug that was asked for; None when the URL is not an article's."""
        return self._asked or (self.here.slug if self.here.kind == "article" else None)

    @cached_property
    def slug(self) -> str:
        """The page's own slug; raises ``ExtractionError`` when the page has none or another than was asked for."""
        rule, own = "state", text(self._post, "slug")
        if own is None:
            rule, own = "canonical", _slug_of(self.canonical)
        if own is None:
            rule, own = "json_ld", article_slug(self._linked_data)
        if own is None:
            rule, own = "url", self.asked_slug
        if own is None or (own := self.valid_slug(own)) is None:
            raise self.error(
                "slug", f"the page names no usable slug ({rule})", selector="currentPost.slug, canonical"
            )
        self.count("slug", rule)
        if self.asked_slug is not None and own != self.asked_slug:
            raise self.error(
                "slug",
                f"the page is article {own!r}, not {self.asked_slug!r}",
                selector=rule,
                advice="the article was renamed, or the site answered with another page",
            )
        return own

    @cached_property
    def _is_labelled(self) -> bool:
        """Whether the article element carries its own heading as a label, as every layout seen does."""
        label = self._element.attrib.get("aria-label") if self._element is not None else None
        heading = _heading(self.selector)
        return bool(label) and heading is not None and collapse(label or "") == heading

    def _check_is_article(self) -> None:
        if self._post or (
            self._element is not None and (self._containers or self._linked_data or self._is_labelled)
        ):
            return
        if is_challenge(self):
            raise self.error(
                "challenge",
                f"a block or challenge page ({self.head_title!r}), not an article",
                advice="slow down, or ask the site's owner for access; the row is kept as failed",
            )
        if self.state:
            raise self.error(
                "article", "the state holds no currentPost: the article is not there", selector="#appState"
            )
        raise self.error(
            "article",
            "no state and no article element of this site",
            selector="#appState, article h1, index_richTextContent__, index_markdownContent__",
            advice="the page is something else (an error page, another site), or the layout has changed",
        )

    @cached_property
    def article(self) -> RawArticle:
        """The article, kind ``article``, with its body in three forms; raises ``ExtractionError`` (see the module)."""
        self._check_is_article()
        slug = self.slug
        section, details = dig(self._post, "section"), self._details
        category = self.valid_slug(text(section, "category", "slug")) or self._crumb("category")[0]
        body, title = self._body, self._title()
        if self.undecoded and "\ufffd" in title + (body.text if body else ""):
            self.count("charset", "undecoded")
        return RawArticle(
            kind="article",
            key=slug,
            url=self.article_url(slug),
            source_id=self._source_id(slug),
            title=title,
            category=category,
            category_title=text(section, "category", "title") or self._crumb("category")[1],
            section=self.valid_slug(text(section, "slug")) or self._crumb("section")[0],
            section_title=text(section, "title") or self._crumb("section")[1],
            published=self._instant("published", "publishTime", "datePublished"),
            updated=self._instant("updated", "updatedAt", "dateModified"),
            published_text=details.dates[0] if details.dates else None,
            updated_text=details.dates[1] if len(details.dates) > 1 else None,
            view_count_text=details.count,
            reading_text=self._reading(),
            language=self.language,
            body_html=body.html if body else None,
            body_markdown=body.markdown if body else None,
            body_text=body.text if body else None,
        )

    def _source_id(self, slug: str) -> str | None:
        stated = text(self._post, "id")
        return stated if stated and stated != slug and len(stated) <= 200 else None

    def _title(self) -> str:
        heading = _heading(self._element) if self._element is not None else None
        shown = self.bounded_title(heading)
        title = pick_title(
            self, text(self._post, "title"), shown or linked_text(self._linked_data, "headline")
        )
        if not title:
            raise self.error("title", "the article has no title", selector="currentPost.title, article h1")
        return title

    @cached_property
    def _details(self) -> Details:
        """The pieces of the row below the title, wherever it stands; empty when no row can be found."""
        if self._element is None:
            return Details()
        found = (row for path in _ROWS for row in self._element.xpath(path))
        row = next(found, None)
        if row is None:
            row = self._row_by_date()
        details = read_details(pieces(row.root)) if row is not None else Details()
        self.count("dates", "markup" if details.dates else "missing")
        self.count("view_count", "markup" if details.count else "missing")
        return details

    def _row_by_date(self) -> Selector | None:
        """The parent of the first dated line between title and body, for a layout whose classes are unknown."""
        bodies = {one.root for one in self._containers}
        title = next(inside(self.selector.css("h1"), is_article), None)
        for node in title.xpath(_AFTER_TITLE) if title is not None else ():
            if bodies.intersection(node.root.iterancestors()):
                break
            if looks_dated(inline_text(node.root)):
                return next(iter(node.xpath("..")), None)
        return None

    def _instant(self, field: str, key: str, linked_key: str) -> str | int | None:
        stated = instant(self, field, dig(self._post, key))
        if stated is None and (linked := linked_text(self._linked_data, linked_key)) and len(linked) <= 40:
            self.count(field, "json_ld")
            return linked
        if stated is None:
            self.count(field, "missing")
        return stated

    def _reading(self) -> str | None:
        shown = self._details.reading
        minutes = number(self.state, "initialProps", "content", "readingTime")
        self.count("reading", "markup" if shown else "state" if minutes is not None else "missing")
        return shown or (f"{minutes} min" if minutes is not None else None)

    @cached_property
    def _crumbs(self) -> list[Selector]:
        return list(inside(self.selector.css("a[href*='/help/']"), is_breadcrumb))

    def _crumb(self, kind: str) -> tuple[str | None, str | None]:
        for link in reversed(self._crumbs):
            target = parse_help_url(link.attrib["href"])
            if target.kind == kind and target.page == 1:
                return target.slug, self.bounded_title(inline_text(link.root))
        return None, None

    @cached_property
    def _containers(self) -> list[Selector]:
        """The elements that hold the body, by the stable part of their class."""
        if self._element is None:
            return []
        bodies = self._element.css(_BODIES)
        in_others = {each.root for each in inside(bodies, _is_body_or_footer)}
        if found := [each for each in bodies if each.root not in in_others]:
            self.count("body", "markdown" if "markdown" in found[0].attrib["class"] else "rich_text")
            return found
        content = self._element.xpath(_CONTENT)
        if content:
            self.count("body", "content")
        return content

    @cached_property
    def _body(self) -> BodyForms | None:
        """The body: from the markup, else the state's rich text, else everything in the article below its title."""
        # A container of the body alone has no chrome; the wider one has the footers too.
        containers = [one.root for one in self._containers]
        body = write_body(containers, self.base_url, _CHROME if self.counted("body", "content") else "")
        if body.markdown:
            return body
        document, lost = rich_text(dig(self._post, "richTextContent"))
        if document is not None:
            self.count("body", "state")
            for _ in range(lost):
                self.count("embedded", "lost")
            return write_body([document], self.base_url)
        if self._element is not None:
            body = write_body([self._element.root], self.base_url, _CHROME_AND_HEAD)
            if body.markdown:
                self.count("body", "article")
                return body
        self.count("body", "missing")
        return None


def _article_in(scope: Selector) -> Selector | None:
    """Return the first ``article`` in ``scope`` that holds an ``h1``: the outermost around the first such ``h1``."""
    heading = next(inside(scope.xpath("descendant::h1"), is_article, scope.root.getparent()), None)
    if heading is None:
        return None
    outside = len(scope.xpath("ancestor::article"))
    return heading.xpath("ancestor::article")[outside]


def _is_body_or_footer(node: etree._Element) -> bool:
    classes = node.get("class", "")
    footer = "index_footerContainer__" in classes or node.get("id", "").startswith("footer-")
    return footer or any(name in classes for name in _BODY_CLASSES)


def _heading(scope: Selector) -> str | None:
    """Return the text of the first ``h1`` in ``scope``, None when it has none."""
    found = scope.xpath("(descendant-or-self::h1)[1]")
    return inline_text(found[0].root) if found else None


def _slug_of(url: str | None) -> str | None:
    target = parse_help_url(url) if url else None
    return target.slug if target is not None and target.kind == "article" else None
