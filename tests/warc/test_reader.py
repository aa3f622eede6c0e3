"""Every damage is named by file and offset, and the rest is still read."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import random
import time
import tracemalloc
import zlib
from typing import Any

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeadersParser

from helpscraper.errors import InputError
from helpscraper.warc.headers import parse_headers
from helpscraper.warc.reader import iter_records, read_at
from helpscraper.warc.record import Damage, Record, digest_of, parse_date, same_digest
from tests.warc.made import members, record, response

A, B, C = (f"https://www.okx.com/help/{name}" for name in "abc")


def read(data: bytes, **options: Any) -> list[Record | Damage]:
    return list(iter_records(io.BytesIO(data), "file.warc.gz", **options))


def urls(items: list[Record | Damage]) -> list[str]:
    return [item.url for item in items if isinstance(item, Record)]


def problems(items: list[Record | Damage]) -> list[tuple[int, str]]:
    return [(item.offset, item.detail) for item in items if isinstance(item, Damage)]


THREE = [response(url, url.encode() * 50) for url in (A, B, C)]


@pytest.mark.parametrize("data", [members(*THREE), b"".join(THREE)], ids=["gzip", "plain"])
def test_records_are_found_at_their_offsets(data: bytes) -> None:
    items = read(data)
    assert urls(items) == [A, B, C]
    assert problems(items) == []
    for item in items:
        assert isinstance(item, Record)
        again = read_at(io.BytesIO(data), "file.warc.gz", item.offset)
        assert (again.url, again.payload, again.status) == (item.url, item.url.encode() * 50, 200)
        assert item.addressable
        assert item.wrong_digests() == []
    lengths = [item.length for item in items if isinstance(item, Record)]
    if data.startswith(b"\x1f"):
        assert sum(lengths) == len(data)


def test_it_does_not_matter_where_a_look_into_the_file_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ended behind the first byte of a member once made it no member: a damage that was none."""
    data = members(*THREE)
    wanted = [(item.offset, item.length) for item in read(data) if isinstance(item, Record)]
    for size in range(1, len(data) + 1):
        monkeypatch.setattr("helpscraper.warc.stream._CHUNK", size)
        items = read(data)
        assert problems(items) == [], size
        assert [(item.offset, item.length) for item in items if isinstance(item, Record)] == wanted


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=5), st.booleans())
@settings(max_examples=40)
def test_any_payload_survives(payloads: list[bytes], packed: bool) -> None:
    records = [response(A, payload) for payload in payloads]
    items = read(members(*records) if packed else b"".join(records))
    assert [item.payload for item in items if isinstance(item, Record)] == payloads
    assert problems(items) == []


@given(st.data())
@settings(max_examples=60)
def test_a_file_cut_anywhere_loses_one_record_at_most(data: st.DataObject) -> None:
    whole = members(*THREE)
    ends = [len(members(*THREE[:n])) for n in range(4)]
    cut = data.draw(st.integers(1, len(whole) - 1))
    items = read(whole[:cut])
    complete = sum(end <= cut for end in ends[1:])
    assert urls(items)[:complete] == [A, B, C][:complete]
    assert len(urls(items)) == complete
    if cut not in ends:
        ((offset, detail),) = problems(items)
        assert offset == ends[complete]
        assert "cut off" in detail or "no gzip member" in detail


