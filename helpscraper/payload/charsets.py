"""Find the encoding of a page, decode it, and count undecodable places.

The order is that of browsers (WHATWG HTML, 13.2.3.2): byte order mark, ``Content-Type``, ``meta``, else UTF-8.
Only encodings that browsers know are accepted (WHATWG Encoding, 4.2), because some of Python's codecs are not for
text or can hide markup.

Unlike a browser, we read valid UTF-8 as UTF-8 even if a single-byte encoding or UTF-16 is declared: text in those
is never valid UTF-8 by chance.
"""

from __future__ import annotations

import codecs
from typing import Final

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, to_unicode

__all__ = ["decoded", "encoding_of"]

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
# Names of Python's codecs, to which w3lib resolves the labels.
_WIDE: Final = frozenset({"utf-16", "utf-16-be", "utf-16-le"})
_ASIAN: Final = frozenset(
    {"gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"}
)  # several bytes a character
_SINGLE: Final = frozenset(
    {
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
        *(f"cp{n}" for n in range(1250, 1259)),
    }
)
# In UTF-16 every second byte of a page's first markup is NUL.
_MARKUP = 512


def encoding_of(data: bytes, content_type: str = "") -> tuple[str, int]:
    """Return the encoding of the page ``data`` and the length of its byte order mark.

    >>> encoding_of(b"<meta charset=gbk>"), encoding_of(b"<meta charset=gbk>", "text/html; charset=koi8-r")
    (('gb18030', 0), ('koi8-r', 0))
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name, len(mark)
    # Labels are ASCII; headers may have been decoded as Latin-1 or UTF-8.
    declared = _known(http_content_type_encoding(content_type.encode("ascii", "replace").decode()))
    if declared is None:
        declared = _known(html_body_declared_encoding(data))
        if declared in _WIDE:
            return "utf-8", 0  # a ``meta`` that was found as ASCII cannot be UTF-16
    if declared in _WIDE:
        wide = b"\0" in data[:_MARKUP]
        return ("utf-16-be" if declared == "utf-16-be" else "utf-16-le") if wide else "utf-8", 0
    return declared or "utf-8", 0


def _known(name: str | None) -> str | None:
    return name if name in _SINGLE or name in _ASIAN or name in _WIDE or name == "utf-8" else None


def decoded(data: bytes, content_type: str = "") -> tuple[str | bytes, int]:
    """Return the page ``data`` as text, or unchanged if it is UTF-8, and the number of undecodable places.

    Each of those becomes U+FFFD in the text; U+FFFD of the page itself does not count.
    """
    name, mark = encoding_of(data, content_type)
    if not mark and (name == "utf-8" or name in _SINGLE) and _is_utf8(data):
        return data, 0
    data = data[mark:]
    try:
        return data.decode(name), 0
    except UnicodeDecodeError:
        if name in _ASIAN and _is_utf8(data):
            return data, 0
    text = to_unicode(data, name)
    return text, text.count("\ufffd") - data.decode(name, "ignore").count("\ufffd")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
