"""The answers of Binance's announcements: catalogs, one page of a catalog, one article.

Their shapes are those of answers recorded in 2025 and 2026. A list states title and ``releaseDate`` of an article and
nothing that an edit would move; the article's own answer states ``publishDate`` and ``lastUpdateTime``, all of them
milliseconds since 1970. The body is a tree of nodes (``node``, ``tag``, ``attr``, ``child``, ``text``) in a JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from helpscraper.errors import ExtractionError
from helpscraper.html.bodies import write_fragment
from helpscraper.items import RawArticle
from helpscraper.json_text import loads, member
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.binance import addresses
from helpscraper.platforms.contract import Address, Findings, Section

__all__ = ["read_article", "read_catalogs", "read_list"]

_FINE = "000000"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_VOID = frozenset(("area", "br", "col", "embed", "hr", "img", "source", "wbr"))
_LEVELS = ("first", "second", "third")


class _Answer:
    """One JSON answer; ``member`` names a member of another shape than recorded."""

    def __init__(self, url: str, payload: Payload) -> None:
        self.url = url
        try:
            answer = loads(payload.data.decode())
        except (ValueError, RecursionError) as error:
            said = "a page" if payload.data.lstrip()[:1] == b"<" else str(error)[:200]
            raise self.error("json", f"no JSON answer: {said}") from error
        if not isinstance(answer, dict):
            raise self.error("json", f"{type(answer).__name__} where an object was recorded")
        if answer.get("code") != _FINE:
            stated = {name: answer.get(name) for name in ("code", "message")}
            raise self.error("code", f"an answer without success: {str(stated)[:200]}")
        self.data: Mapping[str, Any] = self.member(answer, "data", dict, "json")

    def error(self, field: str, detail: str) -> ExtractionError:
        return ExtractionError(self.url, field, detail)

    def member(self, data: Any, name: str, kind: type, where: str) -> Any:
        """Return ``data[name]``, which must be a ``kind``."""
        try:
            return member(data, name, kind)
        except ValueError as error:
            raise self.error(f"{where}.{name}", str(error)) from error

    def catalogs(self) -> Iterator[Mapping[str, Any]]:
        """Yield each catalog that holds articles; catalogs may be nested."""
        waiting = list(reversed(self.member(self.data, "catalogs", list, "data")))
        while waiting:
            each = waiting.pop()
            if self.member(each, "catalogId", int, "catalogs") and each.get("total") is not None:
                yield each
            if each.get("catalogs") is not None:
                waiting += reversed(self.member(each, "catalogs", list, "catalogs"))


def read_catalogs(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the catalogs as sections; raises ``ExtractionError`` naming the member."""
    answer = _Answer(url, payload)
    sections = [
        Section(key=str(each["catalogId"]), title=_text(each.get("catalogName")), content_type="section")
        for each in answer.catalogs()
    ]
    found = Findings(sections=sections, rules=["home.sections/catalogs"] * bool(sections))
    if not sections:
        found.missing = answer.error("data.catalogs", "the answer names no catalog")
    return found


