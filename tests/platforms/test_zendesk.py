"""A Zendesk help centre, read by its API and by its pages, without a crawl; ``tests/e2e/test_zendesk.py`` crawls it."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, AnotherEditionError, Findings
from helpscraper.platforms.zendesk.platform import Zendesk, ZendeskPages
from helpscraper.sample import SampleServer
from helpscraper.sites import Site
from tests.walk import walk

BASE = "https://support.example.com"
LIST = f"{BASE}/api/v2/help_center/en-us/articles.json"
ACME = Site(name="acme", platform="zendesk", base_url=BASE)
CONTEXT = Context(ACME, "en-us")
ARTICLE: dict[str, Any] = {
    "id": 77, "title": " Lamps ", "locale": "en-us", "draft": False, "user_segment_id": None, "section_id": 5,
    "created_at": "2026-01-02T03:04:05Z", "edited_at": "2026-02-03T04:05:06Z", "updated_at": "2026-09-09T09:09:09Z",
    "label_names": ["wick", "oil"], "vote_sum": 3, "vote_count": 7, "body": "<p>Trim the <b>wick</b>.</p>",
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "articles": [ARTICLE],
    "sections": [{"id": 5, "name": "Care", "category_id": 9}],
    "categories": [{"id": 9, "name": "At home"}],
    "meta": {"has_more": True, "after_cursor": "abc"},
    "links": {"next": f"{LIST}?page%5Bafter%5D=abc&page%5Bsize%5D=100"},
}


def read(answer: Any, asked: Address | None = None) -> Findings:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    address = asked or Address("list", "en-us", "articles")
    return Zendesk().read(address, LIST, Payload(text.encode(), "application/json"), CONTEXT)


def changed(**members: Any) -> dict[str, Any]:
    return ANSWER | {"articles": [ARTICLE | members]}


def refused(answer: Any, asked: Address | None = None) -> ExtractionError:
    with pytest.raises(ExtractionError) as caught:
        read(answer, asked)
    return caught.value


def test_an_answer_holds_whole_articles() -> None:
    found = read(ANSWER)
    columns = normalise_article(found.articles[0], CONTEXT).columns
    shown = {name: str(columns[name]) for name in ("article_id", "title", "section", "section_title", "url")}
    assert shown == {
        "article_id": "77", "title": "Lamps", "section": "5", "section_title": "Care",
        "url": f"{BASE}/hc/en-us/articles/77",
    }  # fmt: skip
    assert (columns["category"], columns["category_title"], columns["language"]) == ("9", "At home", "en-US")
    # An edit moves `edited_at`; `updated_at` moves on metadata too.
    assert str(columns["published_at"]) == "2026-01-02 03:04:05+00:00"
    assert str(columns["updated_at"]) == "2026-02-03 04:05:06+00:00"
    assert (columns["labels"], columns["votes_up"], columns["votes"]) == (["oil", "wick"], 5, 7)
    assert found.articles[0].body_markdown == "Trim the **wick**."
    assert found.next is not None
    assert found.next.address == Address("list", "en-us", "articles", 2, cursor="abc")
    assert read(ANSWER | {"meta": {"has_more": False}}).next is None


def test_a_draft_and_a_restricted_article_are_an_agents_view() -> None:
    for members in ({"draft": True}, {"user_segment_id": 1}):
        assert "agent's view" in refused(changed(**members)).detail


def test_one_article_that_cannot_be_read_costs_no_other() -> None:
    """A number makes it an unread article, and without one it is a hole."""
    broken: list[Any] = [
        {"id": 78, "body": ["a list"]}, {"id": 79, "locale": None}, {"id": 80, "label_names": "oil"},
        {"id": 81, "locale": "ja"}, {"id": None}, {"id": True}, {"id": "82"}, "no object",
    ]  # fmt: skip
    members = [each if isinstance(each, str) else ARTICLE | each for each in broken]
    found = read(ANSWER | {"articles": [*members, ARTICLE]})
    unread = {raw.key: raw.unread for raw in found.articles}
    assert list(unread) == ["78", "79", "80", "81", "77"]
    assert unread["78"] == "articles 78.body: list where text was recorded" and unread["77"] is None
    assert all(unread[key] and raw.title for key, raw in zip(unread, found.articles[:4], strict=False))
    assert [hole.partition(":")[0] for hole in found.holes] == [
        f"article {n} of the answer" for n in (4, 5, 6, 7)
    ]
    assert found.next is not None
    assert refused(ANSWER | {"articles": members}).field == "articles 78.body"
    assert "agent's view" in refused(ANSWER | {"articles": [*members, ARTICLE | {"draft": True}]}).detail


def test_another_locale_is_another_edition() -> None:
    with pytest.raises(AnotherEditionError, match="ja"):
        read(changed(locale="ja"))


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/api/v2/help_center/en-us/articles.json?page[after]=x", LIST]
)
def test_a_list_that_leads_away_or_nowhere_has_a_hole_and_keeps_its_articles(url: str) -> None:
    again = Address("list", "en-us", "articles", 2, cursor="abc")
    for found, said in (
        (read(ANSWER | {"links": {"next": url}}), "links.next: it leads "),
        (read(ANSWER, again), "links.next: it leads to the same answer again"),
    ):
        (hole,) = found.holes
        assert (hole.startswith(said), found.next, len(found.articles)) == (True, None, 1)


@pytest.mark.parametrize("title", ["Just a moment...", "Sign in"])
def test_a_page_instead_of_json_is_named(title: str) -> None:
    error = refused(f"<html><head><title>{title}</title></head><body>…</body></html>")
    assert (error.field, title in error.detail) == ("challenge", True)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({})
)


@given(st.sampled_from(sorted(ARTICLE)), ODD)
def test_a_member_of_any_shape_is_read_or_named(name: str, value: Any) -> None:
    try:
        (raw,) = read(changed(**{name: value})).articles
    except ExtractionError as error:
        assert error.url == LIST
        return
    normalise_article(raw, CONTEXT)


@given(st.sampled_from(["articles", "sections", "categories", "meta", "links"]), ODD)
def test_an_answer_of_any_shape_is_read_or_named(name: str, value: Any) -> None:
    answer = copy.deepcopy(ANSWER) | {name: value}
    try:
        read(answer)
    except ExtractionError as error:
        assert error.url == LIST


@pytest.mark.parametrize("theme", [0, 2017, 2018, 2022, 2026])
def test_every_article_of_the_sample_is_read(theme: int) -> None:
    platform = ZendeskPages() if theme else Zendesk()
    with SampleServer(layout="zendesk", articles=120, theme=theme or 2026) as server:
        rows, truth = walk(platform, server, "en-us"), {record.slug: record for record in server.truth()}
    assert rows.keys() == truth.keys()
    for key, record in truth.items():
        raw = rows[key]
        assert (raw.body_text, raw.title and raw.title.strip()) == (record.body_text, record.title.strip())
        assert (raw.section, raw.section_title) == (record.section, record.section_title)
        assert (raw.category, raw.category_title) == (record.category, record.category_title)
        assert raw.updated == record.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if record.updated_at else True


def page(html: str, address: Address) -> Findings:
    url = f"{BASE}/hc/en-us/{'sections/5' if address.kind == 'list' else 'articles/77'}"
    return ZendeskPages().read(address, url, Payload(html.encode(), "text/html; charset=utf-8"), CONTEXT)


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<title>Sign in</title><form><input type=password></form>", "a sign-in page"),
        ("<title>Help</title><body><div id=root></div><script src=/app.js></script>", "needs JavaScript"),
        ("<title>Help</title><body><h1>Welcome</h1><p>to us</p>", "no article on the page"),
        ("<html lang=ja-jp><title>x</title><h1 class=article-title>x</h1>", "edition ja-jp"),
    ],
)
def test_a_page_that_is_no_article_is_named(html: str, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        page(html, Address("article", "en-us", "77"))


def test_lists_beside_a_section_are_not_its_list() -> None:
    aside = '<a href="/hc/en-us/articles/{}-x">Other</a>'
    html = (
        f"<html lang=en-us><h1>Care</h1><nav>{aside.format(1)}</nav><div class=sidebar>{aside.format(2)}</div>"
        f"<ul class=related-articles><li>{aside.format(3)}</ul>"
        "<div><a href='/hc/en-us/articles/77-Lamps'>Lamps</a></div>"
    )
    assert [raw.key for raw in page(html, Address("list", "en-us", "5")).articles] == ["77"]


def test_links_deep_in_a_page_cost_no_more() -> None:
    links = "".join(f"<p><a href=/hc/en-us/articles/{number}>T</a></p>" for number in range(300))

    def seconds(depth: int) -> float:
        html = f"<html lang=en-us><h1>Care</h1>{'<div class=x>' * depth}{links}"
        before = time.process_time()
        assert len(page(html, Address("list", "en-us", "5")).articles) == 300
        return time.process_time() - before

    assert min(seconds(400) for _ in range(3)) < 4 * min(seconds(2) for _ in range(3))


def test_a_pager_that_leads_away_is_a_hole_and_costs_no_row() -> None:
    html = (
        "<html lang=en-us><h1>Care</h1><a href=/hc/en-us/articles/77>Lamps</a>"
        "<a class=pagination-next-link href='{}'>›</a>"
    )
    for href in (
        "https://elsewhere.example/hc/en-us/sections/5?page=2",
        "/hc/en-us/sections/6?page=2",
        "?page=1",
    ):
        found = page(html.format(href), Address("list", "en-us", "5"))
        assert "pager leads" in found.holes[0]
        assert ([raw.key for raw in found.articles], found.next) == (["77"], None)


def test_recorded_answers_read_as_readers_saw_them(shared: Path) -> None:
    folder = shared / "platforms" / "zendesk"
    answer = json.loads((folder / "api_articles_offset.json").read_text("utf-8"))
    wanted = json.loads((folder / "api_articles_offset.expected.json").read_text("utf-8"))["rows"]
    site = Site(name="acme", platform="zendesk", base_url="https://example.zendesk.com")
    found = Zendesk().read(
        Address("list", "en-us", "articles"),
        LIST,
        Payload(json.dumps(answer).encode()),
        Context(site, "en-us"),
    )
    for raw, row in zip(found.articles, wanted, strict=True):
        values = normalise_article(raw, Context(site, "en-us"))
        for name in row.keys() & {"article_id", "title", "section", "language", "labels"}:
            assert values.columns[name] == row[name]
        assert values.columns["updated_at"].strftime("%Y-%m-%dT%H:%M:%SZ") == row["updated_at"]
    agents = json.loads((folder / "api_articles_agent_view.json").read_text("utf-8"))
    assert "agent's view" in refused(agents).detail or "edition" in refused(agents).message


def test_an_error_page_with_status_200_is_no_empty_list() -> None:
    section, category = Address("list", "en-us", "5"), Address("category", "en-us", "9")
    empty = "<main><header class=page-header><h1>Care</h1></header></main>"
    blocked = page("<title>Just a moment...</title><h1>Checking your browser</h1>", category).missing
    assert blocked is not None and blocked.field == "challenge"
    oops = "<main><div class=error-page><h1>Oops, there is nothing here</h1></div></main>"
    assert page(empty, section).articles == [] and page(empty, category).missing is None
    with pytest.raises(ExtractionError, match="list: no page of a section"):
        page(oops, section)
    assert "no page of a category" in str(page(oops, category).missing)
    with pytest.raises(ExtractionError, match="challenge"):
        page("<title>Access denied</title><h1>Access denied</h1>", section)
