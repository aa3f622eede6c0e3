"""``runs``, ``show``, ``verify`` and ``export`` on the kept archive of schema version 1."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helpscraper.archive.store import open_store
from helpscraper.archive.writer import write_refused
from helpscraper.cli import main
from tests.commands import ran

Golden = Callable[[str, str], None]
ARCHIVE = Path(__file__).parents[1] / "data" / "archive-v1"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("runs.txt", ["runs"]),
        ("runs.json", ["runs", "--last", "1", "--format", "json"]),
        ("show.txt", ["show"]),
        ("show.csv", ["show", "2026-11-20", "--format", "csv"]),
        ("show-article.txt", ["show", "trading-fees@latest~1"]),
        ("show-article.json", ["show", "set-up-a-passkey", "--format", "json"]),
        ("show-body.md", ["show", "trading-fees", "--body", "markdown"]),
        ("show-body.txt", ["show", "trading-fees@20261120", "--body", "text"]),
        ("export.md", ["export", "--columns", "article_id,title,view_count", "--format", "md"]),
        ("verify.txt", ["verify"]),
        ("sites.txt", ["sites"]),
        ("sites-platforms.txt", ["sites", "platforms"]),
    ],
)
def test_output(capsys: pytest.CaptureFixture[str], golden: Golden, name: str, words: list[str]) -> None:
    code, out, err = ran(capsys, ARCHIVE, *words)
    assert (code, err) == (0, "")
    golden(name, out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["show", "trading-fee"],
            "trading-fee: no such article in okx/en:20261121T060000Z\n  did you mean: trading-fees",
        ),
        (["show", "zzz@latest"], "run `helpscraper show 20261121T060000Z` to list its articles"),
        (["show", "latest~7"], "holds 2 snapshots"),
        (["show", "202611"], "matches 2 snapshots"),
        (["show", "--body", "text"], "--body needs an article"),
        (
            ["show", "listed-only", "--body", "text"],
            "listed-only: okx/en:20261121T060000Z has no body of it (status: listed",
        ),
        (["show", "--locale", "fr"], "holds no snapshot yet"),
        (["show", "--locale", "../fr"], "is not a locale"),
        (["export", "--columns", "title,nothing"], "unknown columns: nothing"),
        (["export", "--columns", ""], "unknown columns: ''"),
        (["export", "--columns", "title,url,title"], "repeated columns: title"),
        (["show", ""], "'' names no article"),
        (["show", "@latest"], "'@latest' names no article"),
        (["export", "--output", "x.xls"], "the ending names no known format"),
        (["runs", "--last", "0"], "--last 0"),
    ],
)
def test_what_makes_no_sense_is_said(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    code, out, err = ran(capsys, ARCHIVE, *words)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize("suffix", ["csv", "json", "md", "parquet"])
def test_export_takes_the_format_from_the_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"articles.{suffix}"
    assert ran(capsys, ARCHIVE, "export", "--bodies", "--output", str(target))[0] == 0
    if suffix == "parquet":
        assert pq.read_table(target).column("body_text").to_pylist()[0] is None
    elif suffix == "json":
        assert json.loads(target.read_text())[2]["body_text"].startswith("Fees")
    else:
        assert "Set up a passkey" in target.read_text()


def test_an_accepted_run_looks_accepted_and_a_later_feed_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, commit: Callable[..., object]
) -> None:
    store = open_store(tmp_path)
    rows = [{"article_id": "fees"}]
    for day in ("2026-11-20", "2026-11-23"):
        commit(store, day, rows)
    for day in ("2026-11-21", "2026-11-24"):
        commit(store, day, rows, write=write_refused, outcome="refused", exit_code=3)
    code, _, err = ran(capsys, tmp_path, "accept", "20261121T060000Z")
    assert code == 0
    assert "the change feed of 20261123T060000Z starts from" in err
    assert ran(capsys, tmp_path, "accept", "20261124T060000Z")[2] == ""
    runs = json.loads(ran(capsys, tmp_path, "runs", "--format", "json")[1])
    assert [run["outcome"] for run in runs] == ["committed", "accepted", "committed", "accepted"]


def test_verify_names_what_is_wrong_and_exits_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ARCHIVE, copy)
    (copy / "bodies/site=okx/locale=en/20261121T060000Z.parquet").unlink()
    code, out, err = ran(capsys, copy, "verify")
    assert code == 1
    assert "20261121T060000Z.parquet  body is missing  trading-fees" in out
    assert "1 problem" in err and "1 problems" not in err
    code, out, _ = ran(capsys, copy, "verify", "--format", "json")
    assert (code, json.loads(out)[0]["problem"]) == (1, "body is missing")


def test_a_missing_archive_is_not_all_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = ran(capsys, tmp_path / "nothing", "verify")
    assert code == 2
    assert "no archive here" in err


def test_the_demo_is_refused_where_its_programs_share_no_archive(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--archive", "memory://bucket/help"]) == 2
    assert "the demo runs several programs" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_closed_stdout_is_no_error() -> None:
    closed = f"exec {sys.executable} -m helpscraper show --archive {ARCHIVE} >&-"
    done = subprocess.run(["sh", "-c", closed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