def test_a_damaged_member_is_named_and_the_rest_is_read() -> None:
    one, two, three = (members(each) for each in THREE)
    broken = bytearray(two)
    broken[len(two) // 2] ^= 0xFF
    items = read(one + bytes(broken) + three)
    assert urls(items) == [A, C]
    ((offset, detail),) = problems(items)
    assert offset == len(one)
    assert "damaged" in detail


def test_a_member_that_breaks_off_in_the_middle_of_the_file() -> None:
    one, two, three = (members(each) for each in THREE)
    items = read(one + two[: len(two) - 12] + three)
    assert urls(items) == [A, C]
    assert [offset for offset, _ in problems(items)] == [len(one)]


def test_rubbish_between_members() -> None:
    one, two = members(THREE[0]), members(THREE[1])
    items = read(one + b"rubbish" + two)
    assert urls(items) == [A, B]
    assert problems(items) == [(len(one), "no gzip member begins here")]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "the file is empty"),
        (b"<html>", "this is not a WARC file"),
        (gzip.compress(b"<html>no record</html>", mtime=0), "no WARC record begins here"),
        (gzip.compress(b"WARC/1.0\r\nWARC-Type: response\r\n", mtime=0), "cut off inside the WARC headers"),
        (members(record(A, b"", Content_Length="-5")), "not a number of bytes"),
        (members(record(A, b"", Content_Length="many")), "not a number of bytes"),
    ],
    # Names of their own: bytes that hold a time would be named differently by each worker.
    ids=["empty", "html", "gzipped-html", "cut-headers", "negative-length", "no-number"],
)
def test_files_that_hold_no_record(data: bytes, detail: str) -> None:
    ((offset, found),) = problems(read(data))
    assert offset == 0
    assert detail in found


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("lie", [-20, -1, +1, +300, 10**9, 10**14])
def test_a_lying_length_costs_its_own_record(lie: int, packed: bool) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 400
    liar = record(B, block, Content_Length=str(len(block) + lie))
    parts = [THREE[0], liar, THREE[2]]
    items = read(members(*parts) if packed else b"".join(parts))
    assert urls(items) == [A, C]
    offset = len(members(THREE[0])) if packed else len(THREE[0])
    assert offset in [place for place, _ in problems(items)]


def test_a_bomb_is_not_unpacked_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpscraper.warc.reader._MAX_SKIPPED", 3_000_000)
    bomb = gzip.compress(response(B, b"small") + bytes(20_000_000))
    items = read(members(THREE[0]) + bomb + members(THREE[2]), limit=1_000_000)
    assert urls(items) == [A, B, C]  # its own digest vouches for the record before the bomb
    assert any("bomb" in detail for _, detail in problems(items))


