"""The state that the OKX help centre embeds in its pages: ``#appState``, JSON with the root key
``appContext``.

The state comes from the network, so every value is checked before use: a value of an unexpected type counts as absent.
Shapes are those of saved pages of 2025-04 (``articleList.items``), 2026-06 (``articleList.list``) and 2026-10
(articles).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from parsel import Selector

from helpscraper.json_text import loads

__all__ = [
    "Json",
    "StateOutcome",
    "dig",
    "find_post",
    "find_rows",
    "load_script",
    "number",
    "read_state",
    "text",
    "walk_dicts",
]

Json: TypeAlias = dict[str, Any]
StateOutcome: TypeAlias = Literal["found", "missing", "broken"]


def load_script(script: Selector) -> Any:
    """Return the JSON in ``script``; raises ``ValueError`` for anything that cannot be read as JSON."""
    return _loads(script.xpath("string()").get(""))


def _loads(text: str) -> Any:
    try:
        return loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_state(page: Selector) -> tuple[Json, StateOutcome]:
    """Return the ``appContext`` of the page (``{}`` for none) and the outcome."""
    named = page.xpath("id('appState')[self::script]")
    named = named or page.css("script[data-id='__app_data_for_ssr__']")[:1]
    for script in named or page.css("script[type='application/json']:not(#headerState):not(#footerState)"):
        content = script.xpath("string()").get("")  # some hundred kilobytes, copied once
        if not named and "appContext" not in content[:2000]:
            continue
        if not content or content.isspace():
            # A saved page with emptied scripts is not damaged.
            continue
        try:
            value = _loads(content)
        except ValueError:
            return {}, "broken"
        context = dig(value, "appContext")
        if isinstance(context, dict) and context:
            return context, "found"
        return {}, "broken"
    return {}, "missing"


def dig(value: Any, *keys: str) -> Any:
    """Follow ``keys`` through nested objects; None as soon as one is not there.

    >>> dig({"a": {"b": 1}}, "a", "b"), dig({"a": []}, "a", "b")
    (1, None)
    """
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: Any, *keys: str) -> str | None:
    """Return the text at ``keys``, None where there is none or an empty one."""
    # Not by dig(), for speed: ten calls for every row.
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value if isinstance(value, str) and value and not value.isspace() else None


def number(value: Any, *keys: str) -> int | None:
    """Return the non-negative whole number at ``keys``; a boolean is none, nor is a number of more than 64 bits."""
    found = dig(value, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 63 else None


def walk_dicts(value: Any, limit: int = 200_000) -> Iterator[tuple[str, Json, Any]]:
    """Yield ``(key, object, value)`` for every member of every object within ``value``, outermost first."""
    waiting: list[Any] = [value]
    for node in waiting:
        if isinstance(node, dict):
            for key, member in node.items():
                yield key, node, member
                if isinstance(member, dict | list):
                    waiting.append(member)
        elif isinstance(node, list):
            waiting.extend(member for member in node if isinstance(member, dict | list))
        if len(waiting) > limit:
            return


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and text(value, "slug") is not None and text(value, "title") is not None


def find_rows(value: Any) -> tuple[list[Json], Json] | None:
    """Return the one list within ``value`` whose members look like articles, and the object that holds it.

    An article is an object with ``slug``, ``title`` and a time; a section has no time. Two such lists are
    ambiguous: None, as for no list at all.
    """
    found = [
        (member, holder)
        for _, holder, member in walk_dicts(value)
        if isinstance(member, list)
        and member
        and all(_is_row(row) and ("publishTime" in row or "updatedAt" in row) for row in member)
    ]
    return found[0] if len(found) == 1 else None


def find_post(value: Any, slug: str | None) -> Json | None:
    """Return the one object within ``value`` that looks like a whole article called ``slug``, None if there
    is none.

    For a state whose ``currentPost`` has moved: an article has a slug, a title, a time of publication and a
    section.
    """
    found = [
        member
        for _, _, member in walk_dicts(value)
        if isinstance(member, dict)
        and _is_row(member)
        and member["slug"] == slug
        and "publishTime" in member
        and isinstance(member.get("section"), dict)
    ]
    return found[0] if len(found) == 1 else None
