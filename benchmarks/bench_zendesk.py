"""The cost of a Zendesk answer of 100 articles, beside parsing its JSON and bodies, and beside BeautifulSoup.

Bounds: all fields of all rows, bodies in three forms, within 1.5 times of parsing with lxml alone, and 10 times faster
than BeautifulSoup and markdownify writing the same three forms; each is judged by its fastest round. The answer is the
sample help centre's, its bodies repeated to the size that real ones have.

    python -m benchmarks zendesk            exits 1 when the bound is missed
"""

from __future__ import annotations

import json
import sys
import urllib.request
from functools import partial

import lxml.html
from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from benchmarks.bench_extraction import in_turns
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Address
from helpscraper.sample import SampleServer
from helpscraper.sites import Site

ROUNDS = 40
SOUP_ROUNDS = 4
BOUND = 1.5
SOUP_BOUND = 10
BODY = 8_000
"""Characters of a body."""


def answer() -> tuple[str, bytes]:
    """Return the URL and the bytes of a list answer of 100 articles."""
    with SampleServer(layout="zendesk") as server:
        url = f"{server.url}/api/v2/help_center/en-us/articles.json?page[size]=100"
        with urllib.request.urlopen(url, timeout=60) as reply:
            data = json.load(reply)
    articles = [dict(each) for _ in range(100) for each in data["articles"]][:100]
    for number, article in enumerate(articles):
        article["id"] += 1_000_000 * number
        article["body"] *= max(BODY // len(article["body"]), 1)
    return url, json.dumps(data | {"articles": articles}).encode()


def read(url: str, data: bytes, context: Context) -> list[RawArticle]:
    """Return the rows as a crawl reads them."""
    platform = get_platform("zendesk")
    rows = platform.read(Address("list", context.locale, "articles"), url, Payload(data), context).articles
    assert len(rows) == 100 and all(row.body_markdown for row in rows)
    return rows


def parse(data: bytes) -> None:
    """Parse the JSON and every body, and no more."""
    for article in json.loads(data)["articles"]:
        lxml.html.fromstring(article["body"])


def read_soup(data: bytes) -> None:
    """Write every body as text, HTML and Markdown, as a BeautifulSoup user does."""
    for article in json.loads(data)["articles"]:
        soup = BeautifulSoup(article["body"], "html.parser")
        soup.get_text("\n"), soup.decode_contents(), MarkdownConverter().convert_soup(soup)


def main() -> bool:
    """Print the ratios; return whether they are within their bounds."""
    url, data = answer()
    context = Context(Site(name="bench", platform="zendesk", base_url=url.partition("/api")[0]), "en-us")
    mine, alone = in_turns(partial(read, url, data, context), partial(parse, data), ROUNDS)
    ratio = min(mine) / min(alone)
    print(
        f"a Zendesk answer of 100 articles ({len(data) / 1000:.0f} kB): {min(mine) * 1000:.0f} ms, ", end=""
    )
    print(f"{ratio:.2f} x parsing its JSON and bodies alone (bound {BOUND} x)")
    mine, soup = in_turns(partial(read, url, data, context), partial(read_soup, data), SOUP_ROUNDS)
    faster = min(soup) / min(mine)
    print(f"  {faster:.1f} x as fast as BeautifulSoup and markdownify (bound {SOUP_BOUND} x)")
    return ratio <= BOUND and faster >= SOUP_BOUND


if __name__ == "__main__":
    sys.exit(not main())
