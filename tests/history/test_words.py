"""The text diff of two bodies."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from helpscraper.history.blame import attribute
from helpscraper.history.render import plain, to_html, to_rich
from helpscraper.history.words import WordDiff, blocks_of, segment, units_of, word_diff
from helpscraper.html.bodies import write_body

BEFORE = """Open an account
Press Sign up on the first page.
Fill in your name and the address of your mailbox.
Level\tFee\tLimit
One\t0.1 %\t100
Two\t0.2 %\t500
Wait for our answer, which takes a day at most."""


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("The fee is 0.1 %.", "The fee is 0.2 %.", "The fee is [-0.1-]{+0.2+} %."),
        ("One two three.", "One three.", "One [-two -]three."),
        ("One three.", "One two three.", "One {+two +}three."),
        ("我们将下架以下交易对。", "我们将上架以下交易对。", "我们将[-下架-]{+上架+}以下交易对。"),
        ("ประเทศที่สวยงาม", "ประเทศที่ใหญ่", "ประเทศที่[-สวยงาม-]{+ใหญ่+}"),
        ("これは日本語です。", "これは英語です。", "これは[-日本語-]{+英語+}です。"),
        ("Nothing in common", "quite different words", "[-Nothing in common-]\n{+quite different words+}"),
        ("", "New.", "{+New.+}"),
        ("Old.", "", "[-Old.-]"),
    ],
)  # fmt: skip
def test_words(old: str, new: str, shown: str) -> None:
    assert plain(word_diff(old, new)) == shown


def test_thai_is_segmented_without_spaces() -> None:
    assert segment("ประเทศไทยเป็นประเทศที่สวยงาม", "th") == ["ประเทศไทย", "เป็น", "ประเทศ", "ที่", "สวยงาม"]


def test_a_moved_paragraph_is_moved_and_not_rewritten() -> None:
    lines = BEFORE.splitlines()
    found = word_diff(BEFORE, "\n".join([*lines[:1], *lines[2:], lines[1]]))
    assert [block.fate for block in found.blocks].count("moved") == 1
    assert found.counts() == {"deleted": 0, "inserted": 0, "moved": 1}


def test_a_moved_paragraph_may_change_a_word() -> None:
    lines = BEFORE.splitlines()
    found = word_diff(BEFORE, "\n".join([lines[0], *lines[2:], lines[1].replace("first", "last")]))
    [moved] = [block for block in found.blocks if block.fate == "moved"]
    assert [span.text for span in moved.spans if span.op != "same"] == ["first", "last"]


def test_a_row_more_in_a_table_is_one_row_more() -> None:
    found = word_diff(BEFORE, BEFORE.replace("Two\t", "One and a half\t0.15 %\t200\nTwo\t"))
    assert [block.fate for block in found.blocks if block.fate != "same"] == ["inserted"]
    html = to_html(found)
    assert html.count("<table>") == 1 and html.count("<tr") == 4
    assert (
        '<tr class="inserted" dir="auto"><td><ins>One and a half</ins></td><td><ins>0.15 %</ins></td>' in html
    )


def test_a_paragraph_reads_as_its_text_does() -> None:
    arabic = "نص طويل عن الحساب وعن الرسوم\nP2P حد BIBU USD\nGET /v1/pairs"
    ways = re.findall(r'dir="(\w+)"', to_html(word_diff("", arabic)))
    assert ways == ["rtl", "rtl", "auto"], "auto goes by the first letter"
    english = "About the word حد and nothing else\nحد is Arabic for a limit"
    assert re.findall(r'dir="(\w+)"', to_html(word_diff("", english))) == ["auto", "auto"]


def test_a_cell_that_changed_keeps_its_row() -> None:
    found = word_diff(BEFORE, BEFORE.replace("0.2 %", "0.3 %"))
    assert "Two\t[-0.2-]{+0.3+} %\t500" in plain(found)


def test_a_row_is_known_by_its_first_cell_where_a_column_is_new() -> None:
    old = "Coin\tFee\nBTC\t0.1\nETH\t0.2\nSOL\t0.3"
    new = "Coin\tFee\tMin\nBTC\t0.15\t1\nETH\t0.25\t2\nDOT\t0.4\t4\nSOL\t0.3\t3"
    assert word_diff(old, new).plain().splitlines() == [
        "Coin\tFee{+\tMin+}",
        "BTC\t[-0.1-]{+0.15\t1+}",
        "ETH\t[-0.2-]{+0.25\t2+}",
        "{+DOT\t0.4\t4+}",
        "SOL\t0.3{+\t3+}",
    ]


def test_rows_of_a_page_are_the_rows_of_its_word_diff() -> None:
    """What the body writer puts between cells is what the diff takes them apart at."""

    def text(fees: dict[str, str]) -> str:
        rows = "".join(f"<tr><td>{coin}</td><td>{fee} a | day</td></tr>" for coin, fee in fees.items())
        page = etree.HTML(f"<div><p>Fees</p><table><tr><th>Coin</th><th>Fee</th></tr>{rows}</table></div>")
        return write_body([page], "https://help.example").text

    before, after = {"BTC": "0.1", "ETH": "0.2"}, {"BTC": "0.15", "DOT": "0.4", "ETH": "0.25"}
    assert plain(word_diff(text(before), text(after))).splitlines()[-3:] == [
        "BTC\t[-0.1-]{+0.15+} a | day",
        "{+DOT\t0.4 a | day+}",
        "ETH\t[-0.2-]{+0.25+} a | day",
    ]


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ("A\tx\ty", "A\ty\tz", 3),
        ("A\tone two three four five six", "A\tquite another text that stands here now", 2),
        ("A\tone two three four five six\tb", "A\tquite another text that stands here now", 3),
    ],
)
def test_a_row_never_has_more_cells_than_the_longer_of_the_two(old: str, new: str, cells: int) -> None:
    found = word_diff(old, new)
    assert [block.fate for block in found.blocks] == ["changed"]
    assert to_html(found).count("<td>") == cells


def test_rows_that_share_a_first_cell_are_not_guessed_at() -> None:
    old = "Yes\tone two\nYes\tthree four"
    new = "Yes\tfive six\nYes\tseven eight"
    assert {block.fate for block in word_diff(old, new).blocks} == {"deleted", "inserted"}


def test_spaces_say_nothing() -> None:
    assert not word_diff("One  two three \n\n four", "One two\u00a0three\nfour ")


def test_context_leaves_out_what_is_the_same() -> None:
    text = "\n".join(f"Paragraph number {n} of this text." for n in range(20))
    found = word_diff(text, text.replace("number 7", "no. 7"))
    assert plain(found, 1).splitlines()[0] == "…" and len(plain(found, 1).splitlines()) == 5
    assert plain(word_diff(text, text), 1) == ""


def test_html_is_escaped_and_rich_text_says_the_same() -> None:
    found = word_diff("<script>one</script> two", "<script>one</script> three & <b>")
    assert "<script" not in to_html(found) and "<b>" not in to_html(found)
    assert to_rich(found).plain.strip()


lines = st.text("ab c.\t我们的 ", max_size=12)
texts = st.lists(lines, max_size=8).map("\n".join)


def side(found: WordDiff, op: str) -> list[str]:
    """The blocks of one side again, in their order."""
    number = {"delete": "before", "insert": "after"}[op]
    placed = {
        getattr(block, number): "".join(span.text for span in block.spans if span.op in ("same", op))
        for block in found.blocks
        if getattr(block, number) is not None
    }
    return [placed[place] for place in sorted(placed)]


def bare(blocks: list[str]) -> list[str]:
    return [block.replace(" ", "") for block in blocks]


@given(texts, texts)
def test_both_sides_can_be_read_from_the_diff(before: str, after: str) -> None:
    found = word_diff(before, after)
    assert side(found, "insert") == blocks_of(after)
    assert bare(side(found, "delete")) == bare(blocks_of(before))


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert not word_diff(text, text)


@given(texts, texts)
def test_wrapping_inside_a_block_does_not_matter(before: str, after: str) -> None:
    spaced = after.replace(" ", "  ")
    assert word_diff(before, spaced) == word_diff(before, after)


@given(st.text(max_size=60))
def test_units_are_the_text(text: str) -> None:
    assert "".join(units_of(text)) == text == "".join(segment(text))


@given(st.lists(texts, min_size=1, max_size=5))
def test_blame_names_a_version_that_has_the_block(versions: list[str]) -> None:
    named = [(str(number), text) for number, text in enumerate(versions)]
    found = attribute(named)
    assert [text for text, _ in found] == blocks_of(versions[-1])
    for text, name in found:
        assert bare([text])[0] in bare(blocks_of(versions[int(name)]))


def test_a_block_that_moved_keeps_its_version() -> None:
    found = attribute(
        [("mon", "First of all.\nSecond of all."), ("tue", "Second of all.\nFirst of all.\nThird.")]
    )
    assert found == [("Second of all.", "mon"), ("First of all.", "mon"), ("Third.", "tue")]
