"""Packed months: every read gives the same as before, nothing is lost, and whatever stays behind is named."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper import Archive
from helpscraper.archive import compact as compact_module
from helpscraper.archive import compact_merge, compact_plan, sql
from helpscraper.archive.compact import compact, expand, month_begin
from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant, snapshot_path
from helpscraper.archive.overview import runs_table, snapshots_table
from helpscraper.archive.parquet import RUN_KEY, write_parquet
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import SNAPSHOT_SCHEMA, articles_table, bodies_table
from helpscraper.archive.sql import VIEWS, query
from helpscraper.archive.store import Store
from helpscraper.archive.verify import verify
from helpscraper.archive.writer import SnapshotFile, write_reextracted, write_snapshot
from helpscraper.errors import ArchiveError
from helpscraper.history import diff as diff_module
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import changes_feed
from helpscraper.history.timeline import article_history, log_table
from helpscraper.history.views import view_series
from tests.conftest import article, body

EN = Partition("okx", "en")
OTHER = dt.datetime(2026, 10, 2, 6, tzinfo=dt.UTC)
INSTANT = pa.timestamp("us", "UTC")
LATE = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
DAYS = ("2026-09-28", "2026-09-29", "2026-10-01", "2026-10-02", "2026-10-31", "2026-11-01")
SLUGS = ("alpha", "beta", "délta", "gamma")

Rows = dict[str, tuple[str, str | None, int | None]]
"""Of each article its title, the text of its body, and its view count."""


def commit(store: Store, day: str, rows: Rows, *, partition: Partition = EN, hour: int = 6) -> SnapshotFile:
    """Commit a snapshot with its feed, as a crawl does."""
    at = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), dt.UTC)
    name = snapshot_id(at)
    bodies = {slug: body(text) for slug, (_, text, _) in rows.items() if text is not None}
    table = articles_table(
        article(
            at, slug, title=title, view_count=views, section="faq", listed_in=["faq"],
            body_sha256=bodies[slug].sha256 if slug in bodies else None, fetched_at=at,
        )
        for slug, (title, _, views) in sorted(rows.items())
    )  # fmt: skip
    texts = bodies_table(bodies.values(), at)
    run = {
        "run_id": name, "site": partition.site, "locale": partition.locale, "kind": "crawl", "complete": True,
        "outcome": "committed", "started_at": at.isoformat(), "counts": {"fetched": len(rows)},
        "sections": {"faq": {"whole": True}}, "versions": {"extractor": "1"},
    }  # fmt: skip
    changes = changes_feed(Catalog(store), partition, name, table, run, texts.to_batches())
    return write_snapshot(store, partition, name, table, texts, run, changes)


def rows_of(day: int) -> Rows:
    """What the help centre shows on a day: titles, bodies and counts that move now and then, one that comes late."""
    return {
        slug: (f"{slug} {day // 3}", None if slug == "beta" else f"{slug} says {day // (place + 1)}", 10 * day + place)
        for place, slug in enumerate(SLUGS)
        if place < 3 or day > 2
    }  # fmt: skip


@pytest.fixture
def archive(store: Store) -> Store:
    """Six snapshots in three months."""
    for number, day in enumerate(DAYS):
        commit(store, day, rows_of(number))
    return store


def run_compact(store: Store, before: dt.datetime = LATE, **options: Any) -> list[Any]:
    return list(compact(Catalog(store), EN, before, **options))


def digests(store: Store) -> dict[str, str]:
    return {path: hashlib.sha256(store.read(path)).hexdigest() for path in store.list("") if path}


def files(store: Store, kind: str = "snapshots") -> list[str]:
    return [path.rsplit("/", 1)[1] for path in store.list(kind)]


def rows_seen(store: Store) -> dict[str, Any]:
    """What is in the archive: each snapshot with its bodies, facts and feed, and both views of the rows."""
    catalog = Catalog(store)
    tables: dict[str, Any] = {"snapshots": snapshots_table(catalog).drop_columns(["path", "bytes"])}
    for each in catalog.snapshots():
        rows = catalog.load_table(each, bodies=True)
        tables[f"load {each}"], tables[f"metadata {each}"] = rows, rows.schema.metadata
        tables[f"facts {each}"] = catalog.facts(each), catalog.rows(each), catalog.before(each)
        tables[f"feed {each}"] = catalog.changes_table(each)
    for view in ("snapshots", "changes"):
        tables[f"sql {view}"] = query(catalog, f"SELECT * FROM {view} ORDER BY ALL")  # noqa: S608
    return {
        name: table.to_pylist() if isinstance(table, pa.Table) else table for name, table in tables.items()
    }


def public(store: Store) -> dict[str, Any]:
    """Everything that can be read of an archive, but for the names and sizes of files."""
    catalog = Catalog(store)
    held = catalog.snapshots()
    tables: dict[str, Any] = {
        "runs": runs_table(catalog).drop_columns(["snapshot"]),
        "views": Archive(store.url()).views().to_csv(),
        "editions": editions_table(catalog),
        "log": log_table(catalog, EN)[0].sort_by(
            [(n, "ascending") for n in ("snapshot_id", "kind", "section")]
        ),
    }
    for each in held:
        tables[f"columns {each}"] = catalog.load_table(each, columns=["title", "section"])
        for slug in (*SLUGS, "none"):
            tables[f"one {each} {slug}"] = catalog.load_table(each, article_id=slug, columns=["title"])
        tables[f"resolve {each}"] = catalog.resolve(each.id[:8], locale=each.partition.locale)
    for before, after in itertools.pairwise(held):
        if before.partition == after.partition:
            tables[f"diff {after}"] = diff_snapshots(catalog, before, after).table
    for slug in SLUGS:
        tables[f"history {slug}"] = (
            article_history(catalog, slug, EN).table if _known(catalog, slug) else None
        )
    for view in VIEWS:
        picked = "* EXCLUDE (snapshot)" if view == "runs" else "*"
        tables[f"sql {view}"] = query(catalog, f"SELECT {picked} FROM {view} ORDER BY ALL")  # noqa: S608
    return rows_seen(store) | {
        name: table.to_pylist() if isinstance(table, pa.Table) else table for name, table in tables.items()
    }


def _known(catalog: Catalog, slug: str) -> bool:
    return any(catalog.load_table(each, article_id=slug).num_rows for each in catalog.snapshots(EN))


def test_finished_months_become_one_file_each(archive: Store) -> None:
    reports = run_compact(archive, month_begin(dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)))
    assert files(archive) == ["202609.parquet", "202610.parquet", "20261101T060000Z.parquet"]
    assert files(archive, "changes") == ["202609.parquet", "202610.parquet", "20261101T060000Z.parquet"]
    assert [(r.kind, r.month, len(r.ids), r.problems) for r in reports] == [
        ("changes", "202609", 1, ()), ("changes", "202610", 3, ()),
        ("snapshots", "202609", 2, ()), ("snapshots", "202610", 3, ()),
    ]  # fmt: skip
    assert reports[2].after == archive.size("snapshots/site=okx/locale=en/202609.parquet")
    assert run_compact(archive, month_begin(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))) == []


def test_every_read_gives_the_same_and_undo_gives_the_bytes_back(archive: Store) -> None:
    other = Partition("okx", "zh-hans")
    for day in ("2026-10-07", "2026-10-08"):  # the latest one shares its file
        commit(archive, day, rows_of(int(day[-1])), partition=other)
    before, bytes_before = public(archive), digests(archive)
    assert verify(Catalog(archive)).problems == []
    run_compact(archive)
    list(compact(Catalog(archive), other, LATE))
    assert len(files(archive)) == 4
    assert public(archive) == before
    assert verify(Catalog(archive)).problems == []
    shares = snapshots_table(Catalog(archive)).column("bytes").to_pylist()
    assert (
        sum(shares[:2]) <= archive.size("snapshots/site=okx/locale=en/202609.parquet") < sum(shares[:2]) + 2
    )
    undone = list(expand(Catalog(archive), EN))
    assert [len(report.ids) for report in undone] == [2, 3, 1, 1, 3, 1]
    assert [len(report.ids) for report in expand(Catalog(archive), other)] == [2, 1]
    assert digests(archive) == bytes_before


def test_a_dry_run_changes_nothing(archive: Store) -> None:
    before = digests(archive)
    reports = run_compact(archive, dry_run=True)
    assert [(r.kind, r.month, r.after) for r in reports[3:]] == [
        ("snapshots", "202609", None), ("snapshots", "202610", None), ("snapshots", "202611", None),
    ]  # fmt: skip
    assert digests(archive) == before
    run_compact(archive)
    packed = digests(archive)
    assert [report.after for report in expand(Catalog(archive), EN, dry_run=True)] == [None] * 6
    assert digests(archive) == packed


def test_four_plain_readers_see_the_same_rows(archive: Store) -> None:
    folder = f"{archive.root}/snapshots"

    def seen() -> dict[str, list[dict[str, Any]]]:
        tables = {
            "pandas": pa.Table.from_pandas(
                pd.read_parquet(folder, dtype_backend="pyarrow"), preserve_index=False
            ),
            "pyarrow": pads.dataset(folder, partitioning="hive").to_table(),
            "duckdb": duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).to_arrow_table(),
            "polars": pl.read_parquet(folder, hive_partitioning=True).to_arrow(),
        }
        fields = [*SNAPSHOT_SCHEMA, pa.field("site", pa.string()), pa.field("locale", pa.string())]
        order = [("snapshot_at", "ascending"), ("article_id", "ascending")]
        return {
            name: pa.table({f.name: table.column(f.name).cast(f.type) for f in fields}).sort_by(order).to_pylist()
            for name, table in tables.items()
        }  # fmt: skip

    before = seen()
    run_compact(archive)
    assert len(files(archive)) == 3
    after = seen()
    assert len(after["pandas"]) == sum(len(rows_of(number)) for number in range(6))
    assert after == before
    assert after["pandas"] == after["pyarrow"] == after["duckdb"] == after["polars"]


VALUES = st.tuples(
    st.sampled_from(["One", "Two", "Drei"]),
    st.none() | st.sampled_from(["short", "longer text", "another"]),
    st.none() | st.integers(0, 3),
)
SNAPSHOTS = st.dictionaries(
    st.sampled_from(["2026-08-31", *DAYS, "2026-11-05"]),
    st.dictionaries(st.sampled_from(SLUGS), VALUES, max_size=4),
    min_size=1,
    max_size=6,
)


@settings(max_examples=5)
@given(
    snapshots=SNAPSHOTS,
    late=st.dictionaries(
        st.sampled_from(["2026-09-29", "2026-10-15"]), st.just({"alpha": ("Late", "late", 1)}), max_size=2
    ),
    cuts=st.lists(
        st.sampled_from(["2026-09-29", "2026-10-01", "2026-10-02", "2026-11-03"]), min_size=1, max_size=3
    ),
    apart=st.sets(st.sampled_from(["202608", "202609", "202610", "202611"])),
    most=st.sampled_from([2, 62]),
    rows=st.sampled_from([1, 3, 16_384]),
)
def test_any_months_compacted_in_any_order_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    snapshots: dict[str, Rows],
    late: dict[str, Rows],
    cuts: list[str],
    apart: set[str],
    most: int,
    rows: int,
) -> None:
    """Snapshots, a compaction, snapshots of days before it, more compactions, and some months taken apart again."""
    folder = tmp_path_factory.mktemp("drawn") / uuid.uuid4().hex
    plain, packed = Store(folder / "plain"), Store(folder / "packed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact_plan, "MOST", most)
        patch.setattr(compact_merge, "_MONTH_ROWS", rows)
        for number, cut in enumerate(cuts):
            for day, given_rows in sorted((snapshots if number == 0 else late).items()):
                if day not in snapshots or number == 0:
                    for store in (plain, packed):
                        commit(store, day, given_rows)
            run_compact(packed, dt.datetime.fromisoformat(f"{cut}T00:00:00+00:00"))
    own = {path for path in plain.list("snapshots") if path.rsplit("/", 1)[1][:6] in apart}
    for path in packed.list("snapshots"):
        if path.rsplit("/", 1)[1][:6] in apart:
            packed.remove(path)
    for path in own:
        packed.commit(path, plain.read(path))
    assert public(packed) == public(plain)
    problems = verify(Catalog(packed)).problems
    assert problems == verify(Catalog(plain)).problems == []
    list(expand(Catalog(packed), EN))
    assert digests(packed) == digests(plain)


IDS = st.sampled_from(["a", "aa", "b", "bé", "c", "d"])


@settings(max_examples=60)
@given(
    feeds=st.lists(st.lists(IDS, max_size=9).map(sorted), min_size=1, max_size=4),
    own_rows=st.integers(1, 4),
    month_rows=st.integers(1, 5),
)
def test_packing_streams_in_order_whatever_the_groups(
    tmp_path_factory: pytest.TempPathFactory, feeds: list[list[str]], own_rows: int, month_rows: int
) -> None:
    """Feeds may say several things of one article, so an article may go on in the next row group."""
    folder = tmp_path_factory.mktemp("pack")
    schema = compact_merge.SCHEMAS["changes"]
    ids = [f"202610{day:02d}T060000Z" for day in range(1, len(feeds) + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact_merge, "_OWN_ROWS", {"changes": own_rows})
        patch.setattr(compact_merge, "_MONTH_ROWS", month_rows)
        paths, entries, noted, expected = [], {}, {}, []
        for name, articles in zip(ids, feeds, strict=True):
            rows = [
                {"article_id": slug, "kind": "edited", "before": str(n), "silent": False, "at": snapshot_instant(name)}
                for n, slug in enumerate(articles)
            ]  # fmt: skip
            expected += rows
            paths.append(folder / f"{name}.parquet")
            noted[name] = {b"helpscraper.from": name.encode(), b"helpscraper.schema_version": b"1"}
            write_parquet(
                paths[-1], schema, [pa.Table.from_pylist(rows, schema)], rows=own_rows, metadata=noted[name]
            )
            entries[name] = compact_module.Entry(name, len(rows), 0, "", None)
        sources = [
            compact_merge.Source(pq.ParquetFile(path), frozenset([name]), str(path))
            for path, name in zip(paths, ids, strict=True)
        ]
        compact_merge.pack("changes", folder / "month.parquet", sources, entries, noted)
        targets = {name: folder / f"{name}.again" for name in ids}
        with pq.ParquetFile(folder / "month.parquet") as month:
            table = month.read()
            counts = compact_merge.unpack("changes", month, targets, noted)
    expected.sort(key=lambda row: (row["article_id"].encode(), row["at"], int(row["before"])))
    assert table.select(["article_id", "at", "before"]).to_pylist() == [
        {key: row[key] for key in ("article_id", "at", "before")} for row in expected
    ]
    assert counts == {name: len(articles) for name, articles in zip(ids, feeds, strict=True)}
    assert [targets[name].read_bytes() for name in ids] == [path.read_bytes() for path in paths]


class Stopped(BaseException):
    """Stands for the power that goes: nothing catches it."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let the power go just before the given step (a file gets its name, a file goes)."""
    left = [10**9]
    real = {name: getattr(Store, name) for name in ("commit", "remove")}

    def guarded(name: str) -> Callable[..., Any]:
        def step(self: Store, *args: Any, **options: Any) -> Any:
            if left[0] == 0:
                raise Stopped
            left[0] -= 1
            return real[name](self, *args, **options)

        return step

    for name in real:
        monkeypatch.setattr(Store, name, guarded(name))

    def stop_at(count: int) -> None:
        left[0] = count

    yield stop_at
    left[0] = 10**9