def test_line_ends_without_end_cost_neither_memory_nor_the_next_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("helpscraper.warc.reader._MAX_BLANK", 1000)
    bomb = gzip.compress(response(B, b"small") + b"\n" * 5_000_000)
    tracemalloc.start()
    items = read(members(THREE[0]) + bomb + members(THREE[2]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert urls(items) == [A, B, C]
    assert len(problems(items)) == 1
    assert peak < 4_000_000


def test_a_record_beyond_the_bound_is_passed_over() -> None:
    large = response(B, bytes(2_000_000))
    for data in (members(THREE[0], large, THREE[2]), b"".join([THREE[0], large, THREE[2]])):
        items = read(data, limit=1_000_000)
        assert urls(items) == [A, C]
        ((_, detail),) = problems(items)
        assert "the bound is 1,000,000" in detail
    with pytest.raises(InputError, match="the bound is"):
        read_at(io.BytesIO(members(large)), "f", 0, limit=1_000_000)


def test_a_file_that_was_compressed_at_once() -> None:
    items = read(gzip.compress(b"".join(THREE)))
    assert urls(items) == [A, B, C]
    assert [item.addressable for item in items if isinstance(item, Record)] == [False] * 3
    cut = gzip.compress(b"".join([*THREE, response(A, random.Random(1).randbytes(5000))]))[:-2000]
    items = read(cut)
    assert urls(items) == [A, B, C]
    assert len(problems(items)) == 1


def test_old_wget_and_bare_line_feeds() -> None:
    block = b"HTTP/1.0 200 OK\nContent-Type: text/html\n\n<html>"
    (item,) = read(members(record(f"<{A}>", block)))
    assert isinstance(item, Record)
    assert (item.url, item.status, item.payload) == (A, 200, b"<html>")


def test_a_head_of_bare_line_feeds_ends_before_the_page() -> None:
    page = b"<html>\r\n\r\n<body>\n\n"
    block = b"HTTP/1.0 200 OK\nContent-Type: text/html\n\n" + page
    (item,) = read(members(record(A, block, WARC_Payload_Digest=digest_of(page))))
    assert isinstance(item, Record)
    assert (item.payload, item.wrong_digests()) == (page, [])
    (item,) = read(members(response(A, page)))
    assert isinstance(item, Record)
    assert (item.payload, item.wrong_digests()) == (page, [])
    # Whoever joined the lines by hand ended the last one otherwise than the empty one after it.
    block = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\n\r\n" + page
    (item,) = read(members(record(A, block, WARC_Payload_Digest=digest_of(page))))
    assert isinstance(item, Record)
    assert (item.payload, item.wrong_digests()) == (page, [])


def test_chunked_and_brotli_payloads_are_decoded() -> None:
    packed = brotli.compress(b"<html>" * 100)
    wire = b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    headers = "Transfer-Encoding: chunked\r\nContent-Encoding: br\r\n"
    for digest in (digest_of(wire), digest_of(packed)):
        (item,) = read(members(response(A, wire, headers=headers, WARC_Payload_Digest=digest)))
        assert isinstance(item, Record)
        assert item.page().data == b"<html>" * 100
        assert item.wrong_digests() == []


@pytest.mark.parametrize("name", ["WARC_Payload_Digest", "WARC_Block_Digest"])
def test_wrong_digests_are_named(name: str) -> None:
    (item,) = read(members(response(A, b"page", **{name: digest_of(b"another")})))
    assert isinstance(item, Record)
    kind = name.split("_")[1].lower()
    assert item.wrong_digests() == [f"wrong {kind} digest: {digest_of(b'another')} is stated"]


@given(st.binary(max_size=50), st.sampled_from(["sha1", "sha256", "md5", "sha512"]), st.booleans())
def test_digests_in_either_writing(data: bytes, algorithm: str, hexadecimal: bool) -> None:
    digest = hashlib.new(algorithm, data).digest()
    value = digest.hex() if hexadecimal else base64.b32encode(digest).decode().rstrip("=")
    assert same_digest(f"{algorithm}:{value}", data)
    assert not same_digest(f"{algorithm}:{value}", data + b"x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261301000000",
        "2026-13",
        "2026-11-22T06Q",
        "2026-11-22T06:00:00",
        "0000-00-00T00:00:00Z",
        "0999-12-31T23:59:59Z",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for head in (b"", b"\x1f\x8b\x08", b"WARC/1.0\r\n", gzip.compress(b"WARC/1.0\r\n")[:-8]):
        read(head + data)
        read(zlib.compress(data, wbits=31) if head else data)


def test_no_offset_is_trusted() -> None:
    data = members(*THREE)
    for offset in (1, 7, len(data), len(data) + 50):
        with pytest.raises(InputError, match=rf"f#{offset}"):
            read_at(io.BytesIO(data), "f", offset)


_LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30), max_size=6)


@given(_LINES)
@settings(max_examples=200)
def test_headers_are_read_as_warcio_reads_them(lines: list[str]) -> None:
    block = "\r\n".join(["HTTP/1.1 200 OK", *(line for line in lines if line.strip())]).encode()
    theirs = StatusAndHeadersParser(["HTTP/1.1"]).parse(io.BytesIO(block + b"\r\n\r\n"))
    ours = parse_headers(block)
    assert (ours.protocol, ours.statusline) == (theirs.protocol, theirs.statusline)
    if not any(line[:1].isspace() for line in lines):
        assert [(name, value.strip()) for name, value in theirs.headers] == ours.headers


def test_headers_that_go_on_in_the_next_line() -> None:
    found = parse_headers(b"WARC/1.1\r\nA: one\r\n  two\r\nB: \xff\r\nnothing\r\n")
    assert found.headers == [("A", "one two"), ("B", "\xff")]


@pytest.mark.parametrize("place", ["warc", "http"])
def test_headers_that_are_folded_many_times_are_read_in_time_by_their_length(place: str) -> None:
    """Four times the lines may take about four times as long; joining them one by one takes sixteen times as long."""

    def seconds(folds: int) -> float:
        folded = "x" + "\r\n a longer line" * folds
        headers = {"headers": f"X-Long: {folded}\r\n"} if place == "http" else {"X_Long": folded}
        data = response("https://a.example/", b"fine", **headers)
        taken = []
        for _ in range(3):
            begun = time.process_time()
            found = read_at(io.BytesIO(data), "made", 0)
            assert found.http is not None and found.payload == b"fine"
            value = found.http_header("X-Long") if place == "http" else found.headers.get_header("X-Long")
            taken.append(time.process_time() - begun)
            assert value == "x" + " a longer line" * folds
        return min(taken)

    few, many = seconds(12_000), seconds(48_000)
    assert many < 9 * few, (few, many)
