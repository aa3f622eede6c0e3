"""Captures of other web archives: which become a snapshot, which are skipped, and why."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import brotli
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpscraper import Archive
from helpscraper.archive.layout import Partition
from helpscraper.archive.parquet import RUN_KEY
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Capture, Recorder, read_payload
from helpscraper.archive.recordings.index import capture_of, dump_index
from helpscraper.archive.recordings.sources import captures_in, is_capture_file, record_in
from helpscraper.archive.store.local import LocalStore
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.cli.import_ import NAMED
from helpscraper.crawl.lock import CrawlLock
from helpscraper.errors import CommandError, InputError, LockHeldError
from helpscraper.normalise.article import Context
from helpscraper.replay.captures import CaptureReport, days, import_captures
from helpscraper.replay.plan import PER_ANSWER, plan
from helpscraper.replay.reextract import reextract
from helpscraper.sample.model import Options
from helpscraper.sample.render import SampleSite
from helpscraper.sample.truth import truth
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Record, digest_of
from tests.history.story import committed
from tests.history.worlds import MONDAY, row
from tests.okx import OKX
from tests.warc.made import AT, SITE, exchange, members, record, response

OPTIONS = Options(articles=20)
DAY = dt.timedelta(days=1)
IDENTICAL = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"


def page(path: str, state: int = 0) -> bytes:
    return SampleSite(OPTIONS, state, 0, SITE).page(path, empty=False).text.encode()


def slugs(count: int = 3) -> list[str]:
    later = {each.slug for each in truth(1, "en", OPTIONS)}
    return [each.slug for each in truth(0, "en", OPTIONS) if each.slug in later][:count]


def article(slug: str, at: dt.datetime = AT, state: int = 0, **extra: Any) -> bytes:
    return response(f"{SITE}/help/{slug}", page(f"/help/{slug}", state), at=at, **extra)


def put(path: Path, *records: bytes) -> Path:
    path.write_bytes(members(*records) if path.name.endswith(".gz") else b"".join(records))
    return path


def load(archive: Path, ref: str = "latest", locale: str = "en") -> dict[str, dict[str, Any]]:
    rows = Catalog(archive).load_table(ref, bodies=True, site="okx", locale=locale).to_pylist()
    return {row["article_id"]: row for row in rows}


def run(tmp_path: Path, *files: Path, **options: Any) -> CaptureReport:
    return import_captures(str(tmp_path / "archive"), list(files), **options)


def test_captures_become_a_snapshot_a_day(tmp_path: Path) -> None:
    one, two, three = slugs()
    file = put(
        tmp_path / "old.warc.gz",
        article(one, AT),
        article(two, AT + dt.timedelta(hours=2)),
        article(three, AT + DAY, state=1),
        article(one, AT + DAY, state=1),
    )
    report = run(tmp_path, file)
    assert (report.problems, report.skipped, report.used) == ([], {}, 4)
    assert [written.snapshot_id for written in report.snapshots] == ["20260301T060000Z", "20260302T060000Z"]
    first = load(tmp_path / "archive", "2026-03-01")
    assert first.keys() == {one, two}
    assert {row["status"] for row in first.values()} == {"fetched"}
    assert first[two]["fetched_at"] == AT + dt.timedelta(hours=2)
    assert first[two]["body_text"]
    catalog = Catalog(tmp_path / "archive")
    facts = catalog.facts(catalog.resolve("2026-03-01"))
    assert (facts.kind, facts.complete) == ("import", False)
    digest = digest_of(page(f"/help/{two}"))
    assert f"20260301080000 {SITE}/help/{two} {digest}" in facts.arguments.captures
    payload, said = read_payload(catalog.store, first[two]["warc_record"])
    assert payload == page(f"/help/{two}")
    assert said["date"] == AT + dt.timedelta(hours=2)
    assert verify(catalog).problems == []


def held(archive: Path) -> dict[str, list[str]]:
    """The captures that each snapshot holds, as time and slug."""
    catalog = Catalog(archive)
    found = {each.id: catalog.facts(each).arguments.captures for each in catalog.snapshots()}
    return {
        name: [f"{text[8:12]} {text.split(' ')[1].rpartition('/')[2]}" for text in captures]
        for name, captures in found.items()
    }


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_importing_again_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(tmp_path / "old.warc.gz", *(article(slug) for slug in slugs()))
    with monkeypatch.context() as earlier:  # earlier versions wrote no digests
        earlier.setattr(days, "told", lambda place: f"{place.at:%Y%m%d%H%M%S} {place.url}")
        run(tmp_path, file)
    before = files_in(tmp_path / "archive")
    report = run(tmp_path, file)
    assert (report.snapshots, list(report.already.values())) == ([], [3])
    assert files_in(tmp_path / "archive") == before


def hours(slug: str, hour: int, state: int = 0) -> bytes:
    return article(slug, AT.replace(hour=hour), state=state)


def test_a_day_that_is_imported_in_parts_holds_each_capture_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = slugs()
    archive = tmp_path / "archive"
    run(tmp_path, put(tmp_path / "a.warc.gz", hours(one, 6), hours(two, 20, state=1)))
    more = put(
        tmp_path / "b.warc.gz",
        *(hours(one, 6), hours(two, 20, state=1)),  # there already
        *(hours(three, 5), hours(one, 7, state=1), hours(three, 8)),
        hours(two, 12),  # the snapshot of 6:00 read its page at 20:00
    )
    report = run(tmp_path, more)
    whole = {
        "20260301T050000Z": [f"0500 {three}"],
        "20260301T060000Z": [f"0600 {one}", f"2000 {two}"],
        "20260301T070000Z": [f"0700 {one}", f"0800 {three}"],
    }
    superseded = {"an earlier snapshot read the article at a later time": 1}
    assert held(archive) == whole
    assert (report.used, list(report.already.values()), report.skipped) == (3, [2], superseded)
    before = files_in(archive)
    assert main(["import", str(more), "--archive", str(archive)]) == 0
    assert capsys.readouterr().out.count("there already: snapshots/") == 3
    assert files_in(archive) == before
    assert verify(Catalog(archive)).problems == []
    kinds = Archive(archive, site="okx", locale="en").history(two).table.column("kind").to_pylist()
    assert "edited" not in kinds  # one state of the article was imported


def test_a_capture_from_the_time_of_a_crawl_is_no_step_back(tmp_path: Path) -> None:
    """The crawl began before midnight and read the page at two; a capture of one o'clock would come after it."""
    one, two, _ = slugs()
    late = MONDAY + dt.timedelta(hours=20)
    read = row(one, title="A", fetched_at=late, published_at=None, updated_at=None, body="text")
    committed(tmp_path / "archive", 0, [read])
    early = MONDAY + dt.timedelta(hours=19)
    report = run(tmp_path, put(tmp_path / "a.warc.gz", article(one, early), article(two, early)))
    assert report.skipped == {"an earlier snapshot read the article at a later time": 1}
    assert load(tmp_path / "archive").keys() == {two}


