"""Peak memory and processor time of a crawl of a large site: ``python -m benchmarks.bench_memory [ARTICLES …]``.

The sample site runs in a process of its own. It is crawled twice, with the recording, up to the committed snapshot; the
peaks are what the system says of the two processes when they have ended. The first crawl fetches all articles and keeps
their validators; the second knows them, carries them over and compares the two snapshots.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench_crawl import SETTINGS

SIZES = (5_000, 50_000)
# Of any crawl, up to 100,000 articles; of the first one, up to 50,000.
MOST_MEGABYTES, MOST_FIRST, FEW_ARTICLES = 400, 300, 50_000


class Used(NamedTuple):
    """What a crawl used: its peak in MB, and its processor time in seconds."""

    peak: float
    processor: float


def crawls(articles: int, folder: Path) -> list[Used]:
    """Crawl a sample site of so many articles twice."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serve", str(articles), "0", str(folder / "paths"), "validators"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        # The server makes all its articles at the first request for one, which may take a minute.
        urllib.request.urlopen(f"{url}/help/category/faq", timeout=600).close()
        return [crawl(articles, url, folder / "archive") for _ in range(2)]
    finally:
        server.terminate()
        server.wait()


def crawl(articles: int, url: str, archive: Path) -> Used:
    """Crawl the site at ``url`` into ``archive``."""
    flags = [part for name, value in SETTINGS.items() for part in ("-s", f"{name}={value}")]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "helpscraper",
            "crawl",
            "--archive",
            str(archive),
            *flags,
            "-a",
            f"base_url={url}",
        ],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    facts = json.loads(max(archive.glob("runs/*/*/*.json")).read_text())
    read = facts["counts"]["fetched"] + facts["counts"]["carried"]
    assert process.returncode == 0 and read == articles, facts.get("reason")
    return Used(usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime)


def main(sizes: list[int]) -> bool:
    """Print the peaks of each size, and the memory for one article."""
    found = []
    for articles in sizes:
        with tempfile.TemporaryDirectory() as name:
            found.append(crawls(articles, Path(name)))
        first, second = (used.peak for used in found[-1])
        seconds = ", again ".join(f"{used.processor:.1f} s" for used in found[-1])
        print(
            f"  {articles:,} articles: {first:.0f} MB, again {second:.0f} MB; processor {seconds}", flush=True
        )
    if len(sizes) > 1:
        slope = (first - found[0][0].peak) / (sizes[-1] - sizes[0]) * 1000
        print(f"  {slope:.2f} KB an article")
    most = MOST_FIRST if sizes[-1] <= FEW_ARTICLES else MOST_MEGABYTES
    print(f"memory of a crawl: {first:.0f} MB (at most {most}), of the next {second:.0f} ({MOST_MEGABYTES})")
    return first <= most and second <= MOST_MEGABYTES


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(not main([int(size) for size in sys.argv[1:]] or list(SIZES)))
