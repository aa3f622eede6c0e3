"""Packed months: every read gives the same as before, nothing is lost, and every file left behind is named."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
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
from helpscraper.archive import sql, sql_views
from helpscraper.archive.compact import compact, month_begin
from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_path
from helpscraper.archive.overview import runs_table, snapshots_table
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import SNAPSHOT_SCHEMA, bodies_table
from helpscraper.archive.sql import VIEWS, query
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.verify import verify
from helpscraper.archive.writer import SnapshotFile, write_reextracted, write_snapshot
from helpscraper.errors import ArchiveError
from helpscraper.history import diff as diff_module
from helpscraper.history import edition_rows
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import changes_feed
from helpscraper.history.search import search
from helpscraper.history.timeline import article_history, log_table
from helpscraper.history.views import view_series
from tests.conftest import article, body
from tests.feeds import changes_table
from tests.tables import articles_table

EN = Partition("okx", "en")
OTHER = dt.datetime(2026, 10, 2, 6, tzinfo=dt.UTC)
INSTANT = pa.timestamp("us", "UTC")
LATE = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
DAYS = ("2026-09-28", "2026-09-29", "2026-10-01", "2026-10-02", "2026-10-31", "2026-11-01")
ALONE = "20261101T060000Z.parquet"  # a snapshot that is alone in its month stays as it is
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
    run = RunFacts.from_json({
        "run_id": name, "site": partition.site, "locale": partition.locale, "kind": "crawl", "complete": True,
        "outcome": "committed", "started_at": at.isoformat(), "counts": {"fetched": len(rows)},
        "sections": {"faq": {"whole": True}}, "versions": {"extractor": "1"},
    })  # fmt: skip
    changes = changes_feed(Catalog(store), partition, name, table, run, texts.to_batches())
    return write_snapshot(store, partition, name, table, texts, run, changes)


def rows_of(day: int) -> Rows:
    """What the help centre shows on a day: titles, bodies and counts that move now and then, one that comes late."""
    return {
        slug: (f"{slug} {day // 3}", None if slug == "beta" else f"{slug} says {day // (place + 1)}", 10 * day + place)
        for place, slug in enumerate(SLUGS)
        if place < 3 or day > 2
    }  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six snapshots in three months; tests must not change them."""
    store = open_store(tmp_path_factory.mktemp("built") / "archive")
    for number, day in enumerate(DAYS):
        commit(store, day, rows_of(number))
    return store


@pytest.fixture
def archive(built: Store, tmp_path: Path) -> Store:
    """A copy of those six snapshots."""
    return open_store(shutil.copytree(built.root, tmp_path / "archive"))


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
        tables[f"facts {each}"] = catalog.facts(each), catalog.overview(each)[1]
        tables[f"feed {each}"] = changes_table(catalog, each)
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
    for view in set(VIEWS) - {"snapshots", "changes"}:  # which ``rows_seen`` has
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
    assert files(archive, "changes") == ["20260929T060000Z.parquet", "202610.parquet", ALONE]
    assert [(r.kind, r.month, len(r.ids), r.problems) for r in reports] == [
        ("changes", "202610", 3, []), ("snapshots", "202609", 2, []), ("snapshots", "202610", 3, []),
    ]  # fmt: skip
    assert reports[1].after == archive.size("snapshots/site=okx/locale=en/202609.parquet")
    assert run_compact(archive, month_begin(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))) == []


def test_every_read_gives_the_same(archive: Store) -> None:
    other = Partition("okx", "zh-hans")
    for day in ("2026-10-07", "2026-10-08"):  # the latest one shares its file
        commit(archive, day, rows_of(int(day[-1])), partition=other)
    before = public(archive)
    assert verify(Catalog(archive)).problems == []
    run_compact(archive)
    list(compact(Catalog(archive), other, LATE))
    assert len([name for name in files(archive) if len(name) < 15]) == 3
    assert public(archive) == before
    assert verify(Catalog(archive)).problems == []
    shares = snapshots_table(Catalog(archive)).column("bytes").to_pylist()
    assert (
        sum(shares[:2]) <= archive.size("snapshots/site=okx/locale=en/202609.parquet") < sum(shares[:2]) + 2
    )


