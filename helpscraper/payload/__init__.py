"""From the bytes of an answer to the text of its page: the one decoding of a crawl, an import and a re-extraction.

codings     transfer and content codings undone, within a bound
charsets    bytes to text: byte order mark, header, ``meta``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from helpscraper.payload.charsets import decoded
from helpscraper.payload.codings import MAX_BODY, decode_body

__all__ = ["MAX_BODY", "Payload"]


@dataclass(frozen=True, slots=True)
class Payload:
    """A page as bytes without codings, and the ``Content-Type`` that its answer stated (empty where there is none)."""

    data: bytes
    content_type: str = ""

    @classmethod
    def of(cls, wire: bytes, header: Callable[[str], str], *, limit: int = MAX_BODY) -> Self:
        """Return the page in ``wire``, the bytes that came under the headers that ``header`` looks up by name.

        ``header`` gives the values of a repeated header joined by commas, and the empty text for one that is absent.
        Raises ``PayloadError`` where the page cannot be had whole.
        """
        data = decode_body(
            wire, content=header("Content-Encoding"), transfer=header("Transfer-Encoding"), limit=limit
        )
        return cls(data, header("Content-Type"))

    def text(self) -> tuple[str | bytes, int]:
        """Return the page as text, or as bytes that are UTF-8, and the number of characters that were undecodable."""
        return decoded(self.data, self.content_type)
