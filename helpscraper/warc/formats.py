"""Recognise files of other formats and advise how to convert them."""

from __future__ import annotations

__all__ = ["other_format"]

# First bytes, description, advice.
_FORMATS = (
    (b"filedesc:", "it is an ARC file", "make a WARC of it with `warcio recompress`"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd", "unpack it with `zstd -d`"),
    (
        b"\x5d\x2a\x4d\x18",
        "it is compressed with zstd and a dictionary",
        "unpack it with the tool that made it",
    ),
    (b"PK\x03\x04", "it is a ZIP file", "name it .wacz if it is a WACZ, else unpack it"),
    (b"\x1f\x8b", "it is compressed twice", "unpack it once with `gunzip`"),
    (b"<", "it is a page of HTML or XML", "fetch the file again: a server sent this page in its place"),
    (b"BZh", "it is compressed with bzip2", "unpack it with `bunzip2`"),
    (b"\xfd7zXZ", "it is compressed with xz", "unpack it with `unxz`"),
)


def other_format(head: bytes) -> tuple[str, str] | None:
    """Return the format of a file that begins with ``head`` and advice about it; None for an unknown format.

    >>> other_format(b"BZh9")
    ('it is compressed with bzip2', 'unpack it with `bunzip2`')
    """
    return next(((format_, advice) for mark, format_, advice in _FORMATS if head.startswith(mark)), None)
