"""A body in three forms, written in one walk over its elements: HTML as on the page, text, and Markdown.

The text is what a reader sees, in the sense of docs/data-dictionary.md. The walk is iterative and every piece of text
is copied a bounded number of times, so the work grows with the size of the body whatever its shape.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree
from parsel import Selector

from helpscraper.html.base import HIDDEN, Page
from helpscraper.html.blocks import MEANT, PLAIN, BlockBuilder
from helpscraper.html.media import is_hidden, is_set_apart, is_visible
from helpscraper.html.written import write_markdown, write_text
from helpscraper.json_text import well_formed

__all__ = ["BodyForms", "write_body", "write_fragment"]

_NEVER_SERVED = ("script", "style", "template", "noscript")
_LEFT_OUT = "left-out"
_NEVER_SHOWN = (
    HIDDEN | {"annotation", "annotation-xml", "canvas", "datalist", "meter", "noframes", "progress"}
) - MEANT


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
    """Return ``text`` escaped for HTML, between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_body(containers: Iterable[etree._Element], base_url: str, chrome: str = "") -> BodyForms:
    """Return the content of ``containers`` in three forms; relative links are made absolute in the Markdown.

    All forms leave out scripts, styles and the elements that the XPath ``chrome`` selects in each container. Text and
    Markdown also leave out elements whose own attributes hide them. The page's own tree stays as it is.
    """
    builder = BlockBuilder(base_url)
    html = []
    for container in containers:
        left_out = _selected(container, chrome)
        part = container
        if left_out or next(container.iter(*_NEVER_SERVED), None) is not None:
            part = copy.deepcopy(container)
            part.tail = None
            for element in _selected(part, chrome):
                element.tag = _LEFT_OUT
            etree.strip_elements(part, *_NEVER_SERVED, _LEFT_OUT, with_tail=False)
        html.append(_inner_html(part))
        _walk(container, builder, set(left_out))
    body = builder.done()
    return BodyForms(write_text(body), write_markdown(body), "\n".join(html))


def write_fragment(html: str, base_url: str) -> BodyForms:
    """Return a piece of HTML, such as a body in a JSON answer, in three forms."""
    page = Page(base_url, well_formed(f"<!doctype html><html><body>{html}</body></html>"))
    return write_body(page.root.iterchildren("body"), base_url)


def _selected(container: etree._Element, path: str) -> list[etree._Element]:
    return [each.root for each in Selector(root=container, type="html").xpath(path)] if path else []


def _walk(part: etree._Element, builder: BlockBuilder, left_out: set[etree._Element]) -> None:
    walk = etree.iterwalk(part, events=("start", "end"))
    skipped: etree._Element | None = None
    # The open elements with a style of their own.
    styled: list[etree._Element] = []
    for event, node in walk:
        tag = node.tag
        if event == "start":
            attributes = node.keys()
            if has_style := "style" in attributes:
                styled.append(node)
            asked = attributes or tag == "dialog"
            if tag in _NEVER_SHOWN or (asked and _is_left_out(node, builder)) or node in left_out:
                skipped = node
                walk.skip_subtree()
                continue
            if has_style:
                if is_set_apart(node):
                    builder.part()
                builder.see(node, is_visible(node))
            if tag in PLAIN:
                builder.block(tag, node)
            elif tag in MEANT and not builder.start(tag, node):
                skipped = node
                walk.skip_subtree()
                continue
            if text := node.text:
                builder.data(text)
        else:
            if node is skipped:
                skipped = None
            elif tag in PLAIN:
                builder.part()
                builder.close(node)
            elif tag in MEANT:
                builder.end(tag, node)
            if styled and styled[-1] is node:
                styled.pop()
                if is_set_apart(node):
                    builder.part()
                builder.close(node)
            if (text := node.tail) and node is not part:
                builder.data(text)


def _is_left_out(node: etree._Element, builder: BlockBuilder) -> bool:
    return is_hidden(node) or ("data-cfemail" in node.attrib and builder.mail(node))
