"""A bar on a terminal, one line from cron."""

from __future__ import annotations

import subprocess
from pathlib import Path

from helpscraper.sample import SampleServer
from tests.e2e.conftest import command, on_a_terminal


def test_a_terminal_sees_a_bar_of_pages_articles_and_errors(site: SampleServer, archive: Path) -> None:
    code, _, text = on_a_terminal(command(site.url, archive, settings={"DOWNLOAD_DELAY": "0.01"}))
    assert code == 0
    assert "listing pages" in text
    assert "76/76" in text
    assert "articles" in text
    assert text.count("\x1b[") > 20
    assert "okx/en 2" in text.rstrip().splitlines()[-1]


def test_cron_sees_one_line_and_no_bar(site: SampleServer, archive: Path) -> None:
    # Switched off is not switched on: neither the bar nor the recorder has a word to say of it.
    off = {"PROGRESS": "False", "WARC_ENABLED": "False"}
    done = subprocess.run(
        command(site.url, archive, settings=off), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
