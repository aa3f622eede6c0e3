"""An Intercom help centre, read by its pages of both generations, without a crawl."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings, Scope
from helpscraper.platforms.intercom.addresses import address_of
from helpscraper.platforms.intercom.platform import Intercom
from helpscraper.sample import SampleServer
from helpscraper.sites import Site
from tests.walk import walk

BASE = "https://help.acme.example"
EN = Context(Site(name="acme", platform="intercom", base_url=BASE), "en")
ARTICLE, COLLECTION, HOME = Address("article", "en", "77"), Address("list", "en", "5"), Address("home", "en")
URLS = {
    "article": f"{BASE}/en/articles/77-oil",
    "list": f"{BASE}/en/collections/5-care",
    "home": f"{BASE}/en",
}
PAGES = {"article": "articles/[articleSlug]", "list": "collections/[collectionSlug]", "home": "landing"}
BODY = (
    "<div class='article intercom-force-break'><header>Oil</header><p>Lamps</p>Updated over a week ago"
    "<div class=article_body><article><h1>Why</h1><p>Trim the <b>wi</b>ck.</p>"
    "<section class='jsx-1 related_articles'>Related <a href='/en/articles/9-x'>Wax</a></section>"
    "</article></div></div>"
)
CARE: dict[str, Any] = {
    "name": "Care",
    "articleSummaries": [
        {"id": 1, "title": "Oil", "description": "Lamps", "url": f"{BASE}/en/articles/77-oil"}
    ],
    "subcollections": [
        {
            "name": "Wicks",
            "url": f"{BASE}/en/collections/6-wicks",
            "articleSummaries": [{"title": "Trim", "url": "/en/articles/78-trim"}],
        }
    ],
}


def page(html: str, asked: Address, context: Context = EN, state: Any = None) -> Findings:
    if state is not None:
        data = {
            "page": f"/[helpCenterIdentifier]/[locale]/{PAGES[asked.kind]}",
            "props": {"pageProps": state},
        }
        html += f"<script id=__NEXT_DATA__ type='application/json'>{json.dumps(data)}</script>"
    return Intercom().read(
        asked, URLS[asked.kind], Payload(html.encode(), "text/html; charset=utf-8"), context
    )


def only(found: Findings) -> RawArticle:
    (raw,) = found.articles
    return raw


@pytest.mark.parametrize("state", [{"articleContent": {"lastUpdatedISO": "2026-02-03T04:05:06.000Z"}}, None])
def test_an_article_is_read_without_what_stands_around_it(state: Any) -> None:
    crumbs = (
        "<div><a href='/en/'>All</a><a href='/en/collections/5-care'>Care</a>"
        "<a href='/en/collections/6-wicks'>Wicks</a>Oil</div>"
    )
    menu = "<header><div><a href=/en>Acme</a><a href=/en/collections/9-news>News</a></div></header>"
    raw = only(page(f"<html lang=en>{menu}{crumbs}{BODY}", ARTICLE, state=state))
    assert (raw.title, raw.body_text) == ("Oil", "Why\nTrim the wick.")
    assert (raw.category, raw.category_title) == ("5", "Care")
    assert (raw.section, raw.section_title) == ("6", "Wicks")
    columns = normalise_article(raw, EN).columns
    # A relative date says nothing: only the state's own instant is read.
    assert str(columns["updated_at"]) == ("2026-02-03 04:05:06+00:00" if state else "None")
    assert columns["published_at"] is None and columns["url"] == f"{BASE}/en/articles/77"


def test_a_collection_lists_its_articles_and_those_of_the_collections_inside() -> None:
    found = page("<html lang=en>", COLLECTION, state={"collection": CARE})
    rows = [(raw.key, raw.title, raw.section, raw.section_title, raw.snippet) for raw in found.articles]
    assert rows == [("77", "Oil", "5", "Care", "Lamps"), ("78", "Trim", "6", "Wicks", None)]
    assert [(section.key, section.title) for section in found.sections] == [("6", "Wicks")]
    assert found.holes == []
    odd = page(
        "<html lang=en>", COLLECTION, state={"collection": CARE | {"articleSummaries": [{"title": "Oil"}]}}
    )
    assert odd.holes == ["articleSummaries[0] states no address of this edition"]


def test_an_older_collection_is_read_by_its_links() -> None:
    html = (
        "<html lang=en><div class=breadcrumb><a href=/en>All</a><a href=/en/collections/4-top>Top</a></div>"
        "<div class=collection__meta><h1>Care</h1></div>"
        "<a class='paper' href='/en/articles/77-oil'><h2 class=t__h3><span>O</span><b>il</b></h2>"
        "<span class=paper__preview>Lamps</span></a>"
        "<a href='/en/collections/6-wicks'><h2 class=t__h3>Wicks</h2>9 articles</a>"
        "<a href='/fr/articles/78-x'>Other</a><a href='https://elsewhere.example/en/articles/79-x'>Other</a>"
        "<footer><a href='/en/articles/80-x'>Other</a></footer>"
    )
    found = page(html, COLLECTION)
    raw = only(found)
    assert (raw.key, raw.title, raw.snippet, raw.section, raw.section_title) == (
        "77", "Oil", "Lamps", "5", "Care",
    )  # fmt: skip
    assert [(section.key, section.title) for section in found.sections] == [("6", "Wicks")]


def test_a_home_page_names_collections_by_its_cards_or_in_its_state() -> None:
    card = "<a href=/en/collections/5-care><h2 class=t__h3>Care</h2></a>"
    state = {"home": {"collections": [{"name": "Care", "url": f"{BASE}/en/collections/5-care"}]}}
    for found in (page(f"<html lang=en>{card}", HOME), page("<html lang=en>", HOME, state=state)):
        assert [(section.key, section.title) for section in found.sections] == [("5", "Care")]
        assert found.missing is None
    assert "names none" in str(page("<html lang=en>", HOME).missing)


@pytest.mark.parametrize(
    ("html", "asked", "said"),
    [
        ("<form><input type=password></form>", ARTICLE, "a sign-in page"),
        (
            '<script id=__NEXT_DATA__>{"page": "/[helpCenterIdentifier]/not-authorized"}</script>',
            ARTICLE,
            "a sign-in page",
        ),
        ("<div id=__next></div><script src=/a.js></script>", ARTICLE, "a shell that needs JavaScript"),
        ("<h1>Welcome</h1>", ARTICLE, "no body of an article"),
        (f"<html lang=pt-br>{BODY}", ARTICLE, "edition pt-br"),
        (BODY.replace("header>", "b>"), ARTICLE, "no title of an article"),
        ("<h1>Oops, there is nothing here</h1>", COLLECTION, "no page of a collection"),
        ("<script id=__NEXT_DATA__>{</script>", ARTICLE, "state"),
        (
            f'{BODY}<script id=__NEXT_DATA__>{{"page": "/[helpCenterIdentifier]/not-found"}}</script>',
            ARTICLE,
            "the page says that it is",
        ),
    ],
)
def test_a_page_that_is_none_of_this_kind_is_named(html: str, asked: Address, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        page(html, asked)


def test_an_empty_collection_is_a_collection() -> None:
    assert page("<div class=collection__meta><h1>Care</h1></div>", COLLECTION).articles == []
    assert page("<html lang=en>", COLLECTION, state={"collection": {"name": "Care"}}).articles == []


ODD = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(f"{BASE}/en/articles/1-x")
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["url", "title", "name", "articleSummaries", "subcollections"]), inner
        )
    ),
    max_leaves=8,
)


@given(ODD, st.sampled_from([ARTICLE, COLLECTION, HOME]))
def test_a_state_of_any_shape_is_read_or_named(value: Any, asked: Address) -> None:
    for state in (value, {"collection": value, "articleContent": value}):
        try:
            found = page(f"<html lang=en>{BODY}", asked, state=state)
        except (ExtractionError, AnotherEditionError) as error:
            assert error.url == URLS[asked.kind]
            continue
        for raw in found.articles:
            normalise_article(raw, EN)


@pytest.mark.parametrize(
    ("nest", "inside", "asked"),
    [
        ("<article class=article>", "<h1>x</h1>", ARTICLE),
        ("<a href=/en/articles/8><div>", "<p>word</p>", COLLECTION),
        ("<div class=breadcrumb>", "<a href=/en/collections/5>x</a>", ARTICLE),
    ],
)
def test_a_deep_page_costs_no_more_than_its_size(nest: str, inside: str, asked: Address) -> None:
    began = time.process_time()
    with contextlib.suppress(ExtractionError):
        page(f"<div class=article>{nest * 900}{inside * 4000}", asked)
    assert time.process_time() - began < 3  # hundreds of seconds if each element climbs or walks for itself


def test_a_help_centre_on_the_shared_host_lies_below_its_name() -> None:
    site = Site(name="a", platform="intercom", base_url="https://intercom.help", include=["/acme/"])
    context, platform = Context(site, "pt-br"), Intercom()
    assert platform.start(context, Scope())[0].url == "https://intercom.help/acme/pt-BR/"
    url = platform.article_url(context, "77")
    assert platform.address(site, url) == Address("article", "pt-br", "77")
    for other in ("https://intercom.help/other/pt-BR/articles/77", "https://intercom.help/pt-BR/articles/77"):
        assert platform.address(site, other).kind == "other"
    sign = platform.sign(url, Payload(f"<html lang=pt-BR>{BODY}".encode(), "text/html"))
    assert sign is not None and sign.declares == {"editions": {"": "pt-br"}, "include": ["/acme/"]}


def test_one_weak_sign_is_none() -> None:
    def seen(url: str, html: str) -> str | None:
        sign = Intercom().sign(url, Payload(html.encode(), "text/html"))
        return sign.seen if sign else None

    card = "<a href=/en/collections/5-x class=intercom-force-break>Care</a>"
    link = "<a href='https://www.intercom.com/intercom-link?company=x'>We run on Intercom</a>"
    route = '<script id=__NEXT_DATA__>{"page": "/[helpCenterIdentifier]/[locale]/landing"}</script>'
    assert seen(f"{BASE}/en", card) is None
    assert seen(f"{BASE}/en", card + link) == 'the link "We run on Intercom" and its markup'
    assert seen(f"{BASE}/en", card + route) == "its page in Next.js"
    assert seen(URLS["article"], BODY) == "its markup and its address"
    assert seen(URLS["article"], "<h1>Oil</h1><article>Trim") is None
    assert seen(f"{BASE}/en", link + route) is None  # a home page without collections
    with pytest.raises(ExtractionError, match="a sign-in page"):
        seen(f"{BASE}/en", route + "<input type=password>")


@pytest.mark.parametrize("name", ["article_classic_ru", "article_next_state"])
def test_saved_articles_read_as_readers_saw_them(shared: Path, name: str) -> None:
    folder = shared / "platforms" / "intercom"
    wanted = json.loads((folder / f"{name}.expected.json").read_text("utf-8"))
    context = Context(EN.site, wanted.get("language", "en"))
    asked = Address("article", context.locale, "77")
    data = Payload((folder / f"{name}.html").read_bytes(), "text/html; charset=utf-8")
    raw = only(Intercom().read(asked, f"{BASE}/{context.locale}/articles/77-x", data, context))
    text = str(raw.body_text).replace("\n- ", "\n")  # our mark of a list's item
    assert (raw.title, text, raw.updated) == (wanted["title"], wanted["body_text"], None)
    assert raw.section_title == wanted.get("section_title")


def test_saved_cards_and_a_page_that_lost_its_body(shared: Path) -> None:
    folder = shared / "platforms"
    wanted = json.loads((folder / "intercom" / "search_cards.expected.json").read_text("utf-8"))["rows"]
    rows = page((folder / "search_cards_sample.html").read_text("utf-8"), COLLECTION).articles
    assert [{"article_id": raw.key, "title": raw.title, "snippet": raw.snippet} for raw in rows] == wanted
    # Its body and its table of contents were saved as one: no guess parts them.
    with pytest.raises(ExtractionError, match="no body of an article"):
        page((folder / "article_sample.html").read_text("utf-8"), ARTICLE)


@pytest.mark.parametrize("theme", [2020, 2026])
def test_every_article_of_the_sample_is_read(theme: int) -> None:
    with SampleServer(layout="intercom", articles=120, theme=theme) as server:
        rows, truth = walk(Intercom(), server, "en"), {record.slug: record for record in server.truth()}
    assert rows.keys() == truth.keys()
    for key, record in truth.items():
        raw = rows[key]
        assert (raw.body_text, raw.title) == (record.body_text, record.title.strip())
        assert (raw.section, raw.section_title) == (record.section, record.section_title)
        assert (raw.category, raw.category_title) == (record.category, record.category_title)


def test_numbers_are_keys_and_words_are_not() -> None:
    assert {address_of(f"{BASE}/en/articles/77{words}").key for words in ("", "-oil", "-oil-and-wax/")} == {
        "77"
    }
    for path in ("/en/articles/oil", "/en/articles/77/edit", "/articles/77-oil", "/blog/en/articles/77-oil"):
        assert address_of(BASE + path).kind == "other"
