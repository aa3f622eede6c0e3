"""A body in three forms: nothing is lost, nothing turns into markup, nothing grows without bound."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from helpscraper.html.base import Page
from helpscraper.html.bodies import BodyForms, write_body
from helpscraper.html.markdown import _resolved, code_span, escape, escape_lines, link, pictures, web_url

BASE = "https://harbour.example/help/ropes"
TEXT = st.text(alphabet="ab ж漢12.*_[]()<>#+-|`~\\!&;=", min_size=1, max_size=20)
INLINE = st.recursive(
    TEXT.map(lambda text: html.fromstring("<span/>").makeelement("span") if not text.strip() else text),
    lambda inner: st.tuples(
        st.sampled_from(["b", "i", "em", "code", "span", "a", "s"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
BLOCK = st.recursive(
    st.tuples(st.sampled_from(["p", "h2", "div", "li"]), st.lists(INLINE, min_size=1, max_size=3)),
    lambda inner: st.tuples(
        st.sampled_from(["ul", "ol", "blockquote", "div", "li", "tr", "table", "td"]),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=8,
)


def build(parent: etree._Element, node: object) -> None:
    """Append what the strategies above draw: text, an element, or ``(tag, children)``."""
    if isinstance(node, str):
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + node
        else:
            parent.text = (parent.text or "") + node
    elif isinstance(node, tuple):
        tag, children = node
        element = etree.SubElement(parent, tag)
        if tag == "a":
            element.set("href", "/help/knots")
        for child in children:
            build(element, child)


def forms(markup: str) -> BodyForms:
    page = Page(BASE, f"<div id='body'>{markup}</div>")
    return write_body([page.selector.xpath("id('body')")[0].root], BASE)


def letters(text: str) -> str:
    """What is left of a form when its marks are gone: letters and digits, in order."""
    return "".join(char for char in text if char.isalnum())


@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_no_content_is_lost_in_the_text(blocks: list[object]) -> None:
    root = etree.Element("div")
    for block in blocks:
        build(root, block)
    body = write_body([root], BASE)
    served = letters("".join(root.itertext()))
    # An ordered list's numbers are added; they are no content of the page.
    numbers = re.compile(r"^((?:- |\d+\. | )*)(\d+)\. ", re.MULTILINE)
    if not any(element.tag == "ol" for element in root.iter()):
        assert letters(body.text) == served
    else:
        assert letters(numbers.sub("", body.text)) or not served


@given(st.lists(BLOCK, min_size=1, max_size=4))
def test_writing_the_written_html_again_changes_nothing(blocks: list[object]) -> None:
    root = etree.Element("div")
    for block in blocks:
        build(root, block)
    once = forms(etree.tostring(root, encoding="unicode", method="html"))
    again = forms(once.html)
    assert again == forms(again.html)
    assert again.text == once.text


@given(TEXT)
def test_escaped_text_reads_as_itself(text: str) -> None:
    escaped = escape(text)
    assert re.sub(r"\\([\\`*_\[\]~<&])", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`\[\]]", escaped.replace("\\\\", "")) or "\\" in text


@given(st.text(alphabet="a`", min_size=1, max_size=12))
def test_a_code_span_is_longer_than_any_run_within(text: str) -> None:
    span = code_span(text)
    mark = re.match(r"`+", span)
    assert mark is not None
    assert text in span
    assert not re.search(rf"(?<!`){mark.group()}(?!`)", text)


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<p>ACT<!-- -->/USD <b>now</b></p>", "ACT/USD **now**"),
        ("<p>a<br>b</p>", "a\\\nb"),
        # The mark that closed within the link is not the one beside which the next bold run stands.
        (
            "<p><a href='/k'>1<code>2</code><i>3</i></a><code>4</code><b><code>5</code><i>6</i></b></p>",
            "[1`2`*3*](https://harbour.example/k)`4`**`5`*6***",
        ),
        ("<p><br><b>I. Schedule</b></p>", "**I. Schedule**"),
        ("<b>a</b><b>b </b><i>c</i>", "**ab** *c*"),
        ("<h2 id=x>When <b>now</b></h2><h6>six</h6>", "## When **now**\n\n###### six"),
        ("<ul><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ul><li><p>a</p><p>more</p></li></ul>", "- a\n\n  more"),
        ("<p>x</p><ol start=3><li>c</li><li>d</li></ol>", "x\n\n3. c\n4. d"),
        ("<ul><li>a<ol start=4><li>b</li></ol></li></ul>", "- a\n\n  4. b"),
        ("<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "> a\n>\n> b\n\nc"),
        (
            "<p>1. not a list</p><p># not a heading</p><p>- no item</p>",
            "1\\. not a list\n\n\\# not a heading\n\n\\- no item",
        ),
        ("<p>2*3 [x](y) &lt;i&gt; &amp;amp; a_b</p>", "2\\*3 \\[x\\](y) \\<i> \\&amp; a\\_b"),
        ("<p><a href='/help/a b'>x</a></p>", "[x](https://harbour.example/help/a%20b)"),
        ("<p><a href='https://sea.example/'>https://sea.example/</a></p>", "<https://sea.example/>"),
        ("<p><a href='javascript:alert(1)'>x</a><a>y</a></p>", "xy"),
        ("<p><img src='/i.png' alt='a [quay]'></p>", "![a \\[quay\\]](https://harbour.example/i.png)"),
        ("<p>use <code>a*b`c</code></p>", "use ``a*b`c``"),
        ("<pre>x\n\n  ```\n</pre>", "````\nx\n\n  ```\n````"),
        ("<hr><p>a</p><p>b</p>", "---\n\na\n\nb"),
        (
            "<table><tr><th>A</th><th>B|C</th></tr><tr><td><p>1</p><p>2</p></td></tr></table>",
            "| A | B\\|C |\n| --- | --- |\n| 1<br>2 |",
        ),
        (
            "<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>",
            "| a |  |\n| --- | --- |\n| b | c |",
        ),
        # A table within a cell keeps its own rows and cells.
        (
            "<table><tr><td>a<td><table><tr><td>b|c<td>d</table></table>",
            "| a | <table><tr><td>b\\|c</td><td>d</td></tr></table> |\n| --- | --- |",
        ),
        (
            "<p>10<sup>6</sup> H<sub>2</sub>O 1<sup>st</sup></p>",
            "10<sup>6</sup> H<sub>2</sub>O 1<sup>st</sup>",
        ),
        ("<p>a<b>“b”</b>c</p>", "a<strong>“b”</strong>c"),
        ("<p>a <b>b</b><i>c</i></p>", "a **b**<em>c</em>"),
        ("<ol><li>a<li value=5>b<li>c</ol>", "1. a\n\n<!-- -->\n\n5. b\n6. c"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul><ul><li>d</ul>", "- a\n  - b\n- c\n\n<!-- -->\n\n- d"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<h2>Rule #</h2>", "## Rule \\#"),
        ("<pre><div>a</div><div>  b</div></pre>", "```\na\n  b\n```"),
        ("<p>a<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <q>b</q></p>", "a漢(kan) “b”"),
        ("<script>x</script><style>y</style><p>z</p>", "z"),
        ("loose<p>in</p>tail", "loose\n\nin\n\ntail"),
    ],
)
def test_markdown(markup: str, markdown: str) -> None:
    assert forms(markup).markdown == markdown


def test_text_keeps_blocks_as_lines_and_rows_readable() -> None:
    body = forms(
        "<p>a<br>b</p><ul><li><p>one</p><ul><li>two</li></ul></li></ul>"
        "<table><tr><td><b>x</b></td><td>y</td></tr><tr><td>1</td><td></td></tr></table><p>c&nbsp;d</p>"
    )
    assert body.text == "a\nb\n- one\n  - two\nx\ty\n1\t\nc d"


def test_the_text_tells_raised_and_lowered_figures_from_their_line() -> None:
    body = forms("<p>10<sup>6</sup>, 10<sup>-3</sup>, H<sub>2</sub>O, 1<sup>st</sup>, a<sub>i</sub></p>")
    assert body.text == "10⁶, 10⁻³, H₂O, 1^(st), a_(i)"


@pytest.mark.parametrize(
    "hidden",
    [
        "<span hidden>x</span>", "<div hidden=until-found>x</div>", "<p style='display:none'>x</p>",
        "<b style='color: red; DISPLAY : none !important'>x</b>", "<i style='visibility:hidden'>x</i>",
        "<dialog>x</dialog>", "<template>x</template>", "<button>x</button>", "<button><div>x</div></button>",
        "<select><option>x</select>", "<noscript>x</noscript>", "<table hidden><tr><td>x</table>",
    ],
)  # fmt: skip
def test_no_reader_sees_it_and_no_text_has_it(hidden: str) -> None:
    body = forms(f"<p>a</p>{hidden}<p>b</p>")
    assert (body.text, body.markdown) == ("a\nb", "a\n\nb")


@pytest.mark.parametrize(
    "shown",
    [
        "<div hidden style='display:block'>x</div>", "<div aria-hidden=true>x</div>", "<dialog open>x</dialog>",
        "<details><summary>x</summary></details>", "<h3><button>x</button></h3>", "<button><p>x</p></button>",
        "<span style='color:red'>x</span>",
    ],
)  # fmt: skip
def test_what_a_reader_sees_or_can_open_is_in_the_text(shown: str) -> None:
    assert forms(f"<p>a</p>{shown}<p>b</p>").text == "a\nx\nb"


PICTURE = "![a](https://harbour.example/a.png)"


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("<figure><button aria-label=b><picture><img src=/a.png alt=a></picture></button></figure>", PICTURE),
        ("<img src='data:image/gif;base64,R0lG' data-src='/a.png' alt=a>", PICTURE),
        ("<img src=/spinner.gif data-original=/a.png alt=a>", PICTURE),
        ("<img src=/spinner.gif data-cdn-src=/a.png alt=a>", PICTURE),
        ("<img src=/spinner.gif data-srcset='/s.png 100w, /a.png 300w' alt=a>", PICTURE),
        ("<img srcset='/s.png 1x,/a.png 2x' alt=a>", PICTURE),
        ("<picture><source srcset='/a.png'><img alt=a></picture>", PICTURE),
        ("<picture><source srcset='/a.webp' type=image/webp><img src=/a.png alt=a></picture>", PICTURE),
        ("<span><img src='data:image/gif;base64,R0lG' alt=a><noscript><img src=/a.png></noscript></span>", PICTURE),
        ("<a href=/k><img src=/a.png alt=a></a>", f"[{PICTURE}](https://harbour.example/k)"),
        ("<figure><img src=/a.png alt=a><figcaption>Tie <b>it</b></figcaption></figure>", f"{PICTURE}\n\nTie **it**"),
        ("<pre>x<img src=/a.png alt=a></pre>", f"```\nx\n```\n\n{PICTURE}"),
        ("<table><tr><td><img src=/a.png alt=a></table>", f"| {PICTURE} |\n| --- |"),
        ("<p>a<img src='data:image/png;base64,xx' alt=''>b</p>", "ab"),
        ("<p><img alt='no address'></p>", "![no address]()"),
        ("<p>Look!<a href=/k>x</a></p>", "Look\\![x](https://harbour.example/k)"),
        ("<iframe src=/film title='How to tie'>x</iframe>", "[How to tie](https://harbour.example/film)"),
        ("<video poster=/p.png><source src=/f.mp4>x</video>", "<https://harbour.example/f.mp4>"),
        ("<iframe src='javascript:alert(1)'></iframe><object data='data:text/html,x'>x</object>", ""),
    ],
)  # fmt: skip
def test_pictures_films_and_frames(markup: str, markdown: str) -> None:
    assert forms(markup).markdown == markdown
    if PICTURE in markdown:
        assert pictures(markdown) == ["https://harbour.example/a.png"]


def _around(before: str, after: str) -> Callable[[str], str]:
    return lambda inner: f"{before}{inner}{after}"


PICTURES = {
    "img": "<img src='{}' alt=a>",
    "picture": "<picture><source srcset='/s.webp'><img src='{}' alt=a></picture>",
    "source": "<picture><source srcset='/s.png 1x, {} 2x'><img alt=a></picture>",
    "srcset": "<img srcset='/s.png 300w,{} 900w' alt=a>",
    "late": "<img src='data:image/gif;base64,R0lG' data-src='{}' alt=a>",
    "late srcset": "<img src=/spinner.gif data-srcset='{}' alt=a>",
}
WRAPPED = st.recursive(
    st.sampled_from(sorted(PICTURES)).map(lambda form: PICTURES[form].replace("{}", "{picture}")),
    lambda inner: st.one_of(
        inner.map(_around("<button aria-label=label>", "<span>label</span></button>")),
        inner.map(_around("<button>label", "</button>")),
        inner.map(_around("<figure>", "<figcaption>caption</figcaption></figure>")),
        inner.map(_around("<span>", "</span>")),
        inner.map(_around("<div>", "</div>")),
        inner.map(_around("<a href=/k>", "</a>")),
        inner.map(_around("<ul><li>", "</li></ul>")),
    ),
    max_leaves=4,
)


@settings(max_examples=60)
@given(st.lists(WRAPPED, min_size=1, max_size=3), st.booleans())
def test_no_wrapper_hides_a_picture_or_shows_its_label(wrapped: list[str], in_cell: bool) -> None:
    addresses = [f"https://harbour.example/{number}.png" for number in range(len(wrapped))]
    each = [markup.replace("{picture}", url) for markup, url in zip(wrapped, addresses, strict=True)]
    markup = "".join(f"<tr><td>{one}</td></tr>" for one in each) if in_cell else "".join(each)
    body = forms(f"<table>{markup}</table>" if in_cell else markup)
    assert pictures(body.markdown) == addresses
    assert "label" not in body.markdown + body.text
    assert body.markdown.count("caption") == body.text.count("caption") == markup.count(">caption<")


def test_a_base_element_is_what_links_are_resolved_against() -> None:
    page = Page(BASE, "<head><base href='/docs/'></head><a href=fees>x</a>")
    assert page.base_url == "https://harbour.example/docs/"
    assert Page(BASE, "<base href='javascript:x'>").base_url == BASE


def scrambled(address: str, key: int) -> str:
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


@pytest.mark.parametrize("key", [0, 42, 255])
def test_a_scrambled_mail_address_reads_as_itself_under_any_key(key: int) -> None:
    code = scrambled("rope@harbour.example", key)
    body = forms(
        f"<p><a href='/cdn-cgi/l/email-protection#{code}'>Write to"
        f" <span class=__cf_email__ data-cfemail={code}>[email&#160;protected]</span></a></p>"
        f"<p>Or <a href='/cdn-cgi/l/email-protection' class=__cf_email__ data-cfemail={code}>[email protected]</a></p>"
    )
    assert body.text == "Write to rope@harbour.example\nOr rope@harbour.example"
    assert "(mailto:rope@harbour.example)" in body.markdown


def test_html_is_as_served_without_scripts_styles_and_comments() -> None:
    markup = '<p class="caption">a<script>1</script>b</p>tail<style>p{}</style><p>c &amp; d<br></p>'
    assert forms(markup).html == '<p class="caption">ab</p>tail<p>c &amp; d<br></p>'


def test_the_page_keeps_what_a_body_leaves_out() -> None:
    root = html.fromstring("<div><p>a</p><script>1</script></div>")
    write_body([root], BASE)
    assert root.find(".//script") is not None


def test_lists_are_bounded_in_depth_and_lose_nothing() -> None:
    root = etree.Element("div")
    inner = root
    for depth in range(600):
        inner = etree.SubElement(etree.SubElement(inner, "ul"), "li")
        inner.text = f"w{depth}"
    body = write_body([root], BASE)
    assert (
        re.findall(r"w\d+", body.text) == re.findall(r"w\d+", body.markdown) == [f"w{n}" for n in range(600)]
    )
    assert len(body.markdown) < 600 * 60


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("<tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e", ["a|b", "|c", "d|e"]),
        ("<tr><td>a<td rowspan=3>b<tr><td>c<tr><td>d<tr><td>e", ["a|b", "c|", "d|", "e"]),
        ("<tr><td>a<td rowspan=2>b<td>c<tr><td>d<td>e", ["a|b|c", "d||e"]),
        ("<tr><td rowspan=2 colspan=2>a<td>b<tr><td>c<tr><td>d", ["a||b", "||c", "d"]),
        ("<tr><td rowspan=3>a<td rowspan=2>b<td>c<tr><td>d<tr><td>e<td>f", ["a|b|c", "||d", "|e|f"]),
        # Where a wide cell reaches over one that comes down from above, the next one stands behind both.
        ("<tr><td>a<td rowspan=2>b<td>c<tr><td colspan=2>d<td>e", ["a|b|c", "d||e"]),
        (
            "<tr><td>a<td rowspan=4>b<tr><td colspan=2 rowspan=2>c<td>d<tr><td>e<tr><td>f<td>g",
            ["a|b", "c||d", "||e", "f||g"],
        ),
        # A row with nothing of its own is a row for those that reach down through it.
        ("<tr><td rowspan=3>a<td>b<tr></tr><tr><td>c<tr><td>d", ["a|b", "|c", "d"]),
        ("<tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d", ["a|b", "|c", "|d"]),
        (f"<tr><td rowspan={'9' * 5_000}>a<td>b<tr><td>c", ["a|b", "|c"]),
        # No cell reaches beyond its row group.
        ("<tbody><tr><td rowspan=0>a<td>b<tr><td>c</tbody><tbody><tr><td>d", ["a|b", "|c", "d"]),
        ("<thead><tr><th rowspan=9>a<th>b</thead><tbody><tr><td rowspan=2>c<td>d<tr><td>e", ["a|b", "c|d", "|e"]),
        ("<tr><td rowspan=-1>a<td rowspan=x>b<td rowspan=''>c<td rowspan=1>d<tr><td>e", ["a|b|c|d", "e"]),
    ],
)  # fmt: skip
def test_what_a_cell_above_covers_is_an_empty_cell(rows: str, lines: list[str]) -> None:
    body = forms(f"<table>{rows}</table>")
    assert body.text == "\n".join(line.replace("|", "\t") for line in lines)
    # The header row is as wide as the widest one; the others are as they are.
    wide = max(line.count("|") for line in lines) + 1
    header = lines[0].split("|")
    rows_of_cells = [
        header + [""] * (wide - len(header)),
        ["---"] * wide,
        *(line.split("|") for line in lines[1:]),
    ]
    assert body.markdown.replace("<br>", " ") == "\n".join(f"| {' | '.join(row)} |" for row in rows_of_cells)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=1, max_size=4), max_size=5)
)
def test_every_cell_stands_in_the_column_that_a_browser_gives_it(table: list[list[tuple[int, int]]]) -> None:
    # The rules of HTML for forming a table: a cell takes the first free place of its row and all that it spans.
    taken: set[tuple[int, int]] = set()
    wanted: dict[str, int] = {}
    rows = ""
    for y, row in enumerate(table):
        rows += "<tr>"
        x = 0
        for height, width in row:
            while (y, x) in taken:
                x += 1
            name = f"c{len(wanted)}"
            wanted[name] = x
            rows += f"<td rowspan={height} colspan={width}>{name}</td>"
            last = y + height if height else len(table)
            taken |= {(below, x + right) for below in range(y, last) for right in range(width)}
            x += width
    body = forms(f"<table>{rows}</table>")
    places = [line.split("\t") for line in body.text.splitlines()]
    assert len(places) == len(table)
    assert {cell: x for line in places for x, cell in enumerate(line) if cell} == wanted


def test_what_stands_behind_a_wide_cell_is_in_no_other_cell() -> None:
    rows = (
        "<tr><td colspan=3>a</td>b</tr><tr><td rowspan=2>c</td><td colspan=2>d</td></tr><tr><td>e</td></tr>"
    )
    assert forms(f"<table>{rows}</table>").text == "a\t\tb\nc\td\t\n\te"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ol start=-1><li>a<li>b<li>c</ol>", "-1. a\n0. b\n1. c"),
        ("<ol reversed><li value=1>a<li>b<li>c</ol>", "1. a\n0. b\n-1. c"),
        ("<ol type=a start=26><li>a<li>b<li type=I value=4>c<li>d</ol>", "z. a\naa. b\nIV. c\ne. d"),
        ("<ol type=i><li>a<ol><li>b</ol><li value=0>c</ol>", "i. a\n   1. b\n0. c"),
        ("<ol start=' 3rd'><li>a<li value=+7>b<li value=x>c</ol>", "3. a\n7. b\n8. c"),
        ("<table><tr><td colspan='2px'>a<td>b<tr><td rowspan=2;>c<td>d<tr><td>e</table>", "a\t\tb\nc\td\n\te"),
        ("<table><tr><td colspan=-2>a<td rowspan=-2>b<tr><td>c</table>", "a\tb\nc"),
        ("a<span style='display:block'>b</span>c<b style='DISPLAY : Flex'>d</b>e", "a\nb\nc\nd\ne"),
        ("a<svg style='display:block'>b</svg>c", "a\nc"),
        ("a<span style='display:inline-block'>b</span>c", "abc"),
        ("a<i style='display:none;display:block'>b</i><i style='display:none !IMPORTANT;display:block'>c</i>", "a\nb"),
        ("a<i style='/* ; */ display:none'>b</i><i style='display:none!x'>c</i><i popover>d</i>", "ac"),
        ("a<i style='visibility:hidden'>b<b style='visibility:visible'>c</b><img src=/d>d<br></i>e", "ace"),
        ("<table><tr><td style='visibility:hidden'>a<td>b<tr><td>c<td>d</table>", "\tb\nc\td"),
        ("<ul style='visibility:hidden'><li>a<li style='visibility:visible'>b</ul>c", "- b\nc"),
        ("a<canvas>b</canvas><progress>c</progress><math><mi>x</mi><annotation>d</annotation></math>", "ax"),
        ("<math><msup><mn>10</mn><mrow><mo>−</mo><mn>6</mn></mrow></msup><mo>+</mo><mi>x</mi></math>", "10⁻⁶+x"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "x₁²1/2"),
        ("<ruby>漢<rp>(<rt>かん<rp>)</ruby>x", "漢(かん)x"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>x", "漢(かん)x"),
        ("a<embed src=/b.swf> c<p>d</p>", "a c\nd"),
        ("<object><p>a</p></object><object data=/b.pdf>c</object>d", "a\nd"),
    ],
)  # fmt: skip
def test_the_text_is_what_a_browser_shows(markup: str, text: str) -> None:
    assert forms(markup).text == text


def test_what_is_loaded_late_has_its_own_address() -> None:
    picture = "<img class=lazy data-src='#' alt=a>\n<noscript><img src=/a.png></noscript>"
    frames = "<iframe src=about:blank data-lazy-src=/b></iframe> <video><source data-src=/c.mp4></video>"
    assert forms(f"{picture} {frames}").markdown == (
        "![a](https://harbour.example/a.png) <https://harbour.example/b> <https://harbour.example/c.mp4>"
    )


def test_spans_make_no_rows_and_few_cells() -> None:
    spans = "<td rowspan=99999999 colspan=99999999>x</td>" * 500
    body = forms(f"<table><tr>{spans}</tr>{'<tr><td>y</td></tr>' * 1_000}<tr></tr></table>")
    lines = body.text.splitlines()
    assert len(lines) == 1_001
    assert {line.count("\t") for line in lines[1:]} == {50}
    assert len(body.markdown) < 1_000_000


def test_a_wide_table_is_not_squared() -> None:
    rows = "<tr>" + "<td>x</td>" * 2_000 + "</tr>" + "<tr><td>y</td></tr>" * 2_000
    assert len(forms(f"<table>{rows}</table>").markdown) < 100_000


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (
            lambda: escape_lines("+ a\n> b\n12) c\n= d\n==\n## e\n---\n-5"),
            "\\+ a\n\\> b\n12\\) c\n= d\n\\==\n\\## e\n\\---\n-5",
        ),
        (lambda: link("a", "https://x.example/(1) 2", "a"), "[a](https://x.example/%281%29%202)"),
        (lambda: escape("a_b & c"), "a\\_b & c"),
    ],
)
def test_marks(call: object, result: str) -> None:
    assert callable(call)
    assert call() == result


_URL_PARTS = st.sampled_from(
    "/ // a b-_ .. . http https :// : ?x=1 #f mailto: %20 ; [ é www.harbour.example 8080 @ javascript:".split()
).flatmap(lambda part: st.sampled_from([part, part, part, " ", "\n"]))


@given(
    st.lists(_URL_PARTS, max_size=6).map("".join),
    st.sampled_from(
        [BASE, "HTTP://x.example:80/a", "mailto:x", "", "https://[::1]/x", "http://[bad", "/a/b"]
    ),
)
@example("/..", BASE)
@example("/a/./b", BASE)
@example("/a//b", BASE)
@example("//harbour.example/a", BASE)
@example("https://harbour.example/a?", BASE)
def test_a_plain_link_is_what_resolving_it_gives(href: str, base: str) -> None:
    assert web_url(href, base) == _resolved(href, base)
