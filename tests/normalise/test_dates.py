"""Dates in every locale: CLDR's own renderings, the site's forms, what is cut, and the reference beside it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import dateparser
import pytest
from babel import Locale
from babel.dates import format_date, format_skeleton
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from helpscraper.errors import CommandError
from helpscraper.normalise.calendars import calendar_for
from helpscraper.normalise.dates import date_at, parse_date, parse_instant, shown_date
from helpscraper.normalise.phrases import PHRASES
from tests.okx import LOCALES, PREFIXES

CASES = json.loads((Path(__file__).parent / "cases" / "dates.json").read_text("utf-8"))
STYLES = ("full", "long", "medium", "short")
SKELETONS = ("yMMMd", "yMMMMd", "yMd", "yMMMEd", "yMEd")
TEN_YEARS = (dt.date(2017, 1, 1), dt.date(2026, 12, 31))
offsets = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
instants = st.builds(
    lambda milliseconds, offset: (
        dt.datetime.fromtimestamp(0, offset) + dt.timedelta(milliseconds=milliseconds)
    ),
    st.integers(4 * 10**11, 5 * 10**12),
    offsets,
)
prefixes = st.sampled_from(sorted(LOCALES))
days = st.dates(*TEN_YEARS)


def month_names(cldr: str) -> Iterator[tuple[str, int]]:
    """Yield every name that CLDR has for a month, inside a date and alone, short and long."""
    months = Locale.parse(cldr).months
    for context in ("format", "stand-alone"):
        for width in ("abbreviated", "wide"):
            for number, name in months[context][width].items():
                yield name, number


def render(day: dt.date, form: str, cldr: str) -> str | None:
    """Return CLDR's rendering, or None where the locale has no such form or writes the year in two digits."""
    if form in STYLES:
        text = format_date(day, form, locale=cldr)
    else:
        try:
            text = format_skeleton(form, day, locale=cldr, fuzzy=False)
        except KeyError:
            return None
    return text if str(day.year) in text else None


@pytest.mark.parametrize(("locale", "text", "expected"), CASES)
def test_case_table(locale: str, text: str, expected: str) -> None:
    reading = parse_date(text, PREFIXES[locale].bcp47)
    assert (reading.date.isoformat() if reading.date else reading.problem) == expected
    assert (reading.date is None) == (reading.problem is not None)


@settings(deadline=None)
@given(prefixes, days, st.sampled_from(STYLES + SKELETONS), st.booleans())
def test_cldr_renderings_round_trip(prefix: str, day: dt.date, form: str, marked: bool) -> None:
    locale = LOCALES[prefix]
    text = render(day, form, locale.cldr)
    assume(text is not None)
    if marked:
        text = f"{PHRASES[locale.language].updated[0]} {text}"
    assert parse_date(text, prefix) == (day, None, "fast")


