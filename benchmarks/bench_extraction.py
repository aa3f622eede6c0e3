"""The time of extraction against parsing alone, and against BeautifulSoup: ratios taken side by side in one run.

Bounds: all fields of all rows of a listing page within 1.6 times ``lxml.html.fromstring`` of the same page, an
article with its body in three forms within 2 times, and both at least 10 times faster than BeautifulSoup with
Python's own ``html.parser`` doing the same. BeautifulSoup over lxml is shown beside it, without a bound.

    python benchmarks/bench_extraction.py            exits 1 when a bound is missed

The real pages are read from ``../shared/data/okx`` beside the repository; where that is absent, generated pages of the
same size and shape replace them.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

import lxml.html
from bs4 import BeautifulSoup
from bs4.element import Tag
from markdownify import MarkdownConverter

from helpscraper.items import RawArticle
from helpscraper.platforms.okx import ArticlePage, ListingPage

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "okx"
LISTING = "https://www.okx.com/help/section/announcements-latest-announcements/page/2"
ARTICLE = "https://www.okx.com/help/okx-to-list-perpetual-futures-for-init-crypto"
ROUNDS = 400
SOUP_ROUNDS = 150
# Real pages have this around their content: menus with long attributes, and several languages.
MENU = (
    '<div class="nav-item-wrap nav-item-wrap-large nav-item-wrap-visible" data-testid="nav-item" tabindex="0">'
    '<a href="/harbour/markets?channel=menu&amp;position=top" class="nav-link nav-link-primary nav-link-medium"'
    ' rel="noopener noreferrer" aria-label="Markets" target="_self"><span class="nav-label">Markets 港口</span>'
    '<i class="icon iconfont harbour-arrow-right-medium icon-inner" role="img" aria-hidden="true"></i></a></div>'
)


def in_turns(
    work: Callable[[], object], beside: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Run both by turns, garbage collector on as in a crawl; return the seconds of every round of each."""
    mine, other = [], []
    gc.collect()
    for _ in range(rounds):
        a = time.perf_counter()
        beside()
        b = time.perf_counter()
        work()
        c = time.perf_counter()
        other.append(b - a)
        mine.append(c - b)
    return mine, other


def beside_parsing(work: Callable[[], object], html: str) -> tuple[float, float]:
    """Return how many times parsing alone ``work`` takes, and its milliseconds.

    Each is judged by its fastest round, because other load of the machine only adds time.
    """
    mine, other = in_turns(work, partial(lxml.html.fromstring, html), ROUNDS)
    return min(mine) / min(other), min(mine) * 1000


def beside_soup(work: Callable[[], object], soup: Callable[[], object]) -> float:
    """Return how many times as long ``soup`` takes as ``work``.

    Judged by the sum of all rounds: its trees are cycles, whose collection falls into some of the rounds only.
    """
    mine, other = in_turns(work, soup, SOUP_ROUNDS)
    return sum(other) / sum(mine)


def read_rows(html: str) -> list[RawArticle]:
    rows = ListingPage(LISTING, html).articles
    assert len(rows) == 15
    return rows


def read_listing(html: str) -> ListingPage:
    """The rows, and the other fields that a crawl reads."""
    page = ListingPage(LISTING, html)
    assert page.articles and page.sections and page.total and page.pages and page.next_url
    return page


def read_article(html: str) -> RawArticle:
    article = ArticlePage(ARTICLE, html).article
    assert article.body_text and article.body_markdown and article.body_html
    return article


def soup_listing(html: str, parser: str) -> list[dict[str, object]]:
    """The result of ``read_rows``, written with BeautifulSoup."""
    soup = BeautifulSoup(html, parser)
    script = soup.find("script", id="appState")
    assert script is not None
    state = json.loads(script.get_text())["appContext"]["initialProps"]["sectionData"]["articleList"]
    stated = {row["slug"]: row for row in state["items"]}
    rows = []
    for item in soup.select("li[class*=index_articleItem__]"):
        link = item.find("a")
        assert isinstance(link, Tag)
        slug = str(link["href"]).rsplit("/", 1)[-1]
        title = item.select_one("[class*=index_title__]")
        dates = [date.get_text() for date in item.select("[data-testid=DateDisplay]")]
        assert title is not None
        rows.append({**stated.get(slug, {}), "slug": slug, "title": title.get_text(), "dates": dates})
    assert len(rows) == 15
    return rows


def soup_article(html: str, parser: str) -> tuple[str, str, str]:
    """The result of ``read_article``: title, dates and the body as text, HTML and Markdown (by markdownify)."""
    soup = BeautifulSoup(html, parser)
    script, title = soup.find("script", id="appState"), soup.find("h1")
    assert script is not None and title is not None
    json.loads(script.get_text())
    body = soup.select_one("[class*=index_richTextContent__]")
    assert body is not None and soup.select("[data-testid=RowWithDivider] span")
    for unwanted in body.select("script, style, [class*=index_footerContainer__]"):
        unwanted.decompose()
    for link in body.select("a[href]"):
        link["href"] = urljoin(ARTICLE, str(link["href"]))
    return body.get_text("\n"), body.decode_contents(), MarkdownConverter().convert_soup(body)