def read_list(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return one page of a catalog, and the link of the next; raises ``ExtractionError`` naming the member.

    The page after the last one has no articles and may not name the catalog.
    """
    answer = _Answer(url, payload)
    named = {str(each["catalogId"]): each for each in answer.catalogs()}
    catalog = named.get(asked.key or "")
    if catalog is None:
        if asked.page > 1 and not named:
            return Findings(content_type="section")
        raise answer.error("catalogs.catalogId", f"{', '.join(named)[:100]}, where {asked.key} was asked for")
    where = f"catalogs {asked.key}"
    total = answer.member(catalog, "total", int, where)
    rows: list[RawArticle] = []
    errors: list[ExtractionError] = []
    members = answer.member(catalog, "articles", list, where)
    for each in members:
        try:
            rows.append(_row(answer, each, asked.key or "", _text(catalog.get("catalogName")), context))
        except ExtractionError as error:
            errors.append(error)
    if errors and not rows:
        raise errors[0]
    pages = -(-total // addresses.PAGE_SIZE)
    # A total below the number shown proves no end; only a page without articles does.
    on = asked.page < pages or (members and len(members) != total)
    return Findings(
        articles=rows, total=total, pages=pages, content_type="section",
        next=addresses.list_link(context, asked.key or "", asked.page + 1) if on else None,
        holes=[f"{error.field}: {error.detail}" for error in errors],
        rules=["listing.articles/catalog"] * bool(rows),
    )  # fmt: skip


def _row(answer: _Answer, data: Any, section: str, title: str | None, context: Context) -> RawArticle:
    code = answer.member(data, "code", str, "articles")
    return RawArticle(
        kind="listing", key=code, url=addresses.article_page(context, code),
        source_id=_number(data.get("id")), title=_text(data.get("title")),
        section=section, section_title=title, published=_instant(data.get("releaseDate")),
    )  # fmt: skip


def read_article(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return one article from its own answer; raises ``ExtractionError`` naming the member."""
    answer = _Answer(url, payload)
    data = answer.data
    code = answer.member(data, "code", str, "data")
    if code != asked.key:
        raise answer.error("data.code", f"{code[:100]!r}, where {asked.key} was asked for")
    page = addresses.article_page(context, code)
    above = [(_number(data.get(f"{n}CatalogId")), _text(data.get(f"{n}CatalogName"))) for n in _LEVELS]
    above = [each for each in above if each[0]]
    section, section_title = above[-1] if above else (None, None)
    category, category_title = above[0] if len(above) > 1 else (None, None)
    html = _html(answer, answer.member(data, "body", str, "data"))
    forms = write_fragment(html, page)
    raw = RawArticle(
        kind="article", key=code, url=page, source_id=_number(data.get("id")), title=_text(data.get("title")),
        section=section, section_title=section_title, category=category, category_title=category_title,
        published=_instant(data.get("publishDate")), updated=_instant(data.get("lastUpdateTime")),
        body_html=forms.html, body_text=forms.text, body_markdown=forms.markdown,
    )  # fmt: skip
    return Findings(articles=[raw], rules=["article.article/detail"])


def _html(answer: _Answer, body: str) -> str:
    """Return a body as HTML: each node becomes an element, and its text stays as it was written in HTML."""
    try:
        tree = loads(body)
    except (ValueError, RecursionError) as error:
        raise answer.error("data.body", f"no tree of nodes: {str(error)[:200]}") from error
    if not isinstance(tree, dict) or tree.get("node") != "root":
        raise answer.error("data.body", "no tree of nodes: its root is missing")
    written: list[str] = []
    waiting = _children(answer, tree)
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            written.append(node)
            continue
        kind = node.get("node") if isinstance(node, dict) else None
        if kind == "text":
            text = answer.member(node, "text", str, "data.body")
            written.append(text.replace("<", "&lt;"))
        elif kind == "element":
            tag = answer.member(node, "tag", str, "data.body")
            if not _NAME.fullmatch(tag):
                raise answer.error("data.body.tag", f"no name of an element: {tag[:40]!r}")
            written.append(f"<{tag}{_attributes(node.get('attr'))}>")
            waiting += [] if tag in _VOID else [f"</{tag}>", *_children(answer, node)]
        elif kind != "comment":
            raise answer.error("data.body.node", f"no kind of node that was recorded: {str(kind)[:40]!r}")
    return "".join(written)


def _children(answer: _Answer, node: Any) -> list[Any]:
    """Return the nodes inside ``node``, the last one first; an empty node may leave them out."""
    return [] if node.get("child") is None else answer.member(node, "child", list, "data.body")[::-1]


def _attributes(stated: Any) -> str:
    """Return the attributes of an element; one that holds several words may be a list of them."""
    found = ""
    for name, value in stated.items() if isinstance(stated, dict) else ():
        words = value if isinstance(value, list) else [value]
        if _NAME.fullmatch(name) and all(isinstance(word, str) for word in words):
            text = " ".join(words).replace('"', "&quot;")
            found += f' {name}="{text}"'
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _number(value: Any) -> str | None:
    return str(value) if type(value) is int and value > 0 else None


def _instant(value: Any) -> int | None:
    return value if type(value) is int else None
