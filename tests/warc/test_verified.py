"""An archive whose records do not match its rows: each reader of them reports it."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest
from scrapy.settings import Settings

from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.recordings import Recorder, read_record, warc_files
from helpscraper.archive.store import open_store
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.extensions.recorder import warcinfo
from helpscraper.replay.captures import import_captures
from helpscraper.replay.reextract import reextract
from tests.history.story import EN, committed
from tests.history.worlds import MONDAY, row
from tests.warc.made import SITE, exchange, members
from tests.warc.test_captures import article, put, slugs


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    import_captures(
        str(tmp_path / "archive"), [put(tmp_path / "x.warc.gz", *(article(slug) for slug in slugs(2)))]
    )
    return tmp_path / "archive"


def reference(archive: Path) -> tuple[str, Path, int]:
    """The record of the second article, the file that it is in, and its offset there."""
    rows = Catalog(archive).load_table("latest").to_pylist()
    last: str = max((row["warc_record"] for row in rows), key=lambda ref: int(ref.partition("#")[2]))
    file, _, offset = last.partition("#")
    return last, archive / file, int(offset)


@pytest.fixture
def forged(archive: Path) -> str:
    """A record with another letter in its payload, in a gzip member that is whole."""
    ref, path, offset = reference(archive)
    data = path.read_bytes()
    plain = gzip.decompress(data[offset:])
    assert plain.count(b"</title>") == 1
    path.write_bytes(data[:offset] + members(plain.replace(b"</title>", b"?/title>")))
    path.with_name(path.name.replace(".warc.gz", ".cdxj")).unlink()
    return ref


def test_verify_computes_every_digest(archive: Path, forged: str) -> None:
    found = [(each.path, each.detail) for each in verify(Catalog(archive)).problems]
    file, _, offset = forged.partition("#")
    assert [path for path, _ in found] == [file]
    assert found[0][1].startswith(f"#{offset}: wrong payload digest: sha1:")


def test_verify_follows_every_reference(archive: Path) -> None:
    ref, path, offset = reference(archive)
    path.write_bytes(path.read_bytes()[:offset])
    path.with_name(path.name.replace(".warc.gz", ".cdxj")).unlink()
    file, _, offset_text = ref.partition("#")
    (problem,) = verify(Catalog(archive)).problems
    assert problem.path == file
    assert problem.detail.startswith(f"#{offset_text}: a row refers to this offset, where no response begins")


def test_no_row_is_read_again_from_a_record_with_another_digest(archive: Path, forged: str) -> None:
    rows = Catalog(archive).load_table("latest").to_pylist()
    (report,) = reextract(str(archive), force=True, jobs=1)
    assert any(f"{forged}: wrong payload digest" in problem for problem in report.problems)
    again = {row["warc_record"]: row for row in Catalog(archive).load_table("latest").to_pylist()}
    others = [row for row in rows if row["warc_record"] != forged]
    assert others
    assert [again[row["warc_record"]] for row in others] == others


def test_raw_gives_out_nothing_of_a_record_with_another_digest(
    archive: Path, forged: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = next(
        row for row in Catalog(archive).load_table("latest").to_pylist() if row["warc_record"] == forged
    )
    target = tmp_path / "page"
    command = ["show", row["article_id"], "--raw", "--archive", str(archive), "-o", str(target)]
    assert main(command) != 0
    assert f"{forged}: wrong payload digest" in capsys.readouterr().err
    assert not target.exists()
    assert read_record(Catalog(archive).store, forged).url == row["url"]


def test_a_recording_says_who_asked_and_by_which_rules() -> None:
    settings = Settings({"USER_AGENT": "agent/1", "CONTACT": "mailto:me@example.org", "ROBOTSTXT_OBEY": True})
    info = warcinfo(settings, "okx/en 20260301T060000Z")
    assert info["software"].startswith("helpscraper/")
    assert " Scrapy/" in info["software"]
    assert {name: info[name] for name in ("http-header-user-agent", "robots", "operator", "isPartOf")} == {
        "http-header-user-agent": "agent/1",
        "robots": "classic",
        "operator": "mailto:me@example.org",
        "isPartOf": "okx/en 20260301T060000Z",
    }
    assert warcinfo(Settings({"ROBOTSTXT_OBEY": False}), "")["robots"] == "ignore"


def recorded(archive: Path, days: int) -> Catalog:
    """Commit two articles a day with their recordings: one page stays, and the other changes each day."""
    store = open_store(archive)
    for day in range(days):
        at = MONDAY + dt.timedelta(days=day)
        recording = Recorder(
            store, EN, snapshot_id(at), info={"software": "helpscraper", "robots": "classic"}
        )
        pages = {"limits": b"page", "trading-fees": b"page of day %d" % day}
        rows = [
            row(
                slug,
                title=slug,
                body=None,
                warc_record=recording.write(exchange(f"{SITE}/{slug}", page, at=at)),
            )
            for slug, page in pages.items()
        ]
        recording.close()
        committed(archive, day, rows)
    return Catalog(archive)


def test_verify_says_once_which_recordings_were_moved_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "archive"
    catalog = recorded(archive, days=4)
    files = [archive / file for file in warc_files(catalog.store, EN)]
    assert len(files) == 4 and verify(catalog).moved == []
    for file in files[:2]:
        file.unlink()
    found = verify(catalog)
    assert found.problems == []
    assert [str(each) for each in found.moved] == [
        "okx/en: the oldest recordings are not here (2 files up to 20261117T060000Z);"
        " rows refer to 4 records in them, and 2 later revisits need them"
    ]
    assert main(["verify", "--archive", str(archive)]) == 0
    assert "the oldest recordings are not here" in capsys.readouterr().out
    files[2].unlink()  # a revisit's row refers to it as well
    assert [each.until for each in verify(catalog).moved] == ["20261118T060000Z"]
    files[3].unlink()
    (problem,) = verify(catalog).problems
    assert "all recordings are missing: rows refer to 8 records in 4 files" in problem.detail


def test_a_recording_that_is_missing_between_others_is_one_problem(tmp_path: Path) -> None:
    catalog = recorded(tmp_path, days=3)
    _, second, _ = warc_files(catalog.store, EN)
    Path(catalog.store.url(second)).unlink()
    found = verify(catalog)
    assert found.moved == []
    assert [(each.path, each.detail[:68]) for each in found.problems] == [
        (second, "#0: this file is missing, and rows refer to 2 of its records; restor")
    ]
