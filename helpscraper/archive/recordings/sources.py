"""Read files of other web archives: WARC, WET, WACZ, or a CDXJ index beside its WARC files."""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from helpscraper.archive.recordings.index import parse_index
from helpscraper.errors import InputError
from helpscraper.warc.reader import iter_records, read_at
from helpscraper.warc.record import Damage, Record

__all__ = ["SUFFIXES", "captures_in", "is_capture_file", "path_of", "record_in"]

SUFFIXES = (".warc", ".warc.gz", ".wet", ".wet.gz", ".wacz", ".cdxj")
"""File name endings that ``captures_in`` reads."""

_WARCS = (".warc", ".warc.gz", ".wet", ".wet.gz")
# Separates a WACZ from the WARC file in it, in the file names of records.
_INSIDE = "!"
# Any other "!" belongs to the name of a file or folder.
_PACKED = re.compile(rf"(.+?\.wacz){_INSIDE}(.+)", re.IGNORECASE | re.DOTALL)
_SHOWN = 200
_COPY = "copy the file again"


def is_capture_file(path: Path) -> bool:
    """Tell by its ending whether ``path`` is a file of a web archive.

    >>> is_capture_file(Path("a.warc.wet.gz")), is_capture_file(Path("page.html.gz"))
    (True, False)
    """
    return path.name.lower().endswith(SUFFIXES)


def captures_in(path: Path) -> Iterator[Record | Damage]:
    """Yield every record of ``path``, and a ``Damage`` for every place that cannot be read.

    A record's ``file`` is ``path``, or ``path!member`` for a WARC file in a WACZ. Raises ``InputError``
    for a file that cannot be opened or has an unknown ending.
    """
    name = path.name.lower()
    if name.endswith(".cdxj"):
        yield from _listed(path)
    elif name.endswith(".wacz"):
        yield from _packed(path)
    elif name.endswith(_WARCS):
        with _opened(path) as stream:
            yield from iter_records(stream, str(path))
    else:
        raise InputError(
            f"{path}: not a file of a web archive", advice=f"give a file that ends in {', '.join(SUFFIXES)}"
        )


def record_in(file: str, offset: int) -> Record:
    """Read the record at the name and offset that ``captures_in`` gave; raises ``InputError``."""
    path, member = _split_member(file)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_opened(path))
        if member:
            packed = stack.enter_context(_zip(path, stream))
            stream = stack.enter_context(packed.open(member))
        return read_at(stream, file, offset)


def path_of(file: str) -> Path:
    """Return the path on disk of a record's ``file``: the WACZ, or the file itself.

    >>> path_of("old!/a.wacz!archive/b.warc.gz").as_posix(), path_of("old!.warc.gz").as_posix()
    ('old!/a.wacz', 'old!.warc.gz')
    """
    return _split_member(file)[0]


def _split_member(file: str) -> tuple[Path, str]:
    found = _PACKED.fullmatch(file)
    return (Path(found[1]), found[2]) if found else (Path(file), "")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened: {error.strerror}", advice="check its name and permissions"
        ) from error
    with stream:
        yield stream


def _zip(path: Path, stream: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: not a WACZ: {error}", advice=_COPY) from error


def _packed(path: Path) -> Iterator[Record | Damage]:
    """Read the WARC files of a WACZ without unpacking them to disk, so that hostile names do no harm."""
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_opened(path))
        try:
            packed = stack.enter_context(_zip(path, stream))
        except InputError as error:
            yield Damage(str(path), 0, error.message.removeprefix(f"{path}: "), advice=error.advice)
            return
        members = [info for info in packed.infolist() if info.filename.lower().endswith(_WARCS)]
        if not members:
            yield Damage(str(path), 0, "there is no WARC file in this WACZ", advice=_COPY)
        for info in members:
            try:
                with packed.open(info) as inner:
                    yield from iter_records(inner, f"{path}{_INSIDE}{info.filename}")
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
                detail = f"{info.filename}: cannot be unpacked: {error}"
                yield Damage(str(path), info.header_offset, detail, advice=_COPY)


def _listed(path: Path) -> Iterator[Record | Damage]:
    """Read the captures of a CDXJ index from the WARC files in its folder."""
    with _opened(path) as stream:
        data = stream.read()
    if not data.strip():
        yield Damage(str(path), 0, "the file is empty", advice=_COPY)
    for item in parse_index(data, str(path)):
        if isinstance(item, Damage):
            yield item
            continue
        # Only the last part of a name counts, so that a hostile index cannot lead out of its folder.
        name = Path(item.file.replace("\\", "/")).name
        warc = path.parent / name
        if not name.lower().endswith(_WARCS) or not _is_file(warc):
            detail = f"{name[:_SHOWN]!r} is missing from the folder of the index"
            yield Damage(str(path), 0, detail, item.url, "copy that file there")
            continue
        try:
            record = record_in(str(warc), item.offset)
        except InputError as error:
            yield Damage(str(warc), item.offset, error.message, item.url, error.advice)
            continue
        except OSError as error:  # for instance an offset that no file can have
            detail = f"cannot be read: {error.strerror or error}"
            yield Damage(str(warc), item.offset, detail, item.url, "make the index again from its WARC files")
            continue
        record.length = item.length
        yield record


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # for instance a name that is too long
