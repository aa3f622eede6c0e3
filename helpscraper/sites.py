"""The help centres that helpscraper knows: one small record each, no behaviour.

Facts about OKX (paths, time zone, page size) were read off saved pages of 2025-04 to 2026-10.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from helpscraper.errors import CommandError

__all__ = ["OKX", "SITES", "Site", "get_site"]


@dataclass(frozen=True, slots=True)
class Site:
    """A help centre: its name in the archive, where it lives, and the clock by which it shows dates.

    ``utc_offset`` is the offset of the calendar dates that the site shows, whatever the visitor's own clock.
    ``page_size`` is the number of articles that a full listing page holds.
    """

    name: str
    base_url: str
    help_path: str
    utc_offset: dt.timezone
    page_size: int

    def help_url(self, locale: str, base_url: str | None = None) -> str:
        """Return the URL of the help centre's home page in ``locale``, without a trailing slash."""
        root = (base_url or self.base_url).rstrip("/")
        prefix = "" if locale == "en" else f"/{locale}"
        return f"{root}{prefix}{self.help_path}"


OKX = Site(
    name="okx",
    base_url="https://www.okx.com",
    help_path="/help",
    utc_offset=dt.timezone(dt.timedelta(hours=8)),
    page_size=15,
)

SITES = {site.name: site for site in (OKX,)}


def get_site(name: str) -> Site:
    """Return the site called ``name``; raises ``CommandError`` with the known names otherwise."""
    try:
        return SITES[name]
    except KeyError:
        known = ", ".join(sorted(SITES))
        raise CommandError(f"unknown site {name!r}", advice=f"known sites: {known}") from None
