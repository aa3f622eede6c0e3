"""Measure the text of each element of a page in letters and digits, so that markup and white space count nothing."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field

from lxml import etree

from helpscraper.html.base import HIDDEN
from helpscraper.html.media import is_hidden

__all__ = ["Measure", "measured", "squash", "sum_up"]

_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Measure:
    """The text of a page, and the begin and end of each element's text in it.

    Outside of chrome, ``own`` is the size of an element's text, ``links`` that of its links, ``hrefs`` their number.
    """

    text: str = ""
    span: dict[etree._Element, tuple[int, int]] = field(default_factory=dict)
    own: dict[etree._Element, int] = field(default_factory=dict)
    links: dict[etree._Element, int] = field(default_factory=dict)
    hrefs: dict[etree._Element, int] = field(default_factory=dict)

    def size(self, element: etree._Element) -> int:
        """Return the size of all text of an element."""
        start, end = self.span.get(element, (0, 0))
        return end - start

    def prose(self, element: etree._Element) -> int:
        """Return the size of its text outside of chrome and links."""
        return self.own.get(element, 0) - self.links.get(element, 0)


def squash(text: str) -> str:
    """Return the letters and digits of ``text``, in small letters."""
    return _NOT_WORD.sub("", text).casefold()


def measured(body: etree._Element) -> Measure:
    """Return the text of ``body`` and the place of each visible element, in one walk."""
    found = Measure()
    parts: list[str] = []
    at = 0
    starts: dict[etree._Element, int] = {}
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, node in walk:
        text = node.text if event == "start" else None
        if event == "start":
            starts[node] = at
            if node is not body and (node.tag in HIDDEN or is_hidden(node)):
                walk.skip_subtree()
                text = None
        else:
            found.span[node] = (starts.pop(node), at)
            text = node.tail if node is not body else None
        if text and (piece := squash(text)):
            parts.append(piece)
            at += len(piece)
    found.text = "".join(parts)
    return found


def sum_up(body: etree._Element, measure: Measure, chrome: Set[etree._Element]) -> None:
    """Sum up for each element the text outside chrome, the text in links, and the number of links."""
    own = links = hrefs = inside = 0
    before: dict[etree._Element, tuple[int, int, int]] = {}
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, node in walk:
        skipped = node is not body and (node in chrome or node.tag in HIDDEN or is_hidden(node))
        link = not skipped and node.tag == "a" and node.get("href") is not None
        if event == "start":
            before[node] = (own, links, hrefs)
            inside += link
            hrefs += link
            text = node.text
            if skipped:
                walk.skip_subtree()
                continue
        else:
            inside -= link
            was = before.pop(node)
            measure.own[node], measure.links[node] = own - was[0], links - was[1]
            measure.hrefs[node] = hrefs - was[2]
            text = node.tail if node is not body else None
        size = len(squash(text)) if text else 0
        own += size
        links += size if inside else 0
