"""Table rows in a body: lines with tabs between the cells, as the units that the word diff compares. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

__all__ = ["CELL", "cells_of", "same_rows"]

CELL = "\t"
"""The unit between two cells."""


def cells_of(units: Sequence[str]) -> list[list[str]]:
    """Return the units of each cell of a table row; a block without cells is one cell.

    >>> cells_of(["Fee ", "now", "\\t", "0.1"])
    [['Fee ', 'now'], ['0.1']]
    """
    cells: list[list[str]] = [[]]
    for unit in units:
        if unit == CELL:
            cells.append([])
        else:
            cells[-1].append(unit)
    return cells


def same_rows(old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Yield the index pairs of table rows with the same first cell, if it is unique on both sides."""
    sides = [[_first_cell(block) for block in side] for side in (old, new)]
    counts = [Counter(side) for side in sides]
    for x, cell in enumerate(sides[0]):
        if cell and counts[0][cell] == counts[1][cell] == 1:
            yield x, sides[1].index(cell)


def _first_cell(units: tuple[str, ...]) -> tuple[str, ...]:
    """Return the units of a table row's first cell; empty when the block is not a row."""
    return units[: units.index(CELL)] if CELL in units else ()
