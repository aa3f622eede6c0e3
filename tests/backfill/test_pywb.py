"""The same history comes out of a pywb, by its index and its raw replay, as by ranges of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.cli import main
from helpscraper.sample import SampleServer
from tests.backfill.archives import collections
from tests.backfill.test_backfill import COUNTS, table
from tests.warc.pywb_server import serving_pywb

pytestmark = pytest.mark.slow


def test_a_history_out_of_pywb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SampleServer(layout="zendesk", articles=10) as server:
        key = server.truth()[0].slug
        crawls = collections(key, server.healthy(f"/hc/en-us/articles/{key}").body)
    folder = tmp_path / "pywb"
    folder.mkdir()
    files = []
    for name, data in (each for crawl in crawls.values() for each in crawl.items()):
        files.append(tmp_path / name)
        files[-1].write_bytes(data)
    archive = tmp_path / "archive"
    with serving_pywb(files, folder) as address:
        words = ["backfill", "--archive", str(archive), "--source", address, "--pause", "0"]
        assert main([*words, "--dry-run"]) == 0
        assert main([*words, "--limit", "2"]) == 0
        capsys.readouterr()
        assert main(words) == 0
    out, err = capsys.readouterr()
    assert table(out) == COUNTS
    assert "dated ahead: 1 (2098: 1)" in err and "a redirect, which holds no page: 1 (2019: 1)" in err

    imported = tmp_path / "imported"
    assert main(["import", "--archive", str(imported), *map(str, files), "--locale", "en"]) == 0
    told = []
    for each in (archive, imported):
        held = Archive(each, site="okx", locale="en")
        rows = [held.load(name, bodies=True) for name in held.snapshots()["snapshot_id"]]
        told.append(
            [
                row[["article_id", "title", "body_text", "url", "fetched_at"]].to_dict("records")
                for row in rows
            ]
        )
    assert told[0] == told[1]
    assert sum(map(len, told[0])) == 5
