"""A command on a terminal: coloured, and in the reader's own pager."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")

ARCHIVE = Path(__file__).parents[1] / "data" / "archive-v1"
BOLD = "\x1b[1m20261121T060000Z"


def on_terminal(*words: str, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, where nobody types; return its exit code and what is shown."""
    master, slave = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in {"LESS", "PAGER", "NO_COLOR"}}
    command = [sys.executable, "-m", "helpscraper", *words, "--archive", str(ARCHIVE)]
    with subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=clean | {"TERM": "xterm"} | environment,
        start_new_session=True,
    ) as process:
        os.close(slave)
        # Nobody types, so what waits for a key would wait for ever.
        too_long = threading.Timer(30, os.killpg, (process.pid, signal.SIGKILL))
        too_long.start()
        shown = b""
        while True:
            try:
                piece = os.read(master, 1 << 16)
            except OSError:  # how Linux says that the last one has hung up
                break
            if not piece:
                break
            shown += piece
        too_long.cancel()
    os.close(master)
    return process.returncode, shown.decode().replace("\r\n", "\n")


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_less_shows_colours_and_not_their_codes() -> None:
    code, shown = on_terminal("log")
    assert code == 0 and BOLD in shown
    assert "ESC" not in shown


def test_the_pager_is_the_one_that_is_named(tmp_path: Path) -> None:
    kept = tmp_path / "paged.txt"
    code, shown = on_terminal("log", PAGER=f"cat > '{kept}'")
    assert (code, shown) == (0, "")
    assert BOLD in kept.read_text()


@pytest.mark.parametrize("pager", ["", "no-such-pager-here", "'unended"])
def test_without_a_pager_the_answer_is_written_out(pager: str) -> None:
    code, shown = on_terminal("log", PAGER=pager)
    assert code == 0 and shown.startswith(BOLD)


def test_a_pager_that_is_left_at_once_is_no_error() -> None:
    assert on_terminal("diff", "--exit-code", PAGER="true") == (1, "")


def test_a_terminal_that_knows_no_colours_gets_none() -> None:
    code, shown = on_terminal("log", TERM="dumb", PAGER="cat")
    assert code == 0 and shown.startswith("20261121T060000Z") and "\x1b" not in shown
