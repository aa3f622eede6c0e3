"""The CDXJ index beside each WARC file: URL, time, digest and offset of every response.

One sorted line for each record: the URL with its host reversed, the instant as 14 digits, and the rest as JSON.
Replay tools read it, a WACZ carries it, and the next crawl looks up stored payloads in it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from helpscraper.archive.edition_index import edition_index
from helpscraper.archive.layout import Partition, folder, parse_path
from helpscraper.archive.store import Store
from helpscraper.archive.store.files import named
from helpscraper.errors import ArchiveError
from helpscraper.json_text import loads
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage, Record

__all__ = [
    "Capture",
    "capture_of",
    "dump_index",
    "index_line",
    "index_path",
    "iter_index",
    "load_index",
    "parse_index",
    "redirect_target",
    "scan",
    "surt",
    "warc_files",
]


_AT_ONCE = 4096
"""Captures of the edition's index that are Python objects at one time."""

_ANSWERS = frozenset({"response", "revisit", "resource", "conversion"})


@dataclass(frozen=True, slots=True)
class Capture:
    """One response in a WARC file: the fields of an index line.

    ``date`` has 14 digits (UTC), ``mime`` is ``warc/revisit`` for a revisit. ``location``, the target of a redirect,
    is an addition of helpscraper; replay tools ignore it.
    """

    url: str
    date: str
    status: int | None
    mime: str
    digest: str
    file: str
    offset: int
    length: int
    location: str = ""

    @property
    def ref(self) -> str:
        """The ``file#offset`` of the record."""
        return f"{self.file}#{self.offset}"

    @property
    def is_revisit(self) -> bool:
        """Whether another record holds the payload."""
        return self.mime == "warc/revisit"


def surt(url: str) -> str:
    """Return the sort key of ``url``: reversed host without ``www``, path and sorted query in lower case.

    >>> surt("https://www.okx.com/help/A?b=2&a=1"), surt("http://127.0.0.1:8000/help")
    ('com,okx)/help/a?a=1&b=2', '1,0,0,127:8000)/help')
    """
    # White space would split the line.
    return "%20".join(_surt(url).split()) or "-"


