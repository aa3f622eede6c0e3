"""Lay out a table on a terminal: as columns if they fit, else each record as a block.

A cell without blanks (an id, a key, a date, a number) is never cut or wrapped, so that it can be copied; a cell with
blanks may wrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["print_columns"]

_PROSE = 24
"""Minimum width of a wrapped column."""
_GAP = 2
_INDENT = 4


def print_columns(
    target: Console, names: Sequence[str], columns: Sequence[Sequence[str]], right: Sequence[bool]
) -> None:
    """Print ``columns`` with ``names`` as headings in the width of ``target``; ``right`` marks those to right-align.

    If they do not fit, empty columns are left out. If they still do not fit, each record becomes a block: its first
    cell, and the others with their names below it.
    """
    widths = [max(map(cell_len, (name, *cells))) for name, cells in zip(names, columns, strict=True)]
    wraps = [any(" " in cell for cell in cells) for cells in columns]
    least = [min(width, _PROSE) if wrap else width for width, wrap in zip(widths, wraps, strict=True)]
    for shown in (range(len(names)), [place for place, cells in enumerate(columns) if any(cells)]):
        if sum(least[place] + _GAP for place in shown) - _GAP <= target.width:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for place in shown:
                table.add_column(
                    names[place], justify="right" if right[place] else "left", no_wrap=not wraps[place],
                    min_width=least[place], overflow="fold",
                )  # fmt: skip
            for cells in zip(*(columns[place] for place in shown), strict=True):
                table.add_row(*map(Text, cells))
            target.print(table)
            return
    for cells in zip(*columns, strict=True):
        target.print(Text(cells[0], style="bold"), soft_wrap=True)
        for line in _packed(names[1:], cells[1:], target.width - _INDENT):
            target.print(Padding(line, (0, 0, 0, _INDENT), expand=False))


def _packed(names: Sequence[str], cells: Sequence[str], width: int) -> Iterator[Text]:
    """Yield lines of the cells that are not empty, each after its name."""
    line = Text()
    for name, cell in zip(names, cells, strict=True):
        if not cell:
            continue
        named = Text.assemble((f"{name}: ", "dim"), cell)
        if line and line.cell_len + _GAP + named.cell_len > width:
            yield line
            line = Text()
        line = line + Text(" " * _GAP) + named if line else named
    if line:
        yield line
