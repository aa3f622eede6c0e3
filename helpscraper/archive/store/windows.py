"""Read an object by ranges, and keep what was read last."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import Any

from helpscraper.archive.store.base import FileInfo
from helpscraper.archive.store.client import Client

__all__ = ["Ranges", "Windows"]

# A request fetches at least this much; most footers, small files and WARC records are smaller.
_WINDOW_BYTES = 1 << 20
_MOST_BYTES = 16 << 20
_KEPT_BYTES = 32 << 20


class Windows:
    """Parts of objects that were read last, at most ``_KEPT_BYTES``, by the object's path and version."""

    def __init__(self) -> None:
        self._parts: OrderedDict[tuple[FileInfo, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def at(self, info: FileInfo, offset: int) -> tuple[int, bytes] | None:
        """Return the start and the bytes of a part that holds ``offset``."""
        with self._lock:
            for known, start in reversed(self._parts):
                if known == info and start <= offset < start + len(data := self._parts[known, start]):
                    return start, data
        return None

    def keep(self, info: FileInfo, start: int, data: bytes) -> None:
        """Keep a part, in place of the oldest ones."""
        with self._lock:
            self._bytes += len(data) - len(self._parts.pop((info, start), b""))
            self._parts[info, start] = data
            while self._bytes > _KEPT_BYTES:
                _, dropped = self._parts.popitem(last=False)
                self._bytes -= len(dropped)


class Ranges(io.RawIOBase):
    """One object of known size; each read is a ranged request. fsspec's own files would ask for the size again.

    A request fetches a window of ``_WINDOW_BYTES``, each further one twice as much, and near the end of the object the
    bytes before it too: readers of Parquet begin with the footer.
    """

    def __init__(self, fs: Client, name: str, info: FileInfo, windows: Windows) -> None:
        self._fs, self._name, self._info, self._windows = fs, name, info, windows
        self._offset = 0
        self._length = _WINDOW_BYTES
        self._window: tuple[int, bytes] = 0, b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position and return it; it may be behind the end."""
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._info.size}[whence]
        self._offset = max(0, offset + begin)
        return self._offset

    def tell(self) -> int:
        """Return the position."""
        return self._offset

    def readinto(self, buffer: Any) -> int:
        """Read into ``buffer`` and return the number of bytes, 0 at the end."""
        if self._offset >= self._info.size:
            return 0
        start, data = self._window
        if not start <= self._offset < start + len(data):
            start, data = self._window = self._windows.at(self._info, self._offset) or self._fetched()
        part = data[self._offset - start : self._offset - start + len(buffer)]
        buffer[: len(part)] = part
        self._offset += len(part)
        return len(part)

    def _fetched(self) -> tuple[int, bytes]:
        size = self._info.size
        end = min(self._offset + self._length, size)
        start = min(self._offset, max(0, end - _WINDOW_BYTES))
        data: bytes = self._fs.cat_file(self._name, start=start, end=end)
        if start + len(data) <= self._offset:
            raise OSError(f"it ends after {start + len(data)} of {size} bytes")
        self._length = min(2 * self._length, _MOST_BYTES)
        self._windows.keep(self._info, start, data)
        return start, data
