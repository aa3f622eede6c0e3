"""The pages show the real changes: compared with the sample's truth, page by page."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from helpscraper.archive.layout import snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.archive.writer import write_refused
from helpscraper.cli import main
from helpscraper.history.kinds import KINDS
from helpscraper.publish.model import article_key
from helpscraper.publish.report.build import build_report
from helpscraper.sample import Options, expected_changes, truth
from helpscraper.sample.model import EPOCH, STEP
from tests import sample_archive

STATES = range(1, 6)
ROOT = Path(__file__).parent.parent.parent


def at(state: int) -> str:
    return snapshot_id(EPOCH + state * STEP)


def told(state: int) -> dict[str, set[str]]:
    """What happened to each article, by the key of its page; the counts stand apart."""
    found: dict[str, set[str]] = {}
    for change in expected_changes(state - 1, state):
        if change.kind != "counted":
            found.setdefault(article_key(change.article_id), set()).add(change.kind)
    return found


def silent(state: int) -> set[str]:
    return {article_key(change.article_id) for change in expected_changes(state - 1, state) if change.silent}


def parse(path: Path) -> html.HtmlElement:
    return html.fromstring(path.read_text(encoding="utf-8"))


def words(element: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", element.text_content()).strip()


def rows(page: html.HtmlElement) -> list[tuple[str, html.HtmlElement]]:
    """Key and row of each line of a list of changes."""
    found = page.xpath("//table[@data-rows]/tbody/tr")
    return [
        (re.findall(r"articles/([0-9a-f]{16})\.html", row.xpath("string(th/a/@href)"))[0], row)
        for row in found
    ]


@pytest.mark.parametrize("state", STATES)
def test_a_crawl_shows_every_change_once(report: Path, state: int) -> None:
    page = parse(report / f"okx/en/crawls/{at(state)}.html")
    found = rows(page)
    assert {key: set(row.get("data-kinds").split()) for key, row in found} == told(state)
    assert len(found) == len(told(state))
    assert {key for key, row in found if row.get("data-silent") is not None} == silent(state)
    # Above the rows, one line counts them, however many were only touched.
    kinds = Counter(kind for each in told(state).values() for kind in each)
    (line,) = page.xpath("//p[@class='kinds']")
    said = " ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    assert words(line) == said.replace(" edited", f" edited {len(silent(state))} of them silent")
    linked = {key for key, row in found if row.xpath("boolean(.//a[contains(., 'word diff')])")}
    assert linked == {key for key, kinds in told(state).items() if "edited" in kinds}


def test_the_silent_page_shows_the_silent_edits_and_no_others(report: Path) -> None:
    found = rows(parse(report / "okx/en/silent.html"))
    shown = {(row.xpath("string(td[1]/a/@href)")[-38:-22], key) for key, row in found}
    assert shown == {(at(state), key) for state in STATES for key in silent(state)}


def test_every_edit_shows_its_words_where_it_is_listed(report: Path) -> None:
    """On the crawl's page, on those of silent edits, of the week and of all changes; the front page has edits first."""
    edits = {key for key, kinds in told(5).items() if "edited" in kinds}
    for name in (f"crawls/{at(5)}", "silent", "week", "changes"):
        shown = {
            key for key, row in rows(parse(report / f"okx/en/{name}.html"))
            if row.xpath("boolean(.//*[@class='words']//*[self::ins or self::del])")
        }  # fmt: skip
        assert silent(5) <= shown and (name == "silent" or edits <= shown), name
    front = [
        set(item.xpath("span[@class='badges']/span/text()"))
        for item in parse(report / "index.html").xpath("//ul[@class='changes']/li")
    ]
    assert all("silent" in kinds for kinds in front[: len(silent(5))])
    assert sum("edited" in kinds for kinds in front) == min(len(edits), 12)
    titles = [
        row
        for _, row in rows(parse(report / f"okx/en/crawls/{at(5)}.html"))
        if "retitled" in row.get("data-kinds")
    ]
    assert titles and all(0 < len(words(title.xpath(".//ins")[0])) < 20 for title in titles), (
        "only the new words"
    )
    renamed = [
        row
        for _, row in rows(parse(report / f"okx/en/crawls/{at(5)}.html"))
        if "renamed" in row.get("data-kinds")
    ]
    for row in renamed:
        (address,) = row.xpath(".//div[@class='field'][contains(., 'address')]")
        assert len(words(address.xpath(".//ins")[0])) < 10 < len(words(address.xpath("bdi")[0]))


