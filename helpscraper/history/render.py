"""A word diff as text, as a terminal shows it, and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from unicodedata import bidirectional

from rich.text import Text

from helpscraper.history.spans import Block, Blocks, Span

__all__ = ["plain", "reads_leftwards", "to_html", "to_rich"]

_STYLES = {"same": "", "delete": "red strike", "insert": "green"}
_TAGS = {"delete": "del", "insert": "ins"}
_GAP = "…"


def plain(diff: Blocks, context: int | None = None) -> str:
    """Return the diff as text: ``[-gone-]{+new+}``, moved blocks behind ``(moved)``.

    ``context`` is the number of unchanged blocks shown around each change; None shows all.
    """
    lines = []
    for block in _blocks_to_show(diff, context):
        if block is None:
            lines.append(_GAP)
            continue
        text = "".join(_marked(span) for span in block.spans)
        lines.append(f"(moved) {text}" if block.fate == "moved" else text)
    return "\n".join(lines)


def _marked(span: Span) -> str:
    if span.op == "same":
        return span.text
    return f"[-{span.text}-]" if span.op == "delete" else f"{{+{span.text}+}}"


def to_rich(diff: Blocks, context: int | None = None) -> Text:
    """Return the diff as rich text: deletions struck out in red, insertions in green, moved blocks behind an arrow."""
    text = Text()
    for block in _blocks_to_show(diff, context):
        if block is None:
            text.append(f"{_GAP}\n", style="dim")
            continue
        if block.fate == "moved":
            text.append("↕ ", style="cyan")
        for span in block.spans:
            text.append(span.text, style=_STYLES[span.op])
        text.append("\n")
    return text


def to_html(diff: Blocks, context: int | None = None) -> str:
    """Return the diff as HTML: one ``<p>`` a block, table rows as a table, ``<del>`` and ``<ins>``; all text escaped.

    The class of a block is its kind of change (``same``, ``changed``, ``deleted``, ``inserted``, ``moved``), and
    ``dir`` lays out right-to-left text.
    """
    parts: list[str] = []
    in_table, leftward = False, _leftward(diff)
    for block in _blocks_to_show(diff, context):
        row = block is not None and any("\t" in span.text for span in block.spans)
        # An Arabic paragraph may begin with a Latin name.
        told = leftward and block is not None and any(reads_leftwards(span.text) for span in block.spans)
        way = "rtl" if told else "auto"
        if row != in_table:
            parts.append("<table>" if row else "</table>")
            in_table = row
        if block is None:
            parts.append(f'<p class="gap">{_GAP}</p>')
        elif row:
            parts.append(f'<tr class="{block.fate}" dir="{way}">{_cells(block)}</tr>')
        else:
            inner = "".join(_tagged(span.op, span.text) for span in block.spans)
            parts.append(f'<p class="{block.fate}" dir="{way}">{inner}</p>')
    if in_table:
        parts.append("</table>")
    return f'<div class="word-diff">{"".join(parts)}</div>'


def reads_leftwards(text: str) -> bool:
    """Tell whether the text has a letter of a right-to-left script.

    >>> reads_leftwards("P2P: \u062d\u062f BIBU"), reads_leftwards("P2P: 2FA")
    (True, False)
    """
    return any(bidirectional(character) in ("R", "AL") for character in text)


def _leftward(diff: Blocks) -> bool:
    """Tell whether most letters of the diff are of a right-to-left script."""
    kinds = [bidirectional(c) for block in diff.blocks for span in block.spans for c in span.text]
    return sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L")


def _tagged(op: str, text: str) -> str:
    if not text:
        return ""
    return f"<{_TAGS[op]}>{escape(text)}</{_TAGS[op]}>" if op in _TAGS else escape(text)


def _cells(block: Block) -> str:
    """Cut the spans of a table row at its tabs, so that each cell has its own marks."""
    cells: list[list[str]] = [[]]
    for span in block.spans:
        for number, piece in enumerate(span.text.split("\t")):
            if number:
                cells.append([])
            cells[-1].append(_tagged(span.op, piece))
    return "".join(f"<td>{''.join(cell)}</td>" for cell in cells)


def _blocks_to_show(diff: Blocks, context: int | None) -> Iterator[Block | None]:
    """Yield the blocks to show, and None where unchanged ones are left out."""
    if context is None:
        yield from diff.blocks
        return
    near: set[int] = set()
    for number, block in enumerate(diff.blocks):
        if block.fate != "same":
            near.update(range(number - context, number + context + 1))
    last = -1
    for number, block in enumerate(diff.blocks):
        if number in near:
            if number != last + 1:
                yield None
            last = number
            yield block
    if near and last != len(diff.blocks) - 1:
        yield None
