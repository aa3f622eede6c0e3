"""Choose the article pages that a crawl fetches; the other articles are carried over. Pure."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpscraper.archive.run_facts import RunFacts

__all__ = ["Audit", "Pace", "hint_of_edit", "needs_fetch", "plan_audit"]

_COMPARED = ("title", "updated_at", "updated_on", "published_at", "published_on", "source_id")
"""Columns compared between a listing's row and the snapshot, where both state them; they differ only after an edit."""

_MINUTE = dt.timedelta(minutes=1)


def needs_fetch(
    listed: Mapping[str, Any],
    previous: Mapping[str, Any] | None,
    section: str | None = None,
    *,
    evidence: Collection[str],
) -> str | None:
    """Return why an article's page must be fetched, or None when its listing shows it unchanged.

    ``listed`` are the typed columns of one listing row, ``previous`` the article's row of an earlier snapshot and
    ``section`` the listing that shows it (None for a search, and for a tag, whose members change without an edit).
    ``evidence`` are the columns that an edit would move, by the claim of the platform: a row that states none of them
    cannot show that its article is unchanged.

    >>> known = {"title": "A", "body_sha256": "0", "status": "fetched"}
    >>> needs_fetch({"title": "A"}, None, evidence=()), needs_fetch({"title": "B"}, known, evidence=())
    ('new', 'title')
    >>> needs_fetch({"title": "A"}, known, evidence=("updated_at",))
    'no evidence'
    """
    if previous is None:
        return "new"
    if previous.get("body_sha256") is None:
        return "never fetched"
    if previous.get("status") == "failed":
        return "not fetched last time"
    both = {name for name in {*_COMPARED, *evidence} if _states(listed, name) and _states(previous, name)}
    for name in _COMPARED:
        if name in both and not _same(name, listed[name], previous[name]):
            return name
    if section is not None and section not in (previous.get("listed_in") or ()):
        return "section"
    return None if both.intersection(evidence) else "no evidence"


def _states(columns: Mapping[str, Any], name: str) -> bool:
    return columns.get(name) is not None


def _same(name: str, now: Any, before: Any) -> bool:
    if name == "published_at":
        # Articles state the minute where listings state the millisecond.
        return bool(abs(now - before) < _MINUTE)
    return bool(now == before)


def hint_of_edit(listed: Mapping[str, Any], previous: Mapping[str, Any]) -> str | None:
    """Return the column that hints at an edit without proving it: ``snippet``.

    Counts are no hint: all editions of an article share them, so a reader of another edition moves them.
    """
    now, before = listed.get("snippet"), previous.get("snippet")
    return "snippet" if now is not None and before is not None and now != before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The rhythm of crawls: ``usual`` and ``long`` time between two starts, how long a crawl ``takes``, and how many
    article pages ``fit`` between two starts.
    """

    usual: dt.timedelta
    long: dt.timedelta
    takes: dt.timedelta = dt.timedelta(0)
    fit: int = sys.maxsize

    @classmethod
    def of(cls, starts: Sequence[dt.datetime], last: RunFacts | None) -> Pace:
        """Derive the pace from the ``starts`` of the last crawls and of this one, and the facts of the ``last`` one.

        ``usual`` is the median gap, but at least an hour.
        ``long`` is the longest gap plus a tenth for late starts. Of five or more gaps the longest is ignored, since the
        machine may have been off.
        """
        gaps = sorted((later - earlier for earlier, later in pairwise(starts)), reverse=True) or [_DAY]
        usual = max(gaps[len(gaps) // 2], _HOUR)
        facts = last or RunFacts()
        seconds, requests = facts.seconds or 0.0, facts.requests.total or 0
        others = max(0, requests - (facts.counts.fetched or 0))
        fit = (
            int(usual.total_seconds() * requests / seconds) - others if seconds and requests else sys.maxsize
        )
        long = max(gaps[1] if len(gaps) >= _ENOUGH_GAPS else gaps[0], usual)
        return cls(usual=usual, long=long + long / 10, takes=dt.timedelta(seconds=seconds), fit=max(fit, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """``chosen`` are the articles to read again, in this order. ``late`` had gone unread for longer than the bound
    when the crawl began; ``put_off`` are due before the next crawl and do not fit into this one.
    """

    chosen: tuple[str, ...] = ()
    late: int = 0
    put_off: int = 0


def plan_audit(
    read_at: Mapping[str, dt.datetime | None],
    now: dt.datetime,
    bound: dt.timedelta,
    pace: Pace,
    suspects: Collection[str] = (),
) -> Audit:
    """Choose unchanged articles to read again, so that none goes unread for longer than ``bound``.

    ``read_at`` says when each article's own page was last read (None: unknown). An article must be read by the last
    crawl before its bound. Every crawl reads about the same number, the smallest with which no article is late: the
    largest of i / (number of crawls from this one on that come in time for the i-th oldest article). Suspects go first,
    then the articles read longest ago.

    >>> pace = Pace(usual=dt.timedelta(days=1), long=dt.timedelta(days=1))
    >>> at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    >>> plan_audit({"a": at, "b": at, "c": at}, at + dt.timedelta(days=1), dt.timedelta(days=3), pace).chosen
    ('a',)
    """
    by_age = sorted((at or _NEVER, article_id) for article_id, at in read_at.items())
    must = share = 0
    for place, (at, _) in enumerate(by_age, 1):
        # This order of subtraction does not overflow for the earliest instant.
        spare = bound - (now - at) - pace.takes
        crawls = 1 if spare < pace.long else 2 + (spare - pace.long) // pace.usual
        must = place if crawls == 1 else must
        share = max(share, -(-place // crawls))
    first = [article_id for article_id in suspects if article_id in read_at][:share]
    oldest = [article_id for _, article_id in by_age]
    # A suspect may displace an article that can wait, never one that must be read now.
    chosen = dict.fromkeys([*first, *oldest[:must]])
    others = [article_id for article_id in oldest[must:] if article_id not in chosen]
    return Audit(
        chosen=(*chosen, *others[: max(0, share - len(chosen))])[: pace.fit],
        late=sum(now - at > bound for at, _ in by_age),
        put_off=max(0, must - pace.fit),
    )


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_ENOUGH_GAPS = 5
