"""Captures are fetched from a raw replay, and what is not the capture of the index is named."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from helpscraper.archive.recordings import Capture
from helpscraper.backfill import sources
from helpscraper.backfill.choose import Pick
from helpscraper.backfill.client import Gap
from helpscraper.backfill.coverage import Coverage
from helpscraper.backfill.fetch import Asked, fetch
from helpscraper.backfill.kept import Kept
from helpscraper.backfill.records import Mismatch
from helpscraper.backfill.sources import CdxServer
from helpscraper.warc.record import digest_of
from tests.backfill.archives import Reply, Web, quick, serving, utc
from tests.warc.made import SITE

URL = f"{SITE}/help/a"
THEN = utc(2019, 3, 4, 5, 6, 7)
GIVEN = format_datetime(THEN, usegmt=True)
CAPTURE = Capture(URL, "20190304050607", 200, "text/html", digest_of(b"one"), "", 0, 99)
MOVED = replace(CAPTURE, status=301, digest="")
HEADERS = {
    "Content-Type": "text/html",
    "Memento-Datetime": GIVEN,
    "Link": f'<{URL}>; rel="original", <x>; rel="timegate"',
}
FINE: Reply = (200, HEADERS, b"one")


def source(web: Web) -> CdxServer:
    return CdxServer(quick(pause=0.0, tries=2)[0], "loopback", f"{web.url}/cdx", web.url)


@pytest.mark.parametrize("headers", [HEADERS, {"X-Archive-Orig-Content-Type": "text/html"}])
def test_a_page_comes_with_the_headers_that_it_had(headers: dict[str, str]) -> None:
    with serving(
        Web(lambda *_: (200, headers | {"X-Archive-Orig-ETag": "x", "X-Archive-Src": "f"}, b"one"))
    ) as web:
        (found,) = source(web).records(CAPTURE)
    assert web.asked[0][0] == f"/20190304050607id_/{URL}"
    assert (found.type, found.url, found.date, found.status) == ("response", URL, THEN, 200)
    assert found.payload == b"one" and found.http is not None
    assert dict(found.http.headers) == {"Content-Type": "text/html", "ETag": "x"}


def test_a_page_may_come_in_a_coding() -> None:
    coded = zlib.compress(b"one")
    for digest in (digest_of(b"one"), digest_of(coded), ""):
        with serving(Web(lambda *_: (200, HEADERS | {"Content-Encoding": "deflate"}, coded))) as web:
            (found,) = source(web).records(replace(CAPTURE, digest=digest))
        assert found.page().data == b"one"


def test_a_digest_of_bytes_that_the_archive_decoded_is_not_compared() -> None:
    for undone in (
        {"X-Archive-Orig-Transfer-Encoding": "chunked"},
        {"X-Archive-Orig-Content-Encoding": "gzip"},
    ):
        with serving(Web(lambda *_, more=undone: (200, HEADERS | more, b"one"))) as web:  # type: ignore[misc]
            (found,) = source(web).records(replace(CAPTURE, digest=digest_of(b"as it was sent")))
        assert found.payload == b"one" and not found.wrong_digests()


@pytest.mark.parametrize(
    ("headers", "digest", "unchecked"),
    [
        ({}, digest_of(b"one"), 0),
        ({}, "", 1),
        ({"X-Archive-Orig-Transfer-Encoding": "chunked"}, digest_of(b"one"), 0),
        ({"X-Archive-Orig-Transfer-Encoding": "chunked"}, digest_of(b"as it was sent"), 1),
    ],
)
def test_a_page_that_no_digest_was_compared_with_is_counted(
    headers: dict[str, str], digest: str, unchecked: int, tmp_path: Path
) -> None:
    """Also in a later run, which fetches nothing: the table counts the page then too."""
    picks = [Pick(replace(CAPTURE, digest=digest))]
    with serving(Web(lambda *_: (200, HEADERS | headers, b"one"))) as web:
        for _ in range(2):
            asked, kept = Asked(), Kept(tmp_path / "kept.warc.gz", "loopback")
            fetch(source(web), picks, kept, None, Coverage(), asked, lambda *_: None)
            kept.close()
            assert (len(asked.had), asked.unchecked) == (1, unchecked)
        assert len(web.asked) == 1


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_digest_is_compared_where_the_archive_undid_no_chunks(coding: str) -> None:
    headers = HEADERS | {"X-Archive-Orig-Transfer-Encoding": coding}
    with (
        serving(Web(lambda *_: (200, headers, b"two"))) as web,
        pytest.raises(Mismatch, match="another payload"),
    ):
        source(web).records(CAPTURE)


@pytest.mark.parametrize(
    "location",
    ["/help/b", f"{SITE}/help/b", f"/web/20190304050607id_/{SITE}/help/b", f"/kept/2019/{SITE}/help/b"],
)
def test_a_redirect_keeps_the_target_that_it_had(location: str) -> None:
    with serving(Web(lambda *_: (302, HEADERS | {"Location": location}, b""))) as web:
        (found,) = source(web).records(MOVED)
    assert found.status == 301
    assert found.http_header("Location") in {"/help/b", f"{SITE}/help/b"}


@pytest.mark.parametrize(
    ("capture", "reply", "said"),
    [
        (CAPTURE, (200, HEADERS, b"two"), "another payload"),
        (CAPTURE, (200, HEADERS | {"Memento-Datetime": format_datetime(utc(2020, 1, 1), usegmt=True)}, b"one"),
         "the page of another time"),
        (CAPTURE, (200, HEADERS | {"Link": f'<{SITE}/help/b>; rel="original"'}, b"one"), "of another address"),
        (CAPTURE, (302, {"Location": f"/kept/20200101000000id_/{URL}"}, b""), "a redirect to another capture"),
        (MOVED, (302, {"Location": f"/kept/20200101000000id_/{URL}"}, b""), "a redirect to another capture"),
        (MOVED, (200, HEADERS, b"one"), "status 200"),
        (CAPTURE, (200, HEADERS | {"Content-Length": "9999999999"}, b"one"), "the bound is"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_the_capture_is_named(capture: Capture, reply: Reply, said: str) -> None:
    with serving(Web(lambda *_: reply)) as web, pytest.raises(Mismatch, match=said):
        source(web).records(capture)


@pytest.mark.parametrize("status", [403, 404, 410, 451])
def test_a_refusal_is_a_gap_that_no_later_run_fills(status: int) -> None:
    with (
        serving(Web(lambda *_: (status, HEADERS, b"one"))) as web,
        pytest.raises(Gap, match=f"status {status}") as gap,
    ):
        source(web).records(CAPTURE)
    assert not gap.value.again


def test_a_busy_archive_is_a_gap() -> None:
    with (
        serving(Web(lambda *_: (429, {"Retry-After": "1"}, b""))) as web,
        pytest.raises(Gap, match="status 429"),
    ):
        source(web).records(CAPTURE)
    assert len(web.asked) == 2


def index(days: list[str]) -> Web:
    """An index in the form of the Wayback Machine's, with a capture of each day."""

    def reply(path: str, headers: Mapping[str, str]) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        rows = [["key", day, URL, "text/html", "200", "A" * 32, "9"] for day in days]
        rows = [row for row in rows if asked["from"] <= row[1] <= asked["to"]]
        names = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
        return 200, {}, json.dumps([names, *rows] if rows else []).encode()

    return Web(reply)


def test_an_answer_beyond_the_bound_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MOST_INDEX", 400)
    days = [f"2019{month:02}02000000" for month in range(1, 13)]
    with serving(index(days)) as web:
        found = list(source(web).known(URL, utc(2018, 1, 1), utc(2023, 1, 1)))
        assert [each.date for each in found if isinstance(each, Capture)] == days
        monkeypatch.setattr(sources, "_MOST_INDEX", 100)
        (gap,) = source(web).known(URL, utc(2019, 1, 2), utc(2019, 1, 3))
    assert isinstance(gap, Gap) and not gap.again and "on 2019-01-02" in gap.message


@pytest.mark.parametrize(
    ("reply", "again"),
    [
        ((403, {}, b"blocked"), False),
        ((503, {}, b""), True),
        ((404, {}, b"<html>no such page</html>"), False),
    ],
)
def test_an_index_that_is_none_is_a_gap(reply: Reply, again: bool) -> None:
    with serving(Web(lambda *_: reply)) as web:
        (gap,) = source(web).known(URL, utc(2018, 1, 1), utc(2023, 1, 1))
    assert isinstance(gap, Gap) and gap.again == again