MADE = [(number, hour) for number in range(3) for hour in (4, 9)]


@pytest.mark.long
@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(st.sampled_from(MADE), min_size=1, unique=True), min_size=1, max_size=4))
@example([[(0, 4)], [(1, 4), (2, 9)], [(2, 4)]])
def test_in_whatever_parts_a_day_comes_each_capture_is_there_once_and_time_runs_forward(
    parts: list[list[tuple[int, int]]],
) -> None:
    with TemporaryDirectory() as name:
        folder, skipped = Path(name), Counter[str]()
        for place, part in enumerate([*parts, MADE, MADE]):
            records = [hours(slugs()[number], hour, state=hour > 4) for number, hour in part]
            before = files_in(folder / "archive")
            report = run(folder, put(folder / f"{place}.warc.gz", *records))
            assert report.used + sum(report.already.values()) + sum(report.skipped.values()) == len(part)
            skipped = report.skipped
        assert files_in(folder / "archive") == before and not report.snapshots
        at_last = held(folder / "archive")
        there = [text for each in at_last.values() for text in each]
        assert len(there) == len(set(there)) == len(MADE) - sum(skipped.values())
        for slug in slugs():
            found = (load(folder / "archive", each).get(slug) for each in at_last)
            read = [row["fetched_at"] for row in found if row]
            assert read == sorted(read)
        assert verify(Catalog(folder / "archive")).problems == []


