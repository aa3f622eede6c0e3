"""An archive on an object store, through fsspec: one conditional put makes a file appear.

Object stores have no folders and no rename, and each question is a request. The state of a running crawl stays on this
machine, under ``$XDG_STATE_HOME/helpscraper``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from fsspec.core import url_to_fs
from fsspec.spec import AbstractFileSystem

from helpscraper.archive.layout import Partition, locate
from helpscraper.archive.store.base import Entry, Store, temporary
from helpscraper.errors import ArchiveError

if TYPE_CHECKING:
    import duckdb

__all__ = ["ObjectStore"]

# A footer of Parquet and a record of a WARC file are mostly smaller: one request fetches them.
_AHEAD_BYTES = 1 << 20

# Under these names fsspec's file systems tell versions of one object apart; the first that is there counts.
_MARKS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "created", "mtime")


class ObjectStore(Store):
    """A prefix of a bucket, such as ``s3://bucket/archive``; ``fs`` is the fsspec file system behind it."""

    def __init__(self, uri: str) -> None:
        try:
            # fsspec's own listings outlive what another machine writes.
            self.fs, root = url_to_fs(uri, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ArchiveError(
                f"{uri}: cannot open this kind of archive: {error}",
                advice="use a folder, or install the fsspec package for this protocol (s3fs, gcsfs, adlfs)",
            ) from error
        super().__init__(uri, str(root).rstrip("/"))

    def url(self, path: str = "") -> str:
        """Return the full URL."""
        return str(self.fs.unstrip_protocol(self._full(path)))

    def local_path(self, path: str = "") -> None:
        """Return None: the file is not on this machine."""

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Register a file system that answers DuckDB from this store's listings."""
        connection.register_filesystem(_ForDuckDB(self))

    def draft(self, path: str) -> Path:
        """Return a file in the state folder of this machine."""
        file = self._state_root() / path.partition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def publish(self, path: str) -> None:
        """Put the draft and remove it here."""
        draft = self.draft(path)
        self.put_new(path, draft)
        draft.unlink()

    def drafts(self, folder: str) -> tuple[str, ...]:
        """Return the files of the archive that lie in the state folder."""
        state = self._state_root() / folder.partition("/")[2]
        paths = (f"{folder}/{file.name}" for file in state.glob("*"))
        return tuple(sorted(path for path in paths if locate(path) is not None))

    def _list(self, folder: str) -> dict[str, Entry]:
        found: Mapping[str, Mapping[str, Any]] = self.fs.find(self._full(folder), detail=True)
        return {
            path: _entry(path, facts)
            for name, facts in found.items()
            # An empty folder to which another writer puts its first file meanwhile is found itself.
            if facts["type"] == "file" and "/." not in f"/{(path := name[len(self.root) + 1 :])}"
        }

    def _look(self, path: str) -> Entry | None:
        try:
            facts = self.fs.info(self._full(path))
        except FileNotFoundError:
            return None
        return _entry(path, facts) if facts["type"] == "file" else None

    def _open(self, path: str) -> IO[bytes]:
        ranges = _Ranges(self.fs, self._full(path), self.size(path))
        return io.BufferedReader(ranges, _AHEAD_BYTES)

    def _create(self, path: str, data: bytes | Path) -> bool:
        try:
            if isinstance(data, Path):
                self.fs.put_file(str(data), self._full(path), mode="create")
            else:
                self.fs.pipe_file(self._full(path), data, mode="create")
        except FileExistsError:
            return False
        return True

    def _overwrite(self, path: str, data: bytes) -> None:
        self.fs.pipe_file(self._full(path), data, mode="overwrite")

    def _remove(self, path: str) -> None:
        self.fs.rm_file(self._full(path))

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="helpscraper-") as folder, temporary(folder) as file:
            yield file

    def _state(self, partition: Partition) -> Path:
        return self._state_root() / partition.folder

    def _state_root(self) -> Path:
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(home) / "helpscraper" / quote(self.uri, safe="")


def _entry(path: str, facts: Mapping[str, Any]) -> Entry:
    mark = next((str(facts[name]) for name in _MARKS if facts.get(name)), "")
    return Entry(path, int(facts["size"]), f"{mark}-{facts['size']}")


class _Ranges(io.RawIOBase):
    """One object of known size, each read a ranged request; fsspec's own files ask for the size again."""

    def __init__(self, fs: AbstractFileSystem, name: str, size: int) -> None:
        self._fs, self._name, self._size = fs, name, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data: bytes = self._fs.cat_file(self._name, start=self._at, end=end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _ForDuckDB(AbstractFileSystem):  # type: ignore[misc]
    """The operations that DuckDB uses of an fsspec file system, answered by a store."""

    cachable = False

    def __init__(self, store: ObjectStore) -> None:
        super().__init__()
        self.protocol = store.fs.protocol
        self._store = store

    def _path(self, url: str) -> str:
        return url.removeprefix(f"{self._store.url()}/")

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path]

    def open(self, path: str, mode: str = "rb", **_: Any) -> IO[bytes]:
        return self._store.open(self._path(path))

    def size(self, path: str) -> int:
        return self._store.size(self._path(path))

    def modified(self, path: str) -> dt.datetime:
        # Files of an archive never change, so one instant does for all.
        return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
