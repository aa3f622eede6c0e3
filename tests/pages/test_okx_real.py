"""The real saved pages give what a reader sees in them (read by eye once; skipped where the data is absent)."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.platforms.okx import ArticlePage, HomePage, ListingPage, SearchPage
from helpscraper.sites import get_site

SITE = "https://www.okx.com"
LISTING = f"{SITE}/help/section/announcements-latest-announcements/page/2"
INIT = "okx-to-list-perpetual-futures-for-init-crypto"


def read(shared: Path, name: str) -> bytes:
    return (shared / "okx" / name).read_bytes()


@pytest.fixture
def listing(shared: Path) -> ListingPage:
    return ListingPage(LISTING, read(shared, "section_latest_announcements_page2_2025-04.html"))


def test_listing_rows(listing: ListingPage) -> None:
    rows = listing.articles
    assert len(rows) == 15
    first, seventh, last = rows[0], rows[6], rows[-1]
    assert first.title == "OKX to adjust tick size of spot, margin, and perpetual futures"
    assert first.source_id == "1Tmei6fwq7g1twlNst2eAd"
    assert (first.published, first.updated) == ("2025-04-17T19:13+08:00", "2025-04-21T06:16:40.504Z")
    assert first.published_text == "Published on Apr 17, 2025"
    assert first.url == f"{SITE}/help/{first.key}"
    # Midnight at +08:00 is the day before in UTC: the page shows the site's own date.
    assert (seventh.published, seventh.published_text) == (
        "2025-04-12T00:10+08:00",
        "Published on Apr 12, 2025",
    )
    assert last.key == "okx-wallet-to-launch-cryptopedia-season-32"
    for row in rows:
        assert row.listed_in == ("announcements-latest-announcements",)
        assert (row.section, row.category, row.category_title) == (None, "announcements", "Announcements")
        assert row.view_count_text is row.reading_text is row.snippet is row.updated_text is None
        assert row.title == " ".join((row.title or "").split())


def test_listing_as_a_whole(listing: ListingPage) -> None:
    assert (listing.page, listing.pages, listing.page_size, listing.total) == (2, 143, 15, 2131)
    assert listing.next_url == f"{SITE}/help/section/announcements-latest-announcements/page/3"
    assert [section.slug.removeprefix("announcements-") for section in listing.sections] == [
        *("latest-announcements", "new-listings", "delistings", "trading-updates"),
        *("deposit-withdrawal-suspension-resumption", "p2p-trading", "web3", "earn", "jumpstart", "api"),
        *("okb-buy-back-burn", "others"),
    ]
    assert [section.content_type for section in listing.sections] == ["tag"] + ["section"] * 11
    assert (listing.section, listing.section_title) == (
        "announcements-latest-announcements",
        "Latest announcements",
    )
    assert (listing.region.sub_site, listing.region.market, listing.region.ip_region) == (
        "OKX_GLOBAL",
        "global",
        "RU",
    )
    assert not listing.is_empty


@pytest.mark.parametrize("broken", ["state", "testids", "classes", "state and classes"])
def test_listing_rows_survive_what_the_site_has_already_changed(shared: Path, broken: str) -> None:
    whole = ListingPage(LISTING, read(shared, "section_latest_announcements_page2_2025-04.html")).articles
    text = read(shared, "section_latest_announcements_page2_2025-04.html").decode()
    if "state" in broken:
        text = text.replace('id="appState"', 'id="appStore"').replace("appContext", "elsewhere")
        text = text.replace("__app_data_for_ssr__", "__data__")
    if "classes" in broken:
        text = re.sub(r"index_(\w+)__[\w+-]{5}", r"c\1", text).replace("help-load-more-desc", "more")
    if "testids" in broken:
        text = text.replace(' data-testid="DateDisplay"', "").replace(' data-testid="RowWithDivider"', "")
    rows = ListingPage(LISTING, text).articles
    assert [(row.key, row.title, row.published_text) for row in rows] == [
        (row.key, row.title, row.published_text) for row in whole
    ]
    assert ("state" in broken) == (rows[0].published is None)


def test_listing_of_2026_by_its_state(shared: Path) -> None:
    page = ListingPage(
        f"{SITE}/help/section/announcements-new-listings", read(shared, "section_list_schema_2026-06.html")
    )
    row = page.articles[0]
    assert (row.title, row.published, row.updated) == (
        "OKX will launch RE/USD for spot trading",
        1781748000000,
        1781748010000,
    )
    assert (row.section, row.category, row.source_id) == ("announcements-new-listings", "announcements", None)
    assert len(page.articles) == 2
    assert (page.total, page.pages, page.next_url) == (None, None, None)


def test_recorded_rows_of_the_listing_of_2026(shared: Path) -> None:
    """Slugs are longer than before, and an update may be stated for a time before the publication."""
    recorded = json.loads(read(shared, "okx_e3_rows_latest-events_2026.json"))["rows"]
    times = [tuple(map(dt.datetime.fromisoformat, row[1:])) for row in recorded]
    stated = [
        {"id": slug, "slug": slug, "title": slug, "sectionSlug": "latest-events", "categorySlug": "announcements"}
        | {"publishTime": int(published.timestamp()) * 1000, "updatedAt": int(updated.timestamp()) * 1000}
        for (slug, _, _), (published, updated) in zip(recorded, times, strict=True)
    ]  # fmt: skip
    articles = {"list": stated, "total": 51, "pageNum": 1, "pageSize": 15}
    state = {"appContext": {"initialProps": {"sectionData": {"articleList": articles}}}}
    html = f'<html lang="zh-Hans"><script id="appState">{json.dumps(state)}</script></html>'
    page = ListingPage(f"{SITE}/zh-hans/help/section/latest-events", html)
    rows = [normalise_article(row, Context(get_site("okx"), "zh-hans")).columns for row in page.articles]
    assert [(row["article_id"], row["url"]) for row in rows] == [
        (slug, f"{SITE}/zh-hans/help/{slug}") for slug, _, _ in recorded
    ]
    assert max(len(row["article_id"]) for row in rows) >= 105
    assert [(row["published_at"], row["updated_at"]) for row in rows] == times
    assert any(updated < published for published, updated in times)
    assert {(row["section"], row["category"], row["source_id"]) for row in rows} == {
        ("latest-events", "announcements", None)
    }
    assert (page.total, page.pages, page.page_size) == (51, 4, 15)
    with pytest.raises(ExtractionError, match="the answer is page 1 of the list, not 4"):
        ListingPage(f"{SITE}/zh-hans/help/section/latest-events/page/4", html).check_answers(4)


def test_listing_item_of_2026_without_testid(shared: Path) -> None:
    page = ListingPage(
        f"{SITE}/en-us/help/section/announcements-new-listings", read(shared, "listing_item_2026-02.html")
    )
    (row,) = page.articles
    assert row.url == f"{SITE}/en-us/help/okx-to-list-abc-for-spot-trading"
    assert (row.title, row.published_text) == (
        "OKX to list ABC for spot trading",
        "Published on Feb 12, 2026",
    )


def test_article_of_2025(shared: Path) -> None:
    page = ArticlePage(f"{SITE}/help/{INIT}", read(shared, "article_init_perpetual_2025-04.html"))
    article = page.article
    assert article.title == "OKX to list perpetual futures for INIT crypto"
    assert (article.section, article.section_title) == ("announcements-new-listings", "New listings")
    assert (article.category, article.category_title) == ("announcements", "Announcements")
    assert (article.published, article.updated) == ("2025-04-24T14:00+08:00", "2025-04-25T08:40:07.171Z")
    assert (article.published_text, article.reading_text) == ("Published on Apr 24, 2025", "2 min read")
    assert article.view_count_text is article.updated_text is None
    text, markdown, html = article.body_text or "", article.body_markdown or "", article.body_html or ""
    assert text.startswith("We are pleased to announce that USDT-margined")
    assert text.endswith("OKX team\nApril 24, 2025")
    assert "\nTick size\t0.0001\n" in text
    assert "\n- Official X: https://x.com/initia\n" in text
    assert "\n| Tick size | 0.0001 |\n" in markdown
    assert (
        "[product documentation](https://www.okx.com/help/iv-introduction-to-perpetual-swap-funding-fee)"
        in markdown
    )
    for form in (text, markdown, html):
        assert ">>>" not in form
        assert "&gt;&gt;" not in form
        assert "Share" not in form
    assert len(page.alternates) == 40
    assert page.alternates["zh-Hans"] == f"{SITE}/zh-hans/help/{INIT}"
    assert page.canonical == f"{SITE}/help/{INIT}"


def test_article_body_from_the_state_alone_has_the_same_words(shared: Path) -> None:
    text = read(shared, "article_init_perpetual_2025-04.html").decode()
    whole = ArticlePage(f"{SITE}/help/{INIT}", text).article.body_text or ""
    start, end = text.index("<article"), text.index("</article>")
    article = ArticlePage(f"{SITE}/help/{INIT}", text[:start] + "<main>" + text[end:]).article
    assert (article.body_text or "").split() == whole.split()


@pytest.mark.parametrize(
    ("locale", "name", "slug", "has_footer"),
    [
        (
            "",
            "article_2026-10_help_okx-to-delist-aeon-usd.html",
            "okx-to-delist-aeon-usd-spot-trading-pair",
            True,
        ),
        (
            "",
            "article_2026-10_help_okx-to-delist-dora-icx-storj-zeus-and-elf.html",
            "okx-to-delist-dora-icx-storj-zeus-and-elf-spot-trading-pairs",
            True,
        ),
        (
            "/en-us",
            "article_2026-10_en-us_help_okx-to-delist-selected-usd.html",
            "okx-to-delist-selected-usd-spot-trading-pairs",
            False,
        ),
    ],
)
def test_articles_of_2026(shared: Path, locale: str, name: str, slug: str, has_footer: bool) -> None:
    html = read(shared, name)
    state = json.loads(re.search(rb'type="application/json">(.*?)</script>', html)[1])  # type: ignore[index]
    slug = state["appContext"]["serverSideProps"]["currentPost"]["slug"] or slug
    article = ArticlePage(f"{SITE}{locale}/help/{slug}", html).article
    assert article.url == f"{SITE}{locale}/help/{slug}"
    assert article.section == "announcements-delistings"
    assert (article.reading_text or "").endswith("min read")
    assert (article.published_text or "").startswith("Published on Sep ")
    assert (b"Follow us on X" in html) == has_footer
    assert "Follow us" not in (article.body_text or "")
    assert "machine translation" not in (article.body_text or "")
    if "selected-usd" in slug:
        assert "ACT/USD, STETH/USD and ZEUS/USD" in (article.body_text or "")


@pytest.mark.parametrize("name", ["article_sample.html", "search_cards_sample.html"])
@pytest.mark.parametrize("page_class", [ArticlePage, ListingPage, SearchPage, HomePage])
def test_another_platform_is_no_page_of_this_site(
    shared: Path, name: str, page_class: type[ListingPage]
) -> None:
    fields = {ArticlePage: "article", ListingPage: "articles", SearchPage: "articles", HomePage: "categories"}
    url = (
        f"{SITE}/help/backstory-mcp"
        if page_class is ArticlePage
        else f"{SITE}/help/section/announcements-api"
    )
    with pytest.raises(ExtractionError) as caught:
        getattr(page_class(url, (shared / "platforms" / name).read_bytes()), fields[page_class])
    assert caught.value.url == url


def test_a_picture_in_a_button_is_in_the_body(shared: Path) -> None:
    url = f"{SITE}/zh-hans/help/x-basic-order-types"
    html = read(shared, "okx_article_with_images_2026-07.html").decode()
    shown = ArticlePage(url, html, slug=ArticlePage(url, html).slug).article.body_markdown or ""
    assert re.findall(r"!\[(.*?)\]\((.*?)\)", shown) == [
        (
            "basic-order-type-cn-1",
            f"{SITE}/cdn/assets/plugins/announcements/contentful/tofttmniq0qv/3DydgPIMCdljlfiYVLWV21/"
            "6ba175318a68f1c39edccabc4882eadf/basic-order-type-cn-1.png",
        )
    ]
