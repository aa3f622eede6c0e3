"""An article of the OKX help centre, from its own page.

The page must prove to be the article that was asked for: its state, its canonical link or its structured data
name the slug. A missing field costs that field; a page that is something else is an ``ExtractionError``.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain

from lxml import etree

from helpscraper.html.base import collapse, elements, inline_text, pieces, truth
from helpscraper.html.bodies import BodyForms, write_body
from helpscraper.items import RawArticle
from helpscraper.json_text import loads
from helpscraper.payload import Payload
from helpscraper.platforms.okx.items import Details, looks_dated, read_details
from helpscraper.platforms.okx.linked_data import article_slug, linked_articles, linked_text
from helpscraper.platforms.okx.page import OkxPage, has_class
from helpscraper.platforms.okx.recognise import is_challenge
from helpscraper.platforms.okx.richtext import rich_text
from helpscraper.platforms.okx.rows import instant, pick_title
from helpscraper.platforms.okx.state import Json, dig, find_post, number, text
from helpscraper.urls import parse_help_url

__all__ = ["ArticlePage"]

_ARTICLE_CONTAINER = elements("id('article-container')")
_ROWS = tuple(
    elements(f"(.//*[{condition}])[1]")
    for condition in ("@data-testid='RowWithDivider'", has_class("timeWrap"), has_class("detail-row"))
)
_DATES_PARENT = elements("(.//*[@data-testid='DateDisplay'])[1]/..")
_BODY_CLASSES = ("index_richTextContent__", "index_markdownContent__")
_OF_A_BODY = " or ".join(f"contains(@class, '{name}')" for name in _BODY_CLASSES)
_BODIES = elements(f"descendant-or-self::div[{_OF_A_BODY}]")
_WITHIN_ANOTHER = truth(
    f"boolean(ancestor::*[{_OF_A_BODY} or {has_class('footerContainer')} or starts-with(@id, 'footer-')])"
)
_CONTENT = elements(f"(.//*[{has_class('content')}][not(starts-with(@id, 'footer-'))])[1]")
_CHROME_PATH = (
    f"descendant::*[{has_class('footerContainer')} or starts-with(@id, 'footer-') or @data-testid='footer'"
    f" or contains(@class, 'Footer_footer__') or {has_class('articleSidebarContainer')}"
    f" or {has_class('headerContainer')} or {has_class('shareContainer')} or {has_class('share')}"
    " or contains(@class, 'okui-breadcrumbs') or self::header or self::nav or self::aside or self::footer]"
)
_CHROME = elements(_CHROME_PATH)
_CHROME_AND_HEAD = elements(
    f"{_CHROME_PATH} | descendant::h1"
    f" | descendant::*[@data-testid='RowWithDivider' or {has_class('detail-row')}]"
)
_CRUMBS = elements("//a[contains(@href, '/help/')][ancestor::*[contains(@class, 'breadcrumb')]]")
_AFTER_TITLE = elements("(//article//h1)[1]/following::*[not(*)]")
_JSON_LD = elements("//script[contains(@type, 'ld+json')]")


class ArticlePage(OkxPage):
    """The page of one article. ``slug`` is the one that was asked for; by default the URL tells."""

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
    def _element(self) -> etree._Element | None:
        # The site's own container first: found by its id, it spares a walk through the whole page.
        containers = _ARTICLE_CONTAINER(self.root)
        inside = (one for scope in (*containers, self.root) for one in scope.iter("article"))
        return next((one for one in chain(inside, containers) if _heading(one) is not None), None)

    @cached_property
    def _linked_data(self) -> Json:
        """The article's JSON-LD, the third source of title and dates: one that names it, else one that names none."""
        found: list[Json] = []
        for script in _JSON_LD(self.root):
            try:
                value = loads(script.text or "")
            except (ValueError, RecursionError):
                self.count("json_ld", "broken")
                continue
            found += linked_articles(value)
        named = {article_slug(one): one for one in reversed(found)}
        return named.get(self.asked_slug) or named.get(None) or (found[0] if found else {})

    @cached_property
    def asked_slug(self) -> str | None:
        """The slug that was asked for; None when the URL is no article's."""
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
        label = self._element.get("aria-label") if self._element is not None else None
        heading = _heading(self.root)
        return bool(label) and heading is not None and collapse(label or "") == inline_text(heading)

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
            slug=slug,
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
        shown = self.bounded_title(inline_text(heading)) if heading is not None else None
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
        rows = next((rows for path in (*_ROWS, _DATES_PARENT) if (rows := path(self._element))), [])
        rows = rows or self._row_by_date()
        details = read_details(pieces(rows[0])) if rows else Details()
        self.count("dates", "markup" if details.dates else "missing")
        self.count("view_count", "markup" if details.count else "missing")
        return details

    def _row_by_date(self) -> list[etree._Element]:
        """The parent of the first dated line between title and body, for a layout whose classes are unknown."""
        bodies = set(self._containers)
        for node in _AFTER_TITLE(self.root)[:40]:
            if bodies.intersection(node.iterancestors()):
                break
            if looks_dated(inline_text(node)) and (parent := node.getparent()) is not None:
                return [parent]
        return []

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

    def _crumb(self, kind: str) -> tuple[str | None, str | None]:
        for link in reversed(_CRUMBS(self.root)):
            target = parse_help_url(link.get("href") or "")
            if target.kind == kind and target.page == 1:
                return target.slug, self.bounded_title(inline_text(link))
        return None, None

    @cached_property
    def _containers(self) -> list[etree._Element]:
        """The elements that hold the body, by the stable part of their class."""
        if self._element is None:
            return []
        # None that stands in another, or in a footer.
        found = [div for div in _BODIES(self._element) if not _WITHIN_ANOTHER(div)]
        if found:
            self.count("body", "markdown" if "markdown" in found[0].get("class", "") else "rich_text")
            return found
        content: list[etree._Element] = _CONTENT(self._element)
        if content:
            self.count("body", "content")
        return content

    @cached_property
    def _body(self) -> BodyForms | None:
        """The body; of the markup, else of the state's rich text, else whatever the article holds below its title."""
        # A container of the body alone holds no chrome; the wider one holds the footers too.
        containers = self._containers
        body = write_body(containers, self.base_url, _CHROME if self.counted("body", "content") else None)
        if body.markdown:
            return body
        document, lost = rich_text(dig(self._post, "richTextContent"))
        if document is not None:
            self.count("body", "state")
            for _ in range(lost):
                self.count("embedded", "lost")
            return write_body([document], self.base_url)
        if self._element is not None:
            body = write_body([self._element], self.base_url, _CHROME_AND_HEAD)
            if body.markdown:
                self.count("body", "article")
                return body
        self.count("body", "missing")
        return None


def _heading(element: etree._Element) -> etree._Element | None:
    """Return the first ``h1`` in ``element``, None when it has none."""
    return next(element.iter("h1"), None)


def _slug_of(url: str | None) -> str | None:
    target = parse_help_url(url) if url else None
    return target.slug if target is not None and target.kind == "article" else None
