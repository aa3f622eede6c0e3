"""A command on a terminal: coloured, and in the reader's own pager."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.text import Text

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.writer import write_run
from helpscraper.cli.layout import hanging
from tests.history.story import committed
from tests.history.worlds import row, run

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")

ARCHIVE = Path(__file__).parents[1] / "data" / "archive-v1"
BOLD = "\x1b[1m20261121T060000Z"


def on_terminal(*words: str, archive: Path = ARCHIVE, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, where nobody types; return its exit code and what is shown."""
    master, slave = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in {"LESS", "PAGER", "NO_COLOR"}}
    command = [sys.executable, "-m", "helpscraper", *words, "--archive", str(archive)]
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


@pytest.fixture(scope="module")
def long_slugs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slugs and titles as they are on a real site, an empty column, and a run that failed for a reason."""
    root = tmp_path_factory.mktemp("narrow")
    slug = "how-do-i-withdraw-to-a-wallet-of-my-own-and-which-network-should-i-choose-for-it-in-the-app"
    long = row(slug, title="How do I withdraw to a wallet of my own? " * 3, body="A.", view_count=None)
    short = row("fees", title="手数料の一覧と計算方法について", body="F.", view_count=None)
    facts = {
        "counts": {"fetched": 2, "carried": 0, "listed": 0, "failed": 0, "gone": 0},
        "requests": {"total": 19, "retries": 0, "bytes": 99_000},
        "seconds": 3.2,
        "health": [{"check": "articles", "verdict": "warn", "detail": "the first"}],
    }
    committed(root, 0, [long, short], **facts)
    failed = run(1, outcome="failed", reason="503 of 608 article pages could not be read; mostly HTTP 503")
    write_run(Catalog(root).store, Partition("okx", "en"), failed.run_id, failed)
    return root


@pytest.mark.parametrize("command", ["runs", "show"])
def test_at_80_columns_no_id_and_no_slug_is_cut(
    command: str, long_slugs: Path, golden: Callable[[str, str], None]
) -> None:
    code, shown = on_terminal(command, archive=long_slugs, COLUMNS="80")
    plain = "".join(f"{line.rstrip()}\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines())
    assert code == 0 and "…" not in plain
    golden(f"{command}-80.txt", plain)


def test_a_long_line_is_broken_between_words_below_its_column() -> None:
    code, shown = on_terminal("log", COLUMNS="44")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert code == 0 and any(line.startswith(" " * 20) for line in lines)
    assert all(len(line) <= 44 for line in lines)
    slug = "how-do-i-hold-fosi-in-my-account-at-brambleway"
    told = hanging(Text(f"edited  {slug}  如何在我的账户中持有 FOSI"), 40).plain
    assert told.splitlines() == [f"edited  {slug}", "         如何在我的账户中持有 FOSI"]


def test_what_fits_stays_a_table() -> None:
    code, shown = on_terminal("show", COLUMNS="100")
    assert code == 0 and re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()[0].split() == [
        "article_id", "title", "section", "published_on", "updated_on", "view_count", "status",
    ]  # fmt: skip
    code, shown = on_terminal("verify", COLUMNS="80")
    assert code == 0 and "all well" in shown
