"""The states of the sample help centre: each is the one before it with a round of changes.

A round chooses different articles for each kind of change, so that the changes between neighbouring states are clear
from a comparison by ``Spec.key``.
"""

from __future__ import annotations

from functools import lru_cache

from helpscraper.sample.model import Spec
from helpscraper.sample.new_articles import first_articles, new_article
from helpscraper.sample.rounds import next_round

__all__ = ["gone", "specs"]


@lru_cache(maxsize=16)
def specs(state: int, articles: int, seed: int, extra: int = 0) -> tuple[Spec, ...]:
    """Return every article of ``state`` by key, and ``extra`` announcements published since."""
    if state < 0 or articles < 1:
        raise ValueError(f"state={state}, articles={articles}: give a state from 0 and at least one article")
    if extra:
        known = specs(state, articles, seed, extra - 1)
        return (*known, new_article(known, state, seed, "announcements-new-listings", 900 + extra))
    if state == 0:
        return first_articles(articles, seed)
    return next_round(specs(state - 1, articles, seed), state, seed)


def gone(state: int, articles: int, seed: int) -> dict[str, int]:
    """Return the slugs that existed before ``state`` and no longer do, each with its HTTP status (404 or 410)."""
    now = {spec.slug for spec in specs(state, articles, seed)}
    before = {spec.slug: spec.key for n in range(state) for spec in specs(n, articles, seed)}
    return {slug: 404 + 6 * (key % 2) for slug, key in before.items() if slug not in now}
