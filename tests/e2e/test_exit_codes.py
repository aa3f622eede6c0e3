"""The exit code for every way in which a crawl can fail; a failed crawl commits nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper.sample import SampleServer
from tests.e2e.conftest import (
    FAST,
    Result,
    assert_untouched,
    contents,
    crawl,
    helpscraper,
    newest_facts,
    snapshots,
)

ROOT = Path(__file__).parents[2]
OFFLINE = {
    "http://127.0.0.1:9": "127.0.0.1:9 cannot be reached: the connection was refused",
    "http://help.nowhere.invalid": "help.nowhere.invalid cannot be reached: its name cannot be resolved",
}
"""The discard port, where nobody listens, and a name that no server knows (RFC 2606)."""

BROKEN = "SPIDER_MODULES=tests.e2e.broken.{}"


def pipelines(**more: int) -> str:
    from helpscraper.settings import ITEM_PIPELINES

    added = {f"tests.e2e.broken.parts.{name}": place for name, place in more.items()}
    return f"ITEM_PIPELINES={json.dumps(ITEM_PIPELINES | added)}"


FAILURES = {
    "callback error": (1, [BROKEN.format("callback")], "a defect in the callback"),
    "error at start": (1, [BROKEN.format("beginning")], "a defect in start()"),
    "closed by the spider": (3, [BROKEN.format("closing")], "had enough"),
    "zero items": (3, [BROKEN.format("nothing")], "no article was found"),
    "pipeline error": (1, [pipelines(Breaks=750)], "a defect in a pipeline"),
    "error-count close": (
        1,
        [BROKEN.format("callback"), "CLOSESPIDER_ERRORCOUNT=2"],
        "closespider_errorcount",
    ),
    "failing open": (1, [pipelines(FailsToOpen=1)], "a pipeline cannot open"),
}


@pytest.fixture(scope="module")
def tiny() -> Iterator[SampleServer]:
    with SampleServer(articles=12) as server:
        yield server


@pytest.fixture(scope="module")
def good_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("good") / "archive"


@pytest.fixture(scope="module")
def good(tiny: SampleServer, good_archive: Path) -> Result:
    result = crawl(tiny, good_archive)
    assert result.code == 0, result.said
    return result


def flags(settings: list[str]) -> list[str]:
    return [part for setting in settings for part in ("-s", setting)]


@pytest.mark.parametrize("case", FAILURES)
def test_helpscraper_crawl_answers_for_each_failure(case: str, tiny: SampleServer, archive: Path) -> None:
    code, settings, says = FAILURES[case]
    result = crawl(tiny, archive, *flags(settings), env={"PYTHONPATH": str(ROOT)})
    assert result.code == code, result.said
    assert snapshots(archive) == []
    assert result.facts["outcome"] in {"refused", "failed"}
    assert result.facts["exit_code"] == code
    assert says in result.facts.get("reason", "") + result.facts.get("error", "")
    assert says in result.stderr
    assert "[helpscraper.outcome]" not in result.stderr  # the command says it, once
    assert result.stdout == ""


QUICK = ("zero items", "pipeline error")


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=pytest.mark.long) for case in FAILURES]
)
def test_scrapy_crawl_help_commits_nothing_either(case: str, tiny: SampleServer, archive: Path) -> None:
    _, settings, _ = FAILURES[case]
    fast = [f"{name}={value}" for name, value in FAST.items()]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "help", "-a", f"base_url={tiny.url}", *flags([*fast, *settings])],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "HELPSCRAPER_ARCHIVE": str(archive)},
        capture_output=True, check=False, timeout=120, text=True,
    )  # fmt: skip
    assert archive.is_dir()
    assert snapshots(archive) == []
    facts = newest_facts(archive)
    assert facts.get("outcome") in {"refused", "failed", None}
    if case == "zero items":
        # The exit code does not tell, so the log does, once.
        (said,) = [line for line in done.stderr.splitlines() if "[helpscraper.outcome] WARNING: " in line]
        assert f"{facts['run_id']} refused: " in said
        assert facts["reason"] in said


@pytest.mark.parametrize("url", OFFLINE)
def test_without_a_network_one_line_says_so_and_the_archive_stays(
    url: str, good: Result, good_archive: Path, archive: Path
) -> None:
    shutil.copytree(good_archive, archive)
    before = contents(archive)
    result = crawl(url, archive)
    (line,) = result.stderr.splitlines()
    assert (result.code, result.stdout) == (3, "")
    assert f"; end: the crawl did not run to its end: {OFFLINE[url]}" in line and len(line) < 250
    added = contents(archive).keys() - before.keys()
    assert_untouched(before, archive)
    assert [path.split("/")[0] for path in added] == ["runs"], added
    newest = json.loads(helpscraper("runs", "--archive", archive, "--format", "json").stdout)[-1]
    assert (newest["outcome"], newest["exit_code"]) == ("refused", 3) and OFFLINE[url] in newest["reason"]


@pytest.mark.long
@pytest.mark.parametrize("url", OFFLINE)
def test_scrapy_says_so_too_without_a_network(url: str, archive: Path) -> None:
    fast = [f"{name}={value}" for name, value in FAST.items()]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "help", "-a", f"base_url={url}", *flags(fast)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "HELPSCRAPER_ARCHIVE": str(archive)},
        capture_output=True, check=False, timeout=120, text=True,
    )  # fmt: skip
    (said,) = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    assert "[helpscraper.outcome] WARNING: " in said and OFFLINE[url] in said
    assert (snapshots(archive), newest_facts(archive)["outcome"]) == ([], "refused")


def test_scrapy_crawl_help_does_the_same_crawl_in_any_folder(
    tiny: SampleServer, archive: Path, good: Result
) -> None:
    fast = [f"{name}={value}" for name, value in FAST.items()]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "help", "-a", f"base_url={tiny.url}", *flags(fast)],
        cwd=archive.parent, capture_output=True, check=False, timeout=120,
        env=os.environ
        | {
            "HELPSCRAPER_ARCHIVE": str(archive),
            "PYTHONPATH": str(ROOT),
            "SCRAPY_SETTINGS_MODULE": "helpscraper.settings",
        },
    )  # fmt: skip
    assert done.returncode == 0
    assert len(snapshots(archive)) == 1
    facts = newest_facts(archive)
    assert facts["counts"] == good.facts["counts"]
    assert facts["sections"] == good.facts["sections"]


def test_an_error_counts_whatever_the_log_level(tiny: SampleServer, archive: Path) -> None:
    result = crawl(
        tiny,
        archive,
        "-s",
        BROKEN.format("callback"),
        "-s",
        "LOG_LEVEL=CRITICAL",
        env={"PYTHONPATH": str(ROOT)},
    )
    assert result.code == 1
    assert result.facts["internal_errors"] == 12


def test_a_good_crawl_is_0_and_says_one_line(good: Result) -> None:
    assert good.code == 0
    assert good.stderr == ""
    (line,) = good.stdout.splitlines()
    assert line.startswith("okx/en 2")
    assert "committed: 12 articles (12 fetched)" in line


@pytest.mark.parametrize("wrong", [["-a", "mode=quick"], ["-s", "=1"]])
def test_bad_arguments_are_2_and_leave_no_trace(wrong: list[str], tiny: SampleServer, archive: Path) -> None:
    asked = len(tiny.requests)
    result = crawl(tiny, archive, *wrong)
    assert result.code == 2, result.said
    assert "Traceback" not in result.stderr
    assert result.facts == {}
    assert len(tiny.requests) == asked


def test_settings_that_make_no_sense_are_2_and_all_are_named(tiny: SampleServer, archive: Path) -> None:
    asked = len(tiny.requests)
    wrong = [
        "LOG_LEVEL=FOO",
        "DOWNLOAD_DELAY=abc",
        "UNLISTED_PROBES=abc",
        "WARC_ENABLED=maybe",
        "NOTIFY_URLS=x",
    ]
    result = crawl(tiny, archive, *flags(wrong))
    assert result.code == 2, result.said
    assert "Traceback" not in result.stderr
    assert all(setting.partition("=")[0] in result.stderr for setting in wrong)
    assert not archive.exists()
    assert len(tiny.requests) == asked
