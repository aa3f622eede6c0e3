"""The rich text of the state gives the body that its markup would have given: no space, sign or picture is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpscraper.normalise.visible import visible
from helpscraper.platforms.okx import ArticlePage

URL = "https://help.harbour.example/help/ropes"


def read(*blocks: dict[str, Any]) -> ArticlePage:
    post = {
        "slug": "ropes",
        "title": "Ropes",
        "richTextContent": {"nodeType": "document", "content": list(blocks)},
    }
    state = json.dumps({"appContext": {"serverSideProps": {"currentPost": post}}}).replace("</", "<\\/")
    return ArticlePage(URL, f'<html><script id="appState" type="application/json">{state}</script></html>')


def said(value: str, *marks: str) -> dict[str, Any]:
    return {"nodeType": "text", "value": value, "marks": [{"type": mark} for mark in marks]}


def paragraph(*content: dict[str, Any]) -> dict[str, Any]:
    return {"nodeType": "paragraph", "content": list(content)}


def asset(url: str | None, media_type: str, title: str = "Plan") -> dict[str, Any]:
    fields = {"title": title, "file": {"url": url, "contentType": media_type}} if url else None
    return {"nodeType": "embedded-asset-block", "content": [], "data": {"target": {"fields": fields}}}


def test_every_kind_of_space_parts_words() -> None:
    text = read(paragraph(said("10\u00a0000\u202fUSD\u3000now\u2009and\x0bthen\r"))).article.body_text
    assert text == "10 000 USD now and then"


def test_emoji_and_persian_words_stay_whole() -> None:
    assert read(paragraph(said("👩\u200d🔧 می\u200cخواهم"))).article.body_text == "👩\u200d🔧 می\u200cخواهم"


@given(st.text(max_size=20))
def test_any_text_reads_as_what_is_seen_of_it(text: str) -> None:
    # Half a pair of surrogates reads as U+FFFD; line feeds part lines; other controls show nothing.
    article = read(paragraph(said("a" + text + "b"))).article
    whole = visible(("a" + text + "b").replace("\ufffe", "").replace("\uffff", ""))
    assert (article.body_text or "").split() == whole.split()


def test_raised_and_lowered_marks_are_kept() -> None:
    article = read(
        paragraph(said("10"), said("6", "superscript"), said(" H"), said("2", "subscript"))
    ).article
    assert (article.body_text, article.body_markdown) == ("10⁶ H₂", "10<sup>6</sup> H<sub>2</sub>")


def test_embedded_assets_are_pictures_and_links() -> None:
    page = read(
        paragraph(said("See")), asset("//img.harbour.example/a.png", "image/png"),
        asset("//img.harbour.example/a.mp4", "video/mp4"), asset("/a.pdf", "application/pdf", "The plan"),
    )  # fmt: skip
    assert page.article.body_markdown == (
        "See\n\n![Plan](https://img.harbour.example/a.png)\n\n[Plan](https://img.harbour.example/a.mp4)"
        "\n\n[The plan](https://help.harbour.example/a.pdf)"
    )
    assert page.article.body_text == "See\nThe plan"
    assert page.outcomes["embedded/lost"] == 0


def test_the_fields_of_an_asset_may_stand_there_by_locale() -> None:
    fields = {"title": {"en": "Plan"}, "file": {"en": {"url": "/a.png", "contentType": "image/png"}}}
    page = read({"nodeType": "embedded-asset-block", "data": {"target": {"fields": fields}}})
    assert page.article.body_markdown == "![Plan](https://help.harbour.example/a.png)"


def test_an_embedded_asset_without_an_address_is_counted() -> None:
    page = read(paragraph(said("See")), asset(None, ""), {"nodeType": "embedded-entry-inline", "data": {}})
    assert page.article.body_text == "See"
    assert page.outcomes["embedded/lost"] == 2


def test_a_node_of_an_unknown_type_within_a_line_stays_in_the_line() -> None:
    link = {"nodeType": "resource-hyperlink", "content": [said("the table")], "data": {}}
    mention = {"nodeType": "mention", "content": [said("below")]}
    page = read(
        paragraph(said("See "), link, said(" "), mention, said("."), {"nodeType": "embedded-resource-inline"})
    )
    assert page.article.body_text == "See the table below."
    assert page.outcomes["embedded/lost"] == 1


def test_cells_that_span_columns_and_rows_keep_the_others_in_their_columns() -> None:
    def cell(value: str, **spans: int) -> dict[str, Any]:
        return {"nodeType": "table-cell", "data": spans, "content": [paragraph(said(value))]}

    rows = [[cell("Berth", rowspan=2), cell("Fee", colspan=2)], [cell("day"), cell("year", colspan=-1)]]
    table = {"nodeType": "table", "content": [{"nodeType": "table-row", "content": row} for row in rows]}
    assert read(table).article.body_text == "Berth\tFee\t\n\tday\tyear"


def test_a_document_of_pictures_alone_is_a_body() -> None:
    assert (
        read(asset("/a.png", "image/png")).article.body_markdown
        == "![Plan](https://help.harbour.example/a.png)"
    )
