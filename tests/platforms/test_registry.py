"""Platforms are found by name: shipped ones, and those that other distributions declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from helpscraper.errors import CommandError
from helpscraper.platforms import get_platform, platform_names
from helpscraper.sites.platforms import SHIPPED


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Declare a platform as an installed distribution does: by a file of its metadata."""
    monkeypatch.syspath_prepend(tmp_path)

    def declare(name: str, value: str) -> None:
        info = tmp_path / "another_help-1.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another-help\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[helpscraper.platforms]\n{name} = {value}\n")

    yield declare
    get_platform.cache_clear()


def test_a_shipped_platform_is_found_once() -> None:
    assert get_platform("okx").name == "okx"
    assert get_platform("okx") is get_platform("okx")


def test_another_distribution_adds_a_platform(declared: Callable[[str, str], None]) -> None:
    declared("other", "helpscraper.platforms.okx.platform:Okx")
    assert platform_names() == sorted([*SHIPPED, "other"])
    assert get_platform("other").extractor.startswith("okx/")


def test_nobody_replaces_a_shipped_platform(declared: Callable[[str, str], None]) -> None:
    get_platform.cache_clear()
    declared("okx", "nowhere:Nothing")
    assert get_platform("okx").name == "okx"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("other", "nowhere:Nothing", "cannot be imported from nowhere:Nothing"),
        ("other", "helpscraper.urls:Nothing", "cannot be imported from helpscraper.urls:Nothing"),
        ("other", "collections:Counter", "collections:Counter is no platform"),
    ],
)
def test_a_platform_that_is_none_is_named(
    declared: Callable[[str, str], None], name: str, value: str, said: str
) -> None:
    declared(name, value)
    with pytest.raises(CommandError, match=said):
        get_platform(name)


def test_an_unknown_name_names_those_known() -> None:
    with pytest.raises(CommandError, match="unknown platform 'zenddesk'") as raised:
        get_platform("zenddesk")
    assert "okx" in raised.value.advice
    assert EntryPoint("okx", SHIPPED["okx"], "x").load().name == "okx"
