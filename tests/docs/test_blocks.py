"""Every block of code and every command of the README and the docs works as the page says.

A page is executed from top to bottom in a copy of the workplace, as a reader would do it. Each language has one runner;
a block in another language fails, and so does one that names none.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpscraper.sample import SampleServer
from helpscraper.sites.declaration import Mistakes, parse_declaration
from tests.backfill.archives import collections, common_crawl, serving
from tests.docs.blocks import ROOT, Block, blocks, pages, spans
from tests.docs.workplace import ARTICLES, Workplace, prepare

EXCEPTIONS = {
    "make test": "it is what runs this",
    "make demo": "tests/docs/test_demo.py runs the program that it starts, and compares what it prints",
    "helpscraper demo": "the same",
    "make bench": "minutes of measuring; `make --dry-run` shows that it is there",
    "make fuzz": "needs a fuzzer and minutes; `make --dry-run` shows that it is there",
    "systemctl enable --now helpscraper.timer": "needs a machine that systemd started; the units are verified",
    "systemctl list-timers helpscraper.timer": "the same",
    "journalctl -u helpscraper": "the same",
    "helpscraper reextract --scheduler tcp://dask.example:8786": "needs a cluster; tests/e2e/test_cluster.py has one",
    "helpscraper = helpscraper.settings": "a line of scrapy.cfg",
    "warcio check": "names a tool; tests/warc/test_crawled.py runs it on a crawl",
}
"""What is not run as it stands, and why."""

PLACEHOLDERS = {
    "ARTICLE@REF": "what-is-a-passkey@latest", "ARTICLE": "what-is-a-passkey", "[REF…]": "latest", "REF": "latest",
    "ID": "20261122T060000Z", "FILE…": "captures.warc.gz", "NAME=VALUE": "LOG_LEVEL=ERROR", "site=NAME": "site=okx",
}  # fmt: skip
"""What a sentence leaves open."""

GENERATED = "docs/commands.md"
MENDING = "docs/mending.md"
PROGRAMS = "helpscraper scrapy make python pip git pytest systemctl journalctl warcio".split()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with SampleServer(articles=ARTICLES) as server, SampleServer(layout="zendesk", articles=30) as other:
        key = other.truth()[0].slug
        captures = collections(key, other.healthy(f"/hc/en-us/articles/{key}").body)
        with serving(common_crawl(captures)) as web:
            yield prepare(tmp_path_factory.mktemp("docs") / "place", server, other, web)


def shell(place: Workplace, folder: Path, script: str, where: str) -> None:
    """Run a script that stops at the first line that fails, and say which."""
    lines = [
        f": {line}" if line.split("#")[0].strip() in EXCEPTIONS else line for line in script.splitlines()
    ]
    head = "set -euo pipefail; trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n"
    done = place.run(["bash", "-c", head + place.here("\n".join(lines))], folder)
    assert done.returncode == 0, f"{where}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"


def run_shell(place: Workplace, folder: Path, block: Block) -> None:
    shell(place, folder, block.text, str(block))


def run_examples(place: Workplace, folder: Path, block: Block) -> None:
    """The end of a help text: examples up to an empty line, and the exit codes behind it."""
    assert block.page == GENERATED, f"{block}: what is plain text should name the language that it is in"
    head, _, rest = block.text.partition("\n")
    assert head in ("example:", "examples:"), f"{block}: {head}"
    lines = rest.partition("\n\n")[0].replace("\\\n", " ").splitlines()
    shell(place, folder, "\n".join(lines), str(block))


def run_python(place: Workplace, folder: Path, block: Block) -> None:
    done = place.run([sys.executable, "-W", "error::FutureWarning", "-c", place.here(block.text)], folder)
    assert done.returncode == 0, f"{block}\n{done.stderr[-1500:]}"


def run_console(place: Workplace, folder: Path, block: Block) -> None:
    """Commands behind ``$`` and what they print (``…``: anything); a command may fail, its output may not."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        done = place.run(["bash", "-c", place.here(command)], folder)
        pattern = ".*".join(map(re.escape, place.here(shown).strip().split("…")))
        printed = (done.stdout + done.stderr).strip()
        assert re.fullmatch(pattern, printed, re.DOTALL), f"{block}: {command}\n{printed[-2000:]}"


def apply_diff(place: Workplace, folder: Path, block: Block) -> None:
    """A change of the project's own files, in the copy that stands in the folder."""
    (folder / "change.diff").write_text(block.text)
    done = place.run(["git", "apply", "change.diff"], folder)
    assert done.returncode == 0, f"{block}: {done.stderr}"


