"""WARC files of other programs are imported: those of wget, warcio, pywb and warcprox made by real runs against the
sample site, those of Heritrix, browsertrix and ArchiveWeb.page in the form that their writers give them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings.sources import captures_in
from helpscraper.archive.verify import verify
from helpscraper.replay.captures import CaptureReport, import_captures
from helpscraper.sample import SampleServer
from helpscraper.warc.record import digest_of
from tests.warc.environments import free_port, installed, wait_for
from tests.warc.made import AT, SITE, members, record
from tests.warc.pywb_server import pywb
from tests.warc.test_captures import page, slugs

COUNT = 3


@pytest.fixture(scope="module")
def site() -> Iterator[SampleServer]:
    with SampleServer(host="127.0.0.2", articles=6) as server:  # warcprox refuses 127.0.0.1
        yield server


def wget(urls: Sequence[str], folder: Path) -> None:
    if shutil.which("wget") is None:
        pytest.skip("wget is not installed")
    command = ["wget", "--quiet", "--warc-file=seen", "--warc-cdx", "-O", "/dev/null", *urls]
    subprocess.run(command, cwd=folder, check=True)
    again = [each.replace("seen", "again") for each in command]
    subprocess.run([*again, "--warc-dedup=seen.cdx"], cwd=folder, check=True)


def warcio(urls: Sequence[str], folder: Path) -> None:
    script = (
        "import sys; from warcio.capture_http import capture_http; from urllib.request import urlopen\n"
        "with capture_http('seen.warc.gz'):\n    for url in sys.argv[1:]: urlopen(url).read()"
    )
    subprocess.run([sys.executable, "-c", script, *urls], cwd=folder, check=True)


def recorder(urls: Sequence[str], folder: Path) -> None:
    commands, port = pywb(), free_port()
    subprocess.run([commands / "wb-manager", "init", "kept"], cwd=folder, check=True, capture_output=True)
    command = [commands / "wayback", "--record", "--live", "-b", "127.0.0.1", "-p", str(port)]
    with running(command, port, folder):
        for url in urls:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/kept/record/mp_/{url}", timeout=30).read()
        time.sleep(2)  # it writes in a thread of its own


def warcprox(urls: Sequence[str], folder: Path) -> None:
    port = free_port()
    command = [
        installed("warcprox", "2.13.1", "warcprox") / "warcprox", "-b", "127.0.0.1", "-p", str(port), "-z", "-d", ".",
        "--stats-db-file", "/dev/null", "-j", "dedup.db", "--dedup-min-text-size", "1",
    ]  # fmt: skip
    with running(command, port, folder):
        proxy = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{port}"})
        for url in [*urls, *urls]:
            urllib.request.build_opener(proxy).open(url, timeout=30).read()
            time.sleep(0.7)  # it notes a digest for deduplication in a thread of its own


class running:  # noqa: N801 (a context manager)
    def __init__(self, command: Sequence[str | Path], port: int, folder: Path) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet)
        self.port = port

    def __enter__(self) -> None:
        wait_for(self.port, self.process)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.mark.parametrize(
    "tool", [wget, *(pytest.param(each, marks=pytest.mark.long) for each in (warcio, recorder, warcprox))]
)
def test_the_files_of_a_program_are_imported_whole(
    tool: Callable[[Sequence[str], Path], None], site: SampleServer, tmp_path: Path
) -> None:
    wanted = {each.slug: each.title for each in site.truth()[:COUNT]}
    tool([f"{site.url}/help/{slug}" for slug in wanted], tmp_path)
    files = sorted(tmp_path.rglob("*.warc.gz"))
    kinds = [each.type for file in files for each in captures_in(file)]  # type: ignore[union-attr]
    assert kinds.count("response") == COUNT
    assert kinds.count("revisit") == (COUNT if tool in (wget, warcprox) else 0)
    report = import_captures(str(tmp_path / "archive"), files, base_url=site.url)
    assert not report.problems and set(report.skipped) <= {"not an http or https address"}
    catalog = Catalog(tmp_path / "archive")
    rows = catalog.load_table("latest", bodies=True).to_pylist()
    assert {row["article_id"]: row["title"] for row in rows} == wanted
    assert all(row["body_text"] for row in rows)
    assert not verify(catalog).problems


# ---- by the form that their writers give them

ONE, TWO = slugs()[:2]
URL = f"{SITE}/help/{ONE}"
HTML = "Content-Type: text/html; charset=utf-8\r\n"


def read(path: Path, archive: Path) -> tuple[CaptureReport, set[str]]:
    report = import_captures(str(archive), [path])
    rows = Catalog(archive).load_table("latest", bodies=True, site="okx", locale="en").to_pylist()
    assert all(row["body_text"] for row in rows) and not verify(Catalog(archive)).problems
    return report, {row["article_id"] for row in rows}


def test_heritrix(tmp_path: Path) -> None:
    """A response, its request and its metadata; a look-up of a name; a revisit marked as truncated; chunks kept."""
    payload = page(f"/help/{ONE}")
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(payload), payload)
    head = f"HTTP/1.1 200 OK\r\n{HTML}Transfer-Encoding: chunked\r\n\r\n".encode()
    other = f"HTTP/1.0 200 OK\r\n{HTML}\r\n".encode()
    digest = digest_of(chunked)
    later = AT.replace(hour=9)
    fields = b"via: https://www.okx.com/help\r\nhopsFromSeed: L\r\nfetchTimeMs: 212\r\n\r\n"
    file = tmp_path / "IAH-20260301060000000-00000-7~crawler~8443.warc.gz"
    file.write_bytes(
        members(
            record(
                "",
                b"software: Heritrix/3.4.0\r\nformat: WARC File Format 1.0\r\n\r\n",
                kind="warcinfo",
                Content_Type="application/warc-fields",
                WARC_Filename=file.name,
            ),
            record("dns:www.okx.com", b"20260301060000\nwww.okx.com.\t60\tIN\tA\t192.0.2.7\n", Content_Type="text/dns"),
            record(URL, head + chunked, WARC_Payload_Digest=digest, WARC_IP_Address="192.0.2.7"),
            record(URL, b"GET /help HTTP/1.1\r\n\r\n", kind="request"),
            record(URL, fields, kind="metadata", Content_Type="application/warc-fields"),
            record(f"{SITE}/help/{TWO}", other + page(f"/help/{TWO}")),
            record(
                URL, head, kind="revisit", at=later, WARC_Truncated="length", WARC_Payload_Digest=digest,
                WARC_Profile="http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
                WARC_Refers_To_Target_URI=URL, WARC_Refers_To_Date=f"{AT:%Y-%m-%dT%H:%M:%SZ}",
            ),
        )
    )  # fmt: skip
    report, found = read(file, tmp_path / "archive")
    assert (report.problems, report.skipped, report.used) == ([], {"not an http or https address": 1}, 3)
    assert found == {ONE, TWO}


def browsed(url: str, payload: bytes, **extra: str) -> bytes:
    """A response as a browser's recorder has it: decoded, with digests in hexadecimal and fractions of a second."""
    block = f"HTTP/1.1 200 OK\r\n{HTML}x-orig-content-encoding: br\r\ncontent-length: {len(payload)}\r\n\r\n"
    return record(
        url, block.encode() + payload, WARC_Date=f"{AT:%Y-%m-%dT%H:%M:%S}.012Z", WARC_Page_ID="8f14e45f",
        WARC_Payload_Digest=f"sha256:{hashlib.sha256(payload).hexdigest()}",
        WARC_Block_Digest=f"sha256:{hashlib.sha256(block.encode() + payload).hexdigest()}", **extra,
    ).replace(b"WARC/1.0", b"WARC/1.1", 1)  # fmt: skip


