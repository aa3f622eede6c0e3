"""The run facts of an import, of a saved page and of captures alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import Counts, nested
from helpscraper.health.checks import check_import

__all__ = ["with_rows"]


def with_rows(facts: RunFacts, rows: pa.Table, outcomes: Mapping[str, int]) -> RunFacts:
    """Return ``facts`` with counts of ``rows`` and ``outcomes`` (by ``field/outcome``), judged by the health checks."""
    fetched = rows.filter(pc.equal(rows.column("status"), "fetched"))
    facts = replace(
        facts,
        counts=Counts.of(Counter(rows.column("status").to_pylist()), len(facts.gone)),
        fields=nested(outcomes),
        new={"fetched": fetched.num_rows, "body_sha256": fetched.column("body_sha256").null_count},
    )
    return replace(facts, health=tuple(check_import(facts)))
