"""A body as Markdown reads back as the same: whatever the page marks, a CommonMark reader shows marked the same."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from benchmarks.bench_markdown import CASES, Case, is_right
from helpscraper.html.base import Page
from helpscraper.html.bodies import BodyForms, write_body
from tests.pages.shapes import shape

BASE = "https://harbour.example/help/ropes"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

SIGNS = "*_[]()<>#+-|`~\\!&;=.:：。“”（）$^%"
TEXT = st.text(alphabet="ab1 ж漢é🎉" + SIGNS, min_size=1, max_size=8).filter(lambda text: text.strip())
HREF = st.sampled_from(
    ["/k", "knot?a=1&copy;=2", "https://sea.example/a (1)", "/a[b]*c*_d", "/ü|v", "mailto:a@sea.example"]
)
WORDS = TEXT.map(escape)
PICTURE = st.builds(
    lambda src, alt: f'<img src="{src}" alt="{escape(alt.strip())}">',
    st.sampled_from(["/a.png", "b (1).png", "//sea.example/c.png?x=1&amp;y=2"]),
    st.text(alphabet="ab[]*!\\`", max_size=4),
)


def _marked(tag: str, inner: list[str]) -> str:
    return f"<{tag}>{''.join(inner)}</{tag}>"


MARK = st.sampled_from("b i s code sup sub em strong span".split())
LINE = st.recursive(
    WORDS | WORDS | WORDS | PICTURE | st.just("<br>") | st.just(" "),
    lambda inner: (
        st.builds(_marked, MARK, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda href, text: f'<a href="{escape(href)}">{text}</a>', HREF, inner)
    ),
    max_leaves=6,
)  # fmt: skip
# A paragraph begins and ends with a word, so that none is empty.
PROSE = st.builds(
    lambda parts, end: "".join(parts) + end,
    st.lists(LINE, max_size=4),
    st.sampled_from(["x", "。", "#", " ##"]),
)
CODE_LINES = st.lists(st.text(alphabet="ab `~*<&|#\\", max_size=6), min_size=1, max_size=3).map(
    lambda lines: [line.rstrip() or "x" for line in lines]
)
CODE = st.one_of(
    CODE_LINES.map(lambda lines: "<pre>x" + escape("\n".join(lines)) + "</pre>"),
    CODE_LINES.map(
        lambda lines: "<pre>" + "".join(f"<div>y{escape(line)}</div>" for line in lines) + "</pre>"
    ),
    CODE_LINES.map(lambda lines: "<pre><code>z" + "<br>".join(map(escape, lines)) + "</code></pre>"),
)
LEAF = st.one_of(
    PROSE.map(lambda text: f"<p>{text}</p>"), PROSE.map(lambda text: f"<p>{text}</p>"), PROSE,
    st.builds(lambda level, text: f"<h{level}>{text}</h{level}>", st.integers(1, 6), PROSE), CODE, st.just("<hr>"),
)  # fmt: skip


def _items(items: list[tuple[str, int | None]]) -> str:
    return "".join(f"<li{'' if value is None else f' value={value}'}>{text}</li>" for text, value in items)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.builds(lambda text, more: text + "".join(more), PROSE, st.lists(inner, max_size=2))
    numbered = st.tuples(item, st.none() | st.none() | st.integers(3, 12))
    start = st.sampled_from(["", "", " start=3", " start=0", " reversed", " reversed start=7"])
    return st.one_of(
        st.lists(item, min_size=1, max_size=3).map(lambda texts: f"<ul>{_items([(t, None) for t in texts])}</ul>"),
        st.builds(
            lambda how, items: f"<ol{how}>{_items(items)}</ol>", start, st.lists(numbered, min_size=1, max_size=3)
        ),
        st.builds(
            lambda one, inside: f"<ul><li>{one}</li><ol><li>{inside}</li></ol></ul>", item, item
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: f"<blockquote>{''.join(parts)}</blockquote>"),
        st.lists(st.lists(inner | PROSE, min_size=1, max_size=3), min_size=1, max_size=3).map(_table),
        st.builds(
            lambda one, two, three, high, wide: f"<table><tr><td rowspan={high} colspan={wide}>{one}</td>"
            f"<td>{two}</td></tr><tr><td>{three}</td></tr></table>",
            PROSE, PROSE, PROSE, st.integers(1, 2), st.integers(1, 3),
        ),
    )  # fmt: skip


def _table(rows: list[list[str]]) -> str:
    return (
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
        + "</table>"
    )


BODY = st.lists(st.recursive(LEAF, _blocks, max_leaves=5), min_size=1, max_size=3).map("".join)


def parsed(markup: str) -> etree._Element:
    page = Page(BASE, f"<html><body><div id='body'>{markup}</div></body></html>")
    container: etree._Element = page.selector.xpath("id('body')")[0].root
    return container


def forms(markup: str) -> BodyForms:
    return write_body([parsed(markup)], BASE)


def check(markup: str) -> None:
    served = parsed(markup)
    markdown = write_body([served], BASE).markdown
    shown = READER.render(markdown)
    assert shape(parsed(shown), BASE) == shape(served, BASE), f"{markup}\n{markdown}\n{shown}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_of_the_comparison_reads_back(case: Case) -> None:
    assert is_right(case, lambda markup: forms(markup).markdown)


@settings(max_examples=60)
@given(BODY)
@example("<p><b>注意：</b>请先</p>")
@example("<ol><li>a</li></ol><ol><li>b</li></ol>")
def test_markdown_reads_back_as_the_page(markup: str) -> None:
    check(markup)


@pytest.mark.long
@settings(max_examples=10_000)
@given(BODY)
def test_markdown_reads_back_as_the_page_at_length(markup: str) -> None:
    check(markup)


@settings(max_examples=100)
@given(st.lists(LINE, min_size=1, max_size=6).map("".join))
@example("<b><i>a:</i><sup>b</sup><i><code>c</code></i></b>")
def test_a_line_reads_back_as_the_page(markup: str) -> None:
    check(f"<p>{markup}</p>")


@pytest.mark.long
@settings(max_examples=20_000)
@given(st.lists(LINE, min_size=1, max_size=6).map("".join))
def test_a_line_reads_back_as_the_page_at_length(markup: str) -> None:
    check(f"<p>{markup}</p>")
