"""The change feed of a snapshot: its diff against the snapshot before it, as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.redirects import Redirect, redirect_files
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import FROM_KEY
from helpscraper.history.bodies import bodies_of, pictures_in, pictures_of, texts_in
from helpscraper.history.current_feed import EVIDENCE_KEY, REDIRECTS_KEY, RENAMES_KEY
from helpscraper.history.diff import diff_tables
from helpscraper.history.other_snapshots import earlier_snapshots, redirects_of, source_of
from helpscraper.history.relations import Evidence
from helpscraper.history.result import renames_of
from helpscraper.history.section_counts import COUNTS_KEY, count_sections, dump_counts

__all__ = ["EVIDENCE_KEY", "FROM_KEY", "RENAMES_KEY", "WARNINGS_KEY", "changes_feed"]

WARNINGS_KEY = b"helpscraper.warnings"

_Value = TypeVar("_Value")


def changes_feed(
    catalog: Catalog,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    run: RunFacts,
    new_bodies: Iterable[pa.RecordBatch] = (),
) -> pa.Table | None:
    """Return the changes from the newest snapshot before ``snapshot_id`` to ``rows``, with ``CHANGES_SCHEMA``.

    Articles that the earlier crawl did not look for are compared with the snapshot that last held them, so a partial
    crawl does not make articles come and go. Returns None without an earlier snapshot. ``new_bodies`` are the bodies
    that will be committed with ``rows``; they may be iterated more than once. The table's metadata name the earlier
    snapshot and hold the warnings of the diff and its counts. Raises what ``diff_tables`` raises.
    """
    older = [each for each in catalog.snapshots(partition) if each.id < snapshot_id]
    if not older:
        return None
    before = older[-1]

    def with_new(
        stored: Callable[[Sequence[str]], Mapping[str, _Value]],
        read: Callable[[pa.RecordBatch], Mapping[str, _Value]],
    ) -> Callable[[Sequence[str]], Mapping[str, _Value]]:
        def values(keys: Sequence[str]) -> Mapping[str, _Value]:
            wanted, found = set(keys), dict(stored(keys))
            for batch in new_bodies:
                found |= {key: value for key, value in read(batch).items() if key in wanted}
            return found

        return values

    facts = catalog.facts(before)
    earlier, lost = earlier_snapshots(catalog, before, facts)
    files, redirects, damaged = _redirects(catalog, partition, facts)
    evidence = Evidence([view for _, view in earlier], redirects=redirects)
    source = source_of(catalog, before)
    if not isinstance(source, pa.Table):
        with catalog.open(before) as one:
            one.check()  # DuckDB does not look at the checksums of a file
    result = diff_tables(
        source,
        rows,
        before_run=facts,
        after_run=run,
        bodies=with_new(bodies_of(catalog, partition), texts_in),
        pictures=with_new(pictures_of(catalog, partition), pictures_in),
        evidence=evidence,
    )
    newest_whole = [facts, *(view.run for _, view in earlier)][-1].complete is True
    consulted = [*(name for name, _ in earlier), *(() if newest_whole else (None,))]
    metadata = {
        FROM_KEY: before.id.encode(),
        EVIDENCE_KEY: json.dumps(consulted).encode(),
        RENAMES_KEY: json.dumps(renames_of(result.table)).encode(),
        COUNTS_KEY: dump_counts(count_sections(result.table, rows)),
        **({REDIRECTS_KEY: json.dumps(files).encode()} if files else {}),
        WARNINGS_KEY: json.dumps((*lost, *damaged, *result.warnings), ensure_ascii=False).encode(),
    }
    return result.table.replace_schema_metadata(metadata)


def _redirects(
    catalog: Catalog, partition: Partition, before: RunFacts
) -> tuple[list[str], list[Redirect], tuple[str, ...]]:
    """Return the files with redirects, their contents and warnings; none where ``before`` saw everything."""
    files = [] if before.complete is True else redirect_files(catalog.store, partition)
    return files, *(redirects_of(catalog, partition) if files else ([], ()))
