"""Field-level diff of two snapshots of 1,000,000 articles x 18 compared columns.

1 % added, 1 % removed, 12 % changed, the full result. In the same run, each in a process of its own: a bare DuckDB full
outer join over the same columns that only counts the rows that differ (the measure), one that reads the keys only, and
csv-diff and datacompy where they are installed (on a tenth of the rows: they hold everything in memory). Bounds: within
2 x of the measure, peak below 1 GB; 2,000 articles in process below 0.1 s.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

RATIO = 2.0
PEAK_MB = 1000.0
SMALL_SECONDS = 0.1

_DATA = """
copy (select
    (timestamptz '2026-11-21 06:00:00+00' + interval ({day}) day) as snapshot_at,
    'article-' || substr(md5(i::varchar), 1, 16) as article_id,
    substr(md5('s' || i), 1, 22) as source_id,
    'https://www.example.com/help/article-' || substr(md5(i::varchar), 1, 16) as url,
    'How to do thing number ' || i || (case when {day} = 1 and i % 100 = 1 then ' now' else '' end) as title,
    ['faq', 'announcements', 'product-documentation'][1 + i % 3] as category,
    'section-' || (i % 20 + (case when {day} = 1 and i % 100 = 2 then 1 else 0 end)) as section,
    ['FAQ', 'Announcements', 'Product documentation'][1 + i % 3] as category_title,
    'Section ' || (i % 20) as section_title,
    ['latest', 'section-' || (i % 20)] as listed_in,
    timestamptz '2024-01-01 00:00:00+00' + interval (i % 10000) hour as published_at,
    timestamptz '2025-01-01 00:00:00+00'
        + interval (i % 10000 + (case when {day} = 1 and i % 100 between 3 and 6 then 1 else 0 end)) hour as updated_at,
    date '2024-01-01' + (i % 400)::int as published_on, date '2025-01-01' + (i % 400)::int as updated_on,
    (i * 7919) % 100000 + (case when {day} = 1 and i % 100 between 7 and 12 then 5 else 0 end) as view_count,
    'An excerpt of article ' || i || ' as the listing shows it, some words long' as snippet,
    sha256('b' || i || (case when {day} = 1 and i % 100 between 3 and 5 then 'x' else '' end)) as body_sha256,
    (100 + i % 900)::int as word_count, (1 + i % 9)::smallint as reading_minutes, 'en' as language,
    'fetched' as status, timestamptz '2026-11-20 06:00:00+00' as fetched_at, 'f.warc.gz#' || (i * 900) as warc_record
    from range({low}, {high}) t(i) order by article_id
) to '{path}' (format parquet, compression zstd, row_group_size 122880)
"""


def write(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write the two snapshots and return their paths."""
    paths = folder / f"a{rows}.parquet", folder / f"b{rows}.parquet"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for day, path in enumerate(paths):
            low = day * rows // 100
            connection.execute(_DATA.format(day=day, low=low, high=low + rows, path=path))
    return paths


def work(task: str, before: str, after: str) -> dict[str, float | str]:
    """Do one task in this process and return its seconds, its peak memory in MB, and its result."""
    from helpscraper.archive.run_facts import RunFacts
    from helpscraper.history.kinds import COMPARED

    run = RunFacts(complete=True)
    start = time.perf_counter()
    found: object = ""
    if task in {"count", "keys"}:
        import pyarrow.parquet as pq

        differs = "count(*)"
        if task == "count":
            there = [name for name in COMPARED if name in pq.read_schema(before).names]
            pairs = " or ".join(f"a.{name} is distinct from b.{name}" for name in there)
            differs = f"count(*) filter ({pairs})"
        with duckdb.connect() as connection:
            connection.execute("set memory_limit = '600MB'; set preserve_insertion_order = false")
            join = "read_parquet(?) b full outer join read_parquet(?) a on a.article_id = b.article_id"
            found = connection.execute(f"select {differs} from {join}", [before, after]).fetchone()  # noqa: S608
    elif task == "helpscraper":
        from helpscraper.history.diff import diff_tables

        found = diff_tables(before, after, before_run=run, after_run=run).summary()
    elif task == "csv-diff":
        from csv_diff import compare, load_csv

        with Path(before).open() as old, Path(after).open() as new:
            result = compare(load_csv(old, key="article_id"), load_csv(new, key="article_id"))
        found = {name: len(value) for name, value in result.items()}
    else:
        import datacompy
        import pandas as pd

        frames = [pd.read_parquet(path, columns=["article_id", *COMPARED]) for path in (before, after)]
        frames = [frame.assign(listed_in=frame["listed_in"].astype(str)) for frame in frames]
        result = datacompy.PandasCompare(frames[0], frames[1], join_columns="article_id")
        found = {"unequal": len(result.all_mismatch())}
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb(), "found": str(found)}


