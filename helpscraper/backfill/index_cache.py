"""Keep the answers of an index until a backfill has everything, so that a run that was cut off does not ask again.

SQLite writes an answer whole or not at all, whenever the process is killed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from helpscraper.errors import ArchiveError

__all__ = ["IndexCache"]

_OLDEST = 7 * 86400
"""Seconds; an index may know more after that time."""


class IndexCache:
    """Answers of indexes by URL, in the file ``path``; a context manager, only for one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: set[str] = set()

    def __enter__(self) -> Self:
        try:
            self._con = self._open()
        except sqlite3.DatabaseError:  # damaged: the index can be asked again
            self._path.unlink(missing_ok=True)
            with self._named():
                self._con = self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def get(self, url: str) -> bytes | None:
        """Return the answer to ``url``, None where it is not kept."""
        with self._named():
            row = self._con.execute(
                "select body from answers where url = ? and status = 200", [url]
            ).fetchone()
            self._used.add(url)
            return None if row is None else zlib.decompress(row[0])

    def put(self, url: str, body: bytes) -> None:
        """Keep an answer; raises ``ArchiveError`` when it cannot be written."""
        with self._named(), self._con:
            self._con.execute(
                "insert or replace into answers values (?, 200, ?, ?)",
                [url, zlib.compress(body), time.time()],
            )

    def clear(self) -> None:
        """Forget the answers that this run used: the next backfill wants to know what the index knows then.

        Those of other sources and times stay for the runs that were cut off.
        """
        with self._named(), self._con:
            self._con.executemany("delete from answers where url = ?", ([url] for url in self._used))

    def _open(self) -> sqlite3.Connection:
        con = sqlite3.connect(self._path)
        try:
            with con:
                con.execute(
                    "create table if not exists answers (url text primary key, status int, body blob, at real)"
                )
                con.execute("delete from answers where at < ?", [time.time() - _OLDEST])
        except BaseException:
            con.close()
            raise
        return con

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error) as error:
            raise ArchiveError(
                f"{self._path}: the answers of the index cannot be kept: {error}",
                advice="free disk space, or delete this file, and run the command again",
            ) from error
