"""What ``docs/running.md`` and ``docs/settings.md`` say of settings, thresholds and exit codes is held to the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from scrapy.settings import default_settings

from helpscraper import settings
from helpscraper.errors import ExitCode
from helpscraper.extensions.session import session_options
from helpscraper.health.checks import Thresholds

ROOT = Path(__file__).parent.parent.parent
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z_]+)` \| `(.*?)` \| .+ \| (.+) \|$", re.MULTILINE)

OWN = {
    name: value
    for name, value in vars(settings).items()
    if name.isupper() and not hasattr(default_settings, name)
}


def test_every_own_setting_is_described_with_its_default() -> None:
    described = {name: default for name, default, _ in ROW.findall(SETTINGS)}
    assert described == {name: repr(value) for name, value in OWN.items()}


def test_a_setting_is_read_where_the_page_says() -> None:
    for name, _, places in ROW.findall(SETTINGS):
        for place in re.findall(r"`([^`]+)`", places):
            assert f'"{name}"' in (ROOT / "helpscraper" / place).read_text(encoding="utf-8"), (name, place)


def test_the_settings_are_the_thresholds_of_the_checks() -> None:
    from scrapy.settings import Settings

    found = session_options(Settings(OWN), "okx/3").thresholds
    assert found == Thresholds()
    changed = {f"HEALTH_{f.name.upper()}": 7 for f in dataclasses.fields(Thresholds)}
    assert changed.keys() <= OWN.keys()
    assert set(dataclasses.astuple(session_options(Settings(OWN | changed), "okx/3").thresholds)) == {7}


def test_every_threshold_has_its_reason() -> None:
    for name, value in OWN.items():
        if name.startswith("HEALTH_"):
            assert f"`{name}` = {value:g}" in RUNNING, name


def test_every_exit_code_says_what_it_asks_for() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \| .+ \| .+ \|$", RUNNING, re.MULTILINE)}
    assert told == set(ExitCode)
