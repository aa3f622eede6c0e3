"""JSON that is not run facts is named, and the table of runs is still complete."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition, run_path, snapshot_instant
from helpscraper.archive.overview import RUNS_SCHEMA, runs_table
from helpscraper.archive.parquet import RUN_KEY
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ArgumentFacts, Counts, Verdict
from helpscraper.archive.store import open_store
from helpscraper.cli import main
from helpscraper.errors import ArchiveError
from helpscraper.items import STATUSES

HERE = Partition("okx", "en")
RUN = "20261122T060000Z"
DATA = Path(__file__).parents[1] / "data"

ODD: list[tuple[str, Any]] = [
    ("health", "x"),
    ("health", [1]),
    ("health", [{"check": "articles", "verdict": ["fail"], "detail": ""}]),
    ("counts", [1]),
    ("counts", {"fetched": 10**30}),
    ("counts", {"fetched": "3"}),
    ("finished_at", "yesterday"),
    ("finished_at", 7),
    ("finished_at", "0001-01-01T00:00:00+23:59"),
    ("requests", 5),
    ("requests", {"total": "5"}),
    ("seconds", "x"),
    ("seconds", True),
    ("exit_code", "3"),
    ("exit_code", 10**9),
    ("complete", "yes"),
    ("incomplete_reasons", [None]),
    ("outcome", ["failed"]),
    ("reason", {"why": 1}),
    ("kind", 1),
    ("versions", 1),
    ("sections", {"faq": 3}),
    ("sections.faq.whole", {"faq": {"whole": "yes"}}),
    ("live.faq", {"faq": "3"}),
    ("audit", []),
    ("arguments.captures", {"captures": "x"}),
    ("kept.alpha", {"alpha": 7}),
]


def shown(data: bytes) -> list[dict[str, Any]]:
    store = open_store(f"memory://{uuid.uuid4()}/archive")
    try:
        store.put_new(run_path(HERE, RUN), data)
        table = runs_table(Catalog(store))
        table.validate(full=True)
        assert table.schema == RUNS_SCHEMA
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows
    finally:
        store.fs.rm(store.root, recursive=True)


@pytest.mark.parametrize(("name", "value"), ODD)
def test_a_field_of_no_use_is_named_in_the_row_of_a_failed_run(name: str, value: Any) -> None:
    (row,) = shown(
        json.dumps({"run_id": RUN, "outcome": "failed"} | {name.partition(".")[0]: value}).encode()
    )
    assert (row["run_id"], row["outcome"]) == (RUN, "failed")
    assert f"damaged run facts: {name}" in row["reason"]


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"reason": "\\ud800"}', b'{"seconds": NaN}', b"\xff", b"7", b"", b"9" * 5000]
)
def test_what_is_hardly_json_is_damage_too(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="here: "):
        RunFacts.parse(data, "here")
    (row,) = shown(data)
    assert row["outcome"] == "failed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["fetched", "check", "verdict", "total"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(RunFacts.__annotations__)), JSON, max_size=4))
def test_no_facts_break_the_table(facts: dict[str, Any]) -> None:
    (row,) = shown(json.dumps(facts).encode())
    assert row["run_id"] == RUN


@given(
    st.dictionaries(
        st.sampled_from([*sorted(RunFacts.__annotations__), "of a newer version"]), JSON, max_size=4
    )
)
def test_facts_that_can_be_read_are_written_as_they_were(facts: dict[str, Any]) -> None:
    data = json.dumps(facts).encode()
    try:
        read = RunFacts.parse(data, "here")
    except ArchiveError:
        return
    written = json.loads(data)
    assert read.to_json() == written
    assert replace(read, reason="why", health=(Verdict("end", "ok", ""),)).to_json() == written | {
        "reason": "why",
        "health": [{"check": "end", "verdict": "ok", "detail": ""}],
    }


@pytest.mark.parametrize("version", ["archive-v1", "archive-v2"])
def test_the_facts_of_old_archives_are_written_byte_by_byte(version: str) -> None:
    files = sorted((DATA / version).rglob("*.parquet"))
    footers = [pq.read_metadata(each).metadata[RUN_KEY] for each in files if "snapshots" in each.parts]
    runs = [each.read_bytes() for each in sorted((DATA / version / "runs").rglob("*.json"))]
    assert footers and runs
    assert [RunFacts.parse(each, "here").footer() for each in footers] == footers
    assert [RunFacts.parse(each, "here").dump() for each in runs] == runs


def test_what_is_not_stated_is_not_zero_and_not_written() -> None:
    nothing = RunFacts.from_json({})
    assert (nothing.counts.fetched, nothing.requests.total, nothing.complete, nothing.to_json()) == (
        None,
    ) * 3 + ({},)
    stated = {
        "counts": {"fetched": 0},
        "requests": {},
        "sections": {},
        "scope": None,
        "health": [],
        "kept": None,
    }
    assert RunFacts.from_json(stated).to_json() == stated


def test_a_status_has_a_count() -> None:
    assert list(Counts().to_json()) == [*STATUSES, "gone"]


def test_every_kind_of_run_states_its_facts() -> None:
    at = snapshot_instant(RUN)
    arguments = ArgumentFacts(sections="faq")
    lost = RunFacts.lost(HERE, RUN, {"fetched": 3}, arguments, {}).to_json()
    assert lost["counts"] == {"fetched": 3, "carried": 0, "listed": 0, "failed": 0, "gone": 0}
    assert (lost["snapshot"], lost["health"], lost["arguments"]) == (None, [], {"sections": "faq"})
    imported = RunFacts.imported(HERE, at, "a page", "one page", {"extractor": "x/1"})
    assert {"sections", "region", "requests", "fields", "health"} <= imported.to_json().keys()
    again = imported.reextracted({"extractor": "x/2"})
    assert (again.extraction_of, again.extractor_before, again.extractor) == ("import", "x/1", "x/2")
    assert again.to_json()["kept"] == again.to_json()["gone"] == {}
    third = again.reextracted({"extractor": "x/2"})
    assert (third.extraction_of, third.extractor_before) == ("import", "x/1")


def test_facts_that_a_run_wrote_come_back() -> None:
    facts = {
        "run_id": RUN, "outcome": "incomplete", "exit_code": 4, "seconds": 3, "scope": None, "complete": False,
        "counts": {"fetched": 3}, "requests": {"total": 5, "by_status": {"200": 5}, "bytes": 10},
        "health": [{"check": "articles", "verdict": "ok", "detail": ""}], "finished_at": "2026-11-22T06:01:00Z",
        "incomplete_reasons": ["a hole"], "versions": {"extractor": "1"}, "sections": {"faq": {"total": None}},
    }  # fmt: skip
    assert RunFacts.parse(RunFacts.from_json(facts).dump(), "here").to_json() == facts


def test_the_command_lists_what_it_can_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put_new(run_path(HERE, RUN), b'{"counts": [1]}')
    store.put_new(run_path(HERE, "20261123T060000Z"), b'{"outcome": "failed", "reason": "no answer"}')
    assert main(["runs", "--archive", str(tmp_path), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert ["damaged run facts: counts" in rows[0]["reason"], rows[1]["reason"]] == [True, "no answer"]
