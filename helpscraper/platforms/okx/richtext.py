"""The rich text of the state (a Contentful document) as HTML, for a page whose markup holds no body.

Node types seen on real pages: document, paragraph, text with bold marks, unordered-list, list-item,
hyperlink, table with rows and cells, embedded-asset-block. The others are those of Contentful's rich text format.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from helpscraper.platforms.okx.state import dig, text

__all__ = ["rich_text"]

# No element can hold these: halves of a pair of surrogates become U+FFFD, the others show nothing.
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1b\ufffe\uffff]")
_SPACES = str.maketrans(dict.fromkeys("\x0b\x0c\r\x1c\x1d\x1e\x1f", " "))

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
    "asset-hyperlink": "a",
    **{f"heading-{level}": f"h{level}" for level in range(1, 7)},
}
_MARKS = {
    **{"bold": "b", "italic": "i", "underline": "u", "code": "code", "strikethrough": "s"},
    **{"superscript": "sup", "subscript": "sub"},
}
# Within these, a node of an unknown type is part of the line.
_LINES = frozenset(("p", "a", "span", *(f"h{level}" for level in range(1, 7))))
_SPANS = ("colspan", "rowspan")
# A sane page embeds a few; a hostile one must not fill the counts.
_MAX_LOST = 1_000


def rich_text(document: Any) -> tuple[etree._Element | None, int]:
    """Return the document as a ``div`` and how many embedded assets and entries it names without an address.

    None instead of the ``div`` when ``document`` is no document, or when nothing in it is shown.
    """
    if dig(document, "nodeType") != "document":
        return None, 0
    root = etree.Element("div")
    lost = 0
    waiting: list[tuple[etree._Element, Any]] = [(root, document)]
    while waiting:
        parent, node = waiting.pop()
        kind = text(node, "nodeType") or ""
        if kind == "text":
            _text(parent, node)
            continue
        here = parent
        if node is not document:
            here = etree.SubElement(parent, _TAGS.get(kind, "span" if parent.tag in _LINES else "div"))
            uri = text(node, "data", "uri") if kind == "hyperlink" else _file(node)[0]
            if here.tag == "a" and uri and uri.isprintable():
                here.set("href", uri)
            elif here.tag in ("td", "th"):
                stated = ((name, dig(node, "data", name)) for name in _SPANS)
                here.attrib.update({name: str(n) for name, n in stated if type(n) is int and 0 < n < 1_000})
            elif kind.startswith("embedded-") and not _embed(here, node):
                lost += 1
        content = dig(node, "content")
        if isinstance(content, list):
            waiting.extend((here, child) for child in reversed(content))
    shown = "".join(map(str, root.itertext())).strip() or next(root.iter("img", "video"), None) is not None
    return (root if shown else None), min(lost, _MAX_LOST)


def _file(node: Any) -> tuple[str | None, str]:
    """Return address and media type of the file of an asset."""
    file = _field(node, "file")
    return text(file, "url"), text(file, "contentType") or ""


def _field(node: Any, name: str) -> Any:
    """Return a field of an embedded asset; for a field with values by locale, the first value."""
    value = dig(node, "data", "target", "fields", name)
    if isinstance(value, dict) and value and "url" not in value:
        return next(iter(value.values()))
    return value


def _embed(here: etree._Element, node: Any) -> bool:
    """Put an asset into the element in its place; False when it has no address."""
    url, media_type = _file(node)
    if url is None or not url.isprintable():
        return False
    named = (_field(node, name) for name in ("title", "description"))
    title = _clean(next((name for name in named if isinstance(name, str) and name.strip()), ""))
    if media_type.startswith(("video/", "audio/")):
        etree.SubElement(here, "video", src=url, title=title)
    elif media_type.startswith("image/") or not media_type:
        etree.SubElement(here, "img", src=url, alt=title)
    else:
        etree.SubElement(here, "a", href=url).text = title or url
    return True


def _clean(value: str) -> str:
    return _FORBIDDEN.sub("", _SURROGATE.sub("\ufffd", value)).translate(_SPACES)


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
    lines = _clean(value).split("\n")
    here.text = lines[0]
    for line in lines[1:]:
        etree.SubElement(here, "br").tail = line
