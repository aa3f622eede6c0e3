"""The plan of an archive of 1,000 sites in 40 locales over a year: its names, bytes, listings, and the cost of a query.

14.6 million snapshots cannot be built here. An edition of 1,000 articles is built over two months and packed; listings
of a few editions are asked of an S3 server; a query over some thousands of files is measured. The rest is
multiplication, with two assumptions about a real store: ``LIST_SECONDS`` and ``GET_SECONDS``.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.history_data import Centre
from helpscraper.archive.compact import compact
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import LocalStore, Store, open_store
from helpscraper.archive.store.objects import ObjectStore
from tests.long_history import BEGIN, EN, build
from tests.s3_server import S3Server, s3_server

SITES, LOCALES, YEAR = 1_000, 40, 365
EDITIONS = SITES * LOCALES
DAYS, MONTHS = 61, 2
ARTICLES = 1_000
PAGE = 1_000
LIST_SECONDS, GET_SECONDS, READERS = 0.1, 0.03, 16
FOLDERS = ("snapshots", "changes", "bodies", "runs", "warc")

_COUNT = """
import sys, time
import duckdb
path, spent = sys.argv[1], time.process_time()
duckdb.sql("set threads = 2")
duckdb.sql(f"select count(*) from read_parquet('{path}/**/*.parquet', hive_partitioning = true)"
           " where article_id > 'm'").fetchall()
print(time.process_time() - spent, open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""


def main() -> int:
    """Print the plan."""
    with tempfile.TemporaryDirectory() as name, s3_server(Path(name)) as s3:
        folder = Path(name)
        store = LocalStore(str(folder / "edition"))
        day = next(Centre(ARTICLES).days(1))
        build(store, range(DAYS), (day.rows, day.bodies))
        plain = _sizes(store)
        small, large = (_query(store, folder / str(files), files) for files in (1_000, 5_000))
        catalog = Catalog(store)
        assert not [
            each for report in compact(catalog, EN, dt.datetime.now(dt.UTC)) for each in report.problems
        ]
        packed = _sizes(store)
        _names(plain, packed)
        _listings(s3)
        _queries([(after - before) / 4_000 for before, after in zip(small, large, strict=True)])
    return 0


def _sizes(store: Store) -> dict[str, tuple[int, int]]:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for path in store.list(""):
        kind = path.partition("/")[0]
        files[kind] += 1
        sizes[kind] += store.size(path)
    return {kind: (files[kind], sizes[kind]) for kind in FOLDERS}


def _names(plain: dict[str, tuple[int, int]], packed: dict[str, tuple[int, int]]) -> None:
    print(
        f"a year of one edition of {ARTICLES:,} articles, and of {EDITIONS:,}; packed: all but the newest month"
    )
    print("folder      files packed     MB packed |       files      packed     TB packed")
    for kind in FOLDERS:
        (files, size), (fewer, smaller) = plain[kind], packed[kind]
        year, year_size = files * YEAR // DAYS, size * YEAR / DAYS
        is_packed = fewer < files
        month = year // 12 if is_packed else 0
        less = 11 * fewer // MONTHS + month if is_packed else year
        less_size = (11 * smaller / MONTHS + year_size / 12) if is_packed else year_size
        print(
            f"{kind:10} {year:>6,} {less:>6,} {year_size / 1e6:>6.1f} {less_size / 1e6:>6.1f} |"
            f" {year * EDITIONS:>11,} {less * EDITIONS:>11,} {year_size * EDITIONS / 1e12:>6.2f}"
            f" {less_size * EDITIONS / 1e12:.2f}"
        )


def _listings(s3: S3Server) -> None:
    """Ask for the listings of some editions, which lie in one folder of a bucket."""
    uri, there = s3.new_uri("plan"), 0
    ids = [snapshot_id(BEGIN + dt.timedelta(days=number)) for number in range(YEAR)]
    print("\nlistings of snapshots/ on S3, a year each")
    for editions in (1, 4, 8):
        store = open_store(uri)
        assert isinstance(store, ObjectStore)
        for number in range(there, editions):
            paths = (snapshot_path(Partition(f"s{number}", "en"), each) for each in ids)
            store.fs.fs.pipe({f"{store.root}/{path}": b"x" for path in paths})
        there, spent = editions, time.process_time()
        with s3.counted() as all_of_them:
            found = len(store.list("snapshots"))
        spent = time.process_time() - spent
        with s3.counted() as one:
            assert len(store.list("snapshots/site=s0/locale=en")) == YEAR
        print(
            f"  {editions} editions: {found:,} names by {all_of_them['LIST']} requests,"
            f" {spent:.2f} s of processor time; one of them by {one['LIST']}"
        )
    for told, names in (("as crawled", YEAR), ("packed", 11 + YEAR // 12)):
        requests = EDITIONS * names // PAGE
        print(
            f"  {EDITIONS:,} editions {told}: {EDITIONS * names:,} names by {requests:,} requests,"
            f" {requests * LIST_SECONDS / 60:.0f} min in a row at {LIST_SECONDS} s"
            f" and {requests * PAGE / found * spent / 60:.0f} min of processor time; one of them by 1"
        )


def _query(store: Store, folder: Path, files: int) -> tuple[float, float]:
    """Count over so many hard links of the edition's snapshots; return processor seconds and the peak in MB."""
    paths = store.list("snapshots")
    for number in range(files):
        path = folder / f"site=s{number // PAGE}" / f"locale=l{number % PAGE // DAYS}" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(str(store.local_path(paths[number % len(paths)])), path)
    done = subprocess.run(
        [sys.executable, "-c", _COUNT, str(folder)], check=True, capture_output=True, text=True
    )
    seconds, kilobytes = done.stdout.split()[-2:]  # DuckDB shows its progress before
    return float(seconds), float(kilobytes) / 1000


def _queries(each: list[float]) -> None:
    seconds, megabytes = each
    print(
        f"\na query of DuckDB over all files, each one:"
        f" {seconds * 1e3:.1f} ms of processor time and {megabytes * 1e3:.1f} KB"
    )
    for files in (YEAR, 10_000, 100_000, EDITIONS * (11 + YEAR // 12), EDITIONS * YEAR):
        print(
            f"  {files:>11,} files: {files * seconds:>9,.1f} s of processor time, {files * megabytes / 1e3:>7.2f} GB;"
            f" on S3 {2 * files:,} requests, {2 * files * GET_SECONDS / READERS:,.0f} s at {READERS} at once"
        )


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(main())