def peak_mb() -> float:
    """Return the peak of this program's own memory; ``getrusage`` would remember that of its parent."""
    status = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in status if line.startswith("VmHWM"))) / 1024


def measured(task: str, before: Path, after: Path, rounds: int) -> dict[str, float | str]:
    """Run a task in fresh processes and return the fastest."""
    runs: list[dict[str, float | str]] = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "--task", task, str(before), str(after)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            return {"seconds": float("nan"), "peak_mb": float("nan"), "found": answer.stderr.strip()[-200:]}
        runs.append(json.loads(answer.stdout))
    return min(runs, key=lambda run: float(run["seconds"]))


def show(name: str, result: dict[str, float | str]) -> None:
    """Print one line."""
    print(
        f"  {name:<34} {result['seconds']:8.2f} s  {result['peak_mb']:7.0f} MB   {str(result['found'])[:110]}"
    )


def others(folder: Path, rows: int) -> None:
    """Print the times of two other tools for a tenth of the rows."""
    before, after = write(folder, rows)
    if importlib.util.find_spec("datacompy"):
        show(f"datacompy, {rows:,} rows", measured("datacompy", before, after, 1))
    else:
        print("  datacompy is not installed: left out")
    if importlib.util.find_spec("csv_diff"):
        texts = []
        from helpscraper.history.kinds import COMPARED

        columns = ", ".join(COMPARED)
        with duckdb.connect() as connection:
            for path in (before, after):
                texts.append(path.with_suffix(".csv"))
                connection.execute(
                    f"copy (select article_id, {columns} from '{path}') to '{texts[-1]}' (header)"  # noqa: S608
                )
        show(f"csv-diff, {rows:,} rows", measured("csv-diff", *texts, 1))
    else:
        print("  csv-diff is not installed: left out")
    show(f"helpscraper, {rows:,} rows", measured("helpscraper", before, after, 1))


def small(folder: Path) -> float:
    """Return the seconds that a diff of 2,000 articles takes in this process, warm: the fastest of some."""
    import pyarrow.parquet as pq

    from helpscraper.history.diff import diff_tables

    before, after = (pq.read_table(path) for path in write(folder, 2_000))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        found = diff_tables(before, after)
        times.append(time.perf_counter() - start)
        assert found
    return min(times)


def main() -> int:
    """Print times and ratios; return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task", nargs=3, metavar=("TASK", "BEFORE", "AFTER"))
    args = parser.parse_args()
    if args.task:
        print(json.dumps(work(*args.task)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, after = write(folder, args.rows)
        print(
            f"diff of two snapshots of {args.rows:,} articles, 18 columns: 1 % added, 1 % removed, 12 % changed"
        )
        keys, count, own = (
            measured(task, before, after, args.rounds) for task in ("keys", "count", "helpscraper")
        )
        show("bare join that reads keys only", keys)
        show("bare join that counts differences", count)
        show("helpscraper, full result", own)
        others(folder, args.rows // 10)
        quick = small(folder)
    ratio = float(own["seconds"]) / float(count["seconds"])
    print(
        f"  ratio to the counting join {ratio:.2f} (bound {RATIO}); peak {own['peak_mb']:.0f} MB (bound {PEAK_MB:.0f})"
    )
    print(f"  2,000 articles in process  {quick:.3f} s (bound {SMALL_SECONDS})")
    kept = ratio <= RATIO and float(own["peak_mb"]) <= PEAK_MB and quick <= SMALL_SECONDS
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
