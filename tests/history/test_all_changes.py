"""All changes as one table: the records of each step, with names, crawls and words."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from helpscraper import Archive
from helpscraper.archive.layout import snapshot_path
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.history.all_changes import LOUD
from helpscraper.history.change_rows import CHANGE_ROWS_SCHEMA
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.timeline import TIMELINE_SCHEMA
from tests.history.story import EN, committed, days, story
from tests.history.worlds import MONDAY


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


@pytest.fixture
def archive(folder: Path) -> Archive:
    return Archive(folder)


def test_they_are_the_changes_of_each_step(archive: Archive) -> None:
    frame = archive.changes()
    assert list(frame.columns) == CHANGE_ROWS_SCHEMA.names
    snapshots = archive.catalog.snapshots()
    expected = [
        diff_snapshots(archive.catalog, before, after, kinds=LOUD).changes
        for before, after in pairwise(snapshots)
    ]
    wanted = pd.concat(expected, ignore_index=True)
    pd.testing.assert_frame_equal(frame[wanted.columns], wanted)
    every = archive.changes(kinds=["counted"], words=False)
    assert set(every["kind"]) == {"counted"}, "view counts are there where they are asked for"


def test_a_row_names_the_article_and_the_crawls(archive: Archive) -> None:
    frame = archive.changes()
    farewell = frame.query("kind == 'removed'").iloc[0]
    assert (farewell["article_id"], farewell["title"]) == ("farewell", "Farewell"), "as it was when it went"
    assert farewell["section"] == "api"
    edit = frame.query("article_id == 'withdrawal-limits' and field == 'body_sha256'").iloc[0]
    assert (edit["title"], edit["url"]) == ("Limits", "https://help.example/help/withdrawal-limits")
    ids = archive.catalog.ids(EN)
    assert (edit["from"], edit["to"]) == (ids[1], ids[2])
    assert (edit["words_deleted"], edit["words_inserted"]) == (("more",), ("a higher one",))
    assert pd.isna(farewell["words"])


@pytest.mark.parametrize(
    ("bounds", "days_found"),
    [
        ({"since": "latest~1"}, {4}),
        ({"since": (MONDAY + dt.timedelta(days=3)).date()}, {3, 4}),
        ({"until": MONDAY + dt.timedelta(days=1, hours=1)}, {1}),
        ({"since": MONDAY + dt.timedelta(days=1, hours=1), "until": "latest~1"}, {2, 3}),
    ],
)
def test_a_range_is_bounded_by_dates_instants_and_snapshots(
    archive: Archive, bounds: dict[str, str | dt.date], days_found: set[int]
) -> None:
    frame = archive.changes(**bounds, words=False)  # type: ignore[arg-type]
    assert {(at - MONDAY).days for at in frame["at"]} == days_found


def test_kinds_and_sections_narrow_them(archive: Archive) -> None:
    assert set(archive.changes(kinds=["silent"])["article_id"]) == {"trading-fees", "set-up-a-passkey"}
    assert set(archive.changes(sections=["fees"])["article_id"]) == {"trading-fees"}
    with pytest.raises(ReferenceNotFoundError, match="did you mean: fees"):
        archive.changes(sections=["feees"])
    with pytest.raises(CommandError, match="did you mean: edited"):
        archive.changes(kinds=["edit"])
    with pytest.raises(ReferenceNotFoundError, match="no snapshot from"):
        archive.changes(since="2000-01-01", until="2000-01-02")


def test_a_damaged_snapshot_costs_names_and_no_changes(tmp_path: Path) -> None:
    catalog = story(tmp_path)
    whole = Archive(tmp_path).changes(words=False)
    third = catalog.ids(EN)[2]
    (tmp_path / snapshot_path(EN, third)).write_bytes(b"PAR1 cut off")
    frame = Archive(tmp_path).changes(words=False)
    assert list(frame["article_id"]) == list(whole["article_id"])
    assert frame.loc[frame["to"] == third, "title"].isna().all()
    assert frame.loc[frame["to"] != third, "title"].notna().all()


def test_every_edition_is_there_and_one_without_crawls_in_the_range_is_named(tmp_path: Path) -> None:
    story(tmp_path)
    chinese = type(EN)("okx", "zh-hans")
    for day in (0, 1):
        committed(tmp_path, day, days()[day], partition=chinese)
    frame = Archive(tmp_path).changes(words=False)
    assert set(frame["locale"]) == {"en", "zh-hans"}
    late = Archive(tmp_path).changes(since=MONDAY + dt.timedelta(days=2), words=False)
    assert set(late["locale"]) == {"en"}
    assert any("zh-hans" in text for text in late.attrs["warnings"])


def test_a_timeline_counts_articles_by_crawl_section_and_kind(archive: Archive) -> None:
    frame = archive.timeline()
    assert list(frame.columns) == TIMELINE_SCHEMA.names and str(frame["at"].dtype) == "datetime64[us, UTC]"
    fees = archive.timeline("fees")
    assert fees.query("kind in ['edited', 'silent']")[["kind", "articles"]].values.tolist() == [
        ["edited", 1], ["silent", 1],
    ]  # fmt: skip
    assert len(fees) == (frame["section"] == "fees").sum()
    with pytest.raises(ReferenceNotFoundError, match="did you mean: fees"):
        archive.timeline("feess")


def test_freshness_has_the_date_and_the_edits_of_each_article(archive: Archive) -> None:
    frame = archive.freshness().set_index("article_id")
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "site": "str", "locale": "str", "title": "str", "section": "str", "dated_on": "datetime64[us]",
        "days": "Int32", "edited_at": "datetime64[us, UTC]", "edits": "Int64", "silent_edits": "Int64",
    }  # fmt: skip
    limits, passkey = frame.loc["withdrawal-limits"], frame.loc["set-up-a-passkey"]
    assert (limits["days"], limits["edits"], limits["silent_edits"]) == (2, 1, 0)
    assert (passkey["days"], passkey["edits"], passkey["silent_edits"]) == (34, 1, 1)
    assert (frame.loc["new-here", "edits"], pd.isna(frame.loc["new-here", "edited_at"])) == (0, True)
