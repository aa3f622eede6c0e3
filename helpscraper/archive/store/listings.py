"""The listings of a store: asked for each time, or once for each folder."""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, Self
from uuid import uuid4

__all__ = ["FileInfo", "Listed"]

# Threads share one listing of a folder.
_LISTING_LOCK = threading.Lock()


class FileInfo(NamedTuple):
    """One file of a listing: its path, its size in bytes, and a text (``etag``) that changes when the file does."""

    path: str
    size: int
    etag: str


class _Listing(dict[str, FileInfo]):
    """The files below a folder by path."""

    @cached_property
    def _order(self) -> list[str]:
        return sorted(self)

    def below(self, folder: str) -> _Listing:
        """Return those below ``folder``, without looking at the others: an archive has a thousand editions."""
        first, end = (bisect_left(self._order, f"{folder}{sign}") for sign in "/0")  # 0 comes after /
        return _Listing((path, self[path]) for path in self._order[first:end])


class Listed(ABC):
    """The part of a store that knows which files there are."""

    def __init__(self) -> None:
        self._listings: dict[str, _Listing] | None = None

    def with_cached_listings(self) -> Self:
        """Return a copy that lists each folder once, when it is first needed; this store if it does so already."""
        if self._listings is not None:
            return self
        copied = copy.copy(self)
        copied._listings = {}
        return copied

    @property
    def lists_once(self) -> bool:
        """Whether this store has cached listings."""
        return self._listings is not None

    def drop_listings(self, folder: str = "") -> None:
        """Drop the cached listings with files of ``folder``, because other programs may have changed them."""
        if self._listings is not None:
            with _LISTING_LOCK:
                kept = {
                    known: files
                    for known, files in self._listings.items()
                    if not _holds(folder, known) and not _holds(known, folder)
                }
                self._listings = kept

    def _note(self, path: str, size: int | None) -> None:
        """Enter a file of ``size`` bytes that this store has written (None: removed) in the cached listings."""
        if self._listings is None or "/." in f"/{path}":
            return
        written = {} if size is None else {path: FileInfo(path, size, uuid4().hex)}
        with _LISTING_LOCK:
            for folder, files in self._listings.items():
                if _holds(folder, path):
                    # A copy, because another thread may be iterating over the old one.
                    rest = {name: info for name, info in files.items() if name != path}
                    self._listings[folder] = _Listing(rest | written)

    def _below(self, folder: str) -> Mapping[str, FileInfo]:
        """Return the files below ``folder`` by path, from a cached listing of a folder above if there is one."""
        if self._listings is None:
            return self._list(folder)
        listings = self._listings
        with _LISTING_LOCK:
            if folder not in listings:
                above = folder
                while above and above not in listings:
                    above = above.rpartition("/")[0]
                known = listings.get(above)
                listings[folder] = _Listing(self._list(folder)) if known is None else known.below(folder)
            return listings[folder]

    def _info(self, path: str) -> FileInfo | None:
        if self._listings is None:
            return self._stat(path)
        return self._below(path.rpartition("/")[0]).get(path)

    @abstractmethod
    def _list(self, folder: str) -> dict[str, FileInfo]: ...

    @abstractmethod
    def _stat(self, path: str) -> FileInfo | None: ...


def _holds(folder: str, path: str) -> bool:
    return not folder or folder == path or path.startswith(f"{folder}/")
