"""Local files of a store: their errors, temporary ones, and digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpscraper.errors import ArchiveError

__all__ = ["digest_of", "named", "sha256", "size_of", "temporary"]

_ADVICE = {
    errno.ENOSPC: "the disk is full: make room and run again; earlier files are untouched",
    errno.EDQUOT: "the disk quota is used up: make room and run again; earlier files are untouched",
    errno.EFBIG: "the file is larger than this system lets a process write: raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only: mount it writable, or name another place with --archive",
    errno.EACCES: "the archive is not writable for this user: check its owner and mode, or use --archive",
    errno.ENOTDIR: "a file has the name of a folder that the archive needs: move it away, or use --archive",
    errno.EEXIST: "a file has the name of a folder that the archive needs: move it away, or use --archive",
    errno.EPERM: "the archive is not writable for this user: check its owner and mode, or use --archive",
}


@contextlib.contextmanager
def named(name: str) -> Iterator[None]:
    """Turn an operating-system error into one that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        missing = isinstance(error, FileNotFoundError)
        advice = getattr(error, "advice", "") or _ADVICE.get(
            number, "`helpscraper verify` lists what is missing" if missing else ""
        )
        reason = "no such file" if missing else (error.strerror or str(error))
        raise ArchiveError(f"{name}: {reason}", advice=advice) from error


@contextlib.contextmanager
def temporary(folder: Path | str) -> Iterator[Path]:
    """Give a new hidden file in ``folder``, which is removed afterwards."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    os.close(handle)
    file = Path(name)
    try:
        file.chmod(0o644)  # mkstemp lets only the owner read, but an archive has other readers
        yield file
    finally:
        file.unlink(missing_ok=True)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a local file in hexadecimal digits."""
    return digest_of(file).hex()


def size_of(data: bytes | Path) -> int:
    """Return the number of bytes that will be published."""
    return len(data) if isinstance(data, bytes) else data.stat().st_size


def digest_of(data: bytes | Path) -> bytes:
    """Return the SHA-256 of the bytes that will be published."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest()
    with data.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
