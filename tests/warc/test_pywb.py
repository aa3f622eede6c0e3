"""pywb, the replay tool of web archives, shows a crawled article: as it was, and where it did not change."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings import PayloadReader, read_payload, read_record, warc_files
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Record
from tests.warc.pywb_server import serving_pywb
from tests.warc.test_crawled import Crawled, crawled

__all__ = ["crawled"]

pytestmark = pytest.mark.slow

EN = Partition("okx", "en")


@pytest.fixture(scope="module")
def replay(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a pywb that serves the records of the crawl."""
    store = crawled.catalog.store
    files = [store.url(file) for file in warc_files(store, EN)]
    with serving_pywb(files, tmp_path_factory.mktemp("pywb")) as address:
        yield address


def answers(crawled: Crawled) -> list[Record]:
    """Every recorded answer that pywb is to show."""
    store = crawled.catalog.store
    found = []
    for file in warc_files(store, EN):
        with store.open(file) as stream:
            found += [item for item in iter_records(stream, file) if isinstance(item, Record)]
    return [item for item in found if item.type in {"response", "revisit"} and item.status == 200]


def test_pywb_shows_what_was_recorded(replay: str, crawled: Crawled) -> None:
    checked = {"response": 0, "revisit": 0}
    for item in answers(crawled)[::4]:
        assert item.date is not None
        moment = f"{item.date:%Y%m%d%H%M%S}"
        # ``id_`` asks for the page as it was, without pywb's own banner and links.
        with urllib.request.urlopen(f"{replay}/{moment}id_/{item.url}", timeout=30) as shown:
            page = shown.read()
            assert shown.headers["Memento-Datetime"] == f"{item.date:%a, %d %b %Y %H:%M:%S} GMT"
        payload, _ = read_payload(crawled.catalog.store, item.ref)
        holder = item if item.payload else None
        assert page == (holder.page().data if holder else decoded(crawled, item))
        assert payload
        checked[item.type] += 1
    assert checked["response"] > 5
    assert checked["revisit"] > 5


def decoded(crawled: Crawled, item: Record) -> bytes:
    payload, facts = read_payload(crawled.catalog.store, item.ref)
    item.payload = payload
    assert facts["content_encoding"] == "gzip"
    return item.page().data


def test_pywb_answers_304_as_the_server_did_and_has_the_page_that_it_vouched_for(
    replay: str, crawled: Crawled
) -> None:
    store = crawled.catalog.store
    unchanged = []
    for file in warc_files(store, EN):
        with store.open(file) as stream:
            found = [item for item in iter_records(stream, file) if isinstance(item, Record)]
        unchanged += [item for item in found if item.not_modified]
    assert unchanged
    for item in unchanged:
        assert (item.type, item.status, item.payload) == ("revisit", 304, b"")
        assert item.date is not None
        moment = f"{item.date:%Y%m%d%H%M%S}"
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"{replay}/{moment}id_/{item.url}", timeout=30)
        with answer.value as shown:
            assert shown.code == 304
            assert shown.headers["Memento-Datetime"] == f"{item.date:%a, %d %b %Y %H:%M:%S} GMT"
        # The record names where and when the page itself was stored; there pywb shows it.
        url = item.headers.get_header("WARC-Refers-To-Target-URI")
        stored = re.sub(r"\D", "", item.headers.get_header("WARC-Refers-To-Date"))
        with urllib.request.urlopen(f"{replay}/{stored}id_/{url}", timeout=30) as shown:
            page = shown.read()
        assert page == read_record(store, PayloadReader(store).holder(item)).page().data
        assert page


def test_pywb_does_not_know_other_pages(replay: str, crawled: Crawled) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{replay}/2026id_/{crawled.url}/help/never-there", timeout=30)
