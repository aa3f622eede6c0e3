"""Decode the bytes of a response to the text of its page, for crawls, imports and re-extraction alike.

codings     undo transfer and content codings within a bound
charsets    decode bytes to text by byte order mark, header or ``meta``
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
    """The bytes of a page without codings, and the ``Content-Type`` of the response (empty when absent)."""

    data: bytes
    content_type: str = ""

    @classmethod
    def of(cls, wire: bytes, header: Callable[[str], str], *, limit: int = MAX_BODY) -> Self:
        """Return the page in ``wire``, the payload of a response as sent.

        ``header(name)`` gives the values of a response header joined by commas, empty when it is absent.
        Raises ``PayloadError`` for a page that is cut off or cannot be decoded.
        """
        data = decode_body(
            wire, content=header("Content-Encoding"), transfer=header("Transfer-Encoding"), limit=limit
        )
        return cls(data, header("Content-Type"))

    def text(self) -> tuple[str | bytes, int]:
        """Return the page as text, or as bytes if they are UTF-8, and the number of undecodable characters."""
        return decoded(self.data, self.content_type)
