"""Read JSON from a page or a file, and find values in it that no file of ours can hold.

``orjson`` reads a page's state in half the time of Python's own ``json``, but not all that ``json`` reads: a lone
surrogate, ``NaN``, thousands of levels of nesting. ``json`` reads again each text that ``orjson`` refuses, and its
answer or its error counts.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

__all__ = ["loads", "well_formed"]


def loads(text: str) -> Any:
    """Return the value of ``text`` as ``json.loads`` does, but for two cases that no help centre has.

    A whole number beyond 64 bits may come as a float, and some levels of nesting are read at which ``json`` gives up.

    Raises ``ValueError`` for a text that is no JSON and ``RecursionError`` for one that is nested too deeply.

    >>> loads('{"title": "2FA"}'), loads("[NaN]")
    ({'title': '2FA'}, [nan])
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def well_formed(text: str) -> str:
    """Return ``text`` with U+FFFD for every lone surrogate, which JSON may hold and neither UTF-8 nor Parquet can.

    A text that needs no change is returned itself.

    >>> well_formed("half \\ud83d a pair")
    'half \ufffd a pair'
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
