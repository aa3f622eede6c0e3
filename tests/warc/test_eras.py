"""Captures of the years when a help centre ran on another platform import into its edition of today."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.cli import main
from helpscraper.platforms import address_at
from helpscraper.replay.reextract import reextract
from helpscraper.sample import SampleServer
from helpscraper.sites import get_site
from tests.test_sites import GOOD, mistakes
from tests.warc.made import AT, members, response
from tests.warc.test_captures import article, slugs

THEN = dt.datetime(2019, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
HOSTS = ["https://support.okex.com", "https://www.okex.com/support", "https://okx.com/support"]


@pytest.mark.parametrize(
    "host", [HOSTS[1], *(pytest.param(each, marks=pytest.mark.long) for each in (HOSTS[0], HOSTS[2]))]
)
def test_captures_of_an_earlier_platform_import_into_the_edition(host: str, tmp_path: Path) -> None:
    with SampleServer(layout="zendesk", articles=10) as server:
        record = server.truth()[0]
        path = f"/hc/en-us/articles/{record.slug}"
        old = response(f"{host}{path}-words", server.healthy(path).body, at=THEN)
    foreign = response(f"{host}/hc/fr/articles/1", b"<html lang=fr></html>", at=THEN)
    file = tmp_path / "old.warc.gz"
    file.write_bytes(members(old, foreign, article(slugs(1)[0], AT)))
    archive = tmp_path / "archive"
    assert main(["import", "--archive", str(archive), str(file), "--locale", "en"]) == 0
    held = Archive(archive, site="okx", locale="en")
    first, last = held.snapshots()["snapshot_id"]
    assert first.startswith("2019") and held.load(last)["article_id"].tolist() == slugs(1)
    (row,) = held.load(first, bodies=True).to_dict("records")
    assert (row["article_id"], row["title"]) == (record.slug, record.title.strip())
    assert row["body_text"] == record.body_text
    assert row["url"].endswith(f"{host.removeprefix('https://').removeprefix('www.')}{path}")
    assert held.runs()["locale"].unique().tolist() == ["en"]
    before = held.load(first, bodies=True)
    assert all(report.whole for report in reextract(str(archive), [first], force=True))
    assert held.load(first, bodies=True).equals(before)


def test_a_saved_page_of_an_earlier_platform_is_imported(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with SampleServer(layout="zendesk", articles=10) as server:
        record = server.truth()[0]
        page.write_bytes(server.healthy(f"/hc/en-us/articles/{record.slug}").body)
    url = f"https://support.okex.com/hc/en-us/articles/{record.slug}"
    words = ["import", str(page), "--archive", str(tmp_path / "a"), "--url", url]
    assert main([*words, "--captured-at", THEN.isoformat()]) == 0
    assert Archive(tmp_path / "a", site="okx", locale="en").load()["title"].tolist() == [record.title.strip()]


def test_an_address_belongs_to_the_era_whose_address_it_lies_below() -> None:
    okx = get_site("okx")
    told = {
        "https://support.okex.com/hc/zh-cn/articles/7-x": ("article", "zh-hans", "7"),
        "http://www.okx.com/support/hc/en-us": ("home", "en", None),
        "https://www.okx.com/help/a-title": ("article", "en", "a-title"),
        "https://www.okx.com/supporter/hc/en-us/articles/7": ("other", "en", None),
        "https://evil.example/support/hc/en-us/articles/7": ("other", "en", None),
    }
    for url, expected in told.items():
        address = address_at(okx, url)
        assert (address.kind, address.locale, address.key) == expected, url


@pytest.mark.parametrize(
    "place", ["https://a.example/", "a.example/x", "https://a.example/../x", "https://a.example/x?y"]
)
def test_an_era_has_an_address(place: str) -> None:
    (said,) = mistakes(GOOD | {"eras": {place: {"platform": "zendesk"}}})
    assert said.startswith("eras.") and "a scheme, a host and a path" in said


@pytest.mark.parametrize(
    ("era", "said"),
    [
        ({"locales": {"en-us": "en"}}, "eras.'https://a.example'.platform: is missing"),
        (
            {"platform": "zendeskk"},
            "eras.'https://a.example'.platform: a known platform is wanted, not 'zendeskk'",
        ),
    ],
)
def test_an_era_has_a_platform_that_is_known(era: dict[str, object], said: str) -> None:
    (sentence,) = mistakes(GOOD | {"eras": {"https://a.example": era}})
    assert said in sentence
