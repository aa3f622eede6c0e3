"""Every kind of record that other tools write is read, or counted and named where it cannot be."""

from __future__ import annotations

import base64
import codecs
import datetime as dt
import gzip
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.reader import Catalog
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.replay.captures import CaptureReport, import_captures
from helpscraper.replay.reextract import reextract
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage, Record, digest_of, parse_date, plain_digest, same_digest
from tests.payload.one_decoding import Cell
from tests.warc.made import AT, SITE, members, record, response

URLS = [f"{SITE}/help/{name}-knot" for name in "abc"]
REVISIT = "http://netpreserve.org/warc/1.1/revisit/"
IDENTICAL, UNMODIFIED = REVISIT + "identical-payload-digest", REVISIT + "server-not-modified"
DAY = dt.timedelta(days=1)
FIRST = f"{AT:%Y-%m-%dT%H:%M:%SZ}"


def read(data: bytes) -> list[Record | Damage]:
    return list(iter_records(io.BytesIO(data), "file.warc"))


# ---- the frame


_ENDS = st.sampled_from(["", "\r\n", "\n", "\r\n\r\n", "\n\n", "\r\n" * 3, "\n" * 30])
_PAYLOADS = st.lists(
    st.binary(max_size=40) | st.sampled_from([b"\r", b"a\r\n", b"\n\n", b""]), min_size=2, max_size=4
)


@given(
    _PAYLOADS,
    st.lists(_ENDS, min_size=4, max_size=4),
    st.sampled_from(["plain", "members", "at once", "mixed"]),
)
@settings(max_examples=100)
def test_records_are_parted_by_any_number_of_line_ends(
    payloads: list[bytes], ends: list[str], form: str
) -> None:
    records = [
        response(URLS[0], payload).removesuffix(b"\r\n\r\n") + end.encode()
        for payload, end in zip(payloads, ends, strict=False)
    ]
    data = b"".join(records)
    if form == "members":
        data = b"".join(gzip.compress(each) for each in records)
    elif form == "at once":
        data = gzip.compress(data)
    elif form == "mixed":
        data = b"".join(gzip.compress(each) if n % 2 else each for n, each in enumerate(records))
    items = read(data)
    assert [item.payload if isinstance(item, Record) else str(item) for item in items] == payloads


@given(st.sampled_from([b"\x00" * 9, b"rubbish\n", b"<html>"]), st.booleans())
def test_rubbish_before_and_behind_records_is_named_and_costs_none(rubbish: bytes, packed: bool) -> None:
    one, two = response(URLS[0], b"one"), response(URLS[1], b"two")
    if packed:
        data = rubbish + gzip.compress(one) + rubbish + gzip.compress(two + rubbish)
    else:
        data = rubbish + b"\n" + one + rubbish + b"\n" + two + rubbish
    items = read(data)
    assert [item.url for item in items if isinstance(item, Record)] == URLS[:2]
    found = [item for item in items if isinstance(item, Damage)]
    assert len(found) == 3
    assert all(problem.advice for problem in found)
    assert found[0].offset == 0


@pytest.mark.parametrize(
    ("kept", "filler"),
    [(100, b"\0"), (200, b"\0"), (-6, b"\0"), (100, b""), (200, b"")],
)
def test_lost_bytes_cost_no_other_record_and_mix_no_two(kept: int, filler: bytes) -> None:
    lost, whole = response(URLS[0], b"one"), response(URLS[1], b"two")
    left = lost[:kept]
    if not filler:
        left = left[: left.rindex(b"\n") + 1]
    found, record = read(left + filler * (len(lost) - len(left)) + whole)
    assert isinstance(found, Damage)
    assert found.offset == 0
    assert isinstance(record, Record)
    assert record.url == URLS[1]


def test_a_byte_order_mark_costs_no_record() -> None:
    found, *records = read(codecs.BOM_UTF8 + response(URLS[0], b"one") + response(URLS[1], b"two"))
    assert isinstance(found, Damage)
    assert found.detail == "its first 3 bytes belong to no record: b'\\xef\\xbb\\xbf'"
    assert [item.url for item in records if isinstance(item, Record)] == URLS[:2]


