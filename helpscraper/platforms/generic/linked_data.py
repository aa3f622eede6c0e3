"""Read the JSON-LD of a page, in the words of schema.org: the article, questions and answers, breadcrumbs.

Only the page's own article counts: of several articles the one with the page's address, if there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from helpscraper.html.base import Page, collapse
from helpscraper.json_text import loads

__all__ = ["Stated", "stated"]

_MOST_SCRIPTS = 20
_MOST_NODES = 2000
_LONGEST_SCRIPT = 2 << 20
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "breadcrumb")
_ARTICLES = frozenset({"BlogPosting", "HowTo", "Report", "SocialMediaPosting"})
_QUESTIONS = frozenset({"FAQPage", "QAPage"})
_LISTS = frozenset({"CollectionPage", "SearchResultsPage", "ItemList"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The statements of a page, None or empty where there are none.

    ``body`` is plain text, ``answers`` are (question, answer as HTML), ``crumbs`` are (name, address) from the top.
    ``is_list``: the page is a list of other pages.
    """

    title: str | None = None
    body: str | None = None
    published: str | None = None
    updated: str | None = None
    answers: tuple[tuple[str, str], ...] = ()
    crumbs: tuple[tuple[str, str], ...] = ()
    is_list: bool = False


def stated(page: Page) -> Stated:
    """Return what the JSON-LD of ``page`` states; a script that is not JSON states nothing."""
    nodes = list(_nodes(page))
    articles = [node for node in nodes if _is_article(node)]
    if len(articles) > 1:
        articles = [node for node in articles if _is_of(node, page.url)]
    article: Mapping[str, Any] = articles[0] if len(articles) == 1 else {}
    answers = [each for node in nodes if _types(node) & _QUESTIONS for each in _answers(node)]
    return Stated(
        title=_text(article.get("headline")) or _text(article.get("name")),
        body=_long_text(article.get("articleBody")),
        published=_text(article.get("datePublished")),
        updated=_text(article.get("dateModified")),
        answers=tuple(answers),
        crumbs=next((found for node in nodes if (found := _crumbs(node, page.url))), ()),
        is_list=not articles and not answers and any(_types(node) & _LISTS for node in nodes),
    )


def _nodes(page: Page) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of all scripts that may be about the page itself."""
    waiting: list[Any] = []
    for script in page.root.iterfind(".//script[@type='application/ld+json']"):
        text = script.text or ""
        if len(waiting) < _MOST_SCRIPTS and len(text) <= _LONGEST_SCRIPT:
            try:
                waiting.append(loads(text.strip().rstrip(";")))
            except (ValueError, RecursionError):
                page.count("linked_data", "broken")
    waiting.reverse()
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node[:_MOST_NODES])
        elif isinstance(node, dict):
            yield node
            waiting += [node[name] for name in reversed(_INSIDE) if name in node]


def _types(node: Mapping[str, Any]) -> set[str]:
    kinds = node.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return {kind.rpartition("/")[2] for kind in named if isinstance(kind, str)}


def _is_article(node: Mapping[str, Any]) -> bool:
    return any(kind.endswith("Article") or kind in _ARTICLES for kind in _types(node))


def _is_of(node: Mapping[str, Any], url: str) -> bool:
    """Tell whether a node states that it is about the page at ``url``."""
    names = [node.get("url"), node.get("@id"), node.get("mainEntityOfPage")]
    names += [each.get("@id") for each in names if isinstance(each, dict)]
    own = urlsplit(url).path.rstrip("/")
    return any(isinstance(each, str) and _path(each, url) == own for each in names)


def _path(url: str, base: str) -> str | None:
    try:
        return urlsplit(urljoin(base, url)).path.rstrip("/")
    except ValueError:
        return None


def _answers(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for question in _listed(node.get("mainEntity")):
        name = _text(question.get("name"))
        for answer in _listed(question.get("acceptedAnswer"))[:1]:
            text = _long_text(answer.get("text"))
            if name and text:
                yield name, text


def _crumbs(node: Mapping[str, Any], base: str) -> tuple[tuple[str, str], ...]:
    if "BreadcrumbList" not in _types(node):
        return ()
    found = []
    for place, element in enumerate(_listed(node.get("itemListElement"))):
        item = element.get("item")
        inner = item if isinstance(item, dict) else {"@id": item}
        name = _text(element.get("name")) or _text(inner.get("name"))
        url = _text(inner.get("@id")) or _text(inner.get("url")) or ""
        number = element.get("position")
        order = number if isinstance(number, int) else place
        if name:
            found.append((order, place, name, url))
    return tuple((name, url) for _, _, name, url in sorted(found))


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _text(value: Any) -> str | None:
    return (collapse(value) or None) if isinstance(value, str) and len(value) <= 2000 else None


def _long_text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
