"""An absence is a claim, and so is an appearance: when a crawl may say that an article was not there. Pure.

An article that a crawl does not have **was not there** when

- its own page answered 404 or 410 in that crawl (its run facts say so under ``gone``), or
- every listing that had to show it was read whole and did not: its own section, and each section of ``listed_in``.
  A *tag* listing such as 'latest' shows an article for a while only, so it has no say where the own section is known;
  for an article without a section the tags are all there is.

Lists that prove no absence, by the claim of their platform in the run facts, have no say.

Sections that the site no longer has cannot show anything and are left out; that a section is gone, and not merely
left out of this crawl, is known only when the crawl as a whole was complete.

What was not there in the later crawl was **removed**, what was not there in the earlier one was **added**. In every
other case the article is **unverified**, unless another snapshot tells more (``proof``).
"""

from __future__ import annotations

from collections.abc import Iterable

from helpscraper.archive.run_facts import RunFacts

__all__ = ["absence_is_proven"]


def absence_is_proven(section: str | None, listed_in: Iterable[str] | None, run: RunFacts) -> bool:
    """Tell whether an article of ``section``, listed in ``listed_in``, would have been seen by a crawl.

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