@pytest.mark.parametrize("undo", [False, True], ids=["compact", "undo"])
def test_whatever_step_is_the_last_one_nothing_is_lost(
    archive: Store, tmp_path: Path, steps: Callable[[int], None], undo: bool
) -> None:
    def work(store: Store) -> None:
        list(expand(Catalog(store), EN)) if undo else run_compact(store)

    steps(10**9)
    expected = rows_seen(archive)
    if undo:
        run_compact(archive)
    done = Store(shutil.copytree(archive.root, tmp_path / "done"))
    work(done)
    final = digests(done)
    seen_redundant = 0
    for count in range(40):
        broken = Store(shutil.copytree(archive.root, tmp_path / f"broken-{count}"))
        steps(count)
        try:
            work(broken)
        except Stopped:
            steps(10**9)
        else:
            break
        assert rows_seen(broken) == expected, f"stopped before step {count}"
        problems = {problem.problem for problem in verify(Catalog(broken)).problems}
        assert problems <= {"redundant"}
        seen_redundant += bool(problems)
        work(broken)
        assert digests(broken) == final
        assert verify(Catalog(broken)).ok
    assert count > 10
    assert seen_redundant > 5


def test_an_older_file_of_the_month_that_was_to_go_is_redundant_too(archive: Store) -> None:
    run_compact(archive)
    first = archive.read("snapshots/site=okx/locale=en/202610.parquet")
    commit(archive, "2026-10-15", rows_of(4))
    before = rows_seen(archive)
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202611.parquet"]
    assert rows_seen(archive) == before
    archive.commit("snapshots/site=okx/locale=en/202610.parquet", first)
    assert rows_seen(archive) == before
    problems = verify(Catalog(archive)).problems
    assert {(p.path.rsplit("/", 1)[1], p.problem) for p in problems} == {("202610.parquet", "redundant")}
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202611.parquet"]


