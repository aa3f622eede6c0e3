"""Files for a code host: each fits its published schema and agrees with the project."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpscraper import __version__
from tests.conftest import ROOT

SCHEMAS = [
    ("github-workflows", ".github/workflows/*.yml"),
    ("dependabot", ".github/dependabot.yml"),
    ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
    ("github-issue-forms", ".github/ISSUE_TEMPLATE/crawl.yml"),
    ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ("citation-file-format", "CITATION.cff"),
]


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("schema", "pattern"), SCHEMAS)
def test_each_file_fits_its_published_schema(schema: str, pattern: str) -> None:
    files = list(ROOT.glob(pattern))
    assert files
    done = check(schema, *files)
    assert done.returncode == 0, done.stdout


def test_a_wrong_workflow_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "ci.yml"
    wrong.write_text((ROOT / ".github/workflows/ci.yml").read_text().replace("runs-on:", "runs_on:"))
    assert check("github-workflows", wrong).returncode == 1


def test_the_targets_that_the_workflow_and_the_guide_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in (".github/workflows/ci.yml", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / name).read_text()))
        assert named and named <= targets, name


def test_the_paths_in_the_guide_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in set(re.findall(r"`((?:helpscraper|tests|docs)/[^`*]*)`", text)):
        assert (ROOT / path).exists(), path


def test_every_place_that_lists_the_pythons_lists_the_same() -> None:
    """Each is run by the tests with the lowest and with the newest versions, which bounds in pyproject.toml rest on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pythons = re.findall(r":: Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert project["requires-python"] == f">={pythons[0]}"
    for name in ("noxfile.py", ".github/workflows/ci.yml"):
        listed = re.findall(r"python[=:] ?\[(.*)\]", (ROOT / name).read_text())
        assert listed
        for each in listed:
            assert re.findall(r'"(.*?)"', each) == pythons, name


def test_the_citation_has_the_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
