"""One line of a body: pieces of text under marks, written as text and as Markdown.

A piece is its text, the marks that it stands under, and its Markdown where that is not made from the text (a picture, a
line break). Marks are written around the longest stretch of pieces that bears them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from helpscraper.html.markdown import code_span, escape, link
from helpscraper.normalise.visible import nfc, visible

__all__ = ["BREAK", "MARKS", "Mark", "Piece", "code_text", "line_markdown", "line_text", "tidy"]

BREAK = "\\\n"
"""A hard line break of Markdown."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Bold, italic, a link and the like. Each link is a mark of its own; all bold pieces share one mark, and so on."""

    kind: str
    href: str = ""


_STRONG, _EM, _DEL, _CODE = Mark("strong"), Mark("em"), Mark("del"), Mark("code")
MARKS = {
    **dict.fromkeys(("b", "strong"), _STRONG),
    **dict.fromkeys(("i", "em"), _EM),
    **dict.fromkeys(("s", "del", "strike"), _DEL),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), _CODE),
    "sup": Mark("sup"),
    "sub": Mark("sub"),
}
"""The mark of each element that Markdown can write, by its signs or by a tag."""

_SIGNS = {"strong": "**", "em": "*", "del": "~~"}
_RANK = {kind: rank for rank, kind in enumerate(("a", "strong", "em", "del", "sup", "sub"))}
_RAISED = str.maketrans("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")

Piece: TypeAlias = tuple[str, tuple[Mark, ...], str | None]


