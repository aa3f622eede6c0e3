from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive import layout
from helpscraper.archive.layout import Partition, parse_path, snapshot_id, snapshot_instant
from helpscraper.errors import CommandError

FROM, TO = dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)  # noqa: DTZ001 (hypothesis adds the zone)
INSTANTS = st.datetimes(FROM, TO, timezones=st.timezones())
EN = Partition("okx", "en")


@given(INSTANTS)
def test_an_id_names_its_instant_to_the_second(instant: dt.datetime) -> None:
    utc = instant.astimezone(dt.UTC)
    assert snapshot_instant(snapshot_id(instant)) == utc.replace(microsecond=0)


@given(INSTANTS, INSTANTS)
def test_ids_sort_as_their_instants_do(a: dt.datetime, b: dt.datetime) -> None:
    assert (snapshot_id(a) < snapshot_id(b)) == (
        snapshot_instant(snapshot_id(a)) < snapshot_instant(snapshot_id(b))
    )


@pytest.mark.parametrize(
    "text", ["", "latest", "20261322T060000Z", "20261122T060000", "20261122T060060Z", "../x"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(CommandError):
        layout.snapshot_path(EN, text)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        snapshot_id(dt.datetime(2026, 11, 22))  # noqa: DTZ001


@given(st.text(), st.text())
def test_a_partition_never_leaves_its_folder(site: str, locale: str) -> None:
    try:
        partition = Partition(site, locale)
    except CommandError:
        return
    assert ".." not in partition.folder
    assert partition.folder.count("/") == 1
    assert partition.folder.isascii()


@pytest.mark.parametrize(
    ("site", "locale"), [("..", "en"), ("okx", "../en"), ("", "en"), ("okx", "EN"), ("a/b", "en")]
)
def test_hostile_partitions_are_refused(site: str, locale: str) -> None:
    with pytest.raises(CommandError):
        Partition(site, locale)


def test_every_path_is_read_back() -> None:
    name = "20261122T060000Z"
    found = {
        path: (item.kind, item.partition, item.snapshot_id, item.part)
        for path in (
            layout.snapshot_path(EN, name),
            layout.bodies_path(EN, name, 2),
            layout.refused_path(EN, name),
            layout.changes_path(EN, name),
            layout.reextracted_path(EN, name, 1),
            layout.run_path(EN, name),
            layout.warc_path(EN, name, 3),
        )
        if (item := parse_path(path))
    }
    assert [(kind, part) for kind, _, _, part in found.values()] == [
        ("snapshots", 0), ("bodies", 2), ("refused", 0), ("changes", 0), ("reextracted", 1), ("runs", 0),
        ("warc", 3),
    ]  # fmt: skip
    assert {(partition, each) for _, partition, each, _ in found.values()} == {(EN, name)}


@pytest.mark.parametrize(
    "path",
    [
        "snapshots/site=okx/locale=en/notes.txt",
        "snapshots/20261122T060000Z.parquet",
        "strange/site=okx/locale=en/20261122T060000Z.parquet",
        "snapshots/site=OKX/locale=en/20261122T060000Z.parquet",
        "snapshots/site=okx/locale=en/20261322T060000Z.parquet",
    ],
)
def test_strange_files_are_nothing(path: str) -> None:
    assert parse_path(path) is None


def test_local_state_is_hidden() -> None:
    assert layout.staging(EN).startswith(".")
    assert layout.SCRATCH.startswith(".")