def templates(cldr: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield (month, form, text for days 1-9, text for days 10-31) with 8, 28 and 2019 standing for day and year."""
    for form in ("long", "medium", "short", "yMMMd", "yMMMMd", "yMd"):
        for month in range(1, 13):
            low = render(dt.date(2019, month, 8), form, cldr)
            high = render(dt.date(2019, month, 28), form, cldr)
            if low is not None and high is not None:
                yield month, form, low, high


def fill(template: str, sentinel: str, day: dt.date) -> str:
    """Put ``day`` into a template. The year goes first and under a sign, so that its digits are left alone."""
    head, _, tail = template.replace("2019", "\0").rpartition(sentinel)
    if sentinel == "8" and day.month == 8 and template.replace("2019", "").count("8") > 1:
        # August in figures: the day is the figure that changes between the two templates.
        return ""
    return f"{head}{day.day}{tail}".replace("\0", str(day.year))


@pytest.mark.slow
@pytest.mark.parametrize("cldr", sorted({locale.cldr for locale in LOCALES.values()}))
def test_every_day_of_ten_years_round_trips(cldr: str) -> None:
    prefix = next(prefix for prefix, locale in LOCALES.items() if locale.cldr == cldr)
    checked = 0
    for month, form, low, high in templates(cldr):
        for year in range(TEN_YEARS[0].year, TEN_YEARS[1].year + 1):
            day = dt.date(year, month, 1)
            while day.month == month:
                text = fill(low, "8", day) if day.day < 10 else fill(high, "28", day)
                text = text or render(day, form, cldr) or ""
                if day.day in (1, 15):
                    assert text == render(day, form, cldr), "the test's own rendering differs from Babel's"
                reading = parse_date(text, prefix)
                assert (reading.date, reading.method) == (day, "fast"), (text, reading)
                checked += 1
                day += dt.timedelta(days=1)
    assert checked >= 3652 * 4


@lru_cache(maxsize=1)
def differences() -> set[tuple[str, str]]:
    """Return (prefix, form) wherever fast path and dateparser both answer, and differently."""
    found = set()
    for prefix, locale in LOCALES.items():
        language = {"pt-PT": "pt", "pt-BR": "pt"}.get(locale.language, locale.language)
        for form in ("long", "medium", "short", "yMMMd", "yMd"):
            for month in (2, 5, 9, 11):
                text = render(dt.date(2023, month, 3), form, locale.cldr)
                if text is None:
                    continue
                mine, reference = parse_date(text, prefix).date, dateparser.parse(text, languages=[language])
                assert reference is not None, f"dateparser no longer reads {text!r} in {language}"
                if mine != reference.date():
                    found.add((prefix, form))
    return found


# Where the two differ, and why. dateparser is asked by language and reads English figures month first; these
# editions are English outside the United States, where CLDR puts the day first.
EXPLAINED = {
    (prefix, form)
    for prefix, forms in {
        "en-150": ("short", "yMd"),
        "en-GB": ("short", "yMd"),
        "en-AE": ("short", "yMd"),
        "en-AU": ("yMd",),
        "en-SG": ("yMd",),
    }.items()
    for form in forms
}


def test_fast_path_and_dateparser_agree_or_the_difference_is_explained() -> None:
    assert differences() == EXPLAINED


@settings(deadline=None)
@given(prefixes, days, st.sampled_from(STYLES + SKELETONS), st.data())
def test_a_cut_date_is_never_another_date(prefix: str, day: dt.date, form: str, data: st.DataObject) -> None:
    text = render(day, form, LOCALES[prefix].cldr)
    assume(text is not None)
    reading = parse_date(text[: data.draw(st.integers(0, len(text) - 1))], prefix)
    # What stands behind the date may be missing (a weekday, "г."). Only "2021/1/1" cannot be told from "2021/1/10".
    unpadded = text.startswith(f"{day.year}/")
    assert reading.date is None or reading.date == day or (unpadded and reading.date.day == day.day // 10)


@settings(deadline=None)
@given(st.text(max_size=200), prefixes)
@example("Published on \u0660", "en")
@example("31\u0131\u0307 2024", "tr")
def test_any_text_gives_a_date_or_a_problem(text: str, prefix: str) -> None:
    reading = parse_date(text, prefix)
    assert (reading.date is None) == (reading.problem is not None)
    assert (reading.method == "none") == (reading.date is None)


@settings(deadline=None)
@given(prefixes, days)
def test_day_and_month_in_figures_keep_the_locale_s_order(prefix: str, day: dt.date) -> None:
    assume(day.day <= 12)
    order = calendar_for(prefix).numeric_order
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": str(day.year)}
    for separator in "/-":
        text = separator.join(parts[letter] for letter in order)
        read = parse_date(text, prefix).date
        assert read is None or read == day


# Weekdays first and last, words before the day and in brackets, names that follow a dash, padded days at the end.
OTHERS = ["cs", "da", "eo", "fur", "hu", "ja", "ksh", "ky", "lv", "mk", "ps", "tok", "tr", "uz"]


@pytest.mark.parametrize("tag", OTHERS)
def test_a_locale_of_no_known_site_is_read_as_cldr_writes_it_and_never_when_cut(tag: str) -> None:
    for day in (dt.date(2024, 9, 14), dt.date(2023, 11, 3)):
        for text in {render(day, form, tag) for form in STYLES + SKELETONS} - {None}:
            assert parse_date(text, tag) == (day, None, "fast"), text
            # A day at the end that no word closes cannot be told from its first digit.
            closed = text.index(str(day.day)) < text.index(str(day.year)) or "日" in text
            for length in range(len(text)) if closed else ():
                assert parse_date(text[:length], tag).date in (day, None), text[:length]


def in_case(text: str, how: str, prefix: str) -> str:
    """Write ``text`` as the locale's users do in capitals, in small letters, or with a capital at each word."""
    if how == "title":
        return " ".join(
            in_case(w[:1], "upper", prefix) + in_case(w[1:], "lower", prefix) for w in text.split(" ")
        )
    if LOCALES[prefix].language == "tr":
        text = text.translate({ord("i"): "İ"} if how == "upper" else {ord("I"): "ı", ord("İ"): "i"})
    return text.upper() if how == "upper" else text.lower()


cases = st.sampled_from(["upper", "lower", "title"])


@settings(deadline=None)
@given(prefixes, days, st.sampled_from(STYLES + SKELETONS), cases, st.booleans())
@example("tr", dt.date(2024, 12, 5), "long", "upper", True)
def test_dates_and_markers_read_the_same_in_any_case(
    prefix: str, day: dt.date, form: str, how: str, marked: bool
) -> None:
    locale = LOCALES[prefix]
    text = render(day, form, locale.cldr)
    assume(text is not None)
    if marked:
        text = f"{PHRASES[locale.language].published[0]} {text}"
    assert parse_date(in_case(text or "", how, prefix), prefix) == (day, None, "fast")
    # Under another edition the marker says whose dates these are.
    if marked and form == "long":
        assert parse_date(in_case(text or "", how, prefix), "vi").date == day


# Chinese months are figures, and Babel lets the names of one Chinese locale turn up in another.
@pytest.mark.parametrize(
    "cldr", sorted({each.cldr for each in LOCALES.values() if each.language[:2] != "zh"})
)
def test_every_month_of_cldr_is_read_in_any_case(cldr: str) -> None:
    prefix = next(prefix for prefix, locale in LOCALES.items() if locale.cldr == cldr)
    for name, number in month_names(cldr):
        for how in ("upper", "lower", "title"):
            text = f"3 {in_case(name, how, prefix)} 2024"
            assert parse_date(text, prefix).date == dt.date(2024, number, 3), text


ORDINALS = {
    "fr": ("1er", "1ER", "1ᵉʳ"),
    "it": ("1º", "1°"),
    "pt": ("1º", "1.º", "1°", "1o"),
    "es": ("1º", "1.º", "1ro", "1ero"),
    "ro": ("1-ul", "1°"),
    "en": ("1st", "1ST"),
    "nl": ("1e", "1ste"),
    "sv": ("1:a",),
    "ru": ("1-го",),
    "uk": ("1-го",),
    "tr": ("1-ci", "1-cı"),
}


@settings(deadline=None)
@given(prefixes, days, st.sampled_from(["long", "medium", "yMMMd", "yMMMMd"]), st.data())
def test_the_first_of_a_month_may_be_an_ordinal(
    prefix: str, day: dt.date, form: str, data: st.DataObject
) -> None:
    locale, day = LOCALES[prefix], day.replace(day=1)
    text = render(day, form, locale.cldr)
    assume(text is not None and any(char.isalpha() for char in text or ""))
    own = ORDINALS.get(locale.language.split("-")[0], ())
    ordinal = data.draw(st.sampled_from([*own, "1er", "1º", "1°", "1r", "1-ci"]))
    written = re.sub(r"(?<!\d)1(?!\d)\.?", ordinal, text or "", count=1)
    assume("月" not in written and written.count(ordinal) == 1 and "th" not in written)
    assert parse_date(written, prefix) == (day, None, "fast"), written


def test_letters_behind_a_day_are_no_ordinal_when_a_month_begins_with_them() -> None:
    assert parse_date("1stycznia 2024", "pl").date == dt.date(2024, 1, 1)
    assert parse_date("3rujna 2024", "pl").date is None


@settings(deadline=None)
@given(prefixes, days, st.permutations("dmy"), st.sampled_from("/-. "), st.data())
def test_figures_are_read_in_the_locale_s_order_or_not_at_all(
    prefix: str, day: dt.date, order: list[str], sign: str, data: st.DataObject
) -> None:
    width = data.draw(st.sampled_from(["", "02"]))
    parts = {"d": f"{day.day:{width}}", "m": f"{day.month:{width}}", "y": str(day.year)}
    text = sign.join(parts[letter] for letter in order)
    assume(prefix != "zh-Hans-SG")  # CLDR has two orders there: 2017/1/30 and 30/01/2017
    own = calendar_for(prefix).numeric_order
    iso = order[0] == "y" and sign == "-"
    marked = f"{PHRASES['en'].published[0]} {text}"
    for written in (text, f"{text} 10:30", marked):
        read = parse_date(written, prefix).date
        if read is not None:
            figures = {"y": str(read.year), "m": f"{read.month:{width}}", "d": f"{read.day:{width}}"}
            assert sign.join(figures[letter] for letter in ("ymd" if iso else own)) == text, written
    if order.index("y") != own.index("y") and not iso:
        assert parse_date(text, prefix).problem == "other-order"
        assert (
            order[2] != "y"
            or sign == " "
            or date_at(text, 0, prefix) == ((None, "other-order", "none"), len(text))
        )


def test_babel_s_shared_month_names_do_not_leak_between_locales() -> None:
    import babel

    # Reading Chinese stand-alone months rewrites Babel's shared root; Turkish must not see it.
    assert babel.Locale.parse("zh_Hant").months["stand-alone"]["wide"][1]
    calendar_for.cache_clear()
    assert not any("月" in name for name in calendar_for("tr").months)


@pytest.mark.long
def test_no_english_month_means_another_month_elsewhere() -> None:
    english = calendar_for("en-au").months
    for prefix in LOCALES:
        theirs = calendar_for(prefix).months
        clashes = {name for name, number in english.items() if theirs.get(name, number) != number}
        assert not clashes, (prefix, clashes)


def test_a_date_is_read_alike_whichever_month_names_babel_has() -> None:
    """Babel 2.19 writes these months in the second way, earlier releases in the first."""
    for tag, texts in (
        ("en-AU", ("17 June 2025", "17 Jun 2025")),
        ("es-419", ("17 sept 2025", "17 sep 2025")),
    ):
        first, second = (parse_date(text, tag) for text in texts)
        assert first == second == (first.date, None, "fast")


@pytest.mark.parametrize("tag", ["fi", "ja", "ru"])
def test_english_dates_are_read_in_every_locale(tag: str) -> None:
    for text in ("Sunday, September 8, 2024", "8 Sept 2024"):
        assert parse_date(text, tag) == (dt.date(2024, 9, 8), None, "fast")


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("4. September 2024", "fast"),
        ("4 September 2024", "fast"),
        ("September 4 , 2024", "fast"),
        ("04092024", "none"),
    ],
)
def test_a_mark_may_be_missing_before_a_name_and_spaces_may_stand_around_it(text: str, method: str) -> None:
    reading = parse_date(text, "de")
    assert (reading.date, reading.method) == (dt.date(2024, 9, 4) if method == "fast" else None, method)


