"""The table of helpscraper's own settings: name, default, check and text of each.

``settings.py`` takes its defaults from it, ``check_settings`` its checks, and ``docs/settings.md`` is written from it:
``python -m helpscraper.crawl.settings_table docs/settings.md``; a test keeps the page current.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from helpscraper.archive.store import uri_problem
from helpscraper.crawl.setting_checks import (
    SECONDS,
    SHARE,
    Check,
    folder,
    level,
    line,
    number,
    period,
    receivers,
    rules,
    switch,
    switch_or_none,
    whole,
)  # fmt: skip
from helpscraper.errors import CommandError
from helpscraper.health.checks import Thresholds

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

__all__ = ["CHECKS", "OWN", "Setting", "check_settings", "default", "read", "render"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: ``doc`` says what it does, in Markdown; the environment variable ``env`` sets its default."""

    name: str
    default: Any
    check: Check
    doc: str
    env: str | None = None


_LIMITS: Final = Thresholds()

# fmt: off
_TABLE: Final = (
    Setting("ARCHIVE_URI", "output", uri_problem,
            "Where the history is kept: a folder or an fsspec URL. `--archive` and `HELPSCRAPER_ARCHIVE` set it.",
            "HELPSCRAPER_ARCHIVE"),
    Setting("SINGLE_WRITER", False, switch,
            "Nothing else writes to this archive, so a store that ignores conditional puts may hold it; "
            "`--single-writer` and `HELPSCRAPER_SINGLE_WRITER` set it.",
            "HELPSCRAPER_SINGLE_WRITER"),
    Setting("SITES", "", folder,
            "A folder with declarations of sites (`*.toml`), besides the folder `sites` beside the archive. "
            "`HELPSCRAPER_SITES` sets it, for every command.",
            "HELPSCRAPER_SITES"),
    Setting("CONTACT", "", line,
            "An address where the site's operator reaches you; part of the user agent. `HELPSCRAPER_CONTACT` sets "
            "it.",
            "HELPSCRAPER_CONTACT"),
    Setting("RETRY_BACKOFF", 2.0, SECONDS,
            "Seconds of the first pause before a page is tried again; doubled each time."),
    Setting("RETRY_BACKOFF_MAX", 60.0, SECONDS,
            "Seconds of the longest such pause."),
    Setting("RETRY_AFTER_MAX", 300.0, SECONDS,
            "Seconds of the longest `Retry-After` that is obeyed."),
    Setting("SECOND_CHANCES", 50, whole(0),
            "How many pages that failed after all retries are requested once more at the end of the crawl."),
    Setting("GIVE_UP_AFTER", 20, whole(1),
            "The crawl ends as `unreachable` after this many failed pages in a row."),
    Setting("UNLISTED_PROBES", 500, whole(0),
            "How many articles that no listing shows any more are requested at their own address."),
    Setting("WARC_ENABLED", True, switch,
            "Keep every response in the archive."),
    Setting("WARC_ROTATE_BYTES", 1 << 30, whole(1),
            "Begin a new WARC file after this many bytes, because other tools move and index whole files."),
    Setting("RESUME", False, switch,
            "Go on from the ledger of a crawl that did not end, and start a new one when there is none; `--resume` "
            "sets it."),
    Setting("RESUME_MAX_HOURS", 36.0, number(0, unit="number of hours"),
            "How many hours ago the crawl of that ledger may have begun: it becomes one snapshot with what is read "
            "now. More than the time between two scheduled crawls."),
    Setting("LEASE_SECONDS", 300.0, number(1, 86400, unit="number of seconds"),
            "On an object store: after how many seconds without a sign of life a crawl counts as dead, so that another "
            "machine may take its edition over. A sign of life is one request, sent every quarter of this time."),
    Setting("SHIP_MINUTES", 10.0, number(0, unit="number of minutes"),
            "On an object store: how often the recorded pages and a copy of the ledger are put there, so that another "
            "machine can go on with a crawl that was cut off. 0: only when it is interrupted."),
    Setting("AUDIT_DAYS", 7.0, number(0, 36500, unit="number of days"),
            "Within how many days each article's own page is read again although its listings call it unchanged. "
            "0: never for that reason."),
    Setting("HEALTH_BASELINE_RUNS", 5, whole(1),
            "How many earlier good crawls the health checks compare with."),
    Setting("HEALTH_MIN_ARTICLES", _LIMITS.min_articles, SHARE,
            "Least share of the usual number of articles."),
    Setting("HEALTH_MIN_SECTION", _LIMITS.min_section, SHARE,
            "The same for each section."),
    Setting("HEALTH_SECTION_SIZE", _LIMITS.section_size, whole(0),
            "Sections with fewer articles than this are not checked."),
    Setting("HEALTH_COVERAGE_DROP", _LIMITS.coverage_drop, SHARE,
            "Largest share of articles that may lose a field."),
    Setting("HEALTH_ENOUGH", _LIMITS.enough, whole(0),
            "A loss of fewer articles than this never refuses a snapshot."),
    Setting("HEALTH_MAX_FAILED", _LIMITS.max_failed, SHARE,
            "Largest share of all articles whose page could not be read."),
    Setting("HEALTH_MAX_FAILED_OF_TRIED", _LIMITS.max_failed_of_tried, SHARE,
            "Largest share of the pages asked for that could not be read."),
    Setting("HEALTH_MIN_BODIES", _LIMITS.min_bodies, SHARE,
            "Least share of new articles that have a body."),
    Setting("HEALTH_MIN_DATED", _LIMITS.min_dated, SHARE,
            "Least share of new articles that have a date."),
    Setting("HEALTH_MAX_CHALLENGES", _LIMITS.max_challenges, whole(0),
            "Pages that may stay block or challenge pages."),
    Setting("HEALTH_MAX_UNDECODED", _LIMITS.max_undecoded, SHARE,
            "Share of the pages read that may have characters that could not be decoded."),
    Setting("NOTIFY_URLS", [], receivers,
            "apprise URLs that get a message on refusals, recoveries and layout drift, and the messages of "
            "`NOTIFY_CHANGES` and `DIGEST`; separated by white space or commas."),
    Setting("NOTIFY_CHANGES", "kinds=silent", rules,
            "Which changes of the site they are told of, once each, with the words of the edit: rules such as "
            "`kinds=removed,silent sections=faq-kyc; words=\"withdrawal fee\" kinds=all` "
            "([running.md](running.md#being-told-of-changes)). Empty: none."),
    Setting("DIGEST", "", period,
            "`weekly` or `daily`: send them a digest of the changes after a crawl when that time has passed since "
            "the last one."),
    Setting("NOTIFY_TIMEOUT", 30.0, number(0.1, 3600, unit="number of seconds"),
            "Seconds for the delivery to all receivers together; the lock is released before it starts."),
    Setting("PROGRESS", None, switch_or_none,
            "Show a live bar; `None`: where there is a terminal."),
)
# fmt: on

