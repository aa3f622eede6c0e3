"""Language tags against CLDR, and the prefixes that OKX was seen to serve."""

from __future__ import annotations

import datetime as dt

import babel
import pytest
from babel import localedata
from babel.dates import format_skeleton
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.errors import CommandError
from helpscraper.locales import get_locale
from helpscraper.normalise.dates import parse_date
from helpscraper.normalise.phrases import PHRASES
from helpscraper.urls import is_locale
from tests.okx import OKX, PREFIXES

# hreflang alternates of one article, April 2025, and prefixes seen in links up to 2026.
SEEN = """en zh-hans zh-hant fr id ru vi es-la ua ar en-eu fr-fr fi sv zh-hans-eu ru-eu ua-eu pl nl de es-es it
pt-pt ro cs
zh-hans-ae en-ae ru-ae fr-ae ar-ae pt-br en-br en-au zh-hans-au zh-hans-sg en-sg en-us en-ar en-gb nb tr pt""".split()

TAGS = sorted(name.replace("_", "-") for name in localedata.locale_identifiers())


@pytest.mark.parametrize("prefix", SEEN)
def test_every_prefix_seen_on_okx_is_declared(prefix: str) -> None:
    assert prefix in OKX.locales


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_cldr_knows_the_locale_and_agrees_on_language_and_direction(prefix: str) -> None:
    locale = PREFIXES[prefix]
    known = babel.Locale.parse(locale.cldr)
    assert is_locale(prefix)
    assert locale.language in PHRASES
    assert known.language == locale.bcp47.split("-")[0]
    assert known.text_direction == locale.direction


@pytest.mark.parametrize(
    ("prefix", "tag"),
    [("ua", "uk"), ("es-la", "es-419"), ("en-eu", "en-150"), ("zh-hans-sg", "zh-Hans-SG"), ("en", "en"),
     ("pt", "pt-PT"), ("ja", "ja"), ("ko", "ko"), ("zh-hk", "zh-HK"), ("fr-ca", "fr-CA")],
)  # fmt: skip
def test_a_declared_prefix_stands_for_its_tag_and_any_other_for_itself(prefix: str, tag: str) -> None:
    assert OKX.locale(prefix).bcp47 == tag


@pytest.mark.parametrize(
    ("tag", "cldr", "language"),
    [
        ("ja", "ja", "ja"),
        ("zh-hk", "zh_Hant_HK", "zh-Hant"),
        ("zh-cn", "zh_Hans_CN", "zh-Hans"),
        ("zh-Hans-AE", "zh_Hans", "zh-Hans"),
        ("fr-ca", "fr_CA", "fr"),
        ("fr-AE", "fr", "fr"),
        ("es-419", "es_419", "es"),
        ("en-150", "en_150", "en"),
        ("de-at", "de_AT", "de"),
        ("pt", "pt", "pt-BR"),
        ("pt-AO", "pt_AO", "pt-PT"),
        ("sr-Latn-RS", "sr_Latn_RS", "sr"),
    ],
)
def test_the_data_of_the_nearest_locale(tag: str, cldr: str, language: str) -> None:
    assert (get_locale(tag).cldr, get_locale(tag).language) == (cldr, language)


def test_an_unknown_prefix_names_the_nearest_ones() -> None:
    with pytest.raises(CommandError, match="unknown locale 'zh-hns'") as caught:
        OKX.locale("zh-hns")
    assert "zh-hans" in caught.value.advice
    with pytest.raises(CommandError) as caught:
        OKX.locale("ua-eus")
    assert "ua-eu" in caught.value.advice
    with pytest.raises(CommandError) as caught:
        OKX.locale("all")
    assert caught.value.advice == "this is done for one edition at a time: name its locale"


@settings(deadline=None)
@given(st.text(max_size=300) | st.sampled_from(TAGS).map(str.upper))
def test_any_other_text_is_a_command_error(text: str) -> None:
    """The prefix becomes a folder: nothing but a plain one gets through."""
    try:
        OKX.locale(text)
    except CommandError:
        return
    assert is_locale(text)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(TAGS), st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)))
def test_dates_of_any_locale_are_read_or_left_open(name: str, day: dt.date) -> None:
    """Babel writes the date; it is never read as another day."""
    try:
        locale = get_locale(name)
    except CommandError:
        return
    for skeleton in ("yMMMd", "yMMMMd"):
        assert parse_date(format_skeleton(skeleton, day, locale=locale.cldr), locale.bcp47).date in (
            day,
            None,
        )


@pytest.mark.parametrize(("tag", "line"), [("ja", "2024年9月4日"), ("ko", "2024년 9월 4일"), ("zh-hk", "2024年9月4日"),
                                           ("fr-ca", "4 sept. 2024"), ("de-at", "4. Sept. 2024")])  # fmt: skip
def test_dates_of_locales_that_okx_does_not_serve(tag: str, line: str) -> None:
    assert parse_date(line, tag).date == dt.date(2024, 9, 4)
