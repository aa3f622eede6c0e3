"""Data that does not fit into a page is in scripts beside it: rows, view counts, versions of a long article."""

# ruff: noqa: E501  (scripts read better whole)
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.publish.model import KIND_WORDS, article_key
from helpscraper.publish.report.build import build_report
from tests.report.conftest import Watched
from tests.report.hostile import PAYLOAD

Watch = Callable[..., Watched]
ARTICLES = 330


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, commit: Callable[..., Any]) -> Path:
    """The report of a crawl that found more edits and counts than a page holds, of a site that is hostile."""
    folder = tmp_path_factory.mktemp("large")
    store = open_store(folder / "a")
    rows: list[dict[str, Any]] = [
        {
            "article_id": f"a{n:03d}", "title": f"Title {n:03d} {PAYLOAD}", "section": f"s{n % 3}",
            "section_title": f"Section {n % 3} {PAYLOAD}", "body": f"Body {n} {PAYLOAD}", "view_count": 10 * n,
        }
        for n in range(ARTICLES)
    ]  # fmt: skip
    rows[7]["body"] = "\n".join(f"Paragraph {n} {'word ' * 50}" for n in range(3000))
    commit(store, "2026-06-01", rows)
    for row in rows:
        row["body"] += "\nmore"
        row["view_count"] += 1
    commit(store, "2026-06-02", rows)
    build_report(Catalog(folder / "a"), folder / "r")
    return folder / "r"


def test_every_row_is_there_to_filter(large: Path, watched: Watch) -> None:
    for name in ("crawls/20260602T060000Z.html", "silent.html"):
        page = watched().open(large / "okx/en" / name)
        expect(page.locator("[data-rows] tbody tr")).to_have_count(ARTICLES)
        assert page.locator("[data-count]").inner_text() == f"{ARTICLES} of {ARTICLES} shown"
        assert page.locator("[data-rest]").count() == 0
        assert page.evaluate("window.__xss === undefined"), name
        shape = "e => [...e.querySelectorAll(':not(.words, .words *)')].map(each => each.tagName + each.className + each.dir + (each.dataset.label ?? ''))"
        rows = page.locator("[data-rows] tbody tr")
        assert rows.first.evaluate(shape) == rows.last.evaluate(shape), (
            "a row of the script is like one of the page"
        )
        page.fill("[name=words]", "title 329")
        assert page.locator("[data-rows] tbody tr:visible").count() == 1
        assert PAYLOAD.split("\u2028")[0] in page.locator("[data-rows] tbody tr:visible th").inner_text()
        page.fill("[name=words]", "")
        page.locator("[name=section]").select_option(index=2)
        assert page.locator("[data-rows] tbody tr:visible").count() == ARTICLES // 3
        link = page.locator("[data-rows] tbody tr:visible a[href*='articles/'][href*='#20260602']").last
        link.click()
        page.wait_for_selector(".word-diff ins")
        assert page.locator(".word-diff ins").inner_text() == "more"


def test_the_script_has_the_words_of_the_templates(large: Path) -> None:
    script = (large / "assets/report.js").read_text()
    told = script.partition("const meanings = {")[2].partition("}")[0]
    assert dict(re.findall(r'(\w+): "([^"]+)"', told)) == KIND_WORDS


def test_what_has_no_two_values_is_said_in_words(
    tmp_path: Path, commit: Callable[..., Any], watched: Watch
) -> None:
    """Alike in the rows of the page and in those of its script."""
    store = open_store(tmp_path / "a")
    rows = [
        {"article_id": f"a{n:03d}", "title": f"Title {n:03d}", "section": "s", "body": "x"}
        for n in range(ARTICLES)
    ]
    commit(store, "2026-06-01", rows[:2])
    commit(store, "2026-06-02", rows)
    commit(store, "2026-06-03", rows[:2])
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    for day, words in (("02", "new article"), ("03", "taken down")):
        page = watched().open(tmp_path / f"r/okx/en/crawls/202606{day}T060000Z.html")
        expect(page.locator("[data-rows] tbody tr")).to_have_count(ARTICLES - 2)
        assert set(page.locator("[data-rows] td[data-label='What changed']").all_inner_texts()) == {words}


def test_every_view_count_is_shown_when_asked(large: Path, watched: Watch) -> None:
    page = watched().open(large / "okx/en/crawls/20260602T060000Z.html")
    assert page.locator("[data-views] tbody tr").count() == 10
    page.locator("[data-all-views]").click()
    expect(page.locator("[data-views] tbody tr")).to_have_count(ARTICLES)
    cells = page.locator("[data-views] tbody tr", has_text="Title 329").locator("td")
    assert cells.all_inner_texts() == ["3\u202f290", "3\u202f291", "+1"]
    assert page.locator("[data-all-views]").count() == 0
    assert page.evaluate("window.__xss === undefined")


def test_a_long_article_is_compared(large: Path, watched: Watch) -> None:
    page = watched().open(large / f"okx/en/articles/{article_key('a007')}.html")
    page.wait_for_selector("[data-diff]:visible")
    assert page.locator("[data-summary]").inner_text() == "0 words removed, 1 word added."
    assert page.locator(".word-diff ins").inner_text() == "more"
    page.locator("[name=whole]").check()
    assert page.locator(".word-diff > p").count() == 3001
