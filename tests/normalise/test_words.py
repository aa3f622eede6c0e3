"""Word counts by UAX #29."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.normalise.words import _segments, count_words

CASES = [
    ("", 0),
    (" \n… – !", 0),
    ("one", 1),
    ("Don't panic: 3,208 users!", 4),
    ("USDT/USD pairs", 3),
    ("e\u0301te\u0301", 1),
    ("Опубликовано вчера", 2),
    ("تم النشر في", 3),
    ("发布于 2024", 4),
    ("カタカナ", 1),
    ("ไทย", 3),
    ("snake_case a_b", 2),
    ("_ a", 1),
    ("a\x7fb", 2),
    ("👩\u200d💻 works", 1),
    # Releases of regex differ here.
    ("the 'Assets' page", 2),
    ("the ‘Assets’ page, d’été", 4),
    ("ए.पी.आई.", 2),
    ("e\u0301.a 1\u0301:1", 4),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_case_table(text: str, expected: int) -> None:
    assert count_words(text) == expected


@settings(deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyzäöüжш", min_size=1), max_size=50))
def test_words_between_spaces_are_counted_one_by_one(words: list[str]) -> None:
    assert count_words(" ".join(words)) == len(words)


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_count(text: str) -> None:
    assert 0 <= count_words(text) <= len(text)


def test_a_long_text_is_counted_as_a_short_one() -> None:
    text = "Don't panic: 3,208 users. "
    assert count_words(text * 50_000) == 50_000 * count_words(text)


@settings(deadline=None, max_examples=500)
@given(st.text("aeiouAEIOUbZ_09.':,;-/ \n\r\t\x1f\u2018\u2019\u201c\u2013\u00a0", max_size=12))
def test_western_text_is_counted_as_any_other(text: str) -> None:
    assert count_words(text) == _segments(text)
