"""The locale table against CLDR and against the prefixes that the site was seen to serve."""

from __future__ import annotations

import babel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.errors import CommandError
from helpscraper.locales import LOCALES, get_locale
from helpscraper.normalise.phrases import PHRASES
from helpscraper.urls import is_locale

# hreflang alternates of one article, April 2025, and prefixes seen in links up to 2026.
SEEN = """en zh-hans zh-hant fr id ru vi es-la ua ar en-eu fr-fr fi sv zh-hans-eu ru-eu ua-eu pl nl de es-es it
pt-pt ro cs
zh-hans-ae en-ae ru-ae fr-ae ar-ae pt-br en-br en-au zh-hans-au zh-hans-sg en-sg en-us en-ar en-gb nb tr pt""".split()


@pytest.mark.parametrize("prefix", SEEN)
def test_every_prefix_seen_on_the_site_is_known(prefix: str) -> None:
    assert get_locale(prefix).prefix == prefix


@pytest.mark.parametrize("prefix", sorted(LOCALES))
def test_cldr_knows_the_locale_and_agrees_on_language_and_direction(prefix: str) -> None:
    locale = LOCALES[prefix]
    known = babel.Locale.parse(locale.cldr)
    assert is_locale(prefix)
    assert locale.language in PHRASES
    assert known.language == locale.bcp47.split("-")[0]
    assert known.text_direction == locale.direction


@pytest.mark.parametrize(
    ("prefix", "tag"),
    [("ua", "uk"), ("es-la", "es-419"), ("en-eu", "en-150"), ("zh-hans-sg", "zh-Hans-SG"), ("en", "en")],
)
def test_prefixes_that_are_no_language_tags(prefix: str, tag: str) -> None:
    assert get_locale(prefix).bcp47 == tag


def test_an_unknown_prefix_names_the_nearest_ones() -> None:
    with pytest.raises(CommandError, match="unknown locale 'zh-hns'") as caught:
        get_locale("zh-hns")
    assert "zh-hans" in caught.value.advice


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_other_text_is_a_command_error(text: str) -> None:
    if text not in LOCALES:
        with pytest.raises(CommandError):
            get_locale(text)
