"""A body in three forms, written in one walk over its elements: HTML as on the page, text, and Markdown.

The walk is iterative and every piece of text is copied a bounded number of times, so the work grows with the
size of the body whatever its shape.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from helpscraper.pages.base import HIDDEN
from helpscraper.pages.blocks import MEANT, PLAIN, BlockWriter

__all__ = ["BodyForms", "Selector", "write_body"]

Selector: TypeAlias = Callable[[etree._Element], list[etree._Element]]

_NEVER_SERVED = ("script", "style", "template", "noscript")


@dataclass(frozen=True, slots=True)
class BodyForms:
    """``text`` has one block a line, a table row's cells parted by tabs; ``markdown`` is CommonMark with GFM tables;
    ``html`` is as it was served.
    """

    text: str
    markdown: str
    html: str


def _inner_html(element: etree._Element) -> str:
    parts = [escape_html(element.text)] if element.text else []
    parts += [etree.tostring(child, encoding="unicode", method="html") for child in element]
    return "".join(parts).strip()


def escape_html(text: str) -> str:
    """Return ``text`` as it stands between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_body(
    containers: Iterable[etree._Element], base_url: str, chrome: Selector | None = None
) -> BodyForms:
    """Return the content of ``containers`` in three forms; relative links are made absolute in the Markdown.

    What ``chrome`` selects (called on each container) is left out of all forms, and so are scripts and
    styles. The page's own tree stays as it is.
    """
    writer = BlockWriter(base_url)
    html = []
    for container in containers:
        part = container
        if next(container.iter(*_NEVER_SERVED), None) is not None or (chrome and chrome(container)):
            # The page's own tree stays as it is: what is to go is found again in a copy.
            part = copy.deepcopy(container)
            part.tail = None
            for element in (*part.iter(*_NEVER_SERVED), *(chrome(part) if chrome else ())):
                _drop(element)
        html.append(_inner_html(part))
        _walk(part, writer)
    writer.part()
    return BodyForms("\n".join(writer.text_blocks), "".join(writer.md_blocks), "\n".join(html))


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _walk(part: etree._Element, writer: BlockWriter) -> None:
    walk = etree.iterwalk(part, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        if event == "start":
            if tag in PLAIN:
                writer.part()
            elif tag in MEANT:
                writer.start(tag, node)
            elif tag in HIDDEN:
                walk.skip_subtree()
                continue
            if text := node.text:
                writer.data(text)
        else:
            if tag in PLAIN:
                writer.part()
            elif tag in MEANT:
                writer.end(tag, node)
            if (text := node.tail) and node is not part:
                writer.data(text)
