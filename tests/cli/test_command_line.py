"""The command line as a whole: the overview, misspelt names, options that several commands share."""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.cli import COMMANDS, GROUPS, main
from helpscraper.cli.sites import at_url
from tests.history.story import committed, days, story

KEPT = str(Path(__file__).parents[1] / "data" / "archive-v1")


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = main(list(words))
    except SystemExit as error:  # argparse ends --help and wrong values itself
        code = int(str(error.code or 0))
    out, err = capsys.readouterr()
    return code, out, err


def test_without_a_command_the_commands_are_listed_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys)
    assert (code, err) == (0, "")
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)
    lines = out.splitlines()
    assert set(lines) >= {f"{heading}:" for heading in GROUPS}
    assert all(
        any(line.split() == [name, *text.split()] for line in lines) for name, text in COMMANDS.items()
    )
    assert ran(capsys, "--help") == (0, out, "") == ran(capsys, "help")
    assert ran(capsys, "help", "diff") == ran(capsys, "diff", "--help")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crawl", "okx-"], "helpscraper crawl: okx-: no such site\n  did you mean: okx"),
        (["crawl", "frobnicate"], "`helpscraper sites` lists the sites; a URL has https://"),
        (["export", "--archive", KEPT, "--columns", "article_id,body_text"], "add --bodies"),
        (["dif"], "helpscraper: dif: no such command\n  did you mean: diff"),
        (["hstory"], "did you mean: history"),
        (["frobnicate"], "run `helpscraper` to list the commands"),
        (
            ["diff", "--fromat", "csv"],
            "helpscraper diff: --fromat: no such argument\n  did you mean: --format",
        ),
        (["diff", "--fromat=csv"], "did you mean: --format"),
        (["log", "a", "b"], "helpscraper log: b: one argument too many\n  quote an argument with spaces"),
        (["diff", "--frobnicate"], "--frobnicate: no such argument\n  run `helpscraper diff --help`"),
        (["grep", "--histroy"], "helpscraper grep: --histroy: no such argument\n  did you mean: --history"),
        (
            ["grep"],
            "helpscraper grep: the following arguments are required: PATTERN\n  run `helpscraper grep",
        ),
        (
            ["diff", "--kind"],
            "helpscraper diff: --kind: expected one argument\n  run `helpscraper diff --help`",
        ),
        (["--frobnicate"], "helpscraper: --frobnicate: no such argument\n  run `helpscraper --help`"),
        (["diff", "--format", "cvs"], "'cvs': did you mean csv? choose from table, json"),
        (["show", "--archive", KEPT, "--locale", "enn"], "did you mean: okx/en"),
        (["runs", "--archive", KEPT, "--site", "okk", "--locale", "en"], "did you mean: okx/en"),
        (["show", "--body", "html5"], "choose from text, markdown, html"),
    ],
)
def test_a_misspelt_word_names_the_nearest_one(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, out, err = ran(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err and len(err.splitlines()) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_ctrl_c_is_one_line_while_a_command_is_still_being_imported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(_: object) -> None:
        raise error

    monkeypatch.setattr("helpscraper.cli.build_parser", interrupted)
    assert ran(capsys, "diff", "--stat") == (130, "", "helpscraper diff: interrupted\n")


def test_a_full_stdout_is_one_line() -> None:
    words = [sys.executable, "-m", "helpscraper", "log", "--archive", KEPT]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("helpscraper log: the output cannot be written: No space left on device\n")


def test_a_crawl_is_of_a_page_or_of_a_declared_site() -> None:
    for url, asked in (
        ("okx", {"site": "okx"}),
        ("https://www.okx.com/zh-hans/help", {"site": "okx", "locale": "zh-hans"}),
    ):
        assert at_url(argparse.Namespace(archive="none", url=url), {}, {}) == {"arguments": asked}


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of the story in English and German; an article is renamed, and one is in English only."""
    folder = tmp_path_factory.mktemp("editions")
    for locale in ("en", "de"):
        for day, rows in enumerate(days()[:3]):
            own = [each for each in rows if locale == "en" or each["article_id"] != "trading-fees"]
            committed(folder, day, own, partition=Partition("okx", locale))
    return folder


def answered(capsys: pytest.CaptureFixture[str], archive: Path, *words: str) -> list[dict[str, Any]]:
    code, out, _ = ran(capsys, words[0], "--archive", str(archive), *words[1:], "--format", "json")
    assert code == 0
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


@pytest.mark.parametrize(
    "words", [["show"], ["export"], ["show", "limits"], ["history", "limits"], ["blame", "limits"]]
)
def test_every_reading_command_takes_all_editions_and_names_them(
    capsys: pytest.CaptureFixture[str], editions: Path, words: list[str]
) -> None:
    rows = answered(capsys, editions, *words, "--locale", "all")
    assert [list(row)[:2] for row in rows] == [["site", "locale"]] * len(rows)
    assert list(dict.fromkeys(row["locale"] for row in rows)) == ["de", "en"]
    for locale in ("en", "de"):
        own = [row for row in rows if row["locale"] == locale]
        assert answered(capsys, editions, *words, "--locale", locale) == own
    assert answered(capsys, editions, *words) == [row for row in rows if row["locale"] == "en"]
    told = ran(
        capsys,
        *words,
        "--archive",
        str(editions),
        "--locale",
        "all",
        *(["--format", "md"] * (words == ["export"])),
    )[1]
    assert ("de" in told.split() and "en" in told.split()) or ("okx/de" in told and "okx/en" in told)


@pytest.mark.parametrize(
    "words",
    [
        ["log"], ["runs"], ["verify"], ["diff"], ["digest", "--since", "latest~1"], ["grep", "limit"],
        ["sql", "select distinct locale from latest"], ["due"], ["compact", "--before", "2026-01-01"],
        ["reextract"], ["feed", "--out", "feeds"], ["report", "--out", "pages"],
    ],
)  # fmt: skip
def test_what_reads_every_edition_already_takes_all_by_name(
    capsys: pytest.CaptureFixture[str],
    editions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = ran(capsys, *words, "--archive", str(editions), "--locale", "all")
    assert code == 0, err
    told = out + err + " ".join(str(path) for path in tmp_path.rglob("*") if path.is_dir())
    if words[0] not in {"verify", "compact"}:
        assert {"de", "en"} <= set(re.findall(r"\b(de|en)\b", told))


NUMBERS = (
    ("runs", "--last", "1"), ("runs",), ("log", "--last", "1"), ("log", "--last", "0"), ("history", "limits"),
    ("history", "trading-fees"), ("show",), ("export",), ("grep", "no such words"), ("grep", "withdrawal"),
    ("sql", "from latest limit 0"), ("sql", "from latest limit 1"), ("sql", "from latest"), ("due",),
)  # fmt: skip


def test_json_has_one_shape_whatever_the_count(capsys: pytest.CaptureFixture[str], editions: Path) -> None:
    """A list of records with the same keys; ``diff`` has the same object around it."""
    keys: dict[str, set[tuple[str, ...]]] = {}
    counts: dict[str, set[int]] = {}
    for words in NUMBERS:
        for more in ((), ("--locale", "all")):
            _, out, _ = ran(capsys, *words, *more, "--archive", str(editions), "--format", "json")
            rows = json.loads(out)
            assert isinstance(rows, list)
            counts.setdefault(words[0], set()).add(len(rows))
            keys.setdefault(words[0], set()).update(tuple(row) for row in rows)
    assert {name: len(found) for name, found in keys.items()} == dict.fromkeys(keys, 1)
    assert {0, 1} <= counts["sql"] and 0 in counts["grep"] and max(counts["grep"]) > 1
    for words in (("latest", "latest"), ("latest~1", "latest"), ("--locale", "all")):
        answer = json.loads(ran(capsys, "diff", *words, "--archive", str(editions), "--format", "json")[1])
        assert list(answer) == ["from", "to", "editions", "changes"]


def test_an_edition_that_lacks_the_article_is_a_warning(
    capsys: pytest.CaptureFixture[str], editions: Path
) -> None:
    for command in ("show", "history", "blame"):
        code, out, err = ran(capsys, command, "trading-fees", "--archive", str(editions), "--locale", "all")
        assert code == 0 and out and "warning: trading-fees: no" in err and "okx/de" in err
        code, out, err = ran(capsys, command, "nothing", "--archive", str(editions), "--locale", "all")
        assert (code, out) == (2, "") and "nothing: no" in err


def test_one_text_is_of_one_edition(capsys: pytest.CaptureFixture[str], editions: Path) -> None:
    code, _, err = ran(
        capsys, "show", "limits", "--body", "text", "--archive", str(editions), "--locale", "all"
    )
    assert code == 2 and "--body and --locale all do not go together" in err


@pytest.mark.parametrize(
    "words",
    [["export"], ["show", "--format", "csv"], ["diff"], ["history", "limits", "--format", "json"], ["runs"], ["log"],
     ["show", "limits", "--body", "text"], ["verify", "--format", "md"]],
)  # fmt: skip
def test_a_file_is_replaced_only_if_asked(
    capsys: pytest.CaptureFixture[str], editions: Path, tmp_path: Path, words: list[str]
) -> None:
    target = tmp_path / "kept.csv"
    target.write_text("mine")
    command = [*words, "--archive", str(editions), "--output", str(target)]
    code, out, err = ran(capsys, *command)
    assert (code, out, target.read_text()) == (2, "", "mine")
    assert f"{target} exists already\n  add --overwrite" in err
    assert ran(capsys, *command, "--overwrite")[0] == 0
    assert target.read_text() != "mine"


def test_a_dash_is_stdout_and_no_file(
    capsys: pytest.CaptureFixture[str], editions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["diff", "--format", "json"], ["export"]):
        command = [*words, "--archive", str(editions)]
        assert ran(capsys, *command, "--output", "-") == ran(capsys, *command) != (0, "", "")
    code, _, err = ran(capsys, "export", "--wacz", "--archive", str(editions), "-o", "-")
    assert code == 2 and "--wacz and --output - do not go together" in err
    assert list(tmp_path.iterdir()) == []


def test_a_saved_page_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = ran(capsys, "import", "--archive", str(tmp_path), "nowhere.html")
    assert (code, out, err) == (
        2,
        "",
        "helpscraper import: nowhere.html: cannot be read: no such file\n  check its name\n",
    )


def test_csv_for_excel_begins_with_a_byte_order_mark(
    capsys: pytest.CaptureFixture[str], editions: Path, tmp_path: Path
) -> None:
    plain, marked = tmp_path / "plain.csv", tmp_path / "marked.csv"
    assert ran(capsys, "export", "--archive", str(editions), "-o", str(plain))[0] == 0
    assert ran(capsys, "export", "--archive", str(editions), "-o", str(marked), "--excel")[0] == 0
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()
    code, _, err = ran(capsys, "runs", "--archive", str(editions), "--format", "json", "--excel")
    assert code == 2 and "--excel and --format json do not go together" in err


class Terminal(io.StringIO):
    """Standard error as a terminal has it."""

    def isatty(self) -> bool:
        return True


def test_long_work_shows_how_far_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(tmp_path / "a")
    monkeypatch.setenv("TERM", "xterm")
    for words, unit in (
        (["verify"], "files"),
        (["report", "--out", str(tmp_path / "r")], "articles"),
        (["feed", "--out", str(tmp_path / "f")], "articles"),
        (["compact", "--before", "2026-12-01"], "months"),
    ):
        shown = Terminal()
        monkeypatch.setattr("sys.stderr", shown)
        assert main([*words, "--archive", str(tmp_path / "a")]) == 0
        assert "okx/en" in shown.getvalue() and unit in shown.getvalue(), words
        assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["crawl"], ["sites", "add"]])
def test_a_password_in_a_url_is_refused_and_not_repeated(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = "https://me:geheim@help.example/en"
    code, out, err = ran(capsys, *words, url, "--archive", str(tmp_path / "a"))
    assert (code, out) == (2, "") and "the URL holds a user name or a password" in err
    assert "geheim" not in err
