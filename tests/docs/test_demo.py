"""A page of the docs shows the output of the demo, and the README some of its lines."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

README, PAGE = ROOT / "README.md", ROOT / "docs" / "demo.md"

_BLOCK = re.compile(r"(<!-- demo -->\n```text\n)(.*?)(```\n<!-- /demo -->)", re.DOTALL)
# What differs from run to run: ids, ports, seconds and sizes.
_VARIES = (
    (re.compile(r"\d{8}T\d{6}Z"), "ID"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\d+\.\d+ s\b"), "SECONDS"),
    (re.compile(r"[\d,]+ bytes"), "BYTES"),
)


def varying(text: str) -> str:
    """``text`` without what differs from run to run."""
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text


def test_the_demo_prints_what_its_page_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpscraper", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = PAGE.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        page = _BLOCK.sub(lambda match: match[1] + done.stdout + match[3], page)
        PAGE.write_text(page, encoding="utf-8")
    found = _BLOCK.search(page)
    assert found is not None, "the page holds the demo's output between <!-- demo --> and <!-- /demo -->"
    assert varying(found[2]) == varying(done.stdout), (
        "run pytest --update-golden after looking at the difference"
    )
    *_, last = done.stdout.splitlines()
    report = re.fullmatch(r"Open (\S+) in a browser\.", last)
    assert report and (tmp_path / report[1]).is_file(), "the last line names the report"


def test_the_lines_of_the_readme_are_some_of_the_demos_in_their_order() -> None:
    shown, whole = (_BLOCK.search(page.read_text(encoding="utf-8")) for page in (README, PAGE))
    assert shown and whole
    lines = iter(whole[2].splitlines())
    few = shown[2].splitlines()
    assert 5 < len(few) <= 10
    assert [line for line in few if line not in lines] == []


def test_make_demo_is_the_demo() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1].endswith("/helpscraper demo")
