"""Read the sample help centre with a platform alone: no crawl, no network."""

from __future__ import annotations

from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Link, Platform, Scope
from helpscraper.sample import SampleServer
from helpscraper.sites import Site


def walk(platform: Platform, server: SampleServer, locale: str) -> dict[str, RawArticle]:
    """Read the whole sample site without a crawl; return the articles of lists, overlaid by those of their pages."""
    context = Context(Site(name="acme", platform=platform.name, base_url=server.url), locale)
    waiting, asked = platform.start(context, Scope()), set[str]()
    rows: dict[str, RawArticle] = {}
    pages: list[Link] = []
    while waiting or pages:
        link = (waiting or pages).pop()
        if link.url in asked:
            continue
        asked.add(link.url)
        found = platform.read(
            link.address, link.url, Payload(server.answer(link.url.removeprefix(server.url)).body), context
        )
        assert found.missing is None
        waiting += [*found.links, *([found.next] if found.next else [])]
        waiting += filter(None, (platform.list_link(context, section.key) for section in found.sections))
        for raw in found.articles:
            if raw.kind == "listing":
                pages.append(platform.article_link(context, raw.key))
            rows[raw.key] = raw
    return rows
