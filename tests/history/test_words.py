"""The text diff of two bodies."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from helpscraper.history.blame import attribute
from helpscraper.history.render import excerpt, plain, to_html, to_rich
from helpscraper.history.rows import same_rows
from helpscraper.history.spans import Blocks
from helpscraper.history.words import Block, Span, WordDiff, blocks_of, segment, units_of, word_diff
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


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # A deleted block stands where it was, before and behind others.
        (
            "a one\nb two\nX three four\nc five",
            "a one\nb two\nc five",
            "a one\nb two\n[-X three four-]\nc five",
        ),
        ("X three four\nc five", "c five", "[-X three four-]\nc five"),
        # Two blocks that changed places: one of them moved, and both have changed.
        (
            "alpha one two three\nbeta four five six",
            "beta four five seven\nalpha one two eight",
            "(moved) beta four five [-six-]{+seven+}\nalpha one two [-three-]{+eight+}",
        ),
        # A short answer is found anywhere, so it moved only where nothing nearer is like it.
        ("Yes!\nOne two.\nThree four.", "One two.\nThree four.\nYes!", "One two.\nThree four.\n(moved) Yes!"),
        (
            "Yes!\nOne two.\nThree four.\nYes?",
            "One two.\nThree four.\nYes!",
            "[-Yes!-]\nOne two.\nThree four.\nYes[-?-]{+!+}",
        ),
        (
            "Yes we can\nOne two.\nThree four.\nYes we could",
            "One two.\nThree four.\nYes we can",
            "One two.\nThree four.\n[-Yes we could-]\n(moved) Yes we can",
        ),
        # A cell that became empty, and one of which less than three tenths of the words stayed.
        ("A\tx\ty", "A\t\ty", "A\t[-x-]\ty"),
        ("A\t\ty", "A\tx\ty", "A\t{+x+}\ty"),
        ("A\ta b c d e", "A\tf b g h i", "A\t[-a b c d e-]{+f b g h i+}"),
        ("A\ta b c 1 2 3 4 5 6 7", "A\ta b c t u v w x y z", "A\ta b c [-1 2 3 4 5 6 7-]{+t u v w x y z+}"),
    ],
)
def test_what_became_of_blocks_and_cells(old: str, new: str, expected: str) -> None:
    assert plain(word_diff(old, new)) == expected


def fates(old: list[str], new: list[str]) -> Counter[str]:
    return Counter(block.fate for block in word_diff("\n".join(old), "\n".join(new)).blocks)


def test_pairing_is_bounded_and_blocks_that_only_moved_need_none() -> None:
    old, new = ([f"a{n} b{n} {side}{n}" for n in range(241)] for side in "cd")
    assert fates(old, new) == {"changed": 120, "moved": 120, "deleted": 1, "inserted": 1}
    one, other = ([f"{side}{n} two{n} three{n}" for n in range(121)] for side in "ab")
    assert fates([*one, *other, "last of all"], [*other, "last of all", *one]) == {"same": 122, "moved": 121}


def test_half_a_character_is_a_mark() -> None:
    assert segment("a\ud800b c") == ["a", "\ud800", "b", " ", "c"]


def test_a_notebook_shows_one_block_around_a_change() -> None:
    found = shown("...+...")
    assert found._repr_html_() == to_html(found, 1) == found.html(1)


def shown(pattern: str) -> WordDiff:
    """A diff with one block for each sign of ``pattern``: a number, new where the sign is ``+``."""
    return WordDiff(
        tuple(
            Block(
                "changed" if sign == "+" else "same",
                n,
                n,
                (Span("insert" if sign == "+" else "same", str(n)),),
            )
            for n, sign in enumerate(pattern)
        )
    )


@pytest.mark.parametrize(
    ("pattern", "context", "expected"),
    [
        ("...+...", 1, "… 2 {+3+} 4 …"),
        ("...+...", 2, "… 1 2 {+3+} 4 5 …"),
        ("...+...", 3, "0 1 2 {+3+} 4 5 6"),
        ("..+..", 0, "… {+2+} …"),
        ("+.....", 1, "{+0+} 1 …"),
        (".....+", 1, "… 4 {+5+}"),
        (".+...+.", 1, "0 {+1+} 2 … 4 {+5+} 6"),
        (".+..+.", 1, "0 {+1+} 2 3 {+4+} 5"),
        ("....", 1, ""),
        (".+.", None, "0 {+1+} 2"),
        ("...", None, "0 1 2"),
    ],
)
def test_so_many_blocks_are_shown_around_a_change(pattern: str, context: int | None, expected: str) -> None:
    found = shown(pattern)
    assert plain(found, context).split("\n") == expected.split(" ")
    assert to_rich(found, context).plain.split() == re.sub(r"[{}+]", "", expected).split()
    bare = re.sub(r"<[^>]+>", " ", to_html(found, context)).split()
    assert bare == re.sub(r"[{}+]", "", expected).split()


def test_a_diff_in_html_to_the_letter() -> None:
    cells = (Span("same", "A\t"), Span("delete", "1"), Span("insert", "2\t<3>"))
    found = WordDiff(
        (
            Block("same", 0, 0, (Span("same", "Fees"),)),
            Block("changed", 1, 1, cells),
            Block("inserted", None, 2, (Span("insert", "B\t"),)),
            Block("moved", 4, 3, (Span("same", "at "), Span("delete", "a & b"))),
            Block("deleted", 5, None, (Span("delete", "C\t4"),)),
        )
    )
    assert to_html(found) == (
        '<div class="word-diff"><p class="same" dir="auto">Fees</p>'
        '<table><tr class="changed" dir="auto"><td>A</td><td><del>1</del><ins>2</ins></td>'
        "<td><ins>&lt;3&gt;</ins></td></tr>"
        '<tr class="inserted" dir="auto"><td><ins>B</ins></td><td></td></tr></table>'
        '<p class="moved" dir="auto">at <del>a &amp; b</del></p>'
        '<table><tr class="deleted" dir="auto"><td><del>C</del></td><td><del>4</del></td></tr></table></div>'
    )
    assert plain(found).splitlines()[3] == "(moved) at [-a & b-]"
    assert to_rich(found).plain.splitlines()[3] == "↕ at a & b"
    assert [(span.start, span.end, str(span.style)) for span in to_rich(found).spans][:2] == [
        (7, 8, "red strike"), (8, 13, "green"),
    ]  # fmt: skip
    assert found.counts() == {"deleted": 5, "inserted": 3, "moved": 1}
    assert [block.text for block in found.blocks] == ["Fees", "A\t2\t<3>", "B\t", "at ", "C\t4"]


@pytest.mark.parametrize(("text", "way"), [("حد ab", "auto"), ("حدّة ab", "rtl"), ("abc", "auto")])
def test_a_text_reads_leftwards_when_most_of_its_letters_do(text: str, way: str) -> None:
    assert f'dir="{way}"' in to_html(word_diff("", text))


def test_rows_are_the_same_one_by_a_first_cell_that_is_there_once() -> None:
    def rows(text: str) -> list[tuple[str, ...]]:
        return [units_of(line) for line in text.split("\n")]

    old = rows("BTC\t1\nETH\t2\nno row\n\tx\nSOL\t3\nSOL\t4")
    new = rows("SOL\t3\nno row\n\tx\nBTC\t9\nETH\t2\nETH\t5")
    assert list(same_rows(old, new)) == [(0, 3)]


def test_html_is_escaped_and_rich_text_says_the_same() -> None:
    found = word_diff("<script>one</script> two", "<script>one</script> three & <b>")
    assert "<script" not in to_html(found) and "<b>" not in to_html(found)
    assert to_rich(found).plain.strip()


SENTENCE = (
    "Write to the desk when nothing has arrived after 24 hours, and name the number that is on the receipt."
)


def test_an_excerpt_shows_the_changes_and_a_little_around_them() -> None:
    before = f"same\n{SENTENCE}\n费用是百分之五，每笔提币都要付，请您注意查看。\na\t{SENTENCE}\t1"
    found = excerpt(
        word_diff(before, before.replace("24", "48").replace("五", "六").replace("\t1", "\t2")), near=10
    )
    assert plain(found).split("\n") == [
        "… after [-24-]{+48+} hours,…",
        "费用是百分之[-五-]{+六+}，每笔提币都要付，请…",
        "a\t" + SENTENCE.replace("24", "[-24-]{+48+}") + "\t[-1-]{+2+}",
    ]
    assert not found.cut and "<del>24</del><ins>48</ins>" in to_html(found)
    twice = excerpt(word_diff(f"1 {SENTENCE} 2", f"3 {SENTENCE} 4"), near=12)
    assert plain(twice) == "[-1-]{+3+} Write to … receipt. [-2-]{+4+}"
    assert excerpt(word_diff("same", "same")).blocks == ()


@given(
    st.integers(0, 60),
    st.integers(0, 20),
    st.lists(st.sampled_from(["a b c", "d\te", "的我们 x"]), max_size=6),
)
def test_an_excerpt_is_bounded_and_says_when_it_leaves_changes_out(
    limit: int, near: int, new: list[str]
) -> None:
    whole = word_diff("a b x", "\n".join(new))
    found = excerpt(whole, near=near, limit=limit)
    shown = sum(len(span.text) for block in found.blocks for span in block.spans)
    assert shown <= limit + 1 and (not found.cut or shown)

    def changes(diff: Blocks) -> list[Span]:
        return [span for block in diff.blocks for span in block.spans if span.op != "same"]

    assert found.cut or changes(found) == changes(whole)


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
