"""An archive in a folder of this machine: written to a temporary file, flushed, then linked to its name."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fsspec.implementations.local import LocalFileSystem

from helpscraper.archive.layout import SCRATCH, Partition, staging
from helpscraper.archive.store.base import Entry, Store, temporary
from helpscraper.errors import CommandError

if TYPE_CHECKING:
    import duckdb

__all__ = ["LocalStore"]

# A commit takes seconds, so an hour-old scratch file has lost its writer (killed, or the power went).
_STALE_SECONDS = 3600


class LocalStore(Store):
    """A folder, named by its path or by a ``file://`` URL; raises ``CommandError`` when it is a file."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, str(LocalFileSystem._strip_protocol(uri)).rstrip("/"))
        if Path(self.root).is_file():
            raise CommandError(
                f"archive {uri!r}: this is a file", advice="an archive is a folder: name that one, or another"
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
        """Return the file's own place: on this machine a recording grows where it stays."""
        target = self.local_path(path)
        _make_folder(target.parent)
        return target

    def publish(self, path: str) -> None:
        """Do nothing: the draft is in its place."""

    def drafts(self, folder: str) -> tuple[str, ...]:
        """Return nothing: a draft that was left is in its place."""
        return ()

    def _list(self, folder: str) -> dict[str, Entry]:
        top = self._full(folder)
        found: dict[str, Entry] = {}
        for parent, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            relative = (folder + parent[len(top) :].replace(os.sep, "/")).lstrip("/")
            prefix = f"{relative}/" if relative else ""
            for path in (f"{prefix}{name}" for name in names if not name.startswith(".")):
                # A link to nowhere is listed too: opening it says so.
                found[path] = self._look(path) or Entry(path, 0, "")
        return found

    def _look(self, path: str) -> Entry | None:
        try:
            facts = os.stat(self._full(path))  # noqa: PTH116 (a Path would cost more than the question)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        return Entry(path, facts.st_size, f"{facts.st_mtime_ns}-{facts.st_size}-{facts.st_ino}")

    def _open(self, path: str) -> IO[bytes]:
        return self.local_path(path).open("rb")

    def _create(self, path: str, data: bytes | Path) -> bool:
        target = self.local_path(path)
        _make_folder(target.parent)
        with self._scratch(beside=target.parent) as file:
            made = _linked(_flushed(file, data), target)
        _sync_folder(target.parent)
        return made

    def _overwrite(self, path: str, data: bytes) -> None:
        target = self.local_path(path)
        _make_folder(target.parent)
        with self._scratch(beside=target.parent) as file:
            _flushed(file, data).replace(target)
        _sync_folder(target.parent)

    def _remove(self, path: str) -> None:
        self.local_path(path).unlink()

    @contextlib.contextmanager
    def _scratch(self, *, beside: Path | None = None) -> Iterator[Path]:
        """Give a file on the archive's file system, or on that of the folder ``beside`` where it is another one.

        ``warc/`` may lie on a larger disk, and only there can a file be linked into its place.
        """
        folder = self.local_path(SCRATCH)
        folder.mkdir(parents=True, exist_ok=True)
        if beside is not None and beside.stat().st_dev != folder.stat().st_dev:
            folder = beside
        with temporary(folder) as file:
            # By the file system's own clock: this machine's may be hours ahead of it, or be set meanwhile.
            _sweep(folder, file.stat().st_mtime)
            yield file

    def _state(self, partition: Partition) -> Path:
        return self.local_path(staging(partition))


def _linked(source: Path, target: Path) -> bool:
    """Give ``source`` the name ``target`` too; return False when that name is taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        # FAT and some network mounts know no hard links. The crawl's lock keeps a second writer away there.
        if target.exists():
            return False
        source.rename(target)
    return True


def _flushed(file: Path, data: bytes | Path) -> Path:
    """Bring ``data`` to disk under a name on the archive's file system and return that name."""
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
    """Make ``folder`` and those above it; the names of the new ones are on disk when this returns."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        _sync_folder(each.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, not only the bytes behind it."""
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
