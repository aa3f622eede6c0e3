"""Write one line of a body, pieces of text under marks, as text and as Markdown.

A piece has a text, marks, and its own Markdown when that does not follow from the text (a picture, a line break). A
mark is written around the longest run of pieces that have it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from helpscraper.html.markdown import code_span, escape, link
from helpscraper.normalise.visible import nfc, visible

__all__ = ["BREAK", "MARKS", "Mark", "Piece", "code_text", "line_markdown", "line_text", "tidy"]

BREAK = "\\\n"
"""A hard line break of Markdown."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Bold, italic, a link and so on. Each link is a separate mark; all bold pieces share one mark."""

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

    Neighbours under the same marks are one piece. A space or a break at the edge of a mark is moved outside.
    """
    if len(pieces) == 1 and pieces[0][2] is None:
        # Most lines are one piece of text.
        words = " ".join(visible(pieces[0][0]).split())
        return [(words, pieces[0][1], None)] if words else []
    tidied: list[Piece] = []
    # A break or a space comes before the next piece.
    break_due = space_due = False
    for text, marks, markdown in _joined(pieces):
        if markdown == BREAK:
            break_due, space_due = bool(tidied), False
            continue
        words = text
        if markdown is None:
            text = visible(text)
            words = " ".join(text.split())
            if not words:
                space_due = space_due or bool(text)
                continue
            space_due = space_due or text[0].isspace()
        if tidied and (break_due or space_due):
            shared = _shared_marks(tidied[-1][1], marks)
            tidied.append(("\n", shared, BREAK) if break_due else (" ", shared, None))
        tidied.append((words, marks, markdown))
        break_due, space_due = False, markdown is None and text[-1].isspace()
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


def _shared_marks(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> tuple[Mark, ...]:
    if before == after and _CODE not in before:
        return before
    return tuple(mark for mark in before if mark in after and mark is not _CODE)


def line_text(pieces: Sequence[Piece]) -> str:
    """Return tidy pieces as text. Pictures have no words; raised and lowered text keeps a sign."""
    if len(pieces) == 1:
        return _with_raised(*pieces[0])
    text = nfc("".join(_with_raised(*piece) for piece in pieces))
    if any(not piece[0] for piece in pieces):
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip("\n")
    return text


def _with_raised(text: str, marks: tuple[Mark, ...], markdown: str | None) -> str:
    """Return raised or lowered ``text`` so that it differs from the text around it: ``10⁶``, ``x^(ab)``."""
    for mark in marks if text.strip() and markdown is None else ():
        if mark.kind in ("sup", "sub"):
            digits = text.translate(_RAISED if mark.kind == "sup" else _LOWERED)
            sign = "^" if mark.kind == "sup" else "_"
            return digits if not any(map(str.__eq__, digits, text)) else f"{sign}({text})"
    return text


def code_text(pieces: Sequence[Piece]) -> str:
    """Return pieces within ``pre`` as code: lines and spaces stay, but for spaces at the end of a line."""
    text = "".join(_with_raised(*piece) for piece in _joined(pieces))
    lines = visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(_plain_spaces(line).rstrip() for line in lines).strip("\n")


def _plain_spaces(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(" " if char.isspace() and char != "\t" else char for char in line)


@dataclass(slots=True, eq=False)
class _Edge:
    """Where a mark opens or closes; ``tag``: a tag is written, because signs would be misread there."""

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
        text, _, markdown = pieces[0]
        return escape(text) if markdown is None else markdown
    tokens = _tokens(pieces, line_break)
    _write_misread_as_tags(tokens)
    return "".join(token if isinstance(token, str) else token.written() for token in tokens)


def _tokens(pieces: Sequence[Piece], line_break: str) -> list[_Part]:
    """Write the pieces with the edges of their marks in between, each mark around as many pieces as it can be."""
    reach = _reaches(pieces)
    tokens: list[_Part] = []
    opened: list[tuple[Mark, _Edge]] = []
    for number, (text, marks, markdown) in enumerate(pieces):
        ends = reach[number]
        address = next((mark for mark in marks if mark.kind == "a"), None)
        link_begins = address is not None and (number == 0 or address not in reach[number - 1])
        link_end = ends[address] if address and link_begins else 0
        if address and link_begins and link_end == number and _is_own_label(address, text, marks, markdown):
            ends = {mark: end for mark, end in ends.items() if mark is not address}
            markdown, link_end = link("", address.href, address.href), 0
        # A link is never cut: a mark that ends within it is closed where the link begins.
        kept = next((n for n, (mark, _) in enumerate(opened) if ends.get(mark, -1) < link_end), len(opened))
        while len(opened) > kept:
            _close(tokens, *opened.pop())
        to_open = ends.keys() - {mark for mark, _ in opened}
        widest_first = sorted(to_open, key=lambda each: (-ends[each], _RANK[each.kind]))
        opened.extend((mark, _open(tokens, mark)) for mark in widest_first)
        if markdown is not None:
            tokens.append(line_break if markdown == BREAK else markdown)
        else:
            tokens.append(code_span(text) if _CODE in marks else escape(text))
    while opened:
        _close(tokens, *opened.pop())
    return tokens


def _is_own_label(address: Mark, text: str, marks: tuple[Mark, ...], markdown: str | None) -> bool:
    """Tell whether a link's whole text is its address, so that it can be written as ``<https://…>``."""
    is_plain = markdown is None and _CODE not in marks
    return is_plain and text == address.href and link("", text, text).startswith("<")


