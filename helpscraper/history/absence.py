"""When a crawl proves that an article did not exist: the rule for removals and additions. Pure.

A crawl proves that an article did not exist when

- the article's page answered 404 or 410 in that crawl (``gone`` in its run facts), or
- every listing that must show the article was read whole and did not show it: its section, and each section of
  ``listed_in``. A *tag* listing such as 'latest' shows an article only for a while, so it counts only for an article
  without a section.

Lists whose platform does not claim that absence proves anything do not count (``claim`` in the run facts).

A section that the site no longer has cannot show the article and is ignored; only a complete crawl proves that a
section is gone.

An article that did not exist in the later crawl was **removed**; one that did not exist in the earlier crawl was
**added**. Otherwise it is **unverified**, unless another snapshot proves more (see ``missing_articles``).
"""

from __future__ import annotations

from collections.abc import Iterable

from helpscraper.archive.run_facts import RunFacts

__all__ = ["absence_is_proven"]


def absence_is_proven(section: str | None, listed_in: Iterable[str] | None, run: RunFacts) -> bool:
    """Tell whether a crawl would have seen an article of ``section`` that is listed in ``listed_in``.

    ``run`` holds the facts of that crawl: ``whole`` and ``content_type`` of its ``sections``, and ``complete``.

    >>> sections = {"faq": {"whole": True}, "new": {"whole": False, "content_type": "tag"}}
    >>> run = RunFacts.from_json({"complete": False, "sections": sections})
    >>> absence_is_proven("faq", ["faq", "new"], run), absence_is_proven(None, ["new"], run)
    (True, False)
    >>> whole = RunFacts.from_json({"complete": True, "sections": sections})
    >>> absence_is_proven("api", ["api"], run), absence_is_proven("api", ["api"], whole)
    (False, True)
    """
    if run.claim is not None and run.claim.absence not in {None, "list"}:
        return False
    sections, listings = run.sections, set(listed_in or ())
    if section is not None:
        tags = {slug for slug, listing in sections.items() if listing.content_type == "tag"}
        listings = (listings - tags) | {section}
    complete = run.complete is True
    if not listings:
        return complete
    return all(sections[slug].whole is True if slug in sections else complete for slug in listings)
