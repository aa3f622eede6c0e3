"""The rich text of the state (a Contentful document) as HTML, for a page whose markup holds no body.

Node types seen on real pages: document, paragraph, text with bold marks, unordered-list, list-item,
hyperlink, table with rows and cells. The others are those of Contentful's rich text format.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from helpscraper.pages.okx.state import dig, text

__all__ = ["rich_text"]

_TAGS = {
    "paragraph": "p",
    "unordered-list": "ul",
    "ordered-list": "ol",
    "list-item": "li",
    "blockquote": "blockquote",
    "hr": "hr",
    "table": "table",
    "table-row": "tr",
    "table-cell": "td",
    "table-header-cell": "th",
    "hyperlink": "a",
    "entry-hyperlink": "span",
    "asset-hyperlink": "span",
    **{f"heading-{level}": f"h{level}" for level in range(1, 7)},
}
_MARKS = {"bold": "b", "italic": "i", "underline": "u", "code": "code", "strikethrough": "s"}


def rich_text(document: Any) -> etree._Element | None:
    """Return the document as a ``div``; None when it is not one or holds no text."""
    if dig(document, "nodeType") != "document":
        return None
    root = etree.Element("div")
    waiting: list[tuple[etree._Element, Any]] = [(root, document)]
    while waiting:
        parent, node = waiting.pop()
        if dig(node, "nodeType") == "text":
            _text(parent, node)
            continue
        here = parent
        if node is not document:
            here = etree.SubElement(parent, _TAGS.get(text(node, "nodeType") or "", "div"))
            uri = text(node, "data", "uri")
            if here.tag == "a" and uri and uri.isprintable():
                here.set("href", uri)
        content = dig(node, "content")
        if isinstance(content, list):
            waiting.extend((here, child) for child in reversed(content))
    return root if "".join(map(str, root.itertext())).strip() else None


def _text(parent: etree._Element, node: Any) -> None:
    value = text(node, "value") or dig(node, "value")
    if not isinstance(value, str) or not value:
        return
    here = parent
    marks = dig(node, "marks")
    for mark in marks[:8] if isinstance(marks, list) else ():
        tag = _MARKS.get(text(mark, "type") or "")
        if tag:
            here = etree.SubElement(here, tag)
    if here is parent:
        here = etree.SubElement(parent, "span")
    lines = "".join(char for char in value if char.isprintable() or char in "\n\t").split("\n")
    here.text = lines[0]
    for line in lines[1:]:
        etree.SubElement(here, "br").tail = line
