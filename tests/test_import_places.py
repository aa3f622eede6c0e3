"""The origin of an imported page: the site's hosts, its editions, and articles that share a title."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.cli import main
from helpscraper.normalise.article import Context
from helpscraper.platforms import get_platform
from helpscraper.sample import SampleServer
from helpscraper.sites import get_site

TEXT = (
    "Terms of use\n\nPublished on May 9, 2024Updated on Aug 12, 20253 min read\n\nThese are the words of it."
)


def run(archive: Path, file: Path, url: str, *flags: str, at: str = "2026-06-01T06:30:00Z") -> int:
    return main(["import", str(file), "--archive", str(archive), "--url", url, "--captured-at", at, *flags])


@pytest.mark.parametrize(
    ("host", "site", "locale"),
    [
        ("web3.okx.com/it", "okx", "it"), ("aws.okx.com/it", "okx", "it"), ("www.okex.com", "okx", "en"),
        ("okx.com", "okx", "en"), ("tr.okx.com", "okx-tr", "tr"), ("tr.okx.com/en", "okx-tr", "en-tr"),
        ("my.okx.com", "okx-eea", "en"), ("app.okx.com/en-us", "okx-us", "en-us"),
    ],
)  # fmt: skip
def test_a_capture_of_any_official_host_imports_under_its_own_address(
    host: str, site: str, locale: str, tmp_path: Path
) -> None:
    file = tmp_path / "page.txt"
    file.write_text(TEXT)
    url = f"https://{host}/help/terms"
    assert run(tmp_path / "a", file, url, "--locale", locale) == 0
    [found] = Archive(tmp_path / "a").snapshots()["site"].tolist()
    assert found == site
    frame = Archive(tmp_path / "a").load()
    assert frame["article_id"].tolist() == ["terms"]
    # The address of the row is the site's own, so that captures of all hosts are of one article.
    okx, its = get_platform("okx"), get_site(site)
    assert frame["url"].tolist() == [okx.article_url(Context(its, locale), "terms")]
    assert okx.address(its, frame["url"][0]).locale == locale
    (facts,) = (json.loads(path.read_bytes()) for path in (tmp_path / "a").glob("runs/*/*/*.json"))
    assert facts["declaration"] == its.as_facts()


@pytest.mark.parametrize(
    ("url", "flags"),
    [
        ("https://help.example/help/terms", ()),
        ("https://okx.com.example/help/terms", ()),
        ("https://tr.okx.com/help/terms", ("--site", "okx", "--locale", "tr")),
    ],
)
def test_another_host_is_refused_with_the_hosts_that_are_known(
    url: str, flags: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.txt"
    file.write_text(TEXT)
    assert run(tmp_path / "a", file, url, *flags) == 2
    said = capsys.readouterr().err
    assert "is not a page of" in said
    for known in ("okx (www.okx.com, web3.okx.com, aws.okx.com, www.okex.com); ", "okx-eea (my.okx.com); "):
        assert known in said
    assert not (tmp_path / "a" / "snapshots").exists()


def test_a_site_without_a_known_list_is_not_crawled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crawl", "--archive", str(tmp_path / "a"), "-a", "site=okx-tr"]) == 2
    assert "captures of it can be imported" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("target", ["/help/{slug}", "/help/section/faq-security", "/help/category/faq"])
@pytest.mark.parametrize("served", ["en-us", "zh-hans"])
def test_a_page_of_another_edition_is_refused_and_nothing_is_stored(
    target: str, served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.html"
    with SampleServer(layout="e3") as server:
        both = {record.slug for record in server.truth()} & {record.slug for record in server.truth(served)}
        target = target.format(slug=min(both))
        file.write_bytes(server.healthy(f"/{served}{target}").body)
    assert run(tmp_path / "a", file, f"https://www.okx.com{target}") == 2
    said = capsys.readouterr().err
    assert f"the page is of the edition {served}, not of en" in said
    assert not (tmp_path / "a" / "snapshots").exists()
    assert run(tmp_path / "a", file, f"https://www.okx.com/{served}{target}", "--locale", served) == 0


def test_an_article_without_its_body_is_counted_judged_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post = {"slug": "a", "title": "A", "publishTime": "2026-06-01T08:00+08:00"}
    packed = {"richTextContent": [25, None, {}, [[1]]]}
    state = json.dumps({"appContext": {"serverSideProps": {"currentPost": post | packed}}})
    html = f'<article aria-label="A"><h1>A</h1>%s</article><script id="appState">{state}</script>'
    whole, empty = tmp_path / "whole.html", tmp_path / "empty.html"
    whole.write_text(html.replace("%s", '<div class="index_richTextContent__x"><p>Words.</p></div>'))
    empty.write_text(html.replace("%s", ""))
    assert run(tmp_path / "a", whole, "https://www.okx.com/help/a") == 0
    assert "no body" not in capsys.readouterr().err
    assert run(tmp_path / "a", empty, "https://www.okx.com/help/a", at="2026-07-01T06:30:00Z") == 0
    assert "1 of 1 new articles have no body" in capsys.readouterr().err
    stored = json.loads(sorted((tmp_path / "a").rglob("runs/**/*.json"))[-1].read_text())
    assert stored["health"] == [
        {"check": "bodies", "verdict": "fail", "detail": "1 of 1 new articles have no body"}
    ]


def test_variants_under_one_title_stay_two_articles(tmp_path: Path) -> None:
    """Two notices with one title, told apart by their dates, whatever the order in which a page shows them."""
    rows = {
        day: f"Feature ends here\nWords of the notice.Published on {day}Updated on Nov 17, 2025FAQ"
        for day in ("Jan 19, 2025", "Aug 16, 2023")
    }
    url = "https://www.okx.com/help/search?category=all&term=feature"
    both = list(rows)
    seen = []
    for number, days in enumerate((["Jan 19, 2025"], ["Aug 16, 2023"], both, both[::-1], both)):
        file, archive = tmp_path / f"{number}.txt", tmp_path / ("a" if number < 4 else "empty before")
        head = "All\nFAQ\nAnnouncements\nProduct documents\n"
        file.write_text(head + "".join(rows[day] for day in days))
        assert run(archive, file, url, at=f"2026-06-0{number + 1}T06:30:00Z") == 0
        frame = Archive(archive).load("latest")
        seen.append(dict(zip(frame["article_id"], frame["published_on"].astype(str), strict=True)))
    assert seen[0] == {"feature-ends-here": "2025-01-19"}
    assert seen[1] == {"feature-ends-here-20230816": "2023-08-16"}
    assert seen[2] == seen[3] == seen[4] == seen[0] | seen[1]


def test_the_locale_of_an_import_is_that_of_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.html"
    with SampleServer(layout="e3") as server:
        file.write_bytes(server.healthy("/zh-hans/help/section/faq-security").body)
    url = "https://www.okx.com/zh-hans/help/section/faq-security"
    assert run(tmp_path / "a", file, url, "--locale", "en") == 2
    assert "belongs to the edition zh-hans, not to en" in capsys.readouterr().err
    assert run(tmp_path / "a", file, url) == 0
    assert (tmp_path / "a" / "snapshots" / "site=okx" / "locale=zh-hans").is_dir()
