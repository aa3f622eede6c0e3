"""One sample archive and one report for all tests of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from markupsafe import Markup

from helpscraper.archive.reader import Catalog
from helpscraper.publish.report import edition
from helpscraper.publish.report.build import build_report
from tests import sample_archive
from tests.conftest import built_once

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from playwright.sync_api import Browser, Page


@pytest.fixture(autouse=True, scope="session")
def _equal_figures_are_drawn_once() -> Iterator[None]:
    """Drawing takes half the time of a small report, and equal figures give equal text: ``test_plots.py``."""
    drawn: dict[str, Markup] = {}
    real = edition._svg

    def svg(draw: partial[Figure], name: str, description: str) -> Markup:
        key = repr((draw.func.__name__, draw.args, draw.keywords, name, description))
        if key not in drawn:
            drawn[key] = real(draw, name, description)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edition, "_svg", svg)
        yield


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six weeks of the sample help centre in English and three in Arabic."""

    def build(folder: Path) -> None:
        sample_archive.build(folder, states=range(6), locales=("en",))
        sample_archive.build(folder, states=range(3, 6), locales=("ar",))

    return built_once(tmp_path_factory, "sample-archive", build)


@pytest.fixture(scope="session")
def report(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of ``archive``; tests must not change it."""
    return built_once(
        tmp_path_factory, "sample-report", lambda folder: build_report(Catalog(archive), folder)
    )


@pytest.fixture(scope="session")
def hostile_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of a site whose every field carries script."""
    build = partial(sample_archive.build, states=range(2), locales=("en",), articles=40, spoilt=True)
    return built_once(tmp_path_factory, "hostile-archive", build)


@pytest.fixture(scope="session")
def hostile_report(hostile_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of ``hostile_archive``."""
    return built_once(
        tmp_path_factory, "hostile-report", lambda folder: build_report(Catalog(hostile_archive), folder)
    )


class Watched:
    """What a page did that a page of a report must not do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("popup", lambda other: self.said.append(f"popup {other.url}"))

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def open(self, path: Path, fragment: str = "") -> Page:
        """Load a page from disk with its scripts, and let it draw."""
        self.page.goto(path.as_uri() + fragment)
        self.page.wait_for_timeout(40)
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Give pages (keyword arguments: those of a browser context), and check at the end that they kept quiet."""
    contexts, given = [], []

    def make(**options: Any) -> Watched:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        given.append(Watched(context.new_page()))
        return given[-1]

    yield make
    for context in contexts:
        context.close()
    for each in given:
        assert each.said == []
        assert [url for url in each.requests if not url.startswith("file:///")] == []
