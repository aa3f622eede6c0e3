"""The file of a ledger (opened, written in transactions, closed), with the sums and problems that a crawl notes."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

from helpscraper.errors import ArchiveError

__all__ = ["MAX_DETAIL", "LedgerDamagedError", "LedgerFile"]

logger = logging.getLogger(__name__)

# WITHOUT ROWID where a row is small; a row that holds a text would make its B-tree slow to grow.
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS section (
    slug TEXT PRIMARY KEY, title TEXT, category TEXT, content_type TEXT, problem TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listing_page (
    section TEXT, walk INTEGER, page INTEGER, total INTEGER, shown INTEGER, pages INTEGER, last INTEGER,
    PRIMARY KEY (section, walk, page)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sighting (
    article_id TEXT, section TEXT, walk INTEGER, columns TEXT NOT NULL,
    PRIMARY KEY (article_id, section));
CREATE TABLE IF NOT EXISTS article (
    article_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, columns TEXT, detail TEXT, etag TEXT, last_modified TEXT);
CREATE TABLE IF NOT EXISTS due (place INTEGER PRIMARY KEY, article_id TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS body (
    sha256 TEXT PRIMARY KEY, text TEXT NOT NULL, markdown TEXT NOT NULL, html TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tally (kind TEXT, name TEXT, n INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS problem (kind TEXT, url TEXT, detail TEXT);
"""

MAX_DETAIL: Final = 500
"""Characters kept of a detail: a site that answers each page with an error must not fill the ledger with those."""

_MAX_PROBLEMS = 200


class LedgerDamagedError(ArchiveError):
    """SQLite cannot read the ledger file: it is damaged."""


class LedgerFile:
    """The file, with a crawl's counts and problems. Not thread-safe; a crawl owns it under the archive's lock."""

    def __init__(self, path: Path) -> None:
        """Open or create the ledger at ``path``; raises ``ArchiveError`` when it cannot be read or written."""
        self.path = path
        self._pending: dict[str, Counter[str]] = {}
        self._unflushed = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # A killed process loses nothing at NORMAL; a power cut may cost the last pages, which are fetched again.
            self._db.execute("PRAGMA synchronous=NORMAL")
            # A checkpoint waits for the disk; one for each 16 MB or so is enough.
            self._db.execute("PRAGMA wal_autocheckpoint=4000")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.OperationalError) as error:
            raise ArchiveError(
                f"{path}: the ledger of the crawl cannot be opened: {error}",
                advice="check that the folder is writable and the disk is not full",
            ) from error
        except sqlite3.DatabaseError as error:
            raise LedgerDamagedError(
                f"{path}: the ledger of the crawl is damaged: {error}.",
                advice="it cannot be resumed; the next crawl renames it and starts a new one",
            ) from error

    def _write(self, statement: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, tuple(values))
        except sqlite3.Error as error:
            raise ArchiveError(
                f"{self.path}: the ledger of the crawl cannot be written: {error}",
                advice="make room on the disk, then run again with --resume: the ledger is kept",
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes inside it, or none. A transaction inside another one is part of that one."""
        if self._db.in_transaction:
            yield
            return
        self._write("BEGIN")
        try:
            yield
            self._write("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:  # on a full disk SQLite has rolled back already
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; the ledger stays. Tallies that do not fit on a full disk are dropped: they only inform."""
        try:
            self.flush()
        except ArchiveError as error:
            logger.warning("%s", error.message)
        finally:
            self._db.close()

    def delete(self) -> None:
        """Close the file and remove it: its crawl is committed or refused, and the archive holds all of it."""
        self._db.close()
        for suffix in ("-wal", "-shm", ""):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def copy_to(self, path: Path) -> None:
        """Write the ledger as it is now to ``path``, an empty or missing file; raises ``ArchiveError``."""
        self.flush()
        self._write("VACUUM INTO ?", (str(path),))

    def set_meta(self, **values: str) -> None:
        """Keep facts of the crawl (``snapshot_id``, ``arguments`` …) as text, all of them or none."""
        rows = ", ".join("(?, ?)" for _ in values)
        self._write(f"INSERT OR REPLACE INTO meta VALUES {rows}", chain.from_iterable(values.items()))  # noqa: S608

    def meta(self) -> dict[str, str]:
        """Return the facts kept by ``set_meta``."""
        return dict(self._db.execute("SELECT key, value FROM meta"))

    def tally(self, kind: str, counts: Mapping[str, int] | Iterable[str]) -> None:
        """Add ``counts`` (sums, or the names themselves, each for one) to the running sums of ``kind``."""
        self._pending.setdefault(kind, Counter()).update(counts)

    def flush(self) -> None:
        """Write the sums that are still in memory."""
        pending, self._pending, self._unflushed = self._pending, {}, 0
        for kind, counts in pending.items():
            for name, n in counts.items():
                self._write(
                    "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                    (kind, name, n),
                )

    def tallies(self, kind: str) -> Counter[str]:
        """Return the sums of ``kind``, sorted by name, those in memory too."""
        found = Counter(dict(self._db.execute("SELECT name, n FROM tally WHERE kind = ?", (kind,))))
        found.update(self._pending.get(kind, {}))
        return Counter(dict(sorted(found.items())))

    def problem(self, kind: str, url: str, detail: str) -> None:
        """Note a problem at ``url``; every problem is counted, and the texts are kept up to a bound."""
        self.tally("problem", {kind: 1})
        if self.tallies("problem")[kind] <= _MAX_PROBLEMS:
            self._write("INSERT INTO problem VALUES (?, ?, ?)", (kind, url[:MAX_DETAIL], detail[:MAX_DETAIL]))

    def problems(self) -> list[tuple[str, str, str]]:
        """Return (kind, URL, detail) of the problems kept, oldest first."""
        return list(self._db.execute("SELECT kind, url, detail FROM problem ORDER BY rowid"))
