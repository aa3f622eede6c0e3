"""How crawl, diff, report and story grow with the articles of a help centre and with its snapshots.

Prints the processor time of each command at each size, and the exponent: the slope of the logarithm of the time over
that of the size, between the two largest sizes. The time at a very small size, which is mostly the start of Python, is
taken off first. Exponents above 1.1 fail.

    python -m benchmarks growth                                       hours: the issue's sizes
    python -m benchmarks.bench_growth --articles 1000 10000           minutes
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks import bench_memory, bench_report
from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.sample.server import SampleServer
from tests import sample_archive
from tests.long_history import EN, build

MOST = 1.1
DAYS = 3
FEW = 10
# Less than this is noise of the clock.
LEAST_SECONDS = 0.05

Times = dict[str, list[float]]


def main() -> int:
    """Print the tables and return 1 when an exponent is above the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="*", default=(1_000, 10_000, 100_000))
    parser.add_argument("--snapshots", type=int, nargs="*", default=(10, 100, 1_000))
    parser.add_argument("--no-crawl", action="store_true", help="leave the crawls of large sites out")
    args = parser.parse_args()
    missed: list[str] = []
    for name, sizes, measured in (
        ("articles", args.articles, _by_articles(args.articles, crawl=not args.no_crawl)),
        ("snapshots", args.snapshots, _by_snapshots(args.snapshots)),
    ):
        if len(sizes) > 1:
            missed += _told(name, sizes, measured)
    print(f"missed: {', '.join(missed)}" if missed else "every bound was met")
    return int(bool(missed))


def _told(name: str, sizes: Iterable[int], measured: Iterable[tuple[int, Times]]) -> list[str]:
    """Print the times as they come, then the exponents; return the commands above the bound."""
    found: dict[str, list[float]] = {}
    for size, times in measured:
        shown = ", ".join(f"{command} {min(spent):.2f} s" for command, spent in times.items())
        print(f"{size:>8,} {name}: {shown}", flush=True)
        for command, spent in times.items():
            found.setdefault(command, []).append(min(spent))
    missed = []
    before, last = sorted(sizes)[-2:]
    for command, (start, *_, less, most) in found.items():
        work = [max(LEAST_SECONDS, seconds - start) for seconds in (less, most)]
        exponent = math.log(work[1] / work[0]) / math.log(last / before)
        print(f"{command} by {name}: exponent {exponent:.2f} (at most {MOST})")
        if exponent > MOST:
            missed.append(f"{command} by {name}")
    return missed


def _by_articles(sizes: Iterable[int], *, crawl: bool) -> Iterator[tuple[int, Times]]:
    for size in (FEW, *sorted(sizes)):
        with tempfile.TemporaryDirectory() as name:
            archive = Path(name) / "archive"
            centre = bench_report.Centre(size)
            for day in range(DAYS):
                centre.commit(Catalog(archive), day)
            times = _commands(archive, centre.ids[0])
            if crawl:
                (crawled := Path(name) / "crawled").mkdir()
                first, second = bench_memory.crawls(size, crawled)
                print(f"{size:>8,} articles: crawl {first.peak:.0f} MB, the next {second.peak:.0f} MB")
                times |= {"crawl": [first.processor], "next crawl": [second.processor]}
            yield size, times


def _by_snapshots(sizes: Iterable[int]) -> Iterator[tuple[int, Times]]:
    """The sample site, whose articles change day by day; the crawl is one more of the same site."""
    with tempfile.TemporaryDirectory() as name, SampleServer(state=0) as server:
        folder = Path(name)
        sample = Catalog(sample_archive.build(folder / "sample", states=range(1)))
        rows = sample.load_table("latest")
        bodies = BodyIndex(sample.store, EN).fetch(rows.column("body_sha256").combine_chunks())
        store, built = open_store(folder / "archive"), 0
        for size in (2, *sorted(sizes)):
            build(store, range(built, size), (rows, bodies))
            times = _commands(folder / "archive", rows.column("article_id")[0].as_py())
            copy = folder / f"copy-{size}"
            subprocess.run(["cp", "-al", folder / "archive", copy], check=True)
            flags = [
                f"-s{each}" for each in ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", "CONTACT=bench")
            ]
            words = ["crawl", "-a", "mode=full", "-a", f"base_url={server.url}", *flags]
            times["crawl"] = [_processor(*words, "--archive", str(copy)) for _ in range(2)]
            yield size, times
            built = size


def _commands(archive: Path, article: str) -> Times:
    where, out = ["--archive", str(archive)], tempfile.mkdtemp(dir=archive.parent)
    return {
        "diff": [_processor("diff", "latest~1", "latest", *where) for _ in range(2)],
        "report": [_processor("report", "--out", out, *where)],
        "story": [_processor("history", article, *where) for _ in range(2)],
    }


def _processor(*words: str) -> float:
    """Run a command and return the processor time of its process and of those that it started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "helpscraper", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said.decode()
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    with suppress(KeyboardInterrupt):
        sys.exit(main())