@pytest.mark.parametrize("beside", [-5, +7, +(10**6)])
@pytest.mark.parametrize("packed", [True, False])
def test_a_wrong_length_is_named_with_its_url(beside: int, packed: bool) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\n<html>"
    data = record(URLS[0], block, Content_Length=str(len(block) + beside))
    (found,) = read(gzip.compress(data) if packed else data)
    assert isinstance(found, Damage)
    assert (found.file, found.offset, found.url) == ("file.warc", 0, URLS[0])
    assert "Content-Length" in found.detail
    assert found.advice


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"filedesc://old.arc 0.0.0.0 20050101000000 text/plain 70\n1 0 InternetArchive\n", "an ARC file"),
        (gzip.compress(b"filedesc://old.arc 0.0.0.0 20050101000000 text/plain 70\n"), "an ARC file"),
        (b"\x28\xb5\x2f\xfd" + bytes(90), "zstd"), (b"PK\x03\x04" + bytes(90), "ZIP"), (b"BZh9" + bytes(90), "bzip2"),
        (b"\xfd7zXZ" + bytes(90), "xz"), (gzip.compress(b"\x1f\x8b" + bytes(90)), "compressed twice"),
        (b"<!DOCTYPE html><title>404", "a page of HTML"), (gzip.compress(b"<html>404"), "a page of HTML"),
    ],
    ids=["arc", "arc.gz", "zstd", "zip", "bzip2", "xz", "twice", "page", "page.gz"],
)  # fmt: skip
def test_a_file_of_another_format_is_named_with_what_to_do(data: bytes, said: str) -> None:
    (found,) = read(data)
    assert isinstance(found, Damage)
    assert said in found.detail
    assert found.advice
    assert "restore" not in found.advice


# ---- the headers


@given(st.datetimes(timezones=st.just(dt.UTC)), st.integers(1, 9), st.integers(-14, 14))
def test_dates_of_every_precision_are_read(when: dt.datetime, digits: int, hours: int) -> None:
    when = when.replace(year=max(1000, min(9998, when.year)), day=min(when.day, 28), microsecond=0)
    stated = when.isoformat().removesuffix("+00:00")
    assert parse_date(stated[:4]) == when.replace(month=1, day=1, hour=0, minute=0, second=0)
    assert parse_date(stated[:7]) == when.replace(day=1, hour=0, minute=0, second=0)
    assert parse_date(stated[:10]) == when.replace(hour=0, minute=0, second=0)
    assert parse_date(stated[:16] + "Z") == when.replace(second=0)
    assert parse_date(stated + "Z") == parse_date(stated.lower() + "z") == when
    assert parse_date(f"{stated}.{'0' * digits}Z") == when
    if when.year > 1000:
        assert parse_date(f"{stated}{hours:+03d}:00") == when - dt.timedelta(hours=hours)


@given(
    st.sampled_from(["HTTP/1.1", "http/1.1", "Http/1.0", "HTTP/2", "HTTP/2.0", "HTTP/3", "h"]),
    st.sampled_from([" ", "  ", "\t"]), st.sampled_from(["", " OK", " ok", " Всё", " 200"]),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from([None, "application/http", "application/http; msgtype=response", "Application/HTTP;msgtype=x"]),
)  # fmt: skip
def test_status_lines_in_any_form_are_read(
    version: str, space: str, reason: str, end: str, stated: str | None
) -> None:
    head = f"{version}{space}200{reason}{end}Content-Type: text/html;{end} charset=koi8-r{end}X{end}{end}"
    data = record(URLS[0], head.encode() + b"<p>", Content_Type=stated or "-")
    if stated is None:
        data = data.replace(b"Content-Type: -\r\n", b"")
    (found,) = read(data)
    assert isinstance(found, Record)
    if version == "h":
        assert found.status is None
    else:
        assert (found.status, found.payload) == (200, b"<p>")
        assert found.http_header("Content-Type") == "text/html; charset=koi8-r"


@given(
    st.sets(st.sampled_from(["WARC-Type", "WARC-Date", "WARC-Target-URI", "Content-Length", "Content-Type"]))
)
def test_folded_headers_are_read(folded: set[str]) -> None:
    data = response(URLS[0], b"<p>")
    for name in folded:
        data = data.replace(f"{name}: ".encode(), f"{name}:\r\n\t ".encode(), 1)
    (found,) = read(data)
    assert isinstance(found, Record)
    assert (found.url, found.status, found.date, found.payload) == (URLS[0], 200, AT, b"<p>")


@given(st.binary(max_size=60), st.sampled_from(["sha1", "SHA-256", "sha512", "md5"]))
def test_a_digest_is_the_same_in_every_writing(data: bytes, name: str) -> None:
    real = hashlib.new(name.replace("-", "").lower(), data).digest()
    writings = [
        base64.b32encode(real).decode(), base64.b32encode(real).decode().lower().rstrip("="), real.hex(),
        real.hex().upper(), base64.b64encode(real).decode(), base64.urlsafe_b64encode(real).decode().rstrip("="),
    ]  # fmt: skip
    assert len({plain_digest(f"{name}:{each}") for each in writings}) == 1
    assert all(same_digest(f"{name}:{each}", data) for each in writings)
    assert not any(same_digest(f"{name}:{each}", data + b"x") for each in writings)