def test_the_rest_behind_a_year_is_left_to_the_caller() -> None:
    text = "Published on Sep 4, 20241,234"
    assert date_at(text, len("Published on "), "en") == ((dt.date(2024, 9, 4), None, "fast"), len(text) - 5)
    assert date_at("2023 Гид", 0, "ru") is None
    assert date_at("1 нояб. 2023Гид", 0, "ru") == ((dt.date(2023, 11, 1), None, "fast"), 12)
    assert date_at("1 нояб. 2023 г.Гид", 0, "ru") == ((dt.date(2023, 11, 1), None, "fast"), 15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jan 1, 1900", dt.date(1900, 1, 1)),
        ("Dec 31, 1899", "impossible"),
        ("Dec 31, 2199", dt.date(2199, 12, 31)),
        ("Jan 1, 2200", "impossible"),
        ("1 Jan ٢٠٢٤", "mixed-digits"),
        ("١ Jan 2024", "mixed-digits"),
        (f"{'Sep 4, 2024':120}", dt.date(2024, 9, 4)),
        (f"{'Sep 4, 2024':121}", "too-long"),
    ],
)
def test_years_and_texts_have_bounds_and_one_kind_of_digit(text: str, expected: dt.date | str) -> None:
    reading = parse_date(text, "en")
    assert (reading.date or reading.problem) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("4th day of September 2024", None),
        ("Sept the 4 2024", None),
        ("2024, 4 Sep", None),
        ("4/Sep/2024", None),
        ("4/Sep/1899", "unreadable"),
        ("the fourth of September 2024", "unreadable"),
        ("September of 2024", "unreadable"),
        ("the 4th of 2024", "unreadable"),
        ("one September 2024", "unreadable"),
        ("4 Sep 24 10:30:15.2025", "unreadable"),
    ],
)
def test_the_reference_answers_where_day_and_year_stand_in_the_text(text: str, problem: str | None) -> None:
    expected = (None, problem, "none") if problem else (dt.date(2024, 9, 4), None, "dateparser")
    assert parse_date(text, "en") == expected


