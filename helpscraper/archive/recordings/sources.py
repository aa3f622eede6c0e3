"""Files of other archives: WARC, WET, WACZ, or a CDXJ list of captures in WARC files beside it."""

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
from helpscraper.warc.record import Problem, Record

__all__ = ["SUFFIXES", "captures_in", "is_capture_file", "path_of", "record_in"]

SUFFIXES = (".warc", ".warc.gz", ".wet", ".wet.gz", ".wacz", ".cdxj")
"""Endings of the files that ``captures_in`` reads."""

_WARCS = (".warc", ".warc.gz", ".wet", ".wet.gz")
# Between a WACZ and the WARC file in it, in the names that records and problems carry.
_INSIDE = "!"
# Any other "!" belongs to the name of a file or folder.
_PACKED = re.compile(rf"(.+?\.wacz){_INSIDE}(.+)", re.IGNORECASE | re.DOTALL)
_SHOWN = 200
_COPY = "copy the file again"


def is_capture_file(path: Path) -> bool:
    """Tell by its ending whether ``path`` is such a file.

    >>> is_capture_file(Path("a.warc.wet.gz")), is_capture_file(Path("page.html.gz"))
    (True, False)
    """
    return path.name.lower().endswith(SUFFIXES)


def captures_in(path: Path) -> Iterator[Record | Problem]:
    """Yield every record of ``path``, and a ``Problem`` for every place in it that cannot be read.

    The name in a record is ``path``, or ``path!member`` for a WARC file within a WACZ. Raises ``InputError``
    for a file that cannot be opened or whose ending is unknown.
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
        raise InputError(f"{path}: not a web archive's file", advice=f"known endings: {', '.join(SUFFIXES)}")


def record_in(file: str, offset: int) -> Record:
    """Return one record again, by the name and offset that ``captures_in`` gave it; raises ``InputError``."""
    path, member = _parted(file)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_opened(path))
        if member:
            packed = stack.enter_context(_zip(path, stream))
            stream = stack.enter_context(packed.open(member))
        return read_at(stream, file, offset)


def path_of(file: str) -> Path:
    """Return the file on disk that a record's ``file`` lies in: the WACZ, or the file itself.

    >>> path_of("old!/a.wacz!archive/b.warc.gz").as_posix(), path_of("old!.warc.gz").as_posix()
    ('old!/a.wacz', 'old!.warc.gz')
    """
    return _parted(file)[0]


def _parted(file: str) -> tuple[Path, str]:
    found = _PACKED.fullmatch(file)
    return (Path(found[1]), found[2]) if found else (Path(file), "")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be opened: {error.strerror}", advice="check the name and the rights"
        ) from error
    with stream:
        yield stream


def _zip(path: Path, stream: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: not a WACZ: {error}", advice="copy the file again") from error


def _packed(path: Path) -> Iterator[Record | Problem]:
    """Read the WARC files of a WACZ where they lie; nothing is unpacked to disk, so names in it decide no
    path.
    """
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_opened(path))
        try:
            packed = stack.enter_context(_zip(path, stream))
        except InputError as error:
            yield Problem(str(path), 0, error.message.removeprefix(f"{path}: "), advice=error.advice)
            return
        members = [info for info in packed.infolist() if info.filename.lower().endswith(_WARCS)]
        if not members:
            yield Problem(str(path), 0, "there is no WARC file in this WACZ", advice=_COPY)
        for info in members:
            try:
                with packed.open(info) as inner:
                    yield from iter_records(inner, f"{path}{_INSIDE}{info.filename}")
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
                detail = f"{info.filename}: cannot be unpacked: {error}"
                yield Problem(str(path), info.header_offset, detail, advice=_COPY)


def _listed(path: Path) -> Iterator[Record | Problem]:
    """Read the captures that a CDXJ index names, from the WARC files in its own folder."""
    with _opened(path) as stream:
        data = stream.read()
    if not data.strip():
        yield Problem(str(path), 0, "the file is empty", advice=_COPY)
    for item in parse_index(data, str(path)):
        if isinstance(item, Problem):
            yield item
            continue
        # The index comes from elsewhere: only the last part of a name counts, so it cannot lead out of the
        # folder.
        name = Path(item.file.replace("\\", "/")).name
        warc = path.parent / name
        if not name.lower().endswith(_WARCS) or not _is_file(warc):
            detail = f"{name[:_SHOWN]!r} is not beside the index"
            yield Problem(str(path), 0, detail, item.url, "fetch that file first")
            continue
        try:
            record = record_in(str(warc), item.offset)
        except InputError as error:
            yield Problem(str(warc), item.offset, error.message, item.url, error.advice)
            continue
        except OSError as error:  # among others for an offset that no file can have
            detail = f"cannot be read: {error.strerror or error}"
            yield Problem(
                str(warc), item.offset, detail, item.url, "make the index again from its WARC files"
            )
            continue
        record.length = item.length
        yield record


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # a name that is too long, for one