# ---- the kinds, from file to row


def page(slug: str) -> bytes:
    return Cell("", "utf-8", "meta", slug).page


def url(slug: str) -> str:
    return f"{SITE}/help/{slug}"


def revisit(slug: str, block: bytes, profile: str = IDENTICAL, **extra: Any) -> bytes:
    return record(url(slug), block, kind="revisit", at=AT + DAY, WARC_Profile=profile, **extra)


OK, UNCHANGED = b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"


def refers(slug: str, at: str = FIRST) -> dict[str, str]:
    return {"WARC_Refers_To_Target_URI": url(slug), "WARC_Refers_To_Date": at}


def without_type(data: bytes) -> bytes:
    return data.replace(b"Content-Type: application/http; msgtype=response\r\n", b"", 1)


BARE = {
    "resource": record(url("resource"), page("resource"), kind="resource", Content_Type="text/html"),
    "xhtml": record(url("xhtml"), page("xhtml"), kind="resource", Content_Type="application/xhtml+xml"),
    "conversion": record(url("conversion"), page("conversion"), kind="conversion", Content_Type="text/html; x=y"),
    "untyped": record(url("untyped"), page("untyped"), kind="resource", Content_Type="-").replace(
        b"Content-Type: -\r\n", b"", 1
    ),
    "http-resource": record(url("http-resource"), OK + page("http-resource"), kind="resource"),
    "no-type": without_type(response(url("no-type"), page("no-type"))),
    "old-draft": response(url("old-draft"), page("old-draft")).replace(b"WARC/1.0", b"WARC/0.18", 1),
    "minute": response(url("minute"), page("minute"), WARC_Date="2026-03-01T06:00Z"),
    "day": response(url("day"), page("day"), WARC_Date="2026-03-01"),
    "decoded-digest": response(
        url("decoded-digest"), gzip.compress(page("decoded-digest")), headers="Content-Encoding: gzip\r\n",
        WARC_Payload_Digest=digest_of(page("decoded-digest")),
    ),
}  # fmt: skip
REVISITS: dict[str, dict[str, Any]] = {
    "by-digest": {"block": OK, "digest": True},
    "by-reference": {"block": OK, **refers("by-reference")},
    "by-reference-in-brackets": {"block": OK, **refers("by-reference-in-brackets")},
    "empty-block": {"block": b"", "digest": True},
    "empty-block-by-reference": {"block": b"", **refers("empty-block-by-reference")},
    "unmodified": {"block": UNCHANGED, "profile": UNMODIFIED, "digest": True},
    "unmodified-by-reference": {
        "block": UNCHANGED,
        "profile": UNMODIFIED,
        **refers("unmodified-by-reference"),
    },
    "unmodified-alone": {"block": UNCHANGED, "profile": UNMODIFIED},
    "unmodified-empty": {"block": b"", "profile": UNMODIFIED},
    "other-writing": {"block": OK, "digest": "hex"},
    "shortened": {"block": OK + b"<!DOC", "digest": True, "WARC_Truncated": "length"},
}


def run(tmp_path: Path, *records: bytes, name: str = "kinds.warc.gz") -> CaptureReport:
    (tmp_path / name).write_bytes(members(*records) if name.endswith(".gz") else b"".join(records))
    return import_captures(str(tmp_path / "archive"), [tmp_path / name])


def bodies(archive: Path, ref: str = "latest") -> dict[str, str]:
    rows = Catalog(archive).load_table(ref, bodies=True).to_pylist()
    return {row["article_id"]: row["body_text"] for row in rows if row["status"] == "fetched"}


def same_in_all(tmp_path: Path, ref: str, slugs: set[str]) -> None:
    """Import, verify and re-extraction agree on these articles."""
    archive = tmp_path / "archive"
    found = bodies(archive, ref)
    assert {slug for slug, body in found.items() if slug in body} == slugs
    assert verify(Catalog(archive)).problems == []
    assert [report.problems for report in reextract(str(archive), [ref], force=True, jobs=1)] == [()]
    assert bodies(archive, ref) == found


