"""Counts and reading times in the digits and with the separators of every locale."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.normalise.counts import CountReading, parse_count, parse_reading_minutes, split_reading
from helpscraper.normalise.phrases import PHRASES
from tests.okx import LOCALES

prefixes = st.sampled_from(sorted(LOCALES))
DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९")

CASES = [
    ("en", "13,315", 13315),
    ("pt-br", "147.473", 147473),
    ("nb", "4 225", 4225),
    ("nb", "4\u00a0225", 4225),
    ("nb", "4\u202f225", 4225),
    ("ar", "٢٬٣٨٣", 2383),
    ("ar", "\u200f2,383\u200f", 2383),
    ("zh-hant", "１，２２６", "malformed"),
    ("zh-hant", "１,２２６", 1226),
    ("en", "0", 0),
    ("en", " 7 ", 7),
    ("en", "1,234,567", 1234567),
    ("de", "2.516", 2516),
    ("en", "1’234", 1234),
    ("en", "", "empty"),
    ("en", "\u200f ", "empty"),
    ("en", "1.2K", "approximate"),
    ("en", "12k", "approximate"),
    ("en", "999+", "approximate"),
    ("de", "1,2 Tsd.", "approximate"),
    ("zh-hans", "1.2万", "approximate"),
    ("ru", "1,2 тыс.", "approximate"),
    ("ar", "١٫٢ ألف", "approximate"),
    ("en", "1,23", "malformed"),
    ("en", "12,3456", "malformed"),
    ("en", "1,234.567", "malformed"),
    ("en", "1.5", "malformed"),
    ("en", "-5", "malformed"),
    ("en", "007", "malformed"),
    ("en", "07", "malformed"),
    ("en", "0,123", "malformed"),
    ("en", "5 min read", "malformed"),
    ("en", "²", "malformed"),
    ("en", "9" * 15, 10**15 - 1),
    ("en", "9" * 16, "malformed"),
    ("en", f"{7:60}", 7),
    ("en", f"{7:61}", "malformed"),
    ("en", "9" * 10_000, "malformed"),
    ("en", "1٢3", "mixed-digits"),
    ("en", "1,٢٣٤", "mixed-digits"),
]


@pytest.mark.parametrize(("locale", "text", "expected"), CASES)
def test_case_table(locale: str, text: str, expected: int | str) -> None:
    reading = parse_count(text, locale)
    assert (reading.value if reading.problem is None else reading.problem) == expected
    assert (reading.value is None) == (reading.problem is not None)


@settings(deadline=None)
@given(st.integers(0, 10**12), st.sampled_from(",.'’٬ \u00a0\u202f"), st.sampled_from(DIGITS), prefixes)
def test_any_grouping_in_any_digits_round_trips(number: int, mark: str, digits: str, prefix: str) -> None:
    grouped = f"{number:,}".translate(
        {ord(","): mark} | {ord("0") + n: char for n, char in enumerate(digits)}
    )
    assert parse_count(grouped, prefix) == CountReading(number)


@settings(deadline=None)
@given(st.text(max_size=100), prefixes)
def test_any_text_gives_a_value_or_a_problem(text: str, prefix: str) -> None:
    reading = parse_count(text, prefix)
    assert (reading.value is None) == (reading.problem is not None)
    parse_reading_minutes(text, prefix)


PHRASE_CASES = [(language, phrase) for language, phrases in PHRASES.items() for phrase in phrases.reading]


@pytest.mark.parametrize(("language", "phrase"), PHRASE_CASES)
def test_every_reading_phrase_is_read_in_its_locale_and_in_others(language: str, phrase: str) -> None:
    prefix = next(prefix for prefix, locale in LOCALES.items() if locale.language == language)
    assert parse_reading_minutes(phrase.replace("{n}", "36"), prefix) == 36
    assert parse_reading_minutes(phrase.replace("{n}", "٣٦").replace(" ", "\u00a0"), prefix) == 36
    assert parse_reading_minutes(phrase.replace("{n}", "5"), "fi") == 5


@pytest.mark.parametrize("text", ["", "5", "min read", "read in 5", "5 min read 7", "5 min read" * 100])
def test_what_is_no_reading_time(text: str) -> None:
    assert parse_reading_minutes(text, "en") is None


def test_a_long_text_is_no_reading_time() -> None:
    assert parse_reading_minutes(f"{'5 min':60}", "en") == 5
    assert parse_reading_minutes(f"{'5 min':61}", "en") is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("5 min read", ("5 min read", None)),
        ("5 min read13,315", ("5 min read", "13,315")),
        ("13,315", (None, "13,315")),
        ("no number", (None, "no number")),
        ("words 7", ("words", "7")),
        ("1.2K", (None, "1.2K")),
        (" \u200e", (None, None)),
    ],
)
def test_a_reading_time_and_the_count_behind_it(text: str, parts: tuple[str | None, str | None]) -> None:
    assert split_reading(text, "en") == parts
