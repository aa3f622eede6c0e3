"""Find the articles of a listing or a search result, and the pieces of each.

Layouts seen: ``li > a`` and ``a`` alone, with and without ``data-testid``; the hashes in classes change with every
build. An item is found by the stable part of its class, else as a link to an article with a date beside it. Its pieces
are recognised by their content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice, pairwise

from lxml import etree
from parsel import Selector

from helpscraper.html.base import Ends, Within, is_lone_integer, pieces, raw_text
from helpscraper.platforms.okx.page import OkxPage, is_breadcrumb

__all__ = ["Details", "Shown", "looks_dated", "read_details", "read_items"]

_RULES = (
    ("class", "li[class*='index_articleItem__']"),
    ("class", "a[class*='index_articleItem__']"),
    ("label", "[aria-describedby='help-load-more-desc'] > *"),
)
_AROUND_CONTENT = frozenset(("nav", "header", "footer", "article"))
_DATE_TESTID = "DateDisplay"
_ROW_TESTIDS = ("DateDisplay", "RowWithDivider")
_ROW_CLASS = re.compile(r"index_(?:detailsRow|dividerRow|timeWrap|detail-row)__")
_TITLE_CLASS = re.compile(r"index_(?:title|articleTitle)__")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
# Not after a letter, or "Web3" and "P2P" would be reading times.
_SMALL_NUMBER = re.compile(r"(?<![A-Za-z\d])\d{1,3}(?!\d)")
# The longest date line of any locale has about 45 characters (marker and date); a sentence is longer.
_DATE_LINE = 70
_LISTS = frozenset(("ul", "ol", "main", "body", "html"))
# A page of a list has 15 to 20 links.
_MAX_LINKS = 2_000
# Groups may be nested, and each that is scored is read whole.
_MAX_GROUPS = 50
# Elements between a lone article's link and its item, where no ``li`` ends the item.
_MAX_GROWN = 3


@dataclass(slots=True)
class Details:
    """The pieces beside a title: visible date lines in order, reading time, the lone integer, and other labels."""

    dates: list[str] = field(default_factory=list)
    reading: str | None = None
    count: str | None = None
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Shown:
    """One article as the markup shows it."""

    slug: str
    url: str
    title: str | None
    snippet: str | None
    details: Details


def looks_dated(text: str) -> bool:
    """Tell whether ``text`` is short and holds a year: a date line in any language, not a number alone."""
    return len(text) <= _DATE_LINE and _YEAR.search(text) is not None and not is_lone_integer(text)


def read_details(found: Iterable[tuple[etree._Element, str]]) -> Details:
    """Sort the pieces of a details row: a date has a year in it, and the count is nothing but a number.

    A reading time ("2 min read", "阅读时长 5 分钟") holds a number among words and no year.
    """
    details = Details()
    for node, text in found:
        if node.get("data-testid") == _DATE_TESTID or looks_dated(text):
            details.dates.append(text)
        elif is_lone_integer(text):
            # The last number wins: the count follows the dates and the reading time.
            details.count = text
        elif len(text) <= _DATE_LINE and _SMALL_NUMBER.search(text):
            details.reading = details.reading or text
        else:
            details.labels.append(text)
    return details


def _is_row(node: etree._Element) -> bool:
    """Tell whether ``node`` is a date, or marked as a row of details."""
    return node.get("data-testid") in _ROW_TESTIDS or bool(_ROW_CLASS.search(node.get("class", "")))


def _is_title(node: etree._Element) -> bool:
    """Tell whether ``node`` is a heading, or marked as a title."""
    return node.tag in _HEADINGS or bool(_TITLE_CLASS.search(node.get("class", "")))


def _link_of(item: Selector, ends: Ends) -> str | None:
    """Return the address of the first link in ``item``, or of ``item`` itself; not one within ``ends``."""
    walk = etree.iterwalk(item.root, events=("start",))
    for _, node in walk:
        if node in ends and node is not item.root:
            walk.skip_subtree()
        elif node.tag == "a" and (href := node.get("href")):
            return str(href)
    return None


def _join(found: list[tuple[etree._Element, str]], ends: Ends) -> str | None:
    """Join pieces with spaces; spans of one parent are one line, so a highlighted word stays in its sentence."""
    if not found:
        return None
    parts = [found[0][1]]
    for (before, _), (node, text) in pairwise(found):
        glued = before.getparent() is node.getparent() and before.tag == node.tag == "span"
        parts.append(" " if not glued or _spaced(before, node, ends) else "")
        parts.append(text)
    return "".join(parts)


def _spaced(before: etree._Element, node: etree._Element, ends: Ends) -> bool:
    return raw_text(before, ends)[-1:].isspace() or raw_text(node, ends)[:1].isspace()


def _split(found: list[tuple[etree._Element, str]], item: etree._Element) -> tuple[int, int]:
    """Return where the title ends and where the details begin, as indexes into ``found``."""
    title_end = 0
    in_title, in_row = Within(_is_title, item), Within(_is_row, item)
    while title_end < len(found) and in_title(found[title_end][0]):
        title_end += 1
    if title_end == 0:
        title_end = 1
        while title_end < len(found) and _same_line(found[0][0], found[title_end][0], item):
            title_end += 1
    for index in range(title_end, len(found)):
        if in_row(found[index][0]):
            return title_end, index
    # No row is marked: the details start at the last two dates, for a snippet may hold dates as well.
    dated = [index for index in range(title_end, len(found)) if looks_dated(found[index][1])]
    start = (
        len(found) if not dated else dated[-2] if len(dated) > 1 and dated[-1] - dated[-2] == 1 else dated[-1]
    )
    return title_end, start


def _same_line(first: etree._Element, node: etree._Element, item: etree._Element) -> bool:
    parent = first.getparent()
    return parent is node.getparent() and parent is not item and parent is not None and parent.tag != "a"


def read_items(page: OkxPage, known: frozenset[str] = frozenset()) -> list[Shown]:
    """Return the articles of the page's list in shown order; the rule that found them is counted.

    ``known`` holds the slugs that the state lists. A group of links to them is a list even without a date beside them.
    An item ends where another begins inside it.
    """
    items, rule = _find_items(page, known)
    page.count("items", rule)
    ends = _ends(items)
    return [shown for item in items if (shown := _read_item(page, item, ends)) is not None]


def _ends(items: Iterable[Selector]) -> Ends:
    return frozenset(item.root for item in items)


def _read_item(page: OkxPage, item: Selector, ends: Ends) -> Shown | None:
    """Read one item; None (counted) when it does not link to an article of this site."""
    target = page.article_link(_link_of(item, ends))
    if target is None:
        page.count("slug", "rejected")
        return None
    found = list(pieces(item.root, ends))
    title_end, start = _split(found, item.root)
    return Shown(
        slug=target[0],
        url=target[1],
        title=page.bounded_title(_join(found[:title_end], ends)),
        snippet=_join(found[title_end:start], ends),
        details=read_details(found[start:]),
    )


def _find_items(page: OkxPage, known: frozenset[str]) -> tuple[list[Selector], str]:
    """Return the items of the page's list in shown order, and the rule that found them."""
    for scope in (*page.selector.xpath("id('root')"), page.selector):
        for rule, query in _RULES:
            items = scope.css(query)
            ends = _ends(items)
            if any(_link_of(item, ends) for item in items):
                return items, rule
    groups = sorted(_group_links(page), key=len, reverse=True)[:_MAX_GROUPS]
    best = max(groups, key=lambda group: _score(page, group, known), default=[])
    return (best, "links") if best and _score(page, best, known)[0] else ([], "none")


