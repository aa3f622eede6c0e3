"""A crawled archive, packed: every command answers as before, and crawls, imports and re-extractions go on from it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.crawl.lock import CrawlLock
from helpscraper.sample import SampleServer
from tests.e2e.conftest import contents, crawl, helpscraper, rows, snapshots
from tests.feeds import changes_table

EN = Partition("okx", "en")


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(articles=16) as server:
        yield server


@pytest.fixture(scope="module")
def pair(server: SampleServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An archive of three crawls, and the same one compacted."""
    folder = tmp_path_factory.mktemp("pair")
    plain, packed = folder / "plain", folder / "packed"
    for state in range(3):
        server.state = state
        assert crawl(server, plain).code == 0
    shutil.copytree(plain, packed)
    done = helpscraper("compact", "--archive", packed, "--keep", "0")
    assert (done.returncode, done.stderr) == (0, "")
    months = {name[:6] for name in snapshots(plain)}
    assert snapshots(packed) == sorted(months)
    assert done.stdout.count(" snapshots, ") == len(months)
    return plain, packed


def test_every_command_answers_as_before(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    article = next(iter(rows(pair[0])))
    commands = [
        ["log"], ["log", article], ["diff", "latest~2", "latest"], ["diff", "latest~1", "latest", "--words"],
        ["show", "latest~1"], ["show", f"{article}@latest~2"], ["history", article], ["blame", article],
        ["export", "latest~1", "--format", "csv"], ["export", "--bodies", "--format", "json"], ["verify"],
    ]  # fmt: skip
    for command in commands:
        answers = []
        for archive in pair:
            code = main([*command, "--archive", str(archive)])
            said = capsys.readouterr()
            answers.append((code, said.out.replace(str(archive), "ARCHIVE"), said.err))
        assert answers[0] == answers[1], command
        assert answers[0][0] == 0, (command, answers[0])
    for command in ("report", "feed"):
        built = []
        for archive in pair:
            output = tmp_path / f"{command}-{archive.name}"
            assert main([command, "--out", str(output), "--archive", str(archive)]) == 0
            built.append(contents(output))
        assert built[0].keys() == built[1].keys()
        assert built[0] == built[1]


def test_the_next_crawl_asks_and_finds_the_same(
    pair: tuple[Path, Path], server: SampleServer, tmp_path: Path
) -> None:
    server.state = 3
    found = []
    for archive in pair:
        copy = shutil.copytree(archive, tmp_path / archive.name)
        asked = len(server.requests)
        result = crawl(server, copy)
        assert result.code == 0, result.said
        paths = sorted(request.path for request in server.requests[asked:])
        told = [(each["check"], each["verdict"], each["detail"]) for each in result.facts["health"]]
        times = ("snapshot_at", "fetched_at", "warc_record")
        seen = {slug: {k: v for k, v in row.items() if k not in times} for slug, row in rows(copy).items()}
        found.append((paths, result.facts["counts"], told, seen))
        assert Archive(copy).verify().ok
        assert len(Catalog(copy).snapshots()) == 4
        assert changes_table(Catalog(copy), Catalog(copy).resolve()) is not None
    assert found[0] == found[1]


def test_a_newer_reading_stands_before_the_packed_one(pair: tuple[Path, Path], tmp_path: Path) -> None:
    read = []
    for archive in pair:
        copy = shutil.copytree(archive, tmp_path / archive.name)
        done = helpscraper("reextract", "latest", "--force", "--jobs", "1", "--archive", copy)
        assert done.returncode == 0, done.stderr
        catalog = Catalog(copy)
        assert catalog.resolve().reextracted
        read.append(catalog.load_table(bodies=True).to_pylist())
        assert Archive(copy).verify().ok
    assert read[0] == read[1]


def test_an_import_into_a_packed_month_stays_in_a_file_of_its_own(
    pair: tuple[Path, Path], server: SampleServer, tmp_path: Path
) -> None:
    server.state = 0
    packed = shutil.copytree(pair[1], tmp_path / "packed")
    taken = {dt.datetime.strptime(each.id, "%Y%m%dT%H%M%S%z") for each in Catalog(packed).snapshots()}
    # The last second before the newest snapshot that is no other's: quick crawls are a second apart.
    at = max(taken)
    while at in taken:
        at -= dt.timedelta(seconds=1)
    at += dt.timedelta(milliseconds=999)
    page = tmp_path / "page.html"
    page.write_bytes(server.healthy("/help/section/faq-getting-started").body)
    command = [
        "import", page, "--archive", packed, "--format", "html", "--locale", "en", "--captured-at", at.isoformat(),
        "--url", "https://www.okx.com/help/section/faq-getting-started",
    ]  # fmt: skip
    for _ in range(2):  # the same once more is the same snapshot
        done = helpscraper(*command)
        assert done.returncode == 0, done.stderr
        assert len(Catalog(packed).snapshots()) == 4
        helpscraper("compact", "--archive", packed, "--keep", "0")
        assert len([name for name in snapshots(packed) if len(name) > 15]) == 1
    assert Archive(packed).verify().ok


def test_a_crawl_at_work_keeps_it_waiting(pair: tuple[Path, Path]) -> None:
    before = contents(pair[0])
    lock = CrawlLock(Catalog(pair[0]).store.state_dir(EN))
    lock.acquire()
    try:
        done = helpscraper("compact", "--archive", pair[0], "--keep", "0")
    finally:
        lock.release()
    assert done.returncode == 75
    assert "is running" in done.stderr
    assert contents(pair[0]) == before


def test_a_crawl_of_one_locale_keeps_no_other_waiting(pair: tuple[Path, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(pair[0], tmp_path / "copy")
    for kind in ("snapshots", "changes"):
        shutil.copytree(copy / kind / "site=okx/locale=en", copy / kind / "site=okx/locale=fr")
    lock = CrawlLock(Catalog(copy).store.state_dir(EN))
    lock.acquire()
    try:
        done = helpscraper("compact", "--archive", copy, "--keep", "0")
    finally:
        lock.release()
    assert done.returncode == 75
    assert "locale=en" in done.stderr
    assert "okx/fr" in done.stdout
    assert len(list(copy.glob("snapshots/site=okx/locale=fr/*"))) < len(
        list(copy.glob("snapshots/site=okx/locale=en/*"))
    )


@pytest.mark.parametrize("wrong", [["--archive", "nowhere"], ["--locale", "xx"]])
def test_an_archive_that_is_not_there_is_no_job_done(
    wrong: list[str], pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = helpscraper("compact", "--archive", pair[0], *wrong)
    assert done.returncode == 2
    assert "holds no snapshot" in done.stderr


def test_dry_run_and_default(pair: tuple[Path, Path], tmp_path: Path) -> None:
    plain = contents(pair[0])
    copy = shutil.copytree(pair[0], tmp_path / "copy")
    nothing = helpscraper("compact", "--archive", copy)  # this month is not over
    assert (nothing.returncode, nothing.stdout) == (0, "nothing to do\n")
    dry = helpscraper("compact", "--archive", copy, "--before", "2999-01-01", "--dry-run")
    assert "3 snapshots" in dry.stdout
    assert "would be packed" in dry.stdout
    assert contents(copy) == plain


@pytest.mark.parametrize(
    "wrong",
    [["--keep", "-1"], ["--keep", "x"], ["--before", "soon"], ["--keep", "1", "--before", "2026-11-01"]],
)
def test_wrong_arguments_are_told(wrong: list[str], tmp_path: Path) -> None:
    done = helpscraper("compact", "--archive", tmp_path, *wrong)
    assert done.returncode == 2
    assert done.stderr.startswith("helpscraper compact: --")


def test_a_file_that_stays_is_named_and_counts(pair: tuple[Path, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(pair[0], tmp_path / "copy")
    first = sorted(copy.glob("snapshots/*/*/*.parquet"))[0]
    first.write_bytes(first.read_bytes()[:-1])
    done = helpscraper("compact", "--archive", copy, "--keep", "0")
    assert done.returncode == 1
    assert str(first) in done.stderr
    assert "2 snapshots" in done.stdout
    assert first.exists()
