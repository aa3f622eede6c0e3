"""An article of an earlier era is joined to that of today only on evidence, which is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.archive.verify import verify
from helpscraper.cli import main
from helpscraper.publish.model import article_key
from tests.backfill.archives import OKEX, common_crawl, serving, utc
from tests.backfill.test_backfill import run
from tests.backfill.test_backfill import then as then
from tests.warc.made import SITE, members, response
from tests.warc.test_captures import page, slugs


def pages(then: tuple[str, bytes], *, moved: bool) -> dict[str, dict[str, bytes]]:
    """The same article in two eras, with another text, and a redirect from the one address to the other."""
    key, old = then
    slug = slugs()[0]
    text = re.sub(rb"<p>[^<]{20,}</p>", b"<p>Written anew, from the first word to the last one.</p>", old)
    assert text != old
    location = f"Location: {SITE}/help/{slug}\r\n"
    redirect = response(f"{OKEX}/{key}", b"", at=utc(2023, 5, 5), status="301 Moved", headers=location)
    return {
        "CC-MAIN-2019-09": {"a.warc.gz": members(response(f"{OKEX}/{key}-x", text, at=utc(2019, 3, 4)))},
        "CC-MAIN-2021-17": {
            "b.warc.gz": members(response(f"{SITE}/help/{slug}", page(f"/help/{slug}"), at=utc(2021, 5, 1)))
        },
        "CC-MAIN-2022-27": {
            "c.warc.gz": members(
                response(f"{SITE}/help/{slug}", page(f"/help/{slug}"), at=utc(2022, 7, 1)),
                response(f"{SITE}/help/{slugs()[1]}", page(f"/help/{slugs()[1]}"), at=utc(2022, 8, 1)),
            )
        },
        "CC-MAIN-2023-14": {"d.warc.gz": members(redirect)} if moved else {},
        "CC-MAIN-2024-10": {
            "e.warc.gz": members(
                response(f"{SITE}/help/{slug}", page(f"/help/{slug}", 2) + b" ", at=utc(2024, 2, 2))
            )
        },
    }


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_a_redirect_joins_two_eras_and_both_history_and_report_name_it(
    then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slug, archive = slugs()[0], str(tmp_path / "archive")
    with serving(common_crawl(pages(then, moved=True))) as web:
        assert run(web, tmp_path) == 0
        assert "redirects from one article to another: 1" in capsys.readouterr().out
        stored = sorted((tmp_path / "archive/redirects").rglob("*.json"))
        assert run(web, tmp_path) == 0
        assert sorted((tmp_path / "archive/redirects").rglob("*.json")) == stored and len(stored) == 1

    found = told(capsys, "history", slug, "--archive", archive)
    assert found.splitlines()[0] == f"okx/en  {then[0]} -> {slug}"
    assert f"was             {then[0]} (the older address redirected to the newer one, HTTP 301)" in found
    assert "20190304T000000Z -> 20210501T000000Z" in found
    assert "20220701T000000Z -> 20240202T000000Z" in found  # 20220801T000000Z did not see it

    assert main(["report", "--archive", archive, "--out", str(tmp_path / "report")]) == 0
    html = (tmp_path / f"report/okx/en/articles/{article_key(slug)}.html").read_text()
    shown = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    assert f"address (the older address redirected to the newer one, HTTP 301) {then[0]} {slug}" in shown
    assert "between 2019-03-04 00:00 UTC and 2021-05-01 00:00 UTC" in shown
    assert "between 2022-07-01 00:00 UTC and 2024-02-02 00:00 UTC" in shown

    assert not verify(Catalog(archive)).problems
    stored[0].write_text("[{}]")
    assert [each.path for each in verify(Catalog(archive)).problems] == [str(stored[0].relative_to(archive))]
    diff = Archive(archive, site="okx", locale="en").diff("2019-03-04", "2021-05-01")
    assert any("redirects are not known" in each for each in diff.warnings)


def test_without_evidence_the_articles_are_two(
    then: tuple[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(common_crawl(pages(then, moved=False))) as web:
        assert run(web, tmp_path) == 0
    found = told(capsys, "history", slugs()[0], "--archive", str(tmp_path / "archive"))
    assert found.splitlines()[0] == f"okx/en  {slugs()[0]}" and "was  " not in found
