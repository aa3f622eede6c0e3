"""Captures of every host of a site, of other editions, and of articles without a body."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_parts import Verdict
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.replay.reextract import reextract
from tests.warc.made import AT, SITE, record, response
from tests.warc.test_captures import load, page, put, run, slugs

HOSTS = {
    "https://web3.okx.com": "okx", "https://aws.okx.com": "okx", "http://okex.com": "okx",
    "https://tr.okx.com": "okx-tr", "https://my.okx.com": "okx-eea", "https://app.okx.com": "okx-us",
}  # fmt: skip


def test_captures_of_every_host_import_into_the_site_that_serves_it(tmp_path: Path) -> None:
    names = slugs(len(HOSTS))
    file = put(
        tmp_path / "old.warc.gz",
        *(
            response(f"{host}/de/help/{slug}", page(f"/de/help/{slug}"))
            for host, slug in zip(HOSTS, names, strict=True)
        ),
    )
    report = run(tmp_path, file)
    assert (report.skipped, report.used) == ({}, len(HOSTS))
    archive = tmp_path / "archive"
    for site in set(HOSTS.values()):
        found = Catalog(archive).load_table("latest", site=site, locale="de").to_pylist()
        expected = {slug for (host, its), slug in zip(HOSTS.items(), names, strict=True) if its == site}
        assert {row["article_id"] for row in found} == expected
        assert {row["status"] for row in found} == {"fetched"}
    assert load(archive, locale="de")[names[0]]["url"] == f"{SITE}/de/help/{names[0]}"
    assert verify(Catalog(archive)).problems == []
    # The same hosts are known when the captures are read again.
    assert [(each.problems, each.records) for each in reextract(str(archive), force=True, site="okx")] == [
        ((), 3)
    ]
    # A capture of one site is none of another.
    assert run(tmp_path, file, site="okx-tr").skipped == {"another site": len(HOSTS) - 1}


def test_the_turkish_site_has_its_own_editions(tmp_path: Path) -> None:
    text = b"Terms\n\nPublished on May 9, 2024 3 min read\n\nThese are the words of it."
    [slug] = slugs(1)
    file = put(
        tmp_path / "old.warc.gz",
        response(f"https://tr.okx.com/help/{slug}", page(f"/tr/help/{slug}")),
        record("https://tr.okx.com/en/help/terms", text, kind="conversion"),
    )
    assert run(tmp_path, file).skipped == {}
    rows = {
        locale: Catalog(tmp_path / "archive").load_table("latest", site="okx-tr", locale=locale).to_pylist()
        for locale in ("tr", "en-tr")
    }
    assert {locale: [row["url"] for row in found] for locale, found in rows.items()} == {
        "tr": [f"https://tr.okx.com/help/{slug}"], "en-tr": ["https://tr.okx.com/en/help/terms"],
    }  # fmt: skip


def test_a_capture_of_another_edition_is_passed_over(tmp_path: Path) -> None:
    one, two, _ = slugs()
    file = put(
        tmp_path / "old.warc.gz",
        response(f"{SITE}/help/{one}", page(f"/help/{one}")),
        response(f"{SITE}/help/{two}", page(f"/zh-hans/help/{two}")),
        response(f"{SITE}/help/section/faq-security", page("/en-us/help/section/faq-security")),
    )
    report = run(tmp_path, file)
    assert report.skipped == {"edition": 2}
    assert "the page is of the edition zh-hans, not of en" in report.examples["edition"][0]
    assert load(tmp_path / "archive").keys() == {one}


def test_articles_without_a_body_are_counted_judged_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = slugs()
    bare = '<article aria-label="{0}"><h1>{0}</h1></article><script id="appState">{{"appContext": {{"serverSideProps": '
    bare += '{{"currentPost": {{"slug": "{0}", "title": "{0}"}}}}}}}}</script>'
    file = put(
        tmp_path / "old.warc.gz",
        response(f"{SITE}/help/{one}", page(f"/help/{one}")),
        *(response(f"{SITE}/help/{slug}", bare.format(slug).encode()) for slug in (two, three)),
    )
    assert main(["import", str(file), "--archive", str(tmp_path / "archive")]) == 0
    assert "2 of 3 new articles have no body" in capsys.readouterr().err
    catalog = Catalog(tmp_path / "archive")
    assert catalog.facts(catalog.resolve("latest")).health == (
        Verdict("bodies", "warn", "2 of 3 new articles have no body"),
    )


def test_another_host_is_named_with_the_sites_that_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path / "old.warc.gz", response("https://okx.com.example/help/a", b"<html>"))
    assert main(["import", str(file), "--archive", str(tmp_path / "archive")]) == 2
    said = capsys.readouterr().err
    assert "passed over, another site: 1" in said
    assert "known sites: okx (www.okx.com, web3.okx.com" in said


def test_variants_under_one_title_in_the_texts_of_one_day_are_two_articles(tmp_path: Path) -> None:
    texts = [
        f"All\nFAQ\nAnnouncements\nProduct documents\nFeature ends here\nWords.Published on {date}FAQ".encode()
        for date in ("Jan 19, 2025", "Aug 16, 2023")
    ]
    url = f"{SITE}/help/search?category=all&term=feature"
    file = put(
        tmp_path / "old.wet.gz",
        *(
            record(f"{url}{n}", text, kind="conversion", at=AT + dt.timedelta(minutes=n))
            for n, text in enumerate(texts)
        ),
    )
    assert run(tmp_path, file).skipped == {}
    frame = Archive(tmp_path / "archive").load()
    assert dict(zip(frame["article_id"], frame["published_on"].astype(str), strict=True)) == {
        "feature-ends-here": "2025-01-19",
        "feature-ends-here-20230816": "2023-08-16",
    }
