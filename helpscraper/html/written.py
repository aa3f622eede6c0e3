"""Write a tree of blocks as text, and as Markdown that CommonMark with GFM tables reads back as the same tree.

HTML fills the gaps of Markdown: blocks in a table cell, and a comment between two lists that would be read as one.
"""

from __future__ import annotations

from helpscraper.html.inline import line_markdown, line_text
from helpscraper.html.markdown import escape, escape_heading, escape_lines, fence
from helpscraper.html.tables import Block

__all__ = ["write_markdown", "write_text"]

_APART = "<!-- -->"


def write_text(body: Block) -> str:
    """Return the body as text: a block a line, cells of a row parted by tabs."""
    lines: list[str] = []
    _text(body, "", "", lines)
    return "\n".join(lines)


def _text(around: Block, first: str, rest: str, lines: list[str]) -> str:
    """Add the lines of a block that holds others; ``first`` and ``rest`` are the prefixes of its lines.

    Returns the prefix of the next line.
    """
    for block in around.blocks:
        if block.kind in ("ul", "ol"):
            for item in block.blocks:
                mark = "- " if block.kind == "ul" else f"{_counted(item.number or 0, item.counter)}. "
                if item.number is None:
                    mark = " " * len(mark)
                known = len(lines)
                _text(item, first + mark, rest + " " * len(mark), lines)
                first = rest if len(lines) > known else first
            continue
        if block.kind == "blockquote":
            first = _text(block, first, rest, lines)
            continue
        if block.kind == "table":
            text = "\n".join("\t".join(map(_cell_text, row.blocks)) for row in block.blocks)
        else:
            text = line_text(block.pieces)
        if text:
            lines.append(first + text.replace("\n", "\n" + rest))
            first = rest
    return first


def _cell_text(cell: Block) -> str:
    # Word diffs and the report split cells at tabs, so no cell holds one.
    lines: list[str] = []
    _text(cell, "", "", lines)
    return " ".join(" ".join(lines).split())


_ROMAN = (
    *(
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
    ),
    *((9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def _counted(number: int, counter: str) -> str:
    """Return a number as a browser shows it: in letters or Roman figures where the list's ``type`` says so.

    >>> _counted(28, "a"), _counted(3, "A"), _counted(14, "i"), _counted(0, "a"), _counted(4_000, "I")
    ('ab', 'C', 'xiv', '0', '4000')
    """
    if counter == "1" or number < 1 or (counter in "iI" and number > 3_999):
        return str(number)
    shown = ""
    if counter in "iI":
        for value, figure in _ROMAN:
            shown += figure * (number // value)
            number %= value
    while counter in "aA" and number:
        number, letter = divmod(number - 1, 26)
        shown = chr(ord("a") + letter) + shown
    return shown.upper() if counter.isupper() else shown


def _number(item: Block) -> int:
    """Return the number of an item within Markdown's bounds: from zero, at most nine digits."""
    return min(max(item.number or 0, 0), 999_999_999)


def _mark(around: Block, item: Block) -> str:
    return "- " if around.kind == "ul" else f"{_number(item)}. "


def write_markdown(body: Block) -> str:
    """Return the body as Markdown."""
    lines: list[str] = []
    _markdown(body, "", "", lines)
    return "\n".join(lines)


def _markdown(around: Block, first: str, rest: str, lines: list[str]) -> None:
    """Add the lines of a block that holds others; ``first`` and ``rest`` are the prefixes of its lines."""
    before: Block | None = None
    for block in around.blocks:
        if before is not None:
            if around.kind != "li" or not _follows_closely(before, block):
                lines.append(rest.rstrip())
            if block.kind == before.kind and block.kind in ("ul", "ol"):
                lines += (rest + _APART, rest.rstrip())
            first = rest
        if block.kind in ("ul", "ol"):
            _list(block, first, rest, lines)
        elif block.kind == "blockquote":
            _markdown(block, first + "> ", rest + "> ", lines)
        else:
            lines.append(first + _leaf(block, bool(rest)).replace("\n", "\n" + rest))
        before = block


def _follows_closely(before: Block, block: Block) -> bool:
    """Tell whether a list in an item needs no empty line before it.

    A list that starts at another number than 1 would be read as more of the paragraph before it.
    """
    return (
        before.kind == "p" and block.kind in ("ul", "ol") and _mark(block, block.blocks[0]) in ("- ", "1. ")
    )


def _list(block: Block, first: str, rest: str, lines: list[str]) -> None:
    expected: int | None = None
    for item in block.blocks:
        if expected is not None:
            first = rest
            if block.kind == "ol" and _number(item) != expected:
                # Markdown numbers items itself, so a jump needs a new list.
                lines += (rest.rstrip(), rest + _APART, rest.rstrip())
        mark = _mark(block, item)
        _markdown(item, first + mark, rest + " " * len(mark), lines)
        expected = _number(item) + 1


def _leaf(block: Block, within: bool) -> str:
    if block.kind == "table":
        return _table(block)
    if block.kind == "pre":
        return fence(block.pieces[0][0])
    if block.kind == "hr":
        # After the mark of an item, hyphens would be read as part of it.
        return "***" if within else "---"
    if block.kind == "p":
        return escape_lines(line_markdown(block.pieces))
    return "#" * int(block.kind[1]) + " " + escape_heading(line_markdown(block.pieces, "<br>"))


def _table(table: Block) -> str:
    width = max(len(row.blocks) for row in table.blocks)
    rows = [[_cell(cell).replace("|", "\\|") for cell in row.blocks] for row in table.blocks]
    # GFM drops cells beyond the header row, so the header is as wide as the widest row.
    rows[0].extend("" for _ in range(width - len(rows[0])))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((lines[0], "|" + " --- |" * width, *lines[1:]))


def _cell(around: Block) -> str:
    """Return the content of a cell on one line: paragraphs as Markdown, other blocks as HTML around it."""
    parts: list[str] = []
    before = ""
    for block in around.blocks:
        if block.kind == before == "p":
            parts.append("<br>")
        parts.append(_in_cell(block))
        before = block.kind
    return "".join(parts)


def _in_cell(block: Block) -> str:
    kind = block.kind
    if kind == "p":
        return line_markdown(block.pieces, "<br>")
    if kind == "pre":
        return f"<pre><code>{escape(block.pieces[0][0]).replace(chr(10), '&#10;')}</code></pre>"
    if kind == "hr":
        return "<hr>"
    if kind in ("ul", "ol"):
        items = (f"<li{_value(item) if kind == 'ol' else ''}>{_cell(item)}</li>" for item in block.blocks)
        return f"<{kind}>{''.join(items)}</{kind}>"
    if kind == "table":
        rows = ("".join(f"<td>{_cell(cell)}</td>" for cell in row.blocks) for row in block.blocks)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    if kind == "blockquote":
        return f"<blockquote>{_cell(block)}</blockquote>"
    return f"<{kind}>{line_markdown(block.pieces, '<br>')}</{kind}>"


def _value(item: Block) -> str:
    counter = f' type="{item.counter}"' if item.counter != "1" else ""
    return f' value="{item.number}"{counter}'