@pytest.mark.parametrize("name", ["kinds.warc.gz", "kinds.warc"])
def test_pages_in_records_of_every_kind_become_rows(tmp_path: Path, name: str) -> None:
    report = run(tmp_path, *BARE.values(), name=name)
    assert (report.problems, report.skipped) == ([], {})
    same_in_all(tmp_path, "latest", {*BARE})


@pytest.mark.parametrize("stated", [True, False])
def test_revisits_of_every_kind_are_rows_of_their_own_day(tmp_path: Path, stated: bool) -> None:
    originals, later = [], []
    kinds = REVISITS if stated else {slug: kind for slug, kind in REVISITS.items() if "digest" not in kind}
    for slug, kind in kinds.items():
        data, options = page(slug), dict(kind)
        original = response(url(slug), data)
        if not stated:
            original = b"\r\n".join(
                line for line in original.split(b"\r\n") if not line.startswith(b"WARC-Payload")
            )
        if digest := options.pop("digest", None):
            sha1 = plain_digest(digest_of(data)).partition(":")[2]
            options["WARC_Payload_Digest"] = digest_of(data) if digest is True else f"SHA-1:{sha1}"
        if slug.endswith("brackets"):
            options["WARC_Refers_To_Target_URI"] = f"<{url(slug)}>"
        originals.append(original)
        later.append(revisit(slug, **options))
    report = run(tmp_path, *originals, *later)
    assert (report.problems, report.skipped) == ([], {})
    assert len(report.snapshots) == 2
    same_in_all(tmp_path, "2026-03-02", {*kinds})
    again = import_captures(str(tmp_path / "archive"), [tmp_path / "kinds.warc.gz"])
    assert (again.snapshots, len(again.already)) == ([], 2)


NAMED = {
    "an unsupported type of record": [
        record(url("a"), b"the rest", kind="continuation", WARC_Segment_Number="2"),
        record(url("a"), OK + page("a"), WARC_Segment_Number="1"),
        record(url("a"), b"x", kind="vision"),
    ],
    "a record without a page": [
        record(url("a"), b"\x89PNG", kind="resource", Content_Type="image/png"),
        record(url("b"), b"%PDF", kind="conversion", Content_Type="application/pdf"),
    ],
    "no HTTP response": [record(url("a"), b"<html>what is this"), record(url("b"), b"ICY 200 OK\r\n\r\n<p>")],
    "status 304": [record(url("a"), UNCHANGED)],
    "a revisit whose payload is missing": [
        revisit("a", OK), revisit("a", UNCHANGED, UNMODIFIED),
        revisit("a", b"", WARC_Payload_Digest=digest_of(b"lost")), revisit("kept", OK, WARC_Payload_Digest="sha1:x"),
        revisit("b", OK, **refers("kept", "2026-02-01T00:00:00Z")),
    ],
    "no date": [response(url("a"), page("a"), WARC_Date="yesterday")],
    "not an http or https address": [
        record("dns:www.okx.com", b"www.okx.com. 300 IN A 192.0.2.7", Content_Type="text/dns"),
        record("metadata://example.org/wget.log", b"Saved.", kind="resource", Content_Type="text/plain"),
        record(f"urn:pageinfo:{url('a')}", b"{}", kind="resource", Content_Type="application/json"),
    ],
    "cut off by its crawler": [
        response(url("a"), page("a"), WARC_Truncated="length"),
        revisit("kept", OK, WARC_Payload_Digest=digest_of(page("kept")), WARC_Truncated="disconnect"),
    ],
}  # fmt: skip


def test_what_cannot_be_read_is_counted_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {reason: len(records) for reason, records in NAMED.items()}
    beside = [record(url("a"), b"software: x", kind=kind) for kind in ("warcinfo", "metadata")]
    others = [each for records in NAMED.values() for each in records]
    report = run(tmp_path, response(url("kept"), page("kept")), *beside, *others)
    assert (report.problems, dict(report.skipped)) == ([], wanted)
    assert all(
        "kinds.warc.gz#" in example and (SITE in example or reason == "not an http or https address")
        for reason, each in report.examples.items()
        for example in each
    )
    same_in_all(tmp_path, "2026-03-01", {"kept"})
    (tmp_path / "old.warc").write_bytes(b"filedesc://old.arc 0.0.0.0 20050101000000 text/plain 70\n")
    assert main(["import", str(tmp_path / "old.warc"), "--archive", str(tmp_path / "b")]) == 2
    said = capsys.readouterr().err
    assert f"unreadable: {tmp_path}/old.warc#0: this is not a WARC file: it is an ARC file" in said
    assert "warcio recompress" in said