def find_paths(place: Workplace, folder: Path, block: Block) -> None:
    """A listing: each line begins with the path of a file that is there, but for the instant in its name."""
    for line in block.text.splitlines():
        pattern = re.sub(r"\d{8}T\d{6}Z", "*", line.split()[0])
        assert list(folder.glob(pattern)), f"{block}: no {pattern}"


def run_crontab(place: Workplace, folder: Path, block: Block) -> None:
    """Run the command as cron does: by /bin/sh, from the home folder, with next to no environment."""
    fields = block.text.splitlines()[-1].split(None, 5)
    assert all(re.fullmatch(r"[\d*,/-]+", field) for field in fields[:5])
    # In a crontab an unescaped percent sign ends the command.
    assert "%" not in fields[5]
    home = folder / "cron"
    shutil.copytree(folder / ".venv", home / "helpscraper" / ".venv")
    program = home / "helpscraper" / ".venv" / "bin" / "helpscraper"

    def run() -> subprocess.CompletedProcess[str]:
        return place.run(["/bin/sh", "-c", fields[5]], home)

    good = run()
    assert (good.returncode, good.stdout, good.stderr) == (0, "", ""), (
        "a good crawl says nothing, so cron sends no mail"
    )
    # The program of this folder cuts a crawl short before one that is to resume.
    resuming, committed = (home / "helpscraper" / "crawl.log").read_text().splitlines()
    assert "Resuming the crawl of" in resuming
    assert " committed: " in committed
    program.write_text(re.sub(r"base_url=\S+", "base_url=http://127.0.0.1:9", program.read_text()))
    assert "cannot be reached" in run().stdout, "the end of the log is mailed"


def verify_units(place: Workplace, folder: Path, block: Block) -> None:
    """systemd itself reads the unit; one that is left alone by a timer gets one that names it."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    units = folder / "units"
    units.mkdir(exist_ok=True)
    text = block.text.replace("/opt/helpscraper/.venv/bin/helpscraper", str(folder / ".venv/bin/helpscraper"))
    kind = "timer" if "[Timer]" in text else "service"
    (units / f"helpscraper.{kind}").write_text(text)
    names = sorted(map(str, units.iterdir()))
    done = place.run(["systemd-analyze", "verify", "--man=no", *names], folder)
    about = [line for line in done.stderr.splitlines() if "helpscraper" in line]
    assert (done.returncode, about) == (0, []), f"{block}\n{done.stderr}"


def parse_logrotate(place: Workplace, folder: Path, block: Block) -> None:
    """logrotate itself where it is, else its grammar: a path, and directives of logrotate(8) in braces."""
    config = folder / "logrotate.conf"
    config.write_text(block.text)
    config.chmod(0o644)
    if shutil.which("logrotate"):
        done = place.run(["logrotate", "--debug", "--state", str(folder / "state"), str(config)], folder)
        assert done.returncode == 0 and "error" not in done.stderr, f"{block}\n{done.stderr}"
        return
    found = re.fullmatch(r"(/\S+) \{\n((?:    \S.*\n)+)\}\n", block.text)
    assert found, f"{block}: not what logrotate reads"
    known = (
        r"(daily|weekly|monthly|yearly|rotate \d+|compress|delaycompress|missingok|notifempty|copytruncate)"
    )
    unknown = [line for line in found[2].splitlines() if not re.fullmatch(known, line.strip())]
    assert not unknown, f"{block}: {unknown}"


def declare(place: Workplace, folder: Path, block: Block) -> None:
    """Read a declaration of a site, or a part of one."""
    head = b"" if "platform" in block.text else b'platform = "okx"\nbase_url = "https://acme.example"\n'
    try:
        parse_declaration(head + block.text.encode(), {})
    except Mistakes as mistakes:
        raise AssertionError(f"{block}: {mistakes}") from None


RUNNERS: dict[str, Callable[[Workplace, Path, Block], None]] = {
    "sh": run_shell, "console": run_console, "text": run_examples, "python": run_python, "paths": find_paths,
    "diff": apply_diff, "crontab": run_crontab, "ini": verify_units, "logrotate": parse_logrotate, "toml": declare,
}  # fmt: skip


def compared_elsewhere(block: Block) -> bool:
    """Tell of the demo's output, also in the README (test_demo.py), and of the queries of engines (test_engines.py)."""
    if block.page == "docs/engines.md":
        return block.language == "python"
    return block.page in {"README.md", "docs/demo.md"} and block.language == "text"


def test_every_block_is_in_a_language_that_something_runs() -> None:
    unknown = [f"{block} ({block.language or 'no language'})" for page in pages() for block in blocks(page)
               if block.language not in RUNNERS]  # fmt: skip
    assert not unknown, f"give the block a language of {sorted(RUNNERS)}, or that language a runner"


