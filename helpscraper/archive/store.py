"""Where an archive lives: a folder, or any fsspec URL, behind the few operations that an archive needs.

The one promise: ``commit`` makes a file appear whole or not at all, and never over another one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from helpscraper.archive.layout import SCRATCH, Partition, staging
from helpscraper.errors import ArchiveError, CommandError

__all__ = ["Store", "make_folder", "sha256", "uri_problem"]

# A commit takes seconds, so an hour-old scratch file has lost its writer (killed, or the power went).
_STALE_SECONDS = 3600

_ADVICE = {
    errno.ENOSPC: "the disk is full: make room and run again; earlier files are untouched",
    errno.EDQUOT: "the disk quota is used up: make room and run again; earlier files are untouched",
    errno.EFBIG: "the file is larger than this system lets a process write: raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only: mount it writable, or name another place with --archive",
    errno.EACCES: "the archive is not writable for this user: check its owner and mode, or use --archive",
    errno.ENOTDIR: "a file stands where the archive needs a folder: move it away, or use --archive",
    errno.EEXIST: "a file stands where the archive needs a folder: move it away, or use --archive",
    errno.EPERM: "the archive is not writable for this user: check its owner and mode, or use --archive",
}


class Store:
    """The files of one archive, named by paths relative to its root (see ``layout``).

    ``uri`` is a folder or an fsspec URL (``memory://x``, ``s3://bucket/prefix``); credentials come from the
    environment, as each file system's own documentation says. Raises ``CommandError`` for a URI that names no place
    (see ``uri_problem``) or a file, and ``ArchiveError`` for a file system that is not installed.
    """

    def __init__(self, uri: str | os.PathLike[str] = "output") -> None:
        self.uri = os.fspath(uri)
        if (problem := uri_problem(self.uri)) is not None:
            raise CommandError(f"archive {self.uri!r}: {problem}", advice="name a folder or an fsspec URL")
        try:
            self.fs, root = fsspec.core.url_to_fs(self.uri)
        except (ImportError, ValueError) as error:
            raise ArchiveError(
                f"{self.uri}: cannot open this kind of archive: {error}",
                advice="use a folder, or install the fsspec package for this protocol (s3fs, gcsfs, adlfs)",
            ) from error
        self.root = str(root).rstrip("/")
        self.is_local = isinstance(self.fs, LocalFileSystem)
        if self.is_local and Path(self.root).is_file():
            raise CommandError(
                f"archive {self.uri!r}: this is a file",
                advice="an archive is a folder: name that one, or another",
            )

    def __repr__(self) -> str:
        return f"Store({self.uri!r})"

    def url(self, path: str = "") -> str:
        """Return what DuckDB, pandas and a reader of messages call the file: a local path or a full URL."""
        full = self._full(path)
        return full if self.is_local else str(self.fs.unstrip_protocol(full))

    def exists(self, path: str) -> bool:
        """Tell whether the file is there."""
        return bool(self.fs.isfile(self._full(path)))

    def size(self, path: str) -> int:
        """Return the file's size in bytes; ``ArchiveError`` when it is not there."""
        with self._named(path):
            return int(self.fs.size(self._full(path)))

    def list(self, folder: str) -> list[str]:
        """Return the sorted paths of all files below ``folder`` (missing: none), hidden ones left out."""
        if self.is_local:
            return sorted(self._walk(folder))
        self.fs.invalidate_cache(self._full(folder))
        found = self.fs.find(self._full(folder)) if self.fs.exists(self._full(folder)) else []
        paths = (str(name)[len(self.root) + 1 :] for name in found)
        return sorted(path for path in paths if "/." not in f"/{path}")

    def _walk(self, folder: str) -> Iterator[str]:
        top = self._full(folder)
        for parent, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            relative = (folder + parent[len(top) :].replace(os.sep, "/")).lstrip("/")
            prefix = f"{relative}/" if relative else ""
            yield from (f"{prefix}{name}" for name in names if not name.startswith("."))

    def read(self, path: str) -> bytes:
        """Return the whole file; ``ArchiveError`` when it is missing or unreadable."""
        with self._named(path):
            data: bytes = self.fs.cat_file(self._full(path))
            return data

    def open(self, path: str) -> IO[bytes]:
        """Open the file for seeking and reading; ``ArchiveError`` when it is missing or unreadable."""
        with self._named(path):
            stream: IO[bytes] = self.fs.open(self._full(path), "rb")
            return stream

    def commit(self, path: str, data: bytes | Path, *, replace: bool = False) -> None:
        """Publish ``data`` (bytes, or a finished local file that nobody writes any more) as ``path``.

        The file appears whole or not at all and is on disk when this returns. A file that is already there is
        never touched: ``ArchiveError``, unless it holds the same bytes. ``replace`` is for the facts of a run
        whose snapshot was never committed, which a resumed run writes again; it takes bytes only.
        """
        if not replace and self.exists(path):
            if self._digest(path) == _digest_of(data):
                return
            raise self._taken(path)
        with self._named(path):
            if not self.is_local:
                self._put(path, data, "overwrite" if replace else "create")
                return
            target = Path(self._full(path))
            make_folder(target.parent)
            with self.scratch(path, beside=target.parent) as temporary:
                source = _flushed(temporary, data)
                self._publish(source, target, path, replace=replace)
            _sync_folder(target.parent)

    def remove(self, path: str) -> None:
        """Remove a file; that it is gone already is no error."""
        with self._named(path), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._full(path))

    def mark(self, path: str) -> str:
        """Return a text that is another one when the file is (by its size, time and what else is known of it)."""
        with self._named(path):
            return str(self.fs.ukey(self._full(path)))

    def digest(self, path: str) -> str:
        """Return the SHA-256 of the file in hexadecimal digits; ``ArchiveError`` when it is not there."""
        return self._digest(path).hex()

    @contextlib.contextmanager
    def scratch(self, path: str = SCRATCH, *, beside: Path | None = None) -> Iterator[Path]:
        """Give the name of a local file to write to, on the archive's own file system where it has one.

        A part of an archive may lie on another disk (``warc/`` on a larger one): the file is then made in the
        folder ``beside``, from which it can be renamed into its place.

        The file is removed afterwards; those that a killed writer left are removed by the next one. What goes
        wrong while it is written is an ``ArchiveError`` that names ``path``, the file that it was to become.
        """
        with self._named(path), contextlib.ExitStack() as stack:
            if self.is_local:
                folder = Path(self._full(SCRATCH))
                folder.mkdir(parents=True, exist_ok=True)
                if beside is not None and beside.stat().st_dev != folder.stat().st_dev:
                    folder = beside
            else:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="helpscraper-")))
            handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
            os.close(handle)
            # mkstemp makes files that only their owner may read; an archive is read by others too.
            Path(name).chmod(0o644)
            stack.callback(Path(name).unlink, missing_ok=True)
            if self.is_local:
                # By the file system's own clock: this machine's may be hours ahead of it, or be set meanwhile.
                _sweep(folder, Path(name).stat().st_mtime)
            yield Path(name)

    def state_dir(self, partition: Partition) -> Path:
        """Return (and make) the local folder for the lock and the ledger of a running crawl.

        For an archive on an object store it lies under ``$XDG_STATE_HOME/helpscraper`` and guards this
        machine only; the conditional put of ``commit`` guards the rest.
        """
        if self.is_local:
            path = staging(partition)
            folder = Path(self._full(path))
        else:
            home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
            folder = Path(home) / "helpscraper" / quote(self.uri, safe="") / partition.folder
            path = str(folder)
        # On an object store the state is no part of it, so its folder is not named by the store's URL.
        with _named(self.url(path) if self.is_local else path):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _put(self, path: str, data: bytes | Path, mode: str) -> None:
        full = self._full(path)
        try:
            if isinstance(data, Path):
                self.fs.put_file(str(data), full, mode=mode)
            else:
                self.fs.pipe_file(full, data, mode=mode)
        except FileExistsError:
            raise self._taken(path) from None

    def _publish(self, source: Path, target: Path, path: str, *, replace: bool) -> None:
        if replace:
            source.replace(target)
            return
        try:
            os.link(source, target)
        except FileExistsError:
            raise self._taken(path) from None
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            # FAT and some network mounts know no hard links. The crawl's lock keeps a second writer away
            # there.
            if target.exists():
                raise self._taken(path) from None
            source.rename(target)

    def _digest(self, path: str) -> bytes:
        with self._named(path), self.open(path) as stream:
            return hashlib.file_digest(cast("io.BytesIO", stream), "sha256").digest()

    def _taken(self, path: str) -> ArchiveError:
        return ArchiveError(
            f"{self.url(path)} is already there with other contents",
            advice="files are never overwritten: use another snapshot time, or move the file away",
        )

    def _named(self, path: str) -> contextlib.AbstractContextManager[None]:
        return _named(self.url(path))


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn an operating-system error into one that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        missing = isinstance(error, FileNotFoundError)
        advice = _ADVICE.get(number, "`helpscraper verify` lists what is missing" if missing else "")
        what = "no such file" if missing else (error.strerror or str(error))
        raise ArchiveError(f"{name}: {what}", advice=advice) from error


