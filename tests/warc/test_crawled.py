"""A crawl of the sample site: recorded, replayed by other programs, read again, exported, imported elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import json
import operator
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from helpscraper.archive.layout import Partition, snapshot_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.recordings import Capture, load_index, read_payload, warc_files
from helpscraper.archive.recordings.wacz import _pages as wacz_pages
from helpscraper.archive.recordings.wacz import write_wacz
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.errors import ArchiveError
from helpscraper.intake.ledger import Ledger
from helpscraper.normalise.article import Context
from helpscraper.platforms.okx import ArticlePage
from helpscraper.replay import answers
from helpscraper.replay import workers as readers
from helpscraper.replay.captures import import_captures
from helpscraper.replay.plan import plan
from helpscraper.replay.reextract import reextract
from helpscraper.sample import Fault, SampleServer
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage
from tests import faults
from tests.e2e.conftest import crawl, helpscraper, on_a_terminal
from tests.okx import OKX

pytestmark = pytest.mark.slow

EN = Partition("okx", "en")
LAYOUTS = ("e2", "e3", "e3-bare", "markup", "markup-a")


@dataclass(frozen=True, slots=True)
class Crawled:
    """An archive of three crawls of one site: everything, a week later, and everything unchanged by 304."""

    archive: Path
    url: str
    titles: dict[str, str]

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.archive)


def crawl_weeks(archive: Path, layout: str, *modes: str) -> Crawled:
    with SampleServer(layout=layout, articles=30, validators=True) as server:
        for state, mode in enumerate(modes):
            server.state = min(state, 1)
            done = crawl(server, archive, "-a", f"mode={mode}", "-s", "AUDIT_DAYS=0.125")
            assert done.code == 0, done.said
            time.sleep(1)  # records are told apart by URL and second
        return Crawled(archive, server.url, {record.slug: record.title for record in server.truth()})


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    archive = tmp_path_factory.mktemp("crawled") / "archive"
    return crawl_weeks(archive, "e2", "incremental", "incremental", "full")


@pytest.fixture
def mine(crawled: Crawled, tmp_path: Path) -> Crawled:
    """A copy that a test may change."""
    shutil.copytree(crawled.archive, tmp_path / "archive")
    return Crawled(tmp_path / "archive", crawled.url, crawled.titles)


def as_crawled(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """The rows of each snapshot as its crawl wrote them."""
    return {
        each.id: catalog.load_table(Snapshot(EN, each.id, snapshot_path(EN, each.id))).to_pylist()
        for each in catalog.snapshots()
    }


# ---- recorded


def test_every_row_names_its_record_and_every_record_is_whole(crawled: Crawled) -> None:
    catalog = crawled.catalog
    for rows in as_crawled(catalog).values():
        for row in rows:
            payload, facts = read_payload(catalog.store, row["warc_record"])
            assert facts["url"] == row["url"]
            assert facts["date"] == row["fetched_at"] or row["status"] != "fetched"
            page = gzip.decompress(payload) if facts["content_encoding"] == "gzip" else payload
            assert row["article_id"].encode() in page
    assert verify(catalog).problems == []


def test_what_came_over_the_wire_was_recorded(crawled: Crawled) -> None:
    store = crawled.catalog.store
    for number, file in enumerate(warc_files(store, EN)):
        with store.open(file) as stream:
            items = list(iter_records(stream, file))
        assert not [item for item in items if isinstance(item, Damage)]
        answers = [
            item for item in items if not isinstance(item, Damage) and item.type in {"response", "revisit"}
        ]
        assert answers[0].url.endswith("/robots.txt")
        assert answers[1].url.endswith("/help")
        statuses = {item.status for item in answers}
        assert 200 in statuses
        if number:
            assert {item.headers.get_header("WARC-Profile") for item in answers} - {None}
        assert all(item.http is not None and not item.http_header("Transfer-Encoding") for item in answers)
        assert any(item.http_header("Content-Encoding") == "gzip" for item in answers)
    facts = [crawled.catalog.run(EN, each.id).to_json() for each in crawled.catalog.snapshots()]
    assert all(run["warc"]["responses"] > 0 for run in facts)
    assert facts[1]["warc"]["revisits"] > 0


def test_warcio_check_passes(crawled: Crawled) -> None:
    paths = [crawled.catalog.store.url(file) for file in warc_files(crawled.catalog.store, EN)]
    done = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", *paths], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_recording_can_be_turned_off(tmp_path: Path) -> None:
    with SampleServer(articles=10) as server:
        done = crawl(server, tmp_path, settings={"WARC_ENABLED": "False"})
    assert done.code == 0, done.said
    assert not (tmp_path / "warc").exists()
    assert {row["warc_record"] for rows in as_crawled(Catalog(tmp_path)).values() for row in rows} == {None}
    (report,) = reextract(str(tmp_path), force=True)
    assert (report.written, report.reason) == (None, "none of its pages was recorded")
    done_export = helpscraper("export", "--wacz", "--archive", tmp_path, "-o", tmp_path / "x.wacz")
    assert done_export.returncode == 2
    assert "this crawl has no recording" in done_export.stderr
    assert list(tmp_path.glob("*.wacz*")) == []


def test_a_response_that_cannot_be_recorded_ends_the_crawl(tmp_path: Path) -> None:
    blocked = tmp_path / "warc" / "site=okx"
    blocked.mkdir(parents=True)
    (blocked / "locale=en").write_text("a file where a folder is wanted")
    with SampleServer(articles=10) as server:
        done = crawl(server, tmp_path)
        assert done.code == 1, done.said
        assert "cannot be recorded" in done.facts["error"]
        assert done.facts["outcome"] == "failed"
        assert not list(tmp_path.glob("snapshots/**/*.parquet"))
        (blocked / "locale=en").unlink()
        resumed = crawl(server, tmp_path, "--resume")
    assert resumed.code == 0, resumed.said
    assert verify(Catalog(tmp_path)).problems == []


def test_show_gives_the_bytes(crawled: Crawled, tmp_path: Path) -> None:
    row = crawled.catalog.load_table("latest").to_pylist()[0]
    target = tmp_path / "page"
    done = helpscraper(
        "show", f"{row['article_id']}@latest", "--raw", "--archive", crawled.archive, "-o", target
    )
    assert done.returncode == 0, done.stderr
    assert f"{row['url']} at " in done.stderr
    assert row["article_id"].encode() in gzip.decompress(target.read_bytes())


# ---- read again


@pytest.fixture(params=LAYOUTS)
def weeks(request: pytest.FixtureRequest, tmp_path: Path) -> Crawled:
    if request.param == "e2":
        mine: Crawled = request.getfixturevalue("mine")
        return mine
    # Carried and vanished articles do not depend on the layout: two layouts hold them, one crawl does for the rest.
    weeks = ("incremental", "incremental") if request.param == "markup" else ("incremental",)
    return crawl_weeks(tmp_path / "archive", request.param, *weeks)


def test_a_re_extraction_gives_the_rows_of_the_crawl(weeks: Crawled) -> None:
    before = as_crawled(weeks.catalog)
    bodies = {path: path.read_bytes() for path in weeks.archive.glob("bodies/**/*.parquet")}
    reports = list(reextract(str(weeks.archive), force=True, jobs=1))
    assert [report.problems for report in reports] == [()] * len(before)
    catalog = weeks.catalog
    statuses = set()
    for snapshot in catalog.snapshots():
        assert snapshot.reextracted
        rows = catalog.load_table(snapshot).to_pylist()
        assert rows == before[snapshot.id]
        facts = catalog.facts(snapshot).to_json()
        statuses |= {row["status"] for row in rows} | ({"gone"} if facts["gone"] else set())
        original = catalog.run(EN, snapshot.id).to_json()
        assert facts["kind"] == "re-extract"
        same = ("counts", "gone", "sections", "complete", "languages")
        assert {name: facts[name] for name in same} == {name: original[name] for name in same}
        rules = [
            {name: n for name, n in each["rules"].items() if name.startswith("article.")}
            for each in (facts, original)
        ]
        assert rules[0] == rules[1] != {}
    assert statuses >= ({"fetched", "carried", "gone"} if len(before) > 1 else {"fetched"})
    assert {path: path.read_bytes() for path in weeks.archive.glob("bodies/**/*.parquet")} == bodies
    assert verify(catalog).problems == []


def test_redirects_are_recorded_and_what_they_lead_to_is_no_other_page(tmp_path: Path) -> None:
    """Articles that lead to the home page once made the re-extraction forget every listing before it."""
    with SampleServer(articles=20) as server:
        one, two, three = (f"/help/{record.slug}" for record in server.truth()[:3])
        server.faults += [
            Fault(faults.redirect("/help"), path=one),
            Fault(faults.redirect("/help"), path=two),
            Fault(faults.redirect(f"{server.url}/help/{server.truth()[5].slug}"), path=three),
        ]
        done = crawl(server, tmp_path, settings={"HEALTH_MAX_FAILED": "0.5"})
        assert done.code == 4, done.said
    catalog = Catalog(tmp_path)
    (file,) = warc_files(catalog.store, EN)
    with catalog.store.open(file) as stream:
        answers = [item for item in iter_records(stream, file) if not isinstance(item, Damage)]
    assert sum(item.status == 302 for item in answers if item.type == "response") >= 3
    requests = [item for item in answers if item.type == "request"]
    assert len(requests) == len(server.requests)
    before = as_crawled(catalog)
    list(reextract(str(tmp_path), force=True, jobs=1))
    latest = catalog.resolve("latest")
    assert catalog.load_table(latest).to_pylist() == before[latest.id]
    assert sum(row["status"] == "failed" for row in before[latest.id]) == 3


def test_a_hiccup_that_the_crawl_overcame_is_none_of_its_re_extraction(tmp_path: Path) -> None:
    with SampleServer(articles=20) as server:
        one, two, three = (f"/help/{record.slug}" for record in server.truth()[:3])
        for path, action in (
            (one, faults.challenge()), (two, faults.empty_body()), (three, faults.truncated_gzip()),
            ("/help/section/faq-getting-started", faults.empty_listing()),
            ("/help/section/announcements-new-listings", faults.challenge()),
        ):  # fmt: skip
            server.faults.append(Fault(action, path=path, times=1))
        assert crawl(server, tmp_path).code == 0
        assert all(fault.hits == 1 for fault in server.faults)
    catalog = Catalog(tmp_path)
    before = as_crawled(catalog)
    (report,) = reextract(str(tmp_path), force=True, jobs=1)
    assert report.problems == ()
    latest = catalog.resolve("latest")
    assert catalog.load_table(latest).to_pylist() == before[latest.id]
    facts, original = catalog.facts(latest).to_json(), catalog.run(EN, latest.id).to_json()
    for name in ("complete", "incomplete_reasons", "sections", "problems"):
        assert facts[name] == original[name]


def test_a_newer_extractor_is_told_apart(mine: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [report.written for report in reextract(str(mine.archive))] == [None] * 3
    monkeypatch.setattr("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next")
    # The newer crawl carried articles over from the older one, so that is brought up to date first.
    reports = list(reextract(str(mine.archive), ["latest"], jobs=1))
    assert [report.snapshot.id for report in reports] == [each.id for each in mine.catalog.snapshots()]
    facts = mine.catalog.facts(mine.catalog.resolve("latest")).to_json()
    assert (facts["versions"]["extractor"], facts["extraction_of"]) == ("okx/next", "crawl")
    assert facts["extractor_before"] != "okx/next"
    assert [report.reason for report in reextract(str(mine.archive))] == [
        "today's extractor okx/next has read it already"
    ] * 3


def test_diff_names_what_came_from_the_extractor(
    mine: Crawled, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        assert main([*arguments, "--archive", str(mine.archive)]) == 0
        said = capsys.readouterr()
        return said.out if "json" in arguments else said.out + said.err

    before = json.loads(run("diff", "latest~2", "latest~1", "--format", "json"))
    retitled = {change["article_id"] for change in before["changes"] if change["kind"] == "retitled"}
    read_title = ArticlePage._title
    monkeypatch.setattr("helpscraper.platforms.okx.platform.Okx.extractor", "okx/next")
    monkeypatch.setattr(ArticlePage, "_title", lambda page: f"{read_title(page)} (read anew)")
    run("reextract", "latest~2", "--jobs", "1")
    # The older side was read by the next extractor, the newer one was not: no title changed on the site.
    text = run("diff", "latest~2", "latest~1")
    assert re.search(r"the extractor changed from .*okx/next.* to .*: [1-9]\d* differences", text), text
    after = json.loads(run("diff", "latest~2", "latest~1", "--format", "json"))
    assert {change["article_id"] for change in after["changes"] if change["kind"] == "retitled"} <= retitled
    # Both sides read by one extractor: it is no difference any more, and nothing is kept apart.
    run("reextract", "latest~1", "--jobs", "1")
    text = run("diff", "latest~2", "latest~1")
    assert "the extractor changed" not in text
    again = json.loads(run("diff", "latest~2", "latest~1", "--format", "json"))
    key = operator.itemgetter("article_id", "kind", "field")
    assert sorted(map(key, again["changes"]), key=str) == sorted(map(key, before["changes"]), key=str)


def test_a_killed_re_extraction_goes_on(mine: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    done: list[int] = []

    def kill(name: str, now: int, total: int) -> None:
        done.append(now)
        if now >= 16:
            raise Killed

    monkeypatch.setattr("helpscraper.replay.reextract._AT_ONCE", 16)
    before = as_crawled(mine.catalog)
    with pytest.raises(Killed):
        list(reextract(str(mine.archive), ["latest~2"], force=True, jobs=1, progress=kill))
    counted: list[int] = []
    list(
        reextract(
            str(mine.archive),
            ["latest~2"],
            force=True,
            jobs=1,
            progress=lambda _, now, __: counted.append(now),
        )
    )
    assert done == [16]
    assert counted[0] == 32
    first = mine.catalog.resolve("latest~2")
    assert first.reextracted
    assert mine.catalog.load_table(first).to_pylist() == before[first.id]
    assert not list(mine.archive.glob(".state/**/reextract*"))


def test_two_processes_read_the_same_rows(mine: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_WORTH_A_POOL", 1)
    monkeypatch.setattr(readers, "_BATCH", 3)
    started: list[int] = []
    end = readers.WorkerPool.__exit__

    def watched(self: readers.WorkerPool, *error: Any) -> None:
        started.append(len(self._pool._processes) if self._pool is not None else 0)
        end(self, *error)

    monkeypatch.setattr(readers.WorkerPool, "__exit__", watched)
    before = as_crawled(mine.catalog)
    list(reextract(str(mine.archive), ["latest~2"], force=True, jobs=2))
    assert started == [2]
    first = mine.catalog.resolve("latest~2")
    assert first.reextracted
    assert mine.catalog.load_table(first).to_pylist() == before[first.id]


@pytest.mark.parametrize("lost", [False, True])
def test_only_bodies_that_the_archive_has_not_are_written_down(
    mine: Crawled, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    entered: list[bool] = []
    fetched = Ledger.fetched

    def counted(self: Ledger, article_id: str, columns: Any, body: Any, **more: Any) -> None:
        entered.append(body is not None)
        fetched(self, article_id, columns, body, **more)

    monkeypatch.setattr(Ledger, "fetched", counted)
    (first, *_) = sorted(mine.archive.glob("bodies/**/*.parquet"))
    before = mine.catalog.load_table("latest~2", bodies=True)
    if lost:
        first.unlink()
    (report,) = reextract(str(mine.archive), ["latest~2"], force=True)
    assert report.problems == ()
    assert len(entered) > 20
    assert set(entered) == {lost}
    assert first.exists()
    assert mine.catalog.load_table("latest~2", bodies=True).equals(before)


def test_processes_are_told_how_much_was_fetched(mine: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(readers.WorkerPool, "expect", lambda _, records: told.append(records))
    list(reextract(str(mine.archive), ["latest~2"], force=True))
    rows = mine.catalog.load_table(mine.catalog.resolve("latest~2")).column("status").to_pylist()
    assert told == [rows.count("fetched")]
    assert told[0] > 20


def test_pages_in_memory_at_once_are_bounded(crawled: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    (file, *_) = warc_files(crawled.catalog.store, EN)
    captures = [c for c in load_index(crawled.catalog.store, file) if c.status == 200]
    tasks = list(plan(captures, Context(OKX, "en", crawled.url), {c.digest: c.ref for c in captures}))
    held: list[int] = []
    whole = answers._answers

    def counted(*some: Any) -> Iterator[Any]:
        for each in whole(*some):
            held.append(sum(len(page.data) for _, page in each))
            yield each

    monkeypatch.setattr(answers, "_answers", counted)
    monkeypatch.setattr(answers, "_AT_ONCE", 30_000)
    with closing(answers.RecordReader(crawled.catalog.store)) as source:
        notes = answers.read(tasks, source, Context(OKX, "en", crawled.url))
    assert notes.answers == len(tasks)
    assert notes.problems == []
    assert len(held) > 3
    assert max(held) < 30_000 + 25_000


def test_a_lost_record_costs_no_row(mine: Crawled) -> None:
    catalog = mine.catalog
    first = catalog.resolve("latest~2")
    row = next(row for row in as_crawled(catalog)[first.id] if row["status"] == "fetched")
    file, _, offset = row["warc_record"].partition("#")
    path = Path(catalog.store.url(file))
    data = bytearray(path.read_bytes())
    data[int(offset) + 200] ^= 0xFF
    path.write_bytes(data)
    (report,) = reextract(str(mine.archive), ["latest~2"], force=True, jobs=1)
    assert any(row["warc_record"] in problem for problem in report.problems)
    again = next(
        each for each in catalog.load_table(first).to_pylist() if each["article_id"] == row["article_id"]
    )
    assert again == row


def test_the_command(mine: Crawled) -> None:
    done = helpscraper("reextract", "latest", "--force", "--archive", mine.archive)
    assert done.returncode == 0, done.stderr
    assert "rows from" in done.stdout
    assert helpscraper("reextract", "--jobs", "0", "--archive", mine.archive).returncode == 2


def test_a_terminal_sees_how_far_a_re_extraction_is_and_a_pipe_what_it_did(mine: Crawled) -> None:
    command = [sys.executable, "-m", "helpscraper", "reextract", "--force", "--archive", str(mine.archive)]
    code, stdout, seen = on_a_terminal(command, piped=True)
    assert code == 0, seen
    told = re.findall(r"^okx/en:(\S+): \d+ rows from (\d+) records, reextracted/\S+$", stdout, re.MULTILINE)
    assert [name for name, _ in told] == [each.id for each in mine.catalog.snapshots()]
    # Name, bar and count are written in colours of their own.
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    for name, records in told:
        assert re.search(rf"{name} ━+ +{records}/{records} records", bare)
    assert "rows from" not in bare


def test_a_line_and_a_bar_on_one_terminal_stand_apart(mine: Crawled) -> None:
    command = [sys.executable, "-m", "helpscraper", "reextract", "--force", "--archive", str(mine.archive)]
    code, _, seen = on_a_terminal(command)
    assert code == 0, seen
    # The bar is gone from its line before anything else is written there, and that is written in one piece.
    said = re.findall(r"\x1b\[1A\x1b\[2K(okx/en:\S+: \d+ rows from \d+ records, reextracted/\S+)\r\n", seen)
    assert len(said) == len(mine.catalog.snapshots())
    assert seen.count("rows from") == len(said)


def test_nothing_is_written_of_a_re_extraction_where_nobody_looks(mine: Crawled) -> None:
    done = helpscraper("reextract", "--force", "--archive", mine.archive)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.count("\n") == done.stdout.count("rows from") == len(mine.catalog.snapshots())


# ---- handed on


@pytest.fixture
def wacz(crawled: Crawled, tmp_path: Path) -> Iterator[Path]:
    target = tmp_path / "crawl.wacz"
    done = helpscraper("export", "latest", "--wacz", "--archive", crawled.archive, "-o", target)
    assert done.returncode == 0, done.stderr
    yield target


def test_the_pages_of_a_wacz_are_its_html_whatever_their_address() -> None:
    def capture(path: str, mime: str, digest: str) -> Capture:
        return Capture(f"https://x.example{path}", "20261122060000", 200, mime, digest, "f", 0, 1)

    captures = [
        capture("/hc/a", "text/html", "d1"), capture("/hc/b", "warc/revisit", "d1"),
        capture("/robots.txt", "text/plain", "d2"), capture("/help/list.json", "application/json", "d3"),
        capture("/help/old.json", "warc/revisit", "d3"),
    ]  # fmt: skip
    assert [page["url"][17:] for page in wacz_pages(captures, {})] == ["/hc/a", "/hc/b"]


def test_a_wacz_stands_alone(crawled: Crawled, wacz: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wacz) as packed:
        assert packed.testzip() is None
        assert {info.compress_type for info in packed.infolist()} == {zipfile.ZIP_STORED}
        package = json.loads(packed.read("datapackage.json"))
        assert package["wacz_version"] == "1.1.1"
        for resource in package["resources"]:
            data = packed.read(resource["path"])
            assert resource["bytes"] == len(data)
            assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        said = json.loads(packed.read("datapackage-digest.json"))
        assert said["hash"] == f"sha256:{hashlib.sha256(packed.read('datapackage.json')).hexdigest()}"
        pages = [json.loads(line) for line in packed.read("pages/pages.jsonl").splitlines()]
    assert pages[0]["format"] == "json-pages-1.0"
    titles = {row["url"]: row["title"] for row in crawled.catalog.load_table("latest").to_pylist()}
    assert {page["title"] for page in pages[1:] if "title" in page} <= set(titles.values())
    # Whoever gets nothing but the WACZ can read every article of the crawl.
    report = import_captures(str(tmp_path / "other"), [wacz], base_url=crawled.url)
    assert report.problems == []
    fetched = {
        row["article_id"]
        for row in crawled.catalog.load_table("latest").to_pylist()
        if row["status"] == "fetched"
    }
    (written,) = report.snapshots
    other = Catalog(tmp_path / "other")
    assert fetched == {
        row["article_id"]
        for row in other.load_table(written.snapshot_id).to_pylist()
        if row["status"] == "fetched"
    }


def test_a_recording_that_is_cut_off_gives_no_wacz(crawled: Crawled, tmp_path: Path) -> None:
    archive, target = tmp_path / "archive", tmp_path / "crawl.wacz"
    shutil.copytree(crawled.archive, archive)
    catalog = Catalog(archive)
    cut = archive / warc_files(catalog.store, EN, catalog.ids(EN)[-1])[-1]
    os.truncate(cut, cut.stat().st_size // 2)
    with pytest.raises(ArchiveError, match=rf"{cut.name}#\d+: the file ends inside") as caught:
        write_wacz(catalog.store, EN, catalog.ids(EN)[-1], target, {}, software="test")
    assert "helpscraper verify" in caught.value.advice and sorted(tmp_path.iterdir()) == [archive]


def test_a_name_of_a_section_that_no_file_can_hold_costs_no_page(tmp_path: Path) -> None:
    def half_a_pair(exchange: faults.Exchange) -> faults.Reply:
        state = exchange.reply.body.decode()
        state, found = re.subn(
            r'("allSections":\[\{"slug":"[^"]*","title":)"[^"]*"', r'\1"half \\ud800"', state
        )
        spoiled.append(found)
        return replace(exchange.reply, body=state.encode())

    spoiled: list[int] = []
    with SampleServer(layout="e2", articles=20) as server:
        server.faults.append(Fault(half_a_pair, path="/help*"))
        done = crawl(server, tmp_path / "archive")
    assert done.code == 0, done.said
    assert any(spoiled)
    catalog = Catalog(tmp_path / "archive")
    before = catalog.load_table("latest").to_pylist()
    (report,) = reextract(str(tmp_path / "archive"), force=True)
    assert report.problems == ()
    assert Catalog(tmp_path / "archive").load_table("latest").to_pylist() == before
