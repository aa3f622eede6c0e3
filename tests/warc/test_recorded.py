"""The files in ``warc/`` of a killed crawl, and of one with a small limit for files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import warc_files
from helpscraper.archive.recordings.index import index_path
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.verify import verify
from helpscraper.sample import SampleServer
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Damage, Record
from tests.e2e.conftest import crawl, end, start

pytestmark = pytest.mark.slow

EN = Partition("okx", "en")


def records(store: Store, file: str) -> tuple[list[Record], list[Damage]]:
    with store.open(file) as stream:
        found = list(iter_records(stream, file))
    return [item for item in found if isinstance(item, Record)], [x for x in found if isinstance(x, Damage)]


def test_a_killed_crawl_leaves_a_readable_file(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with SampleServer(articles=20) as server:
        running = start(server, archive, DOWNLOAD_DELAY="0.01")
        try:
            until = time.monotonic() + 100
            while len(server.requests) < 25 and running.is_running and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            running.kill()
            end(running)
        asked = len(server.requests)
        assert asked >= 25
        store = open_store(archive)
        (file,) = warc_files(store, EN)
        assert not store.exists(index_path(file)), "the crawl was still at work"
        read, problems = records(store, file)
        assert [problem.detail for problem in problems] in (
            [],
            ["cut off: the file ends inside this gzip member"],
        )
        answers = [item for item in read if item.type == "response"]
        # What was under way when it was killed had not come back yet; everything else is there and whole.
        assert len(answers) >= asked - 16
        assert [wrong for item in read for wrong in item.wrong_digests()] == []
        assert all(item.page().data for item in answers if item.status == 200)
        assert crawl(server, archive, "--resume").code == 0
    assert verify(Catalog(archive)).problems == [] or problems


def test_a_crawl_goes_on_in_the_next_file_when_one_is_full(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with SampleServer(articles=8) as server:
        assert crawl(server, archive, settings={"WARC_ROTATE_BYTES": "20000"}).code == 0
    catalog = Catalog(archive)
    files = warc_files(catalog.store, EN)
    assert len(files) > 2
    assert [file.rpartition("-")[2] for file in files] == [f"{n:05d}.warc.gz" for n in range(len(files))]
    for file in files:
        (info, *_), problems = records(catalog.store, file)
        assert (info.type, problems) == ("warcinfo", [])
        assert catalog.store.exists(index_path(file))
        # A file is closed behind the record that fills it, and the request that belongs to that.
        assert catalog.store.size(file) < 20_000 + 20_000
    rows = catalog.load_table("latest").to_pylist()
    assert len({row["warc_record"].partition("#")[0] for row in rows}) > 1
    assert verify(catalog).problems == []
