"""Did you mean: find existing names like one that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]

# difflib compares some 20,000 names a second; of more names only those that share a word are compared.
_COMPARED = 20_000


def nearest(name: str, names: Iterable[str], count: int = 5) -> list[str]:
    """Return up to ``count`` of ``names`` that are similar to ``name``, first those that contain it.

    >>> nearest("pasky", ["what-is-a-passkey", "passkey", "fees"])
    ['passkey']
    >>> nearest("fee", ["list-of-fees", "fees"])
    ['fees', 'list-of-fees']
    """
    known = sorted(set(names))
    asked = name.lower()[:200]
    containing = sorted(
        (each for each in known if asked and asked in each), key=lambda each: (len(each), each)
    )
    if len(known) > _COMPARED:
        words = {word for word in asked.split("-") if len(word) > 2}
        known = [each for each in known if not words.isdisjoint(each.split("-"))][:_COMPARED]
    alike = difflib.get_close_matches(asked, known, n=count, cutoff=0.6)
    return list(dict.fromkeys([*containing, *alike]))[:count]
