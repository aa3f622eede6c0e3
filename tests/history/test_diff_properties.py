"""Properties of every diff, for any two snapshots."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from helpscraper.archive import duck
from helpscraper.archive.redirects import Redirect
from helpscraper.history import compare
from helpscraper.history.diff import DiffResult, diff_tables
from helpscraper.history.kinds import COMPARED, KINDS
from helpscraper.history.relations import Evidence
from helpscraper.history.result import renames_of
from tests.history.compose import apply, compose
from tests.history.worlds import MONDAY, SLUGS, body, row, run, snapshots, table

few = settings(max_examples=15, deadline=None)


def diff(before: pa.Table, after: pa.Table, days: tuple[int, int] = (0, 1)) -> DiffResult:
    return diff_tables(before, after, before_run=run(days[0]), after_run=run(days[1]))


def live(table: pa.Table) -> pa.Table:
    kept = table.filter(pc.not_equal(table.column("status"), "gone"))
    return kept.select(["article_id", *COMPARED]).sort_by("article_id").combine_chunks()


def records(result: DiffResult) -> list[tuple[Any, ...]]:
    rows = result.table.to_pylist() + result.set_aside.to_pylist()
    return sorted(
        (
            row["article_id"], row["kind"], row["field"] or "", row["before"] or "", row["after"] or "",
            row["silent"], row.get("reason") or "",
        )
        for row in rows
    )  # fmt: skip


@few
@given(snapshots())
def test_a_snapshot_does_not_differ_from_itself(a: pa.Table) -> None:
    found = diff(a, a)
    assert not found and found.set_aside.num_rows == 0


@few
@given(snapshots(), snapshots(day=1))
def test_applied_to_the_earlier_snapshot_it_gives_the_later(a: pa.Table, b: pa.Table) -> None:
    assert apply(a, diff(a, b)).to_pylist() == live(b).to_pylist()


@few
@given(snapshots(), snapshots(day=1))
def test_the_way_back_is_the_mirror(a: pa.Table, b: pa.Table) -> None:
    there, back = diff(a, b), diff(b, a, (1, 0))
    assert records(back) == sorted(mirrored(there))


_keys = st.sampled_from(SLUGS)


@few
@example({"alpha", "beta"}, {"gamma", "beta"}, [("alpha", "gamma", 3)])
@given(st.sets(_keys), st.sets(_keys), st.lists(st.tuples(_keys, _keys, st.integers(0, 30)), max_size=5))
def test_both_directions_pair_the_same_articles_by_redirects(
    before: set[str], after: set[str], led: list[tuple[str, str, int]]
) -> None:
    a, b = (
        table(*(row(key, source_id=None, body_sha256=body(key[0])) for key in sorted(keys)), day=day)
        for day, keys in enumerate((before, after))
    )
    redirects = [
        Redirect.found((old, new), MONDAY + dt.timedelta(hours=hours), (f"/{old}", f"/{new}"), [301])
        for old, new, hours in led
    ]
    there, back = (
        renames_of(
            diff_tables(
                *side, before_run=run(), after_run=run(), evidence=Evidence(redirects=redirects)
            ).table
        )
        for side in ((a, b), (b, a))
    )
    assert sorted((old, new) for new, old in back) == sorted(there)


def mirrored(result: DiffResult) -> list[tuple[Any, ...]]:
    every = pa.concat_tables([result.table, result.set_aside.select(result.table.schema.names)])
    old = {after: before for before, after in renames_of(every)}
    turned = {"added": "removed", "removed": "added", "unverified": "added"}
    return [
        (old.get(article_id, article_id), turned.get(kind, kind), field, after, before, silent, reason)
        for article_id, kind, field, before, after, silent, reason in records(result)
    ]


@few
@given(snapshots(), snapshots(day=1))
def test_kinds_partition_the_articles(a: pa.Table, b: pa.Table) -> None:
    found = diff(a, b)
    primary = found.primary()
    assert set(primary) == set(found.table.column("article_id").to_pylist())
    assert set(primary.values()) <= set(KINDS)
    before, after = (set(live(side).column("article_id").to_pylist()) for side in (a, b))
    renamed = {
        row["previous_id"]: row["article_id"] for row in found.articles.to_pylist() if row["previous_id"]
    }
    came = {name for name, kind in primary.items() if kind == "added"}
    went = {name for name, kind in primary.items() if kind in {"removed", "unverified"}}
    assert came == after - before - set(renamed.values())
    assert went == before - after - set(renamed)


@few
@given(snapshots(), snapshots(day=1), snapshots(day=2))
def test_steps_composed_lead_to_the_same_snapshot(a: pa.Table, b: pa.Table, c: pa.Table) -> None:
    composed = compose(diff(a, b), diff(b, c, (1, 2)))
    assert apply(a, composed).to_pylist() == live(c).to_pylist()


@few
@given(snapshots(), snapshots(day=1), snapshots(day=2))
def test_steps_composed_equal_the_direct_diff(a: pa.Table, b: pa.Table, c: pa.Table) -> None:
    """Where no slug is freed and no page is read for the first time in between: those are told in ``compose``."""
    plain = [without_ids(side) for side in (a, b, c)]
    steps = diff(plain[0], plain[1]), diff(plain[1], plain[2], (1, 2))
    direct = diff(plain[0], plain[2], (0, 2))
    assume(not any("renamed" in d.summary() for d in (*steps, direct)))
    assume(not any(d.set_aside.num_rows for d in (*steps, direct)))
    composed = compose(*steps)
    assert records(composed) == records(direct)
    assert composed.table.select(["article_id", "kind", "field"]) == direct.table.select(
        ["article_id", "kind", "field"]
    )


def without_ids(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("source_id")
    return table.set_column(place, table.schema.field(place), pa.nulls(table.num_rows, pa.string()))


@few
@given(snapshots(), snapshots(day=1), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_layout_of_files_do_not_matter(a: pa.Table, b: pa.Table, luck: Any) -> None:
    expected = diff(a, b)
    shuffled = []
    for side in (a, b):
        order = list(range(side.num_rows))
        luck.shuffle(order)
        shuffled.append(
            side.take(pa.array(order, pa.int64())).select(luck.sample(side.schema.names, len(side.schema)))
        )
    assert diff(shuffled[0], shuffled[1]).table == expected.table
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("a.parquet", "it's b.parquet")]
        for path, side in zip(paths, shuffled, strict=True):
            pq.write_table(side, path, row_group_size=2, compression="snappy", use_dictionary=False)
        files = diff_tables(*paths, before_run=run(0), after_run=run(1))
    assert files.table == expected.table and files.set_aside == expected.set_aside


@few
@given(snapshots(), snapshots(day=1))
def test_one_thread_and_many_tell_the_same(a: pa.Table, b: pa.Table) -> None:
    used: list[int | None] = []

    def watched(*, threads: int | None) -> Any:
        used.append(threads)
        return duck.cursor(threads=threads)

    with mock.patch.object(compare, "cursor", watched):
        expected = diff(a, b)
        with mock.patch.object(compare, "_FEW_ROWS", -1):
            found = diff(a, b)
    assert used == [1, None]
    assert found.table == expected.table and found.set_aside == expected.set_aside


def test_only_a_small_comparison_keeps_to_one_thread(tmp_path: Path) -> None:
    for more, small in ((0, True), (1, False)):
        assert compare._is_small(pa.table({"n": pa.nulls(compare._FEW_ROWS + more)})) is small
    setting = "select current_setting('threads')"
    with duck.cursor(threads=1) as connection:
        assert connection.execute(setting).fetchall() == [(1,)]
    file = tmp_path / "a.parquet"
    file.write_bytes(b"x" * compare._FEW_BYTES)
    assert compare._is_small(file)
    file.write_bytes(b"x" * (compare._FEW_BYTES + 1))
    assert not compare._is_small(file)
    assert not compare._is_small("s3://bucket/a.parquet")
