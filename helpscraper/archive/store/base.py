"""The interface of a store: the operations that an archive needs for its files.

Every store keeps one promise: ``put_new`` publishes a file whole or not at all, and never overwrites one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from helpscraper.archive.layout import SCRATCH, Partition
from helpscraper.archive.store.files import digest_of, named, size_of
from helpscraper.archive.store.listings import FileInfo, Listed
from helpscraper.errors import ArchiveError

if TYPE_CHECKING:
    import duckdb

__all__ = ["FileInfo", "Store"]


class Store(Listed):
    """The files of one archive, named by paths relative to its root (see ``layout``).

    Operations that fail raise ``ArchiveError`` with the file's URL. A store asks the disk or the server each time,
    unless it has cached listings (see ``with_cached_listings``).
    """

    readers = 2
    """The number of threads that pay for reading many files: reading releases the interpreter's lock."""

    def __init__(self, uri: str, root: str) -> None:
        self.uri = uri
        self.root = root
        super().__init__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uri!r})"

    def _existing_info(self, path: str) -> FileInfo:
        with self._named(path):
            info = self._info(path)
            if info is None:
                raise FileNotFoundError(errno.ENOENT, "no such file", path)
            return info

    # ---- reading

    def list(self, folder: str) -> list[str]:
        """Return the sorted paths of all files below ``folder`` (missing: none), hidden ones left out."""
        with self._named(folder):
            return sorted(self._below(folder))

    def exists(self, path: str) -> bool:
        """Tell whether the file is there."""
        with self._named(path):
            return self._info(path) is not None

    def size(self, path: str) -> int:
        """Return the file's size in bytes."""
        return self._existing_info(path).size

    def etag(self, path: str) -> str:
        """Return a text that changes when the file does."""
        return self._existing_info(path).etag

    def listed_etag(self, path: str) -> str | None:
        """Return the ``etag`` of the file, None for a missing one."""
        with self._named(path):
            info = self._info(path)
            return None if info is None else info.etag

    def read(self, path: str) -> bytes:
        """Return the whole file."""
        with self.open(path) as stream, self._named(path):
            return stream.read()

    def open(self, path: str) -> IO[bytes]:
        """Open the file for reading and seeking."""
        with self._named(path):
            return self._open(path)

    # ---- writing

    def create(self, path: str, data: bytes | Path) -> bool:
        """Publish ``data`` as ``path``; False when there is a file with other contents, which stays.

        The file appears whole or not at all and is durable when this returns. The same bytes there are a success: an
        earlier run put them, or this put, whose answer was lost.
        """
        with self._named(path):
            if not self._is_taken(path, data) and self._create(path, data):
                self._note(path, size_of(data))
                return True
            self.drop_listings(path.rpartition("/")[0])
            return self._digest(path) == digest_of(data)

    def put_new(self, path: str, data: bytes | Path) -> None:
        """Publish ``data`` (bytes, or a finished local file) as ``path``, see ``create``.

        Raises ``ArchiveError`` when there is a file with other contents, which is never changed.
        """
        if not self.create(path, data):
            raise ArchiveError(
                f"{self.url(path)} is already there with other contents",
                advice="files are never overwritten: use another snapshot time, or move the file away",
            )

    def replace(self, path: str, data: bytes) -> None:
        """Publish ``data`` as ``path`` in one step, over the file that is there now.

        Only for the facts and the feed of a run whose snapshot is not committed: a resumed run writes them again.
        Raises ``ArchiveError`` when another program writes the file at the same time.
        """
        if self.create(path, data):
            return
        if not self.swaps:
            with self._named(path):
                self._overwrite(path, data)
            self._note(path, len(data))
            return
        there = self.read_with_etag(path)
        if self.put_if_match(path, data, None if there is None else there[1]) is None:
            raise ArchiveError(
                f"{self.url(path)}: another program writes this file at the same time",
                advice="see which other crawl runs, and run this one again when it has ended",
            )

    def overwrite(self, path: str, data: bytes) -> None:
        """Publish ``data`` as ``path``, whatever is there: only for a cache, which any writer may make again."""
        with self._named(path):
            self._overwrite(path, data)
        self._note(path, len(data))

    def remove(self, path: str) -> None:
        """Remove the file; a missing file is no error."""
        with self._named(path), contextlib.suppress(FileNotFoundError):
            self._remove(path)
        self._note(path, None)

    # ---- small objects that change, such as a lease: compare-and-swap

    @property
    @abstractmethod
    def swaps(self) -> bool:
        """Whether ``put_if_match`` and ``remove_if_match`` work here."""

    def read_with_etag(self, path: str) -> tuple[bytes, str] | None:
        """Return the contents of a small file and the ETag of these very contents; None when it is not there."""
        with self._named(path):
            try:
                return self._read_with_etag(path)
            except FileNotFoundError:
                return None

    def put_if_match(self, path: str, data: bytes, etag: str | None) -> str | None:
        """Write a small file over the version ``etag`` (None: where there is no file) and return the new ETag.

        None says that another writer was there before. ``data`` must name its writer: when the answer to a put is
        lost, equal contents are taken for the own ones.
        """
        with self._named(path):
            made = self._put_if_match(path, data, etag)
        if made is not None:
            self._note(path, len(data))
        if made is None and (now := self.read_with_etag(path)) is not None and now[0] == data:
            return now[1]
        return made

    def remove_if_match(self, path: str, etag: str) -> bool:
        """Remove the version ``etag`` of a small file; False when there is another version, which stays."""
        with self._named(path):
            removed = self._remove_if_match(path, etag)
        if removed:
            self._note(path, None)
        return removed or self.read_with_etag(path) is None

    @contextlib.contextmanager
    def scratch(self, path: str = SCRATCH) -> Iterator[Path]:
        """Give a local file to write to, from which ``put_new`` publishes cheaply; it is removed afterwards.

        ``path`` is the file that it will become; errors of the block become ``ArchiveError`` and name it.
        """
        with self._named(path), self._scratch() as file:
            yield file

    def state_dir(self, partition: Partition) -> Path:
        """Return (and make) the folder on this machine for the lock and the ledger of a running crawl."""
        folder = self._state(partition)
        with named(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    # ---- differences between the kinds of store

    @abstractmethod
    def probe(self, *, single_writer: bool = False) -> bool:
        """Raise ``ArchiveError`` when this store cannot be written, or lets one writer overwrite another's files.

        ``single_writer`` permits the second, because no other program writes to this archive; False is returned then.
        A server is asked once, at the first call or before the first write.
        """

    @abstractmethod
    def url(self, path: str = "") -> str:
        """Return the name of the file for DuckDB, pandas and messages: a local path or a full URL."""

    @abstractmethod
    def local_path(self, path: str = "") -> Path | None:
        """Return the path of the file on this machine; None when programs cannot open it by a path."""

    @abstractmethod
    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let DuckDB read the URLs of this store."""

    @abstractmethod
    def draft(self, path: str) -> Path:
        """Return the local file in which ``path`` grows until ``publish``; its folder exists."""

    @abstractmethod
    def publish(self, path: str) -> None:
        """Publish the draft of ``path``, which is complete and flushed."""

    @abstractmethod
    def drafts(self, folder: str) -> tuple[str, ...]:
        """Return the sorted paths below ``folder`` whose drafts a killed process did not publish."""

    def _is_taken(self, path: str, data: bytes | Path) -> bool:
        return self._stat(path) is not None

    @abstractmethod
    def _open(self, path: str) -> IO[bytes]: ...

    @abstractmethod
    def _create(self, path: str, data: bytes | Path) -> bool:
        """Publish ``data``; return False when another writer was first."""

    @abstractmethod
    def _overwrite(self, path: str, data: bytes) -> None: ...

    @abstractmethod
    def _remove(self, path: str) -> None: ...

    @abstractmethod
    def _read_with_etag(self, path: str) -> tuple[bytes, str]: ...

    @abstractmethod
    def _put_if_match(self, path: str, data: bytes, etag: str | None) -> str | None:
        """Return the new ETag, None for another version."""

    @abstractmethod
    def _remove_if_match(self, path: str, etag: str) -> bool:
        """Tell whether this version was there."""

    @abstractmethod
    def _scratch(self) -> contextlib.AbstractContextManager[Path]: ...

    @abstractmethod
    def _state(self, partition: Partition) -> Path: ...

    def _digest(self, path: str) -> bytes:
        with self.open(path) as stream:
            return hashlib.file_digest(cast("io.BytesIO", stream), "sha256").digest()

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _named(self, path: str) -> contextlib.AbstractContextManager[None]:
        return named(self.url(path))
