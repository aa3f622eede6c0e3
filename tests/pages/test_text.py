"""Flattened text: the real captures, pages made here in every locale, cut ends, and ambiguous readings."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.dates import format_skeleton
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.errors import CommandError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.platforms.okx.text import TextPage, TextRow, read_text, settle
from helpscraper.platforms.okx.text.tail import label_at
from helpscraper.urls import is_key
from tests.okx import LOCALES, OKX, PREFIX_OF, PREFIXES, WORDS


def as_expected(row: TextRow) -> dict[str, object]:
    return {
        "title": row.title,
        "published": row.published.isoformat() if row.published else None,
        "updated": row.updated.isoformat() if row.updated else None,
        "category": row.category,
        "views": row.views,
        "complete": row.complete,
        "reading_minutes": row.reading_minutes,
    }


def test_the_real_search_page_gives_its_fifteen_rows(shared: Path) -> None:
    text = (shared / "listing_search_face.txt").read_text("utf-8")
    expected = json.loads((shared / "listing_search_face.expected.json").read_text("utf-8"))
    page = read_text(text, url="", locale="en")
    assert [
        {key: as_expected(row)[key] for key in want} for row, want in zip(page.rows, expected, strict=True)
    ] == expected
    assert page.tabs == ("All", "FAQ", "Announcements", "Product documents")
    assert not any(row.ambiguous for row in page.rows)


def captures() -> list[Path]:
    folder = Path(__file__).parents[3] / "shared" / "data" / "captures"
    return sorted(folder.glob("*.json"))


@pytest.mark.skipif(not captures(), reason="the captures beside the repository are not there")
@pytest.mark.parametrize("told", [True, False], ids=["kind told", "kind found"])
@pytest.mark.parametrize("path", captures(), ids=lambda path: path.stem)
def test_captures_give_their_rows_in_all_fields(path: Path, told: bool) -> None:
    capture = json.loads(path.read_text("utf-8"))
    kind, tag = capture["kind"] if told else None, PREFIXES[capture["locale"]].bcp47
    page = read_text(capture["text"], url=capture["url"], locale=tag, kind=kind)
    assert len(page.rows) == len(capture["rows"])
    for row, want in zip(page.rows, capture["rows"], strict=True):
        got = as_expected(row)
        assert {key: got[key] for key in want if want[key] != "?"} == {
            k: v for k, v in want.items() if v != "?"
        }
        assert bool(row.ambiguous) == ("?" in want.values())


@dataclass(frozen=True)
class Made:
    title: str
    snippet: str
    published: dt.date
    updated: dt.date
    label: str | None
    views: int | None


YEARS = (dt.date(2019, 1, 1), dt.date(2026, 11, 1))
TITLES = [
    "Kettle care explained", "X sign-in errors", "P2P badge colours", "Garden hours 2026", "Group 1", "Passkey FAQ",
    "Works (1 March 2026 - 3 March 2026)", "C++ <new> notes", "Ätherwolke", "Перевод", "سلّم", "階梯 2026 年 3 月 3 日",
]  # fmt: skip
SNIPPETS = [
    "Water boils at once.", ", and so on 2026.3. Next", "with 39 tokens of 12 June 2024...", "4 March 2026",
    'The line "Published on Sep 4, 2024" is a quotation. Updated on request',
]  # fmt: skip
made = st.builds(
    Made,
    st.sampled_from(TITLES),
    st.sampled_from(SNIPPETS),
    st.dates(dt.date(2021, 1, 1), dt.date(2026, 11, 1)),
    st.dates(dt.date(2021, 1, 1), dt.date(2026, 11, 1)),
    st.none(),
    st.none() | st.integers(1, 9) | st.integers(10, 999) | st.integers(1000, 2_000_000),
)
prefixes = st.sampled_from(sorted(LOCALES))


def flatten(rows: list[Made], prefix: str, tabs: bool) -> str:
    """Write rows as a text extractor leaves them, dates and counts as CLDR writes them."""
    locale = LOCALES[prefix]
    phrases = WORDS[locale.language]
    out = []
    if tabs:
        out = [
            f"{words[0]}\n"
            for words in (phrases.all_tab, phrases.faq, phrases.announcements, phrases.products)
        ]
    for row in rows:
        published = format_skeleton("yMMMd", row.published, locale=locale.cldr)
        updated = format_skeleton("yMMMd", row.updated, locale=locale.cldr)
        count = format_decimal(row.views, locale=locale.cldr) if row.views is not None else ""
        # Spanish and Polish leave four figures ungrouped in CLDR; the site was seen to group them everywhere.
        if row.views is not None and row.views >= 1000 and count.isdigit():
            count = f"{row.views:,}".replace(",", ".")
        out.append(f"{row.title}\n{row.snippet}{phrases.published[0]} {published}")
        out.append(f"{phrases.updated[0]} {updated}{row.label or ''}{count}")
    return "".join(out)


def same(row: TextRow, want: Made) -> bool:
    return (row.title, row.published, row.updated, row.category, row.views, row.raw.snippet) == (
        (want.title, want.published, want.updated, want.label, want.views, want.snippet)
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(made, min_size=1, max_size=6), prefixes, st.booleans())
def test_search_results_of_every_locale_are_read_back(rows: list[Made], prefix: str, tabs: bool) -> None:
    page = read_text(flatten(rows, prefix, tabs), url="/help/search?category=faq", locale=prefix)
    assert len(page.rows) == len(rows)
    for row, want in zip(page.rows, rows, strict=True):
        assert same(row, want), (row, want)
        assert row.complete and not row.ambiguous and not row.problems
        assert is_key(row.raw.key)
    assert len({row.raw.key for row in page.rows}) == len(rows)


@settings(deadline=None, max_examples=150)
@given(st.lists(made, min_size=2, max_size=6), prefixes, st.data())
def test_labels_of_every_locale_are_cut_as_a_whole(
    rows: list[Made], prefix: str, data: st.DataObject
) -> None:
    phrases = WORDS[LOCALES[prefix].language]
    words = st.sampled_from([*phrases.faq, *phrases.announcements, *phrases.products])
    labelled = [Made(**(vars(row) | {"label": data.draw(words)})) for row in rows]
    page = read_text(flatten(labelled, prefix, True), url="/help/search?category=all", locale=prefix)
    assert len(page.rows) == len(rows)
    for row, want in zip(page.rows, labelled, strict=True):
        assert same(row, want), (row, want)


@settings(deadline=None, max_examples=150)
@given(st.lists(made, min_size=2, max_size=4), prefixes, st.data())
def test_a_cut_end_costs_the_last_row_only(rows: list[Made], prefix: str, data: st.DataObject) -> None:
    text = flatten(rows, prefix, True)
    end = data.draw(st.integers(0, len(text) - 1))
    page = read_text(text[:end], url="/help/search?category=faq", locale=prefix)
    whole = [row for row in page.rows if row.complete]
    assert [same(row, want) for row, want in zip(whole[:-1], rows, strict=False)] == [True] * len(whole[:-1])
    assert sum(not row.complete for row in page.rows) <= 1
    for row, want in zip(page.rows, rows, strict=False):
        assert row.published in (want.published, None)
        assert row.updated in (want.updated, None)


@settings(deadline=None, max_examples=100)
@given(st.lists(made, min_size=1, max_size=6), prefixes)
def test_section_rows_of_every_locale_are_read_back(rows: list[Made], prefix: str) -> None:
    lines = [flatten([row], prefix, False).replace(f"\n{row.snippet}", "") for row in rows]
    page = read_text("A heading\n" + "\n".join(f"- {line}" for line in lines), url="", locale=prefix)
    assert page.kind == "section"
    assert [(row.title, row.published, row.updated, row.views, row.complete) for row in page.rows] == [
        (row.title, row.published, row.updated, row.views, True) for row in rows
    ]
    assert page.outcomes["lines/heading"] == 1


@settings(deadline=None, max_examples=100)
@given(made, prefixes, st.booleans(), st.booleans())
def test_article_headers_of_every_locale_are_read_back(
    row: Made, prefix: str, updated: bool, notice: bool
) -> None:
    locale = LOCALES[prefix]
    phrases = WORDS[locale.language]
    line = f"{phrases.published[0]} {format_skeleton('yMMMd', row.published, locale=locale.cldr)}"
    if updated:
        line += f"{phrases.updated[0]} {format_skeleton('yMMMd', row.updated, locale=locale.cldr)}"
    line += phrases.reading[0].replace("{n}", "20") + ("" if row.views is None else f"{row.views:,}")
    above = "A notice stands above the title.\n\n" if notice else ""
    text = f"{above}{row.title}\n\n{line}\n\nBody.\n\nLast updated: 13 July 2023"
    page = read_text(text, url="https://h.example/help/kettle-care", locale=prefix)
    assert (page.kind, len(page.rows)) == ("article", 1)
    only = page.rows[0]
    assert (only.title, only.published, only.views) == (row.title, row.published, row.views)
    assert only.updated == (row.updated if updated else None)
    assert (only.reading_minutes, only.complete, only.raw.key) == (20, True, "kettle-care")
    assert only.raw.body_text == "Body.\n\nLast updated: 13 July 2023"


def dated(marker: str, day: dt.date, prefix: str, form: str = "yMMMd") -> str:
    return f"{marker} {format_skeleton(form, day, locale=LOCALES[prefix].cldr)}"


gaps = st.sampled_from(["\n", "\n\n", " \n"])


@settings(max_examples=120)
@given(
    prefixes,
    st.dates(*YEARS),
    st.dates(*YEARS),
    gaps,
    st.sampled_from(["", ":"]),
    st.sampled_from(["yMMMd", "yMMMMd"]),
)
def test_a_line_of_the_body_is_never_the_updated_date(
    prefix: str, published: dt.date, other: dt.date, gap: str, colon: str, form: str
) -> None:
    phrases = WORDS[LOCALES[prefix].language]
    own = dated(phrases.updated[0].rstrip(":") + colon, other, prefix, form)
    head = f"Kettle care{gap}{dated(phrases.published[0], published, prefix)}"
    only = read_text(f"{head}{gap}{own}{gap}Body.", url="/help/kettle-care", locale=prefix).rows[0]
    assert (only.title, only.published, only.updated, only.complete) == ("Kettle care", published, None, True)
    assert only.raw.body_text == f"{own}{gap}Body."
    assert only.raw.updated_text is only.views is None
    row = search(f"One\nSnippet.{dated(phrases.published[0], published, prefix)}\n{own}", locale=prefix).rows[
        0
    ]
    assert row.updated is None


# Words of bodies for their own date, seen or alike; each stands before a date of its language.
BODY_DATES = {
    "en": ("Last updated:", "Last updated on", "Updated:", "Effective date:"),
    "de": ("Zuletzt aktualisiert:", "Stand:"),
    "fi": ("Päivitetty:",), "nb": ("Sist oppdatert:", "Oppdatert:"), "pl": ("Zaktualizowano:", "Wersja robocza:"),
    "uk": ("Останнє оновлення:", "Оновлено:"), "fr": ("Dernière mise à jour :", "Mis à jour le"),
    "it": ("Ultimo aggiornamento:",), "es": ("Última actualización:", "Actualizado:"), "ro": ("Ultima actualizare:",),
    "nl": ("Laatst bijgewerkt:", "Laatst bijgewerkt op"), "pt-PT": ("Última atualização:",), "tr": ("Son güncelleme:",),
}  # fmt: skip


@settings(max_examples=120)
@given(prefixes, st.dates(*YEARS), gaps, st.booleans(), st.data())
def test_a_line_of_the_body_is_never_the_title(
    prefix: str, day: dt.date, gap: str, bracketed: bool, data: st.DataObject
) -> None:
    phrases = WORDS[LOCALES[prefix].language]
    words = [
        *BODY_DATES.get(LOCALES[prefix].language, ()),
        f"{phrases.updated[0].rstrip(':')}:",
        phrases.updated[0],
    ]
    line = dated(
        data.draw(st.sampled_from(words)), day, prefix, data.draw(st.sampled_from(["yMMMd", "yMMMMd"]))
    )
    line = data.draw(st.sampled_from(["{}", "({})", "** {} **", "• {}", "{}."])).format(line)
    if bracketed:
        line = line.replace(str(day.year), f"[{day.year}]")
    text = f"{line}{gap}Thank you for reading.{gap}More."
    only = read_text(text, url="/help/kettle-care", locale=prefix).rows[0]
    assert (only.title, only.raw.title, only.published, only.updated) == ("", None, None, None)
    assert (only.complete, only.raw.body_text, only.raw.key) == (False, text, "kettle-care")
    # Below a title the same line is the body's, and the article is whole.
    only = read_text(f"Kettle care{gap}{text}", url="/help/kettle-care", locale=prefix).rows[0]
    assert (only.title, only.raw.body_text) == ("Kettle care", text)
    assert (only.published, only.updated, only.complete) == (None, None, True)


@pytest.mark.parametrize(
    "line", ["13 July 2023", "Last updated: 13 July 2023, 10:00 UTC", "Updated on Mar 10, 2026 by us"]
)
def test_a_date_and_known_words_are_no_title(line: str) -> None:
    only = read_text(f"{line}\n\nBody.", url="/help/kettle-care", locale="en").rows[0]
    assert (only.title, only.complete) == ("", False)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Updated fees from 1 March 2026", "fees"),
        ("Works: 1 March 2026", "works-1-march-2026"),
        ("Works (1 March 2026 - 3 March 2026)", "works"),
        ("Garden hours on 1 March 2026", "garden-hours"),
        ("Garden hours: 2026", "garden-hours"),
    ],
)
def test_a_title_may_end_in_a_date(title: str, slug: str) -> None:
    only = read_text(f"{title}\n\nBody.", url=f"/help/{slug}", locale="en").rows[0]
    assert (only.title, only.complete, only.raw.body_text) == (title, True, "Body.")


def test_a_date_line_that_the_body_quotes_is_no_header() -> None:
    quoted = "We write Published on Sep 4, 2024 below a title."
    only = read_text(f"Kettle care\n\n{quoted}", url="/help/kettle-care", locale="en").rows[0]
    assert (only.title, only.published, only.raw.body_text) == ("Kettle care", None, quoted)
    late = "\n\n".join(["Kettle care", *map(str, range(10)), "A line.", "Published on Sep 4, 2024", "End."])
    only = read_text(late, url="/help/kettle-care", locale="en").rows[0]
    assert (only.title, only.published) == ("Kettle care", None)


UNKNOWN_PHRASES = [
    "Leitura de {n} minutos",
    "{n} minutos de leitura",
    "Tempo: {n} min",
    "{n} minutes of reading",
]


@settings(max_examples=200)
@given(
    prefixes,
    st.sampled_from([*UNKNOWN_PHRASES, *(phrase for each in WORDS.values() for phrase in each.reading)]),
    st.integers(1, 300),
    st.integers(0, 99_999_999),
    st.sampled_from(["", ",", ".", "\u00a0", "\u202f", " ", "’"]),
    st.booleans(),
)
def test_a_count_behind_a_reading_time_is_read_whatever_its_words(
    prefix: str, phrase: str, minutes: int, views: int, mark: str, updated: bool
) -> None:
    phrases = WORDS[LOCALES[prefix].language]
    day = dt.date(2025, 9, 8)
    line = dated(phrases.published[0], day, prefix) + (
        dated(phrases.updated[0], day, prefix) if updated else ""
    )
    line += phrase.replace("{n}", str(minutes)) + f"{views:,}".replace(",", mark)
    only = read_text(f"Kettle care\n\n{line}\n\nBody.", url="/help/kettle-care", locale=prefix).rows[0]
    assert (only.views, only.reading_minutes, only.problems) == (views, minutes, ()), line
    values = normalise_article(only.raw, Context(OKX, PREFIX_OF[prefix])).columns
    assert (values["view_count"], values["reading_minutes"]) == (views, minutes)


@pytest.mark.parametrize(
    ("rest", "views", "reading", "minutes"),
    [
        ("Lectura de un minuto1806", 1806, "Lectura de un minuto", None),
        ("Sechs Takte7", 7, "Sechs Takte", None),
        ("1.2K", None, None, None),
        ("12 567", 12567, None, None),
        ("3 oars", None, "3 oars", None),
        ("soon", None, None, None),
        ("5 min read 7 more", None, None, None),
    ],
)
def test_what_stands_behind_the_dates_of_an_article(
    rest: str, views: int | None, reading: str | None, minutes: int | None
) -> None:
    only = read_text(f"Kettle care\n\n{A}{rest}\n\nBody.", url="/help/kettle-care", locale="en").rows[0]
    assert (only.views, only.raw.reading_text, only.reading_minutes) == (views, reading, minutes)


TOGETHER = {"es", "es-ES", "it", "pl", "pt-PT"}


@settings(max_examples=200)
@given(
    prefixes,
    st.integers(1000, 99_999),
    st.sampled_from(["Segundo tema", "Drugi temat", "Второй", "第二"]),
    st.lists(st.tuples(st.integers(1, 99_999), st.sampled_from(["", ".", ",", "\u00a0"])), max_size=3),
    st.booleans(),
)
def test_the_other_counts_of_a_page_settle_one_without_separators(
    prefix: str, count: int, title: str, others: list[tuple[int, str]], labelled: bool
) -> None:
    phrases = WORDS[LOCALES[prefix].language]
    day = dt.date(2025, 9, 8)
    line = dated(phrases.published[0], day, prefix) + dated(phrases.updated[0], day, prefix)
    line += phrases.faq[0] if labelled else ""
    text = f"Primero\nSnippet.{line}{count}{title}\nSnippet.{line}\n"
    # Those counts stand at the end of their lines, so they need no settling themselves.
    for n, (other, mark) in enumerate(others):
        text += f"Row {'abc'[n]}\nSnippet.{line}{f'{other:,}'.replace(',', mark)}\n"
    first, second, *_ = search(text, locale=prefix, url="/help/search?category=x").rows
    whole, none = (str(count), title), (None, f"{count}{title}")
    shown = {
        (mark == "")
        for other, mark in others
        if other > 999 and (prefix not in TOGETHER or (other < 10_000) == (count < 10_000))
    }
    assert (bool(first.ambiguous), bool(second.ambiguous)) == (len(shown) != 1,) * 2
    if shown == {True}:
        assert (first.views, second.title) == (count, title)
    elif shown == {False}:
        assert (first.views, second.title) == (None, f"{count}{title}")
    else:
        assert {whole, none} <= {(way.views_text, way.title) for way in first.ambiguous}
        assert first.views is first.raw.view_count_text is None
        assert second.title == (title if prefix in TOGETHER and count < 10_000 else f"{count}{title}")
    for views_text, known in (whole, none):
        one, two = settle([first, second], [known])
        assert first.ambiguous == () or (one.raw.view_count_text, two.title, one.ambiguous) == (
            views_text,
            known,
            (),
        )


def test_titles_of_any_length_get_slugs_of_their_own() -> None:
    long = " ".join(["oars and anchors"] * 16)
    rows = search(*(f"{title}\nSnippet.{A}\n" for title in [long, long, long, long[:105], "階梯" * 130])).rows
    slugs = [row.raw.key for row in rows]
    assert [len(row.title) for row in rows] == [271, 271, 271, 105, 260]
    assert slugs[0] == long.replace(" ", "-")[:200].strip("-")
    assert slugs[3] == long[:105].replace(" ", "-").strip("-")
    assert len(set(slugs)) == 5
    assert all(map(is_key, slugs))


def search(*parts: str, locale: str = "en", url: str = "/help/search?category=faq") -> TextPage:
    return read_text("".join(parts), url=url, locale=locale)


A = "Published on Sep 4, 2024Updated on Mar 10, 2026"
B = "Published on Aug 15, 2023Updated on Mar 24, 2026"


@pytest.mark.parametrize(
    ("behind", "readings"),
    [
        ("3 ways to boil", {(None, "3 ways to boil"), ("3", "ways to boil")}),
        ("2FA set-up", {(None, "2FA set-up"), ("2", "FA set-up")}),
        ("122FA set-up", {("12", "2FA set-up"), ("122", "FA set-up"), (None, "122FA set-up"), ("1", "22FA set-up")}),
        ("1830 Holiday", {(None, "1830 Holiday"), ("1830", "Holiday"), ("183", "0 Holiday"), ("18", "30 Holiday"),
                          ("1", "830 Holiday")}),
        ("13,3156 ways", {("13,315", "6 ways"), (None, "13,3156 ways"), ("1", "3,3156 ways"), ("13", ",3156 ways")}),
        ("5个步骤", {(None, "5个步骤"), ("5", "个步骤")}),
    ],
)  # fmt: skip
def test_what_text_cannot_settle_keeps_every_reading(
    behind: str, readings: set[tuple[str | None, str]]
) -> None:
    page = search("One\nSnippet.", A, behind, "\nSnippet.", B, "9")
    first, second = page.rows
    assert {(way.views_text, way.title) for way in first.ambiguous} == readings
    assert {(way.views_text, way.title) for way in second.ambiguous} == readings
    assert (first.views, first.raw.view_count_text, second.views) == (None, None, 9)
    assert page.outcomes["rows/ambiguous"] == 2
    for views_text, title in readings:
        one, two = settle(page.rows, [title])
        assert (one.raw.view_count_text, two.title, two.raw.title) == (views_text, title, title)
        assert not one.ambiguous and not two.ambiguous
    # Two known titles that both fit settle nothing, and the page itself was left alone.
    assert settle(page.rows, [title for _, title in readings])[0].ambiguous
    assert page.rows[0].ambiguous


def test_another_row_of_the_page_settles_a_title() -> None:
    page = search("2FA set-up\nSnippet.", A, "7Two\nSnippet.", B, "122FA set-up\nOther.", A, "9")
    assert [(row.title, row.views) for row in page.rows] == [
        ("2FA set-up", 7),
        ("Two", 12),
        ("2FA set-up", 9),
    ]
    assert not any(row.ambiguous for row in page.rows)
    assert len({row.raw.key for row in page.rows}) == 3


def test_a_known_title_overrules_a_count_that_looked_settled() -> None:
    page = search("One\nSnippet.", A, "12X errors\nSnippet.", B)
    assert (page.rows[0].views, page.rows[1].title, page.rows[0].ambiguous) == (12, "X errors", ())
    one, two = settle(page.rows, ["2X errors"])
    assert (one.views, two.title) == (1, "2X errors")
    one, two = settle(page.rows, ["2X errors", "X errors"])
    assert (one.views, two.title) == (12, "X errors")


@pytest.mark.parametrize(
    ("end", "title", "published", "updated"),
    [
        ("X sign", "X sign", None, None),
        ("Two\nSnipp", "Two", None, None),
        ("Two\nSnippet.Publ", "Two", None, None),
        ("Two\nSnippet.Published on", "Two", None, None),
        ("Two\nSnippet.Published on Aug 1", "Two", None, None),
        ("Two\nSnippet.Published on Aug 15, 20", "Two", None, None),
        ("Two\nSnippet.Published on Aug 15, 2023", "Two", "2023-08-15", None),
        ("Two\nSnippet.Published on Aug 15, 2023Upda", "Two", "2023-08-15", None),
        ("Two\nSnippet.Published on Aug 15, 2023Updated on Ma", "Two", "2023-08-15", None),
        ("Two\nSnippet.Published on Aug 15, 2023Updated on Mar 24, 20", "Two", "2023-08-15", None),
        ('Two\nThe "Published on Sep 4, 2024" line shows', "Two", None, None),
        ('Two\nThe "Published on Sep 4, 2024', "Two", None, None),
    ],
)
def test_cut_ends(end: str, title: str, published: str | None, updated: str | None) -> None:
    first, last = search("One\nSnippet.", A, "50", end).rows
    assert (first.views, first.complete) == (50, True)
    assert (last.title, last.complete) == (title, False)
    assert (as_expected(last)["published"], as_expected(last)["updated"]) == (published, updated)


def test_a_snippet_may_quote_a_whole_date_line() -> None:
    page = search("One\nIt said: Published on Sep 1, 2020Updated on Sep 2, 2020 and more.", A, "50Two\nS.", B)
    assert [(str(row.published), row.views, row.title) for row in page.rows] == [
        ("2024-09-04", 50, "One"), ("2023-08-15", None, "Two"),
    ]  # fmt: skip


def test_a_label_cut_at_the_end_is_no_title() -> None:
    page = search("One\nS.", A, "FAQ5Two\nS.", B, "Product doc", url="/help/search?category=all")
    assert [(row.title, row.category, row.complete) for row in page.rows] == [
        ("One", "FAQ", True),
        ("Two", None, False),
    ]


def test_a_title_may_begin_with_a_label_where_rows_carry_none() -> None:
    page = search("One\nS.", A, "FAQ about kettles\nS.", B, "5Three\nS.", A, "7", url="/help/search")
    assert [(row.title, row.category) for row in page.rows] == [
        ("One", None), ("FAQ about kettles", None), ("Three", None),
    ]  # fmt: skip


def test_a_label_alone_on_its_line_without_a_count() -> None:
    page = search("One\nSnippet.\n", A, "\nDomande frequenti", locale="it", url="/it/help/search?category=x")
    assert [(row.title, row.category, row.views, row.raw.snippet) for row in page.rows] == [
        ("One", "Domande frequenti", None, "Snippet."),
    ]  # fmt: skip


def test_a_row_of_another_language_is_read_by_its_own_marker() -> None:
    german = "Veröffentlicht am 31. Aug. 2023Aktualisiert am 4. Sept. 2023"
    french = "Date de publication : 21 févr. 2023Date de mise à jour : 9 août 2023"
    page = search("Un\nTexte.", french, "2 516Zwei\nText.", german, "7Three\nText.", A, locale="fr")
    assert [(str(row.published), str(row.updated), row.views) for row in page.rows] == [
        ("2023-02-21", "2023-08-09", 2516), ("2023-08-31", "2023-09-04", 7), ("2024-09-04", "2026-03-10", None),
    ]  # fmt: skip


def test_digits_of_three_scripts_in_one_row() -> None:
    page = search("一\n句。发布于 2025年4月10日更新于 ２０２６年１月２日٢٬٣٨٣階梯\n句。", A, locale="zh-hans")
    assert [(str(row.updated), row.views, row.title) for row in page.rows] == [
        ("2026-01-02", 2383, "一"), ("2026-03-10", None, "階梯"),
    ]  # fmt: skip


def test_an_impossible_date_is_null_and_named_and_does_not_swallow_the_row() -> None:
    page = search("One\nS.Published on Feb 30, 2024Updated on Mar 10, 2026", "5Two\nS.", B)
    first = page.rows[0]
    assert (first.title, first.published, first.views) == ("One", None, 5)
    assert first.problems == ("published/impossible",)
    assert page.outcomes["published/impossible"] == 1


@pytest.mark.parametrize("kind", ["search", "section", "article"])
@pytest.mark.parametrize(
    "text", ["", " \n ", "Published on", "\0", "- ", "FAQ", "12", "\ud800", "Updated on Mar 10, 2026"]
)
def test_texts_with_nothing_in_them(kind: str, text: str) -> None:
    page = read_text(text, url="http://[", locale="en", kind=kind)  # type: ignore[arg-type]
    assert all(not row.complete for row in page.rows)


def test_an_unknown_locale_is_a_command_error() -> None:
    with pytest.raises(CommandError, match="unknown locale"):
        read_text("", url="", locale="xx")


pieces = st.sampled_from(
    [A, B, "\n", "\n- ", "FAQ", "150", "1,830", " ", "2FA", "Published on ", "Updated on Mar 16, 20"]
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(pieces | st.text(max_size=12), max_size=25),
    prefixes,
    st.sampled_from(["search", "section", "article", None]),
)
def test_any_text_is_read_and_settles_once(parts: list[str], prefix: str, kind: str | None) -> None:
    page = read_text("".join(parts), url="", locale=prefix, kind=kind)  # type: ignore[arg-type]
    assert settle(page.rows) == page.rows
    assert len({row.raw.key for row in page.rows}) == len(page.rows)
    assert all(is_key(row.raw.key) for row in page.rows)


def test_the_longest_label_is_cut_unless_it_would_split_a_word() -> None:
    # Only a small letter behind a small letter goes on with a word.
    assert label_at("FAQ ZHow to pay", 0, ("FAQ ZH", "FAQ Z")) == "FAQ ZH"
    assert label_at("FAQ ZHow to pay", 0, ("FAQ", "FAQ ZHo")) == "FAQ"
    assert label_at("Announcements", 0) == "Announcements"
