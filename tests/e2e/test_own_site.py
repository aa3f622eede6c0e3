"""A site that a file beside the archive declares: crawled, named, and read again with the declaration of its day."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from helpscraper import Archive
from helpscraper.archive.parquet import RUN_KEY
from helpscraper.replay.reextract import reextract
from helpscraper.sample import SampleServer
from helpscraper.sites import sites_at
from tests.e2e.conftest import crawl, helpscraper

HEAD = """
platform = "okx"
base_url = "{url}"
description = "a help centre of one's own"
timezone = "America/New_York"
[editions]
"" = "en"
"""
MAPPED = f"{HEAD}[categories.help]\nkeys = ['faq']\n"


def test_a_declaration_beside_the_archive_is_a_site(tmp_path: Path) -> None:
    archive, file = tmp_path / "output", tmp_path / "sites" / "acme.toml"
    file.parent.mkdir()
    with SampleServer() as server:
        file.write_text(HEAD.format(url=server.url))
        asked = ("-a", "site=acme", "-a", "sections=faq-identity")
        first = crawl(server, archive, *asked)
        assert first.code == 0, first.said
        declared = sites_at(str(archive)).get("acme").as_facts()
        assert first.facts["declaration"] == declared
        assert declared["values"]["timezone"] == "America/New_York"
        before = Archive(archive, site="acme").load()
        # Nothing maps the site's own keys.
        assert set(before["category"]) == {"faq"}
        assert "faq-identity" in set(before["section"])

        # The declaration changes: a re-extraction reads with that of the day.
        file.write_text(MAPPED.format(url=server.url))
        (report,) = reextract(str(archive), force=True, jobs=1)
        assert report.problems == ()
        (written,) = archive.glob("reextracted/*/*/*.parquet")
        assert json.loads(pq.read_metadata(written).metadata[RUN_KEY])["declaration"] == declared
        again = Archive(archive, site="acme").load()
        assert again.drop(columns="warc_record").equals(before.drop(columns="warc_record"))

        # The next crawl maps the key. That is no change of the site: it reads all, and the diff keeps it apart.
        mapped = crawl(server, archive, *asked)
    assert mapped.code == 0, mapped.said
    assert mapped.facts["why_fetched"] == {"extractor": mapped.facts["counts"]["fetched"]}
    read = Archive(archive, site="acme")
    assert set(read.load()["category"]) == {"help"}
    diff = read.diff("latest~1", "latest")
    assert len(diff) == 0
    assert set(diff.extractor_changes["field"]) == {"category"}
    versions = [run["versions"]["extractor"].partition("+") for run in (first.facts, mapped.facts)]
    assert versions[0][0] == versions[1][0]
    assert versions[0][2] != versions[1][2]


def test_a_damaged_declaration_stops_the_command_with_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "acme.toml").write_text(
        'platform = "okx"\nbase_ur = "https://x.example"\ncrawled = 1\n'
    )
    said = helpscraper("crawl", "--archive", tmp_path / "output", "-a", "site=acme")
    assert said.returncode == 2
    known = "acme.toml: base_ur: no such key; did you mean base_url?"
    for part in (known, "crawled: true or false", "base_url: is missing"):
        assert part in said.stderr
    assert not (tmp_path / "output").exists()
