"""The key under which a body is stored once."""

from __future__ import annotations

import hashlib

__all__ = ["body_key"]


def body_key(text: str, markdown: str) -> str:
    r"""Return the lower-case hex SHA-256 over the UTF-8 of ``text``, a NUL byte and ``markdown``.

    The HTML is left out on purpose: its class names change with every build of the site, which would look like an edit
    of all articles. The text and the Markdown hold all visible content (words, links, images, structure).

    >>> body_key("a", "**a**") == body_key("a", "a")
    False
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    digest.update(b"\0")
    digest.update(markdown.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
