"""The life of the sample help centre: state 0, and every later state as the one before it plus a round.

A round picks disjoint articles for each kind of change, so that what happened between two neighbouring states
is never in doubt: the truth about it is a comparison by ``Spec.key``, which the served site does not show.
"""

from __future__ import annotations

from functools import lru_cache

from helpscraper.sample.births import first, newcomer
from helpscraper.sample.model import Spec
from helpscraper.sample.rounds import next_round

__all__ = ["gone", "specs"]


@lru_cache(maxsize=16)
def specs(state: int, articles: int, seed: int, extra: int = 0) -> tuple[Spec, ...]:
    """Return every article of ``state``, in order of their keys, and ``extra`` listings put in since."""
    if state < 0 or articles < 1:
        raise ValueError(
            f"state={state}, articles={articles}: a state counts from 0 and holds at least one article"
        )
    if extra:
        known = specs(state, articles, seed, extra - 1)
        return (*known, newcomer(known, state, seed, "announcements-new-listings", 900 + extra))
    if state == 0:
        return first(articles, seed)
    return next_round(specs(state - 1, articles, seed), state, seed)


def gone(state: int, articles: int, seed: int) -> dict[str, int]:
    """Return the slugs that existed before ``state`` and are no more, each with the status it now answers."""
    now = {spec.slug for spec in specs(state, articles, seed)}
    before = {spec.slug: spec.key for n in range(state) for spec in specs(n, articles, seed)}
    return {slug: 404 + 6 * (key % 2) for slug, key in before.items() if slug not in now}
