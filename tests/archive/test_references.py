from __future__ import annotations

import contextlib
import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.layout import snapshot_id, snapshot_instant
from helpscraper.archive.references import is_reference, match_reference, split_reference
from helpscraper.errors import ReferenceNotFoundError
from helpscraper.nearest import nearest

IDS = [
    "20261120T060000Z",
    "20261121T060000Z",
    "20261121T235959Z",
    "20261122T060000Z",
]
SECONDS = st.integers(1_577_836_800, 1_861_920_000)
MANY = st.sets(SECONDS.map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC)), min_size=1).map(
    lambda instants: sorted({snapshot_id(each) for each in instants})
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("latest", IDS[3]),
        ("latest~0", IDS[3]),
        ("latest~3", IDS[0]),
        ("20261120T060000Z", IDS[0]),
        ("20261120", IDS[0]),
        ("20261121T2", IDS[2]),
        ("2026-11-21", IDS[2]),
        ("2026-11-22", IDS[3]),
        ("2030-01-01", IDS[3]),
        ("2026-11-20", IDS[0]),
    ],
)
def test_a_name_means_one_snapshot(name: str, expected: str) -> None:
    assert match_reference(name, IDS) == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (dt.date(2026, 11, 21), IDS[2]),
        (dt.datetime(2026, 11, 21), IDS[2]),  # noqa: DTZ001
        (dt.datetime(2026, 11, 21, 12), IDS[1]),  # noqa: DTZ001
        (dt.datetime(2026, 11, 22, tzinfo=dt.UTC), IDS[2]),
        (dt.datetime(2026, 11, 22, 6, tzinfo=dt.timezone(dt.timedelta(hours=8))), IDS[1]),
        (pd.Timestamp("2026-11-20"), IDS[0]),
    ],
)
def test_a_day_or_an_instant_means_the_last_snapshot_up_to_then(when: dt.date, expected: str) -> None:
    assert match_reference(when, IDS) == expected
    with pytest.raises(ReferenceNotFoundError, match="begins later"):
        match_reference(when - dt.timedelta(days=3), IDS)


def test_a_time_back_from_now_means_the_last_snapshot_up_to_then() -> None:
    now = dt.datetime.now(dt.UTC)
    ids = [snapshot_id(now - dt.timedelta(days=days)) for days in (30, 10, 5)]
    assert [match_reference(name, ids) for name in ("7d", "1w", "240h", "yesterday", "today")] == [
        ids[1], ids[1], ids[1], ids[2], ids[2],
    ]  # fmt: skip
    assert all(map(is_reference, ("7d", "2w", "yesterday"))) and not is_reference("7days")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20261121", "matches 2 snapshots of archive: 20261121T060000Z, 20261121T235959Z"),
        ("latest~4", "holds 4 snapshots"),
        ("2026-11-19", "begins later, with 20261120T060000Z"),
        ("2026-13-01", "no such day"),
        ("passkeys", "no such snapshot"),
        ("", "name of a snapshot of archive is empty"),
        ("latest~-1", "no such snapshot"),
    ],
)
def test_a_name_that_means_none_or_several_says_so(name: str, said: str) -> None:
    with pytest.raises(ReferenceNotFoundError, match=said):
        match_reference(name, IDS)


def test_an_empty_archive_says_how_to_fill_it() -> None:
    with pytest.raises(ReferenceNotFoundError, match="holds no snapshot yet"):
        match_reference("latest", [])


@given(MANY, st.data())
def test_every_id_and_every_unique_prefix_finds_itself(ids: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(ids))
    assert match_reference(wanted, ids) == wanted
    prefix = wanted[: data.draw(st.integers(1, 16))]
    if sum(each.startswith(prefix) for each in ids) == 1:
        assert match_reference(prefix, ids) == wanted
    else:
        with pytest.raises(ReferenceNotFoundError, match="matches"):
            match_reference(prefix, ids)


@given(MANY, st.dates(dt.date(2019, 1, 1), dt.date(2030, 1, 1)))
def test_a_date_is_the_last_snapshot_up_to_its_end(ids: list[str], day: dt.date) -> None:
    until = [each for each in ids if snapshot_instant(each).date() <= day]
    if until:
        assert match_reference(day.isoformat(), ids) == until[-1]
    else:
        with pytest.raises(ReferenceNotFoundError):
            match_reference(day.isoformat(), ids)


@given(st.text(), MANY)
def test_any_text_finds_a_snapshot_or_says_not(text: str, ids: list[str]) -> None:
    with contextlib.suppress(ReferenceNotFoundError):
        assert match_reference(text, ids) in ids


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("latest", (None, None, "latest")),
        ("zh-hans:latest", (None, "zh-hans", "latest")),
        ("okx/en:2026-11-22", ("okx", "en", "2026-11-22")),
    ],
)
def test_a_reference_may_name_its_edition(text: str, parts: tuple[str | None, str | None, str]) -> None:
    assert split_reference(text) == parts


def test_a_slug_is_no_reference() -> None:
    assert not any(is_reference(slug) for slug in ("passkeys", "latest-news", "2fa", "2026-roadmap"))


@given(st.lists(st.text("abc-", min_size=1), max_size=20), st.text("abc-"))
def test_nearest_gives_names_that_exist_once_each(names: list[str], asked: str) -> None:
    found = nearest(asked, names)
    assert set(found) <= set(names)
    assert len(found) == len(set(found)) <= 5
