"""The JSON interface of the OKX help centre: a section or category by its slug, and the articles of a section.

It is documented nowhere; the shapes are those of answers recorded from 2026-06-30 to 2026-07-13. So every member of an
answer is checked: one of another shape invalidates the whole answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.json_text import loads
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings, Interface, Link, Section
from helpscraper.platforms.okx.page import MAX_TITLE, OkxPage
from helpscraper.platforms.okx.recognise import is_challenge
from helpscraper.platforms.okx.urls import parse_help_url
from helpscraper.urls import is_key, origin

__all__ = [
    "ArticlesAnswer",
    "Node",
    "NodeAnswer",
    "OkxInterface",
    "articles_asked",
    "articles_url",
    "node_url",
]

_ROOT = "/priapi/v1/assistant/service-center"
_ARTICLES = f"{_ROOT}/search/articles"
_PAGE_SIZE = 100
"""The largest page that is known to be answered."""
_MAX_ID = 100
_KINDS: dict[type, str] = {str: "text", int: "a whole number", list: "a list", dict: "an object"}


def node_url(base_url: str, kind: str, slug: str) -> str:
    """Return the address of a ``category`` or ``section`` by its slug.

    >>> node_url("https://www.okx.com", "section", "faq-kyc").partition("/kb/")[2]
    'unified/section?slug=faq-kyc'
    """
    return f"{base_url}{_ROOT}/kb/unified/{kind}?{urlencode({'slug': slug})}"


def articles_url(base_url: str, section_id: str, page: int) -> str:
    """Return the address of one page, counted from 1, of the articles of a section.

    >>> articles_url("https://www.okx.com", "7HRq", 2).partition("/search/")[2]
    'articles?sectionIds=7HRq&page=2&size=100'
    """
    asked = urlencode({"sectionIds": section_id, "page": page, "size": _PAGE_SIZE})
    return f"{base_url}{_ARTICLES}?{asked}"


def articles_asked(url: str) -> tuple[str, int] | None:
    """Return the id of the section and the page that an address of ``articles_url`` asks for; None for any other.

    >>> articles_asked("http://127.0.0.1/priapi/v1/assistant/service-center/search/articles?sectionIds=7HRq&page=2")
    ('7HRq', 2)
    """
    if _ARTICLES not in url:
        return None
    parts = urlsplit(url)
    if parts.path != _ARTICLES:
        return None
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    section_id, page = asked.get("sectionIds"), asked.get("page", "")
    if not section_id or not (page.isascii() and page.isdecimal() and len(page) < 7):
        return None
    return section_id, int(page)


@dataclass(frozen=True, slots=True)
class Node:
    """A category or section. ``content_type`` is ``section`` or ``tag``; a category has none."""

    id: str
    slug: str
    title: str
    content_type: str | None = None


class _Answer:
    """The payload of one answer; ``_member`` reads every member, and names one of another shape."""

    def __init__(self, url: str, payload: bytes | Payload) -> None:
        self.url = url
        self._payload = payload if isinstance(payload, Payload) else Payload(payload)

    @cached_property
    def _data(self) -> dict[str, Any]:
        try:
            answer = loads(self._payload.data.decode())
        except (ValueError, RecursionError) as error:
            raise self._no_json(error) from error
        if not isinstance(answer, dict):
            raise self._error("json", f"{type(answer).__name__} where an object was recorded")
        code = self._member(answer, "code", int)
        if code != 0:
            raise self._error("code", f"{code} ({str(answer.get('msg'))[:100]})")
        data: dict[str, Any] = self._member(answer, "data", dict)
        return data

    def _no_json(self, error: Exception) -> ExtractionError:
        """Describe the answer that is not JSON."""
        try:
            page = OkxPage(self.url, self._payload)
            if is_challenge(page):
                return self._error("challenge", f"a block or challenge page ({page.head_title!r})")
            if page.head_title:
                return self._error("json", f"a page ({page.head_title[:100]!r})")
        except ExtractionError as empty:
            return self._error("json", empty.detail)
        return self._error("json", str(error)[:100])

    def _error(self, field: str, detail: str) -> ExtractionError:
        return ExtractionError(self.url, field, detail, advice="crawl with -a witness=pages")

    def _member(self, holder: dict[str, Any], name: str, kind: type, where: str = "") -> Any:
        """Return a member; raises ``ExtractionError`` naming its path unless it is of ``kind`` and not empty text."""
        value = holder.get(name)
        if not isinstance(value, kind) or isinstance(value, bool) or value == "":
            stated = "nothing" if value is None else repr(value)[:80]
            raise self._error(f"{where}{name}", f"{stated} where {_KINDS[kind]} was recorded")
        return value

    def _slug(self, holder: dict[str, Any], name: str, where: str) -> str:
        slug: str = self._member(holder, name, str, where)
        if not is_key(slug):
            raise self._error(f"{where}{name}", f"{slug[:80]!r} is not a slug")
        return slug

    def _title(self, holder: dict[str, Any], name: str, where: str) -> str:
        title: str = self._member(holder, name, str, where)
        if len(title) > MAX_TITLE:
            raise self._error(
                f"{where}{name}", f"a title of {len(title):,} characters; the bound is {MAX_TITLE:,}"
            )
        return title


class NodeAnswer(_Answer):
    """The answer for one category or section; reading raises ``ExtractionError`` when it is another shape."""

    @cached_property
    def category(self) -> Node:
        """The category, or the one that the section belongs to."""
        return self._node("category")

    @cached_property
    def section(self) -> Node:
        """The section that was asked for."""
        return self._node("section")

    def _node(self, name: str) -> Node:
        node: dict[str, Any] = self._member(self._data, name, dict, "data.")
        where = f"data.{name}."
        node_id: str = self._member(node, "id", str, where)
        if len(node_id) > _MAX_ID:
            raise self._error(f"{where}id", f"an id of {len(node_id):,} characters")
        kind = self._member(node, "contentType", str, where)[:40] if name == "section" else None
        return Node(node_id, self._slug(node, "slug", where), self._title(node, "title", where), kind)


class ArticlesAnswer(_Answer):
    """One page of the articles of ``section`` in the edition ``locale``.

    Reading raises ``ExtractionError`` when the answer has another shape, is another page than the one that its
    address asks for, or shows an article of another edition or section.
    """

    def __init__(self, url: str, payload: bytes | Payload, *, locale: str, section: str) -> None:
        super().__init__(url, payload)
        self._locale, self._section = locale, section

    @cached_property
    def total(self) -> int:
        """The stated number of articles in the section."""
        return self._count("total")

    @cached_property
    def pages(self) -> int:
        """How many pages of the stated size hold that many articles."""
        size = self._count("pageSize")
        if not 0 < size <= _PAGE_SIZE:
            raise self._error("data.pageSize", f"{size}, where {_PAGE_SIZE} was asked for")
        return max(1, -(-self.total // size))

    @cached_property
    def articles(self) -> list[RawArticle]:
        """The articles of this page in the order stated, kind ``listing``, each once."""
        asked = articles_asked(self.url)
        if asked is None:
            raise self._error("url", "this address asks for no articles")
        section_id, page = asked
        if (stated := self._count("pageNum")) != page:
            raise self._error("data.pageNum", f"page {stated}, where page {page} was asked for")
        rows: list[Any] = self._member(self._data, "list", list, "data.")
        if len(rows) > _PAGE_SIZE or (not rows and page <= self.pages and self.total):
            raise self._error("data.list", f"{len(rows)} articles on page {page} of {self.total}")
        found = (self._row(row, f"data.list[{number}].", section_id) for number, row in enumerate(rows))
        return list({row.key: row for row in found}.values())

    def _count(self, name: str) -> int:
        value: int = self._member(self._data, name, int, "data.")
        if not 0 <= value < 1 << 63:
            raise self._error(f"data.{name}", f"{value}, which counts nothing")
        return value

    def _row(self, row: Any, where: str, section_id: str) -> RawArticle:
        if not isinstance(row, dict):
            raise self._error(where.rstrip("."), f"{type(row).__name__} where an object was recorded")
        slug, section = self._slug(row, "slug", where), self._slug(row, "sectionSlug", where)
        address: str = self._member(row, "url", str, where)
        target = parse_help_url(address)
        if (target.kind, target.slug) != ("article", slug):
            raise self._error(f"{where}url", f"{address[:80]!r} is not the address of {slug}")
        if target.locale != self._locale:
            raise self._error(
                f"{where}url", f"an article of {target.locale}, where {self._locale} was asked for"
            )
        if section != self._section and row.get("rootSectionId") != section_id:
            raise self._error(f"{where}sectionSlug", f"{section}, where {self._section} was asked for")
        prefix = "" if self._locale == "en" else f"/{self._locale}"
        # The excerpt ("content") is left out: no listing page shows one, and both must give the same row.
        return RawArticle(
            kind="listing",
            key=slug,
            url=f"{origin(self.url)}{prefix}/help/{slug}",
            title=self._title(row, "title", where),
            category=self._slug(row, "categorySlug", where),
            section=section,
            listed_in=(self._section,),
            published=self._milliseconds(row, "publishTime", where),
            updated=self._milliseconds(row, "updateTime", where),
            view_count_text=self._likes(row, where),
        )

    def _milliseconds(self, row: dict[str, Any], name: str, where: str) -> int:
        """Return an instant, which the interface states in seconds and as text."""
        text: str = self._member(row, name, str, where)
        if not (text.isascii() and text.isdecimal() and len(text) <= 10):
            raise self._error(f"{where}{name}", f"{text[:40]!r} where seconds were recorded")
        return int(text) * 1000

    def _likes(self, row: dict[str, Any], where: str) -> str | None:
        """Return the count that pages show beside the dates; only some categories have one."""
        if row.get("okxLikesNums") is None:
            return None
        likes: int = self._member(row, "okxLikesNums", int, where)
        if likes < 0:
            raise self._error(f"{where}okxLikesNums", f"{likes}, which counts nothing")
        return str(likes)


class OkxInterface(Interface):
    """The JSON interface as a second source of the lists; ids come from pages, or from its own answers."""

    def section_link(self, context: Context, key: str) -> Link:
        """Return the link that holds id and kind of a section."""
        return _link(node_url(context.root, "section", key), context, key, 1)

    def list_link(self, context: Context, key: str, source_id: str, page: int) -> Link:
        """Return the link of one page of a section's articles."""
        return _link(articles_url(context.root, source_id, page), context, key, page)

    def list_asked(self, url: str) -> tuple[str, int] | None:
        """Return the id of the section and the page that ``url`` asks for."""
        return articles_asked(url)

    def read_section(self, key: str, url: str, payload: Payload) -> Section:
        """Return the section that an answer describes."""
        node = NodeAnswer(url, payload).section
        if node.slug != key:
            raise ExtractionError(url, "data.section.slug", f"{node.slug}, where {key} was asked for")
        return Section(key=node.slug, title=node.title, content_type=node.content_type, source_id=node.id)

    def read_list(self, key: str, url: str, payload: Payload, context: Context) -> Findings:
        """Return the articles of one page, with the stated total and number of pages."""
        answer = ArticlesAnswer(url, payload, locale=context.locale, section=key)
        return Findings(articles=answer.articles, total=answer.total, pages=answer.pages)


def _link(url: str, context: Context, key: str, page: int) -> Link:
    headers = {"Accept": "application/json", "Accept-Language": context.locale_facts.bcp47}
    return Link(url, Address("list", context.locale, key, page), headers)
