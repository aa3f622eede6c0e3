"""Folders for spilled data: removed when their process ends, or by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import helpscraper
from helpscraper.archive.duck import cursor, open_duckdb, spill_folder

# Each process prints its folder, and the second kind waits to be killed.
ENDS = "from helpscraper.archive.duck import spill_folder; print(spill_folder(), flush=True)"
WAITS = f"{ENDS}; import time; time.sleep(60)"


def folder_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )


def long_ago(folder: Path) -> None:
    os.utime(folder, (time.time() - 3600,) * 2)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    killed, living = start(WAITS, tmp_path), start(WAITS, tmp_path)
    try:
        left, used = folder_of(killed), folder_of(living)
        (left / "duckdb_temp_storage-0.tmp").write_bytes(b"spilt")
        killed.kill()
        killed.wait()
        assert left.is_dir()
        long_ago(left)
        long_ago(used)
        after = start(ENDS, tmp_path)
        own = folder_of(after)
        after.communicate(timeout=30)
        assert after.returncode == 0
        assert own.name.startswith("helpscraper-duckdb-")
        assert list(tmp_path.iterdir()) == [used]
    finally:
        for process in (killed, living):
            process.kill()
            process.communicate()


def test_a_folder_that_was_made_this_minute_is_left_alone(tmp_path: Path) -> None:
    fresh = tmp_path / "helpscraper-duckdb-fresh"
    fresh.mkdir()
    process = start(ENDS, tmp_path)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert fresh.is_dir()


def test_a_query_spills_into_the_folder_of_its_process_and_not_into_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_duckdb(memory_limit="40MB", threads=1) as connection:
        connection.execute(
            "create table rows as select random() as a, repeat('x', 200) || range as b from range(400_000)"
        )
        assert any(Path(spill_folder()).glob("*.tmp")), "nothing was spilled: the limit is too high"
    assert list(tmp_path.iterdir()) == []


def test_a_cursor_sees_nothing_of_another_one() -> None:
    with cursor() as one, cursor() as other:
        one.register("registered", pa.table({"n": [1]}))
        one.execute("CREATE TEMP TABLE made AS FROM registered")
        for name in ("registered", "made"):
            with pytest.raises(duckdb.CatalogException):
                other.execute(f"FROM {name}")


def test_duckdb_is_opened_in_one_place() -> None:
    package = Path(helpscraper.__file__).parent
    opened = [path.name for path in package.rglob("*.py") if "duckdb.connect(" in path.read_text()]
    assert opened == ["duck.py"]


def test_a_slow_query_writes_no_progress_into_the_data() -> None:
    with open_duckdb() as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