def wacz(path: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"archive/{name}", data)
        packed.writestr("indexes/index.cdx.gz", gzip.compress(b""))
        packed.writestr("pages/pages.jsonl", json.dumps({"format": "json-pages-1.0", "id": "pages"}) + "\n")
        resource = {"name": name, "path": f"archive/{name}", "bytes": len(data)}
        packed.writestr("datapackage.json", json.dumps({"wacz_version": "1.1.1", "resources": [resource]}))


def test_browsertrix(tmp_path: Path) -> None:
    """Pages beside facts about them, their text and their pictures, under addresses of its own."""
    beside = (
        (f"urn:pageinfo:{URL}", b'{"pageid": "8f14e45f"}', "application/json"),
        (f"urn:text:{URL}", b"the text", "text/plain"),
        (f"urn:view:{URL}", b"\x89PNG", "image/png"),
    )
    own = [record(url, data, kind="resource", Content_Type=kind) for url, data, kind in beside]
    protocol = {"WARC_Protocol": "h2", "WARC_Resource_Type": "document"}
    responses = [browsed(f"{SITE}/help/{slug}", page(f"/help/{slug}"), **protocol) for slug in (ONE, TWO)]
    data = members(responses[0], *own, responses[1], browsed("https://cdn.example/app.js", b"x"))
    wacz(tmp_path / "crawl.wacz", "rec-0a1b2c-20260301060000000-0.warc.gz", data)
    report, found = read(tmp_path / "crawl.wacz", tmp_path / "archive")
    assert not report.problems and report.used == 2 and found == {ONE, TWO}
    assert report.skipped == {"not an http or https address": 3, "another site": 1}


