"""WARC: re-extraction against a loop that only reads and parses, the cost of recording, and the size of a second crawl
of an unchanged site.

The pages are those of the sample site, padded to 150 KB by menus and JSON in equal parts, which take as long to parse
as a real page of that size. Ratios are taken in one run, side by side.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.bare_warc import bare_on_all_cores

if TYPE_CHECKING:
    from helpscraper.archive.store import Store

# Nothing of helpscraper is imported here: each process of the bare loop imports this module too, and needs none of it.

ARTICLES = 10_000  # as many as the benchmarks of history and report have
CRAWLED = 400
RECORDED = 1_200  # shorter crawls differ more from one another than by their recording
PADDING = 138_000
ROUNDS = 9

LEAST_RATIO = 0.55
LEAST_PAGES = 300.0  # a second, on two cores
MOST_COST = 0.10
MOST_ADDED = 0.02
# Twice the pages may cost this much more memory: an index line each, and no page.
MOST_MEMORY = 1.15

CORES = os.cpu_count() or 1
T = TypeVar("T")
SETTINGS = {
    "CONCURRENT_REQUESTS": "8",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
}


@contextmanager
def site(articles: int) -> Iterator[str]:
    """Serve the sample site from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "paths")
        command = [sys.executable, "-m", "benchmarks.serve", str(articles), str(PADDING), log]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait()


def crawl(url: str, archive: Path, *flags: str, **settings: str) -> float:
    """Crawl and return the seconds from the first request to the committed snapshot."""
    pairs = [part for name, value in (SETTINGS | settings).items() for part in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "helpscraper", "crawl", "--archive", str(archive), *pairs, *flags]
    subprocess.run([*command, "-a", f"base_url={url}"], check=True, capture_output=True)
    runs = sorted(archive.glob("runs/*/*/*.json"))
    return float(json.loads(runs[-1].read_text())["seconds"])


def warc_bytes(archive: Path) -> list[int]:
    """Bytes of the WARC files of each crawl, oldest first."""
    return [path.stat().st_size for path in sorted(archive.glob("warc/*/*/*.warc.gz"))]


def timed(work: Callable[[], T]) -> tuple[float, float, T]:
    """Run ``work`` and return its seconds, the processor's seconds of this process and its children, and its result."""
    before, started = os.times(), time.perf_counter()
    result = work()
    seconds, after = time.perf_counter() - started, os.times()
    return seconds, sum(after[:4]) - sum(before[:4]), result


def bare_loop(store: Store) -> tuple[int, int]:
    """Read and parse every page on all cores; return the pages and their bytes."""
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.recordings import load_index, warc_files

    (file,) = warc_files(store, Partition("okx", "en"))
    offsets = [
        capture.offset
        for capture in load_index(store, file)
        if capture.status == 200 and not capture.is_revisit
    ]
    return len(offsets), bare_on_all_cores(store.url(file), offsets, CORES)


_REEXTRACT = """
import resource, sys
from helpscraper.replay.reextract import reextract
if __name__ == "__main__":
    list(reextract(sys.argv[1], force=True))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory(archive: Path) -> tuple[int, int]:
    """Return the peak KiB of a re-extraction: of the process that writes, and of the largest that reads."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(_REEXTRACT)
        script.flush()
        done = subprocess.run(
            [sys.executable, script.name, str(archive)], check=True, capture_output=True, text=True
        )
    writer, reader = done.stdout.split()
    return int(writer), int(reader)


def re_extraction(archive: Path) -> bool:
    """Compare, in turn, and print the median of the ratios, each of two consecutive runs."""
    from helpscraper.archive.store import open_store
    from helpscraper.replay.reextract import reextract

    store = open_store(archive)
    bares, ours, pages, size = [], [], 0, 0
    for _ in range(ROUNDS):
        *spent, (pages, size) = timed(partial(bare_loop, store))
        bares.append(spent)
        *spent, (report,) = timed(lambda: tuple(reextract(str(archive), force=True)))
        ours.append(spent)
        assert report.written is not None
        assert report.problems == ()
        shutil.rmtree(archive / "reextracted")
    ratios, by_work = (
        [bare / mine for bare, mine in zip(*pairs, strict=True)]
        for pairs in zip(zip(*bares, strict=True), zip(*ours, strict=True), strict=True)
    )
    ratio, rate = statistics.median(ratios), pages / statistics.median(seconds for seconds, _ in ours)
    print(
        f"re-extraction of {pages} pages of {size / pages / 1000:.0f} KB on {CORES} cores: {rate:.0f} pages/s "
        f"(at least {LEAST_PAGES:.0f} on two cores), {ratio:.2f} × the bare loop's rate "
        f"({min(ratios):.2f}–{max(ratios):.2f}; at least {LEAST_RATIO}); "
        f"by processor time {statistics.median(by_work):.2f} ×"
    )
    return ratio >= LEAST_RATIO and (rate >= LEAST_PAGES or CORES < 2)


def steady_memory(small: Path, large: Path) -> bool:
    """Compare the peak memory of re-extracting a small archive and a larger one."""
    (writer_small, reader_small), (writer_large, reader_large) = memory(small), memory(large)
    writer, reader = writer_large / writer_small, reader_large / reader_small
    print(
        f"memory for {ARTICLES // CRAWLED} × the pages: writer {writer:.2f} × {writer_small / 1024:.0f} MiB, "
        f"reader {reader:.2f} × {reader_small / 1024:.0f} MiB (at most {MOST_MEMORY} ×)"
    )
    return writer <= MOST_MEMORY and reader <= MOST_MEMORY


def recording(folder: Path, url: str) -> bool:
    """Crawl with and without recording, in turn, and print the difference."""
    crawl(url, folder / "warm-up", WARC_ENABLED="False")  # the server renders each page once
    times: dict[str, list[float]] = {"False": [], "True": []}
    for number in range(ROUNDS):
        for enabled, seconds in times.items():
            seconds.append(crawl(url, folder / f"{enabled}{number}", WARC_ENABLED=enabled))
    costs = [1 - without / recorded for without, recorded in zip(*times.values(), strict=True)]
    cost = statistics.median(costs)
    print(
        f"recording costs a crawl {cost:.1%} of its throughput "
        f"({min(costs):.1%} to {max(costs):.1%}; at most {MOST_COST:.0%})"
    )
    return cost <= MOST_COST


def second_crawl(archive: Path, url: str) -> bool:
    """Crawl an unchanged site again and print the size of its recording."""
    crawl(url, archive)
    crawl(url, archive, "-a", "mode=full")
    first, again, full = warc_bytes(archive)
    print(
        f"a second crawl of an unchanged site adds {again / first:.2%} of the first one's {first / 1e6:.1f} MB "
        f"(at most {MOST_ADDED:.0%}); one that fetches every page again {full / first:.2%}"
    )
    return again / first < MOST_ADDED


def main() -> int:
    """Run all and return 1 when a bound is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with site(ARTICLES) as url:
            crawl(url, folder / "large")
        with site(RECORDED) as url:
            met = [recording(folder, url), second_crawl(folder / "True0", url)]
        small = folder / "small"
        with site(CRAWLED) as url:
            crawl(url, small)
        met += [re_extraction(folder / "large"), steady_memory(small, folder / "large")]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak of this process: {peak / 1024:.0f} MiB")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
