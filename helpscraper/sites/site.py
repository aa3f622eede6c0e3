"""One help centre: its name in the archive, its addresses, its editions, and the time zone of its dates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from helpscraper.errors import CommandError
from helpscraper.locales import Locale, get_locale, unknown_locale
from helpscraper.normalise.categories import Vocabulary
from helpscraper.urls import is_locale, origin

__all__ = ["Site", "host_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A help centre, as its declaration states it.

    ``platform`` names the code that reads it. ``description`` names the help centre. ``also_at`` maps other
    addresses of the same editions to a description of each. ``editions`` maps a first path segment to its locale,
    where the two differ ("" for an address without one). ``regional`` maps a regional site, as pages name it, to
    the edition that it serves in place of the others in its language. ``locales`` maps locale prefixes to BCP 47
    tags. On a site without a known grammar of addresses, articles have a path that begins with one of ``include``
    (default: all) and with none of ``exclude``. ``crawl_locales`` are the locales that `due` names. ``timezone`` is
    the ``zoneinfo`` name of the time zone of the dates that the site shows. ``eras`` maps earlier addresses to the
    platform that ran there and its locales to today's editions, to which captures of them belong. ``crawled`` is
    False for a site of which no listing was ever seen: captures of it can be imported. ``declaration`` holds the
    values as declared; ``file`` names the declaration.
    """

    name: str
    platform: str
    base_url: str
    description: str = ""
    timezone: str = "UTC"
    also_at: Mapping[str, str] = field(default_factory=dict, hash=False)
    editions: Mapping[str, str] = field(default_factory=dict, hash=False)
    regional: Mapping[str, str] = field(default_factory=dict, hash=False)
    locales: Mapping[str, str] = field(default_factory=dict, hash=False)
    include: Sequence[str] = field(default=(), hash=False)
    exclude: Sequence[str] = field(default=(), hash=False)
    crawl_locales: Sequence[str] = field(default=(), hash=False)
    categories: Vocabulary = field(default_factory=Vocabulary, hash=False)
    sections: Vocabulary = field(default_factory=Vocabulary, hash=False)
    eras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    crawled: bool = True
    declaration: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    file: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the dates that the site shows."""
        return ZoneInfo(self.timezone)

    @property
    def default_locale(self) -> str:
        """The locale of the edition at addresses without a locale."""
        return self.editions.get("", "en")

    def locale(self, prefix: str) -> Locale:
        """Return the locale of ``prefix``; ``CommandError`` names the nearest ones for an unknown prefix.

        The prefix becomes a folder of the archive, so it must have the form of one.
        """
        if is_locale(prefix):
            try:
                return get_locale(self.locales.get(prefix, prefix))
            except CommandError:
                pass  # the error below also suggests the site's own prefixes
        raise unknown_locale(prefix, self.locales)

    def serves(self, url: str) -> bool:
        """Tell whether ``url`` is on one of the site's hosts, with or without ``www`` and TLS."""
        host = host_of(origin(url))
        return host is not None and host in self.hosts

    def era_at(self, url: str) -> str | None:
        """Return the key of ``eras`` (an earlier address) under which ``url`` lies; None for an address of today."""
        start = origin(url)
        host, path = host_of(start), url[len(start) :]
        places = _places(tuple(self.eras))
        return next((place for at, below, place in places if at == host and path.startswith(below)), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that serves the site, the usual one first."""
        return (self.base_url, *self.also_at)

    @property
    def hosts(self) -> frozenset[str | None]:
        """The hosts of ``addresses`` and of ``eras``, as ``host_of`` names them."""
        return frozenset(map(host_of, (*self.addresses, *map(origin, self.eras))))

    def as_facts(self) -> dict[str, Any]:
        """Return the whole declaration and the SHA-256 of its canonical JSON, for the run facts."""
        return {"values": dict(self.declaration), "sha256": _digest(self.declaration)}

    @property
    def reading(self) -> str:
        """A digest of the declared values that the columns of a row depend on."""
        return _digest({name: self.declaration.get(name) for name in _READING})[:8]


_READING = ("timezone", "locales", "editions", "categories", "sections")


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=16)  # every page that is read asks for them
def _places(addresses: tuple[str, ...]) -> tuple[tuple[str | None, str, str], ...]:
    """Return host, path and whole address of each era."""
    return tuple((host_of(origin(each)), f"{each[len(origin(each)) :]}/", each) for each in addresses)


# An import asks for many URLs of few origins.
@lru_cache(maxsize=256)
def host_of(base_url: str) -> str | None:
    """Return the host of an address, with an unusual port; None for an address that is not HTTP.

    ``www`` and the scheme are left out: web archives hold the same page under all of them.

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
