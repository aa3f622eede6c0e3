"""An invented CMS, brought by a package of its own: what the archive promises holds for it as for the first site."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest

from helpscraper import Archive
from tests import forked
from tests.e2e.conftest import FAST, newest_facts
from tests.lantern.cms import PAGE_SIZE, Guide, LanternServer

PLUGIN = Path(__file__).parent / "plugin"
DECLARATION = 'platform = "lantern"\nbase_url = "https://lantern.example"\n'


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LanternServer, Path]]:
    """The help centre, and a folder with its declaration and an archive that was crawled once."""
    folder = tmp_path_factory.mktemp("lantern")
    (folder / "sites").mkdir()
    (folder / "sites" / "lantern.toml").write_text(DECLARATION)
    with LanternServer() as server:
        crawl(server, folder / "archive")
        yield server, folder


@pytest.fixture
def site(crawled: tuple[LanternServer, Path]) -> Iterator[LanternServer]:
    """The help centre, which is as it was after the test."""
    server = crawled[0]
    guides = deepcopy(server.guides)
    server.asked.clear()
    yield server
    server.guides, server.endless = guides, False


@pytest.fixture
def archive(crawled: tuple[LanternServer, Path], tmp_path: Path) -> Path:
    """A copy of the archive that was crawled once."""
    shutil.copytree(crawled[1], tmp_path / "lantern")
    return tmp_path / "lantern" / "archive"


def environment() -> dict[str, str]:
    """The package that brings the platform is on the path, with the entry point that names it."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")])}


def run(*arguments: str | Path, code: int = 0) -> str:
    done = forked.run([*map(str, arguments)], timeout=120, env=environment())
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def crawling(site: LanternServer, archive: Path, *flags: str, **settings: str) -> list[str]:
    options = [part for name, value in (FAST | settings).items() for part in ("-s", f"{name}={value}")]
    return [
        "crawl",
        "--archive",
        str(archive),
        "-a",
        "site=lantern",
        "-a",
        f"base_url={site.url}",
        *options,
        *flags,
    ]


def crawl(site: LanternServer, archive: Path, *flags: str, code: int = 0) -> str:
    return run(*crawling(site, archive, *flags), code=code)


def rows(archive: Path) -> pd.DataFrame:
    return Archive(archive, site="lantern").load("latest", bodies=True).set_index("article_id")


def assert_true(site: LanternServer, archive: Path) -> None:
    """The newest snapshot holds the help centre as it is."""
    found = rows(archive)
    assert sorted(found.index) == [str(number) for number in sorted(site.guides)]
    for number, guide in site.guides.items():
        row = found.loc[str(number)]
        assert (row.title, row.section) == (guide.title, guide.topic)
        assert row.body_text == f"{guide.text}\n- Light it\n- Hang it up"
        assert row.url == f"{site.url}/guides/{number}"


def changes(archive: Path) -> list[tuple[str, str, bool]]:
    found = Archive(archive, site="lantern").diff("latest~1", "latest").records()
    return [(each["article_id"], each["kind"], each["silent"]) for each in found]


def test_a_crawl_is_whole_by_the_end_of_its_list(site: LanternServer, archive: Path) -> None:
    assert_true(site, archive)
    facts = newest_facts(archive)
    assert facts["complete"] is True
    assert facts["versions"]["extractor"].startswith(
        "lantern/1+"
    )  # and the digest of a declaration of one's own
    assert facts["sections"]["guides"]["pages_read"] == -(-len(site.guides) // PAGE_SIZE)


def test_a_secret_edit_is_found_by_the_next_crawl(site: LanternServer, archive: Path) -> None:
    site.guides[107].text = "Never turn the knob."
    crawl(site, archive)
    assert set(changes(archive)) == {("107", "edited", True)}
    assert newest_facts(archive)["counts"]["carried"] == 0


def test_removed_added_moved_and_retitled(site: LanternServer, archive: Path) -> None:
    del site.guides[103]
    site.guides[200] = Guide(200, "Guide 200", "setup", "New.")
    site.guides[104].topic = "setup"
    site.guides[105].title = "Another title"
    crawl(site, archive)
    assert_true(site, archive)
    found = {(key, kind) for key, kind, _ in changes(archive)}
    assert found == {("103", "removed"), ("200", "added"), ("104", "moved"), ("105", "retitled")}


def test_what_a_broken_list_does_not_show_is_not_removed(site: LanternServer, archive: Path) -> None:
    site.endless = True
    said = crawl(site, archive, "-s", "HEALTH_MIN_SECTION=0", code=4)
    assert "page 3: it was asked for before" in said
    # Those that the list no longer showed were asked for at their own addresses.
    assert_true(site, archive)
    assert changes(archive) == []


@pytest.mark.parametrize(
    "asked", [pytest.param(2, marks=pytest.mark.long), 9, pytest.param(20, marks=pytest.mark.long)]
)
def test_a_killed_crawl_goes_on_and_loses_nothing(site: LanternServer, archive: Path, asked: int) -> None:
    shutil.rmtree(archive)
    process = forked.Started(crawling(site, archive, DOWNLOAD_DELAY="0.05"), environment())
    until = time.monotonic() + 60
    while len(site.asked) < asked and time.monotonic() < until:
        time.sleep(0.005)
    process.kill()
    assert process.wait(60).returncode == -signal.SIGKILL
    read = len(site.asked)
    crawl(site, archive, "--resume")
    assert_true(site, archive)
    assert newest_facts(archive)["resumed"] is (asked > 2) or newest_facts(archive)["complete"]
    again = [path for path in site.asked[read:] if path.startswith("/guides/")]
    assert len(again) <= len(site.guides) - max(0, asked - 10)


def test_a_re_extraction_gives_the_rows_of_the_crawl(site: LanternServer, archive: Path) -> None:
    before = rows(archive)
    run("reextract", "latest", "--force", "--archive", archive, "--site", "lantern")
    after = rows(archive)
    assert Archive(archive, site="lantern").snapshots().extractor.tolist()[-1].startswith("lantern/1")
    pd.testing.assert_frame_equal(before, after)


def test_a_saved_page_is_imported_and_a_report_is_made(
    site: LanternServer, archive: Path, tmp_path: Path
) -> None:
    crawl(site, archive)
    site.guides[104].text = "Read again."
    page = tmp_path / "guide.html"
    page.write_text(site.answer("/guides/104")[2], "utf-8")
    where = ("--archive", archive, "--site", "lantern")
    run("import", page, "--url", f"{site.url}/guides/104", "--captured-at", "2026-11-01T10:00:00Z", *where)
    imported = Archive(archive, site="lantern").load("2026-11-01", bodies=True)
    assert imported.body_text.tolist() == ["Read again.\n- Light it\n- Hang it up"]
    run("verify", *where)
    run("report", "--out", tmp_path / "report", *where)
    assert "Guide 104" in "".join(path.read_text() for path in (tmp_path / "report").rglob("*.html"))
