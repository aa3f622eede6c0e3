"""A body in three forms, written in one walk over its elements: HTML as on the page, text, and Markdown.

The walk is iterative and every piece of text is copied a bounded number of times, so the work grows with the
size of the body whatever its shape.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from lxml import etree

from helpscraper.pages.base import BLOCKS, HIDDEN, collapse
from helpscraper.pages.markdown import code_span, escape, escape_lines, fence, link, web_url

__all__ = ["BodyForms", "write_body"]

Selector: TypeAlias = Callable[[etree._Element], list[etree._Element]]

_SPACES = re.compile(r" {2,}")
_NEVER_SERVED = ("script", "style", "template", "noscript")
_BREAK = "\\\n"
_BREAK_RUN = re.compile(r"(?: ?\\\n ?)+")
_LINE_RUN = re.compile(r"(?: ?\n ?)+")
_MARKS = (
    dict.fromkeys(("b", "strong"), "**") | dict.fromkeys(("i", "em"), "*") | dict.fromkeys(("s", "del"), "~~")
)
_CODE = frozenset(("code", "kbd", "samp"))
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MAX_SPAN = 50
# Twenty lists deep; below that, items are written as if they stood at that depth, or indentation would eat
# memory.
_MAX_CONTAINERS = 40


@dataclass(frozen=True, slots=True)
class BodyForms:
    """``text`` has one block a line; ``markdown`` is CommonMark with GFM tables; ``html`` is as it was
    served.
    """

    text: str
    markdown: str
    html: str


@dataclass(slots=True)
class _Open:
    """An inline element that is open: its kind, and where its output started in both forms."""

    node: etree._Element
    kind: str
    href: str
    text_from: int
    md_from: int


@dataclass(slots=True)
class _Container:
    """A list, list item or quote that blocks stand in. ``marker`` is used up by the item's first block."""

    tag: str
    marker: str = ""
    fresh: bool = True
    number: int = 1


@dataclass(slots=True)
class _Table:
    rows: list[list[tuple[list[str], list[str]]]] = field(default_factory=list)
    depth: int = 1


