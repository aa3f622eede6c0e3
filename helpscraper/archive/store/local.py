"""An archive in a folder of this machine: written to a temporary file, flushed, then linked to its name."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from filelock import FileLock

from helpscraper.archive.layout import SCRATCH, STATE, Partition, staging
from helpscraper.archive.store.base import FileInfo, Store
from helpscraper.archive.store.files import temporary
from helpscraper.errors import CommandError

if TYPE_CHECKING:
    import duckdb

__all__ = ["LocalStore", "absolute"]

# A commit takes seconds, so the writer of an hour-old scratch file was killed.
_STALE_SECONDS = 3600
# The lock is held for one small file, and the system releases that of a dead process.
_SWAP_SECONDS = 30
_SCHEME = re.compile(r"(?:file|local):(?://)?")


class LocalStore(Store):
    """A folder, named by its path or by a ``file://`` URL; raises ``CommandError`` when it is a file."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, absolute(uri).rstrip("/"))
        if Path(self.root).is_file():
            raise CommandError(
                f"archive {uri!r}: this is a file", advice="give the folder of the archive, or another folder"
            )

    def url(self, path: str = "") -> str:
        """Return the absolute path."""
        return self._full(path)

    def local_path(self, path: str = "") -> Path:
        """Return the absolute path."""
        return Path(self._full(path))

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Do nothing: DuckDB opens files by their paths."""

    def draft(self, path: str) -> Path:
        """Return the path of the file itself: on this machine a draft needs no other place."""
        target = self.local_path(path)
        _make_folder(target.parent)
        return target

    def publish(self, path: str) -> None:
        """Note that the draft, which is the file itself, is there."""
        self._note(path, self.local_path(path).stat().st_size)

    def drafts(self, folder: str) -> tuple[str, ...]:
        """Return nothing: a draft is the file itself."""
        return ()

    def _list(self, folder: str) -> dict[str, FileInfo]:
        top = self._full(folder)
        found: dict[str, FileInfo] = {}
        for parent, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            relative = (folder + parent[len(top) :].replace(os.sep, "/")).lstrip("/")
            prefix = f"{relative}/" if relative else ""
            for path in (f"{prefix}{name}" for name in names if not name.startswith(".")):
                # A dangling link is listed too, so that opening it gives an error.
                found[path] = self._stat(path) or FileInfo(path, 0, "")
        return found

    def _stat(self, path: str) -> FileInfo | None:
        try:
            facts = os.stat(self._full(path))  # noqa: PTH116 (a Path takes three times as long)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        return FileInfo(path, facts.st_size, f"{facts.st_mtime_ns}-{facts.st_size}-{facts.st_ino}")

    def _open(self, path: str) -> IO[bytes]:
        return self.local_path(path).open("rb")

    def _create(self, path: str, data: bytes | Path) -> bool:
        target = self.local_path(path)
        _make_folder(target.parent)
        with self._scratch(target_folder=target.parent) as file:
            made = _linked(_flushed(file, data), target)
        _sync_folder(target.parent)
        return made

    def _overwrite(self, path: str, data: bytes) -> None:
        target = self.local_path(path)
        _make_folder(target.parent)
        with self._scratch(target_folder=target.parent) as file:
            _flushed(file, data).replace(target)
        _sync_folder(target.parent)

    def _remove(self, path: str) -> None:
        self.local_path(path).unlink()

    def probe(self, *, single_writer: bool = False) -> bool:
        """Return True: the file system gives a name to one file only."""
        return True

    @property
    def swaps(self) -> bool:
        """Whether there is compare-and-swap: yes."""
        return True

    def _read_with_etag(self, path: str) -> tuple[bytes, str]:
        data = self.local_path(path).read_bytes()
        return data, hashlib.sha256(data).hexdigest()

    def _put_if_match(self, path: str, data: bytes, etag: str | None) -> str | None:
        if etag is None:
            made = self._create(path, data)
        else:
            with self._swapping():
                if made := self._has_version(path, etag):
                    self._overwrite(path, data)
        return hashlib.sha256(data).hexdigest() if made else None

    def _remove_if_match(self, path: str, etag: str) -> bool:
        with self._swapping():
            if there := self._has_version(path, etag):
                self._remove(path)
            return there

    def _has_version(self, path: str, etag: str) -> bool:
        return self._stat(path) is not None and self._read_with_etag(path)[1] == etag

    def _swapping(self) -> FileLock:
        """Return the lock that holds off other writers that compare and swap."""
        lock = self.local_path(f"{STATE}/swap.lock")
        _make_folder(lock.parent)
        return FileLock(lock, timeout=_SWAP_SECONDS)

    @contextlib.contextmanager
    def _scratch(self, *, target_folder: Path | None = None) -> Iterator[Path]:
        """Give a file in the scratch folder, or in ``target_folder`` if that is on another file system.

        ``warc/`` may be on a larger disk, and a file can only be linked within one file system.
        """
        folder = self.local_path(SCRATCH)
        folder.mkdir(parents=True, exist_ok=True)
        if target_folder is not None and target_folder.stat().st_dev != folder.stat().st_dev:
            folder = target_folder
        with temporary(folder) as file:
            # The clock of the file system may be hours apart from this machine's.
            _sweep(folder, file.stat().st_mtime)
            yield file

    def _state(self, partition: Partition) -> Path:
        return self.local_path(staging(partition))


def _linked(source: Path, target: Path) -> bool:
    """Link ``source`` to the name ``target``; return False when that name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # FAT and some network mounts have no hard links. There only the crawl's lock excludes a second writer.
        if target.exists():
            return False
        source.rename(target)
    return True


def _flushed(file: Path, data: bytes | Path) -> Path:
    """Write and flush ``data`` to a file on the archive's file system and return its path."""
    if isinstance(data, Path) and data.stat().st_dev == file.stat().st_dev:
        with data.open("rb") as stream:
            os.fsync(stream.fileno())
        return data
    with file.open("wb") as stream:
        if isinstance(data, Path):
            with data.open("rb") as source:
                shutil.copyfileobj(source, stream, 1 << 20)
        else:
            stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return file


def _make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents; the names of the new ones are durable when this returns."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        _sync_folder(each.parent)


def _sync_folder(folder: Path) -> None:
    """Flush a folder, so that the names of new files in it are durable too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, now: float) -> None:
    """Remove the scratch files whose writers were killed."""
    limit = now - _STALE_SECONDS
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # another writer may sweep at the same time
            if leftover.stat().st_mtime < limit:
                leftover.unlink()


def absolute(uri: str) -> str:
    """Return the absolute path that a path or a ``file://`` URL names, with ``~`` for the home folder."""
    path = uri[match.end() :] if (match := _SCHEME.match(uri)) else uri
    return Path(os.path.expanduser(path)).absolute().as_posix()  # noqa: PTH111 (Path raises for an unknown user)
