"""The platforms of help centres, a folder each, and the registry that finds one by its name.

contract    the interface of every platform; the only module of this folder that others import by name
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from helpscraper.errors import CommandError
from helpscraper.normalise.article import Context
from helpscraper.platforms.contract import Address, Platform, Scope
from helpscraper.sites import Site, is_shipped
from helpscraper.sites.platforms import platform_entries

__all__ = ["address_at", "extractor_of", "get_platform", "home_page", "platform_names", "reader_at"]


def platform_names() -> list[str]:
    """Return the names that ``get_platform`` knows."""
    return list(platform_entries())


@cache
def get_platform(name: str) -> Platform:
    """Return the platform called ``name``, imported on first use.

    A distribution adds one by an entry point of the group ``helpscraper.platforms`` that leads to a subclass of
    ``Platform``. Raises ``CommandError`` with the known names for any other name, and for an entry point that cannot be
    imported or leads to no platform.
    """
    entry = platform_entries().get(name)
    if entry is None:
        raise CommandError(
            f"unknown platform {name!r}", advice=f"known platforms: {', '.join(platform_names())}"
        )
    try:
        made = entry.load()()
    except (ImportError, AttributeError) as error:
        raise CommandError(
            f"platform {name!r} cannot be imported from {entry.value}: {error}",
            advice="install the distribution that declares it again",
        ) from error
    if not isinstance(made, Platform):
        raise CommandError(
            f"platform {name!r}: {entry.value} is no platform",
            advice="the entry point must lead to a subclass of helpscraper.platforms.contract.Platform",
        )
    return made


def extractor_of(site: Site) -> str:
    """Return the version of the extractor that reads ``site``.

    The rows of a page depend on the platform and the declaration. A shipped declaration changes with the version of its
    platform; for any other a digest is added, so that a new declaration does not look like a change of the site.
    """
    version = get_platform(site.platform).extractor
    return version if is_shipped(site.name) else f"{version}+{site.reading}"


def home_page(context: Context) -> str:
    """Return the URL at which a crawl of a whole edition begins; readers can open it too."""
    return get_platform(context.site.platform).start(context, Scope())[0].url


def address_at(site: Site, url: str) -> Address:
    """Return the address behind ``url`` on ``site``, today or in an earlier era, with the locale of today's edition."""
    era = site.eras.get(site.era_at(url) or "")
    address = get_platform(era["platform"] if era else site.platform).address(site, url)
    locales = era.get("locales", {}) if era else {}
    return replace(address, locale=locales.get(address.locale, address.locale))


def reader_at(context: Context, url: str) -> tuple[Platform, Context]:
    """Return the platform that reads ``url``, and the edition as that platform names it."""
    place = context.site.era_at(url)
    if place is None:
        return get_platform(context.site.platform), context
    era = context.site.eras[place]
    then = {today: locale for locale, today in era.get("locales", {}).items()}
    locale = then.get(context.locale, context.locale)
    return get_platform(era["platform"]), replace(context, locale=locale, base_url=place)
