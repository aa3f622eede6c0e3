"""One test for each rule of the whole repository."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.settings import Settings

import helpscraper
from helpscraper.cli import COMMANDS, build_parser

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "helpscraper"

TOP_LEVEL = {
    "scrapy.cfg", "pyproject.toml", "helpscraper", "output", "notebooks", "tests",
    "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff",
    "Makefile", "docs", "benchmarks", "constraints.txt", "mkdocs.yml", "noxfile.py",
}  # fmt: skip


def tracked() -> list[str]:
    """Every file that git tracks, or would if it were added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages([str(PACKAGE)], "helpscraper."):
        if not found.name.endswith("__main__"):
            yield found.name


def settings() -> Settings:
    loaded = Settings()
    loaded.setmodule("helpscraper.settings")
    return loaded


def test_the_top_level_is_what_was_agreed() -> None:
    found = {name.split("/")[0] for name in tracked()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL
    assert {"scrapy.cfg", "pyproject.toml", "helpscraper", "output", "notebooks", "tests"} <= found


def test_output_is_ignored_but_for_its_readme() -> None:
    assert [name for name in tracked() if name.startswith("output/")] == ["output/README.md"]


def test_robots_are_obeyed_and_the_delay_is_kept() -> None:
    given = settings()
    assert given.getbool("ROBOTSTXT_OBEY")
    assert given.getbool("AUTOTHROTTLE_ENABLED")
    assert given.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert given.getfloat("DOWNLOAD_DELAY") >= 0.5


def test_the_user_agent_is_honest() -> None:
    agent = settings().get("USER_AGENT")
    assert agent.startswith("helpscraper/")
    assert "mozilla" not in agent.lower()


def test_nothing_listens_and_everything_is_bounded() -> None:
    given = settings()
    assert not given.getbool("TELNETCONSOLE_ENABLED")
    assert given.get("REMOTE_CONTROL_ENABLED") is False
    assert not given.getbool("COOKIES_ENABLED")
    assert not given.getbool("METAREFRESH_ENABLED")
    assert 0 < given.getint("DOWNLOAD_TIMEOUT") <= 120
    assert 0 < given.getint("DOWNLOAD_MAXSIZE") <= 64 << 20


def test_every_module_imports_by_itself_and_says_what_it_is() -> None:
    for name in modules():
        assert (importlib.import_module(name).__doc__ or "").strip(), f"{name} has no docstring"


def test_importing_has_no_side_effects_on_the_folder(tmp_path: Path) -> None:
    code = "import pkgutil, importlib, helpscraper\n" + "".join(
        f"importlib.import_module({n!r})\n" for n in modules()
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["diff", "--help"], ["crawl", "--help"]])
def test_help_imports_neither_scrapy_nor_pandas(words: list[str]) -> None:
    code = (
        "import sys\nfrom helpscraper.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "heavy = {'scrapy', 'pandas', 'pyarrow', 'duckdb', 'twisted', 'lxml', 'rich'} & set(sys.modules)\n"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_every_command_has_help_and_an_example() -> None:
    parser = build_parser("*")
    (subparsers,) = (action for action in parser._actions if hasattr(action, "choices") and action.choices)
    for name, sub in subparsers.choices.items():
        assert name in COMMANDS
        assert f"helpscraper {name}" in (sub.epilog or ""), f"{name} shows no example"
        undocumented = [action.dest for action in sub._actions if not action.help]
        assert not undocumented, f"{name}: {undocumented}"


def test_the_contracted_commands_are_there() -> None:
    assert set("crawl runs log diff show history verify import export demo accept".split()) <= COMMANDS.keys()


def test_modules_and_functions_stay_short() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 350, f"{path} has {text.count(chr(10))} lines: split it"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{path}:{node.lineno}: {node.name} has {length} lines"


def test_no_sentence_has_what_or_whoever_for_its_subject() -> None:
    riddle = re.compile(r"(?:^|[.:;] )(?:What|Whatever|Whoever|That which)\b(?![^.]*\?)", re.MULTILINE)
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text("utf-8")
        tree = ast.parse(source)
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
        texts += [line.partition("# ")[2] for line in source.splitlines() if re.search(r"(^|  )\s*# ", line)]
        found += [f"{path.name}: {text[:80]}" for text in texts if riddle.search(text)]
    assert not found


def test_nothing_real_was_copied(shared: Path) -> None:
    """No page or text under ``shared`` stands in the repository, whole or as a long line."""
    real = [path for folder in ("okx", "platforms") for path in (shared / folder).rglob("*")]
    texts = (path.read_text(errors="replace") for path in real if path.is_file())
    long_lines = {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 200}
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".html", ".json", ".txt", ".py", ".md"} and path.is_file():
            copied = long_lines & {line.strip() for line in path.read_text(errors="replace").splitlines()}
            assert not copied, f"{name} holds lines of real pages"


def test_the_version_is_said_once() -> None:
    assert f'version = "{helpscraper.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"## {helpscraper.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_pins_cover_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(each for extra in extras for each in extra)]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {_same_name(line.partition("==")[0]) for line in lines}
    names = {_same_name(re.split(r"[><=\[; ]", text)[0]) for text in wanted} - {"helpscraper"}
    assert names <= pinned, f"not pinned: {sorted(names - pinned)}"
    assert not any("://" in line for line in lines), "a pin names a place to download from"


def _same_name(name: str) -> str:
    """PEP 503: one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_ci_runs_checks_everything() -> None:
    """``.ci/run`` → ``make test`` → ``check`` → lint, format, types, and the import contract."""
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    last = (ROOT / ".ci" / "run").read_text().strip().splitlines()[-1]
    assert last == "exec make test"
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for step in (
        "-m venv ", "--constraint constraints.txt", "/ruff check .", "/ruff format --check .", "/mypy", "/lint-imports",
        "-m pytest",
    ):  # fmt: skip
        assert step in done.stdout, f"make test no longer runs {step}"