def test_the_link_to_a_change_stays_when_time_goes_on(tmp_path: Path) -> None:
    sample_archive.build(tmp_path / "a", states=range(3), articles=40)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = tmp_path / f"r/okx/en/crawls/{at(2)}.html"
    before = parse(page).xpath("//table[@data-rows]/tbody/tr/@id")
    assert len(before) > 5 == len(set(before[:5]))
    sample_archive.build(tmp_path / "a", states=range(3, 6), articles=40)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    assert parse(page).xpath("//table[@data-rows]/tbody/tr/@id") == before
    for name in ("silent", "week", "changes", f"articles/{before[0]}"):
        links = parse(tmp_path / f"r/okx/en/{name}.html").xpath("//main//a[contains(@href, '#')]/@href")
        permanent = [href for href in links if "crawls/" in href]
        assert permanent, name
        for href in permanent:
            path, _, anchor = href.partition("#")
            target = (tmp_path / f"r/okx/en/{name}.html").parent / path
            assert parse(target).xpath("count(//*[@id=$anchor])", anchor=anchor) == 1, href


def test_the_week_holds_the_last_seven_days_silent_edits_first(tmp_path: Path) -> None:
    step = dt.timedelta(days=3)
    sample_archive.build(tmp_path / "a", states=range(5), step=step, articles=40)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = parse(tmp_path / "r/okx/en/week.html")
    days = {row.get("data-day") for _, row in rows(page)}
    assert days == {f"{EPOCH + n * step:%Y-%m-%d}" for n in (2, 3, 4)}, "of 12 days the last 7"
    quiet = [row.get("data-silent") is not None for _, row in rows(page)]
    assert any(quiet) and quiet == sorted(quiet, reverse=True)
    every = parse(tmp_path / "r/okx/en/changes.html")
    assert len(rows(every)) > len(rows(page))
    assert [row.get("data-day") for _, row in rows(every)] == sorted(
        (row.get("data-day") for _, row in rows(every)), reverse=True
    )


def test_sections_and_articles_are_reached_from_the_front_page(report: Path) -> None:
    tile = parse(report / "index.html").xpath("//ul[@class='tiles']/li[1]//a/@href")
    assert tile == ["okx/en/articles/index.html", "okx/en/sections/index.html"]
    records = truth(5, "en", Options())
    (table,) = parse(report / tile[0]).xpath("//table[@data-rows]")
    live = [row for row in table.xpath("tbody/tr") if not row.xpath(".//*[@class='state bad']")]
    assert {row.get("data-key") for row in live} == {article_key(record.slug) for record in records}
    sections = parse(report / tile[1]).xpath("//table[contains(@class, 'index')]/tbody/tr")
    assert sum(int(words(row.xpath("td[@data-label='articles']")[0])) for row in sections) == len(records)
    found = set()
    for row in sections:
        page = parse(report / "okx/en/sections" / row.xpath("string(th/a/@href)"))
        found |= set(page.xpath("//table[@data-rows]/tbody/tr/@data-key"))
    assert found == set(table.xpath("tbody/tr/@data-key"))


