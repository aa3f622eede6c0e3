"""Blocks of a body, and the rule that places the cells of a table when other cells span rows or columns."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from itertools import groupby

from lxml import etree

from helpscraper.html.inline import Piece

__all__ = ["EMPTY", "Block", "Spans", "prune", "whole_number"]

# The most empty cells that are written beside one cell, and in one row below cells that span rows. A row span needs no
# bound: only the number of its last row is kept.
_MAX_SPAN = 50
_TO_THE_END = sys.maxsize
# HTML reads the leading number of an attribute and ignores the rest.
_NUMBER = re.compile(r"[ \t\n\f\r]*([-+]?[0-9]{1,9})(?![0-9])")
_HEIGHT = re.compile(r"[ \t\n\f\r]*\+?0*([0-9]*)")


@dataclass(slots=True, eq=False)
class Block:
    """A block. ``kind`` is the name of an element; ``number`` is that of an item, None for an item without a number.

    ``counter`` says how an item shows its number: ``1``, ``a``, ``A``, ``i`` or ``I``, as the ``type`` of HTML.

    Paragraphs, headings (``p``, ``h1`` to ``h6``) and code (``pre``) hold ``pieces``, the others ``blocks``: a list
    its items, a table its rows, a row its cells.
    """

    kind: str
    blocks: list[Block] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    number: int | None = 1
    counter: str = "1"


EMPTY = Block("td")
"""The one empty cell that all spans share, since a page may ask for millions; it is never filled."""


def prune(block: Block) -> None:
    """Leave out empty blocks, except cells, which keep their places; put items without a list into one."""
    for inner in block.blocks:
        if inner.blocks:
            prune(inner)
    if block.kind == "table":
        block.blocks = [row for row in block.blocks if any(cell.blocks for cell in row.blocks)]
    elif block.kind != "tr":
        kept = [inner for inner in block.blocks if inner.pieces or inner.blocks or inner.kind == "hr"]
        block.blocks = kept if block.kind in ("ul", "ol") else _with_lists(kept)


def _with_lists(blocks: list[Block]) -> list[Block]:
    if all(block.kind != "li" for block in blocks):
        return blocks
    groups = groupby(blocks, key=lambda block: block.kind == "li")
    return [each for loose, group in groups for each in ([Block("ul", list(group))] if loose else group)]


@dataclass(slots=True)
class Spans:
    """The cells of a table that span rows: for each column the last row that such a cell covers.

    All are in one row group (``group``: a ``tbody``, say), because no cell reaches beyond its own.
    """

    last_row: dict[int, int] = field(default_factory=dict)
    row: etree._Element | None = None
    group: etree._Element | None = None
    spare: int = 0

    def begin_row(self, node: etree._Element) -> None:
        """Begin a row, possibly in another group than the last one."""
        self.row = node
        if self.last_row:
            self.spare = _MAX_SPAN
            if node.getparent() is not self.group:
                self.last_row.clear()

    def begin_cell(self, node: etree._Element, row: list[Block], number: int) -> None:
        """Add a cell to row ``number``, after the columns that cells above cover."""
        if self.last_row:
            self.pass_covered(row, number)
        row.append(Block("td"))
        if span := node.get("rowspan"):
            self._cover(_height(span), _width(node), len(row) - 1, number)

    def end_cell(self, node: etree._Element, row: list[Block]) -> None:
        """Add an empty cell for each further column that the cell spans."""
        if node.get("colspan"):
            row += [EMPTY] * (_width(node) - 1)

    def pass_covered(self, row: list[Block], number: int) -> None:
        """Add an empty cell for each column, from the next one on, that a cell above covers."""
        while self.spare and self.last_row.get(len(row), -1) >= number:
            row.append(EMPTY)
            self.spare -= 1

    def _cover(self, height: int, width: int, first: int, number: int) -> None:
        """Let the cell in column ``first`` cover ``height`` rows, including its own."""
        if height == 1:
            return
        if self.row is not None and not self.last_row:
            self.group = self.row.getparent()
        last = number - 1 + height
        for column in range(first, first + width):
            self.last_row[column] = max(last, self.last_row.get(column, last))


def _width(cell: etree._Element) -> int:
    """Return how many columns a cell spans."""
    return max(1, min(whole_number(cell.get("colspan"), 1), _MAX_SPAN))


def _height(span: str) -> int:
    """Return how many rows a cell spans: to the end of its row group for 0 and for more than a page can have."""
    stated = _HEIGHT.match(span)
    if stated is None or not any(map(str.isdigit, stated[0])):
        return 1
    digits = stated[1]
    return int(digits) if 0 < len(digits) < 9 else _TO_THE_END


def whole_number(text: str | None, default: int) -> int:
    """Return the number of an attribute as HTML reads it; ``default`` without one, and from ten digits on.

    >>> whole_number(" 5a", 1), whole_number("-5", 1), whole_number("a5", 1), whole_number(None, 1)
    (5, -5, 1, 1)
    """
    stated = _NUMBER.match(text or "")
    return int(stated[1]) if stated else default