def test_a_file_of_its_own_is_preferred(archive: Store) -> None:
    """Somebody put back another form of a packed snapshot: it is what counts, also for the next compaction."""
    single = snapshot_path(EN, "20261001T060000Z")
    with pq.ParquetFile(archive.url(single)) as file:
        table = file.read()
    run_compact(archive)
    titles = pa.array(["other"] * table.num_rows, pa.string())
    other = table.set_column(table.schema.get_field_index("title"), SNAPSHOT_SCHEMA.field("title"), titles)
    write_parquet(
        Path(archive.url(single)), SNAPSHOT_SCHEMA, [other], metadata={RUN_KEY: table.schema.metadata[RUN_KEY]}
    )  # fmt: skip
    for _ in range(2):
        catalog = Catalog(archive)
        assert set(catalog.load_table("20261001").column("title").to_pylist()) == {"other"}
        held = query(catalog, "SELECT DISTINCT title FROM snapshots WHERE snapshot_at = '2026-10-01 06:00Z'")
        assert held.to_pylist() == [{"title": "other"}]
        assert len(catalog.snapshots()) == 6
        run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202611.parquet"]


def test_many_snapshots_make_several_files(archive: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact_plan, "MOST", 2)
    before = rows_seen(archive)
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202610.parquet", "202611.parquet"]
    assert rows_seen(archive) == before
    kept = digests(archive)
    commit(archive, "2026-10-31", rows_of(5), hour=7)
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-2.parquet", "202610.parquet", "202611.parquet"]
    after = digests(archive)
    assert (
        after["snapshots/site=okx/locale=en/202610.parquet"]
        == kept["snapshots/site=okx/locale=en/202610.parquet"]
    )


