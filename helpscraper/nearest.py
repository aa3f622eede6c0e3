"""Did you mean: find existing names like one that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest", "nearest_or_all"]

# difflib compares some 20,000 names a second; of more names only those that share a word are compared.
_COMPARED = 20_000


def nearest(name: str, names: Iterable[str], count: int = 5, cutoff: float = 0.6) -> list[str]:
    """Return up to ``count`` of ``names`` that are similar to ``name``, first those that contain it.

    ``cutoff`` is how alike they must be, from 0 to 1.

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
    alike = difflib.get_close_matches(asked, known, n=count, cutoff=cutoff)
    return list(dict.fromkeys([*containing, *alike]))[:count]


def nearest_or_all(name: str, names: Iterable[str]) -> str:
    """Return the advice that gives the names very like ``name``, or all ``names`` where there is none.

    >>> nearest_or_all("okx/zh-han", ["okx/en", "okx/zh-hans"]), nearest_or_all("okx/fr", ["okx/en"])
    ('did you mean: okx/zh-hans', 'choose one of: okx/en')
    """
    known = list(names)
    like = nearest(name, known, cutoff=0.75)
    return f"did you mean: {', '.join(like)}" if like else f"choose one of: {', '.join(known)}"
