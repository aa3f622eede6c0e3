"""Which slug an article bore when: slugs are given up and taken again, also by another article. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Renamed", "Tenure", "tenures"]

Renamed = tuple[dt.datetime, str, str]
"""A rename: the instant of the snapshot that showed it, the slug before and the slug after."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """``slug`` was the article's in the snapshots from ``since`` (None: the first) to before ``until``."""

    slug: str
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def covers(self, at: dt.datetime) -> bool:
        """Tell whether the article bore the slug in the snapshot of this instant."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def tenures(article_id: str, renames: Sequence[Renamed], seen: dt.datetime | None = None) -> list[Tenure]:
    """Return what slugs the article had that ``article_id`` means, the oldest first.

    A slug means the article that bears it now, and one that nobody bears the article that gave it up last. ``seen`` is
    the last instant at which anything is told of the slug: it is borne again when that is after it was given up.

    >>> mon, tue, wed = (dt.datetime(2026, 11, day) for day in (16, 17, 18))
    >>> known = [(mon, "a", "b"), (tue, "b", "c"), (wed, "x", "b")]
    >>> [[tenure.slug for tenure in tenures(name, known)] for name in "abcx"]
    [['a', 'b', 'c'], ['x', 'b'], ['a', 'b', 'c'], ['x', 'b']]
    """
    given = max((when for when, before, _ in renames if before == article_id), default=None)
    taken = max((when for when, _, after in renames if after == article_id), default=None)
    borne = given is None or (taken is not None and taken >= given) or (seen is not None and seen >= given)
    until = None if borne else given
    return [*reversed(_back(article_id, until, renames)), *_onward(article_id, until, renames)]


def _back(slug: str, until: dt.datetime | None, renames: Sequence[Renamed]) -> list[Tenure]:
    """Follow an article that bore ``slug`` before ``until`` back in time, the newest tenure first."""
    found: list[Tenure] = []
    while True:
        earlier = [rename for rename in renames if until is None or rename[0] < until]
        taken = max(((when, before) for when, before, after in earlier if after == slug), default=None)
        given = max((when for when, before, _ in earlier if before == slug), default=None)
        if taken is None or (given is not None and given > taken[0]):
            # Given up and then there again without a rename: another article that took the slug when it came.
            found.append(Tenure(slug, given, until))
            return found
        found.append(Tenure(slug, taken[0], until))
        until, slug = taken


def _onward(slug: str, given: dt.datetime | None, renames: Sequence[Renamed]) -> list[Tenure]:
    """Follow an article that gave ``slug`` up at ``given`` (None: never) to what it is called at last."""
    found: list[Tenure] = []
    while given is not None:
        since = given
        slug = next(after for when, before, after in renames if (when, before) == (since, slug))
        given = min((when for when, before, _ in renames if before == slug and when > since), default=None)
        found.append(Tenure(slug, since, given))
    return found
