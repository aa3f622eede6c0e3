from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpscraper.archive import bodies as bodies_module
from helpscraper.archive import writer as writer_module
from helpscraper.archive.bodies import BodyIndex, write_bodies
from helpscraper.archive.layout import Partition, changes_path, snapshot_id
from helpscraper.archive.overview import runs_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import (
    CHANGES_SCHEMA,
    SNAPSHOT_SCHEMA,
    bodies_table,
)
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import (
    SnapshotFile,
    promote,
    write_reextracted,
    write_refused,
    write_run,
    write_snapshot,
)
from helpscraper.errors import ArchiveError, ReferenceNotFoundError
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from tests.tables import articles_table

Commit = Callable[..., SnapshotFile]
EN = Partition("okx", "en")
AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
ID = snapshot_id(AT)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
FROM, TO = dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)  # noqa: DTZ001 (hypothesis adds the zone)
INSTANT = st.datetimes(FROM, TO, timezones=st.just(dt.UTC))
DATE = st.dates()
ARTICLES = st.lists(
    st.builds(
        Article,
        snapshot_at=st.just(AT),
        article_id=TEXT,
        url=TEXT,
        title=TEXT,
        source_id=st.none() | TEXT,
        category=st.none() | TEXT,
        section=st.none() | TEXT,
        category_title=st.none() | TEXT,
        section_title=st.none() | TEXT,
        listed_in=st.none() | st.lists(TEXT, max_size=3),
        published_at=st.none() | INSTANT,
        updated_at=st.none() | INSTANT,
        published_on=st.none() | DATE,
        updated_on=st.none() | DATE,
        view_count=st.none() | st.integers(-(2**63), 2**63 - 1),
        snippet=st.none() | TEXT,
        body_sha256=st.none(),
        word_count=st.none() | st.integers(0, 2**31 - 1),
        reading_minutes=st.none() | st.integers(0, 2**15 - 1),
        language=st.none() | TEXT,
        labels=st.none() | st.lists(TEXT, max_size=3),
        votes_up=st.none() | st.integers(0, 2**63 - 1),
        votes=st.none() | st.integers(0, 2**63 - 1),
        confidence=st.none() | st.sampled_from(["declared", "generic"]),
        status=st.sampled_from(["fetched", "carried", "listed", "failed"]),
        fetched_at=st.none() | INSTANT,
        warc_record=st.none() | TEXT,
    ),
    max_size=12,
    unique_by=lambda article: article.article_id,
)


def memory() -> Store:
    return open_store(f"memory://{uuid.uuid4()}")


def write(store: Store, articles: list[Article], **run: Any) -> SnapshotFile:
    facts = RunFacts.from_json({"run_id": ID, "outcome": "committed", "complete": True} | run)
    return write_snapshot(store, EN, ID, articles_table(articles), bodies_table([], AT), facts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ARTICLES)
def test_any_articles_come_back_as_they_were(articles: list[Article]) -> None:
    store = memory()
    write(store, articles)
    found = Catalog(store).load_table("latest").to_pylist()
    expected = sorted(articles, key=lambda article: article.article_id.encode())
    assert found == [asdict(each) for each in expected]
    store.fs.rm(store.root, recursive=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ARTICLES, st.randoms(use_true_random=False))
def test_row_order_and_clock_never_show_in_the_bytes(articles: list[Article], rng: random.Random) -> None:
    one, two = memory(), memory()
    shuffled = rng.sample(articles, len(articles))
    first = write(one, articles, seconds=1.0, finished_at="2026-11-22T06:01:00+00:00")
    second = write(two, shuffled, seconds=2.5, finished_at="2026-11-22T06:09:00+00:00")
    assert one.read(first.path) == two.read(second.path)
    for store in (one, two):
        store.fs.rm(store.root, recursive=True)


BODIES = st.lists(st.text("abc ", max_size=8), unique=True, max_size=20).map(
    lambda texts: [Body(body_key(text, ""), text, "", "") for text in texts]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES, st.randoms(use_true_random=False), st.integers(1, 7), st.booleans())