@pytest.mark.parametrize("page", [page for page in pages() if blocks(page)])
def test_a_page_runs(page: str, place: Workplace, tmp_path: Path) -> None:
    folder = place.copy(tmp_path / "place")
    if page == MENDING:
        # This one changes the project, so it gets one of its own.
        modules = [f"tests/{name}.py" for name in ("__init__", "conftest", "s3_server", "okx", "tables")]
        for name in ("helpscraper", *modules, "tests/pages", "pyproject.toml"):
            (folder / name).parent.mkdir(exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        place = replace(place, project=folder)
    for block in blocks(page):
        if not compared_elsewhere(block):
            RUNNERS[block.language](place, folder, block)


def commands() -> dict[str, str]:
    """Every command that stands in a sentence or a table, and where it stands first."""
    found: dict[str, str] = {}
    for page in pages():
        # What stands between backticks in the generated page are its headings and the names of arguments.
        for line, text in spans(page) if page != GENERATED else ():
            words = text.split()
            if len(words) > 1 and words[0] in PROGRAMS:
                found.setdefault(text, f"{page}:{line}")
    return found


def lines_of_blocks() -> set[str]:
    """Every line of every block, without its comment."""
    every = (line for page in pages() for block in blocks(page) for line in block.text.splitlines())
    return {line.split("#")[0].strip() for line in every}


def test_commands_within_sentences_run(place: Workplace, tmp_path: Path) -> None:
    run = lines_of_blocks()
    folder = place.copy(tmp_path / "place")
    for text, where in commands().items():
        if text in EXCEPTIONS or text in run:
            continue
        if text.startswith("python "):
            assert is_there(shlex.split(text)), f"{where}: {text}"
            continue
        for name, value in PLACEHOLDERS.items():
            text = re.sub(rf"(?<!\S){re.escape(name)}(?!\S)", value, text)
        shell(place, folder, text, where)


def is_there(words: list[str]) -> bool:
    """Whether ``python -m MODULE`` or ``python FILE`` can be started: benchmarks take minutes, so they are not."""
    if words[1] != "-m":
        return (ROOT / words[1]).is_file()
    names = [f"benchmarks.bench_{name}" for name in words[3:]] if words[2] == "benchmarks" else []
    return all(importlib.util.find_spec(name) is not None for name in [words[2], *names])


def test_every_exception_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    said = {
        line.split("#")[0].strip()
        for page in pages()
        for block in blocks(page)
        for line in block.text.splitlines()
    }
    stale = EXCEPTIONS.keys() - said - commands().keys()
    assert not stale, "nothing on any page needs these exceptions any more"
    with capsys.disabled():
        print(
            "\nnot run as they stand on a page:",
            *(f"  {text}: {why}" for text, why in EXCEPTIONS.items()),
            sep="\n",
        )
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for text in EXCEPTIONS:
        if text.startswith("make "):
            assert re.search(rf"^{text.removeprefix('make ')}:", targets, re.MULTILINE), text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sh", "helpscraper log --no-such-option"),
        ("sh", "helpscraper diff 2026-11-01 latest --kind invented"),
        ("sh", "make no-such-target"),
        ("python", 'from helpscraper import Archive\nArchive("output").load()["no_such_column"]'),
        ("paths", "output/snapshots/site=okx/locale=en/20261122T060000Z.csv"),
        ("ini", "[Service]\nExecStart=/no/such/program\n[Timer]\nOnCalendar=whenever\n"),
        ("crontab", "17 6 * * * date +%H\n"),
        ("logrotate", "/x.log {\n    sometimes\n}\n"),
        ("text", "whatever\n"),
        ("console", "$ helpscraper --version\nhelpscraper 99…\n"),
        ("toml", "timezon = 1"),
        ("diff", "--- a/nothing\n+++ b/nothing\n@@ -1 +1 @@\n-a\n+b\n"),
    ],
)
def test_the_runners_can_fail(language: str, text: str, place: Workplace, tmp_path: Path) -> None:
    folder = place.copy(tmp_path / "place")
    with pytest.raises(AssertionError):
        RUNNERS[language](place, folder, Block("docs/made-up.md", 1, language, text))


def test_blocks_are_found_however_they_are_fenced() -> None:
    text = "```sh\na\n```\n\n~~~~ python\nb\n~~~~\n\n    c\n\n- x\n\n  ```\n  d\n  ```\n"
    assert [(b.language, b.text) for b in blocks("x.md", text)] == [
        ("sh", "a\n"), ("python", "b\n"), ("", "c\n"), ("", "d\n")
    ]  # fmt: skip
