"""The content of HTML as plain values: words under their marks, items with their numbers, cells in their columns, code.

Two trees of the same shape say the same to a reader. It is read from elements alone, by rules of HTML, so it can judge
what is written from the same elements.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urljoin

from lxml import etree

MARKS = {
    **dict.fromkeys(("b", "strong"), "strong"), **dict.fromkeys(("i", "em"), "em"),
    **dict.fromkeys(("s", "del"), "del"), "code": "code", "sup": "sup", "sub": "sub",
}  # fmt: skip
BLOCKS = {"p", "div", "li", "ul", "ol", "table", "pre", "blockquote", "hr", *(f"h{n}" for n in range(1, 7))}
Token = tuple[Any, ...]


def shape(root: etree._Element, base: str) -> list[Token]:
    """Return the shape of what stands in ``root``."""
    tokens: list[Token] = []
    _inside(root, frozenset(), "", base, tokens, 0)
    return _tidy(tokens)


def _inside(
    node: etree._Element, marks: frozenset[str], href: str, base: str, tokens: list[Token], depth: int
) -> None:
    _say(node.text, marks, href, tokens)
    for child in node:
        _element(child, marks, href, base, tokens, depth)
        _say(child.tail, marks, href, tokens)


def _say(text: str | None, marks: frozenset[str], href: str, tokens: list[Token]) -> None:
    tokens += [("char", char, marks, href) if not char.isspace() else ("space",) for char in text or ""]


def _element(
    node: etree._Element, marks: frozenset[str], href: str, base: str, tokens: list[Token], depth: int
) -> None:
    tag = node.tag
    if tag in BLOCKS:
        tokens.append(("part",))
    if tag == "br":
        tokens.append(("break",))
    elif tag == "img":
        src = node.get("src")
        tokens.append(("img", unquote(urljoin(base, src)) if src else "", node.get("alt") or "", href))
    elif tag in ("ul", "ol"):
        _list(node, marks, href, base, tokens, depth)
    elif tag == "table":
        tokens.append(("table", _table(node, base)))
    elif tag == "pre":
        tokens.append(("pre", _code(node)))
    elif tag == "hr":
        tokens.append(("hr",))
    elif tag == "blockquote" or (isinstance(tag, str) and tag[0] == "h" and tag[1:].isdigit()):
        inner: list[Token] = []
        _inside(node, marks, href, base, inner, 0)
        tokens.append((tag, _tidy(inner)))
    else:
        inner_marks = marks | {MARKS[tag]} if tag in MARKS else marks
        target = node.get("href") if tag == "a" and not href else None
        _inside(node, inner_marks, unquote(urljoin(base, target)) if target else href, base, tokens, depth)
    if tag in BLOCKS:
        tokens.append(("part",))


def _list(
    node: etree._Element, marks: frozenset[str], href: str, base: str, tokens: list[Token], depth: int
) -> None:
    ordered = node.tag == "ol"
    items = [child for child in node if child.tag == "li"]
    back = node.get("reversed") is not None
    number = int(node.get("start") or (len(items) if back else 1))
    expected = None
    for child in node:
        if child.tag != "li":
            # A list right in a list hangs on the item before.
            _element(child, marks, href, base, tokens, depth + 1)
            continue
        number = int(child.get("value") or number) if ordered else 0
        begins = expected is None or (ordered and number != expected)
        tokens.append(("item", node.tag, number, depth, begins))
        _inside(child, marks, href, base, tokens, depth + 1)
        expected = number + 1
        number += -1 if back else 1
    tokens.append(("after", depth))


def _table(node: etree._Element, base: str) -> list[list[list[Token]]]:
    """Cells in the columns that a browser gives them."""
    rows = [row for row in node.iter("tr") if next(row.iterancestors("table")) is node]
    taken: set[tuple[int, int]] = set()
    found: list[list[list[Token]]] = []
    for y, row in enumerate(rows):
        cells: dict[int, list[Token]] = {}
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            inner: list[Token] = []
            _inside(cell, frozenset(), "", base, inner, 0)
            cells[x] = _tidy(_flat(inner))
            high, wide = int(cell.get("rowspan") or 1), int(cell.get("colspan") or 1)
            taken |= {(y + down, x + right) for down in range(high) for right in range(wide)}
            x += wide
        last = max((place for place, cell in cells.items() if cell), default=-1)
        found.append([cells.get(place, []) for place in range(last + 1)])
    return [row for row in found if row]


def _flat(tokens: list[Token]) -> list[Token]:
    """In a cell a paragraph ends as a line does."""
    return [
        ("break",) if token == ("part",)
        else (token[0], _flat(token[1])) if len(token) == 2 and token[0] not in ("table", "pre", "after")
        else token
        for token in tokens
    ]  # fmt: skip


def _code(node: etree._Element) -> str:
    lines = [child for child in node if child.tag == "div"]
    text = "\n".join("".join(line.itertext()) for line in lines) if lines else _with_breaks(node)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _with_breaks(node: etree._Element) -> str:
    text = node.text or ""
    for child in node:
        text += ("\n" if child.tag == "br" else _with_breaks(child)) + (child.tail or "")
    return text


_SAID = {"char", "img"}


def _tidy(tokens: list[Token]) -> list[Token]:
    """Keep a space, a break or the end of a block only where it parts words from words."""
    tidied: list[Token] = []
    gap: Token | None = None
    for token in tokens:
        if token[0] in ("space", "break", "part"):
            if gap is None or ("space", "break", "part").index(token[0]) > ("space", "break", "part").index(
                gap[0]
            ):
                gap = token
            continue
        if gap and tidied and token[0] in _SAID and tidied[-1][0] in _SAID:
            tidied.append(gap)
        tidied.append(token)
        gap = None
    # Where an inner list ends counts only where more of the outer item follows.
    kept = [
        token for n, token in enumerate(tidied)
        if token[0] != "after" or (n + 1 < len(tidied) and tidied[n + 1][0] not in ("item", "after"))
    ]  # fmt: skip
    return kept
