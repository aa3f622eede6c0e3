"""Between a phone and a desk: tablets and paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.conftest import Watched

LINES = "all => Math.max(...all.map(each => each.getClientRects().length))"
SPLIT = """all => all.filter(each => each.getClientRects().length > each.textContent.split(' ').length)
  .map(each => each.textContent)"""


@pytest.mark.parametrize("width", [740, 768, 820, 900, 1024])
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_a_tablet_shows_every_row_whole(
    report: Path, watched: Callable[..., Watched], locale: str, width: int
) -> None:
    folder = report / "okx" / locale
    view = watched(viewport={"width": width, "height": 1000})
    for path in (folder / "silent.html", sorted((folder / "crawls").glob("2*.html"))[-1]):
        page = view.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.locator("[data-rows] td[data-label=Section] bdi").evaluate_all(SPLIT) == []
    dates = view.open(folder / "silent.html").locator("[data-rows] td[data-label=Crawl] a")
    assert dates.count() and dates.evaluate_all(LINES) == 1, "a date stands on one line"


def test_paper_shows_every_row_whole(report: Path, watched: Callable[..., Watched]) -> None:
    page = watched(viewport={"width": 794, "height": 1123}).open(report / "okx/en/silent.html")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.locator("[data-rows] thead").is_visible()
    assert page.locator("[data-rows] td[data-label=Crawl] a").evaluate_all(LINES) == 1
    assert page.locator("[data-rows] td[data-label=Section] bdi").evaluate_all(SPLIT) == []
