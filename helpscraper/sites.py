"""The help centres that helpscraper knows: one small record each, with the hosts that serve it.

Facts about OKX (paths, time zone, page size, hosts) were read off saved pages of 2025-04 to 2026-10.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from helpscraper.errors import CommandError
from helpscraper.urls import origin, parse_help_url

__all__ = ["OKX", "SITES", "Site", "find_site", "get_site", "host_of", "known_hosts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A help centre: its name in the archive, where it lives, and the clock by which it shows dates.

    ``utc_offset`` is the offset of the calendar dates that the site shows, whatever the visitor's own clock.
    ``page_size`` is the number of articles that a full listing page holds where the page does not say.
    ``what`` says which help centre it is, ``platform`` which platform reads it.
    ``also_at`` maps other addresses of the same editions to what each is.
    ``editions`` maps a first path segment to the locale that it stands for where it is not the locale itself ("" for
    an address without one). ``regional`` maps a regional site, as pages name it, to the edition that it serves in
    place of the others in its language. ``crawled`` is False for a site of which no listing was ever seen: captures
    of it can be imported.
    """

    name: str
    base_url: str
    what: str
    platform: str = "okx"
    help_path: str = "/help"
    utc_offset: dt.timezone = dt.timezone(dt.timedelta(hours=8))
    page_size: int = 15
    also_at: Mapping[str, str] = field(default_factory=dict, hash=False)
    editions: Mapping[str, str] = field(default_factory=lambda: {"": "en"}, hash=False)
    regional: Mapping[str, str] = field(default_factory=dict, hash=False)
    crawled: bool = True

    def help_url(self, locale: str, base_url: str | None = None) -> str:
        """Return the URL of the help centre's home page in ``locale``, without a trailing slash."""
        root = (base_url or self.base_url).rstrip("/")
        segment = next((segment for segment, served in self.editions.items() if served == locale), locale)
        return f"{root}/{segment}{self.help_path}" if segment else f"{root}{self.help_path}"

    def edition_at(self, url: str) -> str:
        """Return the locale of the edition that an address of this site belongs to.

        >>> SITES["okx-tr"].edition_at("https://tr.okx.com/help/a"), OKX.edition_at("https://www.okx.com/de/help/a")
        ('tr', 'de')
        """
        first = urlsplit(url).path.split("/")[1:2]
        segment = "" if first == [self.help_path.strip("/")] else "".join(first)
        return self.editions.get(segment) or parse_help_url(url).locale


OKX = Site(
    name="okx",
    base_url="https://www.okx.com",
    what="the global help centre, with the editions of its regions under their locale prefixes",
    also_at={
        "https://web3.okx.com": "the same editions under the wallet's address",
        "https://aws.okx.com": "the same editions under another address",
        "https://www.okex.com": "an earlier address",
    },
    regional={"OKX_US": "en-us"},
)

# Of my. and app. no help page was ever seen, so their paths are read as everywhere else.
_OTHERS = (
    Site(
        name="okx-tr",
        base_url="https://tr.okx.com",
        what="the help centre of OKX TR, with its own articles",
        editions={"": "tr", "en": "en-tr"},
        crawled=False,
    ),
    Site(
        name="okx-eea",
        base_url="https://my.okx.com",
        what="the site for the European Economic Area",
        crawled=False,
    ),
    Site(name="okx-us", base_url="https://app.okx.com", what="the site for the United States", crawled=False),
)

SITES = {site.name: site for site in (OKX, *_OTHERS)}


def get_site(name: str) -> Site:
    """Return the site called ``name``; raises ``CommandError`` with the known names otherwise."""
    try:
        return SITES[name]
    except KeyError:
        known = ", ".join(sorted(SITES))
        raise CommandError(f"unknown site {name!r}", advice=f"known sites: {known}") from None


def find_site(url: str) -> Site | None:
    """Return the site that serves ``url`` from any of its hosts, with or without ``www`` and TLS; None for no such.

    >>> find_site("https://web3.okx.com/it/help/a") is OKX, find_site("https://okx.evil.example/help/a")
    (True, None)
    """
    return _BY_HOST.get(host_of(origin(url)) or "")


# The URLs of an import are many, their origins few.
@lru_cache(maxsize=256)
def host_of(base_url: str) -> str | None:
    """Return host and port of an address, as far as they tell one site from another; None for no web address.

    Archives met one page with and without ``www``, by HTTPS and by plain HTTP.

    >>> host_of("http://okx.com:80"), host_of("https://www.okx.com"), host_of("https://a@okx.com")
    ('okx.com', 'okx.com', None)
    """
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        return None
    name = parts.hostname.removeprefix("www.")
    return name if port in {None, 80, 443} else f"{name}:{port}"


_BY_HOST = {host_of(address): site for site in SITES.values() for address in (site.base_url, *site.also_at)}


def known_hosts() -> str:
    """Return one sentence that names every known site with its hosts, for a message about another host.

    >>> known_hosts().split(";")[0]
    'known sites: okx (www.okx.com, web3.okx.com, aws.okx.com, www.okex.com)'
    """
    named = (
        f"{site.name} ({', '.join(urlsplit(url).netloc for url in (site.base_url, *site.also_at))})"
        for site in SITES.values()
    )
    return f"known sites: {'; '.join(named)}"
