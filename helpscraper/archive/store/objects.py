"""An archive on an object store, through fsspec; a file is published by one conditional put.

Object stores have no folders and no rename, and every operation is a request. The state of a running crawl stays on
this machine, under ``$XDG_STATE_HOME/helpscraper``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from fsspec.core import url_to_fs
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

from helpscraper.archive.layout import STATE, Partition, parse_path
from helpscraper.archive.store.base import FileInfo, Store
from helpscraper.archive.store.client import Client, StoreError
from helpscraper.archive.store.files import temporary
from helpscraper.archive.store.windows import Ranges, Windows
from helpscraper.errors import ArchiveError

if TYPE_CHECKING:
    import duckdb

__all__ = ["SINGLE_WRITER", "ObjectStore"]

_BUFFER_BYTES = 1 << 16
# Two requests tell that an object is not there, so they are worth it for a large one only.
_LARGE_BYTES = 16 << 20

SINGLE_WRITER = "HELPSCRAPER_SINGLE_WRITER"
"""The environment variable that states that nothing else writes to the archive."""

_PROBE = f"{STATE}/probe"

# `memory://` is shared by the threads of one process.
_MEMORY = threading.Lock()

# fsspec's file systems give the version of an object under one of these names.
_ETAGS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "created", "mtime")


class ObjectStore(Store):
    """A prefix of a bucket, such as ``s3://bucket/archive``; ``fs`` is the client of its store."""

    readers = 16

    def __init__(self, uri: str) -> None:
        try:
            # fsspec's cached listings would hide files that another machine writes.
            fs, root = url_to_fs(uri, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ArchiveError(
                f"{uri}: cannot open this kind of archive: {error}",
                advice="give a folder, or install the fsspec package for this protocol",
            ) from error
        self.fs = Client(fs)
        super().__init__(uri, str(root).rstrip("/"))
        self._windows = Windows()
        # `find` of an empty folder asks twice more whether the folder is a file; with a prefix it does not.
        find = getattr(fs, "_find", fs.find)
        self._finds_by_prefix = "prefix" in signature(find).parameters

    def url(self, path: str = "") -> str:
        """Return the full URL."""
        return str(self.fs.fs.unstrip_protocol(self._full(path)))

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
        with self._named(path):
            draft.unlink(missing_ok=True)

    def drafts(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the drafts in the state folder."""
        state = self._state_root() / folder.partition("/")[2]
        paths = (f"{folder}/{file.name}" for file in state.glob("*"))
        return tuple(sorted(path for path in paths if parse_path(path) is not None))

    def _list(self, folder: str) -> dict[str, FileInfo]:
        prefix = f"{folder}/" if folder else ""
        found: Mapping[str, Mapping[str, Any]] = (
            self.fs.find(self.root, prefix=prefix, detail=True)
            if self._finds_by_prefix
            else self.fs.find(self._full(folder), detail=True)
        )
        return {
            path: _info(path, facts)
            for name, facts in found.items()
            # fsspec returns the folder itself while another writer puts the first file into it; adlfs returns the
            # files of `ab` for the prefix `a/`.
            if facts["type"] == "file"
            and (path := name[len(self.root) + 1 :]).startswith(prefix)
            and "/." not in f"/{path}"
        }

    def _stat(self, path: str) -> FileInfo | None:
        try:
            facts = self.fs.info(self._full(path))
        except FileNotFoundError:
            return None
        return _info(path, facts) if facts["type"] == "file" else None

    def _open(self, path: str) -> IO[bytes]:
        info = self._existing_info(path)
        return io.BufferedReader(Ranges(self.fs, self._full(path), info, self._windows), _BUFFER_BYTES)

    def _is_taken(self, path: str, data: bytes | Path) -> bool:
        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        return size > _LARGE_BYTES and super()._is_taken(path, data)

    def probe(self, *, single_writer: bool = False) -> bool:
        """Put one small object create-only, once per process, and tell whether the condition was honoured.

        Raises ``ArchiveError`` for a wrong bucket, missing or wrong credentials, a server that is down, and one that
        ignores conditions unless this is the only writer (``HELPSCRAPER_SINGLE_WRITER`` says so too).
        """
        client = self.fs
        client.single_writer |= single_writer or bool(os.environ.get(SINGLE_WRITER))
        with self._named(""):
            conditional = client.probe(self._full(_PROBE))
        if not conditional and not client.single_writer:
            raise ArchiveError(
                f"{self.uri}: this store ignores conditional puts, so two writers would overwrite each other's files",
                advice="use a store that honours If-None-Match and If-Match; if nothing else writes to this archive: "
                f"crawl --single-writer, or {SINGLE_WRITER}=1",
            )
        return conditional

    def _create(self, path: str, data: bytes | Path) -> bool:
        if not self.probe() and self._stat(path) is not None:
            return False
        try:
            if isinstance(data, Path):
                self.fs.put_file(str(data), self._full(path), mode="create")
            else:
                self.fs.pipe_file(self._full(path), data, mode="create")
        except (FileExistsError, FileNotFoundError):
            # An upload in parts is not found any more when the answer to its end was lost.
            return False
        return True

    def _overwrite(self, path: str, data: bytes) -> None:
        self.probe()
        self.fs.pipe_file(self._full(path), data, mode="overwrite")

    def _remove(self, path: str) -> None:
        self.probe()
        self.fs.rm_file(self._full(path))

    @property
    def swaps(self) -> bool:
        """Whether there is compare-and-swap: in a bucket that honours it, and in the memory of one process."""
        return self.fs.swaps or isinstance(self.fs.fs, MemoryFileSystem)

    def _read_with_etag(self, path: str) -> tuple[bytes, str]:
        if self.fs.swaps:
            return self.fs.get(self._full(path))
        data: bytes = self.fs.cat_file(self._full(path))
        return data, hashlib.sha256(data).hexdigest()

    def _put_if_match(self, path: str, data: bytes, etag: str | None) -> str | None:
        self.probe()
        if self.fs.swaps:
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                return self.fs.put_if_match(self._full(path), data, etag)
            return None
        with self._swapping():
            if not self._has_version(path, etag):
                return None
            self._overwrite(path, data)
            return hashlib.sha256(data).hexdigest()

    def _remove_if_match(self, path: str, etag: str) -> bool:
        self.probe()
        if self.fs.swaps:
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                self.fs.remove_if_match(self._full(path), etag)
                return True
            return False
        with self._swapping():
            if there := self._has_version(path, etag):
                self._remove(path)
            return there

    def _has_version(self, path: str, etag: str | None) -> bool:
        return (self._read_with_etag(path)[1] if self._stat(path) is not None else None) == etag

    def _swapping(self) -> threading.Lock:
        if not self.swaps:
            raise StoreError(
                "this kind of store has no compare-and-swap here", "use a folder, s3://, gs:// or az://", None
            )
        return _MEMORY

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="helpscraper-") as folder, temporary(folder) as file:
            yield file

    def _state(self, partition: Partition) -> Path:
        return self._state_root() / partition.folder

    def _state_root(self) -> Path:
        home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(home) / "helpscraper" / quote(self.uri, safe="")


def _info(path: str, facts: Mapping[str, Any]) -> FileInfo:
    etag = next((str(facts[name]) for name in _ETAGS if facts.get(name)), "")
    return FileInfo(path, int(facts["size"]), f"{etag}-{facts['size']}")


class _ForDuckDB(AbstractFileSystem):  # type: ignore[misc]
    """The fsspec operations that DuckDB uses, through the store and its cached listings."""

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
        # Files of an archive never change, so any constant will do.
        return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
