"""What the README and the docs say is so: the demo prints this, and every command that stands there exists."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper.cli import COMMANDS, build_parser

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "output" / "README.md"]

_BLOCK = re.compile(r"(<!-- demo -->\n```text\n)(.*?)(```\n<!-- /demo -->)", re.DOTALL)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")

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


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpscraper", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = README.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        page = _BLOCK.sub(lambda match: match[1] + done.stdout + match[3], page)
        README.write_text(page, encoding="utf-8")
    found = _BLOCK.search(page)
    assert found is not None, "the README holds the demo's output between <!-- demo --> and <!-- /demo -->"
    assert varying(found[2]) == varying(done.stdout), (
        "run pytest --update-golden after looking at the difference"
    )


def shell_lines() -> list[tuple[str, str]]:
    """Every ``helpscraper …`` line of the docs' shell blocks, with the page that it stands on."""
    found = []
    for page in PAGES:
        for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if language in {"sh", "console"}:
                lines = [line.strip().removeprefix("$ ") for line in block.replace("\\\n", " ").splitlines()]
                found += [(page.name, line) for line in lines if line.startswith("helpscraper ")]
    return found


def test_every_command_of_the_docs_is_understood() -> None:
    lines = shell_lines()
    assert len(lines) >= 6
    parser = build_parser("*")
    for page, line in lines:
        words = shlex.split(line, comments=True)
        command = words[1:]
        for stop in ("|", ">", ">>", "&&", ";"):
            command = command[: command.index(stop)] if stop in command else command
        try:
            parser.parse_args(command)
        except (SystemExit, argparse.ArgumentError):
            pytest.fail(f"{page}: {line}")


def test_every_command_stands_in_the_docs() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [name for name in COMMANDS if f"helpscraper {name}" not in text and name != "demo"]
    assert not missing


def test_python_blocks_compile() -> None:
    for page in PAGES:
        for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "python":
                compile(block, page.name, "exec")


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    from tests.sample_archive import build

    build(tmp_path / "output", states=range(2))
    blocks = [
        block
        for language, block in _FENCE.findall(README.read_text(encoding="utf-8"))
        if language == "python"
    ]
    assert blocks
    for block in blocks:
        subprocess.run([sys.executable, "-c", block], cwd=tmp_path, check=True, capture_output=True)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_makefile_targets_of_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)`", page.read_text(encoding="utf-8")):
            assert name in targets, f"{page.name}: make {name}"