def test_order_and_batches_of_bodies_never_show(
    monkeypatch: pytest.MonkeyPatch, bodies: list[Body], rng: random.Random, batch: int, parted: bool
) -> None:
    monkeypatch.setattr(bodies_module, "_PART_BYTES", 1 if parted else 64 << 20)
    stores = []
    ordered = bodies_table(sorted([*bodies, *bodies[:3]], key=lambda body: body.sha256), AT)
    shuffled = bodies_table(rng.sample(bodies, len(bodies)) + bodies[:3], AT)
    for given_bodies in (ordered.to_batches(max_chunksize=batch), shuffled):
        store = memory()
        _, count = write_bodies(store, EN, ID, given_bodies, AT, BodyIndex(store, EN))
        assert count == len(bodies)
        stores.append(store)
    assert stores[0].list("bodies") == stores[1].list("bodies")
    for path in stores[0].list("bodies"):
        one, two = (pq.read_table(store.open(path)) for store in stores)
        assert one.equals(two)
        assert stores[0].read(path) == stores[1].read(path)
        assert one.column("body_sha256").to_pylist() == sorted(each.sha256 for each in bodies)
    for store in stores:
        if store.fs.exists(store.root):
            store.fs.rm(store.root, recursive=True)


def test_a_body_is_stored_once(store: Store, commit: Commit) -> None:
    rows = [{"article_id": "a", "body": "one"}, {"article_id": "b", "body": "two"}]
    assert commit(store, "2026-11-20", rows).new_bodies == 2
    assert commit(store, "2026-11-21", rows).new_bodies == 0
    assert commit(store, "2026-11-22", [*rows, {"article_id": "c", "body": "three"}]).new_bodies == 1
    assert [path.rpartition("/")[2] for path in store.list("bodies")] == [
        "20261120T060000Z.parquet",
        "20261122T060000Z.parquet",
    ]


def test_the_same_snapshot_twice_is_no_error_and_changes_nothing(store: Store, commit: Commit) -> None:
    rows = [{"article_id": "a", "body": "one"}]
    commit(store, "2026-11-22", rows)
    before = {path: store.read(path) for path in store.list("")}
    commit(store, "2026-11-22", rows, seconds=5.0)
    assert {path: store.read(path) for path in store.list("")} == before


def test_another_snapshot_of_the_same_instant_is_refused_before_anything_is_written(
    store: Store, commit: Commit
) -> None:
    commit(store, "2026-11-22", [{"article_id": "a", "body": "one"}])
    before = {path: store.read(path) for path in store.list("")}
    with pytest.raises(ArchiveError, match="already there with other contents"):
        commit(store, "2026-11-22", [{"article_id": "b", "body": "two"}])
    assert {path: store.read(path) for path in store.list("")} == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: setattr(a, "title", None), "title is null"),
        (lambda a: setattr(a, "article_id", "b"), "an article appears twice"),
        (
            lambda a: setattr(a, "snapshot_at", AT + dt.timedelta(seconds=1)),
            "snapshot_at is not 2026-11-22T06:00:00",
        ),
        (lambda a: setattr(a, "body_sha256", "0" * 64), "body is neither given nor in the archive"),
    ],
)
def test_rows_that_are_no_snapshot_are_shown(
    store: Store, change: Callable[[Article], None], said: str
) -> None:
    articles = [
        Article(snapshot_at=AT, article_id=name, url=f"https://h/{name}", title="T", status="fetched")
        for name in "ab"
    ]
    change(articles[0])
    with pytest.raises(ArchiveError, match=said) as caught:
        write(store, articles)
    assert "https://h/a" in str(caught.value)
    assert not store.list("snapshots")
    assert not store.list("runs")


