"""The pages of Bybit's help centre: their content is in the state that Next.js embeds (``__NEXT_DATA__``).

The shapes are those of a topic's and an article's page recorded in July 2026. Every page names all topics. A topic's
page holds the whole tree of its sections and articles; an article's page holds the body in one or more tabs. The time
of the last edit has no time zone, so only its date is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, collapse
from helpscraper.html.bodies import escape_html, write_fragment
from helpscraper.items import RawArticle
from helpscraper.json_text import loads, member
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.bybit import addresses
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings, Section

__all__ = ["BybitPage"]

_DATE = len("2026-01-23")


class BybitPage(Page):
    """One page of the edition of ``context``."""

    def __init__(self, url: str, payload: Payload, context: Context) -> None:
        super().__init__(url, payload)
        self.context = context

    @cached_property
    def state(self) -> dict[str, Any]:
        """The properties of the page; raises ``ExtractionError`` for a page without them, or of another edition."""
        script = self.selector.css("script#__NEXT_DATA__::text").get()
        if script is None:
            title = collapse(self.selector.css("title::text").get(""))[:100]
            raise self.error("state", f"the page has no state ({title!r})", selector="#__NEXT_DATA__")
        try:
            found = loads(script)
        except (ValueError, RecursionError) as error:
            raise self.error("state", str(error)[:200], selector="#__NEXT_DATA__") from error
        state: dict[str, Any] = self.member(
            self.member(found, "props", dict, "state"), "pageProps", dict, "props"
        )
        locale = self.member(state, "locale", str, "pageProps").lower()
        if locale != self.context.locale:
            raise AnotherEditionError(self.url, self.context.locale, locale, "the locale of its state")
        return state

    def member(self, data: Any, name: str, kind: type, where: str) -> Any:
        """Return ``data[name]``, which must be a ``kind``."""
        try:
            return member(data, name, kind)
        except ValueError as error:
            raise self.error(f"{where}.{name}", str(error)) from error

    def home(self) -> Findings:
        """Return the topics, each a list of its own."""
        sections = [
            Section(
                key=self.member(each, "url", str, "categories"),
                title=_text(each.get("title")),
                content_type="tag",
            )
            for each in self.member(self.state, "categories", list, "pageProps")
        ]
        found = Findings(sections=sections, rules=["home.sections/state"] * bool(sections))
        if not sections:
            found.missing = self.error("pageProps.categories", "the page names no topic")
        return found

    def topic(self, asked: Address) -> Findings:
        """Return the articles of a topic, of all its sections."""
        topic = self.member(self.state, "data", dict, "pageProps")
        key = self.member(topic, "url", str, "data")
        if key != asked.key:
            raise self.error("data.url", f"{key[:100]!r}, where {asked.key} was asked for")
        found = Findings(content_type="tag", pages=1)
        for section, data in self._listed(topic):
            try:
                name = self.member(data, "url", str, "articles")
            except ExtractionError as error:
                found.holes.append(f"{error.field}: {error.detail}")
                continue
            article_id = addresses.key_of(name)
            inner = section is not topic
            row = RawArticle(
                kind="listing", key=article_id, url=addresses.article_page(self.context, article_id),
                source_id=_text(data.get("code")), title=_text(data.get("title")),
                section=_text(section.get("url")) if inner else None,
                section_title=_text(section.get("title")) if inner else None,
                category=key, category_title=_text(topic.get("title")),
            )  # fmt: skip
            found.articles.append(row)
        found.rules = ["listing.articles/state"] * bool(found.articles)
        return found

    def _listed(self, topic: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield each article of the tree with its section, in the order of the page."""
        waiting = [topic]
        while waiting:
            section = waiting.pop()
            yield from ((section, each) for each in self.member(section, "articles", list, "data"))
            waiting += reversed(self.member(section, "children", list, "data"))

    def article(self, asked: Address) -> Findings:
        """Return the article of its own page; its section has no key here, only a title."""
        data = self.member(self.state, "article", dict, "pageProps")
        name = self.member(data, "articleUrl", str, "article")
        if addresses.key_of(name) != asked.key:
            raise self.error("article.articleUrl", f"{name[:100]!r}, where {asked.key} was asked for")
        raw = RawArticle(
            kind="article", key=asked.key or "", url=addresses.article_page(self.context, asked.key or ""),
            source_id=_text(data.get("articleNumber")), title=_text(data.get("title")),
            language=self.context.locale,
        )  # fmt: skip
        tabs = self.member(data, "tabs", list, "article")
        bodies = [self.member(tab, "tab_content", str, "tabs") for tab in tabs]
        if any(body.strip() for body in bodies):
            titles = [_text(tab.get("tab_title")) if len(tabs) > 1 else None for tab in tabs]
            parts = [
                (f"<h2>{escape_html(title)}</h2>" if title else "") + body
                for title, body in zip(titles, bodies, strict=True)
            ]
            forms = write_fragment("".join(parts), raw.url)
            raw.body_html, raw.body_text, raw.body_markdown = forms.html, forms.text, forms.markdown
        edits = sorted(edit[:_DATE] for tab in tabs if (edit := _text(tab.get("last_updated"))))
        raw.updated_text = edits[-1] if edits else None
        self._place(raw)
        return Findings(articles=[raw], language=self.context.locale, rules=["article.article/state"])

    def _place(self, raw: RawArticle) -> None:
        """Fill topic and section from the breadcrumbs: the section is a title there, which the tree of topics names."""
        for crumb in _tables(self.state.get("breadcrumbItems")):
            href, title = _text(crumb.get("url")), _text(crumb.get("title"))
            address = addresses.address_of(href) if href else None
            if address is not None and address.kind == "list":
                raw.category, raw.category_title = address.key, title
            elif href is None:
                raw.section_title = title
        waiting = [each for each in _tables(self.state.get("categories")) if each.get("url") == raw.category]
        while waiting and raw.section_title:
            inner = _tables(waiting.pop().get("children"))
            raw.section = next(
                (_text(each.get("url")) for each in inner if each.get("title") == raw.section_title), None
            )
            if raw.section:
                break
            waiting += inner


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
