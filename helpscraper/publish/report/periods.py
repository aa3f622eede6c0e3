"""How the instant of a crawl is shown, and the periods in which changes are counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from helpscraper.publish.model import KIND_WORDS, Crawl, PeriodCounts

__all__ = ["instant_shown", "instant_text", "periods_of", "short_names", "unit_of"]

_LENGTHS = {"day": 10, "minute": 16, "second": 19}
"""How many characters of ``2026-11-22 06:00:00`` to show."""


def unit_of(ids: Sequence[str]) -> str:
    """Return the coarsest unit that distinguishes all crawls: ``day``, ``minute`` or ``second``.

    >>> unit_of(["20261122T060000Z", "20261123T060000Z"]), unit_of(["20261122T060000Z", "20261122T060004Z"])
    ('day', 'second')
    """
    return _unit([instant_text(each) for each in ids])


def _unit(texts: Sequence[str]) -> str:
    return next(
        (unit for unit, end in _LENGTHS.items() if len({text[:end] for text in texts}) == len(texts)),
        "second",
    )


def instant_text(snapshot_id: str) -> str:
    """Return the instant of a crawl as ``2026-11-22 06:00:00``."""
    day, clock = snapshot_id[:8], snapshot_id[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}"


def instant_shown(snapshot_id: str, unit: str) -> str:
    """Return the instant of a crawl as shown on every page; report.js has the same rule."""
    return instant_text(snapshot_id)[: _LENGTHS[unit]] + ("" if unit == "day" else " UTC")


def periods_of(crawls: Sequence[Crawl], counts: Sequence[tuple[str, str, str, int, int]]) -> PeriodCounts:
    """Return the numbers of changes by period: by crawl up to 40 crawls, else by day, week or month.

    Articles that were only touched are not counted by section.
    """
    ids = [crawl.id for crawl in crawls if crawl.committed]
    unit, names = _names_of_periods(ids)
    periods = tuple(dict.fromkeys(names.values()))
    place = {name: number for number, name in enumerate(periods)}
    kinds: dict[str, list[int]] = {}
    sections: dict[str, list[int]] = {}
    silent = [0] * len(periods)
    for sid, kind, section, number, quiet in counts:
        if sid in names:
            at = place[names[sid]]
            kinds.setdefault(kind, [0] * len(periods))[at] += number
            if kind != "touched":
                sections.setdefault(section or "(no section)", [0] * len(periods))[at] += number
            silent[at] += quiet
    articles: list[int | None] = [None] * len(periods)
    for crawl in crawls:
        if crawl.committed:
            articles[place[names[crawl.id]]] = crawl.articles
    busiest = sorted(sections, key=lambda name: (-sum(sections[name]), name))
    return PeriodCounts(
        periods, unit, {kind: tuple(kinds[kind]) for kind in KIND_WORDS if kind in kinds},
        {name: tuple(sections[name]) for name in busiest}, tuple(silent), tuple(articles),
    )  # fmt: skip


def _names_of_periods(ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the unit of time that gives at most 40 days, 43 weeks or any number of months, and each crawl's period."""
    if len(ids) <= 40:
        return "crawl", dict(zip(ids, short_names([instant_text(sid) for sid in ids]), strict=True))
    for unit, most in (("day", 40), ("week", 43)):
        names = {sid: _period(sid, unit) for sid in ids}
        if len(set(names.values())) <= most:
            return unit, names
    return "month", {sid: _period(sid, "month") for sid in ids}


def short_names(texts: Sequence[str]) -> list[str]:
    """Return a distinct name for each instant (``2026-11-22 06:00:00``), as short as possible.

    >>> short_names(["2026-11-22 06:00:00", "2026-11-23 06:00:00"])
    ['11-22', '11-23']
    >>> short_names(["2026-11-22 06:00:00", "2026-11-22 18:00:00"])
    ['11-22 06:00', '11-22 18:00']
    """
    start = 5 if len({text[:4] for text in texts}) < 2 else 0
    return [text[start : _LENGTHS[_unit(texts)]] for text in texts]


def _period(snapshot_id: str, unit: str) -> str:
    if unit != "week":
        return instant_text(snapshot_id)[: {"month": 7, "day": 10}[unit]]
    day = dt.date.fromisoformat(instant_text(snapshot_id)[:10])
    return str(day - dt.timedelta(days=day.weekday()))
