"""SIGKILL at random instants of a crawl, its commit, and an import: the archive is whole, the next run works.

``--kills N`` sets how often (``make kill-test``: 200). A third of the kills fall anywhere in a crawl, a third into its
commit, a third into an import. A crawl is killed after a random number of its requests, a commit a moment after the
last request, an import at a random part of the time that an undisturbed one takes.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from helpscraper import Archive
from helpscraper.sample import SampleServer
from tests import forked
from tests.e2e.conftest import (
    COMPARED,
    SHOWN,
    Result,
    assert_untouched,
    command,
    contents,
    crawl,
    differences,
    expected,
    helpscraper,
    rows,
)

ARTICLES = 20
ROUND = 20
SETTINGS = {"DOWNLOAD_DELAY": "0.005"}


@dataclass(frozen=True)
class HelpCentre:
    """A sample help centre, and how it is crawled; ``page`` is one that can be imported, at ``base``."""

    server: SampleServer
    site: str
    locale: str
    base: str
    page: str
    columns: tuple[str, ...]
    article: str
    declaration: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("-a", "mode=full", "-a", f"site={self.site}", "-a", f"locale={self.locale}")

    def crawl(self, archive: Path, *flags: str) -> Result:
        return crawl(self.server, archive, *self.arguments, *flags)

    def differences(self, archive: Path) -> list[str]:
        return differences(rows(archive), expected(self.server), self.columns)


PLATFORMS = ["okx", "zendesk", "zendesk-pages"]


@pytest.fixture(
    scope="module",
    params=[PLATFORMS[0], *(pytest.param(each, marks=pytest.mark.long) for each in PLATFORMS[1:])],
)
def centre(request: pytest.FixtureRequest) -> Iterator[HelpCentre]:
    if request.param == "okx":
        with SampleServer(articles=ARTICLES) as server:
            page = "/help/section/faq-getting-started"
            yield HelpCentre(server, "okx", "en", "https://www.okx.com", page, COMPARED, "/help/")
        return
    with SampleServer(layout="zendesk", articles=ARTICLES, interface_page=5) as server:
        base, article = "https://support.example.com", "/hc/en-us/articles/"
        page = f"{article}{server.truth()[0].slug}"
        declaration = f'platform = "{request.param}"\nbase_url = "{base}"\n'
        yield HelpCentre(server, "acme", "en-us", base, page, SHOWN, article, declaration)


class Killer:
    """Starts commands on one archive and kills them."""

    def __init__(self, centre: HelpCentre, folder: Path, seed: int) -> None:
        self.centre, self.server = centre, centre.server
        self.archive, self.luck = folder / "archive", Random(seed)
        if centre.declaration:
            (folder / "sites").mkdir()
            (folder / "sites" / f"{centre.site}.toml").write_text(centre.declaration)
        self.page = folder / "page.html"
        self.page.write_bytes(self.server.healthy(centre.page).body)
        self.imported = 0
        self.import_seconds = 0.0
        self.requests = 0
        self.landed = 0

    def crawl_command(self, *flags: str) -> list[str]:
        return command(self.server.url, self.archive, *self.centre.arguments, *flags, settings=SETTINGS)[3:]

    def import_command(self) -> list[str]:
        self.imported += 1
        at = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=self.imported)
        return [
            "import", str(self.page), "--archive", str(self.archive),
            "--format", "html", "--site", self.centre.site, "--captured-at", at.isoformat(),
            "--url", self.centre.base + self.centre.page,
        ]  # fmt: skip

    def measure(self) -> None:
        """Let each command run to its end once."""
        asked = len(self.server.requests)
        assert forked.run(self.crawl_command(), timeout=120).returncode == 0
        self.requests = len(self.server.requests) - asked
        began = time.monotonic()
        assert forked.run(self.import_command(), timeout=120).returncode == 0
        self.import_seconds = time.monotonic() - began

    def kill_at(self, arguments: list[str], after: Callable[[], None]) -> bool:
        """Start a command, wait as ``after`` does, kill it; tell whether it was still at work."""
        process = forked.Started(arguments)
        after()
        alive = process.is_running
        process.kill()
        process.wait(60)
        self.landed += alive
        return alive

    def in_import(self) -> None:
        time.sleep(self.import_seconds * self.luck.uniform(0.1, 0.95))

    def in_crawl(self) -> None:
        self._after(self.luck.randint(0, self.requests - 1))
        time.sleep(self.luck.uniform(0, 0.01))

    def in_commit(self) -> None:
        """Wait until the last page was asked for, and a little more: from there on everything is the commit."""
        self._after(self.requests)
        time.sleep(self.luck.uniform(0, 0.2))

    def _after(self, requests: int) -> None:
        asked, until = len(self.server.requests), time.monotonic() + 60
        while len(self.server.requests) - asked < requests and time.monotonic() < until:
            time.sleep(0.001)


def whole(archive: Path) -> None:
    """Every file that a reader sees can be read to its end, and every body is there."""
    report = Archive(archive).verify()
    assert not report.problems, report.problems


def test_kills_tear_nothing(centre: HelpCentre, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills = request.config.getoption("--kills")
    landed = 0
    # A new archive now and then: all of it is read after every kill.
    for first in range(0, kills, ROUND):
        folder = tmp_path / str(first)
        folder.mkdir()
        killer = Killer(centre, folder, seed=first)
        killer.measure()
        for number in range(first, min(kills, first + ROUND)):
            kill_once(killer, number)
        assert centre.crawl(killer.archive).code == 0
        assert not centre.differences(killer.archive)
        whole(killer.archive)
        assert helpscraper("runs", "--archive", killer.archive).returncode == 0
        landed += killer.landed
    print(f"{landed} of {kills} kills fell into running processes")
    assert landed >= kills // 2


def kill_once(killer: Killer, number: int) -> None:
    """Kill a crawl, a commit or an import, look at what is left, and half of the time go on from there."""
    centre, archive = killer.centre, killer.archive
    before = contents(archive)
    kind = ("crawl", "commit", "import")[number % 3]
    wait = {"crawl": killer.in_crawl, "commit": killer.in_commit, "import": killer.in_import}[kind]
    killer.kill_at(killer.import_command() if kind == "import" else killer.crawl_command(), wait)
    assert_untouched({name: data for name, data in before.items() if is_final(name, before)}, archive)
    whole(archive)
    if kind != "import" and number % 6 < 3:
        check_resume(centre, archive)
    if number % 10 == 9:
        assert centre.crawl(archive).code == 0


def is_final(name: str, files: Mapping[str, bytes]) -> bool:
    """Tell whether a file may never change: all but the facts of a run that has committed nothing so far."""
    return (
        not name.startswith("runs/")
        or name.replace("runs/", "snapshots/").replace(".json", ".parquet") in files
    )


def check_resume(centre: HelpCentre, archive: Path) -> None:
    """Go on with a killed crawl: no article is asked for again, and every article is there."""
    ledger = archive / f".state/site={centre.site}/locale={centre.locale}/ledger.sqlite"
    held = fetched(ledger)
    asked = len(centre.server.requests)
    result = centre.crawl(archive, "--resume")
    assert result.code == 0, result.said
    if not result.facts["resumed"]:
        # The kill came before there was a ledger, before it held an article, or after the commit.
        assert "there was none to resume" in result.stdout or (
            "had found no article" in result.stdout and not held
        )
        return
    again = {request.path.removeprefix(centre.article) for request in centre.server.requests[asked:]} & held
    assert not again
    assert not centre.differences(archive)


def fetched(ledger: Path) -> set[str]:
    """The articles that a ledger holds as fetched; read from a copy, so that looking changes nothing."""
    import shutil
    import sqlite3
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for path in ledger.parent.glob("ledger.sqlite*"):
            shutil.copy(path, folder)
        copy = Path(folder) / "ledger.sqlite"
        if not copy.exists():
            return set()
        database = sqlite3.connect(copy)
        try:
            return {
                row[0] for row in database.execute("SELECT article_id FROM article WHERE outcome = 'fetched'")
            }
        except sqlite3.OperationalError:
            return set()  # killed before its tables were made
        finally:
            database.close()
