"""Records, answers of indexes, and reasons are kept between runs, and each is found again where it holds."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings import Capture
from helpscraper.archive.writer import SnapshotFile
from helpscraper.backfill.index_cache import IndexCache
from helpscraper.backfill.kept import Kept
from helpscraper.backfill.run import _remembered, _Told
from helpscraper.warc.reader import read_at
from tests.backfill.archives import utc
from tests.warc.made import SITE, response

URL = f"{SITE}/help/a"
THEN = utc(2019, 3, 4)
PAGE = Capture(URL, "20190304000000", 200, "text/html", "", "f", 0, 1)
MOVED = Capture(URL, "20190304000000", 301, "text/html", "", "f", 0, 1)


@pytest.mark.parametrize(
    ("status", "held", "other"),
    [("200 OK", PAGE, MOVED), ("301 Moved", MOVED, PAGE)],
    ids=["page", "redirect"],
)
def test_a_redirect_is_not_the_page_of_the_same_second(
    status: str, held: Capture, other: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "kept.warc.gz"
    data = response(URL, b"x", at=THEN, status=status, headers=f"Location: {SITE}/help/b\r\n")
    kept = Kept(file, "loopback")
    kept.add(read_at(BytesIO(data), "made", 0))
    kept.close()
    again = Kept(file, "loopback")
    for each in (kept, again):
        assert each.get(held) is not None and each.get(other) is None
    again.close()


def test_a_reason_holds_until_its_day_is_imported_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.warc.gz", "loopback")
    days = [THEN + dt.timedelta(days=number) for number in range(3)]
    refs = []
    for day in days:
        kept.add(read_at(BytesIO(response(URL, b"x", at=day)), "made", 0))
        held = kept.get(Capture(URL, f"{day:%Y%m%d%H%M%S}", 200, "text/html", "", "f", 0, 1))
        assert held is not None
        refs.append(Path(held.ref).name)
    kept.close()
    first = _Told(reasons=dict.fromkeys([*refs, "gone.warc.gz#7"], "extraction"))
    assert set(_remembered(tmp_path, first)) == {*refs, "gone.warc.gz#7"}
    names = [f"{day:%Y%m%d}T000000Z" for day in days[:2]]
    written = [SnapshotFile(Partition("okx", "en"), name, f"x/{name}.parquet", 1, 1, 1) for name in names]
    later = _Told(snapshots=written, reasons={refs[1]: "payload"})
    assert _remembered(tmp_path, later) == {
        refs[1]: "payload",
        refs[2]: "extraction",
        "gone.warc.gz#7": "extraction",
    }
    assert _remembered(tmp_path, _Told())[refs[2]] == "extraction"


def test_a_finished_run_forgets_only_the_answers_that_it_used(tmp_path: Path) -> None:
    with IndexCache(tmp_path / "index.sqlite") as cache:
        cache.put("http://one.example/", b"1")
        cache.put("http://two.example/", b"")
    with IndexCache(tmp_path / "index.sqlite") as cache:
        assert (cache.get("http://one.example/"), cache.get("http://three.example/")) == (b"1", None)
        cache.put("http://three.example/", b"3")
        cache.clear()
        assert [cache.get(f"http://{name}.example/") for name in ("one", "two", "three")] == [None, b"", None]
