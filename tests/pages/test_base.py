"""The text helpers, and a page's reading of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, collapse, inline_text, integers, is_lone_integer, pieces

WORDS = st.lists(st.text(alphabet="abcäж漢1", min_size=1, max_size=6), min_size=1, max_size=6)


@given(st.text())
def test_collapse_is_idempotent(text: str) -> None:
    once = collapse(text)
    assert collapse(once) == once
    assert once.split() == text.split()


@given(WORDS)
def test_inline_nodes_do_not_split_words_and_blocks_do(words: list[str]) -> None:
    inline = html.fromstring(
        "<div>" + "".join(f"<b>{word}</b><!-- --><span>x</span>" for word in words) + "</div>"
    )
    assert inline_text(Page("u", etree.tostring(inline)).root) == "".join(f"{word}x" for word in words)
    blocks = html.fromstring("<div>" + "".join(f"<p>{word}</p>" for word in words) + "</div>")
    assert inline_text(blocks) == " ".join(words)


def test_hidden_text_is_not_read_and_its_tail_is() -> None:
    element = html.fromstring("<p>one <script>alert(1)</script>two<svg><title>no</title></svg> three</p>")
    assert inline_text(element) == "one two three"


@given(
    st.integers(min_value=0, max_value=10**14), st.sampled_from([",", ".", " ", "\u00a0", "\u202f", "'", "٬"])
)
def test_a_grouped_integer_is_a_lone_integer(number: int, group: str) -> None:
    shown = f"{number:,}".replace(",", group)
    assert is_lone_integer(shown)
    assert integers(shown) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "2 min read",
        "23.2.2026",
        "17. 11. 2025",
        "8/09/2025",
        "Web3",
        "",
        ",",
        "1,2",
        "阅读时长 5 分钟",
        "12k",
        "-3",
    ],
)
def test_what_is_no_lone_integer(text: str) -> None:
    assert not is_lone_integer(text)


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("Showing 16-30  of 2131 articles", [16, 30, 2131]),
        ("显示 2,131 篇文章中的 16-30 篇", [2131, 16, 30]),
        ("16–30 von 2.131 Artikeln", [16, 30, 2131]),
        ("Affichage de 1-15 sur 2 131 articles", [1, 15, 2131]),
        ("عرض ١٦-٣٠ من ٢٬١٣١", [16, 30, 2131]),
    ],
)
def test_integers_of_a_total_line(line: str, numbers: list[int]) -> None:
    assert integers(line) == numbers


def test_pieces_keep_a_highlighted_sentence_whole() -> None:
    element = html.fromstring("<li><div><h3>A</h3></div><p>the <em>face</em> value</p><span>7</span></li>")
    assert [text for _, text in pieces(element)] == ["A", "the face value", "7"]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (
            "<meta charset='windows-1251'><p>\u041f\u0440\u0438\u0432\u0435\u0442</p>".encode("cp1251"),
            "\u041f\u0440\u0438\u0432\u0435\u0442",
        ),
        (
            "<p>\u041f\u0440\u0438\u0432\u0435\u0442</p>".encode("utf-16"),
            "\u041f\u0440\u0438\u0432\u0435\u0442",
        ),
        ("\ufeff<p>\u5bc6\u94a5</p>".encode(), "\u5bc6\u94a5"),
        ("<meta charset='latin-1'><p>caf\u00e9</p>".encode(), "caf\u00e9"),
        (b"<p>caf\xe9 and more</p>", "caf"),
        ("<?xml version='1.0' encoding='latin-1'?><p>\u5bc6\u94a5</p>", "\u5bc6\u94a5"),
        ("<p>a\ud800b</p><p>c</p>", "a?b c"),
        ("<p>a\x00b</p><p>c</p>", "a\ufffdb c"),
    ],
)
def test_bytes_are_read_in_their_encoding(data: str | bytes, shown: str) -> None:
    assert inline_text(Page("https://x.example/help", data).root).startswith(shown)


def test_rules_are_named_with_the_kind_of_page() -> None:
    page = Page("https://x.example/help", "<p>a")
    for rule in ("state", "state", "markup"):
        page.count("title", rule)
    assert page.rules("article") == ["article.title/state", "article.title/state", "article.title/markup"]


@pytest.mark.parametrize("data", ["", " \n\t", b"", b" \n", "<!-- only a comment -->"])
def test_an_empty_page_is_an_error_that_names_the_url(data: str | bytes) -> None:
    with pytest.raises(ExtractionError) as caught:
        _ = Page("https://x.example/help/a", data).root
    assert caught.value.url == "https://x.example/help/a"
    assert caught.value.field == "html"
    assert caught.value.advice


def test_a_page_nested_too_deeply_is_an_error_and_not_half_a_page() -> None:
    bomb = "<div>" * 100_000 + "<p>after</p>"
    with pytest.raises(ExtractionError, match="depth"):
        _ = Page("https://x.example/help/a", bomb).root