def test_the_reference_does_not_fill_in_the_day_of_today() -> None:
    today = dt.datetime.now(dt.UTC).day
    assert parse_date(f"September of 2024 at 10:{today:02}", "en").problem == "unreadable"


def test_a_date_behind_a_marker_of_another_language_is_read_in_that_one_or_in_the_page_s() -> None:
    marker = PHRASES["de"].published[0]
    assert parse_date(f"{marker} 4 thg 9, 2024", "vi").date == dt.date(2024, 9, 4)
    # A month that only German knows: what German says of it is told.
    assert parse_date(f"{marker} Dezember", "vi").problem == "incomplete"


def test_the_reference_knows_names_that_cldr_does_not() -> None:
    assert parse_date("4. Mrz 2024", "de") == (dt.date(2024, 3, 4), None, "dateparser")
    assert date_at("4. Mrz 2024", 0, "de") is None


def test_a_reference_that_trips_over_a_text_has_not_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(dateparser, "parse", trip)
    assert parse_date("Sept the 4 2024", "en").problem == "unreadable"


def test_an_unknown_locale_is_a_command_error() -> None:
    with pytest.raises(CommandError, match="unknown locale"):
        parse_date("Sep 4, 2024", "xx")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-04-17T11:13:15.404Z", "2025-04-17T11:13:15.404000+00:00"),
        ("2025-04-17T19:13+08:00", "2025-04-17T11:13:00+00:00"),
        (1788969600000, "2026-09-09T16:00:00+00:00"),
        ("1788969600000", "2026-09-09T16:00:00+00:00"),
        ("2025-04-17T19:13", "no-offset"),
        ("2025-04-17", "no-offset"),
        ("1788969600", "2026-09-09T16:00:00+00:00"),
        (1788969600, "2026-09-09T16:00:00+00:00"),
        ("2022-06-16T07:48:05Z", "2022-06-16T07:48:05+00:00"),
        ("2022-06-16T15:48:05+08:00", "2022-06-16T07:48:05+00:00"),
        (31_535_999, "implausible"),
        (31_536_000, "1971-01-01T00:00:00+00:00"),
        (31_536_000_000 - 1, "implausible"),
        (31_536_000_000, "1971-01-01T00:00:00+00:00"),
        (7_258_118_400 - 1, "2199-12-31T23:59:59+00:00"),
        (7_258_118_400, "implausible"),
        (7_258_118_400_000 - 1, "2199-12-31T23:59:59.999000+00:00"),
        (7_258_118_400_000, "implausible"),
        ("1899-12-31T23:59Z", "implausible"),
        ("1900-01-01T00:00Z", "1900-01-01T00:00:00+00:00"),
        ("2199-12-31T23:59Z", "2199-12-31T23:59:00+00:00"),
        ("2200-01-01T00:00Z", "implausible"),
        (0, "implausible"),
        (-1, "implausible"),
        (10**30, "implausible"),
        (True, "unreadable"),
        ("0001-01-01T00:00+08:00", "implausible"),
        ("9999-12-31T23:59-23:59", "implausible"),
        ("", "empty"),
        ("soon", "unreadable"),
        ("٢٠٢٥-04-17T19:13+08:00", "unreadable"),
        ("9" * 120, "implausible"),
        ("9" * 121, "unreadable"),
        ("9" * 5000, "unreadable"),
    ],
)
def test_instants(value: str | int, expected: str) -> None:
    reading = parse_instant(value)
    assert (reading.instant.isoformat() if reading.instant else reading.problem) == expected


