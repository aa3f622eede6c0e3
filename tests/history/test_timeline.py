"""Over many snapshots: stories, the log, view counts, blame, and the published feeds."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpscraper.api import Archive
from helpscraper.archive.compact import compact
from helpscraper.archive.layout import changes_path, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import CHANGES_SCHEMA
from helpscraper.archive.writer import write_reextracted
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.history import steps as history_steps
from helpscraper.history import timeline
from helpscraper.history.blame import BLAME_SCHEMA, blame
from helpscraper.history.current_feed import feed_is_current
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import EVIDENCE_KEY, FROM_KEY, RENAMES_KEY
from helpscraper.history.identity import Identities
from helpscraper.history.steps import changes_of, steps
from helpscraper.history.timeline import HISTORY_SCHEMA, LOG_SCHEMA, article_history, log_table
from helpscraper.history.views import view_series
from tests.history.story import EN, FAREWELL, FEES, LIMITS, PASSKEY, committed, days, story
from tests.history.worlds import MONDAY, SLUGS, row


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return story(tmp_path_factory.mktemp("story"))


def told(catalog: Catalog, article: str) -> list[tuple[str, str, str]]:
    rows = article_history(catalog, article).table.to_pylist()
    return [(row["snapshot_id"][:8], row["kind"], row["field"]) for row in rows]


def test_the_story_of_an_article(catalog: Catalog) -> None:
    assert told(catalog, "set-up-a-passkey") == [
        ("20261117", "counted", "view_count"),
        ("20261118", "counted", "view_count"),
        ("20261119", "edited", "body_sha256"),
        ("20261119", "retitled", "title"),
        ("20261120", "counted", "view_count"),
    ]


@pytest.mark.parametrize("name", ["limits", "withdrawal-limits"])
def test_a_story_goes_on_under_another_slug(catalog: Catalog, name: str) -> None:
    found = article_history(catalog, name)
    assert found.names == ("limits", "withdrawal-limits")
    assert found.since == "20261116T060000Z"
    assert [(row["kind"], row["field"]) for row in found.table.to_pylist()] == [
        ("renamed", "source_id"),
        ("edited", "body_sha256"),
        ("edited", "updated_at"),
        ("edited", "updated_on"),
    ]


def test_an_absence_that_was_not_looked_for_is_unverified(catalog: Catalog) -> None:
    assert told(catalog, "trading-fees")[-1] == ("20261120", "unverified", "article")
    assert told(catalog, "farewell") == [("20261117", "removed", "article")]


def test_timeline_and_diffs_agree(catalog: Catalog) -> None:
    names = {row["article_id"] for day in days() for row in day}
    stories = [row for name in names for row in article_history(catalog, name).table.to_pylist()]
    for before, after in steps(catalog, EN):
        direct = diff_snapshots(catalog, before, after).records()
        own = [row for row in stories if row["snapshot_id"] == after.id]
        keys = ("article_id", "kind", "field", "before", "after", "silent")
        assert {tuple(row[k] for k in keys) for row in own} == {tuple(row[k] for k in keys) for row in direct}
        assert changes_of(catalog, [(before, after)]).table.num_rows == len(direct)


WORLD = st.dictionaries(
    st.sampled_from(SLUGS),
    st.tuples(
        st.sampled_from(["A title", "Another"]), st.sampled_from(["as ever", "anew"]), st.integers(0, 3)
    ),
    max_size=4,
)
"""What a help centre shows on a day: of each article its title, the end of its body, and its view count."""


# Each example writes an archive: a smaller one that fails as well is not worth the minutes.
@settings(max_examples=5, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(WORLD, min_size=2, max_size=4), st.booleans())
def test_stories_hold_what_the_diffs_hold(worlds: list[dict[str, tuple[str, str, int]]], feed: bool) -> None:
    with TemporaryDirectory() as folder:
        for day, world in enumerate(worlds):
            rows = [
                # Bodies that share nothing: no article is taken for another one that was renamed.
                row(slug, source_id=None, title=title, body=f"{slug} {slug[::-1]} {words}", view_count=views)
                for slug, (title, words, views) in world.items()
            ]
            catalog = committed(Path(folder), day, rows, feed=feed)
        keys = ("snapshot_id", "article_id", "kind", "field", "before", "after", "silent")
        names = {slug for world in worlds for slug in world}
        stories = [each for name in names for each in article_history(catalog, name).table.to_pylist()]
        diffs = [
            each | {"snapshot_id": after.id}
            for before, after in steps(catalog, EN)
            for each in diff_snapshots(catalog, before, after).records()
        ]
        told, direct = (sorted(repr([each[k] for k in keys]) for each in rows) for rows in (stories, diffs))
        assert told == direct


def test_without_feeds_the_snapshots_are_compared(catalog: Catalog, tmp_path: Path) -> None:
    bare = story(tmp_path, feed=False)
    assert not bare.store.exists(changes_path(EN, "20261118T060000Z"))
    for name in ("limits", "set-up-a-passkey", "farewell"):
        assert told(bare, name) == told(catalog, name)


def test_a_feed_names_what_it_was_written_against(catalog: Catalog) -> None:
    file = pq.ParquetFile(catalog.store.url(changes_path(EN, "20261118T060000Z")))
    assert file.schema_arrow.metadata[FROM_KEY] == b"20261117T060000Z"


def test_a_snapshot_that_came_in_between_makes_a_feed_invalid(tmp_path: Path) -> None:
    committed(tmp_path, 0, days()[0])
    catalog = committed(tmp_path, 2, days()[2])
    committed(tmp_path, 1, days()[1])  # as accepting a refused snapshot does it
    assert told(catalog, "farewell") == [("20261117", "removed", "article")]


def test_a_damaged_feed_is_replaced_by_a_diff(catalog: Catalog, tmp_path: Path) -> None:
    broken = story(tmp_path)
    Path(broken.store.url(changes_path(EN, "20261118T060000Z"))).write_bytes(b"PAR1 no more")
    assert told(broken, "limits") == told(catalog, "limits")
    path = broken.store.url(changes_path(EN, "20261119T060000Z"))
    feed = pq.read_table(path)
    place = feed.schema.get_field_index("silent")
    pq.write_table(feed.set_column(place, "silent", pa.array([["of another type"]] * feed.num_rows)), path)
    assert told(broken, "set-up-a-passkey") == told(catalog, "set-up-a-passkey")


def test_a_damaged_snapshot_costs_its_own_steps_only(tmp_path: Path) -> None:
    broken = story(tmp_path, feed=False)
    Path(broken.store.url(snapshot_path(EN, "20261118T060000Z"))).write_bytes(b"not Parquet")
    found = article_history(broken, "set-up-a-passkey")
    assert [row["snapshot_id"][:8] for row in found.table.to_pylist()] == ["20261117", "20261120"]
    assert len(found.warnings) == 2 and all("20261118T060000Z.parquet" in text for text in found.warnings)
    warned: list[str] = []
    blame(broken, "set-up-a-passkey", warn=warned.append)
    assert tuple(warned[:2]) == found.warnings
    table, unread, compared = log_table(broken, EN)
    assert [text[:8] for text in unread] == ["20261117", "20261118", "20261118"]
    assert table.column("snapshot_id").unique().to_pylist() == ["20261117T060000Z", "20261120T060000Z"]
    assert compared == ("20261117T060000Z", "20261120T060000Z")


def test_an_article_that_came_with_a_damaged_snapshot_is_no_unknown_one(tmp_path: Path) -> None:
    broken = story(tmp_path, feed=False)
    Path(broken.store.url(snapshot_path(EN, "20261118T060000Z"))).write_bytes(b"not Parquet")
    found = article_history(broken, "withdrawal-limits")
    assert len(found) == 0 and found.since is None
    assert len(found.warnings) == 2


@pytest.mark.parametrize("packed", [False, True], ids=["as crawled", "packed"])
def test_two_threads_tell_the_same_story_as_one(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = story(tmp_path)
    if packed:
        assert list(compact(catalog, EN, MONDAY + dt.timedelta(days=60)))
    else:
        Path(catalog.store.url(changes_path(EN, "20261118T060000Z"))).write_bytes(b"PAR1 no more")
        Path(catalog.store.url(snapshot_path(EN, "20261118T060000Z"))).write_bytes(b"not Parquet")
    threads: set[int] = set()
    opened = Catalog.open_feed

    def open_feed(self: Catalog, snapshot: Snapshot) -> Any:
        threads.add(threading.get_ident())
        return opened(self, snapshot)

    monkeypatch.setattr(Catalog, "open_feed", open_feed)
    for name in ("limits", "withdrawal-limits", "set-up-a-passkey", "farewell"):
        told = []
        for least, several in ((5, False), (4, True)):
            monkeypatch.setattr(history_steps, "_WORTH_A_THREAD", least)
            threads.clear()
            found = article_history(Catalog(tmp_path), name)
            assert (threads != {threading.get_ident()}) is several
            told.append((found.table.to_pylist(), found.warnings, found.names))
        assert told[0] == told[1]
        assert bool(told[0][1]) is not packed


def test_the_counts_of_a_feed_are_those_of_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = story(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "load_table", lambda *_, **__: pytest.fail("the rows of a snapshot were read"))
        told = log_table(catalog, EN)
    monkeypatch.setattr(timeline, "counts_of", lambda *_: None)
    assert told == log_table(catalog, EN)
    assert told[0].num_rows > 5


def test_a_history_shows_itself_in_a_notebook(catalog: Catalog) -> None:
    found = article_history(catalog, "trading-fees")
    assert repr(found) == "<history of trading-fees: 2 changes in 2 snapshots>"
    assert found._repr_html_().startswith("<p>history of trading-fees: 2 changes in 2 snapshots</p>")
    assert found.table.schema == HISTORY_SCHEMA
    before, after = (found.table.column(side)[0].as_py()[:12] for side in ("before", "after"))
    assert [row.split("</td></tr>")[0] for row in found._repr_html_().split("<tr><td>")[1:]] == [
        f"20261117T060000Z</td><td>edited (silent)</td><td>body_sha256</td><td>{before}…</td><td>{after}…",
        "20261120T060000Z</td><td>unverified</td><td>article</td><td></td><td>",
    ]
    long = found.table.to_pylist()[0] | {"field": "title", "after": "x" * 121}
    shown = replace(found, table=pa.Table.from_pylist([long], HISTORY_SCHEMA))._repr_html_()
    assert f"<td>{'x' * 120}</td>" in shown


def test_what_is_always_there_is_not_nullable() -> None:
    always = [
        (HISTORY_SCHEMA, {"snapshot_id", *(each.name for each in CHANGES_SCHEMA if not each.nullable)}),
        (LOG_SCHEMA, {"snapshot_id", "kind", "articles"}),
        (BLAME_SCHEMA, set(BLAME_SCHEMA.names)),
    ]
    for schema, names in always:
        assert {each.name for each in schema if not each.nullable} == names


def test_an_empty_archive_says_that_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ReferenceNotFoundError, match="no snapshot yet"):
        article_history(Catalog(tmp_path), "limits", EN)


def test_an_article_whose_page_was_never_read_has_no_blame(tmp_path: Path) -> None:
    catalog = committed(tmp_path, 0, [row("unread", body=None, status="listed")])
    with pytest.raises(ReferenceNotFoundError, match="no snapshot has a body of it"):
        blame(catalog, "unread")


def test_an_unknown_article_offers_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(ReferenceNotFoundError, match="did you mean: set-up-a-passkey"):
        article_history(catalog, "set-up-passkey")


def test_names_are_offered_of_the_thirty_newest_snapshots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, name in enumerate(("early-name", "late-title")):
        catalog = committed(tmp_path, day, [row(name, body=f"About {name}.")], feed=False)
    assert [article_history(catalog, name).since is None for name in ("early-name", "late-title")] == [
        False,
        True,
    ]
    first, last = catalog.snapshots(EN)
    for newer, advice in (
        (29, "did you mean: early-name"),
        (30, "`helpscraper show latest` lists the articles"),
    ):
        monkeypatch.setattr(Catalog, "snapshots", lambda *_, newer=newer: [first, *[last] * newer])
        with pytest.raises(ReferenceNotFoundError) as unknown:
            timeline._require_known(catalog, EN, "early-nam")
        assert str(unknown.value.advice) == advice


def test_the_log_counts_by_section_and_kind(catalog: Catalog) -> None:
    table, warnings, _ = log_table(catalog, EN)
    assert not warnings
    rows = {
        (row["snapshot_id"][:8], row["section"], row["kind"]): row["articles"] for row in table.to_pylist()
    }
    assert rows["20261117", "api", "removed"] == 1
    assert rows["20261117", "fees", "edited"] == rows["20261117", "fees", "silent"] == 1
    assert rows["20261118", "faq", "renamed"] == rows["20261118", "faq", "edited"] == 1
    assert rows["20261120", "fees", "unverified"] == 1
    assert ("20261118", "faq", "silent") not in rows
    assert log_table(catalog, EN, catalog.ids(EN)[-1:])[0].column("snapshot_id").unique().to_pylist() == [
        "20261120T060000Z"
    ]


def test_view_counts_are_a_tidy_series(catalog: Catalog) -> None:
    rows = [row for row in view_series(catalog).to_pylist() if row["article_id"] == "set-up-a-passkey"]
    assert [row["view_count"] for row in rows] == [100, 160, 190, 190, 5]
    assert [row["gain"] for row in rows] == [None, 60, 30, 0, None]
    assert [row["gain_per_day"] for row in rows] == [None, 60.0, 30.0, 0.0, None]
    assert [row["reset"] for row in rows] == [False, False, False, False, True]
    assert rows[0]["snapshot_at"] == MONDAY and rows[1]["days"] == 1.0
    assert not any(row["article_id"] == "farewell" for row in view_series(catalog).to_pylist())


PART: dict[str, Any] = {"complete": False, "sections": {"faq": {"whole": True, "content_type": "section"}}}


def full_part_full(folder: Path, *, feed: bool = True) -> Catalog:
    """A crawl of everything, one of the section ``faq``, and everything again, with an edit outside of it."""
    committed(folder, 0, days()[0], feed=feed)
    committed(folder, 1, [each for each in days()[0] if each["section"] == "faq"], feed=feed, **PART)
    new = row("new-fees", section="fees", listed_in=["fees"], body="New.", source_id=None)
    return committed(folder, 2, [*days()[1], new], feed=feed)


@pytest.mark.parametrize("feed", [True, False])
def test_what_a_part_did_not_look_for_is_compared_with_when_it_was_seen(tmp_path: Path, feed: bool) -> None:
    catalog = full_part_full(tmp_path, feed=feed)
    assert told(catalog, "trading-fees") == [
        ("20261117", "unverified", "article"),
        ("20261118", "edited", "body_sha256"),
    ]
    assert told(catalog, "farewell")[-1] == ("20261118", "removed", "article")
    assert told(catalog, "new-fees") == [("20261118", "added", "article")]
    assert {row["kind"] for row in log_table(catalog, EN, catalog.ids(EN)[-1:])[0].to_pylist()} == {
        "added", "removed", "edited", "silent", "counted",
    }  # fmt: skip
    [pair] = steps(catalog, EN)[1:]
    assert changes_of(catalog, [pair]).table.to_pylist() == diff_snapshots(catalog, *pair).table.to_pylist()
    blamed = {row["snapshot_id"][:8] for row in blame(catalog, "trading-fees").to_pylist()}
    assert blamed == {"20261116", "20261118"}


def test_a_feed_that_would_know_more_today_is_not_used(tmp_path: Path) -> None:
    committed(tmp_path, 1, days()[0][:1], **PART)
    catalog = committed(tmp_path, 2, days()[0])
    assert told(catalog, "trading-fees") == [("20261118", "unverified", "article")]
    committed(tmp_path, 0, days()[0])
    assert told(catalog, "trading-fees") == [("20261117", "unverified", "article")]


def current(folder: Path) -> list[bool]:
    catalog = Catalog(folder)
    every = catalog.snapshots(EN)
    found = [feed_is_current(catalog, *pair) for pair in steps(catalog, EN)]
    assert found == [feed_is_current(catalog, *pair, every) for pair in steps(catalog, EN)]
    return found


def test_a_feed_is_current_until_a_snapshot_that_it_was_made_of_is_read_again(tmp_path: Path) -> None:
    catalog = full_part_full(tmp_path)
    assert current(tmp_path) == [True, True]
    for snapshot, left in zip(
        catalog.snapshots(EN), ([False, False], [False, False], [True, False]), strict=True
    ):
        rows, facts = catalog.load_table(snapshot), catalog.facts(snapshot)
        new = write_reextracted(
            catalog.store, EN, snapshot.id, rows, [], facts.reextracted({"extractor": "x/2"})
        )
        assert current(tmp_path) == left
        Path(catalog.store.url(new.path)).unlink()


def test_a_feed_is_current_until_an_older_snapshot_comes(tmp_path: Path) -> None:
    for day in (1, 2):
        committed(tmp_path, day, days()[0][:1], **PART)
    committed(tmp_path, 3, days()[0])
    assert current(tmp_path) == [True, True]
    committed(tmp_path, 0, days()[0])
    assert current(tmp_path) == [False, False, False]


def test_feeds_of_the_first_versions_name_no_renames_and_no_evidence(tmp_path: Path) -> None:
    for day, rows in enumerate(days()[:3]):
        old = committed(tmp_path, day, rows)
    told = article_history(old, "limits")
    assert told.names == ("limits", "withdrawal-limits")
    for lost, still in ((RENAMES_KEY, True), (EVIDENCE_KEY, False)):
        for snapshot in old.snapshots(EN)[1:]:
            path = old.store.url(changes_path(EN, snapshot.id))
            feed = pq.read_table(path)
            known = {key: value for key, value in feed.schema.metadata.items() if key != lost}
            pq.write_table(feed.replace_schema_metadata(known), path)
        assert current(tmp_path) == [still, still]
        again = article_history(old, "limits")
        assert (again.table, again.tenures) == (told.table, told.tenures)


def test_a_damaged_snapshot_is_no_evidence_and_is_named(tmp_path: Path) -> None:
    catalog = full_part_full(tmp_path, feed=False)
    Path(catalog.store.url(snapshot_path(EN, "20261116T060000Z"))).write_bytes(b"PAR1 broken")
    found = diff_snapshots(catalog, "latest~1", "latest")
    assert {"unverified"} == {row["kind"] for row in found.table.to_pylist() if row["field"] == "article"}
    assert "the rows of 20261116T060000Z are not known" in found.warnings[0]


def test_view_counts_follow_renames(tmp_path: Path) -> None:
    first, second, third = (
        row(name, view_count=n, section="faq") for name, n in (("one", 10), ("two", 15), ("three", 27))
    )
    another = row(
        "one", source_id="another", view_count=3, title="Another", published_on=None, published_at=None
    )
    catalog = Catalog(tmp_path)
    for day, rows in enumerate([[first], [second], [third, another]]):
        same = [each | {"source_id": each["source_id"] if each is another else "cms-1"} for each in rows]
        catalog = committed(tmp_path, day, [{**each, "body": each["title"]} for each in same])
    rows = view_series(catalog).to_pylist()
    assert [(r["article_id"], r["slug"], r["view_count"], r["gain"]) for r in rows] == [
        ("one", "one", 3, None), ("three", "one", 10, None), ("three", "two", 15, 5), ("three", "three", 27, 12),
    ]  # fmt: skip


def test_a_slug_that_was_taken_again_tells_of_one_article_only(tmp_path: Path) -> None:
    """One article goes from a to b to c, another takes b afterwards, and a new one takes a."""
    mine = [
        row(name, title="One", source_id="cms-1", view_count=None, body=FEES) for name in ("a", "b", "c", "c")
    ]
    mine[3] = mine[3] | {"body": FEES.replace("0.10", "0.11")}
    other = [
        row(name, title="Other", source_id="cms-2", view_count=None, body=LIMITS)
        for name in ("x", "x", "x", "b")
    ]
    catalog = Catalog(tmp_path)
    for day, rows in enumerate(zip(mine, other, strict=True)):
        catalog = committed(tmp_path, day, list(rows))
    new = row("a", source_id="cms-3", view_count=None, body=FAREWELL, published_on=None, published_at=None)
    edited = other[3] | {"body": LIMITS.replace("more", "less")}
    catalog = committed(tmp_path, 4, [mine[3], edited, new])
    stories = {
        name: (
            found.names,
            found.since is not None,
            [(r["snapshot_id"][:8], r["article_id"], r["kind"]) for r in found.table.to_pylist()],
        )
        for name in "abcx"
        for found in [article_history(catalog, name)]
    }
    renamed = [("20261117", "b", "renamed"), ("20261118", "c", "renamed"), ("20261119", "c", "edited")]
    assert stories["c"] == (("a", "b", "c"), True, renamed)
    assert stories["b"] == (
        ("x", "b"), True, [("20261119", "b", "renamed"), ("20261120", "b", "edited")]
    )  # fmt: skip
    assert stories["x"] == stories["b"]
    assert stories["a"] == (("a",), False, [("20261120", "a", "added")])
    assert [r["text"] for r in blame(catalog, "b").to_pylist()] == LIMITS.replace("more", "less").splitlines()
    assert {r["snapshot_id"][:8] for r in blame(catalog, "b").to_pylist()} == {"20261116", "20261120"}
    assert {r["snapshot_id"][:8] for r in blame(catalog, "a").to_pylist()} == {"20261120"}


@settings(max_examples=200)
@given(st.lists(st.permutations(range(5)), min_size=1, max_size=6), st.integers(1, 5))
def test_each_slug_is_followed_to_the_article_that_bears_it(days: list[list[int]], articles: int) -> None:
    """Articles exchange slugs in every way; each is found under the one it bears, with all that it bore, in time."""
    instants = [f"day-{n}" for n in range(len(days))]
    slugs = [[f"slug-{number}" for number in day[:articles]] for day in days]
    renames = [
        (instants[n + 1], old, new)
        for n, (before, after) in enumerate(itertools.pairwise(slugs))
        for old, new in zip(before, after, strict=True)
        if old != new
    ]
    for article, slug in enumerate(slugs[-1]):
        held = Identities(renames).tenures(slug)
        for at, names in zip(instants, slugs, strict=True):
            assert [tenure.key for tenure in held if tenure.covers(at)] == [names[article]]


def test_blame_dates_a_text_from_when_the_article_had_it(tmp_path: Path) -> None:
    """Another article had the same body before, and a first reading came after the article itself."""
    same = [row(name, view_count=None, body=LIMITS) for name in ("one", "two")]
    unread = row("three", view_count=None, body=None)
    committed(tmp_path, 0, [same[0], unread])
    committed(tmp_path, 1, [same[0], unread])
    committed(tmp_path, 2, [*same, unread])
    committed(tmp_path, 3, [*same, unread | {"body": FEES}])
    catalog = committed(tmp_path, 4, [*same, unread])  # its page could not be read again
    dated = {
        name: {(r["snapshot_id"][:8], r["or_earlier"]) for r in blame(catalog, name).to_pylist()}
        for name in ("one", "two", "three")
    }
    assert dated == {
        "one": {("20261116", True)}, "two": {("20261118", False)}, "three": {("20261119", False)}
    }  # fmt: skip


@pytest.mark.parametrize("extractor", ["okx/1", "okx/2"])
def test_a_body_that_came_back_is_blamed_on_its_return(extractor: str, tmp_path: Path) -> None:
    """By an edit back, or read so by another extractor, which is no edit and in no feed."""
    texts = ["First.\nSecond one.", "First.\nAnother one.", "First.\nSecond one."]
    for day, text in enumerate(texts):
        facts = {"versions": {"extractor": extractor}} if day == 2 else {}
        catalog = committed(tmp_path, day, [row("one", body=text)], **facts)
    last_edit = "20261118" if extractor == "okx/1" else "20261117"
    assert told(catalog, "one")[-1] == (last_edit, "edited", "body_sha256")
    blamed = [(each["text"], each["snapshot_id"][:8]) for each in blame(catalog, "one").to_pylist()]
    assert blamed == [("First.", "20261116"), ("Second one.", "20261118")]


def test_blame_passes_over_a_damaged_snapshot_and_names_it(tmp_path: Path) -> None:
    catalog = story(tmp_path)
    newest = Path(catalog.store.url(catalog.resolve("latest").path))
    expected = blame(catalog, "set-up-a-passkey")
    newest.write_bytes(b"PAR1")
    told: list[str] = []
    assert blame(Catalog(tmp_path), "set-up-a-passkey", warn=told.append).equals(expected)
    assert any("damaged or unreadable" in text and newest.name in text for text in told)


def test_a_count_that_was_not_seen_is_no_observation(tmp_path: Path) -> None:
    """A failed page keeps its earlier values, and a gain of 0 would be made of them."""
    seen = row("one", body="One.", view_count=10)
    for day, fields in enumerate(({}, {"status": "failed"}, {"view_count": 16}, {"status": "failed"})):
        catalog = committed(tmp_path, day, [seen | fields])
    rows = view_series(catalog).to_pylist()
    assert [(r["view_count"], r["gain"], r["days"]) for r in rows] == [(10, None, None), (16, 6, 2.0)]


def test_blame(catalog: Catalog) -> None:
    rows = blame(catalog, "set-up-a-passkey").to_pylist()
    first, second, third = PASSKEY.splitlines()
    assert [row["text"] for row in rows] == [first, third, second]
    assert all(row["or_earlier"] and row["snapshot_id"] == "20261116T060000Z" for row in rows)
    changed = [row for row in blame(catalog, "trading-fees").to_pylist() if not row["or_earlier"]]
    assert [(row["block"], row["snapshot_id"][:8]) for row in changed] == [(2, "20261117")]
    assert blame(catalog, "limits").equals(blame(catalog, "withdrawal-limits"))


def test_editions_are_not_compared_with_each_other(catalog: Catalog, tmp_path: Path) -> None:
    from helpscraper.archive.layout import Partition

    german = Partition("okx", "de")
    committed(tmp_path, 0, days()[0])
    both = committed(tmp_path, 1, days()[1], partition=german)
    with pytest.raises(CommandError, match="different editions"):
        diff_snapshots(both, "en:latest", "de:latest")


def test_the_archive_facade_gives_it_all(catalog: Catalog) -> None:
    archive = Archive(catalog.store.uri)
    found = archive.diff("2026-11-17", "2026-11-18")
    assert list(found.changes.columns) == ["article_id", "kind", "field", "before", "after", "silent", "at"]
    assert found.changes["at"].iloc[0] == dt.datetime(2026, 11, 18, 6, tzinfo=dt.UTC)
    assert "withdrawal-limits" in archive.history("limits")._repr_html_()
    assert archive.sql("select count(*) as n from changes")["n"].iloc[0] > 0
    assert set(archive.views()["article_id"]) >= {"trading-fees"}
