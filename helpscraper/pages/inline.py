"""What stands in one line of a body: text, marks, links, code and images, as text and as Markdown side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from helpscraper.pages.base import collapse
from helpscraper.pages.markdown import code_span, escape, link, web_url

__all__ = ["BREAK", "INLINE", "InlineWriter", "edges", "tidy", "tidy_md"]

BREAK = "\\\n"
"""A hard line break of Markdown."""

_SPACES = re.compile(r" {2,}")
_BREAK_RUN = re.compile(r"(?: ?\\\n ?)+")
_LINE_RUN = re.compile(r"(?: ?\n ?)+")
_MARKS = (
    dict.fromkeys(("b", "strong"), "**") | dict.fromkeys(("i", "em"), "*") | dict.fromkeys(("s", "del"), "~~")
)
_CODE = frozenset(("code", "kbd", "samp"))
INLINE = _CODE | _MARKS.keys() | {"a", "br", "img"}
"""Elements that Markdown has something for within a line."""


@dataclass(slots=True)
class _Open:
    """An inline element that is open: its kind, and where its output started in both forms."""

    node: etree._Element
    kind: str
    href: str
    text_from: int
    md_from: int


class InlineWriter:
    """Receives the parts of one block in document order, until ``take`` hands the block out."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._text: list[str] = []
        self._md: list[str] = []
        self._open: list[_Open] = []
        self._code = False
        # How many ``pre`` are open; there, and not in a table's cell, neither white space nor signs are touched.
        self._pre = 0
        self._verbatim = False
        # Kind and place of the last closing mark, for a run of the same kind right behind it.
        self._closed = ("", -1)

    def data(self, text: str) -> None:
        """Take text as it stands in the page."""
        if self._verbatim:
            self._text.append(text)
            self._md.append(text)
            return
        if not self._md and text.isspace():
            return  # a block begins with no white space, and half of all pieces are the line ends between two blocks
        # As collapse(), but a space at either end still parts this text from its neighbours. Of all white space only
        # the plain space counts as printable, so most text is seen to need nothing without being taken apart.
        if "  " in text or not text.isprintable():
            words = " ".join(text.split())
            text = f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}" if words else " "
        self._text.append(text)
        self._md.append(text if self._code or text.isalnum() else escape(text))

    def line_break(self) -> None:
        """Take a ``br``."""
        self._text.append("\n")
        self._md.append("\n" if self._pre else " " if self._code else BREAK)

    def image(self, node: etree._Element) -> None:
        """Take an ``img``: it is in the Markdown alone, for a text shows none."""
        url = web_url(node.get("src") or node.get("data-src"), self._base)
        alt = collapse(node.get("alt") or "")
        if (url or alt) and not (self._pre or self._code):
            self._md.append("!" + link(escape(alt), url or "", ""))

    def start_inline(self, tag: str, node: etree._Element) -> None:
        """Open a mark, a link or code. A kind that is open already is not opened again, nor anything within code."""
        href = web_url(node.get("href"), self._base) if tag == "a" else None
        kind = "code" if tag in _CODE else "a" if href else _MARKS.get(tag)
        if kind is None or self._pre or self._code or any(other.kind == kind for other in self._open):
            return
        self._open.append(_Open(node, kind, href or "", len(self._text), len(self._md)))
        self._code = kind == "code"

    def end_inline(self, node: etree._Element) -> None:
        """Close what ``node`` has opened, if anything."""
        if self._open and self._open[-1].node is node:
            self._wrap(self._open.pop())
            self._code = False

    def _wrap(self, opened: _Open) -> None:
        """Put the marks of ``opened`` around its output, white space and line breaks outside of them."""
        before, core, after = edges("".join(self._md[opened.md_from :]))
        if not core:
            return
        start = opened.md_from
        if opened.kind == "code":
            self._md[start:] = [before, code_span(core), after]
        elif opened.kind == "a":
            # A mark that closed within the link is no longer an entry of its own.
            self._closed = ("", -1)
            plain = "".join(self._text[opened.text_from :]).strip()
            self._md[start:] = [before, link(core, opened.href, plain), after]
        elif not before and self._closed == (opened.kind, start - 2) and not self._md[start - 1]:
            # Two bold runs side by side are one; "**a****b**" would be read as asterisks.
            self._md[start - 2 :] = [core, opened.kind, after]
            self._closed = opened.kind, start - 1
        else:
            self._md[start:] = [before, opened.kind, core, opened.kind, after]
            self._closed = opened.kind, start + 3

    def take(self) -> tuple[str, str]:
        """Return text and Markdown of the block at hand, and begin the next; what is open stays open in it."""
        if self._open:
            for opened in reversed(self._open):
                self._wrap(opened)
            for opened in self._open:
                opened.text_from = opened.md_from = 0
        text = self._text[0] if len(self._text) == 1 else "".join(self._text)
        md = self._md[0] if len(self._md) == 1 else "".join(self._md)
        self._text.clear()
        self._md.clear()
        self._closed = ("", -1)
        return text, md


def edges(md: str) -> tuple[str, str, str]:
    """Split white space and hard breaks off both ends; an escaped backslash at the end belongs to the core."""
    if md and not (md[0].isspace() or md[0] == "\\" or md[-1].isspace()):
        return "", md, ""
    start, end = 0, len(md)
    while start < end and (md[start].isspace() or md.startswith(BREAK, start)):
        start += 1 if md[start].isspace() else len(BREAK)
    while end > start and md[end - 1].isspace():
        end -= len(BREAK) if md.endswith(BREAK, start, end) else 1
    return md[:start], md[start:end], md[end:]


def tidy(text: str) -> str:
    """Return a block's text with single spaces, and line breaks without spaces around them."""
    if "\n" not in text and "  " not in text:
        return text.strip()
    return _LINE_RUN.sub("\n", _SPACES.sub(" ", text)).strip()


def tidy_md(md: str) -> str:
    """Return a block's Markdown with single spaces, and hard breaks only between its lines."""
    if "\n" not in md and "  " not in md:
        return md.strip()
    return edges(_BREAK_RUN.sub(lambda _: BREAK, _SPACES.sub(" ", md)))[1]
