"""scrapyd starts ``scrapy crawl`` with arguments of its own; its runner does the same as the command here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper.sample import SampleServer
from tests.e2e.conftest import FAST, newest_facts

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_a_spider_is_started_as_scrapyd_starts_it(tmp_path: Path) -> None:
    settings = FAST | {"LOG_FILE": str(tmp_path / "log"), "ARCHIVE_URI": str(tmp_path / "archive")}
    given = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    with SampleServer(articles=5) as server:
        words = [sys.executable, "-m", "scrapy", "crawl", "help", "-a", f"base_url={server.url}"]
        job = ["-a", "_job=6487ec79947edab326d6db28a2d86511", *given]
        environment = os.environ | {"SCRAPY_PROJECT": "default", "SCRAPYD_JOB": "6487ec79"}
        done = subprocess.run(
            [*words, *job],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert newest_facts(tmp_path / "archive")["outcome"] == "committed", (tmp_path / "log").read_text()