def test_the_heat_map_names_what_it_leaves_out(tmp_path: Path, commit: Callable[..., Any]) -> None:
    store = open_store(tmp_path / "a")
    for day in (1, 2):
        rows_of_day = [
            {
                "article_id": f"a{n}",
                "section": f"s{n:02d}",
                "section_title": f"Part {n:02d}",
                "body": f"{day} text",
            }
            for n in range(17)
        ]
        commit(store, f"2026-06-0{day}", rows_of_day)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    figure = parse(tmp_path / "r/index.html").xpath("//figure[.//h2='Changes by section']")[0]
    assert "14 of 17 sections" in words(figure)
    assert words(figure.xpath("figcaption//bdi")[0]) == "Part 14, Part 15, Part 16"
    assert len(figure.xpath(".//table/thead/tr/th")) == 1 + 17, "the table has all"


def test_a_change_says_between_which_crawls_it_happened(tmp_path: Path, commit: Callable[..., Any]) -> None:
    """The page was carried for a day: what the third crawl found may have happened since the first."""
    store = open_store(tmp_path / "a")
    read = dt.datetime(2026, 6, 1, 6, 0, 5, tzinfo=dt.UTC)
    for day, body, fetched in ((1, "one", read), (2, "one", read), (3, "two", read + dt.timedelta(days=2))):
        row = {
            "article_id": "a",
            "title": "A",
            "body": f"{body} word",
            "updated_on": None,
            "fetched_at": fetched,
        }
        commit(store, f"2026-06-0{day}", [row])
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    for name in ("silent", "week", "changes"):
        ((_, row),) = rows(parse(tmp_path / f"r/okx/en/{name}.html"))
        assert words(row.xpath("td[@data-label='Crawl']")[0]) == "2026-06-01 and 2026-06-03", name
    ((_, row),) = rows(parse(tmp_path / "r/okx/en/crawls/20260603T060000Z.html"))
    assert "last seen unchanged on 2026-06-01" in words(row)
    article = words(parse(tmp_path / f"r/okx/en/articles/{article_key('a')}.html"))
    assert "between 2026-06-01 06:00 UTC and 2026-06-03 06:00 UTC" in article


def test_a_warning_has_its_reason_in_the_list_of_crawls(tmp_path: Path, commit: Callable[..., Any]) -> None:
    health = [{"check": "section", "verdict": "warn", "detail": "no baseline yet"}]
    commit(
        open_store(tmp_path / "a"),
        "2026-06-01",
        [{"article_id": "a", "title": "A", "body": "one"}],
        health=health,
    )
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    for name in ("index", "okx/en/crawls/index"):
        (row,) = parse(tmp_path / f"r/{name}.html").xpath("//table[@class='crawls']/tbody/tr")
        assert "section no baseline yet" in words(row), name


def test_the_front_page_counts_what_happened(report: Path) -> None:
    page = parse(report / "index.html")
    tiles = [words(tile) for tile in page.xpath("//ul[@class='tiles']/li")]
    assert tiles[0].startswith(f"{len(truth(5, 'en', Options()))} articles")
    touched = sum(kinds == {"touched"} for kinds in told(5).values())
    assert touched
    assert tiles[1].startswith(f"{len(told(5)) - touched} articles changed on {EPOCH + 5 * STEP:%Y-%m-%d}")
    assert tiles[1].endswith(f", and {touched} only touched")
    assert tiles[2].startswith(f"{sum(len(silent(state)) for state in STATES)} silent edits")
    assert tiles[3].startswith("healthy last crawl")
    crawls = page.xpath("//table[@class='crawls']/tbody/tr/th/a/@href")
    assert crawls == [f"okx/en/crawls/{at(state)}.html" for state in (5, 4, 3, 2, 1, 0)]
    assert (
        len(page.xpath("//figure//*[local-name()='svg'][@role='img'][string-length(@aria-label) > 20]")) == 4
    )
    numbers = page.xpath("//figure[1]//table")[0]
    kinds = [words(cell) for cell in numbers.xpath("thead/tr/th")[1:]]
    drawn = {words(text) for text in page.xpath("//figure[1]//*[local-name()='svg']//*[local-name()='text']")}
    assert set(kinds) - drawn == {"touched"}
    for state, line in zip((0, *STATES), numbers.xpath("tbody/tr"), strict=True):
        counted = dict(zip(kinds, (int(words(cell)) for cell in line.xpath("td")), strict=True))
        wanted = told(state) if state else {}
        assert counted == {kind: sum(kind in each for each in wanted.values()) for kind in kinds}


