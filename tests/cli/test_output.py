from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import pty
import re
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from helpscraper.cli.output import csv_safe, emit, md_safe, print_text, terminal_safe
from helpscraper.cli.progress import Bar
from helpscraper.errors import CommandError
from helpscraper.normalise.titles import normalise_title

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
READ_BACK = re.compile("^('*[=+\\-@\t\r\n＝＋－＠])")
AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
TABLE = pa.table(
    {
        "title": ["=HYPERLINK(1)", 'say "hi", all', None, "", "a|b\n<i>"],
        "count": pa.array([1, None, 0, 3, 4], pa.int64()),
        "tags": [["a", "b"], None, [], ["=c"], ["d"]],
        "at": pa.array([AT, None, AT, AT, AT], pa.timestamp("us", "UTC")),
        "on": pa.array([AT.date(), None, None, None, None], pa.date32()),
        "fine": [True, None, False, True, True],
    }
)


def written(format: str, table: pa.Table = TABLE) -> bytes:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    emit(table, format, stream=stream)
    return stream.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_json_is_records() -> None:
    records = json.loads(written("json"))
    assert records[0] == {
        "title": "=HYPERLINK(1)", "count": 1, "tags": ["a", "b"], "at": "2026-11-22T06:00:00Z", "on": "2026-11-22",
        "fine": True,
    }  # fmt: skip
    assert records[1]["count"] is None
    assert json.loads(written("json", TABLE.slice(0, 0))) == []


def test_csv_keeps_absent_apart_from_empty_and_zero() -> None:
    lines = written("csv").decode().splitlines()
    assert lines[0] == '"title","count","tags","at","on","fine"'
    assert lines[1] == '"\'=HYPERLINK(1)",1,"[""a"", ""b""]","2026-11-22T06:00:00Z",2026-11-22,true'
    assert lines[3].startswith(",0,")
    assert lines[4].startswith('"",3,')


@given(st.lists(st.none() | TEXT, min_size=1))
def test_no_csv_cell_is_a_formula_and_every_cell_reads_back(cells: list[str | None]) -> None:
    safe = csv_safe(pa.array(cells, pa.string())).to_pylist()
    assert not any(cell and cell[0] in "=+-@\t\r\n＝＋－＠" for cell in safe)
    assert [cell and READ_BACK.sub(lambda match: match[1][1:], cell) for cell in safe] == cells


@given(st.lists(TEXT, min_size=1))
def test_csv_reads_back_by_the_standard_reader(cells: list[str]) -> None:
    data = written("csv", pa.table({"n": list(range(len(cells))), "cell": cells})).decode()
    rows = list(csv.reader(io.StringIO(data, newline="")))[1:]
    assert [cell and READ_BACK.sub(lambda match: match[1][1:], cell) for _, cell in rows] == cells


