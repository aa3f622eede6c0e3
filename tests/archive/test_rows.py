"""A row is an article that exists: every way to count rows gives one number, in old archives and in new ones."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars
import pyarrow.parquet as pq
import pytest

from helpscraper import Archive
from helpscraper.archive.compact import compact
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.writer import promote, write_refused
from helpscraper.cli import main
from helpscraper.crawl.conclude import accept
from helpscraper.errors import ArchiveError
from helpscraper.history.timeline import article_history
from helpscraper.intake.known import read_earlier_rows
from tests.history.story import committed
from tests.history.worlds import row
from tests.old_archive import make_old

Commit = Callable[..., Any]
EN = Partition("okx", "en")
COUNTS = [3, 2, 2]
"""The articles of each day."""


def answer(slug: str) -> dict[str, Any]:
    return {"url": f"https://help.example/help/{slug}", "status": 404, "at": "2026-11-17T06:00:00+00:00"}


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days: an article is gone on the second, another one on the third, when a new one is there."""
    root = tmp_path_factory.mktemp("rows") / "new"
    alpha, beta, gamma, delta = (
        row(name, section="faq", listed_in=["faq"], body=f"All about {name}.")
        for name in ("alpha", "beta", "gamma", "delta")
    )
    # No listing was read, so that nothing but the answer of its own page proves that an article went.
    seen = {"complete": False, "sections": {}, "counts": {"fetched": 3, "gone": 0}}
    committed(root, 0, [alpha, beta, gamma], **seen)
    one = {"fetched": 2, "gone": 1}
    committed(root, 1, [alpha, beta], **seen | {"counts": one, "gone": {"gamma": answer("gamma")}})
    committed(root, 2, [alpha, delta], **seen | {"counts": one, "gone": {"beta": answer("beta")}})
    return root


