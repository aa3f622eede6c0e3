"""Changes told to a person: what is said of each, and that no text of the site is markup in any form."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.history.all_changes import all_changes
from helpscraper.history.article_changes import ArticleChanges, article_changes, with_words
from helpscraper.history.body_diff import BodyDiff
from helpscraper.history.render import excerpt, plain, to_markdown
from helpscraper.history.render_changes import Form, as_document, as_html, as_markdown, as_text
from helpscraper.history.words import word_diff
from tests.history.story import committed, story
from tests.history.worlds import row
from tests.report.hostile import PAYLOAD

READER = MarkdownIt("commonmark")
TAGS = {
    "p",
    "b",
    "i",
    "a",
    "span",
    "ul",
    "li",
    "del",
    "ins",
    "div",
    "table",
    "tr",
    "td",
    "strong",
    "em",
    "h1",
    "h2",
}
EVIL = (
    f"# {PAYLOAD}\x1b[31m\n- [x](javascript:a) ![y](z) *a* `b` ~~c~~\n===\n1. &lt;i&gt; <b>\n    code | \\| a"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story(folder)
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> list[ArticleChanges]:
    catalog = Catalog(folder)
    found = article_changes(catalog, all_changes(catalog, words=False).table, words=False)
    return [with_words(catalog, each, whole=True) for each in found]


def test_an_item_says_what_when_and_in_which_words(told: list[ArticleChanges]) -> None:
    (renamed,) = (each for each in told if each.former)
    assert as_text(renamed).splitlines() == [
        "Limits",
        "  renamed (it was limits), edited; between 2026-11-17 06:00 and 2026-11-18 06:00 UTC",
        "  …",
        "  The limit rises when you are verified.",
        "  Ask us for [-more-]{+a higher one+}.",
        "  https://help.example/help/withdrawal-limits",
    ]
    by_kind = {each.kinds: as_text(each, short=True).splitlines()[1:-1] for each in told}
    assert by_kind["removed",][-1] == "  [-This notice says goodbye.-]", "all words of one that went"
    assert by_kind["added",][-1] == "  {+Welcome.+}"
    retitled = by_kind["edited", "retitled"]
    assert retitled[0].startswith("  edited without a new date, retitled;")
    assert "  title: Set up a passkey -> Set up a passkey now" in retitled
    assert any("not seen, but the crawl did not look everywhere" in lines[0] for lines in by_kind.values())


def hostile() -> ArticleChanges:
    words = BodyDiff(word_diff(EVIL, EVIL.replace("x", "y").replace("code", "<img src=q onerror=r>")))
    return ArticleChanges(
        Partition("okx", "en"), PAYLOAD, PAYLOAD, PAYLOAD, None, ("renamed", "edited"), True, "20261116T060000Z",
        "20261117T060000Z", (("title", PAYLOAD, EVIL),), PAYLOAD, words,
    )  # fmt: skip


@pytest.mark.parametrize("short", [False, True])
def test_text_of_the_site_is_never_markup(short: bool) -> None:
    change = hostile()
    sections = [(PAYLOAD, [change, replace(change, title=EVIL)])]
    for shown in (
        as_document("Changes", sections, "html", notes=[PAYLOAD], short=short).split("<body>")[1],
        READER.render(as_document("Changes", sections, "md", notes=[PAYLOAD], short=short)),
    ):
        tree = lxml_html.fromstring(f"<body>{shown}")
        found = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
        assert found - {"html", "body"} <= TAGS
        assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
        assert not tree.xpath("//a")
        assert PAYLOAD[:60] in tree.text_content()
    text = as_text(change, short=short)
    assert "\x1b" not in text and "\u2028" not in text


@pytest.mark.parametrize("sign", "\u202e\u202d\u2066\u2067\u2068\u200f\u061c")
def test_text_of_the_site_reverses_nothing_around_it(sign: str) -> None:
    title, words = f"Fees{sign} up", BodyDiff(word_diff(f"a{sign} 1\tb", f"a{sign} 2\tb\nnew{sign}"))
    change = replace(
        hostile(),
        title=title,
        words=words,
        former=title,
        fields=(("title", title, title),),
        url=f"https://a/{sign}",
    )
    for form in get_args(Form):
        shown = as_document(title, [(title, [change])], form, notes=[title])
        assert sign not in lxml_html.fromstring(shown).text_content(), form
    shown = as_document(title, [(title, [change])], "html", notes=[title])
    # The title of the document, its note, the heading, the article's name, and the two values of its field.
    assert len(lxml_html.fromstring(shown).xpath("//*[@dir='auto'][text()='Fees up']")) == 6


def test_two_crawls_of_one_minute_are_told_apart(told: list[ArticleChanges]) -> None:
    near = replace(told[0], begin="20261128T165603Z", end="20261128T165641Z")
    assert near.when == "between 2026-11-28 16:56:03 and 2026-11-28 16:56:41 UTC"
    far = replace(near, end="20261128T165702Z")
    assert far.when == "between 2026-11-28 16:56 and 2026-11-28 16:57 UTC"


def test_only_a_web_address_is_a_link(told: list[ArticleChanges]) -> None:
    assert all(
        f'href="{each.url}"' in as_html(each) and f"]({each.url})" in as_markdown(each) for each in told
    )


def test_another_address_is_none(tmp_path: Path) -> None:
    for day, title in enumerate(("One", "Two")):
        committed(tmp_path, day, [row("a", title=title, url="javascript:alert(1)", body="Text.")])
    catalog = Catalog(tmp_path)
    (change,) = article_changes(catalog, all_changes(catalog).table)
    assert change.url is None and "alert" not in as_html(change) + as_markdown(change) + as_text(change)


def test_markdown_reads_back_as_the_words() -> None:
    diff = word_diff("Taker\t0.10 %\nOld.", "Taker\t0.12*2 %\n# New.")
    read = READER.render(to_markdown(diff))
    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", read)).strip() == "Taker | 0.100.12*2 % Old. # New."
    assert "<del>0.10</del><ins>0.12*2</ins>" in read and "<h1>" not in read


def test_an_excerpt_of_an_item_is_bounded() -> None:
    long = "word " * 400
    diff = word_diff(
        f"{long}\nFees: {long}0.1 {long}end.\nLast.", f"{long}\nFees: {long}0.2 {long}end.\nLast."
    )
    shown = plain(excerpt(diff))
    assert "[-0.1-]{+0.2+}" in shown and len(shown) < 200
    assert shown.startswith("…") and shown.endswith("…")
    grown = excerpt(word_diff("", "\n".join([long] * 50)), limit=300)
    assert grown.cut and len(plain(grown)) < 320
    whole = word_diff("a\nb c", "a\nb d")
    assert plain(excerpt(whole)) == "b [-c-]{+d+}" and not excerpt(whole).cut


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["diff", "latest~3", "latest~2", "--words", "--format", "md"], "Ask us for <del>more</del><ins>a higher one"),
        (["diff", "latest~3", "latest~2", "--words", "--format", "html"], "<del>more</del><ins>a higher one</ins>"),
        (["diff", "latest~3", "latest~2", "--format", "html"], "renamed (it was limits), edited"),
        (["history", "limits", "--words", "--format", "md"], "Ask us for <del>more</del><ins>a higher one"),
        (["log", "limits", "--words", "--format", "html"], ">okx/en: limits -&gt; withdrawal-limits</h2>"),
    ],
)  # fmt: skip
def test_documents_of_the_commands(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], shown: str
) -> None:
    target = tmp_path / "told"
    assert main([*words, "--archive", str(folder), "--output", str(target)]) == 0
    assert capsys.readouterr().out == ""
    written = target.read_text("utf-8")
    assert shown in written and "counted" not in written.split("</style>")[-1]
    assert main([*words, "--archive", str(folder), "--output", str(target)]) == 2, "it is there already"


def test_a_document_of_counts_or_of_a_whole_log_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "--stat", "--format", "html", "--archive", str(folder)]) == 2
    assert "--stat and --format html do not go together" in capsys.readouterr().err
    assert main(["log", "--format", "html", "--archive", str(folder)]) == 2
    assert "is for one article" in capsys.readouterr().err