class Counted:
    """Counts the calls that reach the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        for name in ("_list", "_stat", "_open", "_create", "_scratch"):
            monkeypatch.setattr(LocalStore, name, self._counting(getattr(LocalStore, name)))

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **options: Any) -> Any:
            self.calls += 1
            return method(*args, **options)

        return counting


@pytest.mark.parametrize(("few", "many"), [(3, 12), pytest.param(10, 100, marks=pytest.mark.long)])
def test_a_day_more_costs_the_same_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int, many: int
) -> None:
    one, _, _ = slugs()
    store = Counted(monkeypatch)
    spent = []
    for days_in in (few, many):
        records = [article(one, AT + day * DAY) for day in range(days_in)]
        before = store.calls
        folder = tmp_path / str(days_in)
        report = import_captures(str(folder), [put(tmp_path / f"{days_in}.warc.gz", *records)])
        assert len(report.snapshots) == days_in
        spent.append(store.calls - before)
    assert spent[1] / many <= spent[0] / few, spent


def test_other_captures_at_the_same_instant_stand_beside(tmp_path: Path) -> None:
    one, two, _ = slugs()
    run(tmp_path, put(tmp_path / "a.warc.gz", article(one)))
    report = run(tmp_path, put(tmp_path / "b.warc.gz", article(two)))
    assert [written.snapshot_id for written in report.snapshots] == ["20260301T060001Z"]
    assert load(tmp_path / "archive", "20260301T060000Z").keys() == {one}


def test_an_import_is_re_extracted_like_a_crawl(tmp_path: Path) -> None:
    listing = response(f"{SITE}/help/section/faq-security", page("/help/section/faq-security"))
    run(tmp_path, put(tmp_path / "old.warc.gz", listing, *(article(slug) for slug in slugs())))
    before = load(tmp_path / "archive")
    assert {row["status"] for row in before.values()} == {"fetched", "listed"}
    (report,) = reextract(str(tmp_path / "archive"), force=True)
    assert report.problems == ()
    assert load(tmp_path / "archive") == before
    assert Catalog(tmp_path / "archive").resolve("latest").reextracted
    # Both keep the declaration of the site that they were read with.
    for kind in ("snapshots", "reextracted"):
        (file,) = (tmp_path / "archive").glob(f"{kind}/*/*/*.parquet")
        facts = json.loads(pq.read_metadata(file).metadata[RUN_KEY])
        assert facts["declaration"] == OKX.as_facts(), kind


def test_a_re_extraction_says_what_is_wrong_with_a_recording(tmp_path: Path) -> None:
    one, two, _ = slugs()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    digest = digest_of(page(f"/help/{one}"))
    again = record(
        f"{SITE}/help/{one}",
        head,
        kind="revisit",
        at=AT + DAY,
        WARC_Payload_Digest=digest,
        WARC_Profile=IDENTICAL,
    )
    run(tmp_path, put(tmp_path / "x.warc.gz", article(one), article(two), again))
    archive = tmp_path / "archive"
    before = [load(archive, ref) for ref in ("latest~1", "latest")]
    first, second = sorted(archive.glob("warc/*/*/*.warc.gz"))
    first.write_bytes(gzip.compress(gzip.decompress(first.read_bytes())))
    reports = list(reextract(str(archive), jobs=1, force=True))
    assert [report.whole for report in reports] == [False, False]
    assert any("#0: this gzip member holds several records" in each for each in reports[0].problems)
    (told,) = reports[1].problems
    assert f"{second.name}#" in told
    assert f": the payload of this revisit cannot be read: warc/site=okx/locale=en/{first.name}#" in told
    index = first.with_name(first.name.replace(".warc.gz", ".cdxj"))
    index.write_bytes(b"")
    (told,) = list(reextract(str(archive), ["latest"], jobs=1, force=True))[-1].problems
    assert "no record holds the payload of this revisit; `helpscraper verify` says why" in told
    assert [load(archive, ref) for ref in ("latest~1", "latest")] == before


def test_two_re_extractions_at_once_would_count_in_one_ledger(tmp_path: Path) -> None:
    run(tmp_path, put(tmp_path / "old.warc.gz", *(article(slug) for slug in slugs())))
    archive = str(tmp_path / "archive")

    def another(*_: object) -> None:
        with pytest.raises(LockHeldError, match="another re-extraction of this site and locale is running"):
            list(reextract(archive, force=True, jobs=1))

    (report,) = reextract(archive, force=True, jobs=1, progress=another)
    assert report.written is not None
    catalog = Catalog(archive)
    assert catalog.facts(catalog.resolve("latest")).fields["body"] == {"present": 3}
    assert len(list(reextract(archive, force=True, jobs=1))) == 1


def test_a_home_page_in_the_middle_of_a_day_is_no_second_start(tmp_path: Path) -> None:
    listing = response(f"{SITE}/help/section/faq-security", page("/help/section/faq-security"))
    home = response(f"{SITE}/help", page("/help"), at=AT + dt.timedelta(hours=2))
    run(tmp_path, put(tmp_path / "old.warc.gz", home, listing))
    before = load(tmp_path / "archive")
    (report,) = reextract(str(tmp_path / "archive"), force=True)
    assert (report.problems, report.records) == ((), 2)
    assert load(tmp_path / "archive") == before


def test_what_is_passed_over_and_why(tmp_path: Path) -> None:
    one, two, three = slugs()
    wrong = digest_of(b"another page")
    file = put(
        tmp_path / "mixed.warc.gz",
        record("", b"software: x\r\n", kind="warcinfo", Content_Type="application/warc-fields"),
        article(one),
        article(one),
        response("https://elsewhere.example/help/a", b"<html>"),
        response(f"{SITE}/markets/prices", b"<html>"),
        response(f"{SITE}/qq-zz/help/{one}", b"<html>"),
        response(f"{SITE}/help/{two}", b"", status="503 Service Unavailable"),
        article(two, WARC_Payload_Digest=wrong),
        article(three, WARC_Date="yesterday"),
        response(f"{SITE}/help/{three}", b"<html><title>Just a moment...</title></html>"),
    )
    report = run(tmp_path, file)
    assert load(tmp_path / "archive").keys() == {one}
    assert report.skipped == {
        "the same capture is in another file too": 1,
        "another site": 1,
        "not a page of the help centre": 1,
        "an unknown locale": 1,
        "status 503": 1,
        "wrong payload digest": 1,
        "no date": 1,
        "challenge": 1,
    }
    (example,) = report.examples["another site"]
    assert example.startswith(f"{file}#")
    assert example.endswith("https://elsewhere.example/help/a")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("WARC_Date", "2099-01-01T00:00:00Z", "a date in the future"),
        ("WARC_Date", "9999-12-31T23:59:59Z", "a date in the future"),
        ("WARC_Date", "0001-01-01T00:00:00Z", "no date"),
        ("WARC_Truncated", "length", "cut off by its crawler"),
        ("status", "206 Partial Content", "status 206: part of a page"),
    ],
)
def test_captures_that_are_no_evidence_of_a_page(tmp_path: Path, field: str, value: str, reason: str) -> None:
    one, two, _ = slugs()
    file = put(tmp_path / "x.warc.gz", article(one, **{field: value}), article(two))
    report = run(tmp_path, file)
    assert report.skipped == {reason: 1}
    assert report.examples[reason] == [f"{file}#0 {SITE}/help/{one}"]
    assert load(tmp_path / "archive").keys() == {two}
    assert verify(Catalog(tmp_path / "archive")).problems == []


def test_a_page_that_cannot_be_decoded_is_doubtful(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, _ = slugs()
    spoilt = page(f"/help/{one}").replace(b"</p>", b"\xff</p>")
    file = put(tmp_path / "x.warc.gz", response(f"{SITE}/help/{one}", spoilt), article(two))
    assert main(["import", str(file), "--archive", str(tmp_path / "archive")]) == 0
    told = "1 of 2 articles have characters that could not be decoded (U+FFFD)"
    assert told in capsys.readouterr().err
    (run,) = (tmp_path / "archive").glob("runs/*/*/*.json")
    assert [each["detail"] for each in json.loads(run.read_text())["health"]] == [told]


def test_an_import_without_a_row_leaves_nothing(tmp_path: Path) -> None:
    file = put(tmp_path / "x.warc.gz", response(f"{SITE}/help/a", b"<title>Just a moment...</title>"))
    for _ in range(2):
        report = run(tmp_path, file)
        assert report.skipped == {"challenge": 1, "none of its articles became a row": 1}
        assert Catalog(tmp_path / "archive").store.list("") == []


def test_an_import_leaves_the_recording_of_a_crawl_at_work_alone(tmp_path: Path) -> None:
    one, _, _ = slugs()
    file = put(tmp_path / "x.warc.gz", article(one))
    store = Catalog(tmp_path / "archive").store
    partition = Partition("okx", "en")
    lock = CrawlLock(store.state_dir(partition))
    lock.acquire()
    recorder = Recorder(store, partition, "20260401T060000Z", info={})
    reference = recorder.write(exchange(f"{SITE}/help/b", b"page"))
    with pytest.raises(LockHeldError):
        run(tmp_path, file)
    recorder.write(exchange(f"{SITE}/help/c", b"another page"))
    recorder.close()
    lock.release()
    assert read_payload(store, reference)[0] == b"page"
    assert len(run(tmp_path, file).snapshots) == 1
    assert lock.acquire() is None, "the import gave the lock back"
    lock.release()


def test_a_warc_of_another_site_makes_nothing(tmp_path: Path) -> None:
    report = run(tmp_path, put(tmp_path / "x.warc.gz", response("https://a.example/", b"<html>")))
    assert (report.snapshots, report.skipped) == ([], {"another site": 1})
    assert not (tmp_path / "archive" / "snapshots").exists()


def test_damage_is_named_and_the_rest_is_imported(tmp_path: Path) -> None:
    one, two, three = slugs()
    parts = [members(article(slug)) for slug in (one, two, three)]
    broken = bytearray(parts[1])
    broken[len(broken) // 2] ^= 0xFF
    bomb = gzip.compress(
        response(f"{SITE}/help/bomb", gzip.compress(bytes(40_000_000)), headers="Content-Encoding: gzip\r\n")
    )
    file = tmp_path / "broken.warc.gz"
    file.write_bytes(parts[0] + bytes(broken) + bomb + parts[2] + parts[0][:100])
    empty = tmp_path / "empty.warc.gz"
    empty.touch()
    report = run(tmp_path, file, empty)
    assert load(tmp_path / "archive").keys() == {one, three}
    assert [(problem.file, problem.offset) for problem in report.problems] == [
        (str(file), len(parts[0])),
        (str(file), len(parts[0]) + len(parts[1]) + len(bomb) + len(parts[2])),
        (str(empty), 0),
    ]
    assert report.skipped == {"payload": 1}
    assert all(problem.advice for problem in report.problems)
    assert "unpacks to more than" in report.examples["payload"][0]


def test_the_command_names_every_bad_place_and_reads_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every kind of bad input at once, a good record before and behind each."""
    one, two, three = slugs()
    packed = brotli.compress(page(f"/help/{two}"))
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    coded = "Transfer-Encoding: chunked\r\nContent-Encoding: br\r\n"
    bomb = brotli.compress(bytes(40_000_000))
    flipped = bytearray(members(article(three)))
    flipped[len(flipped) // 2] ^= 0xFF
    parts = {
        "good": members(article(one)),
        "truncated": members(article(three))[:-300],
        "brotli": members(response(f"{SITE}/help/{two}", chunked, headers=coded)),
        "damaged": bytes(flipped),
        "lying": members(article(three, Content_Length="99999999")),
        "short": members(article(three, Content_Length="10")),
        "digest": members(article(three, WARC_Payload_Digest=digest_of(b"another page"))),
        "bomb": members(response(f"{SITE}/help/bomb", bomb, headers="Content-Encoding: br\r\n")),
        "other": members(response("https://elsewhere.example/help/a", b"<html>")),
        "last": members(article(three, at=AT + dt.timedelta(hours=1))),
        "killed": members(article(one))[:200],
    }
    file, empty = tmp_path / "bad.warc.gz", tmp_path / "empty.warc.gz"
    file.write_bytes(b"".join(parts.values()))
    empty.touch()
    assert main(["import", str(file), str(empty), "--archive", str(tmp_path / "archive")]) == 0
    assert load(tmp_path / "archive").keys() == {one, two, three}
    places = dict(zip(parts, accumulate(map(len, parts.values()), initial=0), strict=False))
    said = capsys.readouterr().err.splitlines()
    for name, detail in {
        "truncated": "gzip member",
        "damaged": "gzip member",
        "lying": "Content-Length",
        "short": "Content-Length",
        "killed": "cut off",
    }.items():
        assert any(f"unreadable: {file}#{places[name]}: " in line and detail in line for line in said), name
    for name, reason in {
        "digest": "wrong payload digest",
        "other": "another site",
        "bomb": "a page that cannot be decoded",
    }.items():
        where = said.index(f"passed over, {reason}: 1")
        assert f"{file}#{places[name]} " in said[where + 1], name
    assert any("unpacks to more than" in line and "/help/bomb" in line for line in said)
    assert {*NAMED} == PER_ANSWER, "each kind of an answer that is not read has a name in words"
    assert f"unreadable: {empty}#0: the file is empty" in said


def test_revisits_find_their_payload(tmp_path: Path) -> None:
    one, two, _ = slugs()
    url, payload = f"{SITE}/help/{one}", page(f"/help/{one}")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    known = record(
        url, head, kind="revisit", at=AT + DAY, WARC_Payload_Digest=digest_of(payload), WARC_Profile=IDENTICAL
    )
    lost = record(
        f"{SITE}/help/{two}",
        head,
        kind="revisit",
        at=AT + DAY,
        WARC_Payload_Digest=digest_of(b"?"),
        WARC_Profile=IDENTICAL,
    )
    report = run(tmp_path, put(tmp_path / "r.warc.gz", article(one), known, lost))
    assert len(report.snapshots) == 2
    assert load(tmp_path / "archive")[one]["fetched_at"] == AT + DAY
    assert report.skipped == {"a revisit whose payload is missing": 1}
    (where,) = report.examples["a revisit whose payload is missing"]
    assert where.startswith(f"{tmp_path / 'r.warc.gz'}#")
    # What leads nowhere is not copied, so the archive is as sound as before.
    assert verify(Catalog(tmp_path / "archive")).problems == []
    again = run(tmp_path, tmp_path / "r.warc.gz")
    assert (again.snapshots, len(again.already)) == ([], 2)


def test_a_revisit_waits_for_the_file_with_its_payload(tmp_path: Path) -> None:
    one, _, _ = slugs()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    digest = digest_of(page(f"/help/{one}"))
    later = record(
        f"{SITE}/help/{one}",
        head,
        kind="revisit",
        at=AT + DAY,
        WARC_Payload_Digest=digest,
        WARC_Profile=IDENTICAL,
    )
    second = put(tmp_path / "second.warc.gz", later)
    assert run(tmp_path, second).snapshots == []
    run(tmp_path, put(tmp_path / "first.warc.gz", article(one)))
    assert len(run(tmp_path, second).snapshots) == 1
    assert load(tmp_path / "archive")[one]["fetched_at"] == AT + DAY


def test_records_without_a_digest_have_no_payload_in_common(tmp_path: Path) -> None:
    listing = page("/help/section/faq-security")
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    url = f"{SITE}/help/section/faq-identity"
    file = put(
        tmp_path / "r.warc.gz",
        record(f"{SITE}/help/section/faq-security", plain + listing),
        record(url, plain, kind="revisit", WARC_Profile=IDENTICAL),
    )
    report = run(tmp_path, file)
    assert report.skipped == {"a revisit whose payload is missing": 1}
    captures = [
        Capture(f"{SITE}/help/section/faq-identity", "20260301060000", 200, "warc/revisit", "", "f", 9, 1),
        Capture(f"{SITE}/help/section/faq-security", "20260301060000", 200, "text/html", "", "f", 1, 1),
    ]
    assert [task.payload for task in plan(captures, Context(OKX, "en", SITE), {"": "f#1"})] == ["", "f#1"]


def test_redirects_lead_where_the_page_is(tmp_path: Path) -> None:
    one, _, _ = slugs()
    moved = response(
        f"http://okx.com/help/{one}", b"", status="301 Moved", headers=f"Location: {SITE}/help/{one}\r\n"
    )
    run(tmp_path, put(tmp_path / "r.warc.gz", moved, article(one)))
    assert load(tmp_path / "archive")[one]["url"] == f"{SITE}/help/{one}"


def test_the_page_that_an_old_address_leads_to_is_imported_as_its_own(tmp_path: Path) -> None:
    one, _, _ = slugs()
    moved = response(f"{SITE}/help/old-name", b"", status="301 Moved", headers=f"Location: /help/{one}\r\n")
    file = put(tmp_path / "r.warc.gz", moved, article(one))
    assert run(tmp_path, file).skipped == {}
    assert set(load(tmp_path / "archive")) == {one}
    list(reextract(str(tmp_path / "archive"), force=True, jobs=1))
    assert load(tmp_path / "archive")[one]["status"] == "fetched"


def test_locales_go_to_their_own_place(tmp_path: Path) -> None:
    one, _, _ = slugs()
    german = response(f"{SITE}/de/help/{one}", page(f"/de/help/{one}"))
    file = put(tmp_path / "l.warc.gz", article(one), german)
    assert len(run(tmp_path, file).snapshots) == 2
    assert load(tmp_path / "archive", locale="de")[one]["url"] == f"{SITE}/de/help/{one}"
    report = import_captures(str(tmp_path / "other"), [file], locale="de")
    assert Catalog(tmp_path / "other").partitions() == [Partition("okx", "de")]
    assert report.skipped == {"another locale": 1}
    with pytest.raises(CommandError):
        run(tmp_path, file, locale="../x")


def test_flattened_text_goes_through_the_text_layouts(tmp_path: Path) -> None:
    text = "- How to face the cameraPublished on Sep 1, 2023Updated on Nov 17, 202513,989"
    url = f"{SITE}/help/section/faq-identity"
    file = put(tmp_path / "cc.warc.wet.gz", record(url, text.encode(), kind="conversion"))
    report = run(tmp_path, file)
    assert report.skipped == {}
    ((slug, row),) = load(tmp_path / "archive").items()
    assert slug == "how-to-face-the-camera"
    assert (row["view_count"], row["updated_on"], row["status"]) == (13_989, dt.date(2025, 11, 17), "listed")
    assert row["listed_in"] == ["faq-identity"]
    assert verify(Catalog(tmp_path / "archive")).problems == []
    # Text is not read again, so its rows stay as they are, and nothing is amiss.
    other = response(f"{SITE}/help/{slugs()[0]}", page(f"/help/{slugs()[0]}"))
    run(tmp_path, put(tmp_path / "both.warc.gz", record(url, text.encode(), kind="conversion"), other))
    before = load(tmp_path / "archive")
    (*_, again) = reextract(str(tmp_path / "archive"), force=True, jobs=1)
    assert (again.problems, again.whole, again.written is not None) == ((), True, True)
    assert load(tmp_path / "archive") == before


def test_a_file_compressed_as_a_whole_is_imported_too(tmp_path: Path) -> None:
    file = tmp_path / "whole.warc.gz"
    file.write_bytes(gzip.compress(b"".join(article(slug) for slug in slugs())))
    run(tmp_path, file)
    assert load(tmp_path / "archive").keys() == set(slugs())
    assert verify(Catalog(tmp_path / "archive")).problems == []


def test_chunked_and_coded_captures(tmp_path: Path) -> None:
    one, _, _ = slugs()
    packed = brotli.compress(page(f"/help/{one}"))
    wire = b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    headers = "Transfer-Encoding: chunked\r\nContent-Encoding: br\r\n"
    run(tmp_path, put(tmp_path / "c.warc", response(f"{SITE}/help/{one}", wire, headers=headers)))
    assert load(tmp_path / "archive")[one]["body_text"]


# ---- the files


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wacz_of_others(tmp_path: Path, compression: int) -> None:
    with zipfile.ZipFile(tmp_path / "x.wacz", "w", compression) as packed:
        packed.writestr("archive/data.warc.gz", members(*(article(slug) for slug in slugs())))
        packed.writestr("archive/../../evil.warc.gz", b"")
        packed.writestr("datapackage.json", "{}")
    report = run(tmp_path, tmp_path / "x.wacz")
    assert load(tmp_path / "archive").keys() == set(slugs())
    assert [problem.detail for problem in report.problems] == ["the file is empty"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut", b"<html>"])
def test_what_is_no_wacz_is_named_and_the_rest_is_imported(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.wacz").write_bytes(data)
    (one, *_) = slugs()
    report = run(tmp_path, tmp_path / "x.wacz", put(tmp_path / "y.warc.gz", article(one)))
    (problem,) = report.problems
    assert str(problem).startswith(f"{tmp_path / 'x.wacz'}#0: not a WACZ: ")
    assert load(tmp_path / "archive").keys() == {one}


def test_a_wacz_with_a_damaged_member(tmp_path: Path) -> None:
    path = tmp_path / "x.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/a.warc", article(slugs()[0]))
        packed.writestr("archive/b.warc.gz", members(article(slugs()[1])))
    data = bytearray(path.read_bytes())
    data[300] ^= 0xFF
    path.write_bytes(data)
    report = run(tmp_path, path)
    assert load(tmp_path / "archive").keys() == {slugs()[1]}
    assert report.problems


def test_a_cdxj_list_names_captures_beside_it(tmp_path: Path) -> None:
    one, two, three = slugs()
    warc = put(tmp_path / "a.warc.gz", article(one), article(two), article(three))
    with warc.open("rb") as stream:
        found = [capture_of(item) for item in iter_records(stream, "a.warc.gz") if isinstance(item, Record)]
    lines = dump_index(each for each in found[:2] if each is not None)
    lines += b'com,okx)/help/x 20260301000000 {"url": "https://www.okx.com/help/x", '
    lines += b'"filename": "../../etc/passwd", "offset": "0"}\n'
    lines += b"nonsense\n"
    lines += lines.splitlines(keepends=True)[0].replace(b'"offset": "', b'"offset": "9')
    (tmp_path / "list.cdxj").write_bytes(lines)
    report = run(tmp_path, tmp_path / "list.cdxj")
    assert load(tmp_path / "archive").keys() == {one, two}
    assert [problem.detail.partition(":")[0] for problem in report.problems] == [
        "'passwd' is missing from the folder of the index",
        "not a line of a CDXJ index",
        str(warc) + "#9" + str(found[0].offset if found[0] else ""),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        '"filename": "a.warc.gz", "offset": -5',
        '"filename": "a.warc.gz", "offset": 9223372036854775807',
        '"filename": "a.warc.gz", "offset": 1000000000000000000000000000000',
        '"filename": "a.warc.gz", "offset": 1e400',
        f'"filename": "{"a" * 5000}.warc.gz", "offset": 0',
        f'"filename": {"[" * 200_000}',
    ],
    ids=["negative", "too-far", "no-offset", "infinite", "long-name", "deep"],
)
def test_a_hostile_line_costs_no_other(tmp_path: Path, fields: str) -> None:
    one, _, _ = slugs()
    put(tmp_path / "a.warc.gz", article(one))
    bad = f'com,okx)/help/x 20260301000000 {{"url": "{SITE}/help/x", {fields}}}\n'
    good = f'com,okx)/help/x 20260301000000 {{"url": "{SITE}/", "filename": "a.warc.gz", "offset": "0"}}\n'
    (tmp_path / "list.cdxj").write_text(bad + good)
    report = run(tmp_path, tmp_path / "list.cdxj")
    (problem,) = report.problems
    assert Path(problem.file).parent == tmp_path
    assert len(str(problem)) < 1000
    assert load(tmp_path / "archive").keys() == {one}


def test_a_wacz_keeps_the_rules_of_its_parts(tmp_path: Path) -> None:
    """Names of resources are in lower case (Data Package), years those that a zip knows."""
    one, _, _ = slugs()
    long_ago = dt.datetime(1979, 12, 31, 23, 59, 58, tzinfo=dt.UTC)
    run(tmp_path, put(tmp_path / "x.warc.gz", article(one, long_ago)))
    target = tmp_path / "x.wacz"
    assert main(["export", "--wacz", "--archive", str(tmp_path / "archive"), "-o", str(target)]) == 0
    with zipfile.ZipFile(target) as packed:
        resources = json.loads(packed.read("datapackage.json"))["resources"]
        assert [each for each in resources if not re.fullmatch(r"[-a-z0-9._/]+", each["name"])] == []
        assert {info.date_time for info in packed.infolist()} == {(1980, 12, 31, 23, 59, 58)}
        assert packed.testzip() is None
    report = import_captures(str(tmp_path / "other"), [target])
    assert report.problems == []
    assert load(tmp_path / "other")[one]["fetched_at"] == long_ago


def test_a_name_with_the_mark_of_a_wacz(tmp_path: Path) -> None:
    one, two, three = slugs()
    folder = tmp_path / "old!"
    folder.mkdir()
    put(folder / "bang!.warc.gz", article(one))
    (folder / "whole!.warc.gz").write_bytes(gzip.compress(article(two) + article(two, at=AT + DAY)))
    with zipfile.ZipFile(folder / "x!.WACZ", "w") as packed:
        packed.writestr("archive/a!.warc.gz", members(article(three)))
    report = run(tmp_path, *sorted(folder.iterdir()))
    assert report.problems == []
    assert load(tmp_path / "archive", "2026-03-01").keys() == {one, two, three}
    catalog = Catalog(tmp_path / "archive")
    facts = catalog.facts(catalog.resolve("2026-03-01"))
    assert facts.arguments.files == ("bang!.warc.gz", "whole!.warc.gz", "x!.WACZ")


def test_raw_text_says_that_it_is_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "- How to face the cameraPublished on Sep 1, 2023Updated on Nov 17, 202513,989"
    url = f"{SITE}/help/section/faq-identity"
    run(tmp_path, put(tmp_path / "cc.warc.wet.gz", record(url, text.encode(), kind="conversion")))
    archive, target = str(tmp_path / "archive"), tmp_path / "text"
    assert main(["show", "how-to-face-the-camera", "--raw", "--archive", archive, "-o", str(target)]) == 0
    assert target.read_text() == text
    said = capsys.readouterr().err
    assert f"{url} at 2026-03-01 06:00:00 UTC: text without HTTP headers, 77 bytes, warc/" in said


def test_records_are_found_again_by_name_and_offset(tmp_path: Path) -> None:
    put(tmp_path / "a.warc.gz", *(article(slug) for slug in slugs()))
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as packed:
        packed.write(tmp_path / "a.warc.gz", "archive/a.warc.gz")
    for name in ("a.warc.gz", "a.wacz"):
        for item in captures_in(tmp_path / name):
            assert isinstance(item, Record)
            assert record_in(item.file, item.offset).payload == item.payload


def test_endings(tmp_path: Path) -> None:
    assert not is_capture_file(Path("page.html"))
    with pytest.raises(InputError, match="give a file that ends in"):
        list(captures_in(tmp_path / "page.html"))
    with pytest.raises(InputError, match="cannot be opened"):
        list(captures_in(tmp_path / "missing.warc.gz"))