@given(TEXT)
def test_nothing_steers_a_terminal(text: str) -> None:
    safe = terminal_safe(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", safe)
    assert terminal_safe(safe) == safe


TAGS = st.text(st.characters(min_codepoint=0xE0020, max_codepoint=0xE007E), min_size=1, max_size=30)
KNOWN_EMOJI = st.one_of(
    st.sampled_from(["gbeng", "gbsct", "gbwls", "usca"]).map(
        lambda region: "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in region) + "\U000e007f"
    ),
    st.sampled_from(["👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️‍🔥", "🧑🏽‍🚀", "🏴‍☠️", "🐦‍⬛", "1️⃣", "☎︎", "☎️", "🇳🇴", "葛󠄀"]),
)  # fmt: skip
EMOJI = KNOWN_EMOJI | st.builds(
    "{}{}\U000e007f".format, st.sampled_from(["\U0001f3f4", "\u2764\ufe0f", "\U0001f44b\U0001f3fd"]), TAGS
)


@given(
    st.lists(st.sampled_from(["Rules for ", "\n", "a|b", "\u202e", "\x1b[31m"]) | EMOJI, max_size=6), EMOJI
)
def test_an_emoji_leaves_whole_in_every_format(before: list[str], emoji: str) -> None:
    title = "".join([*before, emoji, " end"])
    shown = io.StringIO()
    emit(pa.table({"title": [title]}), stream=shown)
    assert emoji in shown.getvalue()
    for format in ("json", "csv", "md"):
        assert emoji in written(format, pa.table({"title": [title]})).decode(), format
    assert (
        emoji
        in pq.read_table(io.BytesIO(written("parquet", pa.table({"title": [title]}))))["title"][0].as_py()
    )


@given(KNOWN_EMOJI)
def test_an_emoji_that_browsers_draw_is_whole_in_a_title(emoji: str) -> None:
    # Tags of no known flag change nothing that a browser draws, so a title leaves them out.
    assert normalise_title(f"Rules for {emoji} end") == f"Rules for {emoji} end"


@given(st.sampled_from(["", "a", "あ", "\u200d"]), TAGS, st.sampled_from(["", "\U000e007f", "\U000e0001"]))
def test_tags_that_belong_to_no_emoji_are_left_out(before: str, tags: str, end: str) -> None:
    assert terminal_safe(f"{before}{tags}{end}!") == f"{before}!"
    assert terminal_safe(f"\U0001f3f4{tags}!") == "\U0001f3f4!"
    assert terminal_safe(f"\U0001f3f4{tags * 31}\U000e007f!") == "\U0001f3f4!"


@given(TEXT)
def test_no_markdown_cell_breaks_its_table(text: str) -> None:
    cell = md_safe(text)
    assert "\n" not in cell
    assert "<" not in cell
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", cell)


def test_a_cell_of_markdown_shows_the_marks_of_its_text() -> None:
    text = "~~old~~ **b** _i_ `c` [a](b) ![d](e) <i> &amp; a|b"
    table = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"| {md_safe(text)} |\n| --- |")
    (line,) = (token for token in table if token.type == "inline")
    assert {child.type for child in line.children or ()} <= {"text", "text_special"}
    assert "".join(child.content for child in line.children or ()) == text


def test_markdown_is_a_table() -> None:
    lines = written("md").decode().splitlines()
    assert lines[1] == "| --- | --: | --- | --- | --- | --- |"
    assert lines[-1] == "| a\\|b &lt;i&gt; | 4 | d | 2026-11-22T06:00:00Z |  | yes |"


def test_parquet_comes_back(tmp_path: Path) -> None:
    emit(TABLE, "parquet", output=str(tmp_path / "x.parquet"))
    assert pq.read_table(tmp_path / "x.parquet").equals(TABLE)
    assert pq.read_table(io.BytesIO(written("parquet"))).equals(TABLE)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_parquet_is_not_for_a_terminal() -> None:
    with pytest.raises(CommandError, match="cannot be shown on a terminal"):
        emit(TABLE, "parquet", stream=Terminal())


def test_a_terminal_gets_no_control_characters() -> None:
    stream = Terminal()
    emit(pa.table({"title": ["evil\x1b]0;x\x07 [bold]not bold[/bold]"]}), "table", stream=stream)
    shown = stream.getvalue()
    assert "\x07" not in shown
    assert "\x1b]" not in shown
    assert "[bold]not bold[/bold]" in shown


def test_a_terminal_keeps_the_cells_of_a_row_apart() -> None:
    stream = Terminal()
    print_text("Coin\tFee\nBTC\t0.1\x1b[2J", stream)
    assert stream.getvalue() == "Coin    Fee\nBTC     0.1[2J\n"


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        emit(TABLE, "csv", output=str(tmp_path / "nowhere" / "x.csv"))
    old = tmp_path / "x.csv"
    old.write_text("old")
    with pytest.raises(CommandError, match="unknown format"):
        emit(TABLE, "xls", output=str(old))
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_bar_shows_that_a_long_step_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal, Bar("files") as bar:
        monkeypatch.setattr(sys, "stderr", terminal)
        bar.note("before the first step")
        bar.show("asking", 1, 3)
        bar.note("request 7")
        bar._progress.refresh()  # type: ignore[union-attr]
        bar.say("wait a second", terminal)
        bar.note("request 8")  # the bar comes back without a new step
        bar.show("day 1", 1, 5)
        bar.show("day 2", 2, 5)
        assert bar._task == bar._progress.tasks[0].id == 1  # type: ignore[union-attr]
        bar._progress.refresh()  # type: ignore[union-attr]
    drawn = b""
    with suppress(OSError):  # how the other end of a terminal ends
        while True:
            drawn += os.read(leader, 1 << 16)
    os.close(leader)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn.decode())
    first, second = shown.split("wait a second")
    assert re.search(r"asking \S+ 1/3 request 7 ", first)
    assert re.search(r"day 2 \S+ 2/5 files ", second)
