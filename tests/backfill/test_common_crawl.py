"""Captures are fetched by ranges of bytes from a server laid out as Common Crawl's, also past its faults."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper.archive.recordings import Capture
from helpscraper.backfill import fetch as fetching
from helpscraper.backfill import sources
from helpscraper.backfill.choose import Wanted, choose
from helpscraper.backfill.client import Gap
from helpscraper.backfill.coverage import Coverage
from helpscraper.backfill.fetch import ANOTHER, LATER, NOT_HAD, REFUSED, Asked, fetch, known_to, prefixes
from helpscraper.backfill.kept import Kept
from helpscraper.backfill.sources import CommonCrawl, source_of
from helpscraper.errors import CommandError
from helpscraper.sites import get_site, sites_at
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Record, digest_of
from tests.backfill.archives import Fault, Reply, Web, common_crawl, quick, revisit, serving, utc
from tests.warc.made import SITE, members, response

A, B = f"{SITE}/help/a", f"{SITE}/help/b"
LONG_AGO = utc(2000, 1, 1)
FIRST, SECOND, THIRD = utc(2019, 3, 1), utc(2021, 5, 1), utc(2022, 7, 1)


def archive() -> Web:
    """Four captures of one article in three collections, the last one a revisit, and pages that are not wanted."""
    return common_crawl(
        {
            "CC-MAIN-2022-27": {"crawl/c.warc.gz": members(revisit(A, b"two", THIRD, A, SECOND))},
            "CC-MAIN-2021-17": {
                "crawl/b.warc.gz": members(
                    response(A, b"two", at=SECOND),
                    response(f"{SITE}/trade", b"x", at=SECOND),
                    response(f"{SITE}/fr/help/a", b"x", at=SECOND),
                    response(B, b"gone", at=SECOND, status="404 Not Found"),
                )
            },
            "CC-MAIN-2019-09": {"crawl/a.warc.gz": members(response(A, b"one", at=FIRST))},
        }
    )


class Run:
    """What one run over the archive had, kept and left out."""

    def __init__(
        self, web: Web, folder: Path, *, start: dt.datetime = LONG_AGO, limit: int | None = None
    ) -> None:
        client, self.slept = quick(pause=0.0)
        wanted = Wanted(get_site("okx"), "en", sites_at().find, start, utc(2023, 1, 1), utc(2026, 1, 1))
        source = CommonCrawl(client, "loopback", f"{web.url}/collinfo.json", web.url)
        self.asked, self.coverage = Asked(), Coverage()
        kept = Kept(folder / "kept.warc.gz", source.name)
        known = list(known_to(source, wanted, self.asked, lambda *_: None))
        picks = choose(known, wanted, dt.timedelta(0), self.coverage.leave_out)
        web.asked.clear()
        fetch(source, picks, kept, limit, self.coverage, self.asked, lambda *_: None)
        kept.close()
        with kept.path.open("rb") as stream:
            read = list(iter_records(stream, "kept"))
        assert all(isinstance(item, Record) for item in read)
        self.kept = [(each.type, each.url, each.date) for each in read if isinstance(each, Record)][1:]

    def named(self, reason: str) -> list[str]:
        return [each.split(": ", 1)[1] for each in self.coverage.examples[reason]]


def test_each_payload_is_fetched_once_and_nothing_is_asked_for_twice(tmp_path: Path) -> None:
    with serving(archive()) as web:
        run = Run(web, tmp_path)
        assert run.kept == [("response", A, FIRST), ("response", A, SECOND), ("revisit", A, THIRD)]
        assert [path for path, _ in web.asked] == ["/crawl/a.warc.gz", "/crawl/b.warc.gz"]
        assert all("Range" in headers for _, headers in web.asked)
        again = Run(web, tmp_path)
        assert again.kept == run.kept and not web.asked
        assert web.at_once == 1
    assert run.coverage.total("fetched") == 2 and run.coverage.total("unchanged") == 1
    assert run.coverage.reasons["status 404"] == {2021: 1}
    assert not (run.asked.missed or run.asked.again)
    assert again.coverage == run.coverage


def test_a_limit_leaves_the_rest_for_the_next_run(tmp_path: Path) -> None:
    with serving(archive()) as web:
        one = Run(web, tmp_path, limit=1)
        assert (one.kept, len(web.asked)) == ([("response", A, FIRST)], 1)
        assert one.coverage.reasons[LATER].total() == 2
        two = Run(web, tmp_path, limit=1)
        assert (len(two.kept), len(web.asked)) == (3, 1)


def test_a_killed_run_is_gone_on_with_where_it_was_cut_off(tmp_path: Path) -> None:
    with serving(archive()) as web:
        whole = Run(web, tmp_path).kept
        file = tmp_path / "kept.warc.gz"
        data = file.read_bytes()
        for size in (0, 9, len(data) // 2, len(data) - 1):
            file.write_bytes(data[:size])
            assert Run(web, tmp_path).kept == whole, size
            assert len(web.asked) <= 2


def test_a_revisit_brings_its_original_from_the_file_where_that_lies(tmp_path: Path) -> None:
    with serving(archive()) as web:
        run = Run(web, tmp_path, start=utc(2022, 1, 1))
        assert run.kept == [("response", A, SECOND), ("revisit", A, THIRD)]
        ranges = [path for path in web.paths("crawl/") if "index" not in path]
        assert ranges == ["/crawl/c.warc.gz", "/crawl/b.warc.gz"]


def test_a_revisit_of_a_capture_that_is_nowhere_is_named(tmp_path: Path) -> None:
    web = common_crawl({"CC-MAIN-2022-27": {"c.warc.gz": members(revisit(A, b"two", THIRD, A, SECOND))}})
    with serving(web):
        run = Run(web, tmp_path)
    assert (run.kept, run.asked.again) == ([], False)
    assert run.named(ANOTHER) == ["a revisit of a capture that the index does not know"]


def test_a_revisit_whose_original_lies_in_a_part_that_is_missing_is_not_said_to_be_nowhere(
    tmp_path: Path,
) -> None:
    web = archive()
    with serving(web):
        web.fault = lambda path, *_: (403, {}, b"") if "2021-17-index" in path else None
        run = Run(web, tmp_path, start=utc(2022, 1, 1))
    assert run.kept == [] and "2021-17-index" in run.named(REFUSED)[0]


def on_ranges(reply: Callable[[int, Reply], Reply]) -> Fault:
    """A fault of every range of bytes: ``reply`` makes it of the number of tries and of the right answer."""
    web = archive()

    def fault(path: str, headers: object, count: int) -> Reply | None:
        return reply(count, web.reply(path, headers)) if path.startswith("/crawl/") else None  # type: ignore[arg-type]

    return fault


def cut(reply: Reply) -> Reply:
    status, headers, body = reply
    return status, headers, body[:-5]


def short(reply: Reply) -> Reply:
    """An answer that breaks off before the bytes that it promised."""
    status, headers, body = reply
    return status, headers | {"Content-Length": str(len(body))}, body[:-5]


@pytest.mark.parametrize(
    ("fault", "reason", "said"),
    [
        (lambda n, right: (503, {}, b""), NOT_HAD, "status 503"),
        (lambda n, right: (429, {"Retry-After": "900"}, b""), NOT_HAD, "900 s"),
        (lambda n, right: short(right), NOT_HAD, "cut off"),
        (lambda n, right: cut(right), ANOTHER, "bytes of the record"),
        (lambda n, right: (200, {}, right[2]), ANOTHER, "status 200 for a range"),
        (lambda n, right: (200, {}, right[2] * 9), ANOTHER, "more than the requested range"),
        (lambda n, right: (404, {}, b""), REFUSED, "status 404"),
        (lambda n, right: (403, {}, b""), REFUSED, "status 403"),
        (lambda n, right: (206, {"Content-Range": "bytes 0-1/2"}, right[2]), ANOTHER, "another range"),
        (lambda n, right: (206, right[1], bytes(len(right[2]))), ANOTHER, "no whole record"),
    ],
)
def test_a_fault_of_the_archive_is_named_and_nothing_else_is_kept(
    fault: Callable[[int, Reply], Reply], reason: str, said: str, tmp_path: Path
) -> None:
    with serving(archive()) as web:
        web.fault = on_ranges(fault)
        run = Run(web, tmp_path)
        assert run.kept == []
        assert len(run.named(reason)) == 3 and said in run.named(reason)[0]
        web.fault = lambda *_: None
        assert len(Run(web, tmp_path).kept) == 3  # nothing is lost by the fault


def test_faults_that_pass_leave_no_trace(tmp_path: Path) -> None:
    with serving(archive()) as web:
        web.fault = on_ranges(lambda n, right: [(503, {}, b""), short(right), right][n - 1])
        assert len(Run(web, tmp_path).kept) == 3


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("url", B, "the record of another address"),
        ("timestamp", "20190301000001", "the record of another time"),
        ("digest", digest_of(b"three").removeprefix("sha1:"), "another payload"),
        ("status", "301", "the record of another status"),
        ("offset", "0", "a record of another type|no whole record|another address"),
        ("length", "99", "no whole record"),
        ("length", "0", "no place"),
        ("filename", "", "no place"),
        ("filename", "../../etc/passwd", "status"),
    ],
)
def test_a_line_of_the_index_that_leads_to_another_record_is_named(
    field: str, value: str, said: str, tmp_path: Path
) -> None:
    web = common_crawl(
        {"2019": {"a.warc.gz": members(response(B, b"zero", at=FIRST), response(A, b"one", at=FIRST))}}
    )
    line = web.indexes["2019"][0]  # type: ignore[attr-defined]
    line[field] = value
    with serving(web):
        run = Run(web, tmp_path)
    assert [each[1] for each in run.kept] == [B]
    (named,) = run.named(REFUSED if said == "status" else ANOTHER)
    assert any(each in named for each in said.split("|")), named


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, {}, b"[]"), None),
        ((200, {}, b"{}"), "no list of collections"),
        ((404, {}, b""), "no list of collections, status 404"),
        ((200, {}, b'[{"id": "x", "cdx-api": "http://127.0.0.2/x"}]'), "on another site"),
        ((200, {"Content-Length": "99999999999"}, b""), "the bound is"),
    ],
)
def test_a_list_of_collections_that_is_none_is_a_gap(reply: Reply, said: str | None, tmp_path: Path) -> None:
    with serving(archive()) as web:
        web.fault = lambda path, _, count: reply if path == "/collinfo.json" else None
        run = Run(web, tmp_path)
    told = run.asked.missing
    assert run.asked.missed == (said is not None)
    assert run.kept == [] and bool(told) == (said is not None)
    assert all(said and said in each for each in told)


def test_an_index_that_does_not_answer_is_a_gap_and_the_others_are_asked(tmp_path: Path) -> None:
    with serving(archive()) as web:
        broken = (500, {}, b"")
        web.fault = lambda path, _, count: (
            broken if "2021-17-index" in path and "okx.com%2Fhelp&" in path else None
        )
        run = Run(web, tmp_path)
    assert [each[2] for each in run.kept] == [FIRST, SECOND, THIRD]  # the revisit still leads to the original
    assert run.asked.missed and run.asked.again


DAYS = [FIRST + dt.timedelta(days=number) for number in range(12)]


def many() -> Web:
    """A collection whose index has four pages of one article, a capture of each day."""
    pages = members(*(response(A, f"{day}".encode(), at=day) for day in DAYS))
    return common_crawl({"CC-MAIN-2019-09": {"a.warc.gz": pages}})


def asked(web: Web, start: dt.datetime = LONG_AGO, end: dt.datetime = THIRD) -> tuple[list[str], list[str]]:
    """The days of the captures that the index knows, and its gaps."""
    source = CommonCrawl(quick(pause=0.0)[0], "loopback", f"{web.url}/collinfo.json", web.url)
    found = list(source.known(A, start, end))
    gaps = [item.message for item in found if isinstance(item, Gap)]
    return [item.date[:8] for item in found if isinstance(item, Capture)], gaps


@pytest.mark.parametrize("status", [400, 403, 404, 503])
def test_a_page_that_the_index_refuses_is_named_and_the_next_one_is_asked(status: int) -> None:
    with serving(many()) as web:
        web.fault = lambda path, *_: (status, {}, b"") if "page=1" in path else None
        days, (gap,) = asked(web)
    assert days == [f"{day:%Y%m%d}" for day in (*DAYS[:3], *DAYS[6:])]
    assert "page=1" in gap and f"status {status}" in gap


def test_an_index_that_refuses_every_page_is_left_alone() -> None:
    with serving(many()) as web:
        web.fault = lambda path, *_: (403, {}, b"") if "page=" in path else None
        days, gaps = asked(web)
        assert (days, len(gaps), len(web.paths("&page="))) == ([], 4, 3)
    assert "its other pages are not asked" in gaps[-1]


def test_a_page_outside_the_time_does_not_end_the_index() -> None:
    with serving(many()) as web:
        assert asked(web, DAYS[4], DAYS[7]) == ([f"{day:%Y%m%d}" for day in DAYS[4:7]], [])
        assert asked(web, DAYS[9], DAYS[11]) == ([f"{day:%Y%m%d}" for day in DAYS[9:11]], [])


def test_more_pages_than_are_asked_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MOST_PAGES", 2)
    with serving(many()) as web:
        days, (gap,) = asked(web)
    assert len(days) == 6 and "has 4 pages" in gap and "the first 2 are asked" in gap


def test_an_index_that_repeats_a_page_for_ever_is_left_alone() -> None:
    with serving(many()) as web:
        right = web.reply

        def reply(path: str, headers: object) -> Reply:
            if "showNumPages" in path:
                return 200, {}, b'{"pages": 999999999}'
            turn = "page=1" if int(path.rpartition("=")[2]) % 2 else "page=0"
            return right(f"{path.rpartition('page=')[0]}{turn}", {})

        web.fault = lambda path, headers, count: reply(path, headers) if "-index?" in path else None
        days, (gap,) = asked(web)
        assert len(web.paths("&page=")) == 3
    assert len(days) == 6 and "the same page twice" in gap


def test_an_index_of_junk_is_left_after_a_few_pages() -> None:
    with serving(many()) as web:

        def reply(path: str) -> Reply:
            return 200, {}, b'{"pages": 900}' if "showNumPages" in path else path[-2:].encode() * 9

        web.fault = lambda path, *_: reply(path) if "-index?" in path else None
        days, gaps = asked(web)
        assert len(web.paths("&page=")) == 3
    assert days == [] and "after 3 pages in a row that could not be read" in gaps[-1]


@pytest.mark.parametrize("told", [b"{}", b'{"pages": -1}', b'{"pages": true}', b"[" * 9999, None])
def test_an_index_without_pages_is_asked_for_everything(told: bytes | None) -> None:
    """``None``: it ignores the parameters of pages, as a pywb with a small index does."""
    with serving(many()) as web:
        lines = "".join(f"{json.dumps(line)}\n" for line in web.indexes["CC-MAIN-2019-09"])  # type: ignore[attr-defined]

        def reply(path: str) -> Reply:
            assert "page=" not in path
            return 200, {}, told if told is not None and "showNumPages" in path else lines.encode()

        web.fault = lambda path, *_: reply(path) if "-index?" in path else None
        assert asked(web) == ([f"{day:%Y%m%d}" for day in DAYS], [])


def test_pages_may_be_a_bare_number() -> None:
    with serving(many()) as web:
        web.fault = lambda path, *_: (200, {}, b"4\n") if "showNumPages" in path else None
        assert len(asked(web)[0]) == 12


def test_a_list_of_absurdly_many_collections_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MOST_COLLECTIONS", 2)
    with serving(archive()) as web:
        assert asked(web) == ([], [f"{web.url}/collinfo.json: 3 collections; the bound is 2"])


@pytest.mark.parametrize(("bound", "said"), [("_MOST_LINES", "5 lines"), ("_MOST_KNOWN", "5 captures")])
def test_more_than_is_read_at_once_is_named(
    bound: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, bound, 5)
    with serving(many()) as web:
        run = Run(web, tmp_path)
    assert len(run.kept) == 5
    ((text, count),) = run.asked.missing.items()
    assert f"more than {said}" in text and "--from" in text and count == 1 and not run.asked.again


def test_gaps_without_number_are_counted_and_some_are_named() -> None:
    found = Asked()
    for number in range(1000):
        found.miss(Gap(f"{number}", again=False))
    assert (found.missed, len(found.missing)) == (1000, 20)


def test_only_collections_near_the_time_are_asked(tmp_path: Path) -> None:
    with serving(archive()) as web:
        client, _ = quick(pause=0.0)
        source = CommonCrawl(client, "loopback", f"{web.url}/collinfo.json", web.url)
        (found,) = source.known(A, utc(2019, 1, 1), utc(2019, 12, 31))
        assert getattr(found, "date", "") == "20190301000000"
        assert not web.paths("2021-17") and not web.paths("2022-27")


def test_the_index_is_asked_for_every_address_that_the_edition_ever_had() -> None:
    assert prefixes(get_site("okx"), "en") == [
        "https://www.okx.com/help", "https://www.okx.com/en/help", "https://web3.okx.com/help",
        "https://web3.okx.com/en/help", "https://aws.okx.com/help", "https://aws.okx.com/en/help",
        "https://www.okex.com/help", "https://www.okex.com/en/help", "https://support.okex.com/hc/en-us",
        "https://support.okex.com/api/v2/help_center/en-us/articles.json", "https://www.okex.com/support/hc/en-us",
        "https://www.okex.com/support/api/v2/help_center/en-us/articles.json", "https://www.okx.com/support/hc/en-us",
        "https://www.okx.com/support/api/v2/help_center/en-us/articles.json",
    ]  # fmt: skip
    generic = replace(get_site("okx"), platform="generic", eras={}, also_at={}, declaration={})
    assert prefixes(generic, "en") == ["https://www.okx.com"]


def test_a_source_is_known_by_its_name_or_its_address() -> None:
    client, _ = quick()
    names = ["commoncrawl", "wayback", "http://a.example/x/collinfo.json", "https://a.example/coll/cdx"]
    assert [source_of(name, client).name for name in names] == [
        "commoncrawl", "wayback", "a.example-x-collinfo.json", "a.example-coll-cdx",
    ]  # fmt: skip
    with pytest.raises(CommandError, match="unknown"):
        source_of("internet", client)
