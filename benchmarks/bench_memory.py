"""Peak memory of a full crawl, whatever the size of the site: ``python -m benchmarks.bench_memory [ARTICLES …]``.

The sample site runs in a process of its own. A crawl of each size is made into an archive of its own, with the
recording, up to the committed snapshot; the peak is what the system says of the process when it has ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from benchmarks.bench_crawl import SETTINGS

SIZES = (5_000, 50_000)
MOST_MEGABYTES = 300


def peak(articles: int, folder: Path) -> float:
    """Crawl a sample site of so many articles and return the peak in MB."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serve", str(articles), "0", str(folder / "paths")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        # The server makes all its articles at the first request for one, which may take a minute.
        urllib.request.urlopen(f"{url}/help/category/faq", timeout=600).close()
        flags = [part for name, value in SETTINGS.items() for part in ("-s", f"{name}={value}")]
        crawl = subprocess.Popen(
            [sys.executable, "-m", "helpscraper", "crawl", "--archive", str(folder / "archive"), *flags,
             "-a", f"base_url={url}"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(crawl.pid, 0)
        crawl.returncode = os.waitstatus_to_exitcode(status)
        (run,) = (folder / "archive").glob("runs/*/*/*.json")
        facts = json.loads(run.read_text())
        assert crawl.returncode == 0 and facts["counts"]["fetched"] == articles, facts.get("reason")
    finally:
        server.terminate()
        server.wait()
    return usage.ru_maxrss / 1000


def main(sizes: list[int]) -> bool:
    """Print the peak of each size, and what an article costs."""
    peaks = []
    for articles in sizes:
        with tempfile.TemporaryDirectory() as name:
            peaks.append(peak(articles, Path(name)))
        print(f"  {articles:,} articles: {peaks[-1]:.0f} MB", flush=True)
    if len(sizes) > 1:
        slope = (peaks[-1] - peaks[0]) / (sizes[-1] - sizes[0]) * 1000
        print(f"  {slope:.2f} KB an article")
    print(f"memory of a crawl: {peaks[-1]:.0f} MB (at most {MOST_MEGABYTES})")
    return peaks[-1] <= MOST_MEGABYTES


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(not main([int(size) for size in sys.argv[1:]] or list(SIZES)))
