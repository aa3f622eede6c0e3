"""Recordings can be read by other programs, survive a kill, and are stored once."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings import (
    Capture,
    PayloadReader,
    Recorder,
    capture_of,
    check_records,
    load_index,
    parse_index,
    read_payload,
    read_record,
    warc_files,
)
from helpscraper.archive.recordings.index import dump_index, index_path, surt
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError, InputError
from helpscraper.warc.build import Exchange
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage, Record
from tests.warc.made import AT, SITE, exchange, members, record

EN = Partition("okx", "en")
FIRST, SECOND, THIRD = (f"2026030{day}T060000Z" for day in (1, 2, 3))
DAY = dt.timedelta(days=1)


def recorder(store: Store, snapshot_id: str = FIRST, **options: int) -> Recorder:
    return Recorder(store, EN, snapshot_id, info={"software": "helpscraper", "robots": "classic"}, **options)


def write(store: Store, snapshot_id: str, *exchanges: Exchange) -> list[str]:
    recording = recorder(store, snapshot_id)
    references = [recording.write(each) for each in exchanges]
    recording.close()
    return references


def warcio_check(*paths: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", *paths]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def all_records(store: Store) -> list[Record | Damage]:
    found: list[Record | Damage] = []
    for file in warc_files(store, EN):
        with store.open(file) as stream:
            found += iter_records(stream, file)
    return found


_TOKEN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
# Anything that a server may put after the colon, but for what ends the line or is trimmed at its ends.
_VALUE = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\x00").strip())


@given(
    payload=st.binary(max_size=3000), headers=st.lists(st.tuples(_TOKEN.map(str.encode), _VALUE), max_size=5)
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_and_headers_come_back_as_they_came(
    payload: bytes, headers: list[tuple[bytes, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = open_store(tmp_path_factory.mktemp("archive"))
    (reference,) = write(store, FIRST, exchange(f"{SITE}/help/a", payload, headers=tuple(headers)))
    found = read_record(store, reference)
    assert found.payload == payload
    head, _, _ = found.block.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[2:] == [name + b": " + value for name, value in headers]
    assert found.wrong_digests() == []
    assert read_payload(store, reference)[0] == payload


def test_header_lines_cannot_be_forged(store: Store) -> None:
    forged = (b"X-Evil", b"a\r\n\r\nWARC/1.1\r\nWARC-Type: response")
    (reference,) = write(
        store, FIRST, exchange(f"{SITE}/help/a\r\nWARC-Type: warcinfo", b"page", headers=(forged,))
    )
    assert read_record(store, reference).payload == b"page"
    assert [item.type for item in all_records(store) if isinstance(item, Record)] == [
        "warcinfo",
        "response",
        "request",
    ]


def test_a_file_says_who_wrote_it_and_pairs_request_and_response(store: Store) -> None:
    recording = recorder(store)
    recording.write(exchange(f"{SITE}/help/a?x=1", b"page"))
    recording.close()
    info, answer, request = (item for item in all_records(store) if isinstance(item, Record))
    assert b"software: helpscraper\r\nrobots: classic\r\n" in info.block
    assert (
        b"conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
        in info.block
    )
    assert request.headers.get_header("WARC-Concurrent-To") == answer.headers.get_header("WARC-Record-ID")
    assert request.block.startswith(
        b"GET /help/a?x=1 HTTP/1.1\r\nHost: www.okx.com\r\nUser-Agent: helpscraper\r\n"
    )
    assert answer.headers.get_header("WARC-IP-Address") == "192.0.2.7"
    assert answer.headers.protocol == "WARC/1.1"
    assert recording.facts().to_json() == {
        "files": [f"warc/site=okx/locale=en/{FIRST}-00000.warc.gz"],
        "responses": 1,
        "revisits": 0,
        "bytes": Path(store.url(warc_files(store, EN)[0])).stat().st_size,
    }


def test_a_resumed_crawl_tells_of_all_its_files(store: Store) -> None:
    write(store, SECOND, exchange(f"{SITE}/help/z", b"of another crawl"))
    write(store, FIRST, exchange(f"{SITE}/help/a", b"page"), exchange(f"{SITE}/help/b", b"page"))
    resumed = recorder(store, FIRST)
    resumed.write(exchange(f"{SITE}/help/c", b"another"))
    resumed.close()
    files = warc_files(store, EN, FIRST)
    assert len(files) == 2 and resumed.files == files[1:]
    assert resumed.facts().to_json() == {
        "files": files,
        "responses": 3,
        "revisits": 1,
        "bytes": sum(store.size(file) for file in files),
    }


def test_what_is_stored_becomes_a_revisit(store: Store) -> None:
    page = gzip.compress(b"<html>" * 500, mtime=0)
    coded = ((b"Content-Encoding", b"gzip"), (b"ETag", b'"1"'))
    (first,) = write(store, FIRST, exchange(f"{SITE}/help/a", page, headers=coded))
    again, other, unmodified = write(
        store,
        SECOND,
        exchange(f"{SITE}/help/a", page, at=AT + DAY, headers=coded),
        exchange(f"{SITE}/help/b", page, at=AT + DAY, headers=coded),
        exchange(f"{SITE}/help/a", b"", at=AT + 2 * DAY, status=304),
    )
    profile = "http://netpreserve.org/warc/1.1/revisit/"
    for reference, kind in ((again, "identical-payload-digest"), (other, "identical-payload-digest"),
                            (unmodified, "server-not-modified")):  # fmt: skip
        found = read_record(store, reference)
        assert found.is_revisit
        assert found.payload == b""
        assert found.headers.get_header("WARC-Profile") == profile + kind
        assert found.headers.get_header("WARC-Refers-To-Target-URI") == f"{SITE}/help/a"
        assert found.headers.get_header("WARC-Refers-To-Date") == "2026-03-01T06:00:00Z"
        payload, facts = read_payload(store, reference)
        assert payload == page
        assert facts["payload_record"] == first
        assert facts["content_encoding"] == "gzip"
        assert facts["status"] == 200
    assert list(check_records(store, EN, [first, again, other, unmodified])) == []


def test_a_304_for_a_page_that_is_not_stored(store: Store) -> None:
    (reference,) = write(store, FIRST, exchange(f"{SITE}/help/a", b"", status=304))
    with pytest.raises(InputError, match=f"{reference}: the server answered 304"):
        read_payload(store, reference)
    assert list(check_records(store, EN, [reference])) == []  # recording began after the page was fetched


def test_a_record_without_a_digest_is_no_page_that_a_304_vouches_for(store: Store) -> None:
    bare = members(record(f"{SITE}/help/b", b"HTTP/1.1 200 OK\r\n\r\npage"))
    recording = recorder(store)
    (found,) = (item for item in iter_records(io.BytesIO(bare), "b") if isinstance(item, Record))
    recording.copy(found)
    recording.close()
    (reference,) = write(store, SECOND, exchange(f"{SITE}/help/a", b"", at=AT + DAY, status=304))
    with pytest.raises(InputError, match=f"{reference}: the server answered 304"):
        read_payload(store, reference)


def test_a_304_whose_page_is_lost(store: Store) -> None:
    write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    (reference,) = write(store, SECOND, exchange(f"{SITE}/help/a", b"", at=AT + DAY, status=304))
    for file in (warc_files(store, EN)[0], index_path(warc_files(store, EN)[0])):
        Path(store.url(file)).unlink()
    assert [str(problem) for problem in check_records(store, EN)] == [
        f"{reference}: no earlier record holds the payload of this revisit ({SITE}/help/a)"
    ]


def test_a_resumed_crawl_refers_to_no_file_after_its_own(store: Store) -> None:
    """Whoever looks for a payload looks at the files before the revisit; an import may have come between."""
    write(store, FIRST, exchange(f"{SITE}/help/b", b"other"))
    write(store, SECOND, exchange(f"{SITE}/help/a", b"page", at=AT + DAY))
    (resumed,) = write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    assert read_payload(store, resumed)[0] == b"page"
    assert list(check_records(store, EN, [resumed])) == []


def test_warcio_finds_nothing_wrong(store: Store) -> None:
    write(store, FIRST, exchange(f"{SITE}/help/a", b"page"), exchange(f"{SITE}/help/b", b"", status=404))
    write(store, SECOND, exchange(f"{SITE}/help/a", b"page"), exchange(f"{SITE}/help/a", b"", status=304))
    done = warcio_check(*(store.url(file) for file in warc_files(store, EN)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("digest pass") >= 4


def test_files_rotate_and_each_has_its_index(store: Store) -> None:
    recording = recorder(store, rotate_bytes=2000)
    references = [recording.write(exchange(f"{SITE}/help/a{n}", os.urandom(700))) for n in range(8)]
    recording.close()
    recording.close()
    files = warc_files(store, EN, FIRST)
    assert len(files) > 2
    assert recording.files == files
    named = [capture.ref for file in files for capture in load_index(store, file)]
    assert named == references
    for file in files:
        assert store.size(file) < 2000 + 2500
        with store.open(file) as stream:
            read = [capture_of(item) for item in iter_records(stream, file) if isinstance(item, Record)]
        made = dump_index(capture for capture in read if capture is not None)
        assert store.read(index_path(file)) == made


def test_an_index_is_written_and_read_in_bounded_memory(store: Store) -> None:
    recording = recorder(store)
    for n in range(2000):
        recording.write(exchange(f"{SITE}/help/a{n}", b"page"))
    tracemalloc.start()
    recording.close()
    again = recorder(store)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert again.facts().responses == recording.facts().responses == 2000
    (file,) = warc_files(store, EN)
    assert peak < store.size(index_path(file))


def test_a_resumed_crawl_goes_on_in_the_next_file(store: Store) -> None:
    write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    (reference,) = write(store, FIRST, exchange(f"{SITE}/help/b", b"other"))
    assert reference.partition("#")[0].endswith(f"{FIRST}-00001.warc.gz")


def test_a_crawl_that_recorded_nothing_leaves_no_file(store: Store) -> None:
    recorder(store).close()
    assert store.list("warc") == []


def test_a_kill_at_any_byte_leaves_a_readable_file(store: Store) -> None:
    recording = recorder(store)
    for name in "abc":
        recording.write(exchange(f"{SITE}/help/{name}", name.encode() * 300))
    recording.close_unindexed()
    (file,) = warc_files(store, EN)
    whole = store.read(file)
    offsets = [item.offset for item in all_records(store) if isinstance(item, Record)]
    for cut in range(offsets[-1], len(whole)):
        items = list(iter_records(io.BytesIO(whole[:cut]), file))
        assert [item.offset for item in items if isinstance(item, Record)] == offsets[:-1]
        assert len([item for item in items if isinstance(item, Damage)]) == (cut > offsets[-1])
    # Without an index the file itself is asked, and the next crawl makes the index.
    Path(store.url(file)).write_bytes(whole[:-5])
    assert [capture.url for capture in load_index(store, file)] == [f"{SITE}/help/{name}" for name in "abc"]
    recorder(store, SECOND)
    assert store.exists(index_path(file))
    assert [problem.detail for problem in check_records(store, EN)] == [
        "cut off: the file ends inside this gzip member"
    ]


_FULL = """
import sys
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError
from tests.warc.made import SITE, exchange
from tests.warc.test_writer import recorder
recording = recorder(open_store(sys.argv[1]))
for n in range(100):
    try:
        recording.write(exchange(f"{SITE}/help/a{n}", bytes([n]) * 10 + __import__("os").urandom(3000)))
    except ArchiveError as error:
        print(n, error.message)
        sys.exit(3)
