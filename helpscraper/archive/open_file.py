"""Read an open snapshot or change feed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from helpscraper.archive.gone import EVIDENCE_COLUMNS, gone_rows, may_hold_gone
from helpscraper.archive.parquet import RUN_KEY, iter_groups
from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ArchiveError

__all__ = ["OpenFile", "row_groups_with"]

# Up to this many rows are read at once, which is faster; more by row group, which takes a third of the memory.
_FEW_ROWS = 8192


class OpenFile:
    """An open snapshot or feed: ``path`` is the file that holds it, ``rows`` the number of its rows.

    ``metadata`` is that of its original file. Its own file is opened when it is first read; ``has_own_file`` tells
    whether its rows are not in a month's file.
    """

    has_own_file = True

    def __init__(
        self, path: str, rows: int, metadata: Mapping[bytes, bytes], opener: Callable[[], pq.ParquetFile]
    ) -> None:
        self.path = path
        self.rows = rows
        self.metadata = dict(metadata)
        self._open = opener

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return self._open()

    @property
    def _names(self) -> list[str]:
        return list(self._file.schema_arrow.names)

    def read(self, columns: Iterable[str] | None = None, articles: Collection[str] | None = None) -> pa.Table:
        """Return the rows with those of ``columns`` (None: all) that exist, and with the snapshot's metadata.

        With ``articles`` only the row groups that may hold one of these ids are read.
        """
        names = self._names if columns is None else [name for name in columns if name in self._names]
        if articles is None:
            few = self.rows <= _FEW_ROWS
            return self._file.read(names) if few else pa.concat_tables(iter_groups(self._file, names))
        numbers = row_groups_with(self._file.metadata, self._names.index("article_id"), articles)
        return self._file.read_row_groups(numbers, names, use_threads=False)

    def check(self) -> None:
        """Read all pages of its own file to check their checksums, and keep none of them."""
        for _ in iter_groups(self._file, self._names):
            pass

    def facts(self, url: str) -> RunFacts:
        """Return the run facts of an open snapshot; ``gone`` is read from the rows of a file of schema 1.

        Raises ``ArchiveError`` naming ``url`` when the file has none.
        """
        data = self.metadata.get(RUN_KEY)
        if data is None:
            raise ArchiveError(
                f"{url}: the file has no run facts",
                advice="it was written by another program; restore the original from a backup",
            )
        run = RunFacts.parse(data, self.path)
        # The facts count the rows that are gone, so rows are read only when there are some.
        if may_hold_gone(self.metadata) and run.counts.gone != 0:
            run = replace(run, gone=gone_rows(self.read(EVIDENCE_COLUMNS)))
        return run


def row_groups_with(metadata: pq.FileMetaData, column: int, names: Collection[str]) -> list[int]:
    """Return the row groups whose statistics allow one of ``names``."""
    found = []
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(column).statistics
        if statistics is None or not statistics.has_min_max:
            found.append(number)
            continue
        least, most = statistics.min, statistics.max
        if any(least <= name <= most for name in names):
            found.append(number)
    return found
