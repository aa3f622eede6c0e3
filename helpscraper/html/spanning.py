"""Elements that span paragraphs and tables, which libxml2 would end too early.

Where a paragraph begins within a heading or within bold text, or a table within a link, libxml2 ends the outer element;
a browser does not. The tags of such elements take another name before the page is parsed, and their own afterwards.
"""

from __future__ import annotations

import re

from lxml import etree

__all__ = ["own_names", "renamed"]

_MARKS = ("b", "i", "u", "s", "tt", "big", "small", "strike")
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))
# The elements that a block ends, by the block.
_ENDED = {"p": frozenset((*_MARKS, *_HEADINGS)), "table": frozenset(("a", *_HEADINGS))}
_NAMES = "|".join((*_MARKS, *_HEADINGS, "a", *_ENDED))
_TAG = re.compile(rf"<(/?)({_NAMES})(?=[\s/>])", re.IGNORECASE | re.ASCII)
_PREFIX = "renamed-"
_WRITTEN = re.compile(f"(</?){_PREFIX}")


def renamed(html: str | bytes) -> str | bytes:
    """Return ``html`` with a prefix in the tags of elements that hold what would end them; mostly ``html`` itself.

    Only elements with an end tag are renamed, so that none reaches further than it says. Tags within scripts and
    attributes may be taken for tags of the page; ``own_names`` gives their names back too.
    """
    if isinstance(html, bytes):
        # Each byte is one character here, and the tags are ASCII.
        marked = _renamed(text := html.decode("latin-1"))
        return html if marked is text else marked.encode("latin-1")
    return _renamed(html)


def _renamed(html: str) -> str:
    opened: dict[str, list[int]] = {}
    last = dict.fromkeys(_ENDED, -1)
    places: list[int] = []
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in last:
            if not tag[1]:
                last[name] = tag.start()
        elif not tag[1]:
            opened.setdefault(name, []).append(tag.start(2))
        elif starts := opened.get(name):
            start = starts.pop()
            if any(last[block] > start and name in ended for block, ended in _ENDED.items()):
                places += (start, tag.start(2))
    if not places:
        return html
    places.sort()
    return _PREFIX.join(
        html[start:end] for start, end in zip([0, *places], [*places, len(html)], strict=True)
    )


def own_names(root: etree._Element) -> None:
    """Give the elements of a page that was renamed their own names, and the tags in its text and attributes theirs."""
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
