"""Read the answers of a web archive's index. Pure: bytes in, captures out.

pywb answers in CDXJ (a key, a timestamp and JSON in each line), Common Crawl in lines of JSON, the Wayback Machine in
an array of arrays or in columns separated by spaces. They name the fields differently; the letters of a CDX header are
those of the Internet Archive's CDX file format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from helpscraper.archive.recordings import Capture
from helpscraper.json_text import loads
from helpscraper.sites import host_of
from helpscraper.urls import origin
from helpscraper.warc.record import Damage, parse_date

__all__ = ["parse_answer"]

# The columns of an answer without a header, as the Wayback Machine sends them.
_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_LETTERS = {
    "N": "urlkey", "b": "timestamp", "a": "original", "m": "mimetype", "s": "statuscode", "k": "digest",
    "S": "length", "V": "offset", "g": "filename", "r": "redirect",
}  # fmt: skip
_SHOWN = 80
_LONGEST_URL = 2000
_LONGEST_LINE = 1 << 16
_MOST_DAMAGES = 5
# Lines without a capture, empty ones too, may exceed the others by this many: reading 32 MiB of them takes minutes.
_MOST_EXCESS = 1000
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()
_MOST_DIGITS = 18
_SHA1 = re.compile(r"[A-Za-z2-7]{32}")
_NOTHING = "no captures found"
_ADVICE = "the index is at fault; its other lines were read"


def parse_answer(data: bytes, source: str) -> Iterator[Capture | Damage]:
    """Yield the captures in an answer of the index ``source``, and a ``Damage`` for its other lines.

    Each of the first few other lines has its ``Damage``; the last one counts the rest. An answer with many more lines
    without a capture than with one is read no further, and the last ``Damage`` says so. A capture's ``file``,
    ``offset`` and ``length`` say where its record lies; ``file`` is empty where the index does not state it.
    ``location`` is the stated target of a redirect. A digest without the name of its algorithm is SHA-1. An answer
    without captures yields nothing.
    """
    damages: list[Damage] = []
    damaged = excess = 0
    for item in _array(data, source) if data[:_SHOWN].lstrip()[:1] == b"[" else _lines(data, source):
        if isinstance(item, Damage):
            damaged += 1
            if damaged <= _MOST_DAMAGES:
                damages.append(item)
                yield item
        elif item is not None:
            yield item
        excess += -1 if isinstance(item, Capture) else 1
        if excess > _MOST_EXCESS:
            example = f"; the first is {damages[0].detail}" if damages else ""
            yield Damage(
                source,
                0,
                f"gives {_MOST_EXCESS:,} more lines without a capture than with one{example}",
                advice="the index is at fault; the rest of its answer was not read",
            )
            return
    if damaged > _MOST_DAMAGES:
        yield Damage(
            source, 0, f"{damaged - _MOST_DAMAGES:,} more lines are no lines of an index", advice=_ADVICE
        )


def _lines(data: bytes, source: str) -> Iterator[Capture | Damage | None]:
    """Yield what each line says, None for one that says nothing."""
    columns: Sequence[str] = _COLUMNS
    offset = 0
    for line in BytesIO(data):
        here, offset = offset, offset + len(line)
        if len(line) > _LONGEST_LINE:
            yield Damage(
                source, here, f"a line of {len(line):,} bytes; the bound is {_LONGEST_LINE:,}", advice=_ADVICE
            )
            continue
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("CDX "):
            columns = [_LETTERS.get(letter, letter) for letter in text.split()[1:]]
            yield None
        elif text and not text.startswith("!"):
            yield _one(text, columns, source, here)
        else:
            yield None


def _array(data: bytes, source: str) -> Iterator[Capture | Damage | None]:
    names: list[str] | None = None
    try:
        for number, row in enumerate(_rows(data.decode("utf-8", "replace"))):
            if names is None:
                names = [str(name) for name in row]
            # A row of one value, or an empty one before it, leads to the next part of a long answer.
            else:
                yield _checked(dict(zip(names, row, strict=False)), source, number) if len(row) > 1 else None
    except (ValueError, RecursionError) as error:
        yield Damage(source, 0, f"not an answer of an index: {str(error)[:_SHOWN]}", advice=_ADVICE)


def _rows(text: str) -> Iterator[list[Any]]:
    """Yield the rows of an array of arrays one by one: all at once would take many times the memory of the text."""
    place = text.index("[") + 1
    while True:
        between = _BETWEEN.match(text, place)
        place = between.end() if between else place
        if text[place : place + 1] == "]":
            return
        # Of an absurdly long row only the beginning is read, which is no JSON.
        row, length = _DECODER.raw_decode(text[place : place + _LONGEST_LINE])
        if not isinstance(row, list):
            raise ValueError("not an array of arrays")
        place += length
        yield row


def _one(text: str, columns: Sequence[str], source: str, offset: int) -> Capture | Damage | None:
    try:
        if text.startswith("{"):
            fields = _object(text)
        elif len(parts := text.split(" ", 2)) == 3 and parts[2].startswith("{"):
            fields = {"timestamp": parts[1]} | _object(parts[2])
        else:
            fields = dict(zip(columns, text.split(" "), strict=False))
    except (ValueError, RecursionError):
        return Damage(source, offset, f"not a line of an index: {text[:_SHOWN]!r}", advice=_ADVICE)
    notice = fields.get("message") or fields.get("error")
    if notice is None:
        return _checked(fields, source, offset)
    if _NOTHING in str(notice).lower():
        return None
    return Damage(source, offset, f"the index says: {str(notice)[:_SHOWN]}", advice=_ADVICE)


def _object(text: str) -> dict[str, Any]:
    fields = loads(text)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    return fields


def _checked(fields: Mapping[str, Any], source: str, offset: int) -> Capture | Damage:
    url = str(fields.get("url") or fields.get("original") or "")
    date = str(fields.get("timestamp") or "")
    wrong = _wrong(url, date)
    if wrong:
        shown = " ".join(map(str, fields.values()))[:_SHOWN]
        return Damage(source, offset, f"not a line of an index: {shown!r}: {wrong}", advice=_ADVICE)
    status = str(fields.get("status") or fields.get("statuscode") or "")
    file, location = str(fields.get("filename") or ""), str(fields.get("redirect") or "")
    return Capture(
        url=url,
        date=date,
        status=int(status) if len(status) == 3 and status.isascii() and status.isdigit() else None,
        mime=str(fields.get("mime") or fields.get("mimetype") or "unk")[:_SHOWN],
        digest=_digest(str(fields.get("digest") or "")),
        file=file.removeprefix("-") if _is_short(file) else "",
        offset=_number(fields.get("offset")),
        length=_number(fields.get("length")),
        location=location.removeprefix("-") if _is_short(location) else "",
    )


def _wrong(url: str, date: str) -> str:
    if len(date) != 14 or parse_date(date) is None:
        return f"{date[:_SHOWN]!r} is no timestamp of 14 digits"
    if not _is_short(url) or " " in url or host_of(origin(url)) is None:
        return f"{url[:_SHOWN]!r} is no address of the web"
    return ""


def _is_short(text: str) -> bool:
    return len(text) <= _LONGEST_URL and text.isprintable()


def _digest(text: str) -> str:
    """Return the digest with its algorithm, empty where none is stated.

    >>> _digest("3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"), _digest("-")
    ('sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ', '')
    """
    if _SHA1.fullmatch(text):
        return f"sha1:{text.upper()}"
    return text[:_SHOWN] if ":" in text else ""


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
