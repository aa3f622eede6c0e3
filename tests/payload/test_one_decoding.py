"""One decoding for all: a crawl, an import and a re-extraction read the same of the same bytes and headers."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings import PayloadReader, Recorder, read_record
from helpscraper.archive.store import open_store
from helpscraper.warc.build import Exchange, response_record
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Record, digest_of
from tests.payload.one_decoding import TEXT, Cell, Outcome, cells, crawled, recorded
from tests.payload.test_codings import chunked
from tests.warc.made import AT, SITE, members, record

CELLS = list(cells())


def parsed(data: bytes) -> Record:
    (found,) = iter_records(BytesIO(members(data)), "x.warc.gz")
    assert isinstance(found, Record), found
    return found


def three_ways(cell: Cell, *, size: int = 0) -> tuple[Outcome, Outcome, Outcome]:
    """The crawl, a record of another crawler with chunks of ``size``, and the crawl's own record."""
    url = f"{SITE}/help/{cell.slug}"
    head = b"".join(name + b": " + value + b"\r\n" for name, value in cell.headers)
    wire, transfer = (
        (chunked(cell.wire, size), b"Transfer-Encoding: chunked\r\n") if size else (cell.wire, b"")
    )
    other = parsed(record(url, b"HTTP/1.1 200 OK\r\n" + head + transfer + b"\r\n" + wire))
    exchange = Exchange(
        url=url, date=AT, method="GET", request_headers=[], request_body=b"", status=200,
        response_headers=cell.headers, payload=cell.wire,
    )  # fmt: skip
    own = parsed(response_record(exchange, "<urn:uuid:1>", digest_of(cell.wire)))
    found = (
        crawled(cell.wire, cell.headers, url, cell.slug),
        recorded(other, cell.slug),
        recorded(own, cell.slug),
    )
    return found


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.coding}-{cell.charset}-{cell.place}")
def test_a_whole_answer_reads_the_same_and_right_wherever_its_charset_stands(cell: Cell) -> None:
    live, other, own = three_ways(cell, size=100)
    assert live == other == own
    if cell.readable:
        assert live[:2] == ("row", TEXT)
        assert TEXT in live[2]
        assert live[3] == "0"


@given(st.sampled_from(CELLS), st.floats(0, 1), st.booleans(), st.sampled_from([0, 1, 7, 10_000]))
@settings(max_examples=60)
def test_whatever_is_cut_or_kept_reads_the_same_or_is_the_same_error(
    cell: Cell, share: float, kept: bool, size: int
) -> None:
    cell = replace(cell, share=share, kept=kept)
    live, other, own = three_ways(cell, size=size)
    assert live == other == own
    if share == 1.0 and kept and cell.readable:
        assert live[:2] == ("row", TEXT)
    if share < 0.95 and not kept and cell.coding not in {"", "none", "UTF-8"}:
        assert live[0] != "row", "a page that was cut within its coding"


@pytest.mark.long
@given(st.sampled_from(CELLS), st.floats(0, 1), st.booleans(), st.sampled_from([0, 1, 7, 10_000]))
@settings(max_examples=2000)
def test_whatever_is_cut_or_kept_at_length(cell: Cell, share: float, kept: bool, size: int) -> None:
    live, other, own = three_ways(replace(cell, share=share, kept=kept), size=size)
    assert live == other == own


def test_the_same_bytes_under_other_headers_are_read_under_their_own(tmp_path: Path) -> None:
    cells = [
        Cell("gzip", "koi8-r", "header"),
        Cell("gzip", "koi8-r", "none"),
        Cell("gzip", "koi8-r", "header"),
    ]
    store = open_store(tmp_path)
    recorder = Recorder(store, Partition("okx", "en"), "20260301T060000Z", info={})
    url, live, read = f"{SITE}/help/a-knot", [], []
    for cell in cells:
        live.append(crawled(cells[0].wire, cell.headers, url, cell.slug))
        exchange = Exchange(
            url=url, date=AT, method="GET", request_headers=[], request_body=b"", status=200,
            response_headers=cell.headers, payload=cells[0].wire,
        )  # fmt: skip
        reference = recorder.write(exchange)
        read.append((reference, read_record(store, reference)))
    recorder.close()
    payloads = PayloadReader(store)
    assert [record.type for _, record in read] == ["response", "revisit", "revisit"]
    assert [record.digest for _, record in read] == [read[0][1].digest] * 3
    holder = read[0][1]
    found = [recorded(record, "a-knot", holder if record.is_revisit else None) for _, record in read]
    assert found == live
    assert found[0] == found[2] != found[1]
    assert [payloads.read(reference)[1]["content_type"] for reference, _ in read] == [
        c.content_type for c in cells
    ]


@pytest.mark.parametrize("header", ["utf-8", ""])
def test_what_was_undecodable_in_a_body_is_counted_as_a_rule(header: str) -> None:
    cell = Cell("gzip", "windows-1251", "none")
    outcomes = three_ways(replace(cell, place="header" if header else "none", charset="windows-1251"))
    assert {outcome[3] for outcome in outcomes} == ({"0"} if header else {"1"})
