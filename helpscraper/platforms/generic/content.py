"""Find a page's own part: the article without menus, headers, related links and feedback.

The tree is walked a bounded number of times, whatever its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile

from lxml import etree

from helpscraper.html.base import Page, collapse, inline_text
from helpscraper.normalise.markers import MARKER
from helpscraper.platforms.generic.measure import Measure, measured, squash, sum_up

__all__ = ["CHROME", "Content", "body_of", "crumbs_of", "find_content", "heading_text"]

CHROME = ".//*[@data-left-out]"
"""The XPath of the elements of a found part that are not its own; ``find_content`` marks them."""

_MARK = "data-left-out"
_NEVER = frozenset({"nav", "footer", "aside", "dialog"})
_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "search", "complementary", "dialog", "alertdialog", "menu")
)
_WORDS = frozenset(
    (
        *(
            "breadcrumb",
            "breadcrumbs",
            "related",
            "recent",
            "sidebar",
            "sidenav",
            "navbar",
            "navigation",
            "menu",
        ),
        *(
            "share",
            "sharing",
            "social",
            "votes",
            "vote",
            "feedback",
            "helpful",
            "rating",
            "comments",
            "cookie",
        ),
        *("cookies", "pagination", "pager", "newsletter", "subscribe", "search", "skip", "modal", "promoted"),
        *("reactions", "toc", "footer"),
    )
)
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_LONGEST_NAME = 300
_ANCHORS = frozenset("#¶§🔗")
"""The texts of a heading's links to itself."""

_LEAST = 20
"""A marked-up article with less text than this is a placeholder that a script fills."""

_SNIPPET = 60
_LOOKED_AT = 40
_WHEN = re.compile(rf"{MARKER.pattern}|(?:last )?(?:updated|modified|edited)\b", re.IGNORECASE)
# Largest or least shares of the text around: a part left out by class, a header with the title, a list's links.
_OF_CLASS, _OF_HEADER, _OF_LINKS, _DENSE = 0.4, 0.4, 0.5, 0.6
_FEW_LINKS = 5


@dataclass(slots=True)
class Content:
    """The part found and the ``rule`` that found it; ``heading`` is its h1, ``is_list`` is True for a list of links."""

    part: etree._Element
    rule: str
    heading: etree._Element | None = None
    is_list: bool = False


def find_content(page: Page, said: str | None = None) -> Content | None:
    """Return the page's own part, None when there is none; ``said`` is its text as stated elsewhere.

    First the element that holds ``said``, then those that the markup names (``itemprop``, ``article``, ``main``), then
    the smallest element that has most of the text outside links and menus.
    """
    body = body_of(page)
    measure = measured(body)
    chrome = _mark_chrome(body, measure)
    sum_up(body, measure, chrome)
    lists: Content | None = None
    for part, rule in _candidates(body, measure, said):
        heading = next((each for each in part.iter("h1") if measure.own.get(each)), None)
        prose = measure.prose(part) - (measure.size(heading) if heading is not None else 0)
        hrefs = measure.hrefs.get(part, 0)
        if prose >= _LEAST or (prose > 0 and rule not in {"main", "densest"}):
            return _trimmed(part, rule, heading, measure)
        if hrefs >= (1 if rule != "densest" else _FEW_LINKS):
            lists = lists or Content(part, rule, is_list=True)
    return lists


def body_of(page: Page) -> etree._Element:
    """Return the element that holds the text: without a body tag the parser leaves it in the head."""
    found = page.root.find("body")
    head = page.root.find("head") if found is None else None
    return next((each for each in (found, head) if each is not None), page.root)


def heading_text(heading: etree._Element) -> str:
    """Return the text of a heading without its link to itself."""
    return inline_text(heading, {each for each in heading.iter("a") if each.get(_MARK) is not None})


def _mark_chrome(body: etree._Element, measure: Measure) -> set[etree._Element]:
    """Mark the outermost elements that are menus, asides and the like by their names, and return them."""
    found: set[etree._Element] = set()
    whole, titled = measure.size(body), _around_headings(body)
    walk = etree.iterwalk(body, events=("start",))
    for _, node in walk:
        if node is body:
            continue
        # The whole page of some old systems is one form, and a class may name the part beside the article.
        little = measure.size(node) <= _OF_CLASS * whole
        certain = node.tag in _NEVER or node.get("role", "").lower() in _ROLES
        certain = certain or (node.tag == "a" and (node.text or "").strip() in _ANCHORS and not len(node))
        certain = certain or (node.tag == "header" and node not in titled)
        if certain or (little and (node.tag == "form" or _is_named_so(node))):
            node.set(_MARK, "")
            found.add(node)
            walk.skip_subtree()
    return found


def _around_headings(body: etree._Element) -> set[etree._Element]:
    """Return every element with an h1 in it, each visited once."""
    found: set[etree._Element] = set()
    for heading in body.iter("h1"):
        found.update(takewhile(lambda each: each not in found, heading.iterancestors()))
    return found


def _is_named_so(node: etree._Element) -> bool:
    if node.tag in {"body", "main", "article", "h1"}:
        return False
    names = f"{node.get('class', '')[:_LONGEST_NAME]} {node.get('id', '')[:_LONGEST_NAME]}"
    return not _WORDS.isdisjoint(map(str.lower, _TOKEN.findall(names)))


def _candidates(
    body: etree._Element, measure: Measure, said: str | None
) -> Iterator[tuple[etree._Element, str]]:
    named = list(_named(body, measure))
    part = _holder(body, measure, squash(said)) if said is not None else None
    # Some sites state only the beginning of a text.
    if part is not None and 2 * measure.own.get(part, 0) >= measure.prose(named[0][0]):
        yield part, "json-ld"
    yield from named


