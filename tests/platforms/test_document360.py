"""A Document360 knowledge base, read without a crawl; ``tests/e2e/test_one_list.py`` crawls it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings
from helpscraper.platforms.document360.platform import Document360
from helpscraper.sample import SampleServer
from helpscraper.sites import Site

BASE = "https://docs.example"
SITE = Site(name="acme", platform="document360", base_url=BASE)
CONTEXT = Context(SITE, "en")
OIL: dict[str, Any] = {
    "slug": "oil",
    "title": 'Oil & "wicks"',
    "articleType": 0,
    "categoryType": None,
    "children": [],
}
CARE: dict[str, Any] = {
    "slug": "care", "title": "Care", "articleType": None, "categoryType": 0, "isHidden": False, "children": [OIL],
}  # fmt: skip
HOME: dict[str, Any] = {
    "slug": "home",
    "title": "At home",
    "articleType": None,
    "categoryType": 2,
    "children": [CARE],
}
BODY = (
    "<h1 class=article-title> Oil <button>Copy</button></h1><d360-article-content>{}</d360-article-content>"
)


def html(shown: str, state: Any = None) -> bytes:
    text = json.dumps(state).replace("&", "&a;").replace('"', "&q;").replace("<", "&l;")
    script = (
        f"<script id=serverApp-state>{text}</script>" if state is not None else "<script src=/a.js></script>"
    )
    return f"<!doctype html><html lang=en>{shown}<title>Lamps</title>{script}</html>".encode()


def listed(state: Any, url: str = f"{BASE}/docs", shown: str = "<d360-header></d360-header>") -> Findings:
    return Document360().read(Address("list", "en", "pages"), url, Payload(html(shown, state)), CONTEXT)


def page(shown: str, state: Any = None, url: str = f"{BASE}/docs/oil") -> Findings:
    return Document360().read(Address("article", "en", "oil"), url, Payload(html(shown, state)), CONTEXT)


def tree(**members: Any) -> Mapping[str, Any]:
    return {"a": {"recent": [OIL], "b": [HOME | {"children": [CARE | members]}]}}


def shown(raw: RawArticle) -> tuple[str | None, ...]:
    return raw.key, raw.title, raw.category, raw.category_title, raw.section, raw.section_title


def test_the_state_of_one_page_lists_every_page() -> None:
    assert [shown(raw) for raw in listed(tree()).articles] == [
        ("care", "Care", "home", "At home", "home", "At home"),
        ("oil", 'Oil & "wicks"', "home", "At home", "care", "Care"),
    ]
    # Angular's own letters are undone once, and newer versions write plain JSON.
    twice = tree(children=[OIL | {"title": "&q; is &a;"}])
    assert listed(twice).articles[1].title == "&q; is &a;"
    plain = html("", "STATE").replace(b"&q;STATE&q;", json.dumps(tree()).encode())
    found = Document360().read(Address("list", "en", "pages"), f"{BASE}/docs", Payload(plain), CONTEXT)
    assert [raw.key for raw in found.articles] == ["care", "oil"]


def test_what_is_hidden_or_unknown_is_left_out_and_counted() -> None:
    link = {"slug": "shop", "title": "Shop", "articleType": 3, "categoryType": None}
    found = listed(tree(children=[OIL, OIL | {"slug": "b", "isHidden": True}, link]))
    assert [raw.key for raw in found.articles] == ["care", "oil"]
    assert found.left_out == [
        "1 × hidden, with all below it",
        "1 × of a kind that is not known (articleType 3)",
    ]
    assert listed({"a": [HOME | {"children": [CARE | {"isHidden": True}, OIL]}]}).articles[0].key == "oil"


def test_an_article_in_two_places_of_the_tree_is_a_row_twice() -> None:
    assert [raw.key for raw in listed(tree(children=[OIL, OIL])).articles] == ["care", "oil", "oil"]


def test_a_page_deep_in_the_tree_costs_no_more() -> None:
    def seconds(depth: int) -> float:
        nodes: list[dict[str, Any]] = [{"slug": f"a{number}", "articleType": 0} for number in range(300)]
        for number in range(depth):
            nodes = [{"slug": f"c{number}", "categoryType": 0, "children": nodes}]
        before = time.process_time()
        rows = listed({"tree": nodes}).articles
        assert (len(rows), rows[-1].category, rows[-1].section) == (300 + depth, f"c{depth - 1}", "c0")
        return time.process_time() - before

    assert min(seconds(200) for _ in range(3)) < 8 * min(seconds(2) for _ in range(3))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"children": None}, "the tree holds nothing of the category 'care'"),
        ({"children": [OIL, 7]}, "no node of the tree: 7"),
        ({"children": [OIL | {"slug": ""}]}, "no node of the tree"),
    ],
)
def test_a_part_of_the_tree_that_cannot_be_read_is_a_hole(members: dict[str, Any], said: str) -> None:
    (hole,) = listed(tree(**members)).holes
    assert said in hole


@given(
    st.sampled_from(sorted(CARE)),
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([[]]),
)
def test_a_tree_of_any_shape_is_read_or_named(name: str, value: Any) -> None:
    try:
        found = listed(tree(**{name: value}))
    except ExtractionError as error:
        assert error.url == f"{BASE}/docs"
        return
    assert found.articles


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "state: the page has no state"),
        ({"a": [1]}, "no tree"),
        ([HOME | {"children": []}], "no article"),
    ],
)
def test_a_page_without_a_tree_is_no_list(state: Any, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        listed(state)


def test_an_article_is_read_from_its_page() -> None:
    links = "<a href=/docs>Start</a><a href=/docs/home>At home</a><a href=/docs/care>Care</a>"
    crumbs = f"<div class=breadcrumb-nav>{links}</div>"
    body = (
        "<span class=non-visibility-content><a href=/docs/b>Next</a></span><article id=articleContent><h2>Trim"
        "<button>Copy link</button></h2><pre>x</pre><div class=toolbar><span>Shell</span></div></article>"
    )
    (raw,) = page(crumbs + BODY.format(body)).articles
    assert shown(raw) == ("oil", "Oil", "home", "At home", "care", "Care")
    assert (raw.body_text, raw.body_html) == ("Trim\nx", "<h2>Trim</h2><pre>x</pre>")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (BODY.format(""), "challenge: a shell that needs JavaScript"),
        (BODY.format("<article id=articleContent> </article>"), "a shell that needs JavaScript"),
        ("<p>Hello", "body: no article on the page"),
        ("<title>Just a moment...</title>", "a block or challenge page"),
        ("<form><input type=password></form>", "a sign-in page"),
    ],
)
def test_what_is_no_article_is_named(shown: str, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        page(shown)


def test_a_body_of_a_picture_alone_is_read() -> None:
    (raw,) = page(BODY.format("<article id=articleContent><img src=/a.png></article>")).articles
    assert raw.body_markdown == f"![]({BASE}/a.png)"


def test_a_category_may_have_no_text_of_its_own() -> None:
    asked, url = Address("article", "en", "care"), f"{BASE}/docs/care"
    found = Document360().read(asked, url, Payload(html("<h1>Care</h1>", tree())), CONTEXT)
    assert (found.articles, found.no_article) == ([], "a category without a text of its own")
    with pytest.raises(ExtractionError, match="no article on the page"):
        page("<h1>Oil</h1>", tree())


@pytest.mark.parametrize(
    ("url", "kind", "locale", "key"),
    [
        ("/docs", "list", "en", "pages"), ("/docs/oil", "article", "en", "oil"),
        ("/docs/to-do", "article", "en", "to-do"), ("/docs/de", "list", "de", "pages"),
        ("/docs/de/oil", "article", "de", "oil"), ("/blog/oil", "other", "en", None),
        ("/docs/a/b/c", "other", "en", None), ("http://[", "other", "en", None),
    ],
)  # fmt: skip
def test_an_address_is_told_by_its_path(url: str, kind: str, locale: str, key: str | None) -> None:
    site = Site(name="acme", platform="document360", base_url=BASE, editions={"de": "de"})
    found = Document360().address(site, url)
    assert (found.kind, found.locale, found.key) == (kind, locale, key)
    if kind == "article":
        assert Document360().article_url(Context(site, locale), key or "") == BASE + url
    if kind == "list":
        (start,) = Document360().start(Context(site, locale), scope=None)  # type: ignore[arg-type]
        assert (start.url, start.address) == (BASE + url, found)


def test_another_page_or_edition_than_the_one_asked_for_is_named() -> None:
    text = BODY.format("<article id=articleContent>x</article>")
    with pytest.raises(ExtractionError, match="leads to another page"):
        page(text, url=f"{BASE}/docs/wicks")
    with pytest.raises(AnotherEditionError):
        page(text, url=f"{BASE}/docs/de/oil")
    with pytest.raises(ExtractionError, match="de is no declared edition"):
        Document360().read(
            Address("list", "de", "pages"), f"{BASE}/docs/de", Payload(html("", tree())), CONTEXT
        )


@pytest.mark.parametrize(
    ("path", "lang", "start", "declared"),
    [
        ("/docs/oil", "en", "/docs", {}),
        ("/docs/oil", "ko", "/docs", {"editions": {"": "ko"}}),
        ("/v2/docs/de/oil", "de", "/v2/docs/de", {"include": ["/v2/docs/"], "editions": {"de": "de"}}),
    ],
)
def test_a_site_is_known_by_its_elements_and_its_tree(
    path: str, lang: str, start: str, declared: dict[str, Any]
) -> None:
    page = html("<d360-header></d360-header>").replace(b"lang=en", f"lang={lang}".encode())
    sign = Document360().sign(BASE + path, Payload(page))
    assert sign is not None and sign.probe is not None
    assert (sign.probe.url, sign.locale, sign.declares) == (BASE + start, lang, declared)
    assert Document360().sign(BASE + path, Payload(html("<p>d360-header"))) is None
    assert Document360().sign(BASE + path, None) is None


def test_every_article_of_the_sample_is_read() -> None:
    platform = Document360()
    with SampleServer(layout="document360", articles=120) as server:
        context = Context(Site(name="acme", platform="document360", base_url=server.url), "en")
        (start,) = platform.start(context, scope=None)  # type: ignore[arg-type]
        rows = platform.read(
            start.address, start.url, Payload(server.healthy("/docs").body), context
        ).articles
        truth, without = {record.slug: record for record in server.truth()}, set()
        for raw in rows:
            link = platform.article_link(context, raw.key)
            body = server.healthy(link.url.removeprefix(server.url)).body
            found = platform.read(link.address, link.url, Payload(body), context)
            if found.no_article:
                without.add(raw.key)
                continue
            (own,), record = found.articles, truth[raw.key]
            assert (own.body_text, own.title) == (record.body_text, record.title.strip())
            place = (record.category, record.category_title, record.section, record.section_title)
            assert shown(own)[2:] == shown(raw)[2:] == place
        assert {raw.key for raw in rows} == truth.keys() | without
        assert without == {record.section for record in truth.values()}


def test_a_recorded_page_reads_as_a_reader_saw_it(shared: Path) -> None:
    folder = shared / "platforms" / "document360"
    wanted = json.loads((folder / "article_ko.expected.json").read_text("utf-8"))
    site = Site(name="acme", platform="document360", base_url="https://api.example", editions={"": "ko"})
    data = (folder / "article_ko.html").read_bytes()
    address = Document360().address(site, wanted["url"])
    (raw,) = Document360().read(address, wanted["url"], Payload(data), Context(site, "ko")).articles
    assert (raw.title, raw.url) == (wanted["title"], wanted["url"])
    assert (raw.category_title, raw.section_title) == (wanted["category_title"], wanted["section_title"])
    # Cells are parted by tabs here.
    assert re.sub("\t", " | ", raw.body_text or "") == wanted["body_text"]
    assert Document360().sign(wanted["url"], Payload(data)) is not None