def _surt(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url.lower()
    if parts.scheme not in {"http", "https"}:
        return url.lower()
    name = ",".join(reversed(host.removeprefix("www.").split(".")))
    suffix = "" if port in (None, 80, 443) else f":{port}"
    query = urlencode(sorted(parse_qsl(parts.query.lower(), keep_blank_values=True)))
    path = parts.path.lower().rstrip("/") or "/"
    return f"{name}{suffix}){path}" + (f"?{query}" if query else "")


def capture_of(record: Record) -> Capture | None:
    """Return the index line of an addressable response, revisit or bare page; None for any other record."""
    answers = record.is_revisit or record.is_bare_page or record.http is not None
    if record.type not in _ANSWERS or not answers or record.date is None or not record.addressable:
        return None
    mime = record.http_header("Content-Type").split(";", 1)[0].strip().lower()
    return Capture(
        url=record.url,
        date=f"{record.date:%Y%m%d%H%M%S}",
        status=record.status,
        mime="warc/revisit" if record.is_revisit else mime or "unk",
        digest=record.digest or "",
        file=record.file,
        offset=record.offset,
        length=record.length,
        location=redirect_target(record.url, record.status, record.http_header("Location")),
    )


def redirect_target(url: str, status: int | None, location: str) -> str:
    """Return the target of a redirect, empty for any other response.

    >>> redirect_target("https://www.okx.com/help/a", 301, "/help/b")
    'https://www.okx.com/help/b'
    """
    if not location or status not in {301, 302, 303, 307, 308}:
        return ""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def dump_index(captures: Iterable[Capture]) -> bytes:
    """Return the lines of an index in the order that replay tools need."""
    return "".join(sorted(map(index_line, captures))).encode()


def index_line(capture: Capture) -> str:
    """Return the line of ``capture`` in an index; sorted as text, the lines are an index."""
    return f"{surt(capture.url)} {capture.date} {_fields(capture)}\n"


def _fields(capture: Capture) -> str:
    fields = {
        "url": capture.url,
        "mime": capture.mime,
        "status": str(capture.status or "-"),
        "digest": capture.digest,
        "length": str(capture.length),
        "offset": str(capture.offset),
        "filename": capture.file.rpartition("/")[2],
    }
    if capture.location:
        fields["location"] = capture.location
    return json.dumps(fields, ensure_ascii=True)


def parse_index(data: bytes | IO[bytes], file: str, *, folder: str = "") -> Iterator[Capture | Damage]:
    """Yield the captures of the CDXJ index ``file``, and a ``Damage`` (offset in the index) for every bad line.

    ``data`` are its bytes, or a stream of them, which is read line by line.
    ``folder`` is put before each file name, so that a capture's ``file`` leads to the WARC beside the index.
    """
    offset = 0
    for line in io.BytesIO(data) if isinstance(data, bytes) else data:
        here, offset = offset, offset + len(line)
        if not line.strip() or line.startswith((b"!", b" CDX")):
            continue
        try:
            _, date, text = line.decode("utf-8").strip().split(" ", 2)
            yield _capture(loads(text), date, folder)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            detail = f"not a line of a CDXJ index: {error}"
            yield Damage(file, here, detail, advice="make the index again from its WARC files")


def _capture(fields: dict[str, Any], date: str, folder: str) -> Capture:
    status = str(fields.get("status", "-"))
    if not (len(date) == 14 and date.isascii() and date.isdigit()):
        raise ValueError(f"{date[:20]!r} is not 14 digits")
    offset = int(fields["offset"])
    if not 0 <= offset < 1 << 63:
        raise ValueError("its offset is out of range")
    return Capture(
        url=str(fields["url"]),
        date=date,
        status=int(status) if status.isascii() and status.isdigit() else None,
        mime=str(fields.get("mime", "")),
        digest=str(fields.get("digest", "")),
        file=f"{folder}{fields['filename']}",
        offset=offset,
        length=int(fields.get("length") or 0),
        location=str(fields.get("location", "")),
    )


def warc_files(store: Store, partition: Partition, snapshot_id: str | None = None) -> list[str]:
    """Return the WARC files of ``partition`` (of one crawl), oldest first."""
    found = (parse_path(path) for path in store.list(folder("warc", partition)))
    kept = [item for item in found if item is not None and snapshot_id in (None, item.snapshot_id)]
    return [item.path for item in sorted(kept)]


def index_path(file: str) -> str:
    """Return the path of the index of a WARC file."""
    return file.removesuffix(".warc.gz") + ".cdxj"


def load_index(store: Store, file: str) -> list[Capture]:
    """Return the captures in WARC file ``file`` by offset, from its index or, after a killed crawl, from the file.

    Unreadable records are left out; ``check_records`` names them.
    """
    return sorted(iter_index(store, file), key=attrgetter("offset"))


def iter_index(store: Store, file: str) -> Iterator[Capture]:
    """Yield the captures of ``load_index`` in the order of the index."""
    path, located = index_path(file), parse_path(file)
    known = edition_index(store, located.partition, "captures") if located is not None else None
    row = known.get(path) if known is not None else None
    if row is not None:
        lines = row["captures"].values
        for start in range(0, len(lines), _AT_ONCE):
            yield from (Capture(**each, file=file) for each in lines.slice(start, _AT_ONCE).to_pylist())
        return
    if not store.exists(path):
        yield from scan(store, file)[0]
        return
    with store.open(path) as stream, named(store.url(path)):
        for item in parse_index(stream, path, folder=file.rpartition("/")[0] + "/"):
            if isinstance(item, Damage) or item.file != file:
                raise ArchiveError(
                    f"{store.url(path)}: {item}",
                    advice="delete the index: it is made again from the WARC file",
                )
            yield item


_SHARED = (
    "this gzip member holds several records, which cannot be addressed by offset; "
    "the file was compressed again by another program: restore it from a backup"
)


def scan(store: Store, file: str) -> tuple[list[Capture], list[Damage], int]:
    """Read WARC file ``file`` and return its captures, its damage, and the number of text records."""
    captures: list[Capture] = []
    problems: list[Damage] = []
    texts = 0
    with store.open(file) as stream, named(store.url(file)):
        for item in iter_records(stream, file):
            if isinstance(item, Damage):
                problems.append(item)
            elif (capture := capture_of(item)) is not None:
                captures.append(capture)
            elif not item.addressable:
                if not problems or problems[-1].offset != item.offset:
                    problems.append(Damage(file, item.offset, _SHARED, item.url))
            else:
                texts += item.type in {"conversion", "resource"}
    return captures, problems, texts
