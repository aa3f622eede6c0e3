"""Lay out a table on a terminal: as columns if they fit, else each record as a block.

A cell without blanks (an id, a key, a date, a number) is never cut or wrapped, so that it can be copied; a cell with
blanks may wrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

__all__ = ["hanging", "print_columns", "table_lines"]

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
        room = target.width - sum(least[place] + _GAP for place in shown) + _GAP
        if room >= 0:
            given = []
            for place in shown:
                given.append(min(widths[place], least[place] + room))
                room -= given[-1] - least[place]
            table = [(names[place], *columns[place]) for place in shown]
            lines = table_lines(table, given, [right[place] for place in shown])
            target.out(next(lines), style="bold", highlight=False)
            for line in lines:
                target.out(line, highlight=False)
            return
    for cells in zip(*columns, strict=True):
        record = [Text(cells[0], style="bold")]
        packed = (
            Text(" " * _INDENT).append_text(line)
            for line in _packed(names[1:], cells[1:], target.width - _INDENT)
        )
        record += (hanging(line, target.width) for line in packed)
        target.print(Text("\n").join(record), soft_wrap=True)


def table_lines(
    columns: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]
) -> Iterator[str]:
    """Yield the lines of a table without trailing blanks; a cell that is wider than its column is wrapped."""
    for cells in zip(*columns, strict=True):
        wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            padded = (
                f"{' ' * (width - cell_len(part))}{part}"
                if flush
                else f"{part}{' ' * (width - cell_len(part))}"
                for part, width, flush in zip(parts, widths, right, strict=True)
            )
            yield (" " * _GAP).join(padded).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a cell, broken between words where it can be."""
    if cell_len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line = f"{line} {word}"
            continue
        *full, rest = chop_cells(word, width) or [""]
        lines += [*([line] if line else []), *full]
        line = rest
    return [*lines, line]


def hanging(text: Text, width: int) -> Text:
    """Return a line broken between words, with the further lines below its last column with room; several lines stay.

    >>> hanging(Text("  fees    1 added, 2 edited"), 20).plain
    '  fees    1 added, 2\\n          edited'
    """
    plain = text.plain
    if "\n" in plain:
        return text
    gap = plain.rfind("  ", 0, width * 3 // 5)
    indent = gap + 2 if gap >= 0 else 0
    parts, start, room = [], 0, width
    while cell_len(plain[start : start + room + 1]) > room:
        end = start + room
        while cell_len(plain[start:end]) > room:
            end -= 1
        cut = plain.rfind(" ", start + (indent if start == 0 else 0), end + 1)
        # A word that is longer than the line stays whole, so that it can be copied.
        if cut < 0 and (cut := plain.find(" ", end)) < 0:
            break
        parts.append(text[start:cut])
        start, room = cut + 1, width - indent
    return Text(f"\n{' ' * indent}").join([*parts, text[start:]])


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