def _named(body: etree._Element, measure: Measure) -> Iterator[tuple[etree._Element, str]]:
    """Yield the parts that the markup names, and the densest."""
    stated = [each for each in body.iter() if "articleBody" in each.get("itemprop", "").split()]
    yield from ((each, "itemprop") for each in stated[:1])
    articles = [each for each in _outermost(body.iter("article")) if measure.own.get(each)]
    with_heading = [each for each in articles if next(each.iter("h1"), None) is not None]
    if len(articles) == 1 or len(with_heading) == 1:
        yield (with_heading or articles)[0], "article"
    mains = [each for each in body.iter() if each.tag == "main" or each.get("role", "").lower() == "main"]
    if mains:
        yield max(mains, key=measure.prose), "main"
    yield _densest(body, measure), "densest"


def _outermost(elements: Iterable[etree._Element]) -> Iterator[etree._Element]:
    """Yield the elements in the order of the page, without those inside an earlier one."""
    inside: set[etree._Element] = set()
    for each in elements:
        if each not in inside:
            inside.update(each.iter(each.tag))
            yield each


def _holder(body: etree._Element, measure: Measure, said: str) -> etree._Element | None:
    """Return the smallest element with the text ``said``, by its beginning and its end."""
    if len(said) < _LEAST:
        return None
    first = measure.text.find(said[:_SNIPPET])
    last = measure.text.find(said[-_SNIPPET:], max(first, first + len(said) - 2 * _SNIPPET))
    if first < 0 or last < 0:
        return None
    part, end = body, last + min(_SNIPPET, len(said))
    while True:
        inner = (
            each
            for each in part
            if each in measure.span and measure.span[each][0] <= first and measure.span[each][1] >= end
        )
        found = next(inner, None)
        if found is None:
            return part
        part = found


def _densest(body: etree._Element, measure: Measure) -> etree._Element:
    part, whole = body, measure.prose(body)
    while True:
        inner = max(part, key=measure.prose, default=None)
        if inner is None or measure.prose(inner) < _DENSE * whole or not isinstance(inner.tag, str):
            return part
        part = inner


def _trimmed(part: etree._Element, rule: str, heading: etree._Element | None, measure: Measure) -> Content:
    """Mark the parts up to the title, and the lists of links at the end."""
    whole = measure.own.get(part, 0)
    if heading is not None:
        _mark_before(part, heading, whole, measure)
    links = measure.links.get(part, 0)
    many = measure.hrefs.get(part, 0) >= _FEW_LINKS
    is_list = many and links > _OF_LINKS * whole
    if not is_list:
        _mark_links_at_end(part, measure)
    return Content(part, rule, heading, is_list)


def _mark_before(part: etree._Element, heading: etree._Element, whole: int, measure: Measure) -> None:
    """Leave out the title, its header, and a short part before it."""
    around = list(takewhile(lambda each: each is not part, heading.iterancestors()))
    least = _OF_HEADER * whole
    title = measure.size(heading)
    headers = [each for each in around if each.tag == "header" and measure.own[each] - title <= least]
    out = headers[-1] if headers else heading
    out.set(_MARK, "")
    if measure.span[out][0] - measure.span[part][0] > least:
        return
    for each in (out, *(around[around.index(out) + 1 :] if headers else around)):
        for before in each.itersiblings(preceding=True):
            before.set(_MARK, "")
    _mark_moments(part, out, measure)


def _mark_moments(part: etree._Element, title: etree._Element, measure: Measure) -> None:
    """Leave out the dates between title and text, because relative dates change from day to day."""
    node = _after(title, part)
    for _ in range(_LOOKED_AT):
        if node is None:
            return
        size = measure.own.get(node, 0)
        if 0 < size <= _SNIPPET and _says_when(node):
            node.set(_MARK, "")
        elif size > _SNIPPET:
            if not len(node) or (node.text and not node.text.isspace()):
                return
            node = node[0]
            continue
        node = _after(node, part)


def _after(node: etree._Element, part: etree._Element) -> etree._Element | None:
    """Return the next element of ``part`` that begins behind ``node``."""
    for around in chain((node,), node.iterancestors()):
        if around is part:
            return None
        following = around.getnext()
        if following is not None:
            return following
    return None


def _says_when(node: etree._Element) -> bool:
    timed = node.tag == "time" or next(node.iter("time"), None) is not None
    return timed or _WHEN.match(inline_text(node)) is not None


def _mark_links_at_end(part: etree._Element, measure: Measure) -> None:
    """Leave out the last elements that are nothing but several links, such as those to other articles."""
    last = part
    while len(last) and measure.own.get(last[-1], 0) == measure.own.get(last, 0):
        last = last[-1]
    for each in reversed(last):
        size = measure.own.get(each, 0)
        if not size:
            continue
        if measure.hrefs.get(each, 0) < 2 or measure.links.get(each, 0) < size:
            return
        each.set(_MARK, "")


def crumbs_of(page: Page) -> Iterator[etree._Element]:
    """Yield the outermost elements that are marked as breadcrumbs."""
    body = body_of(page)
    walk = etree.iterwalk(body, events=("start",))
    for _, node in walk:
        label = node.get("aria-label", "")[:_LONGEST_NAME] + node.get("itemtype", "")[:_LONGEST_NAME]
        names = node.get("class", "")[:_LONGEST_NAME] + label
        if node is not body and "breadcrumb" in names.lower() and collapse(inline_text(node)):
            yield node
            walk.skip_subtree()
