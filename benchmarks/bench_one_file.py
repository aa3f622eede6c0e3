"""The five questions of docs/engines.md of an archive of 10,950 files a kind, of one file a kind, and of Delta tables.

The archive is 150 editions of 73 days, hard links of one edition of 500 articles. Each question is asked in a process
of its own; its start is not counted. No bound: the ratios are the ground of docs/decisions/0035.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.history_data import Centre
from helpscraper.archive.store import open_store
from tests.docs.test_engines import engine, rows
from tests.long_history import build

EDITIONS, DAYS, ARTICLES = 150, 73, 500
KINDS = ("snapshots", "changes", "bodies")
QUESTIONS = ("latest", "changes_by_week", "views_gained", "silent_by_section", "texts")
ENGINES = ("duckdb", "polars", "pyarrow")


def ask(package: str, layout: str, archive: str, article: str) -> dict[str, Any]:
    """Ask the five questions in this process."""
    names = engine(package)
    if layout == "delta":
        names["table"] = _delta_tables(package)
    told: dict[str, Any] = {"processor": {}, "rows": {}}
    for question in QUESTIONS:
        spent = time.process_time()
        answer = rows(names[question](archive, *([article] if question == "texts" else [])))
        told["processor"][question] = time.process_time() - spent
        told["rows"][question] = len(answer)
    told["peak"] = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    return told


def _delta_tables(package: str) -> Callable[..., Any]:
    """Return the function ``table`` of an engine's block for Delta tables; DuckDB needs an extension for it."""
    if package == "polars":
        import polars

        return lambda archive, kind: polars.scan_delta(f"{archive}/{kind}")
    from deltalake import DeltaTable

    def table(archive: str, kind: str, columns: list[str], where: Any = None) -> Any:
        return DeltaTable(f"{archive}/{kind}").to_pyarrow_dataset().to_table(columns=columns, filter=where)

    return table


def make(folder: Path) -> str:
    """Write the archive in each layout; return the key of one article."""
    day = next(Centre(ARTICLES).days(1))
    store = open_store(folder / "one")
    build(store, range(DAYS), (day.rows, day.bodies))
    for number in range(EDITIONS):
        for path in store.list(""):
            kind, name = path.split("/")[0], path.rpartition("/")[2]
            if kind in KINDS:
                link = folder / "files" / kind / f"site=s{number // 10}" / f"locale=l{number % 10}" / name
                link.parent.mkdir(parents=True, exist_ok=True)
                os.link(folder / "one" / path, link)
    began, spent = time.perf_counter(), time.process_time()
    engine("duckdb")["one_file_each"](folder / "files", folder / "file")
    print(
        f"one file a kind: {time.process_time() - spent:.1f} s of processor time, {_size(folder / 'file')}",
        end="",
    )
    print(f" MB of {_size(folder / 'files')} MB, {time.perf_counter() - began:.0f} s")
    if find_spec("deltalake"):
        _write_delta(folder)
    return str(day.rows.column("article_id")[0])


def _write_delta(folder: Path) -> None:
    import pyarrow.parquet as pq
    from deltalake import write_deltalake

    spent = time.process_time()
    for kind in KINDS:
        write_deltalake(str(folder / "delta" / kind), pq.read_table(folder / "file" / kind / "all.parquet"))
    print(
        f"Delta from it: {time.process_time() - spent:.1f} s of processor time, {_size(folder / 'delta')} MB"
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1_000_000


def main() -> int:
    """Print a line for each engine and question."""
    with tempfile.TemporaryDirectory() as name:
        article = make(Path(name))
        for package in ENGINES:
            found = {
                layout: _asked(package, layout, str(Path(name) / layout), article)
                for layout in ("files", "file", "delta")
                if layout != "delta" or (package != "duckdb" and find_spec("deltalake"))
            }
            assert len({str(each["rows"]) for each in found.values()}) == 1, found
            for question in QUESTIONS:
                spent = {layout: each["processor"][question] for layout, each in found.items()}
                told = ", ".join(f"{layout} {seconds:.2f} s" for layout, seconds in spent.items())
                print(f"{package:8} {question:18} {told}: {spent['files'] / spent['file']:.1f} ×")
            peaks = ", ".join(f"{layout} {each['peak']:.0f} MB" for layout, each in found.items())
            print(f"{package:8} peak of the five: {peaks}", flush=True)
    return 0


def _asked(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_one_file", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(ask(*sys.argv[1:])))
        sys.exit()
    os.chdir(Path(__file__).parent.parent)
    sys.exit(main())
