"""Bybit's pages without a crawl; ``tests/e2e/test_bybit.py`` crawls them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.platforms.bybit import addresses
from helpscraper.platforms.bybit.platform import Bybit
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings
from helpscraper.sites import get_site
from helpscraper.urls import is_key

HELP = "https://www.bybit.com/en/help-center"
CONTEXT = Context(get_site("bybit"), "en")
KEY = "f.a.q-.on-lamps"
ROW: dict[str, Any] = {"code": "000000077", "title": "Lamps", "url": "FAQ-on-Lamps"}
CARE: dict[str, Any] = {"url": "care_at_home", "title": "Care", "children": [], "articles": [ROW]}
LAMPS: dict[str, Any] = {"url": "lamps", "title": "All lamps", "children": [CARE], "articles": []}
TOPIC: dict[str, Any] = {"categories": [LAMPS], "data": LAMPS, "locale": "en"}
TAB: dict[str, Any] = {
    "tab_title": "App",
    "tab_content": "<p>Trim the <b>wick</b>.",
    "last_updated": "2026-02-03 04:05:06",
}
ARTICLE: dict[str, Any] = {
    "categories": [LAMPS], "locale": "en",
    "article": {"articleNumber": "000000077", "articleUrl": "FAQ-on-Lamps", "title": " Lamps ", "tabs": [TAB]},
    "breadcrumbItems": [
        {"url": "/en/help-center/topic-list/lamps", "title": "All lamps"}, {"url": None, "title": "Care"},
    ],
}  # fmt: skip


def read(state: dict[str, Any], asked: Address) -> Findings:
    script = json.dumps({"props": {"pageProps": state}})
    return page(
        f'<title>Help</title><script id="__NEXT_DATA__" type="application/json">{script}</script>', asked
    )


def page(html: str, asked: Address) -> Findings:
    return Bybit().read(asked, HELP, Payload(html.encode(), "text/html; charset=utf-8"), CONTEXT)


def topic(state: dict[str, Any]) -> Findings:
    return read(state, Address("list", "en", "lamps"))


def article(**members: Any) -> Findings:
    return read(ARTICLE | {"article": ARTICLE["article"] | members}, Address("article", "en", KEY))


@given(st.from_regex(r"\A[A-Za-z0-9_-]{1,60}\Z"))
def test_the_key_of_a_name_gives_the_name_back(name: str) -> None:
    key = addresses.key_of(name)
    assert is_key(key)
    assert addresses.name_of(key) == name
    assert Bybit().address(CONTEXT.site, addresses.article_page(CONTEXT, key)) == Address(
        "article", "en", key
    )


def test_a_page_names_topics_and_a_topic_its_articles() -> None:
    (section,) = read(TOPIC, Address("home", "en")).sections
    assert (section.key, section.title, section.content_type) == ("lamps", "All lamps", "tag")
    (raw,) = topic(TOPIC).articles
    columns = normalise_article(raw, CONTEXT).columns
    assert (raw.key, raw.url, raw.source_id) == (KEY, f"{HELP}/article/FAQ-on-Lamps", "000000077")
    assert (columns["section"], columns["category"], columns["title"]) == ("care_at_home", "lamps", "Lamps")
    # A name that no address can have is no topic; the crawl names it.
    assert Bybit().list_link(CONTEXT, "../lamps") is None


def test_an_article_has_tabs_a_date_and_a_place() -> None:
    tabs = [
        TAB,
        {"tab_title": "Web & more", "tab_content": "<p>Fill it.", "last_updated": "2026-02-05 01:00:00"},
    ]
    (raw,) = article(tabs=tabs).articles
    columns = normalise_article(raw, CONTEXT).columns
    assert raw.body_markdown == "## App\n\nTrim the **wick**.\n\n## Web & more\n\nFill it."
    assert (str(columns["updated_on"]), columns.get("updated_at")) == ("2026-02-05", None)
    assert (columns["category"], columns["section"], columns["section_title"]) == (
        "lamps",
        "care_at_home",
        "Care",
    )
    assert article(tabs=[TAB | {"tab_content": " "}]).articles[0].body_text is None


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<title>Help</title><p>Welcome", "state: the page has no state ('Help')"),
        ("<script id=__NEXT_DATA__>{</script>", "state: "),
        ("<script id=__NEXT_DATA__>[]</script>", "state.props: NoneType where an object was recorded"),
        ("<title>Just a moment...</title><div id=challenge-form></div>", "challenge"),
    ],
)  # fmt: skip
def test_a_page_without_a_state_is_named(html: str, said: str) -> None:
    with pytest.raises(ExtractionError) as caught:
        page(html, Address("list", "en", "lamps"))
    assert said in str(caught.value)


def test_a_wide_tree_of_topics_costs_time_by_its_size() -> None:
    def seconds(width: int) -> float:
        wide = LAMPS | {"children": [{"title": "Other"}] * width}
        before = time.process_time()
        (raw,) = read(ARTICLE | {"categories": [wide]}, Address("article", "en", KEY)).articles
        assert (raw.section, raw.section_title) == (None, "Care")
        return time.process_time() - before

    assert min(seconds(32_000) for _ in range(2)) < 20 * min(seconds(4_000) for _ in range(2))


def test_a_page_about_something_else_is_named() -> None:
    with pytest.raises(ExtractionError, match=r"data\.url: 'candles', where lamps"):
        topic(TOPIC | {"data": LAMPS | {"url": "candles"}})
    with pytest.raises(ExtractionError, match=r"article\.articleUrl: 'Candles'"):
        article(articleUrl="Candles")
    with pytest.raises(AnotherEditionError, match="ja"):
        topic(TOPIC | {"locale": "ja-JP"})
    found = topic(TOPIC | {"data": LAMPS | {"articles": [ROW, {"url": 5}]}})
    assert (len(found.articles), found.holes) == (2, ["articles.url: int where text was recorded"])


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just([{}])
)


@settings(max_examples=60)
@given(st.sampled_from(sorted({*ARTICLE, *ARTICLE["article"], *TAB, *CARE, *ROW, "data"})), ODD)
def test_a_state_of_any_shape_is_read_or_named(name: str, value: Any) -> None:
    def changed(data: Any) -> Any:
        if isinstance(data, list):
            return [changed(each) for each in data]
        return (
            {key: value if key == name else changed(each) for key, each in data.items()}
            if isinstance(data, dict)
            else data
        )

    for state, asked in (
        (TOPIC, Address("home", "en")),
        (TOPIC, Address("list", "en", "lamps")),
        (ARTICLE, Address("article", "en", KEY)),
    ):
        try:
            found = read(changed(state), asked)
        except ExtractionError as error:
            assert error.url == HELP
            continue
        for raw in found.articles:
            normalise_article(raw, CONTEXT)


def test_recorded_pages_read_as_readers_saw_them(shared: Path) -> None:
    folder, context = shared / "platforms" / "exchanges", Context(get_site("bybit"), "zh-my")

    def recorded(name: str, asked: Address) -> Findings:
        data = (folder / f"bybit_help_{name}_2026-07.html").read_bytes()
        return Bybit().read(asked, HELP, Payload(data, "text/html; charset=utf-8"), context)

    listed = recorded("topic", Address("list", "zh-my", "unified-trading-account")).articles
    assert len(listed) == 9
    assert listed[-1].url.endswith("/zh-MY/help-center/article/Margin-Calculations-Under-Portfolio-Margin")
    assert {raw.section for raw in listed} == {
        "bybit_unified_trading_account",
        "margin_modes_and_calculations",
    }
    key = "introduction-.to-bybit-unified-trading-account"
    (raw,) = recorded("article", Address("article", "zh-my", key)).articles
    columns = normalise_article(raw, context).columns
    assert (columns["title"], columns["language"], str(columns["updated_on"])) == (
        "Bybit 统一交易账户简介",
        "zh-MY",
        "2026-01-23",
    )
    assert (raw.body_text or "").startswith("什么是统一交易账户 （UTA）？\nBybit 统一交易账户 （UTA） 将…")
    assert (raw.category, raw.section_title) == ("unified-trading-account", "统一交易账户概览")