def tidy(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces as a browser shows them: runs of spaces are one, none at the ends of a line.

    Neighbours under the same marks are one piece. A space or a break at the edge of a mark stands outside of it.
    """
    if len(pieces) == 1 and pieces[0][2] is None:
        # Most lines are one piece of text.
        words = " ".join(visible(pieces[0][0]).split())
        return [(words, pieces[0][1], None)] if words else []
    tidied: list[Piece] = []
    due, gap = "", False
    for text, marks, made in _joined(pieces):
        if made == BREAK:
            due, gap = ("\n" if tidied else ""), False
            continue
        if made is None:
            text = visible(text)
            words = " ".join(text.split())
            if not words:
                gap = gap or bool(text)
                continue
            gap = gap or text[0].isspace()
        else:
            words = text
        if tidied and (due or gap):
            between = due or " "
            shared = _shared(tidied[-1][1], marks)
            tidied.append((between, shared, BREAK if due else None))
        tidied.append((words, marks, made))
        due, gap = "", made is None and text[-1].isspace()
    return list(_joined(tidied)) if len(tidied) > 2 else tidied


def _joined(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Join neighbours under the same marks; each text is copied once."""
    if len(pieces) < 2:
        return pieces
    joined: list[Piece] = []
    held: list[str] = []
    under: tuple[Mark, ...] = ()
    for piece in pieces:
        if held and (piece[2] is not None or piece[1] != under):
            joined.append(("".join(held), under, None))
            held = []
        if piece[2] is not None:
            joined.append(piece)
        else:
            held.append(piece[0])
            under = piece[1]
    if held:
        joined.append(("".join(held), under, None))
    return joined


def _shared(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> tuple[Mark, ...]:
    if before == after and _CODE not in before:
        return before
    return tuple(mark for mark in before if mark in after and mark is not _CODE)


def line_text(pieces: Sequence[Piece]) -> str:
    """Return tidy pieces as text: pictures have no words, and raised or lowered text keeps a sign that it is."""
    if len(pieces) == 1:
        return _told(*pieces[0])
    text = nfc("".join(_told(*piece) for piece in pieces))
    if any(not piece[0] for piece in pieces):
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip("\n")
    return text


def _told(text: str, marks: tuple[Mark, ...], made: str | None) -> str:
    for mark in marks if text.strip() and made is None else ():
        if mark.kind in ("sup", "sub"):
            digits = text.translate(_RAISED if mark.kind == "sup" else _LOWERED)
            sign = "^" if mark.kind == "sup" else "_"
            return digits if not any(map(str.__eq__, digits, text)) else f"{sign}({text})"
    return text


def code_text(pieces: Sequence[Piece]) -> str:
    """Return pieces within ``pre`` as code: lines and spaces stay, but for spaces at the end of a line."""
    text = "".join(_told(*piece) for piece in _joined(pieces))
    lines = visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(_plain_spaces(line).rstrip() for line in lines).strip("\n")


def _plain_spaces(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(" " if char.isspace() and char != "\t" else char for char in line)


@dataclass(slots=True, eq=False)
class _Edge:
    """Where a mark opens or closes; ``tag`` says that signs would be misread there, so that a tag is written."""

    kind: str
    opens: bool
    place: int = 0
    other: _Edge | None = None
    tag: bool = False

    def written(self) -> str:
        """Return the sign or the tag."""
        if self.tag or self.kind not in _SIGNS:
            return f"<{'' if self.opens else '/'}{self.kind}>"
        return _SIGNS[self.kind]


_Part: TypeAlias = "str | _Edge"


def line_markdown(pieces: Sequence[Piece], line_break: str = BREAK) -> str:
    """Return tidy pieces as the Markdown of one block, its lines parted by ``line_break``."""
    if len(pieces) == 1 and not pieces[0][1]:
        text, _, made = pieces[0]
        return escape(text) if made is None else made
    tokens = _tokens(pieces, line_break)
    _settle(tokens)
    return "".join(token if isinstance(token, str) else token.written() for token in tokens)


def _tokens(pieces: Sequence[Piece], line_break: str) -> list[_Part]:
    """Write the pieces with the edges of their marks in between, each mark around as many pieces as it can be."""
    reach = _reaches(pieces)
    tokens: list[_Part] = []
    opened: list[tuple[Mark, _Edge]] = []
    for number, (text, marks, made) in enumerate(pieces):
        ends = reach[number]
        address = next((mark for mark in marks if mark.kind == "a"), None)
        begins = address is not None and (number == 0 or address not in reach[number - 1])
        if (
            address
            and begins
            and ends[address] == number
            and made is None
            and _is_own_label(address, text, marks)
        ):
            ends = {mark: end for mark, end in ends.items() if mark is not address}
            made, begins = link("", address.href, address.href), False
        # A link is never cut: a mark that ends within it is cut where the link begins.
        least = ends[address] if address and begins else 0
        keep = next((n for n, (mark, _) in enumerate(opened) if ends.get(mark, -1) < least), len(opened))
        while len(opened) > keep:
            _close(tokens, *opened.pop())
        held = {mark for mark, _ in opened}
        fresh = sorted(ends.keys() - held, key=lambda each: (-ends[each], _RANK[each.kind]))
        opened.extend((mark, _open(tokens, mark)) for mark in fresh)
        if made is not None:
            tokens.append(line_break if made == BREAK else made)
        else:
            tokens.append(code_span(text) if _CODE in marks else escape(text))
    while opened:
        _close(tokens, *opened.pop())
    return tokens


def _is_own_label(address: Mark, text: str, marks: tuple[Mark, ...]) -> bool:
    return text == address.href and _CODE not in marks and link("", text, text).startswith("<")


def _reaches(pieces: Sequence[Piece]) -> list[dict[Mark, int]]:
    """Return for each piece its marks (but code) and the last piece up to which each of them reaches."""
    reach: list[dict[Mark, int]] = []
    after: dict[Mark, int] = {}
    for number in range(len(pieces) - 1, -1, -1):
        after = {mark: after.get(mark, number) for mark in pieces[number][1] if mark is not _CODE}
        reach.append(after)
    reach.reverse()
    return reach


def _open(tokens: list[_Part], mark: Mark) -> _Edge:
    edge = _Edge(mark.kind, opens=True, place=len(tokens))
    if mark.kind == "a":
        last = tokens[-1] if tokens else ""
        if isinstance(last, str) and last.endswith("!"):
            tokens[-1] = last[:-1] + "\\!"
        tokens.append("[")
    else:
        tokens.append(edge)
    return edge


def _close(tokens: list[_Part], mark: Mark, opened: _Edge) -> None:
    if mark.kind == "a":
        tokens.append(link("", mark.href, "")[1:])
    else:
        edge = _Edge(mark.kind, opens=False, place=len(tokens), other=opened)
        opened.other = edge
        tokens.append(edge)


def _settle(tokens: list[_Part]) -> None:
    """Make tags of signs that CommonMark would not read as marks where they stand.

    A tag changes what its neighbours stand beside, so these are looked at again; each pair changes once.
    """
    waiting = [token for token in tokens if isinstance(token, _Edge) and token.kind in _SIGNS]
    while waiting:
        edge = waiting.pop()
        if edge.tag or _reads_right(tokens, edge):
            continue
        for each in (edge, edge.other):
            if each is not None:
                each.tag = True
                for step in (-1, 1):
                    place = each.place + step
                    while 0 <= place < len(tokens) and isinstance(near := tokens[place], _Edge):
                        if near.kind in _SIGNS and not near.tag:
                            waiting.append(near)
                        place += step


def _reads_right(tokens: list[_Part], edge: _Edge) -> bool:
    """Tell whether the sign opens (or closes) a mark, by the rules of CommonMark for delimiter runs."""
    around = tokens[edge.place - 1] if edge.opens and edge.place else None
    if isinstance(around, _Edge) and around.other and edge.other and not around.tag:
        # A run of three that does not end as one may be closed in part by a sign within that opens.
        alike = around.opens and around.kind in _SIGNS and _SIGNS[around.kind][0] == _SIGNS[edge.kind][0]
        if alike and around.other.place - edge.other.place != 1:
            return False
    step = 1 if edge.opens else -1
    inner, outer = _beside(tokens, edge, step), _beside(tokens, edge, -step)
    if inner is None or outer is None or inner.isspace() or inner == "":
        return False
    # Editions of the standard differ on whether a symbol counts as punctuation: either reading must do.
    return not _is_sign(inner) or outer == "" or outer.isspace() or _is_punctuation(outer)


def _beside(tokens: list[_Part], edge: _Edge, step: int) -> str | None:
    """Return the character beside the run of signs that ``edge`` is part of, "" at the end of the block.

    None where a run of the same sign that opens meets one that closes: they would be read as one.
    """
    sign = _SIGNS[edge.kind][0]
    place = edge.place + step
    while 0 <= place < len(tokens):
        near = tokens[place]
        if isinstance(near, str):
            return near[0 if step > 0 else -1]
        written = near.written()
        if written[0] != sign:
            return written[0 if step > 0 else -1]
        if near.opens != edge.opens:
            return None
        place += step
    return ""


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P" or (char.isascii() and _is_sign(char))
