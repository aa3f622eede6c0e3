"""Shells complete commands, options, and the names that the archive holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpscraper.cli import main
from tests.history.story import story


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


def completed(line: str, folder: Path) -> set[str]:
    """Ask as the script of a shell does, and return the completions."""
    out = folder / "completions"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    subprocess.run(
        [sys.executable, "-m", "helpscraper"],
        env={**os.environ, **asked, "_ARGCOMPLETE_STDOUT_FILENAME": str(out)},
        check=False,
        capture_output=True,
    )
    return {each.strip() for each in out.read_text().split("\n") if each.strip()}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("helpscraper dif", {"diff"}, marks=pytest.mark.long),
        ("helpscraper diff --sin", {"--since"}),
        ("helpscraper show --archive {} set", {"set-up-a-passkey"}),
        pytest.param("helpscraper blame --archive {} set", {"set-up-a-passkey"}, marks=pytest.mark.long),
        ("helpscraper diff --archive {} 20261118", {"20261118T060000Z"}),
        pytest.param("helpscraper log --archive {} --from la", {"latest"}, marks=pytest.mark.long),
        ("helpscraper show --archive {} --locale ", {"en", "all"}),
        pytest.param("helpscraper export --archive {} --site o", {"okx"}, marks=pytest.mark.long),
        ("helpscraper show --archive {}/nothing tra", set()),
        ("helpscraper crawl --archive {} okx-t", {"okx-tr"}),
    ],
)
def test_names_are_completed(archive: Path, tmp_path: Path, line: str, expected: set[str]) -> None:
    assert completed(line.format(archive), tmp_path) == expected


@pytest.mark.parametrize(
    ("shell", "said"),
    [("bash", "complete -o nospace"), ("zsh", "compdef"), ("fish", "complete --command helpscraper")],
)
def test_each_shell_has_its_script(capsys: pytest.CaptureFixture[str], shell: str, said: str) -> None:
    assert main(["completion", shell]) == 0
    assert said in capsys.readouterr().out


ASKED = {
    "bash": """{}
COMP_LINE='{line}' COMP_POINT={point} COMP_TYPE=9
COMP_WORDS=({line}) COMP_CWORD=4
_python_argcomplete helpscraper set {archive}
printf '%s' "${{COMPREPLY[@]}}"
""",
    "zsh": """autoload -Uz is-at-least; compdef() {{ :; }}
_describe() {{ print -l -- "${{completions[@]}}"; }}
words=({line}) BUFFER='{line}' CURSOR={point}
{}
_python_argcomplete helpscraper
""",
    "fish": """{}
complete -C '{line}'
""",
}
"""By shell: a script that takes that of ``completion`` and prints how the shell completes a line."""


@pytest.mark.parametrize(
    "shell", [each if each == "bash" else pytest.param(each, marks=pytest.mark.long) for each in ASKED]
)
def test_a_shell_takes_its_script(
    archive: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, shell: str
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell]) == 0
    command = tmp_path / "helpscraper"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m helpscraper "$@"\n')
    command.chmod(0o755)
    line = f"helpscraper show --archive {archive} set"
    script = ASKED[shell].format(capsys.readouterr().out, line=line, point=len(line), archive=archive)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        [shell, "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().rstrip(":") == "set-up-a-passkey", done.stderr
