"""Every command works on an archive in a bucket."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from helpscraper.cli import COMMANDS
from tests.cli.test_pictures import PAGE, SWAPPED, URL, served
from tests.emulators import NewUri, azure_server, google_server
from tests.s3_server import s3_server

BY_THE_DEMO = {"crawl"}
# One asks a public web archive and imports as `import` does, the other reads no archive.
ELSEWHERE = {"backfill", "completion"}


@contextmanager
def amazon_server(folder: Path) -> Iterator[NewUri]:
    with s3_server(folder) as s3:
        yield s3.new_uri


@pytest.mark.long
@pytest.mark.parametrize("server", [amazon_server, google_server, azure_server])
def test_every_command_works_in_a_bucket(
    server: Callable[[Path], AbstractContextManager[NewUri]], tmp_path: Path
) -> None:
    def run(*words: str, code: int = 0) -> str:
        used.add(words[0])
        command = [sys.executable, "-m", "helpscraper", words[0], "--archive", uri, *words[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == code, (words, done.stdout.decode(), done.stderr.decode())
        return (done.stderr if code else done.stdout).decode(errors="replace")

    used: set[str] = set()
    with server(tmp_path) as new_uri:
        uri = new_uri("every-command")
        for _ in range(2):  # the second demo empties the first one's archive
            said = run("demo")
        assert f"{uri}/snapshots/site=okx/locale=en/" in said
        assert (tmp_path / "output" / "demo-report" / "index.html").is_file()
        assert not list(tmp_path.glob("*:"))
        assert len(json.loads(run("runs", "--format", "json"))) == 2
        article = json.loads(run("show", "--format", "json"))[0]["article_id"]
        for day, page in enumerate((PAGE, SWAPPED), 1):
            file = tmp_path / f"{day}.html"
            file.write_text(served(page))
            run("import", str(file), "--url", URL, "--captured-at", f"2026-03-0{day}T06:00:00Z")
        assert run("log", "--last", "0").count("okx/en") == 4
        run("reextract", "latest", "--force")
        run("due", "--every", "1d")
        run("sites", "list")
        assert "1 edited" in run("diff", "2026-03-01", "2026-03-02")
        for words in (("history", article), ("log", article), ("blame", article), ("digest",), ("verify",)):
            assert run(*words)
        for words in (("--body", "text"), ("--raw", "--output", "raw")):
            run("show", f"{article}@latest~1", *words)
        assert (tmp_path / "raw").stat().st_size > 100
        assert run("grep", "e", "--history")
        assert "4" in run("sql", "select count(distinct snapshot_at) as n from snapshots")
        run("export", "latest~1", "--bodies", "--output", "rows.csv")
        run("export", "latest~1", "--wacz", "--output", "one.wacz")
        run("report", "--out", "report")
        run("feed", "--out", "feeds")
        run("accept", "20260101T000000Z", code=2)  # there is none to accept
        before = run("log", "--last", "0")
        assert "2026-03: 2 snapshots" in run("compact")
        assert run("log", "--last", "0") == before
        run("verify")
        uri = new_uri("no-demo")
        run("import", str(file), "--url", URL, "--captured-at", "2026-03-02T06:00:00Z")
        assert "was not made by a demo" in run("demo", code=2)
        assert len(json.loads(run("runs", "--format", "json"))) == 1
    assert set(COMMANDS) - used == {*BY_THE_DEMO, *ELSEWHERE}
