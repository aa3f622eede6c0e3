"""Every page of the sample help centre, in every layout, gives what the sample knows to be true."""

from __future__ import annotations

from typing import get_args

import pytest

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import ArticlePage, HomePage, ListingPage, SearchPage, page_kind
from helpscraper.sample.locales import locale_format
from helpscraper.sample.model import Layout, Options
from helpscraper.sample.render import SampleSite
from helpscraper.sample.truth import ExpectedArticle, truth
from tests.hostile import HOSTILE

BASE = "http://127.0.0.1"
LAYOUTS = [layout for layout in get_args(Layout) if layout.startswith(("e2", "e3", "markup"))]
"""The layouts of OKX; the others are other platforms'."""


def crawl(site: SampleSite, prefix: str = "") -> dict[str, list[ListingPage]]:
    """Every listing page of the sample by section, found as a crawl finds them: home, categories, sections, next."""
    found: dict[str, list[ListingPage]] = {}
    home = HomePage(f"{BASE}{prefix}/help", site.page(f"{prefix}/help").text)
    for category in home.categories:
        first = ListingPage(category.url, site.page(category.url.removeprefix(BASE)).text)
        assert first.articles
        for section in first.sections:
            url: str | None = section.url
            pages = found.setdefault(section.slug, [])
            while url is not None:
                assert len(pages) < 30
                page = ListingPage(url, site.page(url.removeprefix(BASE)).text)
                assert page.page == len(pages) + 1
                pages.append(page)
                url = page.next_url
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("locale", ["en", "fr", "ar"])
def test_listings(layout: Layout, locale: str) -> None:
    options = Options(layout=layout)
    records = truth(0, locale, options)
    known = {record.slug: record for record in records}
    found = crawl(SampleSite(options), "" if locale == "en" else f"/{locale}")
    listed: dict[str, set[str]] = {}
    for section, pages in found.items():
        expected = [record.slug for record in records if section in record.listed_in]
        rows = [row for page in pages for row in page.articles]
        assert [row.key for row in rows] == expected, section
        assert {page.pages for page in pages} == {len(pages)}
        assert {page.total for page in pages} == {len(expected)}
        for row in rows:
            record = known[row.key]
            listed.setdefault(row.key, set()).update(row.listed_in)
            assert row.title == " ".join(record.title.split())
            assert row.category == record.category
            assert row.section in (record.section, None)
            assert row.view_count_text == shown_count(record, locale)
            assert row.published_text == published(record, locale)
            assert bool(row.published) == (layout in ("e2", "e3", "e3-bare"))
            assert row.snippet is None
    assert {slug: tuple(sorted(sections)) for slug, sections in listed.items()} == {
        record.slug: tuple(sorted(record.listed_in)) for record in records
    }


def shown_count(record: ExpectedArticle, locale: str) -> str | None:
    """As shown, but for the kind of its spaces (a no-break space in French), which a page object makes plain."""
    return (
        None
        if record.view_count is None
        else " ".join(locale_format(locale).count(record.view_count).split())
    )


def published(record: ExpectedArticle, locale: str) -> str:
    assert record.published_at is not None
    return locale_format(locale).published_line(record.published_at)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_articles(layout: Layout) -> None:
    options = Options(layout=layout)
    site = SampleSite(options)
    for record in truth(0, "en", options):
        url = f"{BASE}/help/{record.slug}"
        html = site.page(f"/help/{record.slug}").text
        assert page_kind(url, html) == "article"
        article = ArticlePage(url, html).article
        assert article.title == " ".join(record.title.split())
        assert (article.key, article.url) == (record.slug, url)
        assert (article.section, article.category) == (record.section, record.category)
        assert article.published_text == published(record, "en")
        assert article.view_count_text == shown_count(record, "en")
        assert article.reading_text == locale_format("en").reading_line(record.reading_minutes)
        assert article.body_text == record.body_text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_search(layout: Layout) -> None:
    site = SampleSite(Options(layout=layout))
    known = {record.slug: record for record in truth(0, "en", site.options)}
    target = "/help/search?category=all&term=account"
    hits = SearchPage(BASE + target, site.page(target).text).articles
    assert hits
    for hit in hits:
        record = known[hit.key]
        assert hit.title == " ".join(record.title.split())
        assert hit.view_count_text == shown_count(record, "en")
        assert hit.published_text == published(record, "en")
        assert hit.category_title
        assert hit.snippet
    nothing = "/help/search?category=all&term=xyzzyqq"
    assert SearchPage(BASE + nothing, site.page(nothing).text).is_empty


@pytest.mark.parametrize("layout", LAYOUTS)
def test_missing_and_empty(layout: Layout) -> None:
    site = SampleSite(Options(layout=layout, past_end="empty"))
    target = "/help/no-such-article"
    with pytest.raises(ExtractionError):
        _ = ArticlePage(BASE + target, site.page(target).text).article
    section = "/help/section/faq-security"
    with pytest.raises(ExtractionError):
        _ = ListingPage(BASE + section, site.page(section, empty=True).text).is_empty
    if layout in ("e3", "e3-bare"):
        # This state lists nothing and states no total: only the run's health checks can doubt it.
        silent = SampleSite(Options(layout=layout, totals=False)).page(section, empty=True)
        assert ListingPage(BASE + section, silent.text).is_empty


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hostile_edition(layout: Layout) -> None:
    options = Options(layout=layout, hostile=HOSTILE)
    site = SampleSite(options)
    known = {record.slug: record for record in truth(0, "en", options)}
    for pages in crawl(site).values():
        for row in (row for page in pages for row in page.articles):
            assert row.title == " ".join(known[row.key].title.split())
