"""The platform of an invented CMS, as another package would bring it."""

from __future__ import annotations

import json
import re

from parsel import Selector

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page
from helpscraper.html.bodies import write_body
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.sites import Site

_GUIDE = re.compile(r"(?:https?://[^/]+)?/guides/([0-9]+)")
_LIST = re.compile(r"(?:https?://[^/]+)?/api/guides(?:\?after=([0-9]+))?")


class Lantern(Platform):
    name = "lantern"
    experimental = True
    extractor = "lantern/1"
    # A row of the list shows nothing that an edit would move, so every guide is read in every crawl.
    claim = Claim(evidence=(), absence="list", dated=False)

    def address(self, site: Site, url: str) -> Address:
        if guide := _GUIDE.fullmatch(url):
            return Address("article", "en", guide[1])
        if page := _LIST.fullmatch(url):
            return Address("list", "en", "guides", cursor=page[1])
        return Address("other", "en")

    def article_url(self, context: Context, key: str) -> str:
        return f"{context.base_url or context.site.base_url}/guides/{key}"

    def start(self, context: Context, scope: Scope) -> list[Link]:
        return [self._list(context, None)]

    def _list(self, context: Context, cursor: str | None) -> Link:
        after = f"?after={cursor}" if cursor else ""
        url = f"{context.base_url or context.site.base_url}/api/guides{after}"
        return Link(url, Address("list", "en", "guides", cursor=cursor))

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        if page is None or b"class=guide" not in page.data:
            return None
        return Sign(seen="the guide on the page", locale="en")

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        if asked.kind == "list":
            said = json.loads(payload.data)
            rows = [
                RawArticle(
                    kind="listing", key=str(row["id"]), url=url, title=row["title"], section=row["topic"]
                )
                for row in said["guides"]
            ]
            cursor = said["next"]
            return Findings(articles=rows, next=self._list(context, str(cursor)) if cursor else None)
        page = Page(url, payload)
        shown = Selector(root=page.root, type="html")
        guide = shown.css("div.guide")
        if not guide:
            raise ExtractionError(url, "body", "no guide on the page", selector="div.guide")
        body = write_body([guide[0].root], url)
        article = RawArticle(
            kind="article", key=asked.key or "", url=url, title=shown.css("h1::text").get(),
            section=guide.attrib["data-topic"], body_html=body.html, body_text=body.text, body_markdown=body.markdown,
        )  # fmt: skip
        return Findings(articles=[article], language="en")
