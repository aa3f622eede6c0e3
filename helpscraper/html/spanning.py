"""Keep elements whole that span paragraphs and tables, because libxml2 would end them too early.

libxml2 ends a heading or bold text at a paragraph within it, and a link at a table; a browser does not. Such elements
get another name before the page is parsed, and their own name afterwards.
"""

from __future__ import annotations

import re

from lxml import etree

__all__ = ["own_names", "renamed"]

_MARKS = ("b", "i", "u", "s", "tt", "big", "small", "strike")
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))
# The blocks that end each element.
_ENDED_BY = {"a": ("table",)} | dict.fromkeys(_MARKS, ("p",)) | dict.fromkeys(_HEADINGS, ("p", "table"))
_NAMES = (*_ENDED_BY, "p", "table")
# For speed: the set of first letters rejects most tags of a page.
_LETTERS = "".join(sorted({name[0] for name in _NAMES}))
_TAG = re.compile(rf"<(/?)(?=[{_LETTERS}])({'|'.join(_NAMES)})(?=[\s/>])", re.IGNORECASE | re.ASCII)
_BLOCK = re.compile(r"<(?:p|table)(?=[\s/>])", re.IGNORECASE | re.ASCII)
_PREFIX = "renamed-"
_WRITTEN = re.compile(f"(</?){_PREFIX}")


def renamed(html: str | bytes) -> str | bytes:
    """Return ``html`` with a prefix in the tags of elements that hold a block that would end them.

    Only elements with an end tag are renamed, so none grows. Tags within scripts and attributes may be renamed too;
    ``own_names`` restores them as well.
    """
    if isinstance(html, bytes):
        # One character for each byte; the tags are ASCII.
        marked = _renamed(text := html.decode("latin-1"))
        return html if marked is text else marked.encode("latin-1")
    return _renamed(html)


def _renamed(html: str) -> str:
    block = _BLOCK.search(html)
    # An element that ends before the first block holds none.
    places = _spanning(html, block.start()) if block else []
    if not places:
        return html
    return _PREFIX.join(
        html[start:end] for start, end in zip([0, *places], [*places, len(html)], strict=True)
    )


def _spanning(html: str, begin: int) -> list[int]:
    """Return the places of the names in the tags of elements that hold a block that would end them.

    Reading begins at ``begin``, and at the front of the page if an element that began before it ends behind it.
    """
    opened: dict[str, list[int]] = {name: [] for name in _ENDED_BY}
    last = {"p": -1, "table": -1}
    last_block = -1
    spanning: set[int] = set()
    for number, (end, written) in enumerate(_TAG.findall(html, begin)):
        name = written.lower()
        if name in last:
            if not end:
                last[name] = last_block = number
        elif not end:
            opened[name].append(number)
        elif starts := opened[name]:
            start = starts.pop()
            if last_block > start and any(last[block] > start for block in _ENDED_BY[name]):
                spanning |= {start, number}
        elif begin:
            return _spanning(html, 0)
    if not spanning:
        return []
    return [tag.start(2) for number, tag in enumerate(_TAG.finditer(html, begin)) if number in spanning]


def own_names(root: etree._Element) -> None:
    """Restore the names of the elements of a renamed page, and of the tags in its text and attributes."""
    for node in root.iter(etree.Element):
        node.tag = str(node.tag).removeprefix(_PREFIX)
        for name, value in node.attrib.items():
            if _PREFIX in str(value):
                node.set(name, _own(str(value)))
        if node.text and _PREFIX in node.text:
            node.text = _own(node.text)
        if node.tail and _PREFIX in node.tail:
            node.tail = _own(node.tail)


def _own(text: str) -> str:
    return _WRITTEN.sub(r"\1", text)
