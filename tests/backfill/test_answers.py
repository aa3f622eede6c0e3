"""Every form in which an index answers gives the same captures, and no answer breaks the reader."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.recordings import Capture
from helpscraper.backfill.answers import parse_answer
from helpscraper.warc.record import Damage, digest_of

KEY = "com,okx)/help/a"
DIGEST = digest_of(b"a page").removeprefix("sha1:")


def captures() -> st.SearchStrategy[Capture]:
    return st.builds(
        Capture,
        url=st.from_regex(r"https?://(www\.)?okx\.com/help/[a-z0-9%-]{1,20}", fullmatch=True),
        date=st.datetimes().filter(lambda at: at.year > 1995).map(lambda at: f"{at:%Y%m%d%H%M%S}"),
        status=st.sampled_from([200, 301, 404, None]),
        mime=st.sampled_from(["text/html", "warc/revisit"]),
        digest=st.binary(max_size=3).map(digest_of) | st.just(""),
        file=st.from_regex(r"crawl/[a-z0-9]{1,9}\.warc\.gz", fullmatch=True),
        offset=st.integers(0, 1 << 40),
        length=st.integers(1, 1 << 30),
    )


def fields(capture: Capture, names: tuple[str, ...]) -> dict[str, str]:
    values = (
        KEY, capture.date, capture.url, capture.mime, str(capture.status or "-"),
        capture.digest.removeprefix("sha1:") or "-", str(capture.length), str(capture.offset), capture.file,
    )  # fmt: skip
    return dict(zip(names, values, strict=True))


CDXJ = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename")
WAYBACK = (
    "urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length", "offset", "filename",
)  # fmt: skip


def cdxj(found: list[Capture]) -> bytes:
    lines = []
    for each in found:
        told = fields(each, CDXJ)
        del told["urlkey"], told["timestamp"]
        lines.append(f"{KEY} {each.date} {json.dumps(told)}")
    return "\n".join(lines).encode()


def json_lines(found: list[Capture]) -> bytes:
    return "".join(json.dumps(fields(each, CDXJ)) + "\r\n" for each in found).encode()


def arrays(found: list[Capture]) -> bytes:
    rows = [list(WAYBACK), *(list(fields(each, WAYBACK).values()) for each in found)]
    return ("[" + ",\n".join(map(json.dumps, rows)) + "]").encode()


def columns(found: list[Capture]) -> bytes:
    lines = [" CDX N b a m s k S V g", *(" ".join(fields(each, WAYBACK).values()) for each in found)]
    return "\n".join(lines).encode()


FORMS = [cdxj, json_lines, arrays, columns]


@settings(max_examples=30)
@given(st.lists(captures(), max_size=4))
def test_every_form_of_answer_gives_the_same_captures(found: list[Capture]) -> None:
    for form in FORMS:
        assert list(parse_answer(form(found), "index")) == found, form.__name__


def test_the_wayback_machines_columns_have_no_header_and_no_place() -> None:
    line = f"com,okx)/help 20190102030405 https://okx.com/help text/html 200 {DIGEST} 123\n"
    (found,) = parse_answer(line.encode(), "index")
    assert found == Capture(
        "https://okx.com/help", "20190102030405", 200, "text/html", f"sha1:{DIGEST}", "", 0, 123
    )


@settings(max_examples=60)
@given(st.sampled_from(FORMS), st.lists(captures(), min_size=1, max_size=3), st.data())
def test_a_damaged_answer_is_named_and_its_other_lines_are_read(form, found, data) -> None:  # type: ignore[no-untyped-def]
    answer = bytearray(form(found))
    place = data.draw(st.integers(0, len(answer) - 1))
    answer[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    read = list(parse_answer(bytes(answer), "index"))
    for item in read:
        if isinstance(item, Damage):
            assert item.file == "index" and item.detail and item.advice
    if form is json_lines and bytes(answer).count(b"\n") == len(found):
        assert sum(item in read for item in found) >= len(found) - 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"message": "No Captures found for: okx.com/help*"}', None),
        (b"", None),
        (b"[]", None),
        (b'{"error": "the index is being rebuilt"}', "the index says: the index is being rebuilt"),
        (b"<html><title>503</title>", "no timestamp"),
        (b'[{"url": 1}]', "not an array of arrays"),
        (b"[" * 100_000, "not an answer of an index"),
        (cdxj([Capture("ftp://okx.com/help", "20190102030405", 200, "", "", "a", 0, 1)]), "no address of the web"),
        (cdxj([Capture("https://okx.com/help", "20190199000000", 200, "", "", "a", 0, 1)]), "no timestamp"),
    ],
)  # fmt: skip
def test_an_answer_without_captures_is_told_from_one_that_is_none(answer: bytes, said: str | None) -> None:
    read = list(parse_answer(answer, "index"))
    if said is None:
        assert read == []
    else:
        (damage,) = read
        assert isinstance(damage, Damage) and said in damage.detail


def test_the_target_of_a_redirect_is_read() -> None:
    to = "https://okx.com/help/b"
    letters = (
        f" CDX N b a m s k r S\ncom,okx)/help 20190102030405 https://okx.com/help text/html 301 - {to} 9"
    )
    whole = Capture("https://okx.com/help", "20190102030405", 301, "text/html", "", "", 0, 9, to)
    lines = [{"timestamp": whole.date, "url": whole.url, "mime": "text/html", "status": "301", "length": "9"} | more
             for more in ({"redirect": to}, {"redirect": "-"}, {"redirect": "a" * 9999})]  # fmt: skip
    assert list(parse_answer(letters.encode(), "index")) == [whole]
    found = list(parse_answer("\n".join(map(json.dumps, lines)).encode(), "index"))
    assert found == [whole, replace(whole, location=""), replace(whole, location="")]


@pytest.mark.parametrize(
    ("good", "junk"), [(b"[]", b'["a","b"],'), (b"[]", b"[],"), (b"", b"{\n"), (b"", b"\n"), (b"", b"!\n")]
)
def test_an_answer_of_junk_is_not_read_to_its_end(good: bytes, junk: bytes) -> None:
    """A million lines that are none would take many seconds; of good ones any number is read."""
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "f", 7, 8)
    many = junk * 1_000_000 if not good else b'[["timestamp","url"],' + junk * 1_000_000 + b"[]]"
    begun = process_time()
    *first, last = parse_answer(many, "index")
    assert process_time() - begun < 0.5
    assert all(isinstance(item, Damage) for item in first) and len(first) in {0, 5}
    assert isinstance(last, Damage) and last.file == "index" and "not read" in last.advice
    assert last.detail.startswith("gives 1,000 more lines without a capture than with one")
    assert not first or (isinstance(first[0], Damage) and first[0].detail in last.detail)
    if not good:
        line = json_lines([whole])
        read = list(parse_answer((line + junk) * 1500 + line, "index"))
        assert read.count(whole) == 1501
        named = [item for item in read if isinstance(item, Damage)]
        assert len(named) == (6 if junk == b"{\n" else 0)
        assert not named or named[-1].detail == "1,495 more lines are no lines of an index"


def test_an_absurd_line_is_named_and_the_next_one_is_read() -> None:
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "f", 7, 8)
    absurd = [b"CDX " + b"a " * 50_000, b" " * 99_999 + b"x", b'{"url": "' + b"y" * 99_999 + b'"}']
    *damages, found = parse_answer(b"\n".join([*absurd, json_lines([whole])]), "index")
    assert found == whole
    assert len(damages) == 3
    assert all(isinstance(each, Damage) and "the bound is 65,536" in each.detail for each in damages)


def test_an_absurd_row_ends_the_answer_without_being_read() -> None:
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "f", 7, 8)
    answer = arrays([whole])[:-1] + b",[" + b"1," * 500_000 + b"1]]"
    tracemalloc.start()
    found, damage = parse_answer(answer, "index")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == whole and isinstance(damage, Damage) and "not an answer" in damage.detail
    assert peak < 4 * len(answer)


def test_an_answer_that_is_cut_off_gives_its_whole_rows() -> None:
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "f", 7, 8)
    first, second, damage = parse_answer(arrays([whole] * 3)[:-9], "index")
    assert first == second == whole and isinstance(damage, Damage) and "not an answer" in damage.detail


@pytest.mark.parametrize("file", ["f" * 2001, "a\ud800b", "a\nb"])
def test_a_file_name_that_none_can_be_is_no_place(file: str) -> None:
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "f", 7, 8)
    told = json.dumps(fields(whole, CDXJ) | {"filename": file})
    assert list(parse_answer(told.encode(), "index")) == [replace(whole, file="")]


def test_numbers_that_no_file_can_have_are_none() -> None:
    whole = Capture("https://okx.com/help", "20190102030405", 200, "text/html", "", "a", 7, 8)
    told = json.dumps(fields(whole, CDXJ) | {"offset": "9" * 5000, "length": -4})
    assert list(parse_answer(told.encode(), "index")) == [replace(whole, offset=0, length=0)]
