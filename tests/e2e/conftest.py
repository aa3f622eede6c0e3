"""Crawls in separate processes, and the comparison with the sample site's truth."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.sample import ExpectedArticle, SampleServer
from tests import forked

# Nobody has to be polite to this machine, and a fault that is over need not be waited for.
FAST = {
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "RETRY_BACKOFF": "0.01",
    "RETRY_BACKOFF_MAX": "0.05",
}


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended, and the facts of the newest run in the archive."""

    code: int
    stdout: str
    stderr: str
    facts: dict[str, Any]

    @property
    def said(self) -> str:
        return self.stdout + self.stderr

    def verdicts(self, verdict: str = "fail") -> dict[str, str]:
        found: dict[str, str] = {}
        for v in self.facts["health"]:
            if v["verdict"] == verdict:
                found[v["check"]] = (
                    f"{found[v['check']]}; {v['detail']}" if v["check"] in found else v["detail"]
                )
        return found


def command(
    url: str, archive: Path | str, *flags: str, settings: Mapping[str, str] | None = None
) -> list[str]:
    """The command line of a crawl of the sample site."""
    options = [
        part for name, value in (FAST | dict(settings or {})).items() for part in ("-s", f"{name}={value}")
    ]
    base = ["-a", f"base_url={url}"]
    return [sys.executable, "-m", "helpscraper", "crawl", "--archive", str(archive), *base, *options, *flags]


def crawl(
    server: SampleServer | str,
    archive: Path,
    *flags: str,
    settings: Mapping[str, str] | None = None,
    env: dict[str, str] | None = None,
    anew: bool = False,
    timeout: float = 120,
) -> Result:
    """Crawl ``server`` into ``archive`` and wait for the end; ``anew``: in a process that is not forked."""
    url = server if isinstance(server, str) else server.url
    words = command(url, archive, *flags, settings=settings)
    environment = os.environ | (env or {})
    if anew:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, check=False, env=environment
        )
    else:
        done = forked.run(words[3:], timeout=timeout, env=environment)
    return Result(done.returncode, done.stdout, done.stderr, newest_facts(archive))


def start(server: SampleServer, archive: Path, *flags: str, **settings: str) -> forked.Started:
    """Begin a crawl and do not wait for it."""
    return forked.Started(command(server.url, archive, *flags, settings=settings)[3:])


