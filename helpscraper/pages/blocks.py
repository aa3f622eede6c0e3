"""The blocks of a body: paragraphs, headings, nested lists, quotes, tables and code, one after the other.

The work grows with the size of the body whatever its shape: nesting is bounded, no row is filled up, and what spans
columns or rows adds no more than so many empty cells to a cell or a row.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from lxml import etree

from helpscraper.pages.base import BLOCKS
from helpscraper.pages.inline import BREAK, INLINE, InlineWriter, tidy, tidy_md
from helpscraper.pages.markdown import escape_lines, fence

__all__ = ["MEANT", "PLAIN", "BlockWriter"]

PLAIN = frozenset(("p", "div", "section", "figure", "tbody", "thead"))
"""Blocks that only set off what is in them."""

MEANT = (BLOCKS | INLINE) - PLAIN
"""Elements that ``start`` and ``end`` do something about; the others are as good as what is in them."""

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_CELLS = frozenset(("tr", "td", "th"))
# So many cells stand empty at most: beside a cell that spans columns, and in a row below cells that span rows. Of how
# many rows a cell spans nothing is kept but the last, so that number needs no bound.
_MAX_SPAN = 50
_TO_THE_END = sys.maxsize
# Twenty lists deep; below that, items are written as if they stood at that depth, or indentation would eat memory.
_MAX_CONTAINERS = 40


@dataclass(slots=True)
class _Container:
    """A list, list item or quote that blocks stand in. ``marker`` is used up by the item's first block."""

    tag: str
    marker: str = ""
    fresh: bool = True
    number: int = 1


_Cell: TypeAlias = tuple[list[str], list[str]]
# Stands for every cell that a span adds, since a page may ask for millions of them; nothing is ever written to it.
_EMPTY: _Cell = ([], [])


@dataclass(slots=True)
class _Table:
    """A table at hand. ``spans`` has the last row that a cell reaches down to, by each column that it covers.

    They are those of one row group, ``group``, beyond which no cell reaches.
    """

    rows: list[list[_Cell]] = field(default_factory=list)
    depth: int = 1
    row: etree._Element | None = None
    group: etree._Element | None = None
    spans: dict[int, int] = field(default_factory=dict)
    spare: int = 0

    def begin_row(self, node: etree._Element) -> None:
        """Begin a row, in another group than the last one perhaps."""
        self.rows.append([])
        self.row = node
        if self.spans:
            self.spare = _MAX_SPAN
            if node.getparent() is not self.group:
                self.spans.clear()

    def begin_cell(self, node: etree._Element) -> None:
        """Begin a cell of the last row, behind those that cells above reach down to."""
        if self.spans:
            self.pass_covered()
        self.rows[-1].append(([], []))
        if span := node.get("rowspan"):
            self._cover(_height(span), _width(node))

    def pass_covered(self) -> None:
        """Add an empty cell for each column, from the next one on, that a cell above reaches down to."""
        row, number = self.rows[-1], len(self.rows) - 1
        while self.spare and self.spans.get(len(row), -1) >= number:
            row.append(_EMPTY)
            self.spare -= 1

    def _cover(self, height: int, width: int) -> None:
        """Let the cell that was just begun reach down ``height`` rows, its own among them."""
        if height == 1:
            return
        if self.row is not None and not self.spans:
            self.group = self.row.getparent()
        first, last = len(self.rows[-1]) - 1, len(self.rows) - 2 + height
        for column in range(first, first + width):
            self.spans[column] = max(last, self.spans.get(column, last))