@pytest.mark.parametrize(("count", "more"), [(5, None), (6, "  and 1 more"), (9, "  and 4 more")])
def test_five_rows_are_shown_and_the_others_counted(store: Store, count: int, more: str | None) -> None:
    articles = [
        Article(
            snapshot_at=AT,
            article_id=f"a{n}",
            url="u",
            title="T" * 99,
            status="fetched",
            body_sha256="0" * 64,
        )
        for n in range(count)
    ]
    with pytest.raises(ArchiveError) as caught:
        write(store, articles)
    first, *rows = caught.value.message.splitlines()
    assert first.endswith("their body is neither given nor in the archive:")
    assert rows[5:] == ([more] if more else [])
    assert all(f"  {'T' * 80!r}  " in row for row in rows[:5])


def test_a_damaged_file_of_bodies_is_named_where_a_body_is_missing(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", [{"article_id": "a", "body": "one"}])
    (path,) = store.list("bodies")
    Path(store.url(path)).write_bytes(b"damaged")
    row = {"article_id": "a", "body_sha256": body_key("one", "**one**")}
    with pytest.raises(ArchiveError, match=f"nor in the archive; damaged: {path}:"):
        commit(store, "2026-11-21", [row])


@pytest.mark.parametrize("complete", [True, False])
def test_a_snapshot_that_a_person_accepted_says_so(store: Store, commit: Commit, complete: bool) -> None:
    commit(
        store, "2026-11-22", [{"article_id": "a"}], write=write_refused, complete=complete, outcome="refused"
    )
    promote(store, EN, ID)
    catalog = Catalog(store)
    facts = catalog.facts(catalog.resolve())
    assert facts.accepted is True
    assert (facts.complete, facts.outcome) == (complete, "committed" if complete else "incomplete")


def test_a_value_that_does_not_fit_names_its_column() -> None:
    article = Article(
        snapshot_at=AT, article_id="a", url="u", title="t", status="fetched", reading_minutes=40_000
    )
    with pytest.raises(ArchiveError, match="column reading_minutes"):
        articles_table([article])


def test_bodies_that_would_be_lost_or_unsorted_are_refused(store: Store) -> None:
    two = [Body(body_key(text, ""), text, "", "") for text in "ab"]
    ordered = bodies_table(sorted(two, key=lambda body: body.sha256), AT).to_batches(max_chunksize=1)
    index = BodyIndex(store, EN)
    with pytest.raises(ArchiveError, match="not sorted by key"):
        write_bodies(store, EN, ID, ordered[::-1], AT, index)
    with pytest.raises(TypeError, match="iterated twice"):
        write_bodies(store, EN, ID, iter(ordered), AT, index)
    assert not store.list("bodies")


def test_a_key_that_is_no_hash_is_refused(store: Store) -> None:
    bodies = bodies_table([Body("../../etc", "x", "x", "x")], AT)
    with pytest.raises(ArchiveError, match="not the key of a body"):
        write_bodies(store, EN, ID, bodies, AT, BodyIndex(store, EN))


@pytest.mark.parametrize("step", ["_store_bodies", "_write_changes", "write_run", "_commit_rows"])
def test_a_writer_that_dies_leaves_no_snapshot_and_the_next_one_works(
    store: Store, commit: Commit, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    commit(store, "2026-11-21", [{"article_id": "a", "body": "one"}])
    rows = [{"article_id": "a", "body": "one"}, {"article_id": "b", "body": "two"}]

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def with_changes(*names: str) -> Callable[..., SnapshotFile]:
        changes = [{"article_id": name, "kind": "added", "silent": False, "at": AT} for name in names]
        feed = pa.Table.from_pylist(changes, CHANGES_SCHEMA)
        return lambda *args: write_snapshot(*args, changes=feed)

    with monkeypatch.context() as patch:
        patch.setattr(writer_module, step, die)
        with pytest.raises(KeyboardInterrupt):
            commit(store, "2026-11-22", rows, write=with_changes("b"))
    assert Catalog(store).ids(EN) == ["20261121T060000Z"]
    more = [*rows, {"article_id": "c", "body": "three"}]
    commit(store, "2026-11-22", more, write=with_changes("b", "c"))
    # The feed of the writer that died gives way to that of the snapshot.
    feed = pq.read_table(store.url(changes_path(EN, ID)))
    assert feed.column("article_id").to_pylist() == ["b", "c"]
    loaded = Catalog(store).load_table("latest", bodies=True)
    assert loaded.column("body_text").to_pylist() == ["one", "two", "three"]
    if step == "_commit_rows":
        assert [path.rpartition("/")[2] for path in store.list("bodies")][-2:] == [
            "20261122T060000Z-1.parquet",
            "20261122T060000Z.parquet",
        ]


def test_a_writer_that_may_not_go_on_leaves_bodies_only(store: Store) -> None:
    def fence() -> None:
        raise ArchiveError("another machine has the edition")

    with pytest.raises(ArchiveError, match="another machine"):
        write_snapshot(store, EN, ID, articles_table([]), [], RunFacts(), fence=fence)
    assert store.list("snapshots") == store.list("runs") == store.list("changes") == []


def test_a_refused_snapshot_is_kept_and_can_be_accepted(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-21", [{"article_id": "a", "body": "one"}])
    refused = {"outcome": "refused", "exit_code": 3, "complete": False, "reason": "articles: 1 of 300"}
    commit(store, "2026-11-22", [{"article_id": "b", "body": "two"}], write=write_refused, **refused)
    catalog = Catalog(store)
    assert catalog.ids(EN) == ["20261121T060000Z"]
    assert catalog.refused(EN, ID)[0].column("article_id").to_pylist() == ["b"]
    row = runs_table(catalog).to_pylist()[-1]
    assert (row["outcome"], row["accepted"], row["reason"]) == ("refused", False, "articles: 1 of 300")
    assert row["snapshot"].startswith("refused/")

    accepted = promote(store, EN, ID)
    assert (accepted.rows, accepted.new_bodies) == (1, 0)  # its body is there since it was refused
    assert promote(store, EN, ID) == accepted
    assert catalog.ids(EN) == ["20261121T060000Z", ID]
    assert catalog.load_table("latest", bodies=True).column("body_text").to_pylist() == ["two"]
    assert catalog.facts(catalog.resolve()).outcome == "incomplete"
    row = runs_table(catalog).to_pylist()[-1]
    assert (row["outcome"], row["accepted"]) == ("refused", True)
    with pytest.raises(ReferenceNotFoundError):
        promote(store, EN, "20261121T060000Z")


def test_a_failed_run_leaves_its_facts_and_a_resumed_one_its_own(store: Store, commit: Commit) -> None:
    write_run(store, EN, ID, RunFacts(run_id=ID, outcome="failed", exit_code=1, error="connection refused"))
    assert runs_table(Catalog(store)).to_pylist()[0]["reason"] == "connection refused"
    commit(store, "2026-11-22", [{"article_id": "a"}])
    row = runs_table(Catalog(store)).to_pylist()[0]
    assert (row["outcome"], row["articles"], row["health"]) == ("committed", 1, "ok")
    # The facts of a committed snapshot never change.
    write_run(store, EN, ID, RunFacts(run_id=ID, outcome="failed", exit_code=1, error="too late"))
    assert runs_table(Catalog(store)).to_pylist() == [row]


def test_a_commit_that_was_cut_off_shows_as_failed(store: Store) -> None:
    write_run(store, EN, ID, RunFacts(run_id=ID, outcome="committed"))
    row = runs_table(Catalog(store)).to_pylist()[0]
    assert (row["outcome"], row["snapshot"]) == ("failed", None)
    assert "interrupted" in row["reason"]


def test_the_newest_reextraction_stands_for_its_crawl(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-22", [{"article_id": "a", "title": "old"}])
    for title in ("newer", "newest"):
        commit(
            store,
            "2026-11-22",
            [{"article_id": "a", "title": title}],
            write=write_reextracted,
            kind="re-extract",
        )
    catalog = Catalog(store)
    snapshot = catalog.resolve()
    assert snapshot.reextracted
    assert [(each.path, each.reextracted) for each in catalog.snapshots()] == [(snapshot.path, True)]
    assert catalog.load_table(snapshot).column("title").to_pylist() == ["newest"]
    assert catalog.facts(snapshot).kind == "re-extract"
    with pytest.raises(ReferenceNotFoundError, match="no snapshot to re-extract"):
        commit(store, "2026-11-23", [{"article_id": "a"}], write=write_reextracted)


def test_a_re_extraction_that_says_the_same_is_not_stored_again(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-22", [{"article_id": "a", "body": "one"}])

    def again(title: str, **facts: str) -> str:
        row = {"article_id": "a", "body": "one", "title": title}
        return str(
            commit(store, "2026-11-22", [row], write=write_reextracted, **facts).path.rpartition("/")[2]
        )

    assert [again("A"), again("A"), again("B"), again("B", scope="x"), again("B", scope="x"), again("B")] == [
        f"{ID}.parquet", f"{ID}.parquet", f"{ID}-1.parquet", f"{ID}-2.parquet", f"{ID}-2.parquet",
        f"{ID}-3.parquet",
    ]  # fmt: skip
    # A damaged one is no reason to write none.
    Path(store.url(f"reextracted/{EN.folder}/{ID}-3.parquet")).write_bytes(b"damaged")
    assert again("B") == f"{ID}-4.parquet"


def test_the_order_of_facts_never_shows_in_the_bytes(tmp_path: Path, commit: Commit) -> None:
    written = []
    for name, facts in (("one", {"x": 1, "y": 2}), ("two", {"y": 2, "x": 1})):
        store = open_store(tmp_path / name)
        written.append(store.read(commit(store, "2026-11-22", [{"article_id": "a"}], **facts).path))
    assert written[0] == written[1]


def test_what_is_written_has_checksums_and_facts(store: Store, commit: Commit) -> None:
    written = commit(store, "2026-11-22", [{"article_id": "a"}], scope="Gebühren")
    file = pq.ParquetFile(store.url(written.path))
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.schema_arrow.equals(SNAPSHOT_SCHEMA)
    group = file.metadata.row_group(0)
    columns = {
        group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)
    }
    assert {name for name, column in columns.items() if not column.is_stats_set} == {
        "url",
        "title",
        "snippet",
    }
    assert file.schema_arrow.metadata[b"helpscraper.schema_version"] == b"2"
    assert b'"run_id": "20261122T060000Z"' in file.schema_arrow.metadata[b"helpscraper.run"]
    assert '"scope": "Gebühren"'.encode() in file.schema_arrow.metadata[b"helpscraper.run"]
    assert b"finished_at" not in file.schema_arrow.metadata[b"helpscraper.run"]


def test_facts_that_json_lacks_are_refused(store: Store, commit: Commit) -> None:
    with pytest.raises(ArchiveError, match="cannot be written as JSON"):
        write_run(store, EN, ID, RunFacts(seconds=float("nan")))
    commit(store, "2026-11-22", [{"article_id": "a"}])
    with pytest.raises(
        ArchiveError, match="cannot be written as JSON"
    ):  # a re-extraction has its facts in the file itself
        commit(store, "2026-11-22", [{"article_id": "a"}], write=write_reextracted, x=float("nan"))


def test_many_rows_make_several_groups_and_one_article_reads_one(store: Store) -> None:
    at = pa.scalar(AT, SNAPSHOT_SCHEMA.field("snapshot_at").type)
    names = pa.array([f"a-{number:06d}" for number in range(20_000)])
    columns = {
        "article_id": names,
        "url": names,
        "title": names,
        "status": names,
        "snapshot_at": pa.repeat(at, 20_000),
    }
    written = write_snapshot(store, EN, ID, pa.table(columns), bodies_table([], AT), RunFacts(run_id=ID))
    file = pq.ParquetFile(Path(store.url(written.path)))
    assert file.num_row_groups == 10
    found = Catalog(store).load_table(article_id="a-019999")
    assert found.column("title").to_pylist() == ["a-019999"]
    assert Catalog(store).load_table(article_id="nothing").num_rows == 0
