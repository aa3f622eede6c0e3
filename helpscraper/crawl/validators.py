"""HTTP validators, kept beside the archive from one crawl to the next.

They are used only when the newest run is their own and was committed; after a failed or refused run every
page is requested in full.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.intake.ledger import Ledger

__all__ = ["Validators"]

logger = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE run (run_id TEXT NOT NULL);
CREATE TABLE validator (article_id TEXT PRIMARY KEY, etag TEXT, last_modified TEXT) WITHOUT ROWID;
"""


class Validators:
    """(ETag, Last-Modified) by article id of the last crawl, in a SQLite file: a large site's would fill the memory.

    There are none unless ``newest``, the newest run of all, is that crawl and was committed. Not thread-safe.
    """

    def __init__(self, catalog: Catalog, partition: Partition, newest: RunFacts | None) -> None:
        self._path = catalog.store.state_dir(partition) / "validators.sqlite"
        self._db: sqlite3.Connection | None = None
        if newest is None or newest.outcome not in {"committed", "incomplete"} or not self._path.exists():
            return
        try:
            self._db = sqlite3.connect(self._path)
            if self._db.execute("SELECT run_id FROM run").fetchone() != (newest.run_id,):
                self.close()
        except sqlite3.Error as error:
            self._give_up(error)

    def get(self, article_id: str) -> tuple[str | None, str | None]:
        """Return (ETag, Last-Modified) of an article, each None where there is none."""
        if self._db is None:
            return (None, None)
        try:
            found = self._db.execute(
                "SELECT etag, last_modified FROM validator WHERE article_id = ?", (article_id,)
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return (None, None)
        return found or (None, None)

    def save(self, run_id: str, ledger: Ledger) -> None:
        """Keep what came with the committed run ``run_id``, and what is there already of articles carried over.

        Raises ``OSError`` or ``sqlite3.Error``; the file is written whole or not at all.
        """
        temporary = self._path.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        with closing(sqlite3.connect(temporary)) as db:
            db.executescript(_TABLES)
            with db:
                insert = "INSERT OR IGNORE INTO validator VALUES (?, ?, ?)"
                db.executemany(insert, ledger.validators())
                if self._db is not None:
                    kept = ((article_id, *self.get(article_id)) for article_id in ledger.carried())
                    db.executemany(insert, (row for row in kept if any(row[1:])))
                db.execute("INSERT INTO run VALUES (?)", (run_id,))
        self.close()
        temporary.replace(self._path)
        self._path.with_suffix(".json").unlink(missing_ok=True)  # of an earlier version, which is not read

    def close(self) -> None:
        """Close the file; there are no validators any more."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _give_up(self, error: sqlite3.Error) -> None:
        # Validators only save transfer; without them every page is fetched in full.
        logger.warning("%s: the validators cannot be read (%s); fetching in full", self._path, error)
        self.close()
