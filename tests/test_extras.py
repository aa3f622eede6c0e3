"""A missing extra is one line that installs it, in the command line and in Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.cli import COMMANDS, main
from helpscraper.errors import MissingExtraError
from helpscraper.extras import EXTRAS, missing, need
from tests.sample_archive import build


@pytest.fixture
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide modules, as where they are not installed."""
    for module in request.param:
        monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize("without", [["warcio"]], indirect=True)
@pytest.mark.usefixtures("without")
def test_a_command_whose_extra_is_missing_says_the_line_that_installs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crawl", "--archive", str(tmp_path / "a")]) == 1
    expected = "warcio is not installed; install it with: pip install 'helpscraper[crawl]'"
    assert capsys.readouterr().err == f"helpscraper crawl: {expected}\n"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("without", [["lxml", "nh3"]], indirect=True)
@pytest.mark.usefixtures("without")
def test_the_line_names_each_extra_that_is_needed_and_missing() -> None:
    with pytest.raises(MissingExtraError, match=r"^lxml is .*: pip install 'helpscraper\[crawl,report\]'$"):
        need("crawl", "notify", "report")
    need("words")


def test_an_import_that_fails_names_the_extra_of_its_package() -> None:
    found = missing(ModuleNotFoundError("", name="backports.zstd.sub"))
    assert found is not None and "backports.zstd is not installed" in found.message
    assert missing(ModuleNotFoundError("", name="backports")) is None
    assert missing(ModuleNotFoundError("", name="scrapyards")) is None
    assert missing(ModuleNotFoundError("", name="helpscraper.crawl.gone")) is None


CORE = (
    "log", "diff", "diff --stat", "show", "show {article}", "history {article}", "grep --history the", "export",
    "compact", "runs", "completion bash",
)  # fmt: skip
NEEDED = {
    "crawl": "crawl",
    "accept some": "crawl",
    "backfill": "crawl",
    "import page.html --url https://help.example/a": "crawl",
    "reextract": "crawl",
    "report": "report",
    "feed": "report",
    "demo": "crawl,report",
    "blame {article}": "words",
    "diff --words": "words",
    "history --words {article}": "words",
}
RUN = """
import contextlib, io, json, sys
lines, modules = json.load(sys.stdin)
sys.modules.update(dict.fromkeys(modules))
from helpscraper.cli import main
answers = []
for line in lines:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(line.split())
    answers.append((code, out.buffer.getvalue().decode(), err.getvalue()))
json.dump(answers, sys.stdout)
"""


def test_the_core_reads_an_archive_and_each_other_command_names_its_extra(tmp_path: Path) -> None:
    """In a process that finds no module of any extra."""
    archive = build(tmp_path / "a", states=range(2), articles=20)
    article = Archive(archive).load()["article_id"].iloc[0]
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
    untold = {name for name in COMMANDS if name not in {line.split()[0] for line in lines}}
    assert untold <= {"sites", "verify"}
