"""Which other snapshots of an archive a comparison consults, and how a change feed names them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from helpscraper.archive.compact import compact
from helpscraper.archive.layout import snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.history.diff import DiffResult, diff_snapshots
from helpscraper.history.feed import EVIDENCE_KEY, FROM_KEY, RENAMES_KEY, changes_feed
from tests.history.story import EN, committed
from tests.history.worlds import MONDAY, row, run

ALPHA, BETA = row("alpha", body="One."), row("beta", section="fees", listed_in=["fees"], body="Two.")
FULL: dict[str, Any] = {}
PART: dict[str, Any] = {"complete": False, "sections": {"faq": {"whole": True, "content_type": "section"}}}
NOWHERE: dict[str, Any] = {"complete": False, "sections": {}}
Seen = tuple[list[dict[str, Any]], dict[str, Any]]


def archive(folder: Path, *seen: Seen, feed: bool = False) -> tuple[Catalog, list[Snapshot]]:
    for day, (rows, facts) in enumerate(seen):
        catalog = committed(folder, day, rows, feed=feed, **facts)
    return catalog, catalog.snapshots(EN)


def told(result: DiffResult) -> list[tuple[str, str]]:
    return [(each["article_id"], each["kind"]) for each in result.table.to_pylist()]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([FULL, FULL, PART, PART, FULL], [[], [], [1], [2, 1]]),
        ([PART, PART, FULL], [[None], [0, None]]),
    ],
)
def test_a_feed_names_the_snapshots_down_to_one_that_saw_everything(
    tmp_path: Path, seen: list[dict[str, Any]], expected: list[list[int | None]]
) -> None:
    catalog, known = archive(tmp_path, *(([ALPHA], facts) for facts in seen), feed=True)
    named = []
    for snapshot in known[1:]:
        with catalog.open_feed(snapshot) as one:
            named.append(json.loads(one.metadata[EVIDENCE_KEY]))
    assert named == [[None if n is None else known[n].id for n in each] for each in expected]


def test_the_first_snapshot_has_no_feed_and_its_own_id_is_not_the_one_before(tmp_path: Path) -> None:
    catalog, known = archive(tmp_path, ([ALPHA], FULL), ([ALPHA], FULL))
    rows = catalog.load_table(known[1])
    assert changes_feed(catalog, EN, known[0].id, rows, run()) is None
    feed = changes_feed(catalog, EN, known[1].id, rows, run(1))
    assert feed is not None and feed.schema.metadata[FROM_KEY] == known[0].id.encode()


def test_a_feed_reads_the_bodies_that_come_with_its_snapshot(tmp_path: Path) -> None:
    text = " ".join(f"word{n}" for n in range(60))
    old, new = (
        row(name, source_id=None, published_at=None, published_on=None, body=body)
        for name, body in (("old", text), ("new", f"{text} more"))
    )
    catalog, known = archive(tmp_path, ([old], FULL), ([new], FULL), feed=True)
    with catalog.open_feed(known[1]) as one:
        assert json.loads(one.metadata[RENAMES_KEY]) == [["old", "new"]]


def test_snapshots_between_the_two_tell_what_came_and_went(tmp_path: Path) -> None:
    catalog, known = archive(
        tmp_path, ([], NOWHERE), ([ALPHA], FULL), ([ALPHA, BETA], FULL), ([ALPHA], FULL), ([ALPHA], PART)
    )
    assert told(diff_snapshots(catalog, known[0], known[2])) == [("alpha", "unverified"), ("beta", "added")]
    assert told(diff_snapshots(catalog, known[2], known[4])) == [("beta", "removed")]
    assert told(diff_snapshots(catalog, known[0], known[1])) == [("alpha", "unverified")]


def test_back_in_time_no_other_snapshot_is_asked(tmp_path: Path) -> None:
    catalog, known = archive(tmp_path, ([ALPHA, BETA], FULL), ([ALPHA], PART), ([ALPHA, BETA], FULL))
    assert told(diff_snapshots(catalog, known[1], known[2])) == []
    assert told(diff_snapshots(catalog, known[1], known[0])) == [("beta", "unverified")]


@pytest.mark.parametrize(("region", "kinds"), [({}, []), ({"site": "US"}, [("beta", "unverified")])])
def test_another_regional_site_is_no_evidence(
    tmp_path: Path, region: dict[str, str], kinds: list[tuple[str, str]]
) -> None:
    here = {"region": {"site": "GLOBAL"}}
    catalog, known = archive(
        tmp_path, ([ALPHA, BETA], {"region": region}), ([ALPHA], PART | here), ([ALPHA, BETA], here)
    )
    assert told(diff_snapshots(catalog, known[1], known[2])) == kinds


@pytest.mark.parametrize(("region", "kind"), [({}, "removed"), ({"site": "US"}, "unverified")])
def test_a_snapshot_between_the_two_is_of_the_regional_site_of_either(
    tmp_path: Path, region: dict[str, str], kind: str
) -> None:
    catalog, known = archive(
        tmp_path,
        ([ALPHA, BETA], FULL),
        ([ALPHA], {"region": region}),
        ([ALPHA], PART | {"region": {"site": "GLOBAL"}}),
    )
    assert told(diff_snapshots(catalog, known[0], known[2])) == [("beta", kind)]


def test_a_damaged_snapshot_is_named_where_it_would_have_been_asked(tmp_path: Path) -> None:
    catalog, known = archive(
        tmp_path, ([ALPHA, BETA], FULL), ([ALPHA], PART), ([ALPHA], PART), ([ALPHA, BETA], FULL)
    )
    Path(catalog.store.url(snapshot_path(EN, known[1].id))).write_bytes(b"PAR1 broken")
    warned = [f"the rows of {known[1].id} are not known: "]
    for before, after, said in ((0, 3, []), (0, 2, warned), (2, 3, warned)):
        warnings = diff_snapshots(catalog, known[before], known[after]).warnings
        assert [each[: len(warned[0])] for each in warnings if "are not known" in each] == said


def test_snapshots_that_a_compaction_has_moved_are_compared_all_the_same(tmp_path: Path) -> None:
    retitled = ALPHA | {"title": "Another"}
    catalog, known = archive(tmp_path, ([ALPHA, BETA], FULL), ([ALPHA], PART), ([retitled, BETA], FULL))
    expected = [
        diff_snapshots(catalog, known[a], known[b]).table.to_pylist() for a, b in ((0, 1), (1, 2), (0, 2))
    ]
    assert list(compact(Catalog(tmp_path), EN, MONDAY + dt.timedelta(days=60)))
    for one, places in ((catalog, known), (Catalog(tmp_path), Catalog(tmp_path).snapshots(EN))):
        found = [
            diff_snapshots(one, places[a], places[b]).table.to_pylist() for a, b in ((0, 1), (1, 2), (0, 2))
        ]
        assert found == expected and all(expected)
