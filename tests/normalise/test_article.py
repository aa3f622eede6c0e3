"""From a raw article to typed columns: every step, and what each of them counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from babel.dates import format_skeleton
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.items import Body, RawArticle
from helpscraper.normalise.article import STEPS, Context, normalise_article
from helpscraper.normalise.bodies import body_key
from helpscraper.normalise.categories import Vocabulary
from helpscraper.normalise.phrases import PHRASES
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings
from helpscraper.platforms.okx.platform import Okx
from tests.okx import OKX, PREFIXES

EN = Context(OKX, "en")
CST = dt.timezone(dt.timedelta(hours=8))


def raw(**fields: Any) -> RawArticle:
    return RawArticle(
        **({"kind": "article", "key": "a-key", "url": "https://www.okx.com/help/a-key"} | fields)
    )


def test_a_whole_article() -> None:
    values = normalise_article(
        raw(
            title=" A key\u200b &amp; a lamp ", published="2025-04-12T00:10+08:00", updated=1744434900000,
            published_text="Published on Apr 12, 2025", updated_text="Updated on Apr 12, 2025",
            category="announcements", category_title="Announcements", section="announcements-delistings",
            section_title="Delistings", view_count_text="13,315", reading_text="5 min read", language="zh-hans",
            source_id="3w7t", body_text="One two three.", body_markdown="One two **three**.", body_html="<p>…</p>",
        ),
        EN,
    )  # fmt: skip
    assert values.columns == {
        "article_id": "a-key",
        "url": "https://www.okx.com/help/a-key",
        "source_id": "3w7t",
        "language": "zh-Hans",
        "title": "A key & a lamp",
        "snippet": None,
        "published_at": dt.datetime(2025, 4, 12, 0, 10, tzinfo=CST),
        "published_on": dt.date(2025, 4, 12),
        "updated_at": dt.datetime(2025, 4, 12, 5, 15, tzinfo=dt.UTC),
        "updated_on": dt.date(2025, 4, 12),
        "category": "announcements",
        "category_title": "Announcements",
        "section": "announcements-delistings",
        "section_title": "Delistings",
        "view_count": 13315,
        "votes_up": None,
        "votes": None,
        "labels": None,
        "reading_minutes": 5,
        "body_sha256": body_key("One two three.", "One two **three**."),
        "word_count": 3,
    }
    key = body_key("One two three.", "One two **three**.")
    assert values.body == Body(key, "One two three.", "One two **three**.", "<p>…</p>")
    assert values.outcomes == [
        "title/cleaned", "title/present", "snippet/absent", "published_at/present", "published_on/fast",
        "updated_at/present", "updated_on/fast", "category/present", "section/present", "view_count/present",
        "reading_minutes/present", "body/present",
    ]  # fmt: skip


def test_what_is_not_there_or_cannot_be_read_is_counted() -> None:
    assert normalise_article(raw(), EN).outcomes == [
        "title/absent", "snippet/absent", "view_count/absent", "body/absent",
    ]  # fmt: skip
    values = normalise_article(
        raw(
            title="\u200b", snippet="s", reading_text="soon", view_count_text="12,3456", published="soon",
            updated="2025-04-12T00:10+08:00", body_text="", body_markdown="![](a)",
        ),
        EN,
    )  # fmt: skip
    assert values.outcomes == [
        "title/empty", "title/absent", "snippet/present", "published_at/unreadable", "updated_at/present",
        "updated_on/from-instant", "view_count/malformed", "reading_minutes/unreadable", "body/present",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "body/absent"),
        ({"body_text": "", "body_markdown": ""}, "body/absent"),
        ({"body_markdown": "![](a)"}, "body/absent"),
        ({"body_text": "", "body_markdown": "![](a)"}, "body/present"),
        ({"body_text": "One."}, "body/present"),
    ],
)
def test_a_body_has_a_text_that_may_be_of_pictures_alone(body: dict[str, str], told: str) -> None:
    values = normalise_article(raw(title="x", **body), EN)
    assert values.outcomes[-1] == told
    assert (values.body is None) == (told == "body/absent")


@pytest.mark.parametrize(
    ("stated", "language"),
    [
        ("EN", "en"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("sl-rozaj", "sl-rozaj"),
        ("PT-br", "pt-BR"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_language_tag_is_written_in_its_usual_case(stated: str | None, language: str) -> None:
    assert normalise_article(raw(title="x", language=stated), EN).columns["language"] == language


def test_the_shown_date_is_the_sites_own_and_not_utc() -> None:
    values = normalise_article(raw(title="x", published="2025-04-10T00:00+08:00"), EN)
    assert values.columns["published_on"] == dt.date(2025, 4, 10)
    assert values.columns["published_at"].astimezone(dt.UTC).date() == dt.date(2025, 4, 9)


def test_the_visible_date_stands_and_a_difference_is_counted() -> None:
    values = normalise_article(
        raw(title="x", published="2025-04-10T00:00+08:00", published_text="Published on Apr 9, 2025"), EN
    )
    assert values.columns["published_on"] == dt.date(2025, 4, 9)
    assert values.outcomes.count("published_on/differs-from-instant") == 1


def test_a_cut_date_is_null_and_counted() -> None:
    values = normalise_article(raw(title="x", published_text="Published on Mar 16, 20"), EN)
    assert values.columns["published_on"] is None
    (name,) = [key for key in values.outcomes if key.startswith("published_on/")]
    assert name not in {"published_on/fast", "published_on/dateparser"}


@pytest.mark.parametrize("line", ["Updated on Apr 9, 2025", "Updated on \u200eApr 9, 2025"])
def test_a_lone_updated_line_is_the_update(line: str) -> None:
    values = normalise_article(raw(title="x", published_text=line), EN)
    assert (values.columns["published_on"], values.columns["updated_on"]) == (None, dt.date(2025, 4, 9))


def test_absent_is_null_and_zero_is_zero() -> None:
    assert normalise_article(raw(title="x"), EN).columns["view_count"] is None
    assert normalise_article(raw(title="x", view_count_text="0"), EN).columns["view_count"] == 0


def test_an_approximate_count_is_flagged_and_not_invented() -> None:
    values = normalise_article(raw(title="x", view_count_text="1.2K"), EN)
    assert values.columns["view_count"] is None
    assert values.outcomes.count("view_count/approximate") == 1


def test_an_unknown_label_is_kept_as_shown_and_counted() -> None:
    values = normalise_article(raw(title="x", category_title="Fireside chats"), EN)
    assert (values.columns["category"], values.columns["category_title"]) == (None, "Fireside chats")
    assert values.outcomes.count("category/unknown-label") == 1


@pytest.mark.parametrize("kind", ["listing", "search", "text"])
def test_only_an_articles_own_page_brings_a_body(kind: str) -> None:
    body = {"body_text": "One.", "body_markdown": "One.", "body_html": "<p>One.</p>"}
    values = normalise_article(raw(kind=kind, title="x", **body), EN)
    assert values.body is None
    assert (values.columns["body_sha256"], values.columns["word_count"]) == (None, None)
    assert not [name for name in values.outcomes if name.startswith("body/")]


@pytest.mark.parametrize(
    ("stated", "shown", "slug"),
    [
        ("faq", None, "faq"),
        (None, "FAQ", "faq"),
        ("faq", "Announcements", "faq"),
        ("a-new-one", "Announcements", "announcements"),
        ("faq", "Fireside chats", "faq"),
        (None, None, None),
    ],
)
def test_a_category_is_known_by_its_slug_or_else_by_its_label(
    stated: str | None, shown: str | None, slug: str | None
) -> None:
    values = normalise_article(raw(title="x", category=stated, category_title=shown), EN)
    assert values.columns["category"] == slug
    told = [name for name in values.outcomes if name.startswith("category/")]
    assert told == (["category/present"] if slug else [])


def test_a_section_brings_no_category_where_one_is_known() -> None:
    values = normalise_article(raw(title="x", category="announcements", section="faq-kyc"), EN)
    assert values.columns["category"] == "announcements"
    assert "category/from-section" not in values.outcomes
    assert normalise_article(raw(title="x"), EN).columns["category"] is None


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ("A key ", "A key"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
        ("\u200b", None),
        ("", None),
        (None, None),
    ],
)
def test_a_site_without_names_of_its_own_keeps_its_keys(stated: str | None, key: str | None) -> None:
    own = replace(EN, site=replace(EN.site, categories=Vocabulary()))
    assert normalise_article(raw(title="x", category=stated), own).columns["category"] == key


def test_a_section_brings_its_category() -> None:
    values = normalise_article(raw(title="x", section="faq-kyc"), EN)
    assert values.columns["category"] == "faq"
    assert values.outcomes.count("category/from-section") == 1


@pytest.mark.parametrize("slug", ["../etc/passwd", "A", "a/b", "", "a b"])
def test_a_hostile_slug_gives_no_article(slug: str) -> None:
    values = normalise_article(raw(key=slug, title="x"), EN)
    assert "article_id" not in values.columns
    assert values.outcomes.count("article_id/rejected") == 1


def test_a_page_does_not_choose_its_own_url() -> None:
    class Lying(Okx):
        def findings(self, *_: Any) -> Findings:
            return Findings(articles=[raw(title="x", url="https://evil.example/help/a-key")])

    here = Context(OKX, "de")
    [found] = Lying().read(Address("home", "de"), "https://evil.example", Payload(b""), here).articles
    assert normalise_article(found, here).columns["url"] == "https://www.okx.com/de/help/a-key"


def test_lone_surrogates_become_replacement_characters() -> None:
    values = normalise_article(raw(title="a \ud83d b", body_text="c \udc00 d"), EN)
    assert values.columns["title"] == "a \ufffd b"
    assert values.body is not None
    assert values.body.text == "c \ufffd d"
    assert values.outcomes.count("title/surrogate") == 1


text = st.none() | st.text(max_size=40)


@given(
    st.builds(
        raw, title=text, snippet=text, published=text | st.integers(), updated=text | st.integers(),
        published_text=text, updated_text=text, view_count_text=text, reading_text=text, category=text,
        category_title=text, section=text, section_title=text, source_id=text, body_text=text, body_markdown=text,
        body_html=text, language=st.none() | st.sampled_from(["en", "zh-hans", "pt-BR", "x"]),
    ),
    st.sampled_from(["en", "ar", "zh-hans", "nb"]),
)  # fmt: skip
def test_any_raw_article_is_read_and_the_steps_agree_with_the_whole(item: RawArticle, locale: str) -> None:
    context = Context(OKX, locale)
    whole = normalise_article(item, context)
    pieces: dict[str, Any] = {}
    for step in STEPS:
        values = step(item, context)
        assert not pieces.keys() & values.columns.keys(), "no column is filled twice"
        pieces |= values.columns
    assert pieces == whole.columns
    for value in whole.columns.values():
        if isinstance(value, str):
            value.encode("utf-8")


@pytest.mark.parametrize("language", PHRASES)
@pytest.mark.parametrize("how", [str, str.upper, str.lower])
def test_a_lone_update_is_told_by_its_marker_in_any_case(language: str, how: Callable[[str], str]) -> None:
    prefix = next(prefix for prefix, locale in PREFIXES.items() if locale.language == language)
    day = dt.date(2024, 11, 12)
    for marker, column in (
        (PHRASES[language].updated[0], "updated_on"),
        (PHRASES[language].published[0], "published_on"),
    ):
        line = how(f"{marker} {format_skeleton('yMMMd', day, locale=PREFIXES[prefix].cldr)}")
        columns = normalise_article(raw(title="x", published_text=line), Context(OKX, prefix)).columns
        assert {name: columns[name] for name in ("published_on", "updated_on") if columns[name]} == {
            column: day
        }
