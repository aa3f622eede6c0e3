"""Files for a code host: each fits its published schema and agrees with the project."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from helpscraper import __version__
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
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
    pythons = re.findall(r":: Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={pythons[0]}"
    for name in ("noxfile.py", ".github/workflows/ci.yml"):
        listed = re.findall(r"python[=:] ?\[(.*)\]", (ROOT / name).read_text())
        assert listed
        for each in listed:
            assert re.findall(r'"(.*?)"', each) == pythons, name


def test_the_citation_has_the_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_pin_is_for_the_first_release_of_the_lowest_python_too() -> None:
    """Debian 12 has Python 3.11.2."""
    pinned = set((ROOT / "constraints.txt").read_text().splitlines())
    lowest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    pins = [each for each in distributions() if f"{each.name}=={each.version}".lower() in pinned]
    wrong = [
        each.name for each in pins if lowest not in SpecifierSet(each.metadata.get("Requires-Python", ""))
    ]
    assert pins and not wrong


def test_the_hosted_workflow_and_the_hooks_run_what_the_makefile_checks() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    runs = set(re.findall(r"^ +- run: (?:make )?([a-z-]+)", workflow, re.MULTILINE))
    assert runs >= {"check", "test", "wheel-test", "docs", "coverage", "nox"}
    checks = (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]
    hooks = re.findall(r"entry: \.venv/bin/([a-z-]+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert hooks == re.findall(r"\$\(BIN\)/([a-z-]+)", checks)


def test_the_guide_has_five_commands_and_the_changelog_ten_lines() -> None:
    commands = (ROOT / "CONTRIBUTING.md").read_text().partition("```sh\n")[2].partition("```")[0]
    assert len(commands.splitlines()) == 5
    release = (
        (ROOT / "CHANGELOG.md").read_text().partition(f"\n## {__version__}\n")[2].partition("\nIn detail:")[0]
    )
    assert re.findall(r"^(\d+)\. \S.*\.$", release, re.MULTILINE) == [str(n) for n in range(1, 11)]


def test_the_form_for_a_wrong_page_asks_for_the_page() -> None:
    form = (ROOT / ".github/ISSUE_TEMPLATE/wrong-page.yml").read_text()
    asked = form.partition("id: raw")[2].partition("- type:")[0]
    assert "`helpscraper show ARTICLE --raw" in asked and "required: true" in asked


def test_the_package_index_gets_addresses_of_the_project() -> None:
    urls = PROJECT["urls"]
    assert set(urls) == {"Homepage", "Documentation", "Issues", "Changelog"}
    assert all(url.startswith(urls["Homepage"]) for url in urls.values())
    named = {url.partition("/main/")[2] for url in urls.values() if "/main/" in url}
    assert named == {"docs", "CHANGELOG.md"} and all((ROOT / name).exists() for name in named)


def test_the_readme_says_when_to_take_another_tool() -> None:
    text = (ROOT / "README.md").read_text()
    tools = (
        "Open Terms Archive",
        "changedetection.io",
        "urlwatch",
        "webchanges",
        "browsertrix",
        "git and a cron job",
        "a Scrapy spider",
    )
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert [name for name in tools if not any(name in line.split("|")[2] for line in table)] == []


def test_the_benchmarks_are_one_table_of_single_figures() -> None:
    rows = [line for line in (ROOT / "docs/benchmarks.md").read_text().splitlines() if line.startswith("|")]
    assert rows[0] == "| figure | last run | bound | command | date |" and set(rows[1]) == {"|", "-"}
    for row in rows[2:]:
        cells = row.split("|")[1:-1]
        assert len(cells) == 5 and all(cell.strip() for cell in (cells[0], cells[1], cells[3], cells[4])), row