class BlockWriter(InlineWriter):
    """Receives the elements in document order; ``text_blocks`` and ``md_blocks`` hold what is done."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._containers: list[_Container] = []
        self._table: _Table | None = None
        self._too_deep = 0
        self._last: list[_Container] = []
        self._last_rest = ""
        self._heading = ""
        self.text_blocks: list[str] = []
        self.md_blocks: list[str] = []

    def part(self) -> None:
        """A block begins or ends: what comes next stands on a line of its own."""
        if self._md:
            self._flush()

    def _flush(self) -> None:
        """Write the block at hand."""
        text, md = self.take()
        if self._table is not None and self._table.rows and self._table.rows[-1]:
            self._cell_block(tidy(text), tidy_md(md))
        elif self._pre:
            code = text.strip("\n").rstrip()
            if code.strip():
                self._emit(code, fence(code))
        else:
            same = text is md
            text = tidy(text)
            md = text if same and "\n" not in text else tidy_md(md)
            if md:
                self._emit(
                    text, self._heading + md.replace(BREAK, " ") if self._heading else escape_lines(md)
                )

    def _emit(self, text: str, md: str) -> None:
        """Write one block behind the marks of the containers that it stands in."""
        if not self._containers:
            if text:
                self.text_blocks.append(text)
            self.md_blocks += ("\n\n", md) if self.md_blocks else (md,)
            self._last, self._last_rest = [], ""
            return
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
            if rest == self._last_rest:
                between = rest.rstrip()
            elif rest and self._last_rest:
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
        row = self._table.rows[-1]
        if row[-1] is _EMPTY and (text or md):
            row[-1] = ([], [])
        cell_text, cell_md = row[-1]
        marker = ""
        if self._containers:
            marker = next((c.marker for c in reversed(self._containers) if c.tag == "li" and c.fresh), "")
            for container in self._containers:
                container.fresh = container.fresh and not (text or md)
        if text:
            cell_text.append(marker + text.replace("\n", " "))
        if md:
            cell_md.append(marker + md.replace(BREAK, "<br>").replace("\n", "<br>"))

    def start(self, tag: str, node: etree._Element) -> None:
        """An element opens."""
        if tag == "br":
            self.line_break()
        elif tag == "img":
            self.image(node)
        elif tag not in BLOCKS:
            self.start_inline(tag, node)
        else:
            self.part()
            self._start_block(tag, node)

    def _start_block(self, tag: str, node: etree._Element) -> None:
        if tag in _CELLS:
            table = self._table
            if table is not None and table.depth == 1:
                if tag == "tr":
                    table.begin_row(node)
                elif table.rows:
                    table.begin_cell(node)
        elif tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag == "li":
            around = next((c for c in reversed(self._containers) if c.tag in ("ul", "ol")), None)
            marker = f"{around.number}. " if around is not None and around.tag == "ol" else "- "
            if around is not None:
                around.number += 1
            self._contain(_Container(tag, marker))
        elif tag in ("ul", "ol", "blockquote"):
            self._contain(_Container(tag, number=_whole(node.get("start"), 1)))
        elif tag == "pre":
            self._pre += 1
            self._verbatim = self._table is None
        elif tag == "hr" and self._table is None:
            self._emit("", "---")
        elif tag == "table":
            if self._table is None:
                self._table = _Table()
            else:
                self._table.depth += 1

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
            self.end_inline(node)
            return
        self.part()
        if tag in _CELLS:
            table = self._table
            if table is None or table.depth != 1 or not table.rows:
                return
            if tag != "tr":
                if node.get("colspan"):
                    table.rows[-1] += [_EMPTY] * (_width(node) - 1)
            elif table.spans and table.rows[-1]:
                table.pass_covered()
        elif tag in _HEADINGS:
            self._heading = ""
        elif tag == "pre":
            self._pre -= 1
            self._verbatim = self._pre > 0 and self._table is None
        elif tag in ("ul", "ol", "li", "blockquote"):
            self._leave()
        elif tag == "table" and self._table is not None:
            self._table.depth -= 1
            if self._table.depth == 0:
                table, self._table = self._table, None
                self._write_table(table)

    def _write_table(self, table: _Table) -> None:
        rows = [row for row in table.rows if any(text or md for text, md in row)]
        if not rows:
            return
        # No cell holds a tab, whatever else stands in it; word diffs and the report tell cells by it.
        text = "\n".join("\t".join(" ".join(cell) for cell, _ in row) for row in rows)
        width = max(map(len, rows))
        cells = [["<br>".join(md) for _, md in row] for row in rows]
        # GFM drops what stands beyond the header row, so the header is as wide as the widest row.
        cells[0].extend("" for _ in range(width - len(cells[0])))
        lines = [f"| {' | '.join(row)} |" for row in cells]
        self._emit(text, "\n".join((lines[0], "|" + " --- |" * width, *lines[1:])))


def _width(cell: etree._Element) -> int:
    """Return how many columns a cell spans."""
    return min(_whole(cell.get("colspan"), 1), _MAX_SPAN)


def _height(span: str) -> int:
    """Return how many rows a cell spans: to the end of its row group for 0 and for more than a page can have."""
    stated = span.strip()
    if not (stated.isascii() and stated.isdigit()):
        return 1
    digits = stated.lstrip("0")
    return int(digits) if 0 < len(digits) < 9 else _TO_THE_END


def _whole(text: str | None, default: int) -> int:
    stated = (text or "").strip()
    return (
        int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 and int(stated) else default
    )
