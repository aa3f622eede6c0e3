"""``docs/running.md`` and ``docs/settings.md`` are held to the code and to the tools that they address."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import default_settings

from helpscraper import settings
from helpscraper.crawl.health import Thresholds
from helpscraper.errors import ExitCode
from helpscraper.extensions.session import session_options
from helpscraper.sample import SampleServer

ROOT = Path(__file__).parent.parent
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z_]+)` \| `(.*?)` \| .+ \| (.+) \|$", re.MULTILINE)

OWN = {
    name: value
    for name, value in vars(settings).items()
    if name.isupper() and not hasattr(default_settings, name)
}


def block(kind: str, number: int = 0) -> str:
    return re.findall(rf"```{kind}\n(.*?)```", RUNNING, re.DOTALL)[number]


def test_every_own_setting_is_described_with_its_default() -> None:
    described = {name: default for name, default, _ in ROW.findall(SETTINGS)}
    assert described == {name: repr(value) for name, value in OWN.items()}


def test_a_setting_is_read_where_the_page_says() -> None:
    for name, _, places in ROW.findall(SETTINGS):
        for place in re.findall(r"`([^`]+)`", places):
            assert f'"{name}"' in (ROOT / "helpscraper" / place).read_text(encoding="utf-8"), (name, place)


def test_the_settings_are_the_thresholds_of_the_checks() -> None:
    from scrapy.settings import Settings

    found = session_options(Settings(OWN)).thresholds
    assert found == Thresholds()
    changed = {f"HEALTH_{f.name.upper()}": 7 for f in dataclasses.fields(Thresholds)}
    assert changed.keys() <= OWN.keys()
    assert set(dataclasses.astuple(session_options(Settings(OWN | changed)).thresholds)) == {7}


def test_every_threshold_has_its_reason() -> None:
    for name, value in OWN.items():
        if name.startswith("HEALTH_"):
            assert f"`{name}` = {value:g}" in RUNNING, name


def test_every_exit_code_says_what_it_asks_for() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \| .+ \| .+ \|$", RUNNING, re.MULTILINE)}
    assert told == set(ExitCode)


def test_the_crontab_line_works_as_printed(tmp_path: Path) -> None:
    line = block("crontab").splitlines()[-1]
    fields = line.split(None, 5)
    assert all(re.fullmatch(r"[\d*,/-]+", field) for field in fields[:5])
    # In a crontab an unescaped percent sign ends the command.
    assert "%" not in line
    home = tmp_path / "helpscraper"
    (home / ".venv/bin").mkdir(parents=True)
    with SampleServer(articles=12) as server:
        wrapper = home / ".venv/bin/helpscraper"
        fast = "-s DOWNLOAD_DELAY=0 -s AUTOTHROTTLE_ENABLED=False -s RETRY_BACKOFF=0.01"
        wrapper.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m helpscraper "$@" -a base_url={server.url} {fast}\n'
        )
        wrapper.chmod(0o755)

        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["/bin/sh", "-c", fields[5]], cwd="/",
                env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip

        good = run()
        assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
        assert len((home / "crawl.log").read_text().splitlines()) == 1
        wrapper.write_text(
            wrapper.read_text().replace(f"base_url={server.url}", "base_url=http://127.0.0.1:9")
        )
        assert "no article was found" in run().stdout


def test_the_systemd_units_are_sound(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    service = block("ini", 0)
    program = tmp_path / "helpscraper"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    service = service.replace("/opt/helpscraper/.venv/bin/helpscraper", str(program))
    units = [tmp_path / "helpscraper.service", tmp_path / "helpscraper.timer"]
    for unit, text in zip(units, (service, block("ini", 1)), strict=True):
        unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )
    about = [line for line in done.stderr.splitlines() if "helpscraper" in line]
    assert (done.returncode, about) == (0, []), done.stderr


def test_the_links_lead_somewhere() -> None:
    for text in (RUNNING, SETTINGS):
        for target in re.findall(r"\]\(([a-z0-9/-]+\.md)", text):
            assert (ROOT / "docs" / target).is_file(), target