class _Writer:
    """Receives the elements in document order and keeps text and Markdown side by side."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._text: list[str] = []
        self._md: list[str] = []
        self._open: list[_Open] = []
        self._containers: list[_Container] = []
        self._table: _Table | None = None
        self._pre = self._too_deep = 0
        self._code = False
        self._last: list[_Container] = []
        self._last_rest = ""
        # Kind and place of the last closing mark, for a run of the same kind right behind it.
        self._closed = ("", -1)
        self._heading = ""
        self.text_blocks: list[str] = []
        self.md_blocks: list[str] = []

    # -- inline --------------------

    def data(self, text: str) -> None:
        """Take text as it stands in the page."""
        if self._pre and self._table is None:
            self._text.append(text)
            self._md.append(text)
            return
        # As collapse(), but a space at either end still parts this text from its neighbours.
        words = " ".join(text.split())
        text = f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}" if words else " "
        self._text.append(text)
        self._md.append(text if self._code or words.isalnum() else escape(text))

    def _line_break(self) -> None:
        self._text.append("\n")
        self._md.append("\n" if self._pre else " " if self._code else _BREAK)

    def _image(self, node: etree._Element) -> None:
        url = web_url(node.get("src") or node.get("data-src"), self._base)
        alt = collapse(node.get("alt") or "")
        if (url or alt) and not (self._pre or self._code):
            self._md.append("!" + link(escape(alt), url or "", ""))

    def _start_inline(self, tag: str, node: etree._Element) -> None:
        """Open a mark, a link or code. A kind that is open already is not opened again, nor anything within
        code.
        """
        href = web_url(node.get("href"), self._base) if tag == "a" else None
        kind = "code" if tag in _CODE else "a" if href else _MARKS.get(tag)
        if kind is None or self._pre or self._code or any(other.kind == kind for other in self._open):
            return
        self._open.append(_Open(node, kind, href or "", len(self._text), len(self._md)))
        self._code = kind == "code"

    def _end_inline(self, node: etree._Element) -> None:
        if self._open and self._open[-1].node is node:
            self._wrap(self._open.pop())
            self._code = False

    def _wrap(self, opened: _Open) -> None:
        """Put the marks of ``opened`` around its output, white space and line breaks outside of them."""
        before, core, after = _edges("".join(self._md[opened.md_from :]))
        if not core:
            return
        start = opened.md_from
        if opened.kind == "code":
            self._md[start:] = [before, code_span(core), after]
        elif opened.kind == "a":
            plain = "".join(self._text[opened.text_from :]).strip()
            self._md[start:] = [before, link(core, opened.href, plain), after]
        elif not before and self._closed == (opened.kind, start - 2) and not self._md[start - 1]:
            # Two bold runs side by side are one; "**a****b**" would be read as asterisks.
            self._md[start - 2 :] = [core, opened.kind, after]
            self._closed = opened.kind, start - 1
        else:
            self._md[start:] = [before, opened.kind, core, opened.kind, after]
            self._closed = opened.kind, start + 3

    # -- blocks --------------------

    def _flush(self) -> None:
        """End the block at hand, if there is one; what is open stays open in the next."""
        if not self._md:
            self._text.clear()
            for opened in self._open:
                opened.text_from = 0
            return
        for opened in reversed(self._open):
            self._wrap(opened)
        for opened in self._open:
            opened.text_from = opened.md_from = 0
        text, md = "".join(self._text), "".join(self._md)
        self._text.clear()
        self._md.clear()
        self._closed = ("", -1)
        if self._table is not None and self._table.rows and self._table.rows[-1]:
            self._cell_block(_tidy(text), _tidy_md(md))
        elif self._pre:
            code = text.strip("\n").rstrip()
            if code.strip():
                self._emit(code, fence(code))
        else:
            text, md = _tidy(text), _tidy_md(md)
            if md:
                self._emit(
                    text, self._heading + md.replace(_BREAK, " ") if self._heading else escape_lines(md)
                )

    def _emit(self, text: str, md: str) -> None:
        """Write one block behind the marks of the containers that it stands in."""
        first = rest = text_first = text_rest = ""
        tight = self._is_tight()
        for container in self._containers:
            if container.tag == "blockquote":
                first, rest = first + "> ", rest + "> "
            elif container.tag == "li":
                pad = " " * len(container.marker)
                shown = container.marker if container.fresh else pad
                first, rest = first + shown, rest + pad
                text_first, text_rest = text_first + shown, text_rest + pad
                container.fresh = False
        if text:
            self.text_blocks.append(text_first + text.replace("\n", "\n" + text_rest))
        if self.md_blocks:
            between = ""
            if rest and self._last_rest:
                shared = takewhile(lambda pair: pair[0] == pair[1], zip(self._last_rest, rest, strict=False))
                between = "".join(char for char, _ in shared).rstrip()
            self.md_blocks.append("\n" if tight else f"\n{between}\n")
        self.md_blocks.append(first + md.replace("\n", "\n" + rest))
        self._last, self._last_rest = list(self._containers), rest

    def _is_tight(self) -> bool:
        """Tell whether the block opens an item that follows its list's last one, or its parent's text.

        Everything else is set off by an empty line: a list that starts at another number than 1 would
        otherwise be read as more of the paragraph before it.
        """
        for index, container in enumerate(self._containers):
            if container.tag == "li" and container.fresh:
                around = self._containers[max(0, index - 2) : index]
                same_list = bool(around) and any(around[-1] is other for other in self._last)
                below = len(around) == 2 and any(around[0] is other for other in self._last)
                return same_list or (below and container.marker in ("- ", "1. "))
        return False

    def _cell_block(self, text: str, md: str) -> None:
        assert self._table is not None  # noqa: S101 - for the type checker; the caller looked
        cell_text, cell_md = self._table.rows[-1][-1]
        marker = next((c.marker for c in reversed(self._containers) if c.tag == "li" and c.fresh), "")
        for container in self._containers:
            container.fresh = container.fresh and not (text or md)
        if text:
            cell_text.append(marker + text.replace("\n", " "))
        if md:
            cell_md.append(marker + md.replace(_BREAK, "<br>").replace("\n", "<br>"))

    def start(self, tag: str, node: etree._Element) -> None:
        """An element opens."""
        if tag == "br":
            self._line_break()
        elif tag == "img":
            self._image(node)
        elif tag not in BLOCKS:
            self._start_inline(tag, node)
        else:
            self._flush()
            self._start_block(tag, node)

    def _start_block(self, tag: str, node: etree._Element) -> None:
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag == "pre":
            self._pre += 1
        elif tag == "hr" and self._table is None:
            self._emit("", "---")
        elif tag in ("ul", "ol", "blockquote"):
            self._contain(_Container(tag, number=_whole(node.get("start"), 1)))
        elif tag == "li":
            around = next((c for c in reversed(self._containers) if c.tag in ("ul", "ol")), None)
            marker = f"{around.number}. " if around is not None and around.tag == "ol" else "- "
            if around is not None:
                around.number += 1
            self._contain(_Container(tag, marker))
        elif tag == "table":
            if self._table is None:
                self._table = _Table()
            else:
                self._table.depth += 1
        elif self._table is not None and self._table.depth == 1:
            if tag == "tr":
                self._table.rows.append([])
            elif tag in ("td", "th") and self._table.rows:
                self._table.rows[-1].append(([], []))

    def _contain(self, container: _Container) -> None:
        if len(self._containers) < _MAX_CONTAINERS:
            self._containers.append(container)
        else:
            self._too_deep += 1

    def _leave(self) -> None:
        if self._too_deep:
            self._too_deep -= 1
        else:
            self._containers.pop()

    def end(self, tag: str, node: etree._Element) -> None:
        """An element closes."""
        if tag in ("br", "img"):
            return
        if tag not in BLOCKS:
            self._end_inline(node)
            return
        self._flush()
        if tag in _HEADINGS:
            self._heading = ""
        elif tag == "pre":
            self._pre -= 1
        elif tag in ("ul", "ol", "li", "blockquote"):
            self._leave()
        elif tag == "table" and self._table is not None:
            self._table.depth -= 1
            if self._table.depth == 0:
                table, self._table = self._table, None
                self._write_table(table)
        elif tag in ("td", "th") and self._table is not None and self._table.depth == 1 and self._table.rows:
            spare = min(_whole(node.get("colspan"), 1), _MAX_SPAN) - 1
            self._table.rows[-1].extend(([], []) for _ in range(spare))

    def _write_table(self, table: _Table) -> None:
        rows = [row for row in table.rows if any(text or md for text, md in row)]
        if not rows:
            return
        text = "\n".join(" | ".join(" ".join(cell) for cell, _ in row) for row in rows)
        width = max(map(len, rows))
        cells = [["<br>".join(md) for _, md in row] for row in rows]
        # GFM drops what stands beyond the header row, so the header is as wide as the widest row.
        cells[0].extend("" for _ in range(width - len(cells[0])))
        lines = [f"| {' | '.join(row)} |" for row in cells]
        self._emit(text, "\n".join((lines[0], "|" + " --- |" * width, *lines[1:])))

    def finish(self) -> None:
        """The body is read."""
        self._flush()


def _whole(text: str | None, default: int) -> int:
    stated = (text or "").strip()
    return (
        int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 and int(stated) else default
    )


def _edges(md: str) -> tuple[str, str, str]:
    """Split white space and hard breaks off both ends; an escaped backslash at the end belongs to the
    core.
    """
    start, end = 0, len(md)
    while start < end and (md[start].isspace() or md.startswith(_BREAK, start)):
        start += 1 if md[start].isspace() else len(_BREAK)
    while end > start and md[end - 1].isspace():
        end -= len(_BREAK) if md.endswith(_BREAK, start, end) else 1
    return md[:start], md[start:end], md[end:]


def _tidy(text: str) -> str:
    if "\n" not in text and "  " not in text:
        return text.strip()
    return _LINE_RUN.sub("\n", _SPACES.sub(" ", text)).strip()


def _tidy_md(md: str) -> str:
    if "\n" not in md and "  " not in md:
        return md.strip()
    return _edges(_BREAK_RUN.sub(lambda _: _BREAK, _SPACES.sub(" ", md)))[1]


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
    writer = _Writer(base_url)
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
    writer.finish()
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


def _walk(part: etree._Element, writer: _Writer) -> None:
    walk = etree.iterwalk(part, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        if event == "start":
            if tag in HIDDEN:
                walk.skip_subtree()
                continue
            writer.start(tag, node)
            if node.text:
                writer.data(node.text)
        else:
            if tag not in HIDDEN:
                writer.end(tag, node)
            if node.tail and node is not part:
                writer.data(node.tail)
