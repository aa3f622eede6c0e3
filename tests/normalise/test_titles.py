"""Titles: what goes, what stays, and that a second pass changes nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpscraper.normalise.titles import nfc, normalise_title

CASES = [
    ("  OKX to\n      list\tABC ", "OKX to list ABC"),
    ("a\u00a0b\u202fc\u3000d", "a b c d"),
    ("zero\u200bwidth\ufeff", "zerowidth"),
    ("soft\u00adhyphen", "softhyphen"),
    ("\u200fمرحبا\u200e ABC\u2069", "مرحبا ABC"),
    ("bell\x07 and nul\x00", "bell and nul"),
    ("Cafe\u0301", "Café"),
    ("AT&amp;T", "AT&T"),
    ("&lt;new&gt; C++", "<new> C++"),
    ("a &#8211; b &#x2013; c", "a – b – c"),
    ("zero&#8203;width &shy;", "zerowidth"),
    # Escaped twice: one decoding would leave something that decodes again, so it is left alone.
    ("&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;"),
    ("&\u200blt;", "<"),
    # No entities: unfinished, unknown, or only the beginning of one.
    ("R&D &lt &unknown; &notit; &;", "R&D &lt &unknown; &notit; &;"),
    ("ＵＳＤⓈ　１２３", "ＵＳＤⓈ １２３"),
    ("<new> C++ & more", "<new> C++ & more"),
    ("👩\u200d💻 and ❤\ufe0f\u200d🔥 and 👍🏽", "👩\u200d💻 and ❤\ufe0f\u200d🔥 and 👍🏽"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("क्\u200dष", "क्\u200dष"),
    ("a\u200db\u200c", "ab"),
    ("👩\u200d", "👩"),
    ("می\u200c\u200c\u200dخ", "می\u200cخ"),
    ("a\u200c\u200c\u200db", "ab"),
    ("سلّم", "سلّم"),
    # A flag of a part of a country keeps its tags; tags outside of one show nothing.
    ("\U0001f3f4\U000e0067\U000e0062\U000e007f!", "\U0001f3f4\U000e0067\U000e0062\U000e007f!"),
    ("a\U000e0067b", "ab"),
    ("", ""),
    (" \u200b ", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_case_table(text: str, expected: str) -> None:
    assert normalise_title(text) == unicodedata.normalize("NFC", expected)


# Dense in what the function treats: entities, joiners, marks, spaces, characters that NFC turns into others.
hostile = st.text(
    st.sampled_from(
        [*"&;#x0123ltgampA ", "\u200b", "\u200c", "\u200d", "\u037e", "\u212a", "\u0301", "\u0344"]
    )
    | st.sampled_from(
        ["\u093c", "\u094d", "ا", "👩", "\ufe0f", "\u202e", "\ud800", "\x00", "\x1c", "\u3000", "é"]
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=400)
@given(st.text() | hostile)
@example("&\x02lt;")
@example("&lt\u037e")
@example("&amp;amp;amp;")
@example("\u094d" + "\u0301" * 40 + "\u200d")
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = normalise_title(text)
    assert normalise_title(once) == once
    assert once == once.strip() and "  " not in once
    assert unicodedata.normalize("NFC", once) == once


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "Nd", "Sm", "Sc", "So", "Pd"]), min_size=1))
def test_content_characters_are_untouched(text: str) -> None:
    assert normalise_title(text) == unicodedata.normalize("NFC", text)


def test_joiners_that_loosen_each_other_settle_in_four_rounds_or_all_go() -> None:
    settles = "\u094d\u200c\U0001f469\u200c\u094d\u200c\u200c\u3099\u200c"
    assert normalise_title(settles) == "\u094d\u200c\U0001f469\u3099\u094d"
    longer = "\u200d\u05b0\u200c\u094d\u094d\u200d\u094d\u094d\u200c\u094d\u200d\u094d\U0001f469\u200d\u0627"
    assert normalise_title(longer) == "\u094d" * 6 + "\u05b0\U0001f469\u0627"


def test_a_run_of_marks_is_parted_and_otherwise_nfc_is_plain() -> None:
    zalgo = "a" + "\u0301\u0323" * 40
    assert "\u034f" in nfc(zalgo)
    assert nfc(nfc(zalgo)) == nfc(zalgo)
    assert "\u034f" in nfc("a" + "\u0344" * 20), "each is two marks in NFC"
    assert nfc("a" + "\u0301" * 30) == unicodedata.normalize("NFC", "a" + "\u0301" * 30)