OWN: Final[Mapping[str, Setting]] = {setting.name: setting for setting in _TABLE}

# Scrapy's settings that people pass by hand. Scrapy reads each late, and misreads some invalid values.
_SCRAPY: Final[Mapping[str, Check]] = {
    "LOG_LEVEL": level,
    "ROBOTSTXT_OBEY": switch,
    "COOKIES_ENABLED": switch,
    "CONCURRENT_REQUESTS": whole(1),
    "CONCURRENT_REQUESTS_PER_DOMAIN": whole(1),
    "DOWNLOAD_DELAY": SECONDS,
    "DOWNLOAD_TIMEOUT": number(0.001, unit="number of seconds"),
    "DOWNLOAD_MAXSIZE": whole(0),
    "AUTOTHROTTLE_ENABLED": switch,
    "AUTOTHROTTLE_START_DELAY": SECONDS,
    "AUTOTHROTTLE_MAX_DELAY": SECONDS,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": number(0.01),
    "RETRY_TIMES": whole(0),
    "REDIRECT_MAX_TIMES": whole(0),
    "CLOSESPIDER_ERRORCOUNT": whole(0),
    "CLOSESPIDER_ITEMCOUNT": whole(0),
    "CLOSESPIDER_PAGECOUNT": whole(0),
    "CLOSESPIDER_TIMEOUT": number(0, unit="number of seconds"),
}

CHECKS: Final[Mapping[str, Check]] = {**{name: each.check for name, each in OWN.items()}, **_SCRAPY}
"""The check of each setting; other settings go to Scrapy unchecked."""

_ALIKE: Final = 0.85
"""From this ratio of difflib on, an unknown name counts as a misspelling of a known one."""

_SECRET: Final = frozenset({"NOTIFY_URLS"})


def default(name: str) -> Any:
    """Return the default of an own setting, or the value of its environment variable."""
    setting = OWN[name]
    return os.environ.get(setting.env, setting.default) if setting.env else setting.default


def read(settings: BaseSettings, name: str) -> Any:
    """Return the value of an own setting in the type of its default."""
    readers: dict[type, Callable[[str], Any]]
    readers = {bool: settings.getbool, int: settings.getint, float: settings.getfloat}
    return readers.get(type(OWN[name].default), settings.get)(name)


def check_settings(settings: BaseSettings) -> None:
    """Raise ``CommandError`` that names every invalid setting, its value, and the values that are valid.

    A name that neither Scrapy nor helpscraper knows counts as a misspelling when it resembles one of helpscraper's.
    """
    from scrapy.settings import default_settings  # settings.py loads this module and needs no Scrapy

    wrong = []
    for name in settings:
        if name not in OWN and not hasattr(default_settings, name):
            near = difflib.get_close_matches(name, OWN, n=1, cutoff=_ALIKE)
            wrong += [f"{name}: there is no such setting; did you mean {each}?" for each in near]
    for name, check in CHECKS.items():
        if name in settings and (wanted := check(settings[name])) is not None:
            wrong.append(f"{name}: {wanted}" if name in _SECRET else f"{name}={settings[name]}: {wanted}")
    if wrong:
        raise CommandError("; ".join(wrong), advice="docs/settings.md describes each setting")


_INTRO = """\
# Settings of helpscraper's own

Written by `python -m helpscraper.crawl.settings_table`; do not edit by hand.

Every Scrapy setting works too (`helpscraper crawl -s NAME=VALUE`); those that helpscraper sets differently are in
`helpscraper/settings.py`, each with its reason.

They are checked before the first request, and so are the Scrapy settings that are passed most: an invalid value is
named and ends the crawl with 2.

| name | default | effect |
|---|---|---|
"""
_END = """\

The reason of each `HEALTH_` threshold is in [running.md](running.md#the-checks-and-their-thresholds).
"""


def render() -> str:
    """Return the page."""
    rows = (f"| `{each.name}` | `{each.default!r}` | {each.doc} |\n" for each in _TABLE)
    return "".join([_INTRO, *rows, _END])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/settings.md").write_text(render(), encoding="utf-8")
