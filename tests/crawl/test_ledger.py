"""The ledger accounts for every article, and its contents survive the process."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpscraper.errors import ArchiveError
from helpscraper.intake.columns import decode, encode
from helpscraper.intake.ledger import Ledger, LedgerDamagedError
from helpscraper.items import Body

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    return Ledger(path)


def body(n: int) -> Body:
    return Body(f"{n:064x}", "text", "markdown", "<p>html</p>")


def test_columns_come_back_as_they_were(ledger: Ledger) -> None:
    columns = {
        "title": "標題 ✓",
        "published_at": AT,
        "published_on": AT.date(),
        "view_count": 7,
        "updated_at": None,
    }
    ledger.sighting("a", "faq", columns)
    ledger.fetched("a", columns | {"fetched_at": AT}, body(1))
    (entry,) = ledger.entries()
    assert entry.columns == columns | {"fetched_at": AT}
    assert entry.sightings == {"faq": columns}
    assert list(ledger.bodies()) == [body(1)]


_COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.none() | st.text(),
        "published_at": st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        "published_on": st.none() | st.dates(),
        "view_count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "listed_in": st.lists(st.text()),
    },
)


@given(_COLUMNS)
def test_columns_survive_their_text(columns: dict[str, object]) -> None:
    assert decode(encode(columns)) == columns
    # A ledger that an older version left may have white space between its values.
    assert decode(json.dumps(json.loads(encode(columns)), indent=1)) == columns


@pytest.mark.parametrize("value", [{1, 2}, object(), "half a pair \ud83d", 2**64])
def test_what_no_column_can_hold_has_no_text(value: object) -> None:
    with pytest.raises(TypeError):
        encode({"title": value})


def test_each_section_counts_what_its_own_last_walk_saw(ledger: Ledger) -> None:
    for slug in ("faq", "news", "unread"):
        ledger.section(slug, title=None, category=None, content_type=None)
    for slug, walk, articles in (("faq", 1, "abc"), ("news", 1, "ab"), ("news", 2, "d"), ("unread", 1, "a")):
        for article_id in articles:
            ledger.sighting(article_id, slug, {}, walk=walk)
    for slug, walk in (("faq", 1), ("news", 1), ("news", 2)):
        ledger.listing_page(slug, 1, walk=walk, total=None, shown=3, pages=1, last=True)
    assert {each.key: each.seen for each in ledger.sections()} == {"faq": 3, "news": 1, "unread": 0}


def test_tags_are_told_from_sections(ledger: Ledger) -> None:
    ledger.section("faq", title=None, category=None, content_type="section")
    ledger.section("latest", title=None, category=None, content_type="tag")
    ledger.section("unknown", title=None, category=None, content_type=None)
    assert ledger.tags() == {"latest"}


def test_everything_found_is_accounted_for(ledger: Ledger) -> None:
    ledger.sighting("only-seen", "faq", {})
    ledger.expect("waiting", "new")
    ledger.settle("lost", "failed", "HTTP 503")
    assert {entry.article_id: entry.outcome for entry in ledger.entries()} == {
        "only-seen": "listed", "waiting": "expected", "lost": "failed",
    }  # fmt: skip


def test_of_a_transaction_all_is_kept_or_nothing(ledger: Ledger, path: Path) -> None:
    with ledger.transaction():
        ledger.expect("kept", "new")
        with ledger.transaction():
            ledger.fetched("kept too", {"title": "T"}, body(1))
    with pytest.raises(RuntimeError, match="half way"), ledger.transaction():
        ledger.expect("lost", "new")
        with ledger.transaction():
            ledger.fetched("lost too", {"title": "T"}, body(2))
        raise RuntimeError("half way")
    after_a_kill = Ledger(path)
    assert {entry.article_id: entry.outcome for entry in after_a_kill.entries()} == {
        "kept": "expected", "kept too": "fetched",
    }  # fmt: skip
    assert list(after_a_kill.bodies()) == [body(1)]


def test_what_was_fetched_stays_fetched(ledger: Ledger) -> None:
    ledger.fetched("a", {"title": "T"}, None)
    ledger.settle("a", "failed", "later")
    ledger.expect("a", "new")
    assert ledger.outcome("a") == "fetched"


def test_a_failure_gives_way_to_another_try_and_to_success(ledger: Ledger) -> None:
    ledger.settle("a", "failed", "HTTP 503")
    ledger.expect("a", "new")
    assert ledger.outcome("a") == "expected"
    ledger.fetched("a", {"title": "T"}, None)
    assert ledger.outcome("a") == "fetched"


def test_what_is_due_comes_once_and_in_the_order_in_which_it_was_noted(ledger: Ledger, path: Path) -> None:
    assert [ledger.expect(article_id, f"for {article_id}") for article_id in "cabdb"] == [True] * 4 + [False]
    assert ledger.take_due(2) == [("c", "for c"), ("a", "for a")]
    ledger.fetched("c", {"title": "T"}, None)
    assert not ledger.expect("c", "again") and not ledger.expect("a", "again")
    ledger.close()
    # The process was killed: the answers to what was on its way, and the rest, are due.
    again = Ledger(path)
    again.reopen()
    assert again.take_due(9) == [(article_id, "resumed") for article_id in "abd"]
    assert again.take_due(9) == []
    again.settle("a", "failed", "HTTP 503")
    assert again.expect("a", "once more") and again.take_due(9) == [("a", "once more")]


def test_the_last_walk_counts(ledger: Ledger) -> None:
    ledger.section("faq", title=None, category=None, content_type=None)
    for article_id in "abc":
        ledger.sighting(article_id, "faq", {}, walk=1)
    ledger.listing_page("faq", 1, walk=1, total=4, shown=3, pages=2, last=False)
    ledger.listing_page("faq", 2, walk=1, total=3, shown=0, pages=1, last=True)
    (section,) = ledger.sections()
    assert (section.totals, section.total, section.seen, section.ended) == ((4, 3), 3, 3, True)
    for article_id in "ab":
        ledger.sighting(article_id, "faq", {}, walk=2)
    ledger.listing_page("faq", 1, walk=2, total=2, shown=2, pages=1, last=True)
    (section,) = ledger.sections()
    assert (section.totals, section.seen, section.pages) == ((2,), 2, {1: 2})


def test_a_resumed_crawl_keeps_what_was_read_and_reads_listings_afresh(path: Path) -> None:
    ledger = Ledger(path)
    ledger.set_meta(snapshot_id="x", arguments="{}")
    ledger.section("faq", title=None, category=None, content_type=None)
    ledger.listing_page("faq", 1, walk=1, total=4, shown=3, pages=2, last=False)
    ledger.sighting("a", "faq", {})
    ledger.fetched("a", {"title": "T"}, body(1))
    ledger.expect("b", "new")
    ledger.problem("discovery", "u", "HTTP 503")
    ledger.tally("rules", {"x": 2})
    ledger.close()
    again = Ledger(path)
    again.reopen()
    assert again.meta() == {"snapshot_id": "x", "arguments": "{}"}
    assert (again.sections(), again.problems(), again.tallies("problem")) == ([], [], {})
    assert (again.outcome("a"), again.take_due(9)) == ("fetched", [("b", "resumed")])
    assert list(again.bodies()) == [body(1)]
    assert again.tallies("rules") == {"x": 2}


def test_sums_are_told_without_a_write(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with closing(ledger), closing(sqlite3.connect(ledger.path)) as beside:
        ledger.tally("rules", {"x": 2})
        ledger.flush()
        ledger.tally("rules", ["x", "a"])
        assert list(ledger.tallies("rules").items()) == [("a", 1), ("x", 3)]
        assert beside.execute("SELECT name, n FROM tally").fetchall() == [("x", 2)]


def test_problems_are_counted_exactly_and_kept_within_bounds(ledger: Ledger) -> None:
    for _ in range(300):
        ledger.problem("download", "u" * 10_000, "d" * 10_000)
    assert ledger.tallies("problem") == {"download": 300}
    assert len(ledger.problems()) == 200
    assert max(len(detail) for _, _, detail in ledger.problems()) == 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["expect", "fetched", "failed", "gone", "carried", "seen"]), st.sampled_from("ab")
        )
    )
)
def test_no_article_is_ever_forgotten(tmp_path: Path, steps: list[tuple[str, str]]) -> None:
    ledger = Ledger(tmp_path / "property.sqlite")
    try:
        fetched = set()
        for step, article_id in steps:
            match step:
                case "expect":
                    ledger.expect(article_id, "new")
                case "fetched":
                    ledger.fetched(article_id, {"title": "T"}, None)
                    fetched.add(article_id)
                case "seen":
                    ledger.sighting(article_id, "s", {})
                case "gone":
                    ledger.gone(article_id, "https://help.example/a", 404, AT)
                case _:
                    ledger.settle(article_id, step)  # type: ignore[arg-type]
        entries = {entry.article_id: entry.outcome for entry in ledger.entries()}
        assert entries.keys() == {article_id for _, article_id in steps}
        assert {name for name, outcome in entries.items() if outcome == "fetched"} == fetched
    finally:
        ledger.delete()


def test_what_is_gone_keeps_the_answer_that_says_so(path: Path) -> None:
    ledger = Ledger(path)
    ledger.fetched("read", {"title": "T"}, None)
    for article_id in ("read", "left"):
        ledger.gone(article_id, f"https://help.example/help/{article_id}", 410, AT)
    assert ledger.gone_articles() == {"left"}
    left, read = ledger.entries()
    assert left.as_gone().to_json() == {
        "url": "https://help.example/help/left",
        "status": 410,
        "at": "2026-11-22T06:00:00+00:00",
    }
    assert read.outcome == "fetched"
    ledger.delete()


def test_a_file_that_is_no_ledger_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says" * 99)
    with pytest.raises(LedgerDamagedError, match="ledger"):
        Ledger(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(ArchiveError, match="cannot be opened"):
        Ledger(tmp_path / "state" / "ledger.sqlite")


def test_deleting_leaves_nothing(path: Path) -> None:
    ledger = Ledger(path)
    ledger.expect("a", "new")
    ledger.delete()
    assert list(path.parent.iterdir()) == []
