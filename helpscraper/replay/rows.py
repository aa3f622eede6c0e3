"""The rows of a crawl that is read again, merged as the crawl merged them, and the holes that the reading leaves.

Which lists were read whole, and which absent article was really gone, the crawl knew and decided; its run facts say so.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.layout import Partition, snapshot_instant
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import rows_table
from helpscraper.intake.entries import Entry
from helpscraper.intake.known import EarlierRows, read_earlier_rows
from helpscraper.intake.ledger import Ledger
from helpscraper.intake.merge import Listings, merge_row

__all__ = ["SEEN", "known_before", "rows_again", "with_holes"]

SEEN = frozenset({"complete", "incomplete_reasons", "sections"})
"""The run facts about how much of the site a crawl saw."""


class _Earlier(Catalog):
    """An archive as it was before one of its snapshots."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot) -> None:
        super().__init__(catalog.store, site=catalog.site, locale=catalog.locale)
        self._end = snapshot.id

    def snapshots(self, partition: Partition | None = None) -> list[Snapshot]:
        """Return the snapshots before that one."""
        return [each for each in super().snapshots(partition) if each.id < self._end]


def known_before(catalog: Catalog, snapshot: Snapshot) -> EarlierRows:
    """Return the rows and facts that the crawl of ``snapshot`` began with."""
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

    Where answers are missing, ``only`` the articles of ``before`` become rows: nobody knows of others.
    """
    known, sections = earlier.rows, facts.sections
    tags = ledger.tags() | {slug for slug, section in sections.items() if section.content_type == "tag"}
    whole = {slug for slug, section in sections.items() if section.whole}
    if _saw_all_listings(facts):
        held = (row["listed_in"] or () for row in known.values())
        whole |= {slug for listed_in in held for slug in listed_in} - sections.keys()
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
    """Tell whether a list showed the article, whose own page did not deny it, or its page was read."""
    return entry.outcome == "fetched" or (bool(entry.sightings) and entry.outcome != "absent")


def _saw_all_listings(facts: RunFacts) -> bool:
    sections = facts.sections
    asked = (facts.arguments.sections or "").split(",")
    missed = any(section.holes for section in sections.values())
    missed = missed or bool(facts.problems.get("discovery"))
    missed = missed or any(slug and slug not in sections for slug in asked)
    return not missed and not facts.scope


def with_holes(crawl: RunFacts, facts: RunFacts, unread: Sequence[str]) -> tuple[RunFacts, bool]:
    """Enter in ``facts`` the listing pages among the questions ``unread``; tell whether a section was whole before.

    A better extractor sees no more of the site than the ``crawl`` did, so an incomplete crawl stays one; what today's
    extractor cannot read makes it one.
    """
    detail = "a recorded listing page cannot be read by this extractor"
    slugs = dict.fromkeys(each.split("/")[1] for each in unread if each.startswith("list/"))
    holes = [f"section {slug}: {detail}" for slug in slugs]
    sections = dict(crawl.sections)
    known = slugs.keys() & sections.keys()
    fewer = any(sections[slug].whole for slug in known)
    for slug in known:
        before = sections[slug]
        sections[slug] = replace(before, whole=False, holes=(*before.holes, detail))
    facts = replace(
        facts,
        stated=facts.stated | SEEN,
        complete=bool(crawl.complete) and not holes,
        incomplete_reasons=tuple(dict.fromkeys([*crawl.incomplete_reasons, *holes])),
        sections=sections,
    )
    return facts, fewer