def test_the_front_page_says_what_time_it_covers(tmp_path: Path) -> None:
    """One snapshot has nothing to compare itself with, and two of one day make no range."""
    lead = re.compile(r'<p class="lead">(.*?)</p>')
    for states, begin in (
        (range(1), EPOCH),
        (range(1, 2), EPOCH - STEP + dt.timedelta(hours=1)),
        (range(2, 3), EPOCH),
    ):
        sample_archive.build(tmp_path / "a", states=states, begin=begin, articles=12)
        build_report(Catalog(tmp_path / "a"), tmp_path / "r")
        found = lead.search((tmp_path / "r/index.html").read_text())
        assert (
            found
            and found[1]
            == {
                0: "1 snapshot of 2026-06-01. Changes are shown here after the second one.",
                1: "2 snapshots of 2026-06-01.",
                2: "3 snapshots from 2026-06-01 to 2026-06-15.",
            }[states.start]
        )


def test_an_articles_page_tells_both_dates(report: Path) -> None:
    """The crawl that found a silent edit, and the older day at which the site still dates the article."""
    dated = {article_key(record.slug): str(record.updated_on) for record in truth(5, "en", Options())}
    for key in silent(5):
        page = parse(report / f"okx/en/articles/{key}.html")
        first = page.xpath("//ol[@class='story']/li")[0]
        assert words(first.xpath("a")[0]) == f"{EPOCH + 5 * STEP:%Y-%m-%d %H:%M} UTC"
        assert words(first.xpath("span")[-1]).split()[-1] == dated[key] < f"{EPOCH + 4 * STEP:%Y-%m-%d}"
        assert "silent" in words(first)


def test_the_count_beside_the_dates_is_said_to_be_likes(report: Path) -> None:
    said = "The count that the site shows beside the dates (it calls them likes)."
    counted = {change.article_id for change in expected_changes(4, 5) if change.field == "view_count"}
    assert counted
    pages = [f"articles/{article_key(min(counted))}", f"crawls/{at(5)}"]
    for page in pages:
        assert said in words(
            parse(report / f"okx/en/{page}.html").xpath("//section[@aria-labelledby='views']")[0]
        )
    for name in ("README.md", "docs/report.md", "docs/notebooks.md", "docs/data-dictionary.md"):
        assert re.search(r"count[^.|]*beside\s+the\s+dates[^|]*likes", (ROOT / name).read_text()), name


def test_editions_are_linked_both_ways(report: Path) -> None:
    english = {record.key: record for record in truth(5, "en", Options())}
    both = 0
    for record in truth(5, "ar", Options()):
        other = english.get(record.key)
        path = report / f"okx/ar/articles/{article_key(record.slug)}.html"
        links = parse(path).xpath("//nav[@class='editions']//a")
        if other is None or not links:
            continue
        both += 1
        assert [(link.get("hreflang"), link.get("href")) for link in links] == [
            ("en", f"../../../okx/en/articles/{article_key(other.slug)}.html")
        ]
        back = parse(report / f"okx/en/articles/{article_key(other.slug)}.html")
        assert path.name in [
            Path(href).name for href in back.xpath("//nav[@class='editions']//a[@hreflang='ar']/@href")
        ]
    assert both > 20
    for name in ("index", "okx/en/silent", "okx/ar/index"):
        links = parse(report / f"{name}.html").xpath("//header//details//a")
        assert [words(link) for link in links] == ["okx/ar", "okx/en"], name
        found = [((report / f"{name}.html").parent / link.get("href")).resolve() for link in links]
        assert found == [(report / "okx/ar/index.html").resolve(), (report / "index.html").resolve()]


