"""The page objects read from the sample help centre what its truth says, in every layout."""

from __future__ import annotations

from typing import Any

import pytest

from helpscraper.normalise.article import Context, normalise_article
from helpscraper.platforms.okx import ArticlePage, ListingPage
from helpscraper.sample import ExpectedArticle, Options, truth, visible
from helpscraper.sample.locales import PHRASED
from helpscraper.sample.render import SampleSite
from tests.okx import OKX

BASE = "http://127.0.0.1:8000"
FIELDS = (
    "title", "category", "section", "category_title", "section_title", "published_at", "updated_at",
    "published_on", "updated_on", "view_count", "reading_minutes", "source_id",
)  # fmt: skip


def shown(record: ExpectedArticle) -> dict[str, Any]:
    return {field: getattr(record, field) for field in FIELDS} | {"title": record.title.strip()}


CASES = [("e2", locale) for locale in PHRASED] + [
    (layout, locale) for layout in ("e3", "e3-bare", "markup", "markup-a") for locale in ("en", "ar")
]


@pytest.mark.parametrize(("layout", "locale"), CASES)
def test_pages_hold_the_truth(layout: str, locale: str) -> None:
    options = Options(layout=layout)  # type: ignore[arg-type]  # the literals above
    site = SampleSite(options, state=1, base_url=BASE)
    prefix = "" if locale == "en" else f"/{locale}"
    context = Context(OKX, locale, BASE)
    records = {record.slug: record for record in visible(truth(1, locale, options), layout)}

    listed: dict[str, set[str]] = {slug: set() for slug in records}
    for category in ("announcements", "faq", "product-documentation"):
        path = f"{prefix}/help/category/{category}"
        for section in ListingPage(BASE + path, site.page(path).text).sections:
            url: str | None = f"{BASE}{prefix}/help/section/{section.slug}"
            while url:
                page = ListingPage(url, site.page(url.removeprefix(BASE)).text)
                for raw in page.articles:
                    listed[raw.key].add(section.slug)
                url = page.next_url
    assert {slug: tuple(sorted(found)) for slug, found in listed.items()} == {
        slug: record.listed_in for slug, record in records.items()
    }

    for slug, record in records.items():
        path = f"{prefix}/help/{slug}"
        raw = ArticlePage(BASE + path, site.page(path).text).article
        values = normalise_article(raw, context)
        assert {field: values.columns.get(field) for field in FIELDS} == shown(record)
        assert values.body is not None
        assert values.body.text == record.body_text
