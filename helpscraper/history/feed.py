"""The change feed that is published with each snapshot: the diff against the one before it, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import FROM_KEY
from helpscraper.history.bodies import bodies_of, pictures_in, pictures_of
from helpscraper.history.diff import diff_tables
from helpscraper.history.known import earlier_snapshots
from helpscraper.history.relations import Evidence
from helpscraper.history.result import renames_of

__all__ = ["EVIDENCE_KEY", "FROM_KEY", "RENAMES_KEY", "WARNINGS_KEY", "changes_feed"]

EVIDENCE_KEY = b"helpscraper.evidence"
"""Metadata of a feed: the ids of the snapshots before that one that had a say, the newest first, as a JSON list.

A ``null`` at its end says that these were all there were; the list is empty where nothing older matters, because the
snapshot of ``FROM_KEY`` saw everything."""

RENAMES_KEY = b"helpscraper.renames"
"""Metadata of a feed: its renames as a JSON list of [before, after], so that a history follows them from footers."""

WARNINGS_KEY = b"helpscraper.warnings"


def changes_feed(
    catalog: Catalog,
    partition: Partition,
    snapshot_id: str,
    rows: pa.Table,
    run: RunFacts,
    new_bodies: Iterable[pa.RecordBatch] = (),
) -> pa.Table | None:
    """Return the changes from the newest snapshot before ``snapshot_id`` to ``rows``, with ``CHANGES_SCHEMA``.

    What that snapshot did not look for is compared with the one that last held it, so a crawl of a part does not make
    articles come and go in the feed. None when there is none before. ``new_bodies`` are the bodies that are about to be
    committed with ``rows``; they are read, from the beginning each time, when a rename must be looked for and when an
    article was edited. The table's metadata name the earlier
    snapshot and hold the warnings of the diff. Raises what ``diff_tables`` raises.
    """
    older = [each for each in catalog.snapshots(partition) if each.id < snapshot_id]
    if not older:
        return None
    before = older[-1]
    stored, stored_pictures = bodies_of(catalog, partition), pictures_of(catalog, partition)

    def bodies(keys: Sequence[str]) -> Mapping[str, str]:
        wanted = set(keys)
        found = dict(stored(keys))
        for batch in new_bodies:
            pairs = zip(
                batch.column("body_sha256").to_pylist(), batch.column("body_text").to_pylist(), strict=True
            )
            found |= {key: text for key, text in pairs if key in wanted}
        return found

    def pictures(keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        wanted = set(keys)
        found = dict(stored_pictures(keys))
        for batch in new_bodies:
            found |= {key: shown for key, shown in pictures_in(batch).items() if key in wanted}
        return found

    facts = catalog.facts(before)
    earlier, lost = earlier_snapshots(catalog, before, facts)
    evidence = Evidence([view for _, view in earlier])
    result = diff_tables(
        catalog.load_table(before),
        rows,
        before_run=facts,
        after_run=run,
        bodies=bodies,
        pictures=pictures,
        evidence=evidence,
    )
    newest_whole = [facts, *(view.run for _, view in earlier)][-1].complete is True
    consulted = [*(name for name, _ in earlier), *(() if newest_whole else (None,))]
    noted = {
        FROM_KEY: before.id.encode(),
        EVIDENCE_KEY: json.dumps(consulted).encode(),
        RENAMES_KEY: json.dumps(renames_of(result.table)).encode(),
        WARNINGS_KEY: json.dumps((*lost, *result.warnings), ensure_ascii=False).encode(),
    }
    return result.table.replace_schema_metadata(noted)
