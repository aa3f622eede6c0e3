from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import CHANGES_SCHEMA, FROM_KEY
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.verify import verify
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.errors import ReferenceNotFoundError

Rewrite = Callable[[pa.Table], pa.Table]
SNAPSHOT = "snapshots/site=okx/locale=en/20261120T060000Z.parquet"
BODIES = "bodies/site=okx/locale=en/20261120T060000Z.parquet"
RUN = "runs/site=okx/locale=en/20261120T060000Z.json"


@pytest.fixture
def root(store: Store, commit: Callable[..., SnapshotFile]) -> Path:
    commit(store, "2026-11-20", [{"article_id": name, "body": name * 3} for name in "abc"])
    commit(store, "2026-11-21", [{"article_id": name, "body": name * 3} for name in "abcd"])
    return Path(store.root)


def problems(root: Path) -> list[tuple[str, str, str]]:
    return [(each.path, each.problem, each.detail) for each in verify(Catalog(root)).problems]


def rewrite(path: Path, change: Rewrite) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def replaced(name: str, value: str | None) -> Rewrite:
    def change(table: pa.Table) -> pa.Table:
        values = [value, *table.column(name).to_pylist()[1:]]
        return table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.string()))

    return change


def test_refused_and_re_extracted_files_are_no_snapshots(root: Path) -> None:
    kept = min(root.glob("snapshots/*/*/*.parquet"))
    for kind in ("refused", "reextracted"):
        target = root / kind / kept.relative_to(root / "snapshots")
        target.parent.mkdir(parents=True)
        shutil.copy(kept, target)
    report = verify(Catalog(root))
    assert report.ok, report.table().to_pylist()
    assert (report.snapshots, report.refused, report.reextracted) == (2, 1, 1)
    assert str(report).startswith("2 snapshots, 1 refused, 1 re-extracted, ")


def test_a_whole_archive_is_whole(root: Path) -> None:
    report = verify(Catalog(root))
    assert report.ok
    assert str(report) == "2 snapshots, 7 rows, 4 bodies: all well"


def test_nothing_there_is_not_all_well(tmp_path: Path) -> None:
    with pytest.raises(ReferenceNotFoundError, match="no archive here"):
        verify(Catalog(tmp_path))


@pytest.mark.parametrize(
    ("path", "change", "problem", "detail"),
    [
        (BODIES, replaced("body_text", "forged"), "body does not hash to its key", ""),
        (BODIES, replaced("body_markdown", "forged"), "body does not hash to its key", ""),
        (BODIES, lambda table: table.slice(1), "body is missing", ""),
        (SNAPSHOT, replaced("body_sha256", "0" * 64), "body is missing", f"a ({'0' * 64})"),
        (SNAPSHOT, replaced("article_id", "b"), "duplicate article", "b"),
        (SNAPSHOT, replaced("title", None), "title is null", "a"),
        (
            SNAPSHOT,
            lambda table: table.sort_by([("article_id", "descending")]),
            "rows are not sorted by article_id",
            "b, a",
        ),
    ],
)
def test_what_is_wrong_is_named(root: Path, path: str, change: Rewrite, problem: str, detail: str) -> None:
    rewrite(root / path, change)
    found = [(where, what) for where, what, text in problems(root) if detail in text]
    assert (SNAPSHOT if "missing" in problem else path, problem) in found


def test_a_file_under_another_name_is_found(root: Path) -> None:
    (root / SNAPSHOT).rename(root / SNAPSHOT.replace("1120", "1119"))
    found = {what for _, what, _ in problems(root)}
    assert found == {
        "snapshot_at does not agree with the file name",
        "run facts do not agree with the file name",
        "run facts are missing",
    }


def test_missing_metadata_are_found(root: Path) -> None:
    table = pq.read_table(root / SNAPSHOT, partitioning=None)
    pq.write_table(table.replace_schema_metadata(None), root / SNAPSHOT)
    assert {what for _, what, _ in problems(root)} == {
        "schema version is missing",
        "run facts are missing from the footer",
    }


def test_missing_and_damaged_run_facts_are_found(root: Path) -> None:
    (root / RUN).unlink()
    assert problems(root) == [(SNAPSHOT, "run facts are missing", RUN)]
    (root / RUN).write_text("{")
    assert problems(root)[0][:2] == (RUN, "unreadable")
    (root / RUN).write_text(json.dumps({"run_id": "other"}))
    assert problems(root)[0][:2] == (RUN, "run facts do not agree with the file name")


def test_a_strange_file_among_the_snapshots_is_found(root: Path) -> None:
    (root / "snapshots" / "notes.txt").write_text("hello")
    assert problems(root)[0][:2] == ("snapshots/notes.txt", "not a snapshot")


@pytest.mark.parametrize("path", [SNAPSHOT, BODIES])
def test_any_flipped_byte_of_the_data_is_found(root: Path, path: str) -> None:
    """Found, or harmless: statistics in the page headers have no checksum, and nothing is read from them."""
    data = (root / path).read_bytes()
    sound = pq.read_table(root / path, partitioning=None)
    found = 0
    footer = int.from_bytes(data[-8:-4], "little")
    for at in range(4, len(data) - footer - 8, 137):
        (root / path).write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        if path in [where for where, _, _ in problems(root)]:
            found += 1
        else:
            assert pq.read_table(root / path, partitioning=None).equals(sound), f"byte {at}"
    assert found > 1


def test_a_truncated_file_is_found_and_the_others_are_still_read(root: Path) -> None:
    data = (root / BODIES).read_bytes()
    (root / BODIES).write_bytes(data[: len(data) // 2])
    report = verify(Catalog(root))
    assert (report.snapshots, report.rows, report.bodies) == (2, 7, 1)
    assert {each.problem for each in report.problems} == {"unreadable", "body is missing"}


def test_two_feeds_with_the_same_changes_are_found(root: Path, commit: Callable[..., SnapshotFile]) -> None:
    """Two crawls at the same time made them in earlier versions: both were compared with the same snapshot."""
    store, second = open_store(root), "20261121T060000Z"

    def compared_with(name: str) -> pa.Table:
        return CHANGES_SCHEMA.empty_table().replace_schema_metadata({FROM_KEY: name.encode()})

    for day, begin in (("2026-11-22", second), ("2026-11-23", second), ("2026-11-24", "20261123T060000Z")):
        rows = [{"article_id": "a", "body": "a"}]
        commit(store, day, rows, write=partial(write_snapshot, changes=compared_with(begin)))
    assert problems(root) == [
        (
            "changes/site=okx/locale=en/20261123T060000Z.parquet",
            "overlaps another feed",
            f"it is from {second}, but 20261122T060000Z in between has a feed: a sum counts changes twice",
        )
    ]
