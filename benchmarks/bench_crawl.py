"""Crawl throughput against a bare Scrapy spider that only downloads the same pages, and the start of the command line.

The sample site runs in a process of its own; both spiders get the same pages from the same server, as fast as it gives
them, in turn, and the ratio is taken pair by pair. The bare spider has Scrapy's default settings; helpscraper's
settings turn off features that a crawl of one site does not need, which gives a part of its rate. The time runs from
the start of the engine until all handlers of its end have run, including helpscraper's commit. Both load their modules
before.

The sample site's pages have some 16 KB, real ones 150 KB and more. Larger pages take longer to read but hardly longer
to download, so the bound is for the unchanged site and for pages of 55 KB; pages of 155 KB are shown too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARTICLES = 1500
PADDED, REAL = 40_000, 138_000
# Two consecutive runs differ by a quarter, so a few prove little.
ROUNDS, ROUNDS_REAL = 11, 5
LEAST_RATIO = 0.45
HELP_SECONDS = 0.2

SETTINGS = {
    "CONCURRENT_REQUESTS": "8",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "LOG_LEVEL": "WARNING",
}

BARE = """
import json, sys
import scrapy
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for url in json.load(open(sys.argv[1])):
            yield scrapy.Request(url, self.parse, dont_filter=True)
    def parse(self, response):
        return None

process = CrawlerProcess({**json.loads(sys.argv[2]), "TELNETCONSOLE_ENABLED": False, "COOKIES_ENABLED": False})
process.crawl(Bare)
process.start()
"""


def stopwatch(target: Path) -> dict[str, str]:
    """Return the settings that time a crawl and write the result to ``target``."""
    return {
        **SETTINGS,
        "ADDONS": json.dumps({"benchmarks.stopwatch.StopwatchAddon": 0}),
        "STOPWATCH_FILE": str(target),
    }


def bare(urls: Path, target: Path) -> float:
    """Seconds of the bare spider's crawl."""
    subprocess.run(
        [sys.executable, "-c", BARE, str(urls), json.dumps(stopwatch(target))],
        capture_output=True, check=True,
    )  # fmt: skip
    return float(json.loads(target.read_text())["seconds"])


def ours(url: str, archive: Path, target: Path) -> tuple[float, int]:
    """Seconds and responses of a full crawl, up to the committed snapshot."""
    flags = [part for name, value in stopwatch(target).items() for part in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "helpscraper", "crawl", "--archive", str(archive), *flags]
    subprocess.run([*command, "-a", f"base_url={url}", "-a", "mode=full"], check=True, capture_output=True)
    facts = json.loads(target.read_text())
    return facts["seconds"], facts["responses"]


def throughput(padding: int, rounds: int) -> float:
    """Compare the two on pages with ``padding`` bytes more than the sample site has, and return the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "paths"
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serve", str(ARTICLES), str(padding), str(log)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            # The server renders each page once; both sides get them from its cache.
            ours(url, folder / "warm-up", folder / "seconds")
            pages = [line for line in log.read_text().splitlines() if line.startswith("/help")]
            urls = folder / "urls.json"
            urls.write_text(json.dumps([url + page for page in pages]))
            ratios = []
            for number in range(rounds):
                plain = bare(urls, folder / "seconds")
                full, requests = ours(url, folder / str(number), folder / "seconds")
                ratios.append(plain / full)
                print(
                    f"  {len(pages)} pages: bare {len(pages) / plain:.0f}/s, helpscraper {requests / full:.0f}/s,"
                    f" ratio {plain / full:.2f}"
                )
        finally:
            server.terminate()
            server.wait()
    return statistics.median(ratios)


def crawl_throughput() -> bool:
    """Print the ratio on the sample site, and on larger pages."""
    ratio = throughput(0, ROUNDS)
    print(f"crawl throughput on the sample site: {ratio:.2f} of a bare spider's (at least {LEAST_RATIO})")
    padded = throughput(PADDED, ROUNDS)
    print(f"with pages {PADDED // 1000} KB larger: {padded:.2f} (at least {LEAST_RATIO})")
    print(f"with pages {REAL // 1000} KB larger: {throughput(REAL, ROUNDS_REAL):.2f} (no bound)")
    return min(ratio, padded) >= LEAST_RATIO


def command_start() -> bool:
    """Time ``helpscraper --help`` and name what it must not import."""
    times = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "helpscraper", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    median = statistics.median(times)
    print(f"helpscraper --help: {median:.3f} s (at most {HELP_SECONDS})")
    return median <= HELP_SECONDS


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(not all([crawl_throughput(), command_start()]))