def test_a_refused_crawl_is_shown_with_its_reason(tmp_path: Path, commit: Callable[..., Any]) -> None:
    store = open_store(tmp_path / "a")
    row = {"article_id": "a", "title": "A", "body": "one"}
    commit(store, "2026-06-01", [row])
    commit(
        store, "2026-06-02", [row], write=write_refused, outcome="refused", reason="too few articles",
        health=[{"check": "articles", "verdict": "fail", "detail": "1 of 40 left"}],
    )  # fmt: skip
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    for name in ("index.html", "okx/en/crawls/index.html", "okx/en/crawls/20260602T060000Z.html"):
        assert "refused" in words(parse(tmp_path / "r" / name)), name
    for name in ("index.html", "okx/en/crawls/20260602T060000Z.html"):
        text = words(parse(tmp_path / "r" / name).xpath("//main")[0])
        assert "too few articles" in text and "1 of 40 left" in text, name


def test_open_opens_the_front_page(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    command = ["report", "--archive", str(archive), "--locale", "ar", "--out", str(tmp_path / "r")]
    assert main(command) == 0 and opened == []
    assert main([*command, "--open"]) == 0
    assert opened == [(tmp_path / "r/index.html").as_uri()]


COMMANDS = (
    ["export", "--bodies"], ["show"], ["diff"], ["log"], ["runs"], ["log", "=cmd|' /C calc'!A0"],
    ["history", "=cmd|' /C calc'!A0"],
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_table_of_a_hostile_site_holds_a_formula(
    command: list[str], tmp_path: Path, commit: Callable[..., Any]
) -> None:
    """Every command that writes CSV, on articles whose every text is a formula of a spreadsheet."""
    store = open_store(tmp_path / "a")
    evil = ["=cmd|' /C calc'!A0", '+HYPERLINK("http://192.0.2.1")', "-1+1", "@SUM(1)", "\t=1", "\r=1", "＝1"]
    for day, mark in (("2026-06-01", ""), ("2026-06-02", "x")):
        rows = [
            {"article_id": evil[0] if n == 0 else f"a{n}", "title": text + mark, "body": text + mark}
            | dict.fromkeys(("section", "section_title", "snippet", "category_title"), text + mark)
            for n, text in enumerate(evil)
        ]
        commit(store, day, rows, reason=evil[0] + mark)
    target = tmp_path / "out.csv"
    assert main([*command, "--archive", str(tmp_path / "a"), "--format", "csv", "--output", str(target)]) == 0
    cells = [
        cell for line in csv.reader(io.StringIO(target.read_bytes().decode(), newline="")) for cell in line
    ]
    assert len(cells) > 5
    assert [cell for cell in cells if re.match(r"[=+@\t\r＝＋＠]|-(?!\d+(\.\d+)?$)", cell)] == []


def test_the_readme_shows_the_four_main_pages() -> None:
    """They are made by ``test_browser.test_screenshots``."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^]]+\]\((docs/images/report-\w+\.png)\)", readme)
    assert [Path(name).stem for name in shown] == [
        "report-front",
        "report-crawl",
        "report-article",
        "report-silent",
    ]
    for name in shown:
        data = (ROOT / name).read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 20_000


def test_assets_of_others_would_have_to_be_listed() -> None:
    """docs/report.md says that everything shipped was written here, so everything has to be one of these."""
    assets = {path.name for path in (ROOT / "helpscraper/publish/report/assets").iterdir()}
    assert assets == {"article.js", "report.css", "report.js", "search.js", "theme.js"}
    text = " ".join((ROOT / "docs/report.md").read_text(encoding="utf-8").split())
    assert "contains and loads no fonts, scripts or styles of others" in text