def test_a_dry_run_changes_nothing(archive: Store) -> None:
    before = digests(archive)
    reports = run_compact(archive, dry_run=True)
    assert [(r.kind, r.month, len(r.ids), r.after) for r in reports] == [
        ("changes", "202610", 3, 0), ("snapshots", "202609", 2, 0), ("snapshots", "202610", 3, 0),
    ]  # fmt: skip
    assert digests(archive) == before


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
    most=st.sampled_from([("_MOST_SNAPSHOTS", 2), ("_MOST_ROWS", 5), ("_MOST_ROWS", 500_000)]),
    rows=st.sampled_from([1, 3, 16_384]),
)
def test_any_months_compacted_in_any_order_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    snapshots: dict[str, Rows],
    late: dict[str, Rows],
    cuts: list[str],
    apart: set[str],
    most: tuple[str, int],
    rows: int,
) -> None:
    """Snapshots, a compaction, snapshots of days before it, more compactions, and some months from a backup."""
    folder = tmp_path_factory.mktemp("drawn") / uuid.uuid4().hex
    plain, packed = open_store(folder / "plain"), open_store(folder / "packed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact_module, *most)
        patch.setattr(compact_module, "_GROUP_ROWS", rows)
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
        packed.put_new(path, plain.read(path))
    assert public(packed) == public(plain)
    problems = [each.problem for each in verify(Catalog(packed)).problems]
    assert problems == [each.problem for each in verify(Catalog(plain)).problems]
    assert set(problems) <= {"overlaps another feed"}  # of a crawl that a late snapshot comes before


class Stopped(BaseException):
    """Stands for the power that goes: nothing catches it."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let the power go just before the given step (a file gets its name, a file goes)."""
    left = [10**9]
    real = {name: getattr(Store, name) for name in ("put_new", "remove")}

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


def test_whatever_step_is_the_last_one_nothing_is_lost(
    archive: Store, tmp_path: Path, steps: Callable[[int], None]
) -> None:
    steps(10**9)
    expected = rows_seen(archive)
    done = open_store(shutil.copytree(archive.root, tmp_path / "done"))
    run_compact(done)
    final = digests(done)
    seen_redundant = 0
    for count in range(40):
        broken = open_store(shutil.copytree(archive.root, tmp_path / f"broken-{count}"))
        steps(count)
        try:
            run_compact(broken)
        except Stopped:
            steps(10**9)
        else:
            break
        assert rows_seen(broken) == expected, f"stopped before step {count}"
        problems = {problem.problem for problem in verify(Catalog(broken)).problems}
        assert problems <= {"redundant"}
        seen_redundant += bool(problems)
        run_compact(broken)
        assert digests(broken) == final
        assert verify(Catalog(broken)).ok
    assert count > 10
    assert seen_redundant > 5


def test_late_snapshots_wait_for_company(archive: Store) -> None:
    run_compact(archive)
    kept = archive.read("snapshots/site=okx/locale=en/202610.parquet")
    commit(archive, "2026-10-15", rows_of(4))
    assert run_compact(archive) == []
    commit(archive, "2026-10-16", rows_of(5))
    before = rows_seen(archive)
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202610.parquet", ALONE]
    assert archive.read("snapshots/site=okx/locale=en/202610.parquet") == kept
    assert rows_seen(archive) == before


@pytest.mark.parametrize("bound", [("_MOST_SNAPSHOTS", 2), ("_MOST_ROWS", 7)], ids=["snapshots", "rows"])
def test_a_file_holds_so_many_snapshots_and_rows_at_most(
    archive: Store, monkeypatch: pytest.MonkeyPatch, bound: tuple[str, int]
) -> None:
    monkeypatch.setattr(compact_module, *bound)
    commit(archive, "2026-10-30", rows_of(4))
    before = rows_seen(archive)
    run_compact(archive)
    assert files(archive) == ["202609.parquet", "202610-1.parquet", "202610.parquet", ALONE]
    assert rows_seen(archive) == before


def test_a_copy_that_differs_from_its_month_stays_beside_it(archive: Store) -> None:
    """Somebody put back another form of a packed snapshot: readers see it, and the difference is named."""
    single = snapshot_path(EN, "20261001T060000Z")
    whole = archive.read(single)
    run_compact(archive)
    Path(archive.url(single)).write_bytes(whole)
    _edit(archive.url(single), title=pa.array(["other"] * 3, pa.string()))
    (problem,) = [problem for report in run_compact(archive) for problem in report.problems]
    assert "202610.parquet holds other rows than the snapshot's own file" in problem
    assert set(Catalog(archive).load_table("20261001").column("title").to_pylist()) == {"other"}
    held = query(
        Catalog(archive), "SELECT DISTINCT title FROM snapshots WHERE snapshot_at = '2026-10-01 06:00:00Z'"
    )
    assert held.to_pylist() == [{"title": "other"}]
    assert {p.problem for p in verify(Catalog(archive)).problems} == {"redundant"}


def test_originals_stay_when_the_file_does_not_read_back(
    archive: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(archive)
    real = compact_module._write_file

    def lossy(kind: Any, target: Path, rows: pa.Table, tables: Any) -> None:
        real(kind, target, rows.slice(1), tables)

    monkeypatch.setattr(compact_module, "_write_file", lossy)
    problems = [problem for report in run_compact(archive) for problem in report.problems]
    assert len(problems) == 3
    assert all("reads back differently than it was written; nothing was removed" in each for each in problems)
    assert digests(archive) == before


def test_verify_counts_the_rows_of_a_month(archive: Store) -> None:
    run_compact(archive)
    path = Path(archive.url("snapshots/site=okx/locale=en/202610.parquet"))
    with pq.ParquetFile(path) as file:
        table, metadata = file.read(), file.metadata.metadata
    kept = {key: value for key, value in metadata.items() if key != b"ARROW:schema"}
    pq.write_table(table.slice(1).replace_schema_metadata(kept), path)
    assert {p.problem for p in verify(Catalog(archive)).problems} == {
        "rows of no snapshot",
        "rows are missing",
    }
    held = json.loads(kept[b"helpscraper.holds"])
    del held["20261002T060000Z"]
    kept[b"helpscraper.holds"] = json.dumps(held).encode()
    pq.write_table(table.replace_schema_metadata(kept), path)
    details = [p.detail for p in verify(Catalog(archive)).problems]
    assert "4 more than its metadata states" in details


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
    assert files(archive) == ["202609.parquet", "202610.parquet", "20261001T060000Z.parquet", ALONE]
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
    assert [error is not None and path in error for error in errors] == [False] * 2 + [True] * 3 + [False]
    with pytest.raises(ArchiveError, match=r"202610\.parquet: damaged or unreadable"):
        catalog.load_table("2026-10-31")
    assert catalog.load_table("latest").to_pylist() == catalog.load_table("20261101").to_pylist()
    assert {p.path for p in verify(catalog).problems} == {path}
    commit(archive, "2026-10-01", rows_of(4), hour=5)
    reports = run_compact(archive)
    assert [problem.count(path) for report in reports for problem in report.problems] == [1]
    for left in [path for path in archive.list("") if "20261001T05" in path]:
        archive.remove(left)
    Path(archive.url(path)).write_bytes(whole)
    assert rows_seen(archive)["snapshots"] == before["snapshots"]


def test_a_month_damaged_inside_is_named_by_verify(archive: Store) -> None:
    run_compact(archive)
    path = "snapshots/site=okx/locale=en/202610.parquet"
    _spoil_page(archive.url(path))
    assert [(p.path, p.problem) for p in verify(Catalog(archive)).problems] == [(path, "unreadable")]


def test_a_month_of_another_program_is_not_taken_for_one(archive: Store) -> None:
    path = Path(archive.url("snapshots/site=okx/locale=en/202612.parquet"))
    pq.write_table(pa.table({"x": [1]}), path)
    assert [p.problem for p in verify(Catalog(archive)).problems] == ["unreadable"]
    assert len(Catalog(archive).snapshots()) == 6


def test_who_asks_while_the_rows_are_moved_gets_the_same(
    archive: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files go between the moment when they were listed and the moment when they are read."""
    asked: dict[str, Callable[[Catalog], Any]] = {
        "sql": lambda c: query(c, "SELECT * FROM snapshots JOIN changes USING (article_id) ORDER BY ALL"),
        "views": view_series,
        "search": lambda c: search(c, "", history=True),
        "editions": editions_table,
        "diff": lambda c: diff_snapshots(c, "2026-10-01", "2026-10-31").table,
    }
    created, bodies_of, parquet = sql.create_view, diff_module.bodies_of, edition_rows.open_parquet

    def moving_first(real: Any, store: Store) -> Any:
        moved: list[Store] = []

        def moving(*arguments: Any, **options: Any) -> Any:
            if real is created:
                _, _, name, listed = arguments
                assert listed[name] is listed[name]
            if not moved:
                moved.append(store)
                run_compact(store)
            return real(*arguments, **options)

        return moving

    for name, ask in asked.items():
        settled = ask(Catalog(archive))
        store = open_store(shutil.copytree(archive.root, tmp_path / name))
        with monkeypatch.context() as patch:
            patch.setattr(sql, "create_view", moving_first(created, store))
            patch.setattr(diff_module, "bodies_of", moving_first(bodies_of, store))
            patch.setattr(edition_rows, "open_parquet", moving_first(parquet, store))
            assert ask(Catalog(store)).equals(settled), name
        assert "202610.parquet" in files(store), name


def test_many_files_are_read_by_folder(
    archive: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "SELECT * FROM snapshots JOIN changes USING (article_id) ORDER BY ALL"
    settled = query(Catalog(archive), text)
    store = open_store(shutil.copytree(archive.root, tmp_path / "many"))
    asked: list[str] = []

    def ask(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        connection.sql("SELECT 1 FROM snapshots, changes LIMIT 1").fetchall()
        views = "SELECT sql FROM duckdb_views() WHERE view_name = 'snapshots'"
        asked.append(connection.sql(views).fetchall()[0][0])
        if len(asked) == 1:
            run_compact(store)  # which a pattern hides: fewer files match it
        return connection.sql(text).to_arrow_table()

    monkeypatch.setattr(sql_views, "_MANY", 3)
    assert sql.with_views(Catalog(store), ask).equals(settled)
    assert ["????????T??????Z.parquet" in each for each in asked] == [True, False]
    assert "20261001T060000Z" not in asked[0]


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
    assert catalog.facts(seen).run_id == "20261001T060000Z"


def test_a_newer_reading_is_preferred_to_the_packed_one(archive: Store) -> None:
    catalog = Catalog(archive)
    for day in ("20261001", "20261101"):
        table = catalog.load_table(day)
        titles = pa.array([f"read again {day}"] * table.num_rows, pa.string())
        rows = table.set_column(table.schema.get_field_index("title"), SNAPSHOT_SCHEMA.field("title"), titles)
        run = replace(catalog.facts(catalog.resolve(day)), kind="re-extract", versions={"extractor": "2"})
        if day == "20261101":
            run_compact(archive)  # the second one is written beside a packed month
        write_reextracted(archive, EN, f"{day}T060000Z", rows, [], run)
        if day == "20261001":
            before = public(archive)
            run_compact(archive)
            assert public(archive) == before
    catalog = Catalog(archive)
    assert [each.reextracted for each in catalog.snapshots()] == [False, False, True, False, False, True]
    latest = query(catalog, "SELECT DISTINCT title FROM latest").to_pylist()
    assert latest == [{"title": "read again 20261101"}]
    titles = query(catalog, "SELECT count(*) AS n FROM snapshots WHERE title LIKE 'read again%'").to_pylist()
    assert titles == [{"n": 7}]


def test_an_object_store_does_as_well() -> None:
    store = open_store(f"memory://compact-{uuid.uuid4().hex}")
    for number, day in enumerate(DAYS):
        commit(store, day, rows_of(number))
    before = public(store)
    run_compact(store)
    assert len(files(store)) == 3
    assert public(store) == before
    assert verify(Catalog(store)).problems == []


def test_the_feed_of_a_crawl_that_died_before_its_commit_stays_alone(archive: Store) -> None:
    """A crawl that is resumed writes its feed again, which it could not if it were packed."""
    archive.remove(snapshot_path(EN, "20261002T060000Z"))
    run_compact(archive)
    assert files(archive, "changes") == [
        "20260929T060000Z.parquet", "202610.parquet", "20261002T060000Z.parquet", ALONE
    ]  # fmt: skip
    feeds = Catalog(archive).feeds(EN)
    assert [name for name, path in feeds.items() if "202610.parquet" not in path] == [
        "20260929T060000Z", "20261002T060000Z", "20261101T060000Z"
    ]  # fmt: skip
