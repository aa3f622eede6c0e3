"""The encoding of a page, in browsers' order, and undecodable characters."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.payload.charsets import decoded, encoding_of

RUSSIAN, CHINESE = "Плата взимается", "费率说明"
UTF8 = '<meta charset="utf-8">'


def read(data: bytes, header: str = "") -> str:
    text, undecoded = decoded(data, f"text/html; charset={header}" if header else "text/html")
    assert undecoded == 0
    return text.decode() if isinstance(text, bytes) else text


@pytest.mark.parametrize(
    ("data", "header", "text"),
    [
        (RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN),
        ((UTF8 + RUSSIAN).encode("koi8-r"), '"KOI8-R"', UTF8 + RUSSIAN),
        (('<meta charset="gbk">' + RUSSIAN).encode("cp1251"), "windows-1251", '<meta charset="gbk">' + RUSSIAN),
        (codecs.BOM_UTF16_LE + RUSSIAN.encode("utf-16-le"), "windows-1251", RUSSIAN),
        (codecs.BOM_UTF8 + CHINESE.encode(), "gbk", CHINESE),
        (f"<p>{CHINESE}".encode("utf-16-be"), "utf-16be", f"<p>{CHINESE}"),
        (f"<p>{CHINESE}".encode("utf-16-le"), "utf-16", f"<p>{CHINESE}"),
        ("手数料".encode("iso-2022-jp"), "iso-2022-jp", "手数料"),
        ("模式".encode("gbk"), "gb2312", "模式"),  # which is UTF-8 by chance
        ("€".encode("cp1252"), "iso-8859-1", "€"),
        (b"\x80", "gbk", "€"),
    ],
)  # fmt: skip
def test_the_mark_comes_before_the_header_and_the_header_before_meta(
    data: bytes, header: str, text: str
) -> None:
    assert read(data, header) == text


@pytest.mark.parametrize("declared", ["gbk", '"gbk"', "GBK ; x=y"])
def test_meta_counts_where_the_header_says_nothing(declared: str) -> None:
    page = f"<meta http-equiv=Content-Type content='text/html; charset={declared}'>{CHINESE}"
    assert read(page.encode("gbk")) == page


@pytest.mark.parametrize(
    "header", ["windows-1252", "koi8-r", "utf-16", "x-nobody-knows", "utf-7", "hex", "idna"]
)
def test_utf8_under_a_wrong_name_is_utf8(header: str) -> None:
    assert read(CHINESE.encode(), header) == CHINESE
    assert read(f"<meta charset={header}>{CHINESE}".encode()) == f"<meta charset={header}>{CHINESE}"


@pytest.mark.parametrize(
    "name", ["unicode_escape", "raw-unicode-escape", "punycode", "rot13", "zip", "utf-32", "hz"]
)
def test_no_codec_that_browsers_do_not_know_is_used(name: str) -> None:
    data = rb"\u003cscript\u003e +ADw-script+AD4-"
    assert encoding_of(data, f"text/html; charset={name}") == ("utf-8", 0)
    assert encoding_of(f"<meta charset={name}>".encode() + data) == ("utf-8", 0)


@given(st.text("aж漢�", max_size=40), st.lists(st.integers(0, 39), max_size=3, unique=True))
def test_what_cannot_be_decoded_is_counted_and_what_the_page_held_is_not(
    text: str, places: list[int]
) -> None:
    pieces = [each.encode() for each in text]
    broken = [place for place in places if place < len(pieces)]
    for place in broken:
        pieces[place] = b"\xff"
    shown, undecoded = decoded(b"".join(pieces), "text/html; charset=utf-8")
    assert undecoded == len(broken)
    text = shown if isinstance(shown, str) else shown.decode()
    assert text == b"".join(pieces).decode("utf-8", "replace")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_under_any_header_are_survived(data: bytes, header: str) -> None:
    text, undecoded = decoded(data, header)
    assert undecoded >= 0
    assert isinstance(text, str) or text.decode() is not None