@settings(deadline=None)
@given(instants)
def test_an_instant_with_an_offset_round_trips(instant: dt.datetime) -> None:
    assert parse_instant(instant.isoformat()).instant == instant
    whole = instant.astimezone(dt.UTC).replace(microsecond=instant.microsecond // 1000 * 1000)
    milliseconds = int(whole.timestamp() * 1000 + 0.5)
    assert parse_instant(milliseconds).instant == parse_instant(str(milliseconds)).instant == whole
    seconds = milliseconds // 1000
    for form in (seconds, str(seconds), f"{whole.replace(microsecond=0):%Y-%m-%dT%H:%M:%S}Z"):
        assert parse_instant(form).instant == whole.replace(microsecond=0)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), st.integers()))
def test_any_value_gives_an_instant_or_a_problem(value: str | int) -> None:
    reading = parse_instant(value)
    assert (reading.instant is None) == (reading.problem is not None)


def test_the_shown_date_is_the_site_s_and_not_utc() -> None:
    instant = parse_instant("2025-04-12T00:10+08:00").instant
    assert instant is not None
    assert shown_date(instant, dt.timezone(dt.timedelta(hours=8))) == dt.date(2025, 4, 12)
    assert shown_date(instant, dt.UTC) == dt.date(2025, 4, 11)