def generated_listing(size: int = 273_000) -> str:
    """A listing page in the site's shape and of the real one's size, in own words."""
    rows = [
        {
            "id": f"{number:022d}",
            "slug": f"harbour-notice-{number}",
            "title": f"Harbour notice {number}: berths move on Tuesday",
            "publishTime": f"2025-04-{number + 1:02d}T19:13+08:00",
            "updatedAt": f"2025-05-{number + 1:02d}T06:16:40.504Z",
        }
        for number in range(15)
    ]
    section = {
        "slug": "announcements-latest-announcements",
        "title": "Latest",
        "contentType": "tag",
        "subSections": [],
    }
    data = {
        "articleList": {"total": 2131, "skip": 15, "limit": 15, "items": rows},
        "allSections": [section],
        "currSection": section,
    }
    state = {"appContext": {"initialProps": {"sectionData": data}, "serverSideProps": {"page": 2}}}
    items = "".join(
        f'<li class="index_articleItem__d-8iK"><a href="/help/{row["slug"]}" class="index_articleLink__Z6ycB">'
        f'<div class="index_title__iTmos">{row["title"]}</div>'
        '<div data-testid="RowWithDivider" class="index_detailsRow__8G">'
        '<span data-testid="DateDisplay">Published on Apr 17, 2025</span></div></a></li>'
        for row in rows
    )
    chrome = MENU * 320
    page = (
        f'<html lang="en"><head><title>Latest</title></head><body>{chrome}<div id="root" role="main">'
        f'<ul class="index_list__lAqHy" aria-describedby="help-load-more-desc">{items}</ul>'
        '<div class="index_paginationWrap__x"><ul class="okui-pagination">'
        '<div class="okui-pagination-item-active" data-testid="okd-pagination-pager">2</div>'
        f'<a href="{LISTING[:-1]}3" data-testid="okd-pagination-next-icon" class="okui-pagination-next"></a>'
        '</ul><span id="help-load-more-desc">Showing 16-30 of 2131 articles</span></div></div>'
        f'<script type="application/json" id="appState">{json.dumps(state)}</script>'
    )
    filler = json.dumps({"padding": ["a value in a state that is not read"] * ((size - len(page)) // 39)})
    return f'{page}<script type="application/json" id="headerState">{filler}</script></body></html>'


def generated_article(size: int = 144_000) -> str:
    """An article page in the site's shape and of the real one's size, in own words."""
    slug = ARTICLE.rsplit("/", 1)[-1]
    post = {
        "slug": slug,
        "title": "Harbour notice",
        "publishTime": "2025-04-24T14:00+08:00",
        "section": {"slug": "news", "category": {"slug": "notices", "title": "Notices"}},
    }
    state = {"appContext": {"serverSideProps": {"currentPost": post}}}
    row = "<tr><td><p>Berth</p></td><td><p>Seven, with <b>shore power</b></p></td></tr>"
    text = (
        f"<p>Berths move on <a href='/help/tides'>Tuesday</a>.</p><ul><li><p>One</p></li></ul><table>{row * 10}</table>"
        * 3
    )
    chrome = MENU * 190
    page = (
        f'<html lang="en"><body>{chrome}<script type="application/json" id="appState">{json.dumps(state)}</script>'
        '<article aria-label="Harbour notice"><h1>Harbour notice</h1><div data-testid="RowWithDivider">'
        '<span data-testid="DateDisplay">Published on Apr 24, 2025</span><span>2 min read</span></div>'
        f'<div class="index_content__03zP1"><div class="index_richTextContent__9H5yk">{text}</div></div></article>'
    )
    filler = json.dumps({"padding": ["a value in a state that is not read"] * ((size - len(page)) // 39)})
    return f'{page}<script type="application/json" id="headerState">{filler}</script></body></html>'


def load(name: str, generate: Callable[[], str]) -> tuple[str, str]:
    path = DATA / name
    return (path.read_text(encoding="utf-8"), "real") if path.is_file() else (generate(), "generated")


def main() -> int:
    listing, listing_kind = load("section_latest_announcements_page2_2025-04.html", generated_listing)
    article, article_kind = load("article_init_perpetual_2025-04.html", generated_article)
    columns = len(fields(RawArticle))
    print(f"extraction, {ROUNDS} rounds by turns, {columns} fields a row")
    missed = 0
    for name, kind, html, read, soup, bound in (
        ("listing page, all fields of all rows", listing_kind, listing, read_rows, soup_listing, 1.6),
        ("article page, body in three forms", article_kind, article, read_article, soup_article, 2.0),
    ):
        ratio, took = beside_parsing(partial(read, html), html)
        missed += ratio > bound
        print(f"{name} ({kind}, {len(html) / 1000:.0f} kB): {took:.2f} ms")
        print(
            f"  {'ok  ' if ratio <= bound else 'MISS'} {ratio:5.2f} x lxml.html.fromstring alone (bound {bound} x)"
        )
        slower = beside_soup(partial(read, html), partial(soup, html, "html.parser"))
        missed += slower < 10
        print(f"  {'ok  ' if slower >= 10 else 'MISS'} {slower:5.1f} x as fast as BeautifulSoup (bound 10 x)")
        slower = beside_soup(partial(read, html), partial(soup, html, "lxml"))
        print(f"       {slower:5.1f} x as fast as BeautifulSoup over lxml")
    ratio, _ = beside_parsing(partial(read_listing, listing), listing)
    print(f"listing page with its sections, pager and totals: {ratio:.2f} x lxml.html.fromstring alone")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
