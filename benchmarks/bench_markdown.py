"""Count the pieces of HTML whose Markdown reads back as the same, here and with other tools.

Bound: all of them here. A piece is read back by a CommonMark reader with GFM's tables and strikethrough; it is right
when text, marks, items, cells, code, links and pictures are those of the HTML, or of ``meant`` if a reader sees less
than the HTML holds. markdownify, html2text and html-to-markdown are compared if installed.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import NamedTuple

from lxml import html
from markdown_it import MarkdownIt

from helpscraper.html.base import Page
from helpscraper.html.bodies import write_body
from tests.pages.shapes import shape

BASE = "https://harbour.example/help/ropes"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PICTURE = "<p><img src='/a.png' alt=a></p>"


class Case(NamedTuple):
    """A piece of HTML, and plain HTML of its visible content, if that differs."""

    name: str
    html: str
    meant: str = ""


CASES = (
    Case("bold before a letter of a script without spaces", "<p><b>注意：</b>请先登录</p>"),
    Case("bold quotation within a word", "<p>点击<b>“确认”</b>按钮</p>"),
    Case("italic beside bold", "<p>a <b>b</b><i>c</i> d</p>"),
    Case("bold within italic at its end", "<p><i>a <b>b</b></i>c</p>"),
    Case("marks of text taken literally", "<p>2*3 _a_ [b](c) `d` ~~e~~ &lt;i&gt; &amp;amp; 1\\.</p>"),
    Case("lines that look like blocks", "<p>1. a</p><p># b</p><p>- c</p><p>---</p><p>## d</p><p>&gt;e</p>"),
    Case("a heading that ends in a hash", "<h2>Rule #</h2><p>x</p><h3>a ##</h3>"),
    Case("code with backticks", "<p>use <code>a`b``c</code> or <code>`</code></p>"),
    Case("a bar in code in a cell", "<table><tr><td><code>a | b</code></td><td>c</td></tr></table>"),
    Case("two paragraphs in a cell", "<table><tr><td><p>a</p><p>b</p></td><td>c|d</td></tr></table>"),
    Case("a list in a cell", "<table><tr><td><ul><li>a</li><li>b</li></ul></td><td>c</td></tr></table>"),
    Case("lines of code in a cell", "<table><tr><td><pre>a\n  b</pre></td><td>c</td></tr></table>"),
    Case("a cell over two rows", "<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
    Case("a cell over two columns", "<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>"),
    Case("code whose lines are elements", "<pre><div>one</div><div>  two</div><div>three</div></pre>"),
    Case("code with a fence in it", "<pre>a\n```\nb</pre>"),
    Case("a list right in a list", "<ul><li>a</li><li>b</li><ul><li>c</li></ul></ul>"),
    Case("an item with a number of its own", "<ol><li>a</li><li value=5>b</li><li>c</li></ol>"),
    Case("a list that counts down", "<ol reversed><li>a</li><li>b</li><li>c</li></ol>"),
    Case("two lists side by side", "<ol><li>a</li></ol><ol><li>b</li></ol>"),
    Case("an inner list that starts at four", "<ul><li>a<ol start=4><li>b</li></ol></li></ul>"),
    Case("a quote with a list and code", "<blockquote><ul><li>a</li></ul><pre>b\n\nc</pre></blockquote><p>d</p>"),
    Case("raised and lowered figures", "<p>10<sup>6</sup> H<sub>2</sub>O</p>"),
    Case("an address with spaces and brackets", "<p><a href='/a (1) b'>t</a></p>",
         "<p><a href='/a%20(1)%20b'>t</a></p>"),
    Case("a picture within a link", "<p><a href='/k'><img src='/a.png' alt='a [b]'></a></p>"),
    Case("a picture loaded late", "<p><img src='data:image/gif;base64,R0' data-src='/a.png' alt=a></p>", PICTURE),
    Case("a picture in a button", "<button><picture><img src='/a.png' alt=a></picture></button>", PICTURE),
    Case("parts that nobody sees", "<p>Fee<span hidden> x</span><b style='display:none'>700</b> 5</p>",
         "<p>Fee 5</p>"),
)  # fmt: skip


def _own(markup: str) -> str:
    return write_body([_parsed(markup)], BASE).markdown


def _parsed(markup: str) -> html.HtmlElement:
    return Page(BASE, f"<html><body><div>{markup}</div></body></html>").root[0][0]


def others() -> dict[str, Callable[[str], str]]:
    """Return the other writers that are installed, with the settings that fit a comparison."""
    found: dict[str, Callable[[str], str]] = {}
    if importlib.util.find_spec("markdownify"):
        import markdownify

        found["markdownify"] = lambda markup: markdownify.markdownify(markup, heading_style="ATX")
    if importlib.util.find_spec("html2text"):
        import html2text

        found["html2text"] = lambda markup: html2text.html2text(markup, bodywidth=0)
    if importlib.util.find_spec("html_to_markdown"):
        import html_to_markdown

        def convert(markup: str) -> str:
            written = html_to_markdown.convert(markup)
            return written if isinstance(written, str) else written.content or ""

        found["html-to-markdown"] = convert
    return found


def is_right(case: Case, write: Callable[[str], str]) -> bool:
    """Tell whether the Markdown of the case reads back as its meaning."""
    shown = READER.render(write(case.html))
    return shape(_parsed(shown), BASE) == shape(_parsed(case.meant or case.html), BASE)


def main() -> int:
    """Print how many cases each writer gets right, and which ones the others get wrong."""
    wrong = 0
    for name, write in {"helpscraper": _own, **others()}.items():
        missed = [case.name for case in CASES if not is_right(case, write)]
        print(f"{name:<18} {len(CASES) - len(missed):>2} of {len(CASES)} right")
        for each in missed:
            print(f"    not right: {each}")
        wrong += len(missed) if name == "helpscraper" else 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