def test_archiveweb_page(tmp_path: Path) -> None:
    """Each record by a browser's extension: facts as JSON in a header, the same page twice, once as a revisit."""
    told = json.dumps({"cert": {"issuer": "Example CA"}, "pixelRatio": 2})
    first = browsed(URL, page(f"/help/{ONE}"), WARC_JSON_Metadata=told)
    digest = f"sha256:{hashlib.sha256(page(f'/help/{ONE}')).hexdigest()}"
    again = record(
        f"{SITE}/help/{ONE}?from=home", f"HTTP/1.1 200 OK\r\n{HTML}\r\n".encode(), kind="revisit",
        WARC_Date=f"{AT.replace(hour=7):%Y-%m-%dT%H:%M:%S}.500Z", WARC_Payload_Digest=digest,
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        WARC_Refers_To_Target_URI=URL, WARC_Refers_To_Date=f"{AT:%Y-%m-%dT%H:%M:%S}.012Z",
    )  # fmt: skip
    wacz(tmp_path / "my-archive.wacz", "data.warc.gz", members(first, again))
    report, found = read(tmp_path / "my-archive.wacz", tmp_path / "archive")
    assert (report.problems, report.skipped, report.used) == ([], {}, 2) and found == {ONE}


def test_a_revisit_of_the_same_second_in_a_file_that_sorts_first_takes_nothing_away(tmp_path: Path) -> None:
    payload = page(f"/help/{ONE}")
    told = {"WARC_Payload_Digest": digest_of(payload), "WARC_Block_Digest": digest_of(b"")}
    profile = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
    head = f"HTTP/1.1 200 OK\r\n{HTML}\r\n".encode()
    again = record(URL, head, kind="revisit", WARC_Truncated="length", WARC_Profile=profile, **told)
    (tmp_path / "a.warc.gz").write_bytes(members(again))
    (tmp_path / "b.warc.gz").write_bytes(
        members(record(URL, head + payload, WARC_Payload_Digest=digest_of(payload)))
    )
    report = import_captures(str(tmp_path / "archive"), sorted(tmp_path.glob("*.warc.gz")))
    assert (report.problems, report.skipped, report.used) == ([], {}, 2)
    assert not verify(Catalog(tmp_path / "archive")).problems