"""


def test_a_full_disk_ends_the_recording_and_the_file_stays_whole(store: Store, tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    done = subprocess.run(
        [sys.executable, "-c", _FULL, store.uri],
        capture_output=True, text=True, check=False, preexec_fn=limited, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    written = int(done.stdout.split()[0])
    assert "the response cannot be recorded: File too large" in done.stdout
    items = all_records(store)
    assert [item for item in items if isinstance(item, Damage)] == []
    answers = [item for item in items if isinstance(item, Record) and item.type == "response"]
    assert len(answers) in {written, written + 1}  # the last one may miss its request


def test_an_object_store_gets_whole_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store = open_store(f"memory://warc-{os.getpid()}")
    recording = recorder(store)
    reference = recording.write(exchange(f"{SITE}/help/a", b"page"))
    assert warc_files(store, EN) == []
    recording.close()
    assert read_payload(store, reference)[0] == b"page"
    # What a killed crawl left in the state folder is published by the next one.
    killed = recorder(store, SECOND)
    lost = killed.write(exchange(f"{SITE}/help/b", b"other"))
    killed.close_unindexed()
    recorder(store, THIRD)
    assert read_payload(store, lost)[0] == b"other"
    assert list(tmp_path.rglob("*.warc.gz")) == []
    store.fs.rm(store.root, recursive=True)


_FILE = f"warc/site=okx/locale=en/{FIRST}-00000.warc.gz"


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "x",
        "../../etc/passwd#0",
        f"snapshots/site=okx/locale=en/{FIRST}.parquet#0",
        _FILE,
        f"{_FILE}#-1",
        f"{_FILE}#٣",
        f"{_FILE.replace('okx', 'okx/../x')}#1",
    ],
)
def test_a_reference_leads_to_a_warc_file_and_nowhere_else(store: Store, reference: str) -> None:
    with pytest.raises(InputError, match="is not a reference to a record"):
        read_payload(store, reference)


def test_a_missing_file_and_a_wrong_offset(store: Store) -> None:
    (reference,) = write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    with pytest.raises(InputError, match="#1: "):
        read_payload(store, reference.partition("#")[0] + "#1")
    Path(store.url(reference.partition("#")[0])).unlink()
    with pytest.raises(ArchiveError, match="no such file"):
        read_payload(store, reference)


def test_check_names_what_does_not_fit(store: Store) -> None:
    first, second = write(
        store, FIRST, exchange(f"{SITE}/help/a", b"page"), exchange(f"{SITE}/help/b", b"other")
    )
    file, _, offset = first.partition("#")
    path = Path(store.url(file))
    broken = bytearray(path.read_bytes())
    broken[int(offset) + 40] ^= 0xFF
    path.write_bytes(broken)
    elsewhere = file.replace("locale=en", "locale=de")
    found = {
        (p.file, p.offset, p.detail) for p in check_records(store, EN, [first, second, f"{elsewhere}#5", "x"])
    }
    assert (file, int(offset), "a row refers to this offset, where no response begins") in found
    assert (elsewhere, 5, "a row of okx/en refers to a record of okx/de") in found
    assert any(where == int(offset) and "damaged" in detail for _, where, detail in found)
    assert any(name == index_path(file) and first in detail for name, _, detail in found)
    assert not any(second in detail for _, _, detail in found)


def test_many_references_that_are_none_are_counted(store: Store) -> None:
    (good,) = write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    far = f"{good.partition('#')[0]}#{10**30}"
    wrong = [f"page {number:02}" for number in range(25)]
    details = [p.detail for p in check_records(store, EN, [*wrong, *wrong, good, far])]
    assert details[0] == "a row refers to this offset, where no response begins"
    assert [each.partition(" is not")[0] for each in details[1:21]] == [repr(each) for each in wrong[:20]]
    assert details[21:] == ["and 5 more that are not references to records"]


def test_payloads_with_wrong_digests_are_not_given_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (reference,) = write(store, FIRST, exchange(f"{SITE}/help/a", b"page"))
    monkeypatch.setattr(Record, "wrong_digests", lambda record: ["wrong payload digest: x is stated"])
    with pytest.raises(InputError, match="wrong payload digest"):
        PayloadReader(store).read(reference)


_CAPTURES = st.builds(
    Capture,
    url=st.sampled_from([f"{SITE}/help/a", f"{SITE}/help/ä b?x=1", "https://x.example/\u2028"]),
    date=st.integers(0, 2**32).map(
        lambda seconds: f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y%m%d%H%M%S}"
    ),
    status=st.one_of(st.none(), st.integers(100, 599)),
    mime=st.sampled_from(["text/html", "warc/revisit", "unk"]),
    digest=st.just("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"),
    file=st.just("f/x.warc.gz"),
    offset=st.integers(0, 2**40),
    length=st.integers(0, 2**40),
    location=st.sampled_from(["", f"{SITE}/help/b"]),
)


@given(st.lists(_CAPTURES, max_size=8))
def test_an_index_comes_back(captures: list[Capture]) -> None:
    data = dump_index(captures)
    assert data.splitlines() == sorted(data.splitlines())
    back = list(parse_index(data, "index.cdxj", folder="f/"))
    assert sorted(map(repr, back)) == sorted(map(repr, captures))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_index(data: bytes) -> None:
    for item in parse_index(b"com,okx)/ 20260101000000 " + data + b"\n" + data, "index.cdxj"):
        assert isinstance(item, Capture | Damage)


@given(st.text(max_size=60))
def test_any_url_has_a_key(url: str) -> None:
    assert isinstance(surt(url), str)
    assert isinstance(surt(f"https://{url}"), str)


def test_index_lines_that_are_none_are_named_by_offset() -> None:
    good = dump_index([Capture("https://a.example/", "20260101000000", 200, "text/html", "", "x", 1, 2)])
    items = list(parse_index(good + b"nonsense\n" + good, "i.cdxj"))
    assert isinstance(items[1], Damage)
    assert items[1].offset == len(good)
    assert [type(item) for item in items] == [Capture, Damage, Capture]


def test_a_name_that_another_machine_took_stops_no_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines began in one second, and the other one committed; earlier versions were stuck from then on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store = open_store(f"memory://taken-{tmp_path.name}/archive")
    [theirs] = write(store, FIRST, exchange("/a", b"theirs"))
    file = theirs.partition("#")[0]
    whole = store.read(file)
    ours = members(record("/b", b"ours"))
    store.draft(file).write_bytes(ours)
    with pytest.raises(ArchiveError, match="another crawl took this id") as caught:
        recorder(store, FIRST)
    assert "without --resume" in caught.value.advice
    [fresh] = write(store, SECOND, exchange("/c", b"new"))
    assert store.read(file) == whole
    assert store.read(file.replace("-00000", "-00001")) == ours
    assert store.drafts(f"warc/{EN.folder}") == ()
    assert read_payload(store, fresh)[0] == b"new"


def test_machines_that_go_on_in_turn_lose_no_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each goes on from the last copy of the ledger; a draft on a machine that died comes up under a free name."""
    store = open_store(f"memory://{tmp_path.name}")
    pages = iter(exchange(f"{SITE}/help/{n}", f"page {n}".encode()) for n in range(10))

    def on(machine: str, **options: int) -> Recorder:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / machine))
        return recorder(store, **options)

    first = on("a")
    first.write(next(pages))
    first.close()  # the copy that the others go on from
    own = first.write(next(pages))
    first.close_unindexed()
    second = on("b", leave_out=1)
    second.write(next(pages))
    second.close_unindexed()
    third = on("c", leave_out=1)
    third.write(next(pages))
    third.close()
    for machine in ("b", "a"):
        again = on(machine, leave_out=1)
        again.write(next(pages))
        again.close()
    on("c")  # makes the last index
    assert not list(check_records(store, EN))
    assert read_payload(store, own)[0] == b"page 1"
    urls = [item.url for item in all_records(store) if isinstance(item, Record) and item.type == "response"]
    assert sorted(urls) == [f"{SITE}/help/{n}" for n in range(6)]


def test_what_a_store_does_not_take_is_put_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store = open_store(f"memory://{tmp_path.name}")
    recording = recorder(store)
    recording.write(exchange(f"{SITE}/help/a", b"page a"))
    with monkeypatch.context() as busy:
        busy.setattr(type(store), "create", _busy)
        for _ in range(2):
            with pytest.raises(ArchiveError, match="busy"):
                recording.close()
    recording.write(exchange(f"{SITE}/help/b", b"page b"))
    recording.close()
    assert not list(check_records(store, EN))
    assert [len(load_index(store, file)) for file in warc_files(store, EN)] == [1, 1]
    assert list(store.drafts("warc/site=okx/locale=en")) == []


def _busy(self: Store, path: str, data: bytes | Path) -> bool:
    raise ArchiveError("the store is busy")
