"""A GitBook site, read without a crawl; ``tests/e2e/test_one_list.py`` crawls it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.errors import ExtractionError
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings
from helpscraper.platforms.gitbook.platform import GitBook
from helpscraper.sample import SampleServer
from helpscraper.sites import Site

BASE = "https://books.example"
CONTEXT = Context(Site(name="acme", platform="gitbook", base_url=BASE), "en")
LINE = (
    f"> An index of all pages is at [llms.txt]({BASE}/llms.txt); this page is available as "
    f"[Markdown]({BASE}/lamps/oil.md).\n\n"
)
AGENTS = "\n\n---\n\n# Agent Instructions: ask\n\nSend questions to `?ask=`.\n"
INDEX = f"""# Brambleway

## Care \\& use

- [Lamps]({BASE}/lamps.md): All about lamps:
- [x] and oil.
- [Oil \\[new\\]]({BASE}/lamps/oil.md)
  - [Wicks]({BASE}/spare/wicks.md)
- [Shop](https://shop.example/x.md)
- [Prices]({BASE}/prices.pdf)
"""


def listed(text: str) -> Findings:
    asked = Address("list", "en", "pages")
    return GitBook().read(asked, f"{BASE}/llms.txt", Payload(text.encode(), "text/plain"), CONTEXT)


def page(text: str, key: str = "lamps.oil", url: str = f"{BASE}/lamps/oil.md") -> RawArticle:
    (raw,) = GitBook().read(Address("article", "en", key), url, Payload(text.encode()), CONTEXT).articles
    return raw


def test_the_index_lists_pages_with_their_places() -> None:
    found = listed(INDEX)
    shown = [(raw.key, raw.title, raw.category, raw.section, raw.section_title) for raw in found.articles]
    assert shown == [
        ("lamps", "Lamps", "Care & use", None, None),
        ("lamps.oil", "Oil [new]", "Care & use", "lamps", "Lamps"),
        ("spare.wicks", "Wicks", "Care & use", "spare", None),
    ]
    assert [each.url for each in found.articles][1] == f"{BASE}/lamps/oil"
    assert (found.holes, len(found.left_out)) == ([], 2)
    link = GitBook().article_link(CONTEXT, "lamps.oil")
    assert link.url == f"{BASE}/lamps/oil.md"
    assert GitBook().address(CONTEXT.site, link.url) == GitBook().address(CONTEXT.site, f"{BASE}/lamps/oil")


def test_a_page_that_is_listed_twice_is_a_row_twice() -> None:
    assert [raw.key for raw in listed(f"{INDEX}- [Lamps]({BASE}/lamps.md)\n").articles].count("lamps") == 2


@given(st.integers(0, len(INDEX.encode())))
def test_an_index_that_is_cut_off_names_the_hole_or_says_that_it_lists_nothing(end: int) -> None:
    whole = [
        line for line in INDEX.encode()[:end].decode().splitlines()[-1:] if line.startswith(("- [", "  - ["))
    ]
    broken = [line for line in whole if ")" not in line.partition("](")[2]]
    try:
        found = listed(INDEX.encode()[:end].decode())
    except ExtractionError as error:
        assert error.field == "list"
        return
    assert len(found.holes) == len(broken) <= 1


@pytest.mark.parametrize("text", ["", "# Brambleway\n", "<!doctype html><title>Help</title>", "Not found"])
def test_what_lists_no_page_is_no_index(text: str) -> None:
    with pytest.raises(ExtractionError, match="list"):
        listed(text)


def test_a_page_is_read_without_what_gitbook_writes_around_it() -> None:
    body = "Trim the **wick**.\n\n---\n\n* a\n* b&#x20;\n\n| x | y |\n| - | - |\n| 1 | 2 |"
    raw = page(f"{LINE}# Oil & *wicks*\n\n{body}{AGENTS}")
    assert (raw.title, raw.body_markdown) == ("Oil & wicks", body)
    assert raw.body_text == "Trim the wick.\n- a\n- b\nx\ty\n1\t2"
    assert raw.body_html is not None and "<strong>wick</strong>" in raw.body_html
    assert page(f"# Oil\n\n{body}").body_text == raw.body_text
    # A quotation of the author's own stays.
    assert page("> Be careful.\n\n# Oil\n\nx").body_text == "Be careful.\nx"


def test_gitbooks_own_blocks_show_what_stands_in_them() -> None:
    raw = page(
        '# Oil\n{% hint style="info" %}\nMind the flame.\n{% endhint %}\n\n{% tabs %}\n{% tab title="At <home>" %}\n'
        'One\n{% endtab %}\n{% endtabs %}\n{% embed url="<https://films.example/a>" %}\n\n'
        "```\n{% hint %}\n```\n\n    {% code %}\n\n<details>\n<summary>More</summary>\n\nIt {% burns %}\n\n</details>\n"
    )
    assert raw.body_text == (
        "Mind the flame.\nAt <home>\nOne\nhttps://films.example/a\n{% hint %}\n{% code %}\nMore\nIt {% burns %}"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Only text", "title: no heading"),
        ("<!doctype html><title>Oil</title><p>x", "markdown: HTML came instead of Markdown"),
        ("<html><title>Just a moment...</title>", "a block or challenge page"),
        ("# Oil\n" + "x" * (1 << 20), "markdown: .* the bound is"),
        (
            "# Page Not Found\n\nThe URL `oil` does not exist. It may have moved.\n\n## Suggested Pages\n- [a](/a.md)",
            "article: the page says that there is none",
        ),
    ],
)
def test_what_is_no_page_is_named(text: str, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        page(text)


def test_an_article_about_missing_pages_is_an_article() -> None:
    for text in (
        "# Page Not Found\n\nThe page of a lamp is missing.",
        "# Oil\n\nThe URL `a` does not exist.",
    ):
        assert page(text).body_text


def test_another_page_than_the_one_asked_for_is_named() -> None:
    with pytest.raises(ExtractionError, match="leads to another page"):
        page("# Wicks", url=f"{BASE}/wicks.md")


@given(st.text(alphabet='ab#>|-*_`[](){}%<>!&\\"= \n', max_size=80))
def test_any_text_is_read_or_named(text: str) -> None:
    try:
        raw = page(f"{LINE}{text}")
    except ExtractionError as error:
        assert error.url == f"{BASE}/lamps/oil.md"
        return
    assert raw.title and raw.body_text is not None


@pytest.mark.parametrize("times", [20_000, 300], ids=["length", "brackets"])
def test_a_paragraph_of_hostile_length_is_bounded_work(times: int) -> None:
    assert page("# Oil\n\n" + "![*a*" * times).body_text == "![*a*" * times


@pytest.mark.parametrize(
    ("url", "text", "index", "locale"),
    [
        (f"{BASE}/a", "<html lang=de><meta name=generator content='GitBook (1)'>", f"{BASE}/llms.txt", "de"),
        (f"{BASE}/docs/llms.txt", "# GitBook\n", f"{BASE}/docs/llms.txt", "en"),
        (f"{BASE}/docs/a.md", LINE.replace("/llms", "/docs/llms"), f"{BASE}/docs/llms.txt", "en"),
    ],
)
def test_a_site_is_known_by_a_sign_and_its_index(url: str, text: str, index: str, locale: str) -> None:
    sign = GitBook().sign(url, Payload(text.encode()))
    assert sign is not None and sign.probe is not None
    assert (sign.probe.url, sign.locale) == (index, locale)
    assert sign.declares.get("include", []) == (["/docs/"] if "docs" in url else [])


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (f"{BASE}/a", "<html><meta name=generator content=WordPress>"),
        (f"{BASE}/llms.txt", "# Other\n"),
        (f"{BASE}/a.md", LINE.replace(BASE, "https://elsewhere.example")),
    ],
)
def test_another_site_has_no_sign(url: str, text: str) -> None:
    assert GitBook().sign(url, Payload(text.encode())) is None
    assert GitBook().sign(url, None) is None


def test_every_article_of_the_sample_is_read() -> None:
    platform = GitBook()
    with SampleServer(layout="gitbook", articles=120) as server:
        context = Context(Site(name="acme", platform="gitbook", base_url=server.url), "en")
        (start,) = platform.start(context, scope=None)  # type: ignore[arg-type]
        rows = platform.read(
            start.address, start.url, Payload(server.healthy("/llms.txt").body), context
        ).articles
        truth = {record.slug: record for record in server.truth()}
        assert {raw.key for raw in rows} == truth.keys()
        for raw in rows:
            record, link = truth[raw.key], platform.article_link(context, raw.key)
            body = server.healthy(link.url.removeprefix(server.url)).body
            (own,) = platform.read(link.address, link.url, Payload(body), context).articles
            assert (own.body_text, own.title) == (record.body_text, record.title.strip())
            assert (raw.section, raw.section_title or "") == (record.section, record.section_title)
            assert raw.category == record.category


def test_a_recorded_page_reads_as_a_reader_saw_it(shared: Path) -> None:
    folder = shared / "platforms" / "gitbook"
    wanted = json.loads((folder / "page.expected.json").read_text("utf-8"))
    site = Site(name="acme", platform="gitbook", base_url="https://hyperliquid.gitbook.io")
    address, url = GitBook().address(site, wanted["url"]), f"{wanted['url']}.md"
    found = GitBook().read(address, url, Payload((folder / "page.md").read_bytes()), Context(site, "en"))
    (raw,) = found.articles
    # Numbers of a list are a part of the text here.
    assert re.sub(r"(?m)^\d\. ", "", raw.body_text or "") == wanted["body_text"]
    assert (raw.title, raw.url, raw.updated) == (wanted["title"], wanted["url"], wanted["updated_at"])
    assert "llms.txt" not in f"{raw.body_text}{raw.body_markdown}{raw.body_html}"
