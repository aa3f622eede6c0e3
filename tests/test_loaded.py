"""Libraries that a process does not need are not loaded: each costs every crawl time and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper.sample import SampleServer
from tests.conftest import ROOT

CRAWL = "pandas matplotlib rapidfuzz icu4py jinja2 nh3 apprise rich aiohttp dateparser"
READ = "scrapy twisted matplotlib jinja2 nh3 apprise lxml babel aiohttp requests"
FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=False")


def loaded(code: str, *arguments: str | Path) -> set[str]:
    """Run ``code`` in a process of its own and return the top-level modules that it ends with."""
    tail = "\nprint(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}{tail}", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def of_command(*arguments: str | Path) -> set[str]:
    return loaded("from helpscraper.cli import main\nassert main() == 0", *arguments)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """An archive of two crawls, and the modules of the second, which compared itself with the first."""
    archive = tmp_path_factory.mktemp("loaded") / "archive"
    with SampleServer() as site:
        command = ("crawl", "--archive", archive, "-a", f"base_url={site.url}", *FAST)
        of_command(*command)
        site.state = 1
        return archive, of_command(*command)


def test_a_crawl_loads_no_library_of_the_reports(crawled: tuple[Path, set[str]]) -> None:
    _, modules = crawled
    assert {"scrapy", "pyarrow", "duckdb"} <= modules  # they are what a crawl works with
    assert modules & set(CRAWL.split()) == set()


@pytest.mark.parametrize(
    ("command", "left_out"),
    [
        ("log", "pandas rapidfuzz icu4py"), ("diff latest~1 latest", "pandas rapidfuzz icu4py"),
        ("show", "pandas duckdb rapidfuzz icu4py"), ("runs", "pandas duckdb rapidfuzz icu4py"),
    ],
)  # fmt: skip
def test_a_command_that_reads_loads_no_crawler(
    crawled: tuple[Path, set[str]], command: str, left_out: str
) -> None:
    modules = of_command(*command.split(), "--archive", crawled[0])
    assert "pyarrow" in modules
    assert modules & {*READ.split(), *left_out.split()} == set()


def test_loading_a_snapshot_loads_pandas_and_no_crawler(crawled: tuple[Path, set[str]]) -> None:
    code = "from helpscraper import Archive\nassert len(Archive(sys.argv[1]).load())"
    modules = loaded(code, crawled[0])
    assert "pandas" in modules
    assert modules & {*READ.split(), "rapidfuzz", "icu4py", "rich"} == set()


def test_a_frame_can_be_made_where_pandas_was_left_out() -> None:
    code = """
from helpscraper.archive.arrow import leave_pandas_out
leave_pandas_out()
import pyarrow as pa
table = pa.table({"n": pa.array([1, None])})
assert "pandas" not in sys.modules
import pandas as pd
assert table.to_pandas().n.isna().tolist() == [False, True]
assert pa.array(pd.Series([1, None], dtype="Int64")).to_pylist() == [1, None]
"""
    assert "pandas" in loaded(code)
