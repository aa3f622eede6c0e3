"""Find out which platform serves a URL: by its address, one page, and one list where a platform needs it.

A look at a few pages of a site needs no session and stores nothing; ``spiders.scout`` asks for them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from helpscraper.errors import CommandError, CrawlError, ExtractionError, NotPublicError, RefusedError
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.plain_text import plural
from helpscraper.platforms import get_platform, platform_names
from helpscraper.platforms.contract import Link, Platform, Scope, Sign
from helpscraper.sites import Site, site_name
from helpscraper.sites.declaration import site_of
from helpscraper.urls import origin

__all__ = ["Answer", "Ask", "FieldSeen", "Recognised", "look", "recognise"]

_SHOWN = 60
_PUBLIC = "open it in a browser without signing in; helpscraper reads what is public and evades no challenge"

# Columns whose rule is named after another field, or after the whole page.
_RULES = {
    "published_at": "dates", "published_on": "dates", "updated_at": "dates", "updated_on": "dates",
    "body_sha256": "body", "word_count": "body", "reading_minutes": "reading", "article_id": "slug", "url": "slug",
}  # fmt: skip
_OF_PAGE = ("articles", "article", "state")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request, after redirects within the site."""

    url: str
    status: int
    page: Payload


Ask = Callable[[Link | str], Awaitable[Answer]]
"""Asks for a link or a URL; raises ``CrawlError`` when no answer can be had."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A help centre that a platform knows: the values of its declaration, its locale, and the sign."""

    platform: str
    values: dict[str, Any]
    locale: str
    seen: str

    def __str__(self) -> str:
        claim = get_platform(self.platform).claim
        where = ", ".join([self.values["base_url"] + "".join(self.values.get("include", [])), self.locale])
        return f"{self.platform} (by {self.seen}): {where}; {claim}"


async def recognise(url: str, ask: Ask, platform: str | None = None) -> Recognised:
    """Return the help centre at ``url``, recognised among all platforms, or only as ``platform`` if given.

    A list that can be read proves more than a sign on a page, and a platform for any site is the last choice. Raises
    ``CommandError`` where two platforms fit equally well or none does, and ``RefusedError`` where the pages cannot be
    read, are not public, or show unpublished articles.
    """
    reasons: list[str] = []
    advice = ""
    here, page = url, None
    try:
        answer = await ask(url)
        here, page = answer.url, answer.page
        if answer.status != 200:
            reasons.append(f"{here}: HTTP {answer.status}")
            page = None
    except CrawlError as error:
        reasons.append(error.message)
        advice = error.advice
    fitting: dict[int, list[Recognised]] = defaultdict(list)
    shut = False
    for name in [platform] if platform else platform_names():
        each = get_platform(name)
        try:
            sign = each.sign(here, _open(each, here, page))
            found = sign and await _proved(each, sign, here, ask)
        except NotPublicError as error:
            raise RefusedError(error.message, advice=error.advice) from error
        except (CrawlError, ExtractionError) as error:
            reasons.append(error.message)
            shut = shut or getattr(error, "field", None) == "challenge"
            continue
        if sign and found:
            fitting[0 if each.any_site else 2 if sign.probe else 1].append(found)
    if shut:
        fitting.pop(0, None)  # the generic platform would read the challenge as an article
    best = fitting[max(fitting)] if fitting else []
    if len(best) == 1:
        return best[0]
    if best:
        names = " and ".join(each.platform for each in best)
        raise CommandError(
            f"{url}: both {names} know this help centre",
            advice=f"choose one: `helpscraper sites add {url} --platform {best[0].platform}`",
        )
    if reasons:
        raise RefusedError(
            f"{url}: nothing can be read there: {'; '.join(dict.fromkeys(reasons))}", advice=advice or _PUBLIC
        )
    raise CommandError(
        f"{url}: {platform or 'no platform'} does not know this address",
        advice="give the address of the help centre's home page, such as https://support.example.com/hc/en-us",
    )


def _open(platform: Platform, url: str, page: Payload | None) -> Payload | None:
    """Return the page; raises ``ExtractionError`` for a challenge."""
    title = platform.blocked(url, page) if page is not None else None
    if title is not None:
        raise ExtractionError(url, "challenge", f"a block or challenge page ({title!r})")
    return page


async def _proved(platform: Platform, sign: Sign, url: str, ask: Ask) -> Recognised:
    """Return the help centre; raises ``ExtractionError`` or ``CrawlError`` when its list cannot be read."""
    values = {"platform": platform.name, "base_url": origin(url), **sign.declares}
    if sign.probe is not None:
        answer = await ask(sign.probe)
        if answer.status != 200:
            raise CrawlError(f"{answer.url}: HTTP {answer.status}")
        context = Context(site_of(site_name(url), values), sign.locale)
        platform.read(sign.probe.address, answer.url, answer.page, context)
    return Recognised(platform.name, values, sign.locale, sign.seen)


@dataclass(slots=True)
class FieldSeen:
    """One column of the articles that a look has read: how many had it, by which rules, and one value."""

    articles: int = 0
    rules: set[str] = field(default_factory=set)
    example: str = ""


async def look(
    site: Site, locale: str, base_url: str, ask: Ask, pages: int = 10
) -> tuple[dict[str, FieldSeen], list[str]]:
    """Read at most ``pages`` pages of a site, lists and articles in turn.

    Returns each column by name, and one line for each page: its URL and a summary, or why it was not read.
    """
    platform, context = get_platform(site.platform), Context(site, locale, base_url)
    lists, articles = deque(platform.start(context, Scope())), deque[Link]()
    asked, columns, lines = set[str](), defaultdict[str, FieldSeen](FieldSeen), list[str]()
    while len(lines) < pages and (lists or articles):
        link = articles.pop() if articles and (len(lines) % 2 or not lists) else lists.popleft()
        if link.url in asked:
            continue
        asked.add(link.url)
        try:
            answer = await ask(link)
            if answer.status != 200:
                raise CrawlError(f"{link.url}: HTTP {answer.status}")
            found = platform.read(link.address, answer.url, answer.page, context)
        except (CrawlError, ExtractionError) as error:
            lines.append(error.message)
            if link.address.guessed:
                lists.extend(platform.instead(link.address, context))
            continue
        sections = (platform.list_link(context, each.key) for each in found.sections)
        lists.extend([*found.links, *filter(None, sections), *found.more, *filter(None, [found.next])])
        whole = [raw for raw in found.articles if raw.kind == "article" and not raw.unread]
        articles.extend(platform.article_link(context, raw.key) for raw in found.articles if raw not in whole)
        lines.append(f"{answer.url}: {link.address.kind}, {plural(len(found.articles), 'article')}")
        lines += [*found.holes, *(f"{raw.url}: {raw.unread}" for raw in found.articles if raw.unread)]
        rules = defaultdict[str, set[str]](set)
        for rule in (each.partition(".")[2] for each in found.rules):
            rules[rule.partition("/")[0]].add(rule)
        for raw in whole:
            for name, value in normalise_article(raw, context).columns.items():
                if value is not None:
                    seen = columns[name]
                    seen.articles += 1
                    own = rules[name] | rules[_RULES.get(name, name)]
                    seen.rules |= own or set().union(*(rules[each] for each in _OF_PAGE))
                    seen.example = seen.example or str(value)[:_SHOWN]
    return dict(columns), lines
