"""Export one crawl as a WACZ 1.1.1: WARC files, index and list of pages in one file that replay tools open.

https://specs.webrecorder.net/wacz/1.1.1/. The package ``wacz`` would read every record again and brings two dozen
dependencies.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.recordings.index import Capture, dump_index, load_index, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, InputError, ReferenceNotFoundError
from helpscraper.warc.record import parse_date

__all__ = ["write_wacz"]

_VERSION = "1.1.1"
_CHUNK = 1 << 20


def write_wacz(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    target: Path,
    titles: Mapping[str, str],
    *,
    software: str,
) -> int:
    """Write the records of one crawl to ``target`` and return the number of its pages.

    ``titles`` gives page titles by URL, ``software`` the program to name. Payloads of the crawl's revisits are copied
    from the files of earlier crawls, so that the WACZ is complete. Raises ``ReferenceNotFoundError`` for a crawl that
    was not recorded, and ``ArchiveError`` when a file is missing or damaged; ``target`` is written whole or not at all.
    """
    files = warc_files(store, partition, snapshot_id)
    if not files:
        raise ReferenceNotFoundError(
            f"{partition} {snapshot_id}: this crawl has no recording",
            advice="check whether WARC_ENABLED was off; choose another snapshot",
        )
    own = {file: list(load_index(store, file)) for file in files}
    captures = [capture for file in files for capture in own[file]]
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w") as packed:
            package = _Package(packed, snapshot_instant(snapshot_id))
            for file in files:
                with store.open(file) as stream:
                    size = package.add(f"archive/{file.rpartition('/')[2]}", stream)
                for capture in own[file]:
                    _check_whole(capture, size - capture.offset)
            with TemporaryFile() as referred:
                captures += _copy_referred(
                    store, partition, captures, referred, f"{snapshot_id}-referred.warc.gz"
                )
                if referred.tell():
                    referred.seek(0)
                    package.add(f"archive/{snapshot_id}-referred.warc.gz", referred)
            package.add_bytes("indexes/index.cdxj", dump_index(captures))
            pages = list(_pages(captures, titles))
            package.add_bytes("pages/pages.jsonl", _lines([_PAGES_HEAD, *pages]))
            package.close(f"{partition} {snapshot_id}", software)
        temporary.replace(target)
    except OSError as error:
        raise ArchiveError(
            f"{target}: cannot be written: {error.strerror or error}",
            advice="check the folder and its free space",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return len(pages)


_HTML = frozenset({"text/html", "application/xhtml+xml"})
_PAGES_HEAD = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}


class _Package:
    """Writes the zip: members are not compressed, so that a reader can seek in them, and have one date."""

    def __init__(self, packed: zipfile.ZipFile, at: dt.datetime) -> None:
        self._packed = packed
        self._at = at
        # A ZIP cannot store other years.
        year = min(max(at.year, 1980), 2107)
        self._dated = (year, at.month, at.day, at.hour, at.minute, at.second)
        self._resources: list[dict[str, Any]] = []

    def add(self, path: str, stream: IO[bytes]) -> int:
        """Copy a file into the package and return its size."""
        info = zipfile.ZipInfo(path, self._dated)
        digest, size = hashlib.sha256(), 0
        with self._packed.open(info, "w", force_zip64=True) as member:
            while chunk := stream.read(_CHUNK):
                member.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self._name(path, f"sha256:{digest.hexdigest()}", size)
        return size

    def add_bytes(self, path: str, data: bytes) -> None:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._packed.writestr(zipfile.ZipInfo(path, self._dated), data)
        self._name(path, digest, len(data))

    def _name(self, path: str, digest: str, size: int) -> None:
        # Names in a data package are in lower case.
        name = path.rpartition("/")[2].lower()
        self._resources.append({"name": name, "path": path, "hash": digest, "bytes": size})

    def close(self, title: str, software: str) -> None:
        description = {
            "profile": "data-package",
            "wacz_version": _VERSION,
            "title": title,
            "software": software,
            "created": f"{self._at:%Y-%m-%dT%H:%M:%SZ}",
            "resources": self._resources,
        }
        data = json.dumps(description, indent=2).encode()
        self.add_bytes("datapackage.json", data)
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        self.add_bytes("datapackage-digest.json", json.dumps(digest, indent=2).encode())


def _check_whole(capture: Capture, there: int) -> None:
    """Raise ``ArchiveError`` when fewer bytes than the index says are ``there`` of a record."""
    if there < capture.length:
        raise ArchiveError(
            f"{capture.ref}: the file ends inside or before this record ({capture.url})",
            advice="restore the file from a backup; `helpscraper verify` names all that it lacks",
        )


def _copy_referred(
    store: Store, partition: Partition, captures: Iterable[Capture], target: IO[bytes], name: str
) -> Iterator[Capture]:
    """Copy the gzip members with the payloads of revisits; yield their index lines."""
    captures = list(captures)
    held = {capture.digest for capture in captures if not capture.is_revisit}
    wanted = {capture.digest: capture for capture in captures if capture.is_revisit}
    missing = {digest: capture for digest, capture in wanted.items() if digest and digest not in held}
    last = max((capture.file for capture in captures), default="")
    for file in warc_files(store, partition):
        if not missing or file >= last:
            break
        found = [each for each in load_index(store, file) if each.digest in missing and not each.is_revisit]
        if not found:
            continue
        with store.open(file) as stream:
            for capture in found:
                if missing.pop(capture.digest, None) is None:
                    continue
                stream.seek(capture.offset)
                offset = target.tell()
                _check_whole(capture, target.write(stream.read(capture.length)))
                yield replace(capture, file=name, offset=offset)
    for capture in missing.values():
        raise InputError(
            f"{capture.ref}: the payload of this revisit is not in the archive ({capture.url})",
            advice="restore the WARC files of earlier crawls; `helpscraper verify` names them",
        )


def _pages(captures: Sequence[Capture], titles: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield one line for each HTML page that answered 200, by time."""
    seen: set[str] = set()
    html = {capture.digest for capture in captures if capture.mime in _HTML}
    for capture in sorted(captures, key=lambda each: (each.date, each.url)):
        at = parse_date(capture.date)
        page = capture.mime in _HTML or (capture.is_revisit and capture.digest in html)
        wanted = capture.status == 200 and page and capture.url not in seen
        if at is None or not wanted:
            continue
        seen.add(capture.url)
        identity = hashlib.sha256(f"{capture.date} {capture.url}".encode()).hexdigest()[:22]
        line = {"id": identity, "url": capture.url, "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        title = titles.get(capture.url)
        yield line | ({"title": title} if title else {})


def _lines(values: Iterable[Mapping[str, str]]) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()
