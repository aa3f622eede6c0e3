"""``docs/running.md`` and ``docs/settings.md`` agree with the code in settings, thresholds and exit codes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from helpscraper import settings
from helpscraper.crawl import settings_table
from helpscraper.crawl.settings_table import default, render
from helpscraper.errors import ExitCode
from helpscraper.extensions.session import session_options
from helpscraper.health.checks import Thresholds

ROOT = Path(__file__).parent.parent.parent
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")

OWN = {
    name: value
    for name, value in vars(settings).items()
    if name.isupper() and not hasattr(default_settings, name)
}


def test_the_page_of_settings_is_that_of_the_table() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == render()


def test_every_own_setting_has_its_name_and_default_in_the_settings_of_scrapy() -> None:
    assert {name: default(name) for name in settings_table.OWN} == OWN
    assert all(each.doc.endswith(".") for each in settings_table.OWN.values())


def test_an_environment_variable_sets_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPSCRAPER_ARCHIVE", "elsewhere")
    assert (default("ARCHIVE_URI"), default("AUDIT_DAYS")) == ("elsewhere", 7.0)


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
