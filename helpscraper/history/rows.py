"""Table rows in a body: lines whose cells are parted by tabs, here as the units that the word diff compares. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

__all__ = ["CELL", "cells_of", "same_rows"]

CELL = "\t"
"""The unit between two cells."""


def cells_of(units: Sequence[str]) -> list[list[str]]:
    """Return the units of each cell of a table row; all units of a block that is none.

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
    """Yield the places of table rows with the same first cell, which no other row of either side has."""
    sides = [[_first_cell(block) for block in side] for side in (old, new)]
    counts = [Counter(side) for side in sides]
    for x, cell in enumerate(sides[0]):
        if cell and counts[0][cell] == counts[1][cell] == 1:
            yield x, sides[1].index(cell)


def _first_cell(units: tuple[str, ...]) -> tuple[str, ...]:
    """Return the units of a table row's first cell; none of a block that is no row, or of an empty cell."""
    return units[: units.index(CELL)] if CELL in units else ()
