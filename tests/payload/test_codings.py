"""The bytes from the wire become a page again, within a bound."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import OversizedError, PayloadError
from helpscraper.payload.codings import dechunk, decode_body
from tests.payload.zstandard import zstd


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODERS = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def chunked(data: bytes, size: int) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@given(st.binary(max_size=5000), st.sampled_from(sorted(CODERS)), st.integers(1, 700))
def test_every_coding_is_undone(data: bytes, coding: str, size: int) -> None:
    wire = chunked(CODERS[coding](data), size)
    assert decode_body(wire, content=coding, transfer="chunked") == data


@given(st.binary(max_size=2000))
def test_bare_deflate_is_understood(data: bytes) -> None:
    assert decode_body(_raw_deflate(data), content="deflate") == data


def test_codings_are_undone_in_reverse_order() -> None:
    assert decode_body(gzip.compress(brotli.compress(b"page")), content="br, GZIP") == b"page"


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_bomb_ends_at_the_bound(coding: str) -> None:
    bomb = CODERS[coding](bytes(5_000_000))
    with pytest.raises(OversizedError, match="more than 1,000,000 bytes"):
        decode_body(bomb, content=coding, limit=1_000_000)
    assert len(decode_body(bomb, content=coding, limit=5_000_000)) == 5_000_000


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_cut_page_is_no_page(coding: str) -> None:
    whole = CODERS[coding](b"one page of a help centre, long enough to be cut " * 30)
    with pytest.raises(PayloadError, match=r"cut off|damaged"):
        decode_body(whole[:-9], content=coding)


NO_CODINGS = ["none", "UTF-8", "identity", "text/html", "none, identity", ""]


@pytest.mark.parametrize("coding", [*sorted(CODERS), *NO_CODINGS])
@pytest.mark.parametrize(
    "page", [b"<html>", b"\n\n<!DOCTYPE html>", "\ufeff<p>\u0446".encode(), b"User-agent: *"]
)
def test_text_that_lacks_the_coding_is_taken_as_it_is(coding: str, page: bytes) -> None:
    assert decode_body(page, content=coding) == page
    assert decode_body(chunked(page, 4), content=coding, transfer="chunked") == page


def test_an_unknown_coding_of_what_is_no_text_is_named() -> None:
    with pytest.raises(PayloadError, match="unknown content coding 'rot13'"):
        decode_body(b"\x00\x01uryc", content="rot13")


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_what_is_neither_text_nor_in_its_coding_is_damaged(coding: str) -> None:
    with pytest.raises(PayloadError, match=r"damaged|cut off"):
        decode_body(bytes(range(256)) * 8, content=coding)


def test_many_small_chunks_take_no_more_memory_than_their_bytes() -> None:
    wire = b"2\r\nab\r\n" * 20_000 + b"0\r\n\r\n"
    tracemalloc.start()
    assert len(dechunk(wire)) == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000
    with pytest.raises(OversizedError):
        decode_body(wire, transfer="chunked", limit=1000)


def test_codings_without_end_are_refused() -> None:
    data = b"page"
    for _ in range(9):
        data = gzip.compress(data, mtime=0)
    with pytest.raises(PayloadError, match="more than 8 content codings"):
        decode_body(data, content=", ".join(["gzip"] * 9))


def test_a_transfer_coding_is_undone_too() -> None:
    wire = chunked(gzip.compress(brotli.compress(b"page" * 99)), 7)
    assert decode_body(wire, content="br", transfer="gzip, chunked") == b"page" * 99


def test_a_window_larger_than_any_page_needs_is_refused() -> None:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    packed = packer.compress(bytes(1000)) + packer.flush()
    with pytest.raises(PayloadError, match="damaged"):
        decode_body(packed, content="zstd")


def test_a_large_plain_page_is_refused() -> None:
    with pytest.raises(OversizedError, match="more than 10 bytes"):
        decode_body(b"x" * 11, limit=10)


@given(st.binary(min_size=1, max_size=300), st.integers(1, 100))
def test_chunks_that_break_off_are_an_error(data: bytes, size: int) -> None:
    whole = chunked(data, size)
    with pytest.raises(PayloadError, match=r"damaged|cut off"):
        dechunk(whole[: -len(b"\r\n0\r\n\r\n") - 1])


@pytest.mark.parametrize("plain", [b"<html>", b"", b"3 little pigs\r\n", b"g\r\nabc"])
def test_what_is_not_chunked_stays(plain: bytes) -> None:
    assert dechunk(plain) == plain


def test_a_bomb_of_empty_members_ends_too() -> None:
    empty = gzip.compress(b"", mtime=0)
    with pytest.raises(PayloadError, match="more than 1,000 gzip members"):
        decode_body(empty * 200_000, content="gzip")
    assert decode_body(empty * 999 + gzip.compress(b"page"), content="gzip") == b"page"