def _reaches(pieces: Sequence[Piece]) -> list[dict[Mark, int]]:
    """Return for each piece its marks (without code), each with the last piece that it reaches."""
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


def _write_misread_as_tags(tokens: list[_Part]) -> None:
    """Replace by tags the signs that CommonMark would misread at their place.

    A tag changes the surroundings of its neighbours, so they are checked again. Each pair changes at most once.
    """
    waiting = [token for token in tokens if isinstance(token, _Edge) and token.kind in _SIGNS]
    while waiting:
        edge = waiting.pop()
        if edge.tag or _is_read_right(tokens, edge):
            continue
        for each in (edge, edge.other):
            if each is not None:
                each.tag = True
                waiting.extend(_signs_beside(tokens, each.place))


def _signs_beside(tokens: list[_Part], place: int) -> Iterator[_Edge]:
    """Yield the edges written as signs beside ``place``, with nothing but edges in between."""
    for step in (-1, 1):
        near = place + step
        while 0 <= near < len(tokens) and isinstance(edge := tokens[near], _Edge):
            if edge.kind in _SIGNS and not edge.tag:
                yield edge
            near += step


def _is_read_right(tokens: list[_Part], edge: _Edge) -> bool:
    """Tell whether CommonMark reads the sign of ``edge`` as one that opens (or closes) a mark.

    Its rule for runs of signs: the character on the inner side of the run is no white space; where it is punctuation,
    the one on the outer side is white space, punctuation, or the end of the block.
    """
    if edge.opens and _ends_apart(tokens, edge):
        return False
    inward = 1 if edge.opens else -1
    inner, outer = _char_beside(tokens, edge, inward), _char_beside(tokens, edge, -inward)
    if not inner or inner.isspace() or outer is None:
        return False
    # Versions of CommonMark differ on whether a symbol is punctuation. Both must read the sign right.
    return not _is_symbol(inner) or outer == "" or outer.isspace() or _is_punctuation(outer)


def _ends_apart(tokens: list[_Part], edge: _Edge) -> bool:
    """Tell whether the mark opens in one run of signs with the mark around it, but ends elsewhere (``***a* b**``).

    CommonMark may then close a part of the run at a sign that opens a third mark within.
    """
    around = tokens[edge.place - 1] if edge.place else None
    if not isinstance(around, _Edge) or around.tag or not around.opens or around.kind not in _SIGNS:
        return False
    if _SIGNS[around.kind][0] != _SIGNS[edge.kind][0] or around.other is None or edge.other is None:
        return False
    return around.other.place - edge.other.place != 1


def _char_beside(tokens: list[_Part], edge: _Edge, step: int) -> str | None:
    """Return the character beside the run of signs that ``edge`` is part of, "" at the end of the block.

    None where opening and closing signs are adjacent: CommonMark reads them as one run.
    """
    sign = _SIGNS[edge.kind][0]
    place = edge.place + step
    while 0 <= place < len(tokens):
        near = tokens[place]
        written = near if isinstance(near, str) else near.written()
        if isinstance(near, str) or written[0] != sign:
            return written[0 if step > 0 else -1]
        if near.opens != edge.opens:
            return None
        place += step
    return ""


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P" or (char.isascii() and _is_symbol(char))
