"""An article under a new id keeps its past: its earlier changes are shown under its title, and links still work."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.publish.model import ChangeRecord, article_key
from helpscraper.publish.report.build import build_report
from helpscraper.publish.story import article_history
from tests.history.story import committed
from tests.history.worlds import row
from tests.report.conftest import Watched

DAYS = [f"2026060{day}T060000Z" for day in (1, 2, 3)]
OLD, NEW = article_key("old-name"), article_key("new-name")


@pytest.fixture
def renamed(tmp_path: Path, commit: Callable[..., Any]) -> Path:
    """The report of an article that was edited without a date and bears another id since."""
    store = open_store(tmp_path / "a")
    fields = {
        "title": "A lamp",
        "section": "s",
        "section_title": "Lights",
        "source_id": "7",
        "updated_on": None,
    }
    other = {"article_id": "other", "section": "t", "section_title": "Others", "body": "one"}
    first = "A lamp with manners. It goes out by itself."
    for day, name, text in (
        ("2026-06-01", "old-name", first),
        ("2026-06-02", "old-name", f"{first} Never in the rain."),
        ("2026-06-03", "new-name", f"{first} Never in the rain."),
    ):
        commit(store, day, [fields | {"article_id": name, "body": text}, other])
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    return tmp_path / "r/okx/en"


def test_a_silent_edit_before_a_rename_has_its_title_and_section(renamed: Path) -> None:
    (row,) = html.fromstring((renamed / "silent.html").read_text()).xpath("//table[@data-rows]/tbody/tr")
    assert [" ".join(cell.text_content().split()) for cell in row.xpath("th/*")] == ["A lamp", "Lights"]
    assert row.xpath("string(th/a/@href)").endswith(f"articles/{NEW}.html")


def test_the_page_of_an_article_opens_on_the_last_edit_of_its_text(
    tmp_path: Path, commit: Callable[..., Any]
) -> None:
    for day, text, title in (("2026-06-01", "It is on.", "A lamp"), ("2026-06-02", "It is off.", "A lamp"),
                             ("2026-06-03", "It is off.", "A light")):  # fmt: skip
        commit(open_store(tmp_path / "a"), day, [{"article_id": "old-name", "body": text, "title": title}])
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = html.fromstring((tmp_path / f"r/okx/en/articles/{OLD}.html").read_text())
    assert page.xpath("//select[@name='from']/option[@selected]/@value") == [DAYS[0]]
    assert page.xpath("//form/@data-diff") == [DAYS[1]]
    assert page.xpath("//*[@data-target]//ins/text()") == ["off"]


def test_the_number_of_articles_is_that_of_the_rows(tmp_path: Path) -> None:
    wrong = {"fetched": 500, "carried": 0, "listed": 0, "failed": 0, "gone": 0}
    committed(tmp_path / "a", 0, [row("fees", body="F.")], counts=wrong)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    pages = [tmp_path / "r/index.html", *(tmp_path / "r/okx/en/crawls").glob("*.html")]
    assert len(pages) == 3 and not [page for page in pages if "500" in page.read_text()]


def test_the_silent_page_offers_every_section(
    tmp_path: Path, commit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the rows in the script beside it too."""
    monkeypatch.setattr("helpscraper.publish.report.render.ROWS_SHOWN", 1)
    names = ("Lights", "Others", None)
    for day, text in (("2026-06-01", "one two three"), ("2026-06-02", "one two three four")):
        rows = [{"article_id": f"a{n}", "section_title": name, "body": text} for n, name in enumerate(names)]
        commit(open_store(tmp_path / "a"), day, rows)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = html.fromstring((tmp_path / "r/okx/en/silent.html").read_text())
    assert len(page.xpath("//table[@data-rows]/tbody/tr")) == 1
    assert page.xpath("//select[@name='section']/option/text()") == ["all", "Lights", "Others"]


def test_a_link_to_versions_outlives_a_rename(renamed: Path, watched: Callable[..., Watched]) -> None:
    crawl = renamed / f"crawls/{DAYS[1]}.html"
    assert f"articles/{OLD}.html#{DAYS[1]}" in crawl.read_text()
    page = watched().open(crawl)
    page.get_by_role("link", name=re.compile("^word diff")).click()
    page.wait_for_url(f"**/articles/{NEW}.html#{DAYS[1]}")
    assert page.locator("[data-target] ins").inner_text() == "Never in the rain."
    page.go_back()
    page.wait_for_url(f"**/crawls/{DAYS[1]}.html")


def test_an_id_that_another_article_took_over_leads_to_neither_wrong_page(
    tmp_path: Path, commit: Callable[..., Any]
) -> None:
    """What was found of the first one leads to the first one, whenever the second came."""
    store, folder = open_store(tmp_path / "a"), tmp_path / "r"
    lamp = {"title": "A lamp", "source_id": "7"}
    other = {"article_id": "other", "body": "two words"}

    def links(day: str) -> set[tuple[str, str]]:
        page = html.fromstring((folder / f"okx/en/crawls/{day}.html").read_text())
        hrefs = page.xpath(
            "//th[@scope='row'][contains(., 'A lamp')]/a/@href | //a[contains(., 'word diff')]/@href"
        )
        return {(href.split("/")[-1].split(".")[0], href.partition("#")[2]) for href in hrefs}

    text = "A lamp with manners. It goes out by itself."
    commit(store, "2026-06-01", [lamp | {"article_id": "old-name", "body": text, "view_count": 3}, other])
    text += " Never in the rain."
    commit(store, "2026-06-02", [lamp | {"article_id": "old-name", "body": text, "view_count": 8}, other])
    commit(store, "2026-06-03", [lamp | {"article_id": "new-name", "body": text, "view_count": 8}, other])
    build_report(Catalog(tmp_path / "a"), folder)
    assert links(DAYS[1]) == {(OLD, ""), (OLD, DAYS[1])}, "an old page stays, its links go on"
    second = {"article_id": "old-name", "title": "A kettle", "source_id": "9", "body": "It sings."}
    lamp |= {"article_id": "new-name", "body": text, "view_count": 8}
    commit(store, "2026-06-04", [lamp, second, other])
    build_report(Catalog(tmp_path / "a"), folder)
    assert links(DAYS[1]) == {(NEW, ""), (NEW, DAYS[1])}
    assert "A kettle" in (folder / f"okx/en/articles/{OLD}.html").read_text()


def test_a_cms_id_that_came_to_repeat_the_key_is_no_former_key() -> None:
    told = [
        ChangeRecord(DAYS[1], "new-name", "renamed", field, before, "new-name", False)
        for field, before in (("body", "old-name"), ("source_id", "7"))
    ]
    found = article_history("new-name", None, DAYS[0], None, told)
    assert found.former_ids == ("old-name",)
    assert [event.fields for event in found.events] == [
        (("address (near-identical body)", "old-name", "new-name"),)
    ]