def _is_around_content(node: etree._Element) -> bool:
    name = node.get("class", "")
    return (
        node.tag in _AROUND_CONTENT
        or is_breadcrumb(node)
        or "pagination" in name
        or node.get("role") in ("navigation", "contentinfo")
    )


def _group_links(page: OkxPage) -> list[list[Selector]]:
    """Group the content's links to articles by the element that holds them all, each grown to its whole item.

    An item is the largest element around a link in which no other article is linked.
    """
    links: list[etree._Element] = []
    around: dict[etree._Element, set[str]] = {}
    left_out = Within(_is_around_content)
    content = (link for link in page.selector.css("a[href*='/help/']") if not left_out(link.root.getparent()))
    for link in islice(content, _MAX_LINKS):
        target = page.article_link(link.attrib["href"])
        if target is None:
            page.count("slug", "rejected")
            continue
        links.append(link.root)
        for element in link.root.iterancestors():
            slugs = around.setdefault(element, set())
            if len(slugs) == 2 or target[0] in slugs:
                # Then all elements around this one contain it too.
                break
            slugs.add(target[0])
    # Without a second article nothing shows where the item ends, so it grows to its ``li``, or by a few elements.
    alone = all(len(slugs) < 2 for slugs in around.values())
    groups: dict[etree._Element, dict[etree._Element, None]] = {}
    passed: set[etree._Element] = set()
    for item in links:
        grown = 0
        # The item of another link grew from the same element.
        while alone or item not in passed:
            passed.add(item)
            parent = item.getparent()
            if parent is None:
                break
            ends = parent.tag in _LISTS or (alone and (item.tag == "li" or grown == _MAX_GROWN))
            if ends or len(around[parent]) > 1:
                groups.setdefault(parent, {})[item] = None
                break
            item, grown = parent, grown + 1
    return [[Selector(root=item, type="html") for item in group] for group in groups.values()]


def _score(page: OkxPage, group: list[Selector], known: frozenset[str]) -> tuple[int, int]:
    """Rank a group of items: first by how many the state knows or show a date, then by how many there are."""
    sure = 0
    for item in group[:50]:
        target = page.article_link(_link_of(item, ()))
        beside = (text for _, text in islice(pieces(item.root), 1, None))
        if (target and target[0] in known) or any(map(looks_dated, beside)):
            sure += 1
    return sure, len(group)
