"""A range of snapshots from one day, time or name to another."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.layout import snapshot_id, snapshot_instant
from helpscraper.archive.ranges import pick
from helpscraper.errors import ReferenceNotFoundError

IDS = ["20261120T060000Z", "20261121T060000Z", "20261121T235959Z", "20261123T060000Z"]
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SECONDS = st.integers(1_577_836_800, 1_861_920_000)
MANY = st.sets(SECONDS.map(lambda second: snapshot_id(dt.datetime.fromtimestamp(second, dt.UTC))), min_size=1)
DAYS = st.none() | st.dates(dt.date(2019, 12, 1), dt.date(2029, 1, 31))


@pytest.mark.parametrize(
    ("first", "last", "ids", "base"),
    [
        (None, None, IDS, IDS[0]),
        ("2026-11-21", "2026-11-21", IDS[1:3], IDS[0]),
        ("2026-11-22", None, IDS[3:], IDS[2]),
        ("2026-11-20", None, IDS, None),
        ("2020-01-01", "2026-11-20", IDS[:1], None),
        ("5h", None, [], ""),
        ("12h", None, IDS[3:], IDS[2]),
        ("2d", "yesterday", IDS[2:3], IDS[1]),
        ("1w", "today", IDS, None),
        ("99999w", None, IDS, None),
        ("latest~1", None, IDS[2:], IDS[2]),
        (IDS[1], "2026-11-22", IDS[1:3], IDS[1]),
        ("today", None, IDS[3:], IDS[2]),
        ("2030-01-01", None, [], ""),
        (None, "2020-01-01", [], ""),
        ("2026-11-22", "2026-11-22", [], ""),
        ("latest", "latest~1", [], ""),
    ],
)
def test_a_range_means_these_snapshots(
    first: str | None, last: str | None, ids: list[str], base: str | None
) -> None:
    if ids:
        picked = pick(IDS, first, last, now=NOW)
        assert (list(picked.ids), picked.base) == (ids, base)
    else:
        with pytest.raises(ReferenceNotFoundError, match=r"no snapshot (from|to)"):
            pick(IDS, first, last, now=NOW)


def test_a_time_back_from_now_is_named_as_one() -> None:
    late = pick(IDS, "52w", None, now=NOW)
    first = f"{snapshot_instant(IDS[0]):%Y-%m-%d %H:%M} UTC"
    begin = f"{NOW - dt.timedelta(weeks=52):%Y-%m-%d %H:%M} UTC (52w ago)"
    assert str(late.begins_late("a")).endswith(f"nothing is known of the time from {begin} until {first}")
    with pytest.raises(
        ReferenceNotFoundError, match=r"no snapshot from .* UTC \(2h ago\) to .* UTC \(1h ago\)\n"
    ):
        pick(IDS[:1], "2h", "1h", now=NOW)


@pytest.mark.parametrize(
    ("bound", "said"), [("2026-13-01", "no such day"), ("7days", "no such snapshot"), ("", "empty")]
)
def test_a_bound_that_means_nothing_is_said(bound: str, said: str) -> None:
    for bounds in ((bound, None), (None, bound)):
        with pytest.raises(ReferenceNotFoundError, match=said):
            pick(IDS, *bounds)


@given(MANY, DAYS, DAYS)
def test_days_bound_by_their_first_and_last_second(
    found: set[str], first: dt.date | None, last: dt.date | None
) -> None:
    ids = sorted(found)
    days = {name: snapshot_instant(name).date() for name in ids}
    wanted = [name for name in ids if (first or days[name]) <= days[name] <= (last or days[name])]
    bounds = tuple(day.isoformat() if day else None for day in (first, last))
    if wanted:
        picked = pick(ids, *bounds)
        earlier = [name for name in ids if first and days[name] < first]
        assert list(picked.ids) == wanted
        assert picked.base == (earlier[-1] if earlier else wanted[0] if first is None else None)
    else:
        with pytest.raises(ReferenceNotFoundError):
            pick(ids, *bounds)
