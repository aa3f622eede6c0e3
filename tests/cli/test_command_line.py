"""The command line as a whole: the overview, misspelt names, options that several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.cli import COMMANDS, GROUPS, main

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
        (["dif"], "helpscraper: dif: no such command\n  did you mean: diff"),
        (["hstory"], "did you mean: history"),
        (["frobnicate"], "run `helpscraper` to list the commands"),
        (
            ["diff", "--fromat", "csv"],
            "helpscraper diff: --fromat: no such argument\n  did you mean: --format",
        ),
        (["diff", "--fromat=csv"], "did you mean: --format"),
        (["log", "a", "b"], "b: no such argument"),
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
    assert said in err
