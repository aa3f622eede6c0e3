"""Resolve the name of a snapshot: ``latest``, ``latest~N``, its id, a prefix of it, a day, a month or a time."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Sequence

from helpscraper.archive.layout import snapshot_id
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.plain_text import plural

__all__ = ["day_range", "is_reference", "later_than", "match_reference", "span", "split_reference"]

_LATEST = re.compile(r"latest(?:~(\d{1,9}))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?", re.ASCII)
_BACK = re.compile(r"(\d{1,5})([hdw])", re.ASCII)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DAYS = ("today", "yesterday")
_PREFIX = re.compile(r"[0-9TZ]{1,16}", re.ASCII)
_SHOWN = 10


def split_reference(reference: str) -> tuple[str | None, str | None, str]:
    """Split ``[[SITE/]LOCALE:]NAME`` into site, locale and the snapshot's name.

    >>> split_reference("zh-hans:latest~1"), split_reference("okx/en:2026-11-22")
    ((None, 'zh-hans', 'latest~1'), ('okx', 'en', '2026-11-22'))
    """
    where, colon, name = reference.rpartition(":")
    if not colon:
        return None, None, reference
    site, slash, locale = where.rpartition("/")
    return (site if slash else None), locale, name


def is_reference(text: str) -> bool:
    """Tell whether ``text`` looks like the name of a snapshot rather than an article's key.

    >>> [is_reference(text) for text in ("latest~2", "2026-11-22", "20261122T06", "zh-hans:latest", "fees")]
    [True, True, True, True, False]
    """
    name = split_reference(text)[2]
    return name in _DAYS or any(form.fullmatch(name) for form in (_LATEST, _DATE, _BACK, _PREFIX))


def match_reference(name: str | dt.date, ids: Sequence[str], *, where: str = "archive") -> str:
    """Return the snapshot id, one of ``ids`` (sorted, oldest first), that is named ``name``.

    A day or a month means the last snapshot up to its end (UTC), a time the last one up to then; a ``datetime``
    at midnight without a zone is a day. Raises ``ReferenceNotFoundError``, which lists the snapshots when none
    matches, and the candidates when several do.

    >>> match_reference("latest~1", ["20261120T060000Z", "20261121T060000Z"])
    '20261120T060000Z'
    """
    if not ids:
        raise ReferenceNotFoundError(
            f"{where} holds no snapshot yet", advice="make one with `helpscraper crawl`"
        )
    if isinstance(name, dt.date):
        if isinstance(name, dt.datetime) and (name.tzinfo or name.time() != dt.time()):
            until = name.astimezone(dt.UTC) if name.tzinfo else name.replace(tzinfo=dt.UTC)
            return _last_until(snapshot_id(until), ids, name.isoformat(), where)
        name = f"{name:%Y-%m-%d}"
    if not name:
        raise ReferenceNotFoundError(f"the name of a snapshot of {where} is empty", advice=_available(ids))
    if latest := _LATEST.fullmatch(name):
        back = int(latest[1] or 0)
        if back < len(ids):
            return ids[-1 - back]
        raise ReferenceNotFoundError(
            f"{name}: {where} holds {plural(len(ids), 'snapshot')}", advice=_available(ids)
        )
    if span := day_range(name, dt.datetime.now(dt.UTC)):
        return _last_until(span[1], ids, name, where)
    if name in ids:
        return name
    candidates = [each for each in ids if each.startswith(name)] if _PREFIX.fullmatch(name) else []
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        shown = ", ".join(candidates[:_SHOWN]) + (", …" if len(candidates) > _SHOWN else "")
        raise ReferenceNotFoundError(
            f"{name} matches {len(candidates)} snapshots of {where}: {shown}", advice="give a longer prefix"
        )
    raise ReferenceNotFoundError(f"{name}: no such snapshot in {where}", advice=_available(ids))


def _last_until(end: str, ids: Sequence[str], name: str, where: str) -> str:
    until = [each for each in ids if each <= end]
    if until:
        return until[-1]
    raise ReferenceNotFoundError(f"{name}: {where} begins later, with {ids[0]}", advice=_available(ids))


def span(text: str) -> dt.timedelta:
    """Return the length of time that ``12h``, ``7d`` or ``2w`` names; raises ``CommandError`` for any other text.

    >>> span("12h")
    datetime.timedelta(seconds=43200)
    """
    if (found := _BACK.fullmatch(text)) is None:
        raise CommandError(f"{text}: not a length of time", advice="give hours, days or weeks: 12h, 7d, 2w")
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})


def later_than(name: str, snapshot_id: str) -> bool:
    """Tell whether ``name`` is a day or a time after the snapshot.

    >>> later_than("okx/en:2026-11-23", "20261122T060000Z"), later_than("2026-11-22", "20261122T060000Z")
    (True, False)
    """
    span = day_range(split_reference(name)[2], dt.datetime.now(dt.UTC))
    return span is not None and span[0] > snapshot_id


def day_range(bound: str, now: dt.datetime) -> tuple[str, str] | None:
    """Return the ids that a snapshot of the first and of the last second of a date or time would have, else None.

    >>> day_range("2026-11", dt.datetime.now(dt.UTC))
    ('20261101T000000Z', '20261130T235959Z')
    >>> day_range("2d", dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)), day_range("latest", dt.datetime.now(dt.UTC))
    (('20261120T060000Z', '20261120T060000Z'), None)
    """
    if _BACK.fullmatch(bound):
        try:
            instant = snapshot_id(now - span(bound))
        except OverflowError:
            instant = ""
        return instant, instant
    first = last = now.date() - dt.timedelta(days=bound == "yesterday")
    if _DATE.fullmatch(bound):
        try:
            first = last = dt.date.fromisoformat(bound if len(bound) > 7 else f"{bound}-01")
        except ValueError:
            raise ReferenceNotFoundError(
                f"{bound}: there is no such {'day' if len(bound) > 7 else 'month'}",
                advice="give a date such as 2026-11-22, or a month such as 2026-11",
            ) from None
        if len(bound) == 7:
            last = first.replace(day=monthrange(first.year, first.month)[1])
    elif bound not in _DAYS:
        return None
    return f"{first:%Y%m%d}T000000Z", f"{last:%Y%m%d}T235959Z"


def _available(ids: Sequence[str]) -> str:
    shown = ids[-_SHOWN:]
    more = f" and {len(ids) - len(shown)} older" if len(ids) > len(shown) else ""
    others = "latest, latest~N, a date, a month, 7d, an id prefix"
    return f"choose one of: {', '.join(reversed(shown))}{more} (also: {others})"
