"""Any other help centre: the pages that its sitemap or feed lists."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urljoin, urlsplit

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms.contract import PAST_THE_END, Address, Claim, Findings, Link, Platform, Scope, Sign
from helpscraper.platforms.generic import addresses, lists
from helpscraper.platforms.generic.article import is_shell, is_sign_in, read_article, unreadable
from helpscraper.sites import Site
from helpscraper.urls import is_locale, path_of

__all__ = ["Generic"]

_FEEDS = ("application/rss+xml", "application/atom+xml")


class Generic(Platform):
    """robots.txt names the sitemaps, else ``/sitemap.xml`` is asked for, else the home page names a feed.

    A sitemap is made for search engines: it may lack articles and name others that are gone, and its ``lastmod`` may
    stay the same after an edit or change without one. So every article's page is requested in every crawl.
    """

    name = "generic"
    extractor = "generic/2"
    claim = Claim(evidence=(), absence="page", dated=False, confidence="generic")
    parts = ("limit",)
    collects = True
    any_site = True
    most = 100_000

    def address(self, site: Site, url: str) -> Address:
        """Return the address behind ``url``; every page that the declaration includes may be an article."""
        return addresses.address_of(site, url)

    def article_url(self, context: Context, key: str) -> str:
        """Return the URL with the path that the key encodes."""
        return context.root + path_of(key)

    def start(self, context: Context, scope: Scope) -> list[Link]:
        """Begin at robots.txt, which may be missing."""
        return [self._list(context, addresses.ROBOTS, guessed=True)]

    def instead(self, asked: Address, context: Context) -> list[Link]:
        """Return the link of the usual sitemap instead of robots.txt, that of the home page instead of a sitemap."""
        if asked.cursor == addresses.ROBOTS:
            return [self._list(context, "/sitemap.xml", guessed=True)]
        home = next(iter(context.site.include), "/")
        return [Link(context.root + home, Address("home", context.locale))]

    def sign(self, url: str, page: Payload | None) -> Sign | None:
        """Recognise any page with text; raises ``ExtractionError`` for a sign-in page or a shell without text."""
        if page is None:
            return None
        shown = Page(url, page)
        if is_shell(shown) or is_sign_in(shown):
            raise unreadable(shown)
        language = (shown.root.get("lang") or "").lower()
        # The folder of a page; a page right below the root may be an article or the help centre's home.
        folder = urlsplit(url).path.split("/")[1:2] if urlsplit(url).path.count("/") > 1 else []
        declares: dict[str, Any] = {"include": [f"/{folder[0]}/"]} if folder and folder[0] else {}
        if not is_locale(language):
            return Sign(seen="a page with text", locale="en", declares=declares)
        return Sign(
            seen="a page with text", locale=language, declares=declares | {"editions": {"": language}}
        )

    def leads_away(self, asked: Address, landed: Address) -> bool:
        """Tell whether the page at ``landed`` is another article; a slash at the end makes no difference."""
        same = addresses.is_same_page(asked.key, landed.key)
        return not same and super().leads_away(asked, landed)

    def findings(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        """Read robots.txt, a sitemap, a feed, the home page's link to a feed, or an article."""
        if asked.kind == "home":
            return self._home(url, payload, context)
        if asked.kind != "list":
            return read_article(asked, url, payload, context)
        if asked.cursor == addresses.ROBOTS:
            found = Findings(rules=["list.sitemaps/robots"])
            self._follow(found, lists.sitemaps_of(payload.data), url, context)
            found.more = found.more or self.instead(asked, context)
            return found
        return self._listed(asked, url, payload, context)

    def _list(self, context: Context, target: str, *, guessed: bool = False) -> Link:
        address = Address("list", context.locale, addresses.PAGES, cursor=target, guessed=guessed)
        return Link(context.root + target, address)

    def _follow(self, found: Findings, urls: list[str], page_url: str, context: Context) -> None:
        """Add the lists at ``urls`` to ``found``; those of another site, or like an article's, are left out."""
        for place in urls:
            try:
                url = urljoin(page_url, place)
                own = addresses.is_own(url, context)
            except ValueError:
                url, own = place, False
            if not own:
                found.left_out.append(f"a list on another site: {url[:200]}")
            elif addresses.address_of(context.site, url).kind != "list":
                found.holes.append(f"its address is like no sitemap's: {url[:200]}")
            else:
                _, _, target = url.partition("://")[2].partition("/")
                found.more.append(self._list(context, f"/{target.partition('#')[0]}"))

    def _listed(self, asked: Address, url: str, payload: Payload, context: Context) -> Findings:
        read = lists.read_list(payload.data)
        if read.kind is None:
            field = PAST_THE_END if asked.guessed else "list"
            said = "; ".join(["neither a sitemap nor a feed", *read.holes])
            raise ExtractionError(url, field, said, selector="urlset, sitemapindex, rss, feed")
        found = Findings(rules=[f"list.{read.kind}/entries"], holes=read.holes)
        if read.kind == "index":
            self._follow(found, [entry.url for entry in read.entries], url, context)
            if read.entries and not found.more and not found.holes:
                found.holes.append(
                    f"all lists that it names are on another site, the first: {read.entries[0].url[:200]}"
                    " (if its host is this help centre's too, declare it in [also_at])"
                )
            return found
        left_out: Counter[str] = Counter()
        first: dict[str, str] = {}
        # The latest changes come first, so that a crawl that is cut off has them.
        for entry in sorted(read.entries, key=lambda each: each.lastmod, reverse=True):
            why, row = _row(entry, url, context)
            if row is not None:
                found.articles.append(row)
            elif why:
                left_out[why] += 1
                first.setdefault(why, entry.url[:200])
        found.left_out = [f"{n} × {why}, the first: {first[why]}" for why, n in sorted(left_out.items())]
        return found

    def _home(self, url: str, payload: Payload, context: Context) -> Findings:
        page = Page(url, payload)
        found = Findings(rules=["home.feed/links"])
        feeds = [each for each in page.root.iter("link") if each.get("type", "").lower() in _FEEDS]
        self._follow(found, [each.get("href", "") for each in feeds], page.base_url, context)
        if not found.more:
            found.missing = page.error(
                "lists",
                "the site names no sitemap and no feed",
                selector="robots.txt, /sitemap.xml, link[type]",
            )
        return found


def _row(entry: lists.Entry, page_url: str, context: Context) -> tuple[str, RawArticle | None]:
    """Return the row of an entry, or why it is left out."""
    try:
        url = urljoin(page_url, entry.url).partition("#")[0]
        own = addresses.is_own(url, context)
    except ValueError:
        url, own = entry.url, False
    if not own:
        return "an address of another site", None
    address = addresses.address_of(context.site, url)
    if address.kind == "home":
        return "", None
    if address.kind != "article":
        return "an address that is no page of this help centre", None
    if address.locale != context.locale:
        return f"an address of the edition {address.locale}", None
    listed = (addresses.PAGES,)
    return "", RawArticle(kind="listing", key=address.key or "", url=url, title=entry.title, listed_in=listed)
