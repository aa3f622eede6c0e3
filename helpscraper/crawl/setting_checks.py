"""Checks of the values of settings (see ``settings_table``). A value from the command line is text."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from helpscraper.errors import CommandError
from helpscraper.extras import need
from helpscraper.health.rules import PERIODS, parse_rules

__all__ = [
    "SECONDS", "SHARE", "Check", "folder", "level", "line", "maybe", "notify_urls", "number", "period", "receivers",
    "rules", "switch", "switch_or_none", "whole",
]  # fmt: skip

Check = Callable[[Any], str | None]
"""Returns a description of valid values, or None when the value is valid."""

# White space, or a comma before the next URL: a URL may hold a comma itself.
_BETWEEN_URLS: Final = re.compile(r"\s+|,(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_WORDS: Final = {"0": False, "1": True, "false": False, "False": False, "true": True, "True": True}
"""The words that Scrapy reads as a switch; it refuses ``TRUE``."""


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
    word = str(value)
    if word in {"", "None"}:
        return None
    if word not in _WORDS:
        raise ValueError(value)
    return _WORDS[word]


def switch(value: Any) -> str | None:
    """Accept the values that Scrapy accepts for a switch."""
    return None if str(value) in _WORDS else "True or False is wanted"


def switch_or_none(value: Any) -> str | None:
    """Accept a switch, or None to leave the choice to the program."""
    return None if value in (None, "", "None") else switch(value)


def number(least: float, most: float = math.inf, *, unit: str = "number") -> Check:
    """Return the check of a finite number from ``least`` to ``most``."""

    def check(value: Any) -> str | None:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number) and least <= number <= most:
            return None
        return f"a {unit} {_range(least, most)} is wanted"

    return check


def whole(least: int) -> Check:
    """Return the check of a whole number of ``least`` or more."""

    def check(value: Any) -> str | None:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = least - 1
        return None if number >= least else f"a whole number {_range(least)} is wanted"

    return check


def _range(least: float, most: float = math.inf) -> str:
    return f"of {least:g} or more" if math.isinf(most) else f"from {least:g} to {most:g}"


def folder(value: Any) -> str | None:
    """Accept an existing folder, or nothing."""
    try:
        there = not value or Path(value).is_dir()
    except (TypeError, ValueError):
        there = False
    return None if there else "an existing folder is wanted"


def line(value: Any) -> str | None:
    """Accept one line of text."""
    return None if str(value).isprintable() else "one line of text is wanted"


def level(value: Any) -> str | None:
    """Accept a level of ``logging``, by name or number."""
    known = logging.getLevelNamesMapping()
    if isinstance(value, int) or value in known:
        return None
    return f"one of {', '.join(sorted(known, key=known.__getitem__))} is wanted"


def receivers(value: Any) -> str | None:
    """Accept URLs that apprise understands; a message names only their schemes, since they hold passwords."""
    urls = notify_urls(value)
    if not urls:
        return None
    need("notify")
    import apprise  # slow to import, and most crawls notify nobody

    log = logging.getLogger("apprise")
    told, log.disabled = log.disabled, True
    try:
        wrong = [n for n, url in enumerate(urls, 1) if apprise.Apprise.instantiate(url) is None]
    finally:
        log.disabled = told
    if not wrong:
        return None
    shown = ", ".join(f"URL {n} ({_scheme(urls[n - 1])})" for n in wrong)
    return f"{shown} is not a URL that apprise understands; URLs with white space or commas between them are wanted"


def rules(value: Any) -> str | None:
    """Accept the rules of ``NOTIFY_CHANGES``."""
    try:
        parse_rules(value)
    except CommandError as error:
        return f"{error.message} ({error.advice})" if error.advice else error.message
    return None


def period(value: Any) -> str | None:
    """Accept a time between two digests, or none."""
    return None if value in (None, "", *PERIODS) else f"one of {', '.join(PERIODS)} is wanted, or nothing"


def _scheme(url: str) -> str:
    found = _SCHEME.match(url)
    return f"{found[0]}…" if found else "without a scheme"


SHARE: Final = number(0, 1, unit="share")
SECONDS: Final = number(0, unit="number of seconds")
