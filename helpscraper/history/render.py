"""A word diff as text, as a terminal shows it, as Markdown and as HTML; whole, or an excerpt of its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unicodedata import bidirectional

from rich.text import Text

from helpscraper.history.spans import Block, Blocks, Span
from helpscraper.html import markdown
from helpscraper.plain_text import cells_shown, html_safe, terminal_safe

__all__ = [
    "Excerpt",
    "excerpt",
    "markdown_safe",
    "plain",
    "reads_leftwards",
    "to_html",
    "to_markdown",
    "to_rich",
]

_STYLES = {"same": "", "delete": "red strike", "insert": "green"}
_TAGS = {"delete": "del", "insert": "ins"}
_GAP = "…"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The changed blocks of a diff, shortened; ``cut`` tells that some changes are left out."""

    blocks: tuple[Block, ...]
    cut: bool


def excerpt(diff: Blocks, *, near: int = 60, limit: int = 1200) -> Excerpt:
    """Return the changes with about ``near`` characters of unchanged text around each, ``limit`` characters in all.

    The functions of this module render it like a whole diff. Rows of tables keep all their cells.

    >>> from helpscraper.history.spans import Block
    >>> spans = (Span("same", "Write to us after "), Span("delete", "24"), Span("insert", "48"), Span("same", " h."))
    >>> plain(excerpt(Excerpt((Block("changed", 0, 0, spans),), cut=False), near=8))
    '… after [-24-]{+48+} h.'
    """
    blocks: list[Block] = []
    room = limit
    for block in diff.blocks:
        if block.fate == "same":
            continue
        tabular = any("\t" in span.text for span in block.spans)
        spans: list[Span] = []
        for place, span in enumerate(block.spans):
            text = span.text
            if span.op == "same" and not tabular:
                text = _around(text, near, after=place > 0, before=place < len(block.spans) - 1)
            cut = len(text) > room
            spans.append(Span(span.op, text[:room] + _GAP if cut else text))
            room -= len(text)
            if cut:
                blocks.append(Block(block.fate, block.before, block.after, tuple(spans)))
                return Excerpt(tuple(blocks), cut=True)
        blocks.append(Block(block.fate, block.before, block.after, tuple(spans)))
    return Excerpt(tuple(blocks), cut=False)


def _around(text: str, near: int, *, after: bool, before: bool) -> str:
    """Return the ends of an unchanged text that are next to a change, cut between words where there are spaces.

    ``after`` says that the text stands after a change, ``before`` that it stands before one.
    """
    after = after or not before  # a block that only moved is known by its beginning
    if len(text) <= near * (after + before) + 4:
        return text
    head, tail = text[:near] if after else "", text[len(text) - near :] if before else ""
    if after and " " in head[near // 2 :]:
        head = head[: head.rindex(" ")]
    if before and " " in tail[: near // 2]:
        tail = tail[tail.index(" ") + 1 :]
    if after and before:
        return f"{head} {_GAP} {tail}"
    return f"{head}{_GAP}" if after else f"{_GAP} {tail}"


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


def markdown_safe(text: str) -> str:
    """Return text of the site on one line, with escapes for everything that would be markup inside it."""
    return markdown.escape(terminal_safe(cells_shown(text)))


def to_markdown(diff: Blocks, context: int | None = None) -> str:
    """Return the diff as Markdown: a paragraph for each block, ``<del>`` and ``<ins>``, all text escaped.

    Tags, because ``~~`` and ``**`` mark nothing beside a letter or a sign, where most words of an edit are.
    """
    lines = []
    for block in _blocks_to_show(diff, context):
        spans = (
            (_GAP,) if block is None else (_tagged(span.op, span.text, markdown_safe) for span in block.spans)
        )
        moved = "(moved) " if block is not None and block.fate == "moved" else ""
        lines.append(markdown.escape_lines(moved + "".join(spans).strip()))
    return "\n\n".join(lines)


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
    letters = Counter("".join(span.text for block in diff.blocks for span in block.spans))
    kinds: Counter[str] = Counter()
    for letter, number in letters.items():
        kinds[bidirectional(letter)] += number
    return kinds["R"] + kinds["AL"] > kinds["L"]


def _tagged(op: str, text: str, safe: Callable[[str], str] = html_safe) -> str:
    if not text:
        return ""
    return f"<{_TAGS[op]}>{safe(text)}</{_TAGS[op]}>" if op in _TAGS else safe(text)


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
