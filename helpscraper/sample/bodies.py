"""Bodies of sample articles: make blocks from a plan, and HTML, rich-text JSON and plain text from blocks.

A block is a small tree of ``Node``; its HTML has the tags of the real site (tables in ``div.table-wrap``, paragraphs in
list items and cells, ids on headings, comments inside words).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from helpscraper.sample.model import BlockPlan

__all__ = ["Node", "blocks", "to_html", "to_rich_text", "to_text"]

_PAIR = re.compile(r"([A-Z]{3,5})/(USD)")


@dataclass(frozen=True, slots=True)
class Node:
    """An element (``tag``, ``children``) or, with an empty tag, a piece of text; ``href`` is a link's."""

    tag: str
    children: tuple[Node, ...] = ()
    text: str = ""
    href: str = ""


def _text(value: str) -> Node:
    return Node("", text=value)


def _element(tag: str, *children: Node | str, href: str = "") -> Node:
    return Node(tag, tuple(_text(c) if isinstance(c, str) else c for c in children), href=href)


def blocks(plan: tuple[BlockPlan, ...], words: dict[str, Any], ticker: str, link: str) -> tuple[Node, ...]:
    """Return the blocks of a plan in the words of one locale; ``link`` is the target of links."""
    return tuple(_block(part, words, ticker, link) for part in plan)


def _block(part: BlockPlan, words: dict[str, Any], ticker: str, link: str) -> Node:
    said = [
        words["sentences"][pick % len(words["sentences"])].format(t=ticker, n=n) for pick, n in part.picks
    ]
    items = [_element("li", _element("p", sentence)) for sentence in said]
    match part.shape:
        case "h2":
            return _element("h2", words["headings"][part.picks[0][0] % len(words["headings"])])
        case "ul" | "ol":
            return _element(part.shape, *items)
        case "nested":
            inner = _element("ul", *items[1:])
            return _element("ul", _element("li", _element("p", said[0]), inner))
        case "table":
            head = _row("th", words["table"][0], words["table"][1], words["table"][4])
            rows = [_row("td", f"{ticker}/USD", words["table"][2 + n % 2], str(n)) for _, n in part.picks]
            return _element("table", _element("tbody", head, *rows))
        case "quote":
            return _element("blockquote", _element("p", " ".join(said)))
        case "code":
            return _element("pre", _element("code", f"GET /v1/pairs/{ticker}-USD?limit={part.picks[0][1]}"))
        case "image":
            return _element(
                "p", Node("img", text=words["support"], href=f"/cdn/pictures/{part.picks[0][1]}.png")
            )
        case "break":
            return _element("p", _element("b", said[0]), Node("br"), said[-1])
        case "edit":
            return _element("p", words["edit"].format(n=part.picks[0][1]))
        case "p":
            tail: list[Node | str] = (
                [" ", _element("a", words["support"], href=link)] if part.picks[0][1] % 3 == 0 else []
            )
            return _element("p", " ".join(said), *tail)


def _row(cell: str, *values: str) -> Node:
    return _element("tr", *(_element(cell, _element("p", value)) for value in values))


def to_html(nodes: tuple[Node, ...], *, rich: bool) -> Markup:
    """Return the HTML of a body. Rich text splits pairs by a comment (``FERN<!-- -->/USD``)."""
    html = "".join(_html(node, rich) for node in nodes)
    return Markup(html)  # noqa: S704 - _html() escapes every text and attribute


def _html(node: Node, rich: bool) -> str:
    if not node.tag:
        text = str(escape(node.text))
        return _PAIR.sub(r"\1<!-- -->/\2", text) if rich else text
    inner = "".join(_html(child, rich) for child in node.children)
    match node.tag:
        case "br":
            return "<br>"
        case "img":
            return f'<img src="{escape(node.href)}" alt="{escape(node.text)}">'
        case "a":
            return f'<a href="{escape(node.href)}" rel="noopener" class="okui-powerLink-a11y">{inner}</a>'
        case "table":
            return f'<div class="table-wrap"><table>{inner}</table></div>'
        case "h2":
            anchor = re.sub(r"[^\w]+", "-", _plain(node).lower()).strip("-")
            return f'<h2 id="{escape(anchor)}">{inner}</h2>'
    if not rich and node.tag == "p" and node.children and node.children[0].tag == "img":
        return f"<p>{inner}\n</p>"
    return f"<{node.tag}>{inner}</{node.tag}>" + (
        "" if rich else "\n" * (node.tag in {"p", "li", "ul", "ol"})
    )


def _plain(node: Node) -> str:
    return node.text if not node.tag else "".join(map(_plain, node.children))


_LINES = frozenset({"p", "h2", "pre", "tr"})


def to_text(nodes: tuple[Node, ...]) -> str:
    """Return the visible text: a line for each paragraph, heading, list item and table row.

    Items begin with ``- `` or their number, inner lists are indented, tabs separate cells.
    """
    return "\n".join(line for node in nodes for line in _lines(node, "", "") if line)


def _lines(node: Node, indent: str, mark: str) -> Iterator[str]:
    """Yield the lines of one node; ``mark`` begins its first line."""
    if node.tag == "tr":
        yield "\t".join(map(_plain, node.children))
    elif node.tag in _LINES:
        text = "".join("\n" if child.tag == "br" else _seen(child) for child in node.children)
        yield indent + mark + text if text else ""
    elif node.tag == "li":
        yield from _lines(node.children[0], indent, mark)
        for child in node.children[1:]:
            yield from _lines(child, indent + " " * len(mark), "")
    else:
        for number, child in enumerate(node.children, 1):
            inner = {"ul": "- ", "ol": f"{number}. "}.get(node.tag, "")
            yield from _lines(child, indent, inner)


def _seen(node: Node) -> str:
    return "" if node.tag == "img" else _plain(node)


_RICH = {
    "p": "paragraph", "h2": "heading-2", "ul": "unordered-list", "ol": "ordered-list", "li": "list-item",
    "table": "table", "tr": "table-row", "td": "table-cell", "th": "table-header-cell",
    "blockquote": "blockquote", "pre": "paragraph", "img": "embedded-asset-block",
}  # fmt: skip


def to_rich_text(nodes: tuple[Node, ...], base_url: str) -> dict[str, Any]:
    """Return the body as the CMS's rich text: nodes of ``nodeType``, ``data`` and ``content``."""
    return {
        "nodeType": "document",
        "data": {},
        "content": [part for n in nodes for part in _rich(n, base_url, ())],
    }


def _rich(node: Node, base: str, marks: tuple[str, ...]) -> list[dict[str, Any]]:
    if not node.tag or node.tag == "br":
        value = "\n" if node.tag == "br" else node.text
        return [{"nodeType": "text", "value": value, "marks": [{"type": m} for m in marks], "data": {}}]
    if node.tag in {"b", "code"}:
        marks = (*marks, "bold" if node.tag == "b" else "code")
    content = [part for child in node.children for part in _rich(child, base, marks)]
    if node.tag in {"b", "code", "tbody"}:
        return content
    if node.tag == "a":
        return [{"nodeType": "hyperlink", "data": {"uri": base + node.href}, "content": content}]
    return [{"nodeType": _RICH[node.tag], "data": {}, "content": content}]
