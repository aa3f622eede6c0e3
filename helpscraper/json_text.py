"""JSON from a page or a file, read by the quicker of two readers that agree.

``orjson`` reads a page's state in half the time of Python's own ``json``, but not all that ``json`` reads: a lone
surrogate, ``NaN``, a thousand levels of nesting. What it refuses is asked of ``json``, whose answer, or whose error, is
the one that counts.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

__all__ = ["loads"]


def loads(text: str) -> Any:
    """Return what ``text`` says, as ``json.loads`` does; a whole number beyond 64 bits may come as a float.

    Raises ``ValueError`` for what is no JSON and ``RecursionError`` for what is nested too deeply.

    >>> loads('{"title": "2FA"}'), loads("[NaN]")
    ({'title': '2FA'}, [nan])
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
