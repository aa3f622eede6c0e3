"""Search through the texts of all snapshots."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.errors import CommandError, ReferenceNotFoundError
from helpscraper.history.search import search
from tests.history.story import EN, committed, story
from tests.history.worlds import row

TEXTS = ("Fees are 1 %.", "Fees are 2 %.", None, "Fees are 1 %.\nAsk us.", "Fees are 1 %.\nAsk us.")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An article says 1 % on the first, fourth and fifth day, is absent on the third, and another one stays."""
    folder = tmp_path_factory.mktemp("search")
    for day, text in enumerate(TEXTS):
        rows = [row("other", title="Other", section="faq", body="Nothing is 1 % here\tor there.")]
        if text is not None:
            rows.append(row("fees", title="Fees", section="fees", body=text))
        committed(folder, day, rows)
    return folder


def told(archive: Path, pattern: str, **options: object) -> list[tuple[str, int, int | None, str]]:
    rows = search(Catalog(archive), pattern, **options).to_pylist()  # type: ignore[arg-type]
    return [
        (r["article_id"], r["since"].day, r["until"].day if r["until"] else None, r["line"]) for r in rows
    ]


def test_now_and_ever(archive: Path) -> None:
    other = ("other", 16, None, "Nothing is 1 % here\tor there.")
    assert told(archive, "1 %") == [("fees", 19, None, "Fees are 1 %."), other]
    assert told(archive, "1 %", history=True) == [
        ("fees", 16, 17, "Fees are 1 %."), ("fees", 19, None, "Fees are 1 %."), other,
    ]  # fmt: skip
    assert told(archive, "2 %") == []
    assert told(archive, "2 %", history=True) == [("fees", 17, 18, "Fees are 2 %.")]
    assert told(archive, "1 %", sections=["faq"]) == [other]
    assert told(archive, "^ask") == [] and [each[3] for each in told(archive, "(?i)^ask")] == ["Ask us."]
    frame = Archive(archive).search("2 %", history=True)
    assert list(frame["until"].dt.day) == [18]


@pytest.mark.parametrize("pattern", ["(", "a)(b", "[", "*", "(?<=a)b"])
def test_a_pattern_that_is_none_is_said(archive: Path, pattern: str) -> None:
    with pytest.raises(CommandError, match=r"is no regular expression: [a-z]") as caught:
        search(Catalog(archive), pattern)
    assert "Error" not in caught.value.message and "--fixed" in caught.value.advice


def test_a_section_that_no_snapshot_has_is_told_the_nearest_one(archive: Path) -> None:
    with pytest.raises(ReferenceNotFoundError, match="feess: no snapshot has this section") as raised:
        search(Catalog(archive), "1 %", sections=["faq", "feess"])
    assert raised.value.advice == "did you mean: fees"


def test_a_packed_archive_answers_the_same(archive: Path, tmp_path: Path) -> None:
    story(tmp_path)
    before = told(tmp_path, "limit|Fees", history=True)
    assert before
    assert main(["compact", "--before", "2026-12-01", "--archive", str(tmp_path)]) == 0
    assert told(tmp_path, "limit|Fees", history=True) == before


def test_the_command(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["grep", "--archive", str(archive)]
    assert main([*command, "2 %"]) == 5
    assert capsys.readouterr() == ("", "nothing found\n")
    assert main([*command, "2 %", "--format", "json"]) == 5
    assert capsys.readouterr() == ("[\n]\n", "nothing found\n")
    assert main([*command, "--history", "2 %"]) == 0
    assert capsys.readouterr().out == (
        f"{EN}  fees  Fees  2026-11-17 06:00 to 2026-11-18 06:00 UTC\n    Fees are 2 %.\n"
    )
    assert main([*command, "-i", "-F", "FEES ARE 1 %.", "--format", "json"]) == 0
    assert [each["article_id"] for each in json.loads(capsys.readouterr().out)] == ["fees"]
    assert main([*command, "("]) == 2
    assert "is no regular expression" in capsys.readouterr().err


def test_the_same_text_that_came_back_is_two_times(tmp_path: Path) -> None:
    for day, text in enumerate(["Fee A.", "Fee B.", "Fee A.", "Fee A."]):
        committed(tmp_path, day, [row("fees", body=text), row("stays", body="Fee A. stays.")])
    assert told(tmp_path, "Fee A", history=True) == [
        ("fees", 16, 17, "Fee A."), ("fees", 18, None, "Fee A."), ("stays", 16, None, "Fee A. stays."),
    ]  # fmt: skip
    assert told(tmp_path, "Fee A") == [("fees", 18, None, "Fee A."), ("stays", 16, None, "Fee A. stays.")]


def test_a_pattern_that_would_backtrack_elsewhere_takes_no_time(tmp_path: Path) -> None:
    committed(tmp_path, 0, [row("long", body="a" * 50_000 + "!")])
    begin = time.process_time()
    assert told(tmp_path, "(a|a)*(a+)+b") == []
    assert time.process_time() - begin < 5


_TEXT = st.sampled_from([None, "Fee A.", "Fee B.", "No\nfee a here.\nFee A, too.", "Fee C.\n\ny"])
_DAY = st.fixed_dictionaries(
    {"one": _TEXT, "two": _TEXT, "x": st.just("Same every day."), "y": st.sampled_from([None, "y"])}
)


@settings(max_examples=6, deadline=None)
@given(
    st.lists(_DAY, min_size=1, max_size=5), st.sampled_from(["Fee A", "(?i)fee a", "^y?$", "B|e", "no such"])
)
@example([{"one": text, "two": None, "x": "x", "y": None} for text in ("Fee A.", None, "Fee A.")], "Fee A")
def test_as_read_row_by_row(days: list[dict[str, str | None]], pattern: str) -> None:
    expected: list[tuple[str, int, int | None, str]] = []
    with tempfile.TemporaryDirectory() as name:
        for number, texts in enumerate(days):
            rows = [row(slug, body=text) for slug, text in texts.items() if text is not None]
            committed(Path(name), number, rows)
        for slug in ("one", "two", "x", "y"):
            before = False
            for number, texts in enumerate(days):
                lines = (texts[slug] or "").split("\n") if texts[slug] is not None else []
                line = next((each for each in lines if re.search(pattern, each)), None)
                if line is not None and not before:
                    expected.append((slug, 16 + number, None, line))
                elif line is not None:
                    expected[-1] = (*expected[-1][:3], line)
                elif before:
                    expected[-1] = (*expected[-1][:2], 16 + number, expected[-1][3])
                before = line is not None
        assert told(Path(name), pattern, history=True) == expected
        assert told(Path(name), pattern) == [each for each in expected if each[2] is None]