def helpscraper(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run another command of helpscraper."""
    return forked.run([*map(str, arguments)], timeout=120)


def on_a_terminal(command: list[str], *, piped: bool = False) -> tuple[int, str, str]:
    """Run a command on a terminal; return its exit code, its stdout if that is ``piped``, and what the terminal saw."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE if piped else slave, stderr=slave, text=True,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(slave)
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break  # the other side is closed
        if not part:
            break
        seen += part
    os.close(master)
    stdout, _ = process.communicate(timeout=60)
    return process.returncode, stdout or "", seen.decode()


def newest_facts(archive: Path) -> dict[str, Any]:
    """The facts of the newest run, as they lie in ``runs/``."""
    files = sorted(archive.glob("runs/*/*/*.json"))
    return json.loads(files[-1].read_text()) if files else {}


def snapshots(archive: Path) -> list[str]:
    """The ids of the committed snapshots."""
    return sorted(path.stem for path in archive.glob("snapshots/*/*/*.parquet"))


def contents(archive: Path) -> dict[str, bytes]:
    """Every file that the archive holds for its readers, by its path."""
    files = (path for path in archive.rglob("*") if path.is_file())
    return {
        name: path.read_bytes()
        for path in files
        if not (name := str(path.relative_to(archive))).startswith(".state")
    }


def assert_untouched(before: Mapping[str, bytes], archive: Path) -> None:
    """Every file that was there is there still, byte by byte; the facts of a run that failed may be said anew."""
    after = contents(archive)
    changed = [name for name in before if after.get(name) != before[name]]
    assert not changed


def rows(archive: Path | str, ref: str = "latest") -> dict[str, dict[str, Any]]:
    """The rows of a snapshot with their bodies, by article id."""
    table = Catalog(archive).load_table(ref, bodies=True)
    return {row["article_id"]: row for row in table.to_pylist()}


COMPARED = (
    "article_id", "source_id", "url", "title", "category", "section", "category_title", "section_title", "listed_in",
    "published_at", "updated_at", "published_on", "updated_on", "view_count", "reading_minutes", "language",
    "body_text",
)  # fmt: skip


def expected(server: SampleServer) -> dict[str, dict[str, Any]]:
    """The site's truth in the columns of a snapshot."""
    return {record.slug: _columns(record, server.url) for record in server.truth()}


def _columns(record: ExpectedArticle, url: str) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(record, name, None) for name in COMPARED}
    return values | {
        "article_id": record.slug,
        "url": f"{url}/help/{record.slug}",
        "title": record.title.strip(),
        "listed_in": list(record.listed_in),
        # Listings and articles state milliseconds at best.
        "updated_at": record.updated_at
        and record.updated_at.replace(microsecond=record.updated_at.microsecond // 1000 * 1000),
    }


def differences(
    found: Mapping[str, Mapping[str, Any]],
    truth: Mapping[str, Mapping[str, Any]],
    columns: Iterable[str] = COMPARED,
) -> list[str]:
    """Name every column of every row that is not the truth, and every article on one side only."""
    out = [f"{name}: not in the snapshot" for name in truth.keys() - found.keys()]
    out += [f"{name}: not on the site ({found[name]['status']})" for name in found.keys() - truth.keys()]
    for name in sorted(truth.keys() & found.keys()):
        out += [
            f"{name} ({found[name]['status']}): {column}: {found[name][column]!r} is not {truth[name][column]!r}"
            for column in columns
            if found[name][column] != truth[name][column]
        ]
    return out


def assert_honest(
    result: Result,
    archive: Path,
    server: SampleServer,
    before: Mapping[str, bytes],
    columns: Iterable[str] = COMPARED,
) -> None:
    """Whatever happened: the snapshot is the site's truth, or the run says what is missing; earlier files stand."""
    assert_untouched(before, archive)
    assert result.code in {0, 3, 4}, result.said
    if result.code == 3:
        assert result.facts["outcome"] == "refused"
        assert result.verdicts(), result.facts
        return
    found, truth = rows(archive), expected(server)
    # A site that denies an article at its own address is believed, and the facts hold that answer.
    for key in result.facts["gone"].keys() & truth.keys():
        own = re.compile(rf".*/{re.escape(key)}(\.json)?(\?.*)?")
        answers = [each.status for each in server.requests if own.fullmatch(each.path)]
        assert {404, 410} & set(answers), f"{key} is called gone after {answers}"
        del truth[key]
    if result.code == 0:
        assert result.facts["complete"]
        # An article that came while the crawl was at work may be missing from a listing that was read before it came.
        stable = set(columns) - ({"listed_in"} if server.extra else set())
        assert not differences(found, truth, stable)
        return
    assert result.facts["incomplete_reasons"]
    assert not result.facts["complete"]
    # What is there is true, but for rows that say themselves that they are not of today.
    for name, row in found.items():
        if row["status"] == "fetched":
            assert name in truth
            assert not differences({name: row}, {name: truth[name]}, set(columns) - {"listed_in"})


SHOWN = ("title", "category", "section", "body_text")
"""The columns that every platform's sample shows as the truth has them."""


def assert_true(server: SampleServer, archive: Path) -> None:
    """The newest snapshot has every article of the sample, and no other."""
    assert not differences(rows(archive), expected(server), SHOWN)


def end(process: forked.Started) -> tuple[int, str]:
    """Wait for a crawl and return its exit code and all that it said."""
    done = process.wait(120)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def site() -> Iterator[SampleServer]:
    """The sample help centre in its first state."""
    with SampleServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_stray_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HELPSCRAPER_ARCHIVE", "HELPSCRAPER_CONTACT", "SCRAPY_SETTINGS_MODULE", "SCRAPY_PROJECT"):
        monkeypatch.delenv(name, raising=False)


def told(archive: Path, site: str = "acme", *, silent: bool | None = None) -> dict[str, set[str]]:
    """Return the articles by kind of change between the last two snapshots: all, or those that are (not) silent."""
    found: dict[str, set[str]] = {}
    for change in Archive(archive, site=site).diff("latest~1", "latest").records():
        if silent in {None, change["silent"]}:
            found.setdefault(change["kind"], set()).add(change["article_id"])
    return found