@pytest.fixture(scope="module")
def old(new: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("rows") / "old"
    shutil.copytree(new, root)
    make_old(root)
    assert pd.read_parquet(root / "snapshots").status.tolist().count("gone") == 2
    return root


@pytest.fixture(scope="module")
def packed(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old archive after its months were put together, each in a file of its version."""
    root = tmp_path_factory.mktemp("rows") / "packed"
    shutil.copytree(old, root)
    reports = list(compact(Catalog(root), EN, dt.datetime(2999, 1, 1, tzinfo=dt.UTC)))
    assert [(report.kind, len(report.ids), report.problems) for report in reports] == [
        ("changes", 2, []), ("snapshots", 3, []),
    ]  # fmt: skip
    assert list(compact(Catalog(root), EN, dt.datetime(2999, 1, 1, tzinfo=dt.UTC))) == []
    return root


@pytest.fixture(params=["new", "old", "packed"])
def archive(request: pytest.FixtureRequest) -> Archive:
    return Archive(request.getfixturevalue(request.param))


def exported(archive: Archive, ref: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    uri = archive.catalog.store.uri
    assert main(["export", ref, "--format", "json", "--archive", uri]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_all_that_helpscraper_says_is_one_number(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshots = archive.snapshots()
    assert snapshots.articles.tolist() == COUNTS
    assert snapshots.gone.tolist() == [0, 1, 1]
    assert archive.runs().articles.tolist() == COUNTS
    ids = snapshots.snapshot_id.tolist()
    assert [len(archive.load(each)) for each in ids] == COUNTS
    assert [len(archive.load(each, bodies=True)) for each in ids] == COUNTS
    assert [archive.catalog.load_table(each, columns=["title"]).num_rows for each in ids] == COUNTS
    assert [len(exported(archive, each, capsys)) for each in ids] == COUNTS
    counted = "select count(*) as n from snapshots group by snapshot_at order by snapshot_at"
    assert archive.sql(counted).n.tolist() == COUNTS
    assert archive.sql("select count(*) as n from latest").n.tolist() == COUNTS[-1:]
    assert len(archive.editions()) == COUNTS[-1]
    assert main(["log", "--archive", archive.catalog.store.uri]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "articles" in line]
    assert [line.split("  ")[2] for line in said] == [
        "2 articles and 1 gone",
        "2 articles and 1 gone",
        "3 articles",
    ]


def test_every_plain_reader_counts_the_same_in_a_new_archive(new: Path) -> None:
    folder = new / "snapshots"
    readers: Iterator[list[int]] = iter(
        [
            pd.read_parquet(folder).groupby("snapshot_at").size().tolist(),
            polars.read_parquet(folder / "**" / "*.parquet").group_by("snapshot_at").len().sort("snapshot_at")["len"]
            .to_list(),
            [
                n
                for (n,) in duckdb.sql(
                    f"select count(*) from '{folder}/**/*.parquet' group by snapshot_at order by snapshot_at"  # noqa: S608 (own path)
                ).fetchall()
            ],
            pq.read_table(folder).group_by("snapshot_at").aggregate([([], "count_all")]).sort_by("snapshot_at")
            ["count_all"].to_pylist(),
        ]
    )  # fmt: skip
    for found in readers:
        assert found == COUNTS


def test_removal_is_still_proved_by_the_answer(archive: Archive) -> None:
    first, second = archive.diff("latest~2", "latest~1"), archive.diff("latest~1", "latest")
    assert [(r["article_id"], r["kind"]) for r in first.records()] == [("gamma", "removed")]
    assert [(r["article_id"], r["kind"]) for r in second.records()] == [
        ("beta", "removed"),
        ("delta", "unverified"),
    ]
    direct = archive.diff("latest~2", "latest").records()
    assert {(r["article_id"], r["kind"]) for r in direct} == {
        ("beta", "removed"), ("gamma", "removed"), ("delta", "unverified"),
    }  # fmt: skip
    assert article_history(archive.catalog, "gamma").table.column("kind").to_pylist() == ["removed"]
    assert {name: fact.url for name, fact in archive.catalog.facts(archive.resolve()).gone.items()} == {
        "beta": "https://help.example/help/beta"
    }


def test_what_is_gone_is_not_known_to_the_next_crawl(archive: Archive) -> None:
    assert read_earlier_rows(archive.catalog, EN).rows.keys() == {"alpha", "delta"}


def test_an_old_archive_and_its_views_lack_the_new_columns_and_nothing_else(old: Path, new: Path) -> None:
    columns = ["labels", "votes_up", "votes", "confidence"]
    older, newer = Archive(old).load(), Archive(new).load()
    assert older[columns].isna().all(axis=None)
    pd.testing.assert_frame_equal(older.drop(columns=columns), newer.drop(columns=columns))
    assert Archive(old).sql("select votes from latest").votes.isna().all()
    assert Archive(old).verify().problems == []


def test_an_old_and_a_new_snapshot_compare_without_a_word_of_the_schema(old: Path, tmp_path: Path) -> None:
    shutil.copytree(old, tmp_path / "both")
    [alpha] = [row("alpha", section="faq", listed_in=["faq"], body="All about alpha.", confidence="declared")]
    committed(tmp_path / "both", 3, [alpha], complete=False, sections={}, gone={"delta": answer("delta")})
    both = Archive(tmp_path / "both")
    found = both.diff()
    assert [(r["article_id"], r["kind"]) for r in found.records()] == [("delta", "removed")]
    assert found.warnings == ()
    assert both.snapshots().articles.tolist() == [*COUNTS, 1]
    assert both.sql("select count(*) as n from snapshots").n.tolist() == [sum(COUNTS) + 1]


def test_no_new_snapshot_takes_a_row_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="articles that exist:\n  alpha"):
        committed(tmp_path, 0, [row("alpha", body="A.", status="gone")])


def test_what_an_older_version_refused_is_accepted_without_its_gone_rows(new: Path, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    shutil.copytree(new, root)
    catalog = Archive(root).catalog
    latest = catalog.resolve()
    facts = replace(catalog.facts(latest), outcome="refused")
    rows, empty = catalog.load_table(latest), []  # type: ignore[var-annotated]
    for kind in ("snapshots", "changes", "runs"):
        for path in (root / kind).glob(f"*/*/{latest.id}*"):
            path.unlink()
    write_refused(catalog.store, EN, latest.id, rows, empty, facts)
    make_old_refused(root)
    written = accept(catalog, EN, latest.id)
    assert written.rows == COUNTS[-1]
    assert pd.read_parquet(root / written.path).status.tolist() == ["fetched", "fetched"]
    assert catalog.facts(catalog.resolve()).gone.keys() == {"beta"}
    kinds = {(r["article_id"], r["kind"]) for r in Archive(root).diff().records()}
    assert kinds == {("beta", "removed"), ("delta", "unverified")}
    assert promote(catalog.store, EN, latest.id).path == written.path, "accepting twice is accepting once"


def make_old_refused(root: Path) -> None:
    """Rewrite the refused snapshot as schema 1: ``make_old`` goes by the snapshots before it."""
    aside = root.parent / "aside"
    shutil.copytree(root, aside)
    for path in (root / "refused").glob("*/*/*.parquet"):
        copy = aside / "snapshots" / path.relative_to(root / "refused")
        shutil.copy(path, copy)
        make_old(aside)
        shutil.copy(copy, path)
