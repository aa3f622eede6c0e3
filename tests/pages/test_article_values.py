"""The values that an article's page states: structured data in any form, times in any form, long slugs and titles, no
text in its state.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper import Archive
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.platforms.okx import ArticlePage
from helpscraper.platforms.okx.linked_data import linked_articles
from helpscraper.replay.saved_page import import_page
from tests.okx import OKX

SITE = "https://www.okx.com"
BODY = '<div class="index_richTextContent__q1w2e"><h2>Oars</h2><p>Keep them dry.</p></div>'
# The rich text of mid-2026: node codes and assets, and no word of the body.
SKELETON = [25, None, {}, [[2], [0], [17, None, {"entry": "asset"}], [0, 1]]]


def page_text(head: str = "", post: object = None, title: str = "Dry oars", body: str = BODY) -> str:
    state = json.dumps({"appContext": {"serverSideProps": {"currentPost": post}}}) if post else ""
    script = f'<script id="appState" type="application/json">{state}</script>' if post else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{head}</head><body><div id="article-container">'
        f'<article aria-label="{title}"><h1>{title}</h1>{body}</article></div>{script}</body></html>'
    )


def page(slug: str, head: str = "", **parts: Any) -> ArticlePage:
    return ArticlePage(f"{SITE}/help/{slug}", page_text(head, **parts))


def linked(*values: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(value)}</script>' for value in values)


TYPES = st.sampled_from(
    [
        *(
            "Article",
            "NewsArticle",
            "TechArticle",
            "BlogPosting",
            "Report",
            "APIReference",
            "schema:NewsArticle",
        ),
        *("https://schema.org/TechArticle", ["NewsArticle", "Article"], ["Thing", "schema:Article"]),
    ]
)
DATED = st.sampled_from(
    [
        lambda text: text,
        lambda text: [text],
        lambda text: {"@type": "http://schema.org/DateTime", "@value": text},
    ]
)
OTHERS = st.sampled_from(
    [
        {"@type": "BreadcrumbList", "datePublished": "1999-01-01T00:00:00Z"},
        {"@type": "Article", "mainEntityOfPage": f"{SITE}/help/wet-oars", "datePublished": "1999-01-01T00:00:00Z"},
        {"@type": "WebPage", "citation": {"@type": "Article", "datePublished": "1999-01-01T00:00:00Z"}},
        {"@type": "WebPage", "isPartOf": [{"@type": ["Article"], "datePublished": "1999-01-01T00:00:00Z"}]},
        {"@graph": None}, {"@type": [[], 3, None]}, [], "Article", None, 7,
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        *(
            {"mainEntityOfPage": {"@id": f"{SITE}/help/dry-oars"}},
            {"mainEntityOfPage": f"{SITE}/help/dry-oars"},
        ),
        *({"url": f"{SITE}/help/dry-oars"}, {"@id": f"{SITE}/help/dry-oars#article"}, {}),
    ]
)
HOLD = st.sampled_from(
    [
        lambda one, others: [[one, *others]],
        lambda one, others: [{"@context": "https://schema.org", "@graph": [*others, one]}],
        lambda one, others: [[*others, {"@graph": [[one]]}]],
        lambda one, others: [{"@type": "WebPage", "mainEntity": one}, *others],
        lambda one, others: [*others, one],
    ]
)


@settings(max_examples=150)
@given(TYPES, DATED, st.lists(OTHERS, max_size=3), NAMES, HOLD)
def test_structured_data_is_found_in_any_form(
    type_: object, dated: Any, others: list[object], names: dict[str, object], hold: Any
) -> None:
    one = {
        "@type": type_,
        "headline": "Dry oars",
        "datePublished": dated("2026-05-04T10:00:00+08:00"),
        **names,
    }
    read = page("dry-oars", linked(*hold(one, others)))
    assert (read.slug, read.article.published) == ("dry-oars", "2026-05-04T10:00:00+08:00")


def test_structured_data_of_other_articles_is_not_this_article_s() -> None:
    mentions = {"@type": "WebPage", "citation": {"@type": "Article", "datePublished": "1999-01-01T00:00:00Z"}}
    assert page("dry-oars", linked(mentions)).article.published is None


def test_structured_data_is_looked_at_in_bounded_time() -> None:
    wide = [{"@graph": [{"@type": "Article"}] * 100}] * 100
    assert 0 < sum(1 for _ in linked_articles(wide)) <= 2_000


instants = st.integers(1_420_000_000, 2_050_000_000).map(lambda at: dt.datetime.fromtimestamp(at, dt.UTC))
FORMS: dict[str, Any] = {
    "seconds and Z": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "thousandths and Z": lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "+08:00": lambda at: at.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat(),
    "milliseconds": lambda at: int(at.timestamp()) * 1000,
    "milliseconds as text": lambda at: str(int(at.timestamp()) * 1000),
    "seconds": lambda at: int(at.timestamp()),
    "seconds as text": lambda at: str(int(at.timestamp())),
}


@settings(max_examples=40)
@given(instants)
@pytest.mark.parametrize("form", FORMS)
def test_a_time_reads_the_same_in_every_form(form: str, at: dt.datetime) -> None:
    post = {
        "slug": "dry-oars",
        "title": "Dry oars",
        "publishTime": FORMS[form](at),
        "updatedAt": FORMS[form](at),
    }
    values = normalise_article(page("dry-oars", post=post).article, Context(OKX, "en"))
    assert (values.columns["published_at"], values.columns["updated_at"]) == (at, at)
    assert values.columns["published_on"] == (at + dt.timedelta(hours=8)).date()


@pytest.mark.parametrize(
    "stated", [SKELETON, json.dumps(SKELETON), {"nodeType": "document", "content": SKELETON}]
)
def test_the_markup_gives_the_body_where_the_state_holds_no_text(stated: object) -> None:
    post = {
        "slug": "dry-oars",
        "title": "Dry oars",
        "richTextContent": stated,
        "publishTime": 1_700_000_000_000,
    }
    whole = page("dry-oars", post=post)
    article = whole.article
    # The body's own container gives it, and no fallback.
    assert whole.outcomes["body/rich_text"] == 1 and "body/article" not in whole.outcomes
    assert (article.body_text or "").split() == ["Oars", "Keep", "them", "dry."]
    assert (article.body_markdown or "").startswith("## Oars\n")
    bare = page("dry-oars", post=post, body="")
    assert bare.article.body_text is None
    assert bare.outcomes["body/missing"] == 1


WORDS = st.sampled_from("階梯的燈塔 човна سلم القارب βάρκα เรือ 2026".split())


@settings(max_examples=40)
@given(st.integers(105, 200), st.lists(WORDS, min_size=70, max_size=120).map(" ".join))
def test_long_slugs_and_titles_are_kept_whole(length: int, title: str) -> None:
    slug = f"{'oar-' * 50}"[: length - 1] + "s"
    post = {"slug": slug, "title": title, "publishTime": 1_700_000_000_000}
    columns = normalise_article(page(slug, post=post, title=title).article, Context(OKX, "en")).columns
    assert columns["article_id"] == slug
    assert columns["url"] == f"{SITE}/help/{slug}"
    assert columns["title"] == title


@pytest.mark.parametrize("length", [105, 200])
def test_a_long_slug_and_title_come_back_from_the_archive(length: int, tmp_path: Path) -> None:
    slug, title = "o" * length, "階梯的燈塔" * 50
    file = tmp_path / "page.html"
    post = {"slug": slug, "title": title, "publishTime": "1700000000"}
    file.write_text(page_text(post=post, title=title), encoding="utf-8")
    at = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
    import_page(
        str(tmp_path / "a"), file, form="html", url=f"{SITE}/help/{slug}", locale="en", captured_at=at
    )
    row = Archive(tmp_path / "a").load().iloc[0]
    assert (row["article_id"], row["title"], row["published_on"].date()) == (
        slug,
        title,
        dt.date(2023, 11, 15),
    )
