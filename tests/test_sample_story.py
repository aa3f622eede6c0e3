"""The truth of the sample help centre: it is always the same, and every state brings every kind of change."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.sample import Options, expected_changes, truth, visible
from helpscraper.sample.locales import LOCALES, PHRASED, locale_format
from helpscraper.sample.model import LATEST, SHOWN_ZONE
from helpscraper.sample.new_articles import slug_of
from helpscraper.sample.story import gone, specs
from helpscraper.urls import is_key

KINDS = {"added", "removed", "renamed", "moved", "retitled", "edited", "touched", "counted"}


@pytest.mark.parametrize("state", [1, 2, 3, 4, 5])
def test_every_state_brings_every_kind_of_change(state: int) -> None:
    changes = expected_changes(state - 1, state)
    assert {change.kind for change in changes} == KINDS
    assert {change.field for change in changes if change.kind == "moved"} == {"category", "section"}
    edited = [change.silent for change in changes if change.kind == "edited"]
    assert True in edited
    assert False in edited
    by_article = Counter(change.article_id for change in changes if change.kind in {"renamed", "edited"})
    assert 2 in by_article.values(), "a rename that also edits"


def test_renames_keep_the_cms_id_once_and_lose_it_once() -> None:
    before = {record.key: record for record in truth(0)}
    renamed = [
        (before[record.key], record)
        for record in truth(1)
        if record.key in before and before[record.key].slug != record.slug
    ]
    same_id = [old.source_id == new.source_id for old, new in renamed]
    same_body = [old.body_text == new.body_text for old, new in renamed]
    assert sorted(zip(same_id, same_body, strict=True)) == [(False, True), (True, False), (True, True)]


@settings(max_examples=20, deadline=None)
@given(articles=st.integers(1, 200), seed=st.integers(0, 50), state=st.integers(0, 4))
def test_any_size_and_seed_gives_a_sound_help_centre(articles: int, seed: int, state: int) -> None:
    options = Options(articles=articles, seed=seed)
    records = truth(state, "en", options)
    if state == 0:
        assert len(records) == articles
    assert len({record.slug for record in records}) == len(records)
    assert len({record.source_id for record in records}) == len(records)
    assert all(is_key(record.slug) and len(record.slug) <= 77 for record in records)
    assert all(record.section in record.listed_in for record in records)
    dates = [record.published_at for record in records if record.published_at]
    assert dates == sorted(dates, reverse=True)
    assert not gone(state, articles, seed).keys() & {record.slug for record in records}


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    first = specs(3, 80, 5)
    specs.cache_clear()
    assert specs(3, 80, 5) == first
    assert specs(3, 80, 6) != first


@given(a=st.integers(0, 4), b=st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_changes_mirror_each_other(a: int, b: int) -> None:
    there = Counter(change.kind for change in expected_changes(a, b))
    back = Counter(change.kind for change in expected_changes(b, a))
    swapped = {"added": "removed", "removed": "added"}
    assert Counter({swapped.get(kind, kind): count for kind, count in back.items()}) == there
    assert (a != b) or not there


def test_counts_stand_on_faq_alone_and_nought_is_not_shown() -> None:
    records = truth()
    assert {record.category for record in records if record.view_count is not None} == {"faq"}
    assert any(record.view_count is None for record in records if record.category == "faq")
    assert 0 not in {record.view_count for record in records}


def test_some_articles_are_dated_to_a_day_that_utc_calls_the_day_before() -> None:
    apart = [r for r in truth() if r.published_at and r.published_on != r.published_at.date()]
    midnight = [
        r for r in apart if r.published_at and r.published_at.astimezone(SHOWN_ZONE).time() == dt.time()
    ]
    assert midnight


def test_announcements_are_in_two_listings_and_the_first_section_holds_them_all() -> None:
    for record in truth():
        assert (LATEST in record.listed_in) == (record.category == "announcements")
        assert len(record.listed_in) == 1 + (record.category == "announcements")


def test_another_edition_lacks_articles_and_lags_behind() -> None:
    english = {record.key: record for record in truth(1)}
    german = {record.key: record for record in truth(1, "de")}
    assert german.keys() < english.keys()
    behind = [key for key, record in german.items() if record.updated_at != english[key].updated_at]
    assert len(behind) == 1
    assert german[behind[0]].body_text.count("\n") + 1 == english[behind[0]].body_text.count("\n")


def test_the_other_region_has_another_set_and_other_slugs() -> None:
    neutral = {record.key: record for record in truth()}
    american = {record.key: record for record in truth(0, "en", Options(region="us"))}
    assert american.keys() < neutral.keys()
    assert any(record.slug != neutral[key].slug for key, record in american.items())
    assert {record.language for record in american.values()} == {"en-us"}
    assert truth(0, "en-us")[0].slug == truth(0, "en", Options(region="us"))[0].slug


@pytest.mark.parametrize("locale", PHRASED)
def test_an_edition_speaks_its_own_language(locale: str) -> None:
    english = {record.key: record.body_text for record in truth()}
    shared = [record.key for record in truth(0, locale) if record.body_text == english[record.key]]
    assert bool(shared) == (locale == "en")


@pytest.mark.parametrize(
    ("locale", "day", "shown", "count"),
    [
        ("en", dt.date(2024, 9, 4), "Published on Sep 4, 2024", "13,426"),
        ("en-au", dt.date(2023, 9, 7), "Published on 7 Sept 2023", "13,426"),
        # CLDR before and after Babel 2.19.
        ("en-au", dt.date(2026, 6, 1), "Published on 1 June 2026|Published on 1 Jun 2026", "13,426"),
        ("fr", dt.date(2023, 2, 21), "Date de publication : 21 févr. 2023", "13 426"),
        ("pt-pt", dt.date(2025, 9, 8), "Publicado a 8/09/2025", None),
        ("pt-br", dt.date(2026, 2, 12), "Publicado em 12 de fev. de 2026", "13.426"),
        ("ar", dt.date(2023, 11, 6), "تم النشر في 6 نوفمبر 2023", "13,426"),
        ("zh-hans", dt.date(2025, 4, 10), "发布于 2025年4月10日", "13,426"),
        ("zh-hant", dt.date(2024, 6, 7), "發佈於 2024年6月7日", "13,426"),
        ("de", dt.date(2023, 8, 31), "Veröffentlicht am 31. Aug. 2023", "13.426"),
        ("de", dt.date(2024, 7, 12), "Veröffentlicht am 12. Juli 2024", "13.426"),
        ("vi", dt.date(2024, 11, 12), "Phát hành vào 12 thg 11, 2024", "13.426"),
        ("cs", dt.date(2025, 11, 17), "Publikováno dne 17. 11. 2025", None),
        ("fi", dt.date(2026, 2, 23), "Julkaistu 23.2.2026", None),
        ("nb", dt.date(2023, 8, 16), "Publisert 16. aug. 2023", "13 426"),
        ("ru", dt.date(2023, 11, 1), "Опубликовано 1 нояб. 2023 г.", "13 426"),
        ("ua", dt.date(2024, 9, 22), "Опубліковано 22 вер. 2024 р.", "13 426"),
        ("sv", dt.date(2026, 1, 30), "Publicerad den 30 jan. 2026", None),
        ("tr", dt.date(2024, 4, 12), "Yayımlama Zamanı: 12 Nis 2024", None),
    ],
)
def test_dates_and_counts_have_the_forms_of_the_real_site(
    locale: str, day: dt.date, shown: str, count: str | None
) -> None:
    noon = dt.datetime.combine(day, dt.time(12), SHOWN_ZONE)
    spaces = str.maketrans("\u00a0\u202f", "  ")
    assert locale_format(locale).published_line(noon).translate(spaces) in shown.split("|")
    if count is not None:
        assert locale_format(locale).count(13426).translate(spaces) == count


def test_every_edition_can_be_told_whole() -> None:
    assert all(len(truth(2, locale)) > 60 for locale in LOCALES)


def test_a_layout_without_state_tells_no_instants() -> None:
    assert all(r.published_at is None and r.source_id is None for r in visible(truth(), "markup"))
    assert all(r.published_at and r.updated_at and r.source_id for r in visible(truth(), "e2"))
    assert all(r.published_at and r.updated_at and r.source_id is None for r in visible(truth(), "e3"))


@given(st.text(max_size=200) | st.text("ab -", min_size=300))
def test_slugs_are_plain(title: str) -> None:
    slug = slug_of(title)
    assert len(slug) <= 200
    assert slug == "" or is_key(slug)


def test_an_impossible_state_is_refused() -> None:
    with pytest.raises(ValueError, match="state=-1"):
        truth(-1)
