"""Run facts that are JSON and yet none: they are named, and the table of runs stands all the same."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition, run_path
from helpscraper.archive.overview import RUNS_SCHEMA, runs_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.runs import RunFacts, dump_run, parse_run
from helpscraper.archive.store import open_store
from helpscraper.cli import main
from helpscraper.errors import ArchiveError

HERE = Partition("okx", "en")
RUN = "20261122T060000Z"

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
    (row,) = shown(json.dumps({"run_id": RUN, "outcome": "failed"} | {name: value}).encode())
    assert (row["run_id"], row["outcome"]) == (RUN, "failed")
    assert f"damaged run facts: {name}" in row["reason"]


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"reason": "\\ud800"}', b'{"seconds": NaN}', b"\xff", b"7", b"", b"9" * 5000]
)
def test_what_is_hardly_json_is_damage_too(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="here: "):
        parse_run(data, "here")
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


def test_facts_that_a_run_wrote_come_back() -> None:
    facts = {
        "run_id": RUN, "outcome": "incomplete", "exit_code": 4, "seconds": 3, "scope": None, "complete": False,
        "counts": {"fetched": 3}, "requests": {"total": 5, "by_status": {"200": 5}, "bytes": 10},
        "health": [{"check": "articles", "verdict": "ok", "detail": ""}], "finished_at": "2026-11-22T06:01:00Z",
        "incomplete_reasons": ["a hole"], "versions": {"extractor": "1"}, "sections": {"faq": {"total": None}},
    }  # fmt: skip
    assert parse_run(dump_run(facts), "here") == facts


def test_the_command_lists_what_it_can_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put_new(run_path(HERE, RUN), b'{"counts": [1]}')
    store.put_new(run_path(HERE, "20261123T060000Z"), b'{"outcome": "failed", "reason": "no answer"}')
    assert main(["runs", "--archive", str(tmp_path), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert ["damaged run facts: counts" in rows[0]["reason"], rows[1]["reason"]] == [True, "no answer"]
