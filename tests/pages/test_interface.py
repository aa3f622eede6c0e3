"""The JSON interface: an answer is read whole, or refused with the name of the wrong member."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.platforms.okx import ArticlesAnswer, NodeAnswer
from helpscraper.platforms.okx.interface import articles_asked, articles_url, node_url
from tests.okx import OKX

HOST = "https://help.harbour.example"
FOLDER = Path(__file__).parent / "interface"
SAVED = {
    name: json.loads((FOLDER / f"{name}.json").read_text()) for name in ("articles", "section", "category")
}
MEMBERS = ("url", "slug", "title", "sectionSlug", "categorySlug", "updateTime", "publishTime")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def articles(value: Any, *, page: int = 1, locale: str = "de", section: str = "notices") -> ArticlesAnswer:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return ArticlesAnswer(articles_url(HOST, "sec-notices", page), payload, locale=locale, section=section)


def node(value: Any) -> NodeAnswer:
    return NodeAnswer(node_url(HOST, "section", "notices"), json.dumps(value).encode())


def changed(name: str, *path: str | int, to: Any) -> Any:
    """A saved answer with the member at ``path`` set ``to`` something else."""
    copy = json.loads(json.dumps(SAVED[name]))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = to
    return copy


def refused(value: Any, **asked: Any) -> ExtractionError:
    answer = articles(value, **asked)
    with pytest.raises(ExtractionError) as caught:
        assert (answer.articles, answer.total, answer.pages) is None
    return caught.value


def test_the_articles_of_a_section() -> None:
    answer = articles(SAVED["articles"])
    assert (answer.total, answer.pages) == (3, 1)
    first, second, _ = answer.articles
    assert (first.key, first.url) == ("kaimauer-gesperrt", f"{HOST}/de/help/kaimauer-gesperrt")
    assert [row.section for row in answer.articles] == ["notices", "notices", "notices-guests"]
    assert [row.view_count_text for row in answer.articles] == [None, "1806", "0"]
    assert {(row.kind, row.category, row.listed_in, row.snippet) for row in answer.articles} == {
        ("listing", "harbour", ("notices",), None)
    }
    assert (first.published, first.updated) == (1_790_668_800_000, 1_790_841_837_000)
    columns = normalise_article(second, Context(OKX, "de", HOST)).columns
    assert (columns["title"], columns["view_count"]) == ("Liegegeld ab Mai", 1806)
    assert columns["updated_at"] == dt.datetime(2026, 4, 28, 9, 3, 58, tzinfo=dt.UTC)
    assert columns["published_on"] == dt.date(2022, 6, 20)


def test_a_section_and_a_category() -> None:
    section, category = node(SAVED["section"]), node(SAVED["category"])
    assert (section.section.id, section.section.slug) == ("sec-notices", "notices")
    assert (section.section.title, section.section.content_type) == ("Aushänge", "section")
    assert section.category == category.category
    with pytest.raises(ExtractionError, match=r"data\.section: nothing where an object was recorded"):
        assert category.section is None


def test_an_address_says_what_it_asks_for() -> None:
    assert articles_asked(articles_url(HOST, "4k/V &", 12)) == ("4k/V &", 12)
    assert articles_asked(node_url(HOST, "category", "harbour")) is None
    assert articles_asked(f"{articles_url(HOST, 'a', 1)}&page=x") is None


@given(st.sampled_from(MEMBERS), JSON.filter(lambda value: not isinstance(value, str)))
def test_a_member_of_another_shape_is_named(member: str, value: Any) -> None:
    error = refused(changed("articles", "data", "list", 1, member, to=value))
    assert error.field == f"data.list[1].{member}"
    assert "was recorded" in error.detail


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("code",), 51001, "code"),
        (("data",), None, "data"),
        (("data", "list"), None, "data.list"),
        (("data", "list"), [], "data.list"),
        (("data", "list"), ["kaimauer"], "data.list[0]"),
        (("data", "total"), "3", "data.total"),
        (("data", "total"), True, "data.total"),
        (("data", "pageNum"), True, "data.pageNum"),
        (("data", "total"), -1, "data.total"),
        (("data", "total"), 1 << 70, "data.total"),
        (("data", "pageNum"), 2, "data.pageNum"),
        (("data", "pageSize"), 0, "data.pageSize"),
        (("data", "pageSize"), 101, "data.pageSize"),
        (("data", "list", 0, "slug"), "../../etc", "data.list[0].slug"),
        (("data", "list", 0, "url"), "/de/help/liegegeld", "data.list[0].url"),
        (("data", "list", 0, "url"), "/en-sg/help/kaimauer-gesperrt", "data.list[0].url"),
        (("data", "list", 0, "url"), "/help/kaimauer-gesperrt", "data.list[0].url"),
        (("data", "list", 0, "title"), "x" * 10_001, "data.list[0].title"),
        (("data", "list", 0, "updateTime"), "1790841837000", "data.list[0].updateTime"),
        (("data", "list", 0, "updateTime"), "2026-10-01", "data.list[0].updateTime"),
        (("data", "list", 0, "okxLikesNums"), "12", "data.list[0].okxLikesNums"),
        (("data", "list", 0, "okxLikesNums"), -1, "data.list[0].okxLikesNums"),
    ],
)
def test_what_no_answer_of_the_interface_says(path: tuple[str | int, ...], value: Any, field: str) -> None:
    assert refused(changed("articles", *path, to=value)).field == field


def test_an_article_of_another_section_is_refused() -> None:
    strange = changed("articles", "data", "list", 0, "sectionSlug", to="boats")
    assert len(articles(strange).articles) == 3  # of the same root, so of a section below
    strange["data"]["list"][0]["rootSectionId"] = "sec-boats"
    assert refused(strange).field == "data.list[0].sectionSlug"


@pytest.mark.parametrize(
    ("payload", "field", "detail"),
    [
        (b"", "json", "the page is empty"),
        (b"\xff\xfe{", "json", ""),
        (b"[]", "json", "list where an object was recorded"),
        (b"[" * 100_000, "json", ""),
        (
            b"<html><head><title>Kaimauer</title></head><body>Hallo</body></html>",
            "json",
            "a page ('Kaimauer')",
        ),
        (
            b"<html><head><title>Just a moment...</title></head><body></body></html>",
            "challenge",
            "a block or",
        ),
    ],
)
def test_what_is_no_json(payload: bytes, field: str, detail: str) -> None:
    error = refused(payload)
    assert error.field == field
    assert error.detail.startswith(detail)


@given(JSON.filter(lambda value: value != 0), st.sampled_from(["code", "data"]))
def test_no_answer_breaks_the_reader(value: Any, member: str) -> None:
    refused(value)
    refused(changed("articles", member, to=value))
    with pytest.raises(ExtractionError):
        assert node(value).section is None


def test_recorded_answers(shared: Path) -> None:
    """Recorded for a visitor in Singapore, and cut to three rows of eight."""
    payload = (shared / "okx" / "okx_priapi_search_articles_2026-07.json").read_bytes()
    section_id, section = "4kHVrztBXA1RumrYkfdm8T", "product-documentation-perpetual-contracts"
    url = articles_url(OKX.base_url, section_id, 1)
    answer = ArticlesAnswer(url, payload, locale="en-sg", section=section)
    assert (answer.total, answer.pages, len(answer.articles)) == (8, 1, 3)
    columns = normalise_article(answer.articles[0], Context(OKX, "en-sg")).columns
    assert columns["url"] == "https://www.okx.com/en-sg/help/expiry-futures-daily-settlement-mechanism"
    assert columns["updated_at"] == dt.datetime(2026, 5, 29, 1, 57, 15, tzinfo=dt.UTC)
    assert (columns["category"], columns["section"]) == ("product-documentation", section)
    with pytest.raises(ExtractionError, match="an article of en-sg, where en was asked for"):
        assert ArticlesAnswer(url, payload, locale="en", section=section).articles is None
    saved = (shared / "okx" / "okx_priapi_kb_section_2026-07.json").read_bytes()
    found = NodeAnswer(node_url(OKX.base_url, "section", "x"), saved).section
    assert (found.id, found.content_type) == ("3HsUPMtNszv47YPMMMx8Dw", "section")
