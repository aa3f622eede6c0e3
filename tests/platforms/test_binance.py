"""Binance's answers without a crawl; ``tests/e2e/test_binance.py`` crawls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.cli import main
from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.platforms.binance.platform import Binance
from helpscraper.platforms.contract import Address, Findings
from helpscraper.sites import get_site

URL = "https://www.binance.com/bapi/composite/v1/public/cms/article/list/query?type=1&catalogId=7&pageNo=2"
CODE = f"{77:032x}"
CONTEXT = Context(get_site("binance"), "en")
ROW: dict[str, Any] = {"id": 9, "code": CODE, "title": " Lamps ", "type": 1, "releaseDate": 1_767_323_045_678}
CATALOG: dict[str, Any] = {
    "catalogId": 7,
    "catalogName": "Care",
    "total": 120,
    "articles": [ROW],
    "catalogs": [],
}
LIST = {"catalogs": [CATALOG]}
WICK = {
    "node": "element",
    "tag": "b",
    "attr": {"class": ["big", "red"]},
    "child": [{"node": "text", "text": "wick"}],
}
LINE = {"node": "element", "tag": "p", "child": [{"node": "text", "text": "Trim <i> &amp; the "}, WICK]}
ARTICLE: dict[str, Any] = {
    "id": 9, "code": CODE, "title": " Lamps ", "body": json.dumps({"node": "root", "child": [LINE]}),
    "publishDate": 1_767_323_045_678, "lastUpdateTime": 1_770_174_245_000,
    "firstCatalogId": 3, "firstCatalogName": "At home", "secondCatalogId": 7, "secondCatalogName": "Care",
}  # fmt: skip


def read(data: Any, asked: Address, code: str = "000000") -> Findings:
    text = data if isinstance(data, str) else json.dumps({"code": code, "data": data})
    return Binance().read(asked, URL, Payload(text.encode(), "application/json"), CONTEXT)


def listed(data: Any, page: int = 2) -> Findings:
    return read(data, Address("list", "en", "7", page))


def article(data: Any) -> Findings:
    return read(data, Address("article", "en", CODE))


def test_a_list_states_titles_a_date_and_its_size() -> None:
    found = listed(LIST)
    columns = normalise_article(found.articles[0], CONTEXT).columns
    assert (columns["article_id"], columns["title"], columns["section"], columns["source_id"]) == (
        CODE,
        "Lamps",
        "7",
        "9",
    )
    assert columns["url"] == f"https://www.binance.com/en/support/announcement/{CODE}"
    assert str(columns["published_at"]) == "2026-01-02 03:04:05.678000+00:00"
    assert columns.get("updated_at") is None
    assert (found.total, found.pages) == (120, 3)
    assert found.next is not None and found.next.headers["lang"] == "en"
    assert Binance().address(CONTEXT.site, found.next.url) == Address("list", "", "7", 3)
    # A total below the number that is shown proves no end.
    assert [listed({"catalogs": [CATALOG | {"total": n}]}, 1).next is None for n in (0, 1, 2)] == [
        False,
        True,
        False,
    ]
    # Behind the last page there is an empty one, and it may not name the catalog.
    assert listed({"catalogs": [CATALOG | {"articles": []}]}, 3).next is None
    assert listed({"catalogs": []}, 4).articles == []
    with pytest.raises(ExtractionError, match="catalogId: 8, where 7 was asked for"):
        listed({"catalogs": [CATALOG | {"catalogId": 8}]})


def test_a_row_that_cannot_be_read_costs_no_other() -> None:
    found = listed({"catalogs": [CATALOG | {"articles": [ROW, ROW, {"code": 5}]}]})
    assert [raw.key for raw in found.articles] == [CODE, CODE]
    assert found.holes == ["articles.code: int where text was recorded"]


def test_an_article_is_read_from_its_tree_of_nodes() -> None:
    (raw,) = article(ARTICLE).articles
    columns = normalise_article(raw, CONTEXT).columns
    # A text is written as in HTML, but for the signs that would begin an element.
    assert (raw.body_text, raw.body_markdown) == ("Trim <i> & the wick", "Trim \\<i> & the **wick**")
    assert raw.body_html == '<p>Trim &lt;i&gt; &amp; the <b class="big red">wick</b></p>'
    assert (columns["section"], columns["category"]) == ("7", "3")
    assert str(columns["updated_at"]) == "2026-02-04 03:04:05+00:00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "0" * 32}, "data.code"),
        ({"body": None}, "data.body: NoneType where text"),
        ({"body": "<p>Trim</p>"}, "no tree of nodes"),
        ({"body": '{"node": "element"}'}, "its root is missing"),
        ({"body": '{"node": "root", "child": [{"node": "element", "tag": "p onclick=x"}]}'}, "no name of an element"),
        ({"body": '{"node": "root", "child": [{"node": "video"}]}'}, "no kind of node that was recorded: 'video'"),
    ],
)  # fmt: skip
def test_an_article_that_is_not_as_recorded_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        article(ARTICLE | change)


def test_an_answer_without_success_and_a_challenge_are_named() -> None:
    with pytest.raises(ExtractionError, match=r"code: an answer without success: .*100001"):
        read(None, Address("home", "en"), code="100001")
    with pytest.raises(ExtractionError, match="challenge"):
        listed(
            "<html><head><title>Just a moment...</title></head><body><div id=challenge-form></div></body></html>"
        )


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just([{}])
)
NODES = st.recursive(
    st.fixed_dictionaries({"node": st.just("text"), "text": st.text(max_size=9)}) | ODD,
    lambda inner: st.fixed_dictionaries(
        {"node": st.just("element"), "tag": st.sampled_from(["p", "td", "br", "script", "P"])},
        optional={
            "child": st.lists(inner, max_size=3),
            "attr": st.dictionaries(st.text(max_size=4), ODD, max_size=2),
        },
    ),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.sampled_from(sorted(ARTICLE)), ODD, st.lists(NODES, max_size=3))
def test_an_article_of_any_shape_is_read_or_named(name: str, value: Any, nodes: list[Any]) -> None:
    body = json.dumps({"node": "root", "child": nodes})
    for change in ({name: value}, {"body": body}):
        try:
            (raw,) = article(ARTICLE | change).articles
        except ExtractionError as error:
            assert error.url.startswith("https://www.binance.com/")
        else:
            normalise_article(raw, CONTEXT)


@pytest.mark.parametrize("answer", ["catalogs", "row", "catalog"])
@given(st.sampled_from(sorted(CATALOG | ROW)), ODD)
def test_a_list_of_any_shape_is_read_or_named(answer: str, name: str, value: Any) -> None:
    row = ROW | ({name: value} if answer == "row" else {})
    catalog = CATALOG | {"articles": [row]} | ({name: value} if answer == "catalog" else {})
    data = {"catalogs": value if answer == "catalogs" else [catalog]}
    for asked in (Address("list", "en", "7"), Address("home", "en")):
        try:
            found = read(data, asked)
        except ExtractionError as error:
            assert error.url == URL
        else:
            for raw in found.articles:
                normalise_article(raw, CONTEXT)


def test_recorded_answers_read_as_readers_saw_them(shared: Path) -> None:
    folder = shared / "platforms" / "exchanges"

    def recorded(name: str, asked: Address) -> Findings:
        return read((folder / f"binance_cms_{name}_2026-07.json").read_text("utf-8"), asked)

    (section,) = recorded("list", Address("home", "en")).sections
    assert (section.key, section.title) == ("48", "数字货币及交易对上新")
    found = recorded("list", Address("list", "en", "48"))
    assert (found.total, [raw.source_id for raw in found.articles]) == (2152, ["278733", "278530", "278518"])
    (raw,) = recorded("detail", Address("article", "en", "98488a516eb84e3eb34605683dffd554")).articles
    assert (raw.body_text or "").splitlines()[1] == "1. 手续费用 (每当订单执行时，就会产生)"
    assert (raw.category, raw.section, raw.section_title) == ("4", "36", "币安合约介绍")
    # Their dates differ: a list states the release of an article, its own answer the publication.
    assert (
        normalise_article(raw, CONTEXT).columns["published_at"].isoformat()
        == "2024-05-29T14:55:15.603000+00:00"
    )


def test_an_answer_is_not_imported_from_an_address_without_an_edition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "answer.json").write_text("{}")
    words = [
        "import",
        tmp_path / "answer.json",
        "--archive",
        tmp_path / "a",
        "--site",
        "binance",
        "--url",
        URL,
    ]
    assert main([*map(str, words), "--captured-at", "2026-03-01T06:00:00Z"]) == 2
    assert "does not state its edition" in capsys.readouterr().err
