"""Only a change that a browser shows changes a body (docs/data-dictionary.md)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.normalise.bodies import body_key
from tests.pages.test_bodies import forms, scrambled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAIL = scrambled("rope@harbour.example", 7)
PAGE = (
    "<h2>Fees of the café</h2><p>The fee for a berth is <b>10</b> a day, up to 10<sup>6</sup> in all.</p>"
    "<ol start=3><li>Tie the <a href='/knot'>knot</a></li><li>Untie it</li></ol>"
    "<table><tr><td>Berth</td><td>Fee</td></tr><tr><td>Nine</td><td>12</td></tr></table>"
    "<pre>rope --tie\n  bowline</pre><p><img src='/a.png' alt='a knot'> می‌خواهم 👩‍🔧 x</p>"
    f"<p>Write to <a class=__cf_email__ data-cfemail={MAIL}>[email protected]</a> today.</p>"
)
Change = Callable[[str], str]


def inserted(what: str, behind: str = "fee") -> Change:
    return lambda page: page.replace(behind, behind + what, 1)


def exchanged(old: str, new: str) -> Change:
    def change(page: str) -> str:
        assert old in page
        return page.replace(old, new)

    return change


UNSEEN: dict[str, Change] = {
    **{
        f"U+{ord(char):04X}": inserted(char)
        for char in "\u00ad\u034f\u061c\u17b4\u200b\u200c\u200d\u200e\u200f\u2060\u2068\ufeff"
    },
    "a selector of emoji behind a letter": inserted("\ufe0f"),
    "a tag character": inserted("\U000e0061"),
    "letters decomposed": lambda page: unicodedata.normalize("NFD", page),
    "other spaces": lambda page: page.replace("for a berth is", "for\u00a0a\u2009berth\n  \t is"),
    "an ideographic space": exchanged("a day", "a\u3000day"),
    "spaces at the ends of a line of code": exchanged("--tie\n", "--tie  \n"),
    "a comment": inserted("<!-- x -->"), "a place to break": inserted("<wbr>"),
    "a script": inserted("<script>x</script>"),
    "a span": exchanged("berth is", "<span class=x>berth</span> is"),
    "classes": exchanged("<p>", "<p class=index_p__x1 id=y data-z=1>"),
    "a hidden part": inserted("<span hidden> more</span>"),
    "a part that is not displayed": inserted("<i style='display:none'>more</i>"),
    "another key of a scrambled address": lambda page: page.replace(MAIL, scrambled("rope@harbour.example", 99)),
    "space between blocks": exchanged("</p>", "</p>\n\n   "),
    "the name of a control": inserted("<button>Copy</button>"),
    "two marks side by side": exchanged("<b>10</b>", "<b>1</b><b>0</b>"),
    "an entity": exchanged("é", "&eacute;"),
}  # fmt: skip
SEEN: dict[str, Change] = {
    "a word": exchanged("berth is", "mooring is"), "a figure": exchanged("<b>10</b>", "<b>11</b>"),
    "bold": exchanged("<b>10</b>", "10"), "italic": exchanged("<b>10</b>", "<i>10</i>"),
    "raised": exchanged("<sup>6</sup>", "6"), "lowered": exchanged("<sup>6</sup>", "<sub>6</sub>"),
    "a struck word": exchanged("a day", "a <s>day</s>"), "an accent": exchanged("é", "e"),
    "the level of a heading": lambda page: page.replace("h2>", "h3>"),
    "where a list begins": exchanged("start=3", "start=4"),
    "the number of an item": exchanged("<li>Untie", "<li value=9>Untie"),
    "letters for figures": exchanged("start=3", "start=3 type=a"),
    "the kind of a list": lambda page: page.replace("<ol start=3", "<ul").replace("</ol>", "</ul>"),
    "two lists for one": exchanged("</li><li>Untie", "</li></ol><ol start=4><li>Untie"),
    "where a link leads": exchanged("/knot", "/bend"), "a link": exchanged("<a href='/knot'>knot</a>", "knot"),
    "a cell": exchanged("<td>12</td>", "<td>13</td>"),
    "cells exchanged": exchanged("<td>Nine</td><td>12", "<td>12</td><td>Nine"),
    "space in code": exchanged("\n  bowline", "\n    bowline"), "lines of code": exchanged("--tie\n  bow", "--tie bow"),
    "a picture": exchanged("/a.png", "/b.png"), "the text of a picture": exchanged("a knot", "a bend"),
    "a joiner in a Persian word": exchanged("\u200c", ""), "a joiner in an emoji": exchanged("\u200d", ""),
    "a paragraph": exchanged(" a day,", " a day</p><p>"), "a line": exchanged(" a day,", " a day<br>"),
    "a word joined": exchanged("a berth", "aberth"),
    "another address": lambda p: p.replace(MAIL, scrambled("bow@a.example", 7)),
    "code in a line": exchanged("a day", "a <code>day</code>"),
}  # fmt: skip


def key(markup: str) -> str:
    body = forms(markup)
    return body_key(body.text, body.markdown)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_browser_shows_is_no_change(name: str) -> None:
    changed = UNSEEN[name](PAGE)
    assert changed != PAGE
    assert key(changed) == key(PAGE)


@pytest.mark.parametrize("name", SEEN)
def test_what_a_browser_shows_is_a_change(name: str) -> None:
    assert key(SEEN[name](PAGE)) != key(PAGE)


ANY = st.text(alphabet="aé e\u0301\u00ad\u200b\u200e\ufeff\u00a0\u3000\n漢ﷺ👩\u200d🔧می\u200c1", max_size=12)


@given(ANY, ANY, st.sampled_from(["\u00ad", "\u200b", "\u200e", "\ufeff", "\u2060", "<!-- -->", "<wbr>"]))
def test_a_sign_that_shows_nothing_is_no_change_wherever_it_stands(
    before: str, after: str, sign: str
) -> None:
    # A sign between a letter and its accent keeps the two apart.
    if after[:1] == "\u0301" or "\u200c" in (after[:1], before[-1:]) or "\u200d" in (after[:1], before[-1:]):
        before += " "
        after = " " + after
    assert key(f"<p>{before}{sign}{after}</p>") == key(f"<p>{before}{after}</p>")


@given(ANY, ANY)
def test_two_texts_are_one_body_only_where_they_show_the_same(one: str, other: str) -> None:
    def shown(text: str) -> str:
        signs = "".join(char for char in text if char not in "\u00ad\u200b\u200e\ufeff\u200c\u200d")
        return " ".join(unicodedata.normalize("NFC", signs).split())

    if key(f"<p>{one}</p>") == key(f"<p>{other}</p>"):
        assert shown(one) == shown(other)
    assert shown(forms(f"<p>{one}</p>").text) == shown(one)


DRAWN = "<meta charset=utf-8><style>body{{font-family:sans-serif}}img{{display:none}}</style>{}"
# Spaces of another width and a control show something that is no change by definition; scripts unscramble an address.
NOT_DRAWN_ALIKE = {
    "other spaces", "an ideographic space", "the name of a control", "another key of a scrambled address"
}  # fmt: skip
# Nothing is fetched here, no address is shown, and the machine's fonts may hold no emoji.
DRAWN_ALIKE = {
    "where a link leads", "a picture", "the text of a picture", "another address", "a joiner in an emoji"
}  # fmt: skip


@pytest.mark.long
def test_chromium_draws_the_same_for_what_is_no_change_and_other_pages_for_changes(browser: Browser) -> None:
    page = browser.new_page()

    def drawn(markup: str) -> bytes:
        page.set_content(DRAWN.format(markup))
        return page.screenshot()

    before = drawn(PAGE)
    unseen = {
        name: drawn(change(PAGE)) == before for name, change in UNSEEN.items() if name not in NOT_DRAWN_ALIKE
    }
    seen = {name: drawn(change(PAGE)) != before for name, change in SEEN.items() if name not in DRAWN_ALIKE}
    page.close()
    assert all(unseen.values()), [name for name, same in unseen.items() if not same]
    assert all(seen.values()), [name for name, other in seen.items() if not other]
