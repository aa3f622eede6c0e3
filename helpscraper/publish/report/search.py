"""The offline search index, in small scripts that a page loads while the user types.

A page on disk cannot fetch a file, but it can load a script, so each shard is a script that passes its data to a
function. A shard holds the words whose first two characters have the same FNV-1a hash modulo ``SHARDS``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

__all__ = ["BLOCK", "SHARDS", "data_script", "documents", "shard_of", "shards"]

SHARDS = 256
BLOCK = 500
"""Documents in one script of titles."""


def data_script(name: str, value: Any) -> str:
    """Return the script that passes ``value`` to the page as ``name``; any text is escaped.

    >>> data_script("d0", ["</script>"])
    'helpscraperData("d0",["\\\\u003c/script>"]);\\n'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Older browsers do not allow U+2028 and U+2029 in scripts; < is escaped in case the script is put into a page.
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    # A lone surrogate of a damaged page has no UTF-8.
    text = text.encode("utf-8", "replace").decode()
    return f"helpscraperData({json.dumps(name)},{text});\n"


def shard_of(word: str) -> int:
    """Return the shard of ``word``; ``assets/search.js`` computes the same number.

    >>> shard_of("withdraw") == shard_of("wi"), shard_of("\u63d0\u5e01")
    (True, 10)
    """
    value = 0x811C9DC5
    for character in word[:2]:
        value = ((value ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    return value % SHARDS


def shards(
    words: Iterable[tuple[int, str, Sequence[int], Sequence[int]]],
) -> Iterator[tuple[int, dict[str, list[list[int]]]]]:
    """Yield each shard with ``{word: [documents with it in the title, in the text]}``, each list as differences.

    ``words`` are shard, word and these documents, the words of a shard one after another.
    """
    for shard, those in groupby(words, key=itemgetter(0)):
        yield shard, {word: [_steps(titled), _steps(other)] for _, word, titled, other in those}


def _steps(numbers: Sequence[int]) -> list[int]:
    """Return the differences of an ascending sequence, starting from 0.

    >>> _steps([3, 4, 9])
    [3, 1, 5]
    """
    return [b - a for a, b in zip([0, *numbers], numbers, strict=False)]


def documents(rows: Sequence[tuple[str, str, str, str | None, bool]]) -> list[list[list[Any]]]:
    """Return the documents in blocks of ``BLOCK``: key, title, section, date, 1 if the article is gone."""
    flat = [
        [key, title, section, dated or "", 0 if lives else 1] for key, title, section, dated, lives in rows
    ]
    return [flat[start : start + BLOCK] for start in range(0, len(flat), BLOCK)]
