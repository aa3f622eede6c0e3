"""A missing extra is one line that installs it, in the command line and in Python."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from helpscraper import Archive
from helpscraper.cli import COMMANDS, main
from helpscraper.crawl.setting_checks import receivers
from helpscraper.errors import MissingExtraError
from helpscraper.extras import EXTRAS, missing, need
from tests.conftest import ROOT
from tests.sample_archive import build

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PROVIDERS = packages_distributions()


@pytest.fixture
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide modules, as where they are not installed."""
    for module in request.param:
        monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize("without", [["brotli"]], indirect=True)
@pytest.mark.usefixtures("without")
def test_a_command_whose_extra_is_missing_says_the_line_that_installs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crawl", "--archive", str(tmp_path / "a")]) == 1
    expected = "brotli is not installed; install it with: pip install 'helpscraper[crawl]'"
    assert capsys.readouterr().err == f"helpscraper crawl: {expected}\n"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("without", [["lxml", "nh3"]], indirect=True)
@pytest.mark.usefixtures("without")
def test_the_line_names_each_extra_that_is_needed_and_missing() -> None:
    with pytest.raises(MissingExtraError, match=r"^lxml is .*: pip install 'helpscraper\[crawl,report\]'$"):
        need("crawl", "notify", "report")
    need("words")


def test_an_import_that_fails_names_the_extra_of_its_package() -> None:
    found = missing(ModuleNotFoundError("", name="icu4py.breakers"))
    assert found is not None and "icu4py is not installed" in found.message
    assert missing(ModuleNotFoundError("", name="icu")) is None
    assert missing(ModuleNotFoundError("", name="scrapyards")) is None
    assert missing(ModuleNotFoundError("", name="helpscraper.crawl.gone")) is None


@pytest.mark.parametrize("without", [["icu4py", "s3fs", "fsspec", "apprise"]], indirect=True)
@pytest.mark.usefixtures("without")
def test_python_gets_the_same_line(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'helpscraper\[s3\]'$"):
        Archive("s3://bucket/archive")
    archive = Archive(build(tmp_path / "a", states=range(2), articles=20))
    assert archive.changes(words=False).size
    with pytest.raises(MissingExtraError, match=r"pip install 'helpscraper\[words\]'$"):
        archive.changes(words=True)
    with pytest.raises(MissingExtraError, match=r"pip install 'helpscraper\[notify\]'$"):
        receivers("json://127.0.0.1/")


def distributions(names: Iterable[str]) -> set[str]:
    """Return the distributions of the requirements in ``pyproject.toml``, those of extras of our own included."""
    optional = PROJECT["optional-dependencies"]
    found: set[str] = set()
    for each in map(Requirement, names):
        if each.marker is None or each.marker.evaluate():
            own = each.name == "helpscraper"
            found |= (
                distributions(r for e in each.extras for r in optional[e]) if own else {each.name.lower()}
            )
    return found


def providers(module: str) -> set[str]:
    """Return the distributions that bring ``module``."""
    return {name.lower().replace(".", "-") for name in PROVIDERS[module.partition(".")[0]]}


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_modules_of_an_extra_are_those_of_its_distributions(extra: str) -> None:
    listed = distributions(PROJECT["optional-dependencies"][extra]) - {
        "tzdata"
    }  # data without a module to import
    found = [providers(module) & listed for module in EXTRAS[extra]]
    assert all(found)
    assert set().union(*found) == listed


def test_each_import_has_its_distribution_and_each_distribution_its_import() -> None:
    """Every distribution is in the core or an extra because a module imports it, and none is missing."""
    imported: set[str] = set()
    for file in (ROOT / "helpscraper").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module)
    roots = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - {"helpscraper"}
    roots -= {"compression", *(["backports"] if sys.version_info >= (3, 14) else ())}  # in Python 3.14
    core = distributions(PROJECT["dependencies"])
    extra = {module.partition(".")[0] for modules in EXTRAS.values() for module in modules}
    assert roots - extra == {root for root in roots if providers(root) & core}
    found = {name for root in roots for name in providers(root)}
    # fsspec and pandas import these by their names.
    by_name = {"s3fs", "gcsfs", "adlfs", "dask", "tzdata"}
    assert core | distributions(["helpscraper[all]"]) <= found | by_name


def test_all_and_the_developer_have_every_extra() -> None:
    optional = PROJECT["optional-dependencies"]
    every = distributions(r for name, each in optional.items() if name not in {"all", "dev"} for r in each)
    assert distributions(["helpscraper[all]"]) == every <= distributions(["helpscraper[dev]"])
    assert set(optional) == {*EXTRAS, "all", "dev"}


CORE = (
    "log", "diff", "diff --stat", "show", "show {article}", "history {article}", "grep --history the", "export",
    "export --to md articles",
    "sql 'select 1'", "verify", "compact", "runs", "completion bash",
)  # fmt: skip
NEEDED = {
    "crawl": "crawl",
    "due": "crawl",
    "sites": "crawl",
    "accept some": "crawl",
    "backfill": "crawl",
    "import page.html --url https://help.example/a": "crawl",
    "reextract": "crawl",
    "report": "report",
    "feed": "report",
    "demo": "crawl,report",
    "blame {article}": "words",
    "diff --words": "words",
    "digest": "words",
    "export --to sqlite help.db": "words",
    "export --to xlsx help.xlsx": "xlsx",
    "history --words {article}": "words",
}
RUN = """
import contextlib, io, json, shlex, sys
lines, modules = json.load(sys.stdin)
sys.modules.update(dict.fromkeys(modules))
from helpscraper.cli import main
answers = []
for line in lines:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(shlex.split(line))
    answers.append((code, out.buffer.getvalue().decode(), err.getvalue()))
json.dump(answers, sys.stdout)
"""


def test_the_core_reads_an_archive_and_each_other_command_names_its_extra(tmp_path: Path) -> None:
    """In a process that finds no module of any extra; of several editions, a reader takes the default one."""
    archive = build(tmp_path / "a", states=range(2), articles=20, locales=("de", "en"))
    article = Archive(archive, locale="en").load()["article_id"].iloc[0]
    lines = [line.format(article=article) for line in (*CORE, *NEEDED)]
    modules = sorted({module for names in EXTRAS.values() for module in names})
    asked = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps((lines, modules)), cwd=tmp_path, check=False,
        capture_output=True, text=True, env=os.environ | {"HELPSCRAPER_ARCHIVE": str(archive)},
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    answers = dict(zip((*CORE, *NEEDED), json.loads(asked.stdout), strict=True))
    for line in CORE:
        code, out, err = answers[line]
        assert (code, err) == (0, "") and out, line
    for line, names in NEEDED.items():
        code, out, err = answers[line]
        assert (code, out) == (1, ""), line
        assert err.endswith(f" is not installed; install it with: pip install 'helpscraper[{names}]'\n"), line
        assert err.count("\n") == 1, line
    assert {line.split()[0] for line in lines} == set(COMMANDS), "a new command belongs into CORE or NEEDED"
