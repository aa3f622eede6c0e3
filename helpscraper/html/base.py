"""A page: a URL and its HTML, parsed once, with the text helpers that every page object needs.

Pure, so that a crawl, a test and a replay from WARC run the same code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, cached_property
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from lxml import etree
from parsel import Selector

from helpscraper.errors import ExtractionError
from helpscraper.html.spanning import own_names, renamed
from helpscraper.payload import Payload

__all__ = [
    "BLOCKS",
    "HIDDEN",
    "Page",
    "Within",
    "collapse",
    "inline_text",
    "inside",
    "integers",
    "is_lone_integer",
    "pieces",
    "raw_text",
]

Ends: TypeAlias = "Collection[etree._Element]"

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "dialog"),
        *("dir", "div", "dl", "dt", "hgroup", "legend", "menu"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot"),
        *("th", "thead", "tr", "ul"),
    )
)
"""Elements that a browser shows on separate lines, so they separate words."""

HIDDEN = frozenset(
    (
        *("script", "style", "template", "noscript", "head", "title", "iframe", "object", "svg"),
        *("button", "select", "textarea", "input"),
    )
)
"""Elements whose text is not visible."""

# A group separator as CLDR has it: comma, full stop, apostrophes, any space, Arabic thousands separator.
_GROUP = r"[.,'’٬\u0020\u00a0\u2009\u202f]"
_LONE_INTEGER = re.compile(rf"\d{{1,3}}(?:{_GROUP}\d{{2,3}}){{0,5}}{_GROUP}\d{{3}}|\d{{1,15}}")
_INTEGER = re.compile(rf"(?<!\d)(?:\d{{1,3}}(?:{_GROUP}\d{{3}})+(?!\d)|\d+)")
_NOT_DIGIT = re.compile(r"\D+")


def collapse(text: str) -> str:
    """Return ``text`` with every run of white space replaced by one space, and none at the ends.

    >>> collapse("  OKX to\\n    list  ABC ")
    'OKX to list ABC'
    """
    return " ".join(text.split())


def inline_text(element: etree._Element, ends: Ends = frozenset()) -> str:
    """Return the text of ``element`` on one line: a space at block boundaries, nothing between inline nodes.

    An element below that is one of ``ends`` is left out.

    >>> inline_text(etree.fromstring("<p>ACT<b>/USD</b><br/>and more</p>"))
    'ACT/USD and more'
    """
    return collapse(raw_text(element, ends, HIDDEN, BLOCKS))


def raw_text(
    element: etree._Element,
    ends: Ends,
    hidden: frozenset[str] = frozenset(),
    blocks: frozenset[str] = frozenset(),
) -> str:
    """Return the text of ``element`` with its white space, without ``ends`` and ``hidden`` elements below it.

    A space is added where one of ``blocks`` begins or ends.
    """
    if len(element) == 0:
        return element.text or ""
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        text = node.text
        if event == "end":
            text = node.tail if node is not element else None
        elif node is not element and (node.tag in hidden or node in ends):
            walk.skip_subtree()
            continue
        if node.tag in blocks:
            parts.append(" ")
        if text:
            parts.append(text)
    return "".join(parts)


def _has_own_text(node: etree._Element) -> bool:
    if node.text and not node.text.isspace():
        return True
    for child in node:
        tail = child.tail
        if tail and not tail.isspace():
            return True
    return False


def pieces(element: etree._Element, ends: Ends = frozenset()) -> Iterator[tuple[etree._Element, str]]:
    """Yield ``(node, text)`` for every node below ``element`` that holds text of its own, in document order.

    A node with text of its own is one piece with everything inside it, so a highlighted word does not cut a sentence;
    of a node that only groups others the children are pieces. An element below that is one of ``ends`` is left out.
    """
    waiting = [element]
    while waiting:
        node = waiting.pop()
        tag = node.tag
        if not isinstance(tag, str) or (node is not element and (tag in HIDDEN or node in ends)):
            continue
        if len(node) == 0 or _has_own_text(node):
            if text := inline_text(node, ends):
                yield node, text
        else:
            waiting.extend(reversed(node))


class Within:
    """Knows whether an element, or one around it below ``top``, is marked.

    Each element is judged once, so many questions about a deep page cost one walk. XPath's ``ancestor::`` and CSS's
    ``nav a`` climb for each question.
    """

    def __init__(
        self, is_marked: Callable[[etree._Element], bool], top: etree._Element | None = None
    ) -> None:
        self._is_marked = is_marked
        self._known: dict[etree._Element, bool] = {} if top is None else {top: False}

    def __call__(self, node: etree._Element | None) -> bool:
        """Tell whether ``node`` or one around it is marked; False for None."""
        climbed: list[etree._Element] = []
        while node is not None and node not in self._known:
            climbed.append(node)
            if self._is_marked(node):
                self._known[node] = True
                break
            node = node.getparent()
        found = node is not None and self._known[node]
        self._known.update(dict.fromkeys(climbed, found))
        return found


def inside(
    found: Iterable[Selector], is_marked: Callable[[etree._Element], bool], top: etree._Element | None = None
) -> Iterator[Selector]:
    """Yield the elements of ``found`` inside a marked element below ``top``."""
    within = Within(is_marked, top)
    return (each for each in found if within(each.root.getparent()))


def is_lone_integer(text: str) -> bool:
    """Tell whether ``text`` is exactly one whole number, in any digits and with any group separators.

    >>> [is_lone_integer(text) for text in ("728", "3,208", "4 225", "٢٬٣٨٣", "23.2.2026", "2 min", "")]
    [True, True, True, True, False, False, False]
    """
    return _LONE_INTEGER.fullmatch(text.strip()) is not None


def integers(text: str) -> list[int]:
    """Return the whole numbers in ``text``, group separators understood.

    >>> integers("Showing 16-30  of 2,131 articles")
    [16, 30, 2131]
    """
    found = (_NOT_DIGIT.sub("", match.group()) for match in _INTEGER.finditer(text[:1000]))
    return [int(digits) for digits in found if len(digits) <= 15]


def _readable(html: str | bytes | Payload) -> tuple[str | bytes, int]:
    """Return ``html`` as text or UTF-8, so that no stated encoding misleads the parser, and its undecodable places."""
    if isinstance(html, bytes):
        html = Payload(html)
    text, undecoded = html.text() if isinstance(html, Payload) else (html, 0)
    if isinstance(text, str) and text[:100].lstrip().startswith("<?xml"):
        # lxml rejects text with an XML encoding declaration.
        text = text.encode("utf-8", "replace")
    return text, undecoded


@cache
def _parser(encoding: str | None) -> etree.HTMLParser:
    """Return the parser for bytes, or for text; its error log is emptied for each page."""
    return etree.HTMLParser(encoding=encoding, remove_comments=True, remove_pis=True, huge_tree=True)


def _parse(html: str | bytes) -> tuple[etree._Element | None, int, str]:
    """Return the root (None for text without markup), and number and message of the last error, 0 for none."""
    parser = _parser("utf-8" if isinstance(html, bytes) else None)
    root = etree.fromstring(html, parser)
    last = parser.error_log.last_error
    if isinstance(html, str) and last is not None and last.type == etree.ErrorTypes.ERR_INVALID_ENCODING:
        # libxml2 drops the rest of the page after a lone surrogate.
        return _parse(html.encode("utf-8", "replace"))
    return root, last.type if last is not None else 0, last.message if last is not None else ""


class Page:
    """A URL and its HTML (text, bytes, or bytes with their ``Content-Type``), parsed on first use and only once.

    ``outcomes`` counts which rule gave each field, as ``field/rule`` (``title/state``,
    ``view_count/missing``), so that a run can tell which rules still match the site. ``undecoded`` counts the places
    that are U+FFFD because their bytes are not in the page's encoding; it is known once the page is parsed.
    """

    def __init__(self, url: str, html: str | bytes | Payload) -> None:
        self.url = url
        self.undecoded = 0
        self._counted: list[tuple[str, str]] = []
        self._html: str | bytes | Payload | None = html

    @cached_property
    def root(self) -> etree._Element:
        """The ``html`` element, without comments; raises ``ExtractionError`` when there is nothing to parse."""
        html, self.undecoded = _readable(self._html or b"")
        self._html = None
        if not html or html.isspace():
            advice = "fetch it again, or check the file that was handed in"
            raise self.error("html", "the page is empty", advice=advice)
        try:
            whole = renamed(html)
            root, error, message = _parse(whole)
        except etree.ParserError as failure:
            raise self.error("html", f"no element could be read ({failure})") from failure
        if root is None:
            raise self.error("html", "no element could be read", advice="check that the page is HTML")
        if error == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            # libxml2 stopped here, and half a page must not pass for a whole one.
            advice = "the page is broken or hostile"
            raise self.error("html", f"the parser gave up: {message}", advice=advice)
        if whole is not html:
            own_names(root)
        # To drop an element, lxml climbs to the next one around it that is held.
        self._held = [each for each in root.iter() if len(each)]
        return root

    @cached_property
    def selector(self) -> Selector:
        """The page for CSS and XPath, over the one tree of ``root``; raises what ``root`` raises."""
        return Selector(root=self.root, type="html")

    @cached_property
    def base_url(self) -> str:
        """The address that relative links are resolved against: that of the page's ``base``, or the page's own."""
        stated = next(filter(None, self.selector.css("base::attr(href)").getall()), None)
        try:
            resolved = urljoin(self.url, stated.strip()) if stated else self.url
            return resolved if urlsplit(resolved).scheme in ("http", "https") else self.url
        except ValueError:
            return self.url

    def count(self, field: str, rule: str) -> None:
        """Count that ``rule`` gave ``field`` (or failed to) once more."""
        self._counted.append((field, rule))

    def counted(self, field: str, rule: str) -> int:
        """Return how often ``rule`` was counted for ``field`` so far."""
        return self._counted.count((field, rule))

    def rules(self, kind: str) -> list[str]:
        """Return every rule counted so far as ``kind.field/rule``, as often as it was counted."""
        return [f"{kind}.{field}/{rule}" for field, rule in self._counted]

    @property
    def outcomes(self) -> Counter[str]:
        """How often each ``field/rule`` was counted so far; summed up for each call."""
        return Counter({f"{field}/{rule}": n for (field, rule), n in Counter(self._counted).items()})

    def error(self, field: str, detail: str, *, selector: str = "", advice: str = "") -> ExtractionError:
        """Return (not raise) the error that names this page's URL and ``field``."""
        return ExtractionError(self.url, field, detail, selector=selector, advice=advice)
