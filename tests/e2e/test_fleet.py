"""``helpscraper crawl --due``: every edition that is due, whatever becomes of the others."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpscraper.archive.due import DueEdition
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.crawl.fleet import OUTCOMES, by_host, crawl_edition
from helpscraper.errors import ExitCode
from helpscraper.sample import SampleServer
from tests import forked
from tests.e2e.conftest import FAST, end, helpscraper

NOBODY = "http://127.0.0.1:9"
QUICK = [word for name, value in FAST.items() for word in ("-s", f"{name}={value}")]


def declare(folder: Path, **sites: str) -> Path:
    """Declare Zendesk help centres by name and URL; return the archive beside them."""
    (folder / "sites").mkdir()
    for name, url in sites.items():
        text = f'platform = "zendesk"\nbase_url = "{url}"\ncrawl_locales = ["en-us"]\n'
        (folder / "sites" / f"{name}.toml").write_text(text)
    return folder / "output"


def committed(archive: Path) -> set[str]:
    return {str(each.partition) for each in Catalog(archive).snapshots()}


def due(archive: Path | str) -> list[str]:
    rows = json.loads(helpscraper("due", "--archive", str(archive), "--format", "json").stdout)
    return [f"{row['site']}/{row['locale']}" for row in rows]


def outcomes(stdout: str) -> Mapping[str, str]:
    """The rows of the summary: the outcome of each edition."""
    table = stdout[stdout.index("site ") :].splitlines()[1:]
    return {"/".join(row.split()[:2]): re.split(r"\s{2,}", row)[-1] for row in table}


def start(archive: Path, *words: str) -> forked.Started:
    return forked.Started(["crawl", "--due", "--archive", str(archive), *words])


def test_the_editions_of_a_host_are_one_group() -> None:
    editions = [("a", "en"), ("b", "en"), ("a", "de"), ("c", "en")]
    hosts = {"a": "one.example", "b": "two.example", "c": "one.example"}
    named = [DueEdition(Partition(*each), hosts[each[0]], None) for each in editions]
    assert [[str(each) for each in group] for group in by_host(named)] == [["a/en", "a/de", "c/en"], ["b/en"]]


@pytest.mark.parametrize(
    ("end", "code"), [(f"exit {each:d}", each) for each in OUTCOMES]
    + [("exit 5", ExitCode.INTERNAL), ("exit 77", ExitCode.INTERNAL), ("kill -9 $$", ExitCode.INTERNAL)],
)  # fmt: skip
def test_a_code_that_no_crawl_ends_with_is_a_failure(
    end: str, code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 is that of ``grep`` and ``digest``: nothing found, which would look like a quiet crawl."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho began\n{end}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    ended = crawl_edition(Partition("a", "en"), [], capture=True)
    assert (ended.code, OUTCOMES[ended.code]) == (code, OUTCOMES[code])
    assert ended.said.startswith("began\n") and ("signal 9" in ended.said) == (end == "kill -9 $$")


def test_what_is_due_is_crawled_although_one_fails(tmp_path: Path) -> None:
    with SampleServer(layout="zendesk", articles=20) as server:
        archive = declare(tmp_path, dead=NOBODY, live=server.url)
        said = helpscraper("crawl", "--due", "--archive", archive, *QUICK, "-s", "RETRY_TIMES=0")
        assert outcomes(said.stdout) == {"dead/en-us": "refused", "live/en-us": "committed"}
        assert said.returncode == 3
        assert committed(archive) == {"live/en-us"}
        assert due(archive) == ["dead/en-us"]
        again = helpscraper("crawl", "--due", "--archive", archive, "-a", "site=live")
        assert (again.returncode, again.stdout) == (0, "")
        assert again.stderr == "nothing is due: every edition (1) was crawled within 20h\n"


@pytest.mark.parametrize(
    "words",
    [["-a", "limit=3"], ["-a", "base_url=http://127.0.0.1:9"], ["https://acme.example/help"], ["--every", "soon"]],
)  # fmt: skip
def test_a_part_or_an_address_is_not_due(words: list[str], tmp_path: Path) -> None:
    assert helpscraper("crawl", "--due", "--archive", tmp_path / "output", *words).returncode == 2
    assert helpscraper("crawl", "--archive", tmp_path / "output", "--every", "1d").returncode == 2


def busy(server: SampleServer, requests: int) -> None:
    deadline = time.monotonic() + 60
    while len(server.requests) < requests:
        assert time.monotonic() < deadline, "no crawl"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_ends_the_loop_ends_its_crawl_too_and_the_next_goes_on(
    how: signal.Signals, tmp_path: Path
) -> None:
    with SampleServer(articles=40) as server:
        (tmp_path / "sites").mkdir()
        text = f'platform = "okx"\nbase_url = "{server.url}"\ncrawl_locales = ["en", "de"]\n'
        (tmp_path / "sites" / "acme.toml").write_text(text)
        archive = tmp_path / "output"
        fixed = ("DOWNLOAD_DELAY=0.2", "RANDOMIZE_DOWNLOAD_DELAY=False", "AUTOTHROTTLE_ENABLED=False")
        slow = [part for setting in fixed for part in ("-s", setting)]
        process = start(archive, *slow)
        busy(server, 40)
        process.send_signal(how)
        done = process.wait(60)
        asked = len(server.requests)
        time.sleep(1)
        assert len(server.requests) == asked, "the crawl goes on alone"
        if how is not signal.SIGKILL:
            assert done.returncode == 130
            assert outcomes(done.stdout) == {"acme/de": "not ended", "acme/en": "not ended"}
        assert committed(archive) == set()
        code, said = end(start(archive, *QUICK))
        assert (code, committed(archive)) == (0, {"acme/de", "acme/en"})
        assert "Resuming the crawl of" in said
