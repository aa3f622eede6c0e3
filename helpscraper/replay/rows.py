"""Merge the rows of a re-extraction as the crawl merged them, name the remaining holes, and count an import's rows.

The run facts of the crawl say which lists were read whole and which absent articles were gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import Counts, nested
from helpscraper.archive.schema import rows_table
from helpscraper.health.checks import check_import
from helpscraper.intake.entries import Entry
from helpscraper.intake.known import EarlierRows, read_earlier_rows
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.merge import Listings, merge_row

__all__ = ["SEEN", "known_before", "rows_again", "with_holes", "with_rows"]

SEEN = frozenset({"complete", "incomplete_reasons", "sections"})
"""The run facts about how much of the site a crawl saw."""


class _Earlier(Catalog):
    """A catalog that sees only the snapshots before a given one."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot) -> None:
        super().__init__(catalog.store, site=catalog.site, locale=catalog.locale)
        self._end = snapshot.id

    def snapshots(self, partition: Partition | None = None) -> list[Snapshot]:
        """Return the snapshots before that one."""
        return [each for each in super().snapshots(partition) if each.id < self._end]


def known_before(catalog: Catalog, snapshot: Snapshot) -> EarlierRows:
    """Return the earlier rows that the crawl of ``snapshot`` began with."""
    return read_earlier_rows(_Earlier(catalog, snapshot), snapshot.partition)


def rows_again(
    ledger: Ledger,
    earlier: EarlierRows,
    snapshot: Snapshot,
    facts: RunFacts,
    before: Set[str],
    *,
    only: bool,
    confidence: str = "declared",
) -> tuple[pa.Table, dict[str, str]]:
    """Return the rows, and the extractor of those that another one read.

    With ``only`` (answers are missing) just the articles of ``before`` become rows.
    """
    known, sections = earlier.rows, facts.sections
    tags = ledger.tags() | {key for key, section in sections.items() if section.content_type == "tag"}
    whole = {key for key, section in sections.items() if section.whole}
    if _saw_all_listings(facts):
        held = (row["listed_in"] or () for row in known.values())
        whole |= {key for listed_in in held for key in listed_in} - sections.keys()
    listings = Listings(tags=frozenset(tags), whole=frozenset(whole), confidence=confidence)
    merged = (
        merge_row(entry, known.get(entry.article_id), snapshot_instant(snapshot.id), listings)
        for entry in ledger.entries()
        if entry.outcome != "gone" and (entry.article_id in before or (not only and _was_seen(entry)))
    )
    rows = rows_table(row for row in merged if row is not None)
    carried = rows.filter(pc.is_in(rows.column("status"), pa.array(["carried", "failed"])))
    names = set(carried.column("article_id").to_pylist())
    return rows, {name: by for name, by in earlier.kept.items() if name in names}


def _was_seen(entry: Entry) -> bool:
    """Tell whether the article's page was read, or a list showed it and its own page did not contradict."""
    return entry.outcome == "fetched" or (bool(entry.sightings) and entry.outcome != "absent")


def _saw_all_listings(facts: RunFacts) -> bool:
    sections = facts.sections
    asked = (facts.arguments.sections or "").split(",")
    missed = any(section.holes for section in sections.values())
    missed = missed or bool(facts.problems.get("discovery"))
    missed = missed or any(key and key not in sections for key in asked)
    return not missed and not facts.scope


def with_holes(crawl: RunFacts, facts: RunFacts, unread: Sequence[str]) -> tuple[RunFacts, bool]:
    """Return ``facts`` with a hole for each ``unread`` listing page, and whether any of their sections was whole.

    A re-extraction sees no more of the site than the ``crawl`` did, so an incomplete crawl stays incomplete; a listing
    page that today's extractor cannot read makes it incomplete.
    """
    detail = "a recorded listing page cannot be read by this extractor"
    unread_sections = dict.fromkeys(each.split("/")[1] for each in unread if each.startswith("list/"))
    holes = [f"section {key}: {detail}" for key in unread_sections]
    sections = dict(crawl.sections)
    known = unread_sections.keys() & sections.keys()
    fewer = any(sections[key].whole for key in known)
    for key in known:
        before = sections[key]
        sections[key] = replace(before, whole=False, holes=(*before.holes, detail))
    facts = replace(
        facts,
        stated=facts.stated | SEEN,
        complete=bool(crawl.complete) and not holes,
        incomplete_reasons=tuple(dict.fromkeys([*crawl.incomplete_reasons, *holes])),
        sections=sections,
    )
    return facts, fewer


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