def uri_problem(uri: str) -> str | None:
    """Say why no archive can be kept at ``uri``, None when one can.

    fsspec takes an empty text for the working directory, and ``a::b`` for a chain of file systems of which only the
    first would be written to.

    >>> uri_problem("")
    'a folder or an fsspec URL is wanted, and this is empty'
    """
    if not uri.strip():
        return "a folder or an fsspec URL is wanted, and this is empty"
    if "::" in uri:
        return "one folder or one fsspec URL is wanted, and `::` chains several"
    return None


def sha256(file: Path) -> str:
    """Return the SHA-256 of a local file in hexadecimal digits."""
    return _digest_of(file).hex()


def _digest_of(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest()
    with data.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _flushed(temporary: Path, data: bytes | Path) -> Path:
    """Bring ``data`` to disk under a name on the archive's file system and return that name."""
    if isinstance(data, Path) and data.stat().st_dev == temporary.stat().st_dev:
        with data.open("rb") as stream:
            os.fsync(stream.fileno())
        return data
    with temporary.open("wb") as stream:
        if isinstance(data, Path):
            with data.open("rb") as source:
                shutil.copyfileobj(source, stream, 1 << 20)
        else:
            stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary


def make_folder(folder: Path) -> None:
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
    limit = now - _STALE_SECONDS
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # another writer may sweep at the same time
            if leftover.stat().st_mtime < limit:
                leftover.unlink()
