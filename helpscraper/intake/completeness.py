"""Decide whether a listing was read whole: only then does absence from it prove anything. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from helpscraper.archive.run_parts import SectionFacts
from helpscraper.intake.entries import SectionEntry

__all__ = ["disproved", "holes", "section_facts"]


def holes(section: SectionEntry) -> list[str]:
    """Name what is missing from one section's listing; an empty list means that it was read whole.

    A listing was read whole when its pages were read from the first to the last without a gap, its last page said
    that it is the last, all pages stated the same total, and at least that many different articles were seen.
    """
    found: list[str] = []
    if section.problem:
        found.append(section.problem)
    if not section.pages:
        return found or ["its listing was not read"]
    last = max(section.pages)
    gaps = [page for page in range(1, last) if page not in section.pages]
    if gaps:
        found.append(f"listing page {', '.join(map(str, gaps))} was not read")
    if not section.ended:
        stated = f" of {section.pages_stated}" if section.pages_stated else ""
        found.append(f"the listing was read to page {last}{stated}, which is not the last")
    if len(section.totals) > 1:
        # An article removed from a page already read moves a later one onto that page, and it is missed.
        found.append(f"the list moved while it was read: {', then '.join(map(str, section.totals))} articles")
    if section.total is not None and section.seen < section.total:
        found.append(f"{section.seen} of {section.total} articles seen")
    return found


def section_facts(sections: Iterable[SectionEntry]) -> dict[str, SectionFacts]:
    """Return the ``sections`` of the run facts by key: the stated size, the size seen, whether it is whole."""
    facts: dict[str, SectionFacts] = {}
    for section in sections:
        missing = holes(section)
        facts[section.key] = SectionFacts(
            title=section.title,
            category=section.category,
            content_type=section.content_type,
            total=section.total,
            seen=section.seen,
            pages=section.pages_stated or (max(section.pages) if section.ended and section.pages else None),
            pages_read=len(section.pages),
            whole=not missing,
            holes=tuple(missing),
        )
    return facts


def disproved(
    sections: Mapping[str, SectionFacts],
    unshown: Iterable[tuple[str, str | None, bool]],
    known: Callable[[str], Mapping[str, Any] | None],
) -> dict[str, SectionFacts]:
    """Return ``sections``; a list is not whole where an article that was read belongs to it and it did not show it.

    ``unshown`` is that of the ledger, ``known`` gives an article's earlier row. A list that states its total is
    judged by that, because an article may leave such a list and stay on the site; but not a list that shows nothing
    while several articles belong to it.
    """
    missed = defaultdict[str, list[str]](list)
    for article_id, own, listed in unshown:
        row = {} if listed else known(article_id) or {}
        section: str = own or row.get("section") or ""
        for key in [section] if section in sections else row.get("listed_in") or ():
            if key in sections and sections[key].whole:
                missed[key].append(article_id)
    found = dict(sections)
    for key, articles in missed.items():
        if found[key].total is not None and (found[key].seen or len(articles) == 1):
            continue
        hole = f"it did not show articles that belong to it: {len(articles)}, the first: {articles[0]}"
        found[key] = replace(found[key], whole=False, holes=(*found[key].holes, hole))
    return found