def test_what_does_not_come_out_as_it_went_in_removes_nothing(
    archive: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(archive)
    real = compact_merge._cut

    def lossy(tables: Any, rows: int) -> Iterator[pa.Table]:
        for table in real(tables, rows):
            yield table.set_column(
                0, table.schema.field(0), table.column(0).take(pa.array([0] * table.num_rows))
            )

    monkeypatch.setattr(compact_merge, "_cut", lossy)
    reports = run_compact(archive)
    # Each month of feeds and of snapshots says so for itself: what is wrong with one keeps no other waiting.
    *lost, alone = reports
    assert [report.ids for report in lost] == [()] * 5
    assert all("would not come out of the month's file as it went in" in r.problems[0] for r in lost)
    assert alone.ids == ("20261101T060000Z",), "one snapshot in a month: there was nothing to lose"
    after = digests(archive)
    assert {path: after.get(path) for path in before if "20261101" not in path} == {
        path: digest for path, digest in before.items() if "20261101" not in path
    }


def test_files_of_another_writer_keep_their_rows(archive: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another compression stands for an older pyarrow: the rows are proven, the bytes come out otherwise."""
    single = snapshot_path(EN, "20261001T060000Z")
    with pq.ParquetFile(archive.url(single)) as file:
        table = file.read()
    pq.write_table(table, archive.url(single), compression="gzip")
    original, before = digests(archive)[single], rows_seen(archive)
    run_compact(archive)
    assert len(files(archive)) == 3
    assert rows_seen(archive) == before
    entries = Catalog(archive).months.parts("snapshots", EN, "202610")[0].entries
    assert entries["20261001T060000Z"].writer is None
    assert entries["20261002T060000Z"].writer == compact_module.WRITER
    assert verify(Catalog(archive)).problems == []
    list(expand(Catalog(archive), EN))
    assert rows_seen(archive) == before
    assert digests(archive)[single] != original
    # A later version of the writer proves what an earlier one packed by its rows.
    run_compact(archive)
    monkeypatch.setattr(compact_module, "WRITER", "a later one")
    monkeypatch.setattr(compact_plan, "WRITER", "a later one")
    commit(archive, "2026-10-15", rows_of(4))
    before = rows_seen(archive)
    run_compact(archive)
    assert rows_seen(archive) == before
    assert verify(Catalog(archive)).problems == []


def _spoil_page(path: str, column: str = "title") -> None:
    """Flip a byte in the page of a column, far from the footer: only who decodes that column finds it."""
    group = pq.read_metadata(path).row_group(0)
    places = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    data = bytearray(Path(path).read_bytes())
    data[places[column].data_page_offset + places[column].total_compressed_size - 3] ^= 0xFF
    Path(path).write_bytes(data)


def _edit(path: str, **replaced: Any) -> None:
    with pq.ParquetFile(path) as file:
        table = file.read()
    metadata = {**table.schema.metadata, **replaced.pop("metadata", {})}
    for name, column in replaced.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda path: _edit(path, metadata={b"helpscraper.schema_version": b"0"}), "schema version 0"),
        (lambda path: _edit(path, metadata={b"pandas": b"{}"}), "other metadata"),
        (lambda path: _edit(path, article_id=pa.array(["b", "c", "a"], pa.string())), "not sorted by article_id"),
        (
            lambda path: _edit(path, snapshot_at=pa.array([OTHER] * 3, INSTANT)),
            "snapshot_at is not that of the file's name",
        ),
        (lambda path: pq.write_table(pa.table({"x": [1]}), path), "schema version None"),
        (lambda path: Path(path).write_bytes(Path(path).read_bytes()[:-9]), "damaged or unreadable"),
        (_spoil_page, "damaged or unreadable"),
    ],
    ids=["version", "metadata", "order", "instant", "stranger", "damaged", "damaged inside"],
)  # fmt: skip
def test_what_cannot_be_packed_stays_and_is_named(
    archive: Store, spoil: Callable[[str], None], because: str
) -> None:
    single = snapshot_path(EN, "20261001T060000Z")
    spoil(archive.url(single))
    spoilt = archive.read(single)
    others = {day: Catalog(archive).load_table(day).to_pylist() for day in ("20261002", "20261031")}
    reports = run_compact(archive)
    problems = [problem for report in reports for problem in report.problems]
    assert len(problems) == 1
    assert because in problems[0]
    assert single in problems[0]
    assert files(archive) == [
        "202609.parquet",
        "202610.parquet",
        "20261001T060000Z.parquet",
        "202611.parquet",
    ]
    assert archive.read(single) == spoilt
    assert {day: Catalog(archive).load_table(day).to_pylist() for day in others} == others


def test_a_damaged_month_is_named_and_the_rest_is_read(archive: Store) -> None:
    before = rows_seen(archive)
    run_compact(archive)
    path = "snapshots/site=okx/locale=en/202610.parquet"
    whole = archive.read(path)
    Path(archive.url(path)).write_bytes(whole[:-20])
    catalog = Catalog(archive)
    assert [each.id for each in catalog.snapshots()] == [day.replace("-", "") + "T060000Z" for day in DAYS]
    errors = snapshots_table(catalog).column("error").to_pylist()
    assert [error is not None and path in error for error in errors] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    with pytest.raises(ArchiveError, match=r"202610\.parquet: damaged or unreadable"):
        catalog.load_table("2026-10-31")
    assert catalog.load_table("latest").to_pylist() == catalog.load_table("20261101").to_pylist()
    assert {p.path for p in verify(catalog).problems} == {path}
    commit(archive, "2026-10-01", rows_of(4), hour=5)
    reports = run_compact(archive)
    assert [problem.count(path) for report in reports for problem in report.problems] == [1]
    damaged = archive.read(path)
    problems = [problem for report in expand(Catalog(archive), EN) for problem in report.problems]
    assert len(problems) == 1
    assert "202610.parquet: damaged or unreadable" in problems[0]
    assert archive.read(path) == damaged
    assert [name for name in files(archive) if len(name) < 15] == ["202610.parquet"], "the rest is taken out"
    assert [name for name in files(archive, "changes") if len(name) < 15] == []
    for left in [path for path in archive.list("") if "20261001T05" in path]:
        archive.remove(left)
    Path(archive.url(path)).write_bytes(whole)
    assert rows_seen(archive)["snapshots"] == before["snapshots"]


def test_a_month_damaged_inside_is_named_and_stays_when_more_comes_into_it(archive: Store) -> None:
    """The file that is damaged is named, and not the one that was opened after it."""
    run_compact(archive)
    path = "snapshots/site=okx/locale=en/202610.parquet"
    commit(archive, "2026-10-20", rows_of(4))
    commit(archive, "2026-12-01", rows_of(5))
    _spoil_page(archive.url(path))
    spoilt = archive.read(path)
    problems = [problem for report in run_compact(archive) for problem in report.problems]
    assert len(problems) == 1
    assert f"{path}: damaged or unreadable" in problems[0]
    assert archive.read(path) == spoilt
    assert files(archive) == [
        "202609.parquet", "202610.parquet", "20261020T060000Z.parquet", "202611.parquet", "202612.parquet"
    ]  # fmt: skip


def test_undo_does_not_remove_the_last_good_copy(archive: Store) -> None:
    single = snapshot_path(EN, "20261001T060000Z")
    whole = archive.read(single)
    before = digests(archive)
    run_compact(archive)
    path = Path(archive.url(single))
    path.write_bytes(whole)
    _spoil_page(str(path))
    problems = [problem for report in expand(Catalog(archive), EN) for problem in report.problems]
    assert len(problems) == 1
    assert single in problems[0]
    assert "202610.parquet holds the snapshot, too" in problems[0]
    path.unlink()
    assert not [problem for report in expand(Catalog(archive), EN) for problem in report.problems]
    assert digests(archive) == before


def test_undo_takes_what_readers_see_where_two_files_of_a_month_differ(archive: Store) -> None:
    """An older file of the month, left by a kill just before it was to go, says otherwise of a snapshot."""
    run_compact(archive)
    first = "snapshots/site=okx/locale=en/202610.parquet"
    older = archive.read(first)
    for _ in expand(Catalog(archive), EN):
        pass
    _edit(archive.url(snapshot_path(EN, "20261001T060000Z")), title=pa.array(["other"] * 3, pa.string()))
    run_compact(archive)
    newer = archive.read(first)
    archive.remove(first)
    archive.commit(first, older)
    archive.commit("snapshots/site=okx/locale=en/202610-1.parquet", newer)
    before = rows_seen(archive)
    assert set(Catalog(archive).load_table("20261001").column("title").to_pylist()) == {"other"}
    assert not [problem for report in expand(Catalog(archive), EN) for problem in report.problems]
    assert rows_seen(archive) == before


def test_a_month_of_another_program_is_not_taken_for_one(archive: Store) -> None:
    path = Path(archive.url("snapshots/site=okx/locale=en/202612.parquet"))
    pq.write_table(pa.table({"x": [1]}), path)
    assert [p.problem for p in verify(Catalog(archive)).problems] == ["unreadable"]
    assert len(Catalog(archive).snapshots()) == 6


def test_verify_finds_what_a_month_does_not_give_back(archive: Store) -> None:
    run_compact(archive)
    path = Path(archive.url("snapshots/site=okx/locale=en/202610.parquet"))
    with pq.ParquetFile(path) as file:
        table, metadata = file.read(), file.metadata.metadata
    views = pa.array(range(table.num_rows), pa.int64())
    changed = table.set_column(table.schema.get_field_index("view_count"), "view_count", views)
    kept = {key: value for key, value in metadata.items() if key != b"ARROW:schema"}
    pq.write_table(changed.cast(SNAPSHOT_SCHEMA).replace_schema_metadata(kept), path)
    problems = verify(Catalog(archive)).problems
    assert {p.problem for p in problems} == {"does not give back what it holds"}
    assert len(problems) == 3
    held = json.loads(kept[b"helpscraper.holds"])
    del held["20261002T060000Z"]
    pq.write_table(
        table.replace_schema_metadata({**kept, b"helpscraper.holds": json.dumps(held).encode()}), path
    )
    details = [p.detail for p in verify(Catalog(archive)).problems]
    assert "4 rows are of none of its snapshots" in details
    problems = [problem for report in expand(Catalog(archive), EN) for problem in report.problems]
    assert len(problems) == 1
    assert "rows are of none of its snapshots" in problems[0]
    assert path.exists()


@pytest.mark.parametrize("undo", [False, True])
def test_who_asks_while_the_rows_are_moved_gets_the_same(
    archive: Store, monkeypatch: pytest.MonkeyPatch, undo: bool
) -> None:
    """The files go between the moment when they were listed and the moment when they are read."""
    if undo:
        run_compact(archive)
    before = public(archive)
    asked = {
        "sql": lambda: query(Catalog(archive), "SELECT * FROM snapshots JOIN changes USING (article_id) ORDER BY ALL"),
        "views": lambda: view_series(Catalog(archive)),
        "editions": lambda: editions_table(Catalog(archive)),
        "diff": lambda: diff_snapshots(Catalog(archive), "2026-10-01", "2026-10-31").table,
    }  # fmt: skip
    settled = {name: ask() for name, ask in asked.items()}
    opened, bodies_of = sql._open, diff_module.bodies_of

    def move() -> None:
        list(expand(Catalog(archive), EN)) if undo else run_compact(archive)

    def back() -> None:
        run_compact(archive) if undo else list(expand(Catalog(archive), EN))

    def once(real: Any) -> Any:
        moved: list[bool] = []

        def moving(*arguments: Any) -> Any:
            if not moved:
                moved.append(True)
                move()
            return real(*arguments)

        return moving

    for name, ask in asked.items():
        monkeypatch.setattr(sql, "_open", once(opened))
        monkeypatch.setattr(diff_module, "bodies_of", once(bodies_of))
        assert ask().equals(settled[name]), name
        back()
    assert public(archive) == before


def test_a_packed_snapshot_is_still_a_commit(archive: Store) -> None:
    """What asks whether a snapshot is there gets the same answer as before."""
    run_compact(archive)
    catalog = Catalog(archive)
    assert catalog.is_committed(EN, "20261001T060000Z")
    assert not catalog.is_committed(EN, "20261003T060000Z")
    assert catalog.is_taken(EN, "20261001T060000Z")
    before = digests(archive)
    again = commit(archive, "2026-10-01", rows_of(2))  # the same once more is no error and no second file
    assert again.path == "snapshots/site=okx/locale=en/202610.parquet"
    assert digests(archive) == before
    with pytest.raises(ArchiveError, match="already there with other contents"):
        commit(archive, "2026-10-01", rows_of(4))
    assert digests(archive) == before
    # Where an earlier look saw a file of its own, it is found in its month's.
    seen = Snapshot(EN, "20261001T060000Z", snapshot_path(EN, "20261001T060000Z"))
    assert catalog.load_table(seen).num_rows == 3
    assert catalog.facts(seen)["run_id"] == "20261001T060000Z"


def test_a_newer_reading_is_preferred_to_the_packed_one(archive: Store) -> None:
    catalog = Catalog(archive)
    for day in ("20261001", "20261101"):
        table = catalog.load_table(day)
        titles = pa.array([f"read again {day}"] * table.num_rows, pa.string())
        rows = table.set_column(table.schema.get_field_index("title"), SNAPSHOT_SCHEMA.field("title"), titles)
        run = {**catalog.facts(catalog.resolve(day)), "kind": "re-extract", "versions": {"extractor": "2"}}
        if day == "20261101":
            run_compact(archive)  # the second one is written beside a packed month
        write_reextracted(archive, EN, f"{day}T060000Z", rows, [], run)
        if day == "20261001":
            before = public(archive)
            run_compact(archive)
            assert public(archive) == before
            list(expand(Catalog(archive), EN))
    catalog = Catalog(archive)
    assert [each.reextracted for each in catalog.snapshots()] == [False, False, True, False, False, True]
    latest = query(catalog, "SELECT DISTINCT title FROM latest").to_pylist()
    assert latest == [{"title": "read again 20261101"}]
    titles = query(catalog, "SELECT count(*) AS n FROM snapshots WHERE title LIKE 'read again%'").to_pylist()
    assert titles == [{"n": 7}]


def test_an_object_store_does_as_well() -> None:
    store = Store(f"memory://compact-{uuid.uuid4().hex}")
    for number, day in enumerate(DAYS):
        commit(store, day, rows_of(number))
    before, bytes_before = public(store), digests(store)
    run_compact(store)
    assert len(files(store)) == 3
    assert public(store) == before
    assert verify(Catalog(store)).problems == []
    list(expand(Catalog(store), EN))
    assert digests(store) == bytes_before


def test_the_feed_of_a_crawl_that_died_before_its_commit_stays_alone(archive: Store) -> None:
    """A crawl that is resumed writes its feed again, which it could not if it were packed."""
    archive.remove(snapshot_path(EN, "20261002T060000Z"))
    run_compact(archive)
    assert files(archive, "changes") == [
        "202609.parquet", "202610.parquet", "20261002T060000Z.parquet", "202611.parquet"
    ]  # fmt: skip
    feeds = Catalog(archive).feeds(EN)
    assert [name for name, path in feeds.items() if name in path] == ["20261002T060000Z"]
