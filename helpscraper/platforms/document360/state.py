"""Read the tree of a knowledge base from the state of a page, ``script#serverApp-state``.

The state is JSON in which Angular writes ``&q;`` for a quotation mark, ``&a;`` for an ampersand, and ``&s;``, ``&l;``,
``&g;`` for an apostrophe and angle brackets; newer versions write plain JSON. The nodes have been described as follows:
``children`` are the nodes below, ``articleType`` 0 is an article, ``categoryType`` 2 a category without a page of its
own, ``isHidden`` a node that no reader sees. No recorded tree was read, so the tree is found by these names alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpscraper.html.base import Page
from helpscraper.json_text import loads

__all__ = ["Node", "Tree", "read_tree"]

_ESCAPED = re.compile("&[aqslg];")
_LETTERS = {"&a;": "&", "&q;": '"', "&s;": "'", "&l;": "<", "&g;": ">"}
_ARTICLE = 0
_WITHOUT_PAGE = 2


@dataclass(frozen=True, slots=True)
class Node:
    """A page of the tree; ``above`` are slug and title of the outermost and the innermost category around it."""

    slug: str
    title: str
    is_article: bool
    above: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Tree:
    """The pages of a knowledge base; ``holes`` name the nodes that cannot be read, ``left_out`` counts the others."""

    nodes: list[Node] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_tree(page: Page) -> Tree:
    """Return the tree of the state; raises ``ExtractionError`` for a page without one."""
    where = "script#serverApp-state"
    script = next((each for each in page.root.iter("script") if each.get("id") == "serverApp-state"), None)
    if script is None or not script.text:
        raise page.error("state", "the page has no state", selector=where)
    text = script.text
    if "&q;" in text:
        # In one pass: an ampersand that comes out of it begins no other escape.
        text = _ESCAPED.sub(lambda found: _LETTERS[found[0]], text)
    try:
        state = loads(text)
    except (ValueError, RecursionError) as error:
        raise page.error("state", f"no JSON: {str(error)[:200]}", selector=where) from error
    trees = [_flat(each) for each in _roots(state)]
    if not trees:
        raise page.error("state", "no tree of categories and articles", selector=where)
    # Lists of related or recent articles are parts of it.
    return max(trees, key=lambda each: len(each.nodes))


def _roots(state: Any) -> Iterator[list[Any]]:
    """Yield each list in the state that holds nodes of a tree."""
    waiting = [state]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            if any(_is_node(each) for each in value):
                yield value
            else:
                waiting.extend(value)


def _is_node(value: Any) -> bool:
    return isinstance(value, dict) and "slug" in value and ("articleType" in value or "categoryType" in value)


def _flat(root: list[Any]) -> Tree:
    tree = Tree()
    waiting: list[tuple[Any, tuple[tuple[str, str], ...]]] = [(each, ()) for each in reversed(root)]
    while waiting:
        node, above = waiting.pop()
        if not _is_node(node) or not isinstance(node["slug"], str) or not node["slug"].strip("/"):
            tree.holes.append(f"no node of the tree: {repr(node)[:100]}")
            continue
        if node.get("isHidden"):
            tree.left_out["hidden, with all below it"] += 1
            continue
        slug, title = node["slug"].strip("/"), _title(node)
        below = node.get("children")
        is_article = _is(node.get("articleType"), _ARTICLE)
        is_category = not is_article and isinstance(node.get("categoryType"), int)
        if not is_article and not is_category:
            tree.left_out[
                f"of a kind that is not known (articleType {str(node.get('articleType'))[:20]})"
            ] += 1
        elif is_article or not _is(node["categoryType"], _WITHOUT_PAGE):
            tree.nodes.append(Node(slug, title, is_article, above))
        if isinstance(below, list):
            inside = (*above[:1], (slug, title))
            waiting.extend((each, inside) for each in reversed(below))
        elif is_category:
            tree.holes.append(f"the tree holds nothing of the category {slug[:100]!r}")
    return tree


def _is(value: Any, wanted: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == wanted


def _title(node: Mapping[str, Any]) -> str:
    return next((each for name in ("title", "name") if isinstance(each := node.get(name), str)), "").strip()
