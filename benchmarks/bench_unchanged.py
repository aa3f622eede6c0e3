"""Requests of a crawl of an unchanged help centre, by platform: ``python -m benchmarks unchanged``.

Each sample help centre is recognised by its URL and crawled twice, with the robots.txt and every page counted. Bound:
by a public API that states when an article was edited, the second crawl of some 400 articles costs at most 10 requests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bench_crawl import SETTINGS
from helpscraper.sample import SampleServer

ARTICLES = 400
SITES: dict[str, tuple[dict[str, str], str]] = {
    "OKX": ({}, "/help"),
    "Zendesk by its API": ({"layout": "zendesk"}, "/hc/en-us"),
    "Zendesk by its pages": ({"layout": "zendesk", "api": "closed"}, "/hc/en-us"),
    "any site by its sitemap": ({"layout": "generic"}, "/"),
}
BOUNDS = {"Zendesk by its API": 10}


def crawl(url: str, archive: Path) -> tuple[int, int]:
    """Crawl the help centre at ``url``; return its articles and its requests."""
    flags = [part for name, value in SETTINGS.items() for part in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "helpscraper", "crawl", url, "--archive", str(archive), *flags]
    subprocess.run(command, check=True, capture_output=True)
    facts = json.loads(max(archive.glob("runs/*/*/*.json")).read_text())
    return facts["counts"]["fetched"] + facts["counts"]["carried"], facts["requests"]["total"]


def main() -> bool:
    """Print the requests of both crawls of each platform; return whether the bounds are kept."""
    kept = True
    for name, (options, path) in SITES.items():
        with SampleServer(articles=ARTICLES, **options) as server, tempfile.TemporaryDirectory() as folder:
            articles, first = crawl(server.url + path, Path(folder) / "output")
            _, again = crawl(server.url + path, Path(folder) / "output")
        bound = f" (bound {BOUNDS[name]})" if name in BOUNDS else ""
        print(f"{name}, {articles} articles: {first} requests, unchanged {again}{bound}", flush=True)
        kept &= again <= BOUNDS.get(name, again)
    return kept


if __name__ == "__main__":
    sys.exit(not main())
