"""The settings of a crawl, checked all at once before anything is opened: a typo must not show after an hour.

Checked are helpscraper's own (``docs/settings.md``) and those of Scrapy that people pass by hand. Scrapy reads each
where it is needed, and some of its readers take what makes no sense for something else.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from helpscraper.archive.store import uri_problem
from helpscraper.errors import CommandError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

__all__ = ["CHECKS", "check_settings", "maybe", "notify_urls"]

Check = Callable[[Any], str | None]
"""Says what is wanted instead of a value, None when the value will do."""

# White space, or a comma before the next URL: a comma may stand inside a URL as well.
_BETWEEN_URLS: Final = re.compile(r"\s+|,(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_WORDS: Final = {"0": False, "1": True, "false": False, "true": True}


def notify_urls(value: Any) -> tuple[str, ...]:
    """Return the apprise URLs of ``NOTIFY_URLS``: a list, or a text with white space or commas between them.

    >>> notify_urls("mailto://a:b@example.org?to=x@example.org,y@example.org,json://127.0.0.1/")
    ('mailto://a:b@example.org?to=x@example.org,y@example.org', 'json://127.0.0.1/')
    """
    parts = _BETWEEN_URLS.split(value) if isinstance(value, str) else value or ()
    return tuple(url for part in parts if (url := str(part).strip().rstrip(",")))


def maybe(value: Any) -> bool | None:
    """Return a setting that is on, off, or left to the program (None); ``ValueError`` for anything else.

    >>> maybe("False"), maybe(1), maybe(None), maybe("")
    (False, True, None, None)
    """
    word = str(value).lower()
    if word in {"", "none"}:
        return None
    if word not in _WORDS:
        raise ValueError(value)
    return _WORDS[word]


def _switch(value: Any) -> str | None:
    return None if str(value).lower() in _WORDS else "True or False is wanted"


def _progress(value: Any) -> str | None:
    return None if value in (None, "", "None") else _switch(value)


def _number(least: float, most: float = math.inf, *, unit: str = "number") -> Check:
    def check(value: Any) -> str | None:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and least <= number <= most:
            return None
        return f"a {unit} {_range(least, most)} is wanted"

    return check


def _whole(least: int) -> Check:
    def check(value: Any) -> str | None:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = least - 1
        return None if number >= least else f"a whole number {_range(least)} is wanted"

    return check


def _range(least: float, most: float = math.inf) -> str:
    return f"of {least:g} or more" if math.isinf(most) else f"from {least:g} to {most:g}"


def _folder(value: Any) -> str | None:
    try:
        there = not value or Path(value).is_dir()
    except (TypeError, ValueError):
        there = False
    return None if there else "a folder that is there is wanted"


def _level(value: Any) -> str | None:
    known = logging.getLevelNamesMapping()
    if isinstance(value, int) or value in known:
        return None
    return f"one of {', '.join(sorted(known, key=known.__getitem__))} is wanted"


def _receivers(value: Any) -> str | None:
    """Say which of the URLs is none; only its scheme is shown, since the rest may be a password."""
    urls = notify_urls(value)
    if not urls:
        return None
    import apprise  # it loads a hundred plugins, and most crawls tell nobody

    log = logging.getLogger("apprise")
    told, log.disabled = log.disabled, True
    try:
        wrong = [n for n, url in enumerate(urls, 1) if apprise.Apprise.instantiate(url) is None]
    finally:
        log.disabled = told
    if not wrong:
        return None
    shown = ", ".join(f"URL {n} ({_scheme(urls[n - 1])})" for n in wrong)
    return (
        f"{shown} is none that apprise understands; URLs with white space or commas between them are wanted"
    )


def _scheme(url: str) -> str:
    found = _SCHEME.match(url)
    return f"{found[0]}…" if found else "without a scheme"


_SHARE = _number(0, 1, unit="share")
_SECONDS = _number(0, unit="number of seconds")

CHECKS: Final[Mapping[str, Check]] = {
    "ARCHIVE_URI": uri_problem,
    "SITES": _folder,
    "CONTACT": lambda value: None if str(value).isprintable() else "one line of text is wanted",
    "RETRY_BACKOFF": _SECONDS,
    "RETRY_BACKOFF_MAX": _SECONDS,
    "RETRY_AFTER_MAX": _SECONDS,
    "SECOND_CHANCES": _whole(0),
    "GIVE_UP_AFTER": _whole(1),
    "UNLISTED_PROBES": _whole(0),
    "WARC_ENABLED": _switch,
    "WARC_ROTATE_BYTES": _whole(1),
    "RESUME": _switch,
    "RESUME_MAX_HOURS": _number(0, unit="number of hours"),
    "AUDIT_DAYS": _number(0, 36500, unit="number of days"),
    "HEALTH_BASELINE_RUNS": _whole(1),
    "HEALTH_MIN_ARTICLES": _SHARE,
    "HEALTH_MIN_SECTION": _SHARE,
    "HEALTH_SECTION_SIZE": _whole(0),
    "HEALTH_COVERAGE_DROP": _SHARE,
    "HEALTH_ENOUGH": _whole(0),
    "HEALTH_MAX_FAILED": _SHARE,
    "HEALTH_MAX_FAILED_OF_TRIED": _SHARE,
    "HEALTH_MIN_BODIES": _SHARE,
    "HEALTH_MIN_DATED": _SHARE,
    "HEALTH_MAX_CHALLENGES": _whole(0),
    "HEALTH_MAX_UNDECODED": _SHARE,
    "NOTIFY_URLS": _receivers,
    "NOTIFY_TIMEOUT": _number(0.1, 3600, unit="number of seconds"),
    "PROGRESS": _progress,
    # Scrapy's
    "LOG_LEVEL": _level,
    "ROBOTSTXT_OBEY": _switch,
    "COOKIES_ENABLED": _switch,
    "CONCURRENT_REQUESTS": _whole(1),
    "CONCURRENT_REQUESTS_PER_DOMAIN": _whole(1),
    "DOWNLOAD_DELAY": _SECONDS,
    "DOWNLOAD_TIMEOUT": _number(0.001, unit="number of seconds"),
    "DOWNLOAD_MAXSIZE": _whole(0),
    "AUTOTHROTTLE_ENABLED": _switch,
    "AUTOTHROTTLE_START_DELAY": _SECONDS,
    "AUTOTHROTTLE_MAX_DELAY": _SECONDS,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": _number(0.01),
    "RETRY_TIMES": _whole(0),
    "REDIRECT_MAX_TIMES": _whole(0),
    "CLOSESPIDER_ERRORCOUNT": _whole(0),
    "CLOSESPIDER_ITEMCOUNT": _whole(0),
    "CLOSESPIDER_PAGECOUNT": _whole(0),
    "CLOSESPIDER_TIMEOUT": _number(0, unit="number of seconds"),
}
"""What each setting must be; a setting that is not named here goes to Scrapy as it is."""

_SECRET: Final = frozenset({"NOTIFY_URLS"})


def check_settings(settings: BaseSettings) -> None:
    """Raise ``CommandError`` naming every setting that makes no sense, its value, and what is wanted."""
    wrong = []
    for name, check in CHECKS.items():
        if name in settings and (wanted := check(settings[name])) is not None:
            wrong.append(f"{name}: {wanted}" if name in _SECRET else f"{name}={settings[name]}: {wanted}")
    if wrong:
        raise CommandError("; ".join(wrong), advice="docs/settings.md describes each setting")
