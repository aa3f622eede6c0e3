"""Plan a re-extraction: match each recorded response with the address that the crawl asked for.

``replay.answers`` reads the responses into a ledger, from which ``intake.merge`` makes the rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from helpscraper.archive.recordings import Capture
from helpscraper.normalise.article import Context
from helpscraper.platforms import address_at, get_platform
from helpscraper.platforms.contract import Address, Platform
from helpscraper.sites import Site, host_of
from helpscraper.urls import origin
from helpscraper.warc.record import parse_date

__all__ = ["PER_ANSWER", "UNREAD", "RecordedAnswer", "is_ours", "plan", "question", "unanswered"]


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One recorded answer: the address asked for, the URL that answered, the time, and its records.

    ``payload`` names the record of the page: another one than ``record`` for a revisit, empty where there is no page to
    read (304, 404). ``status`` is 0 for a revisit whose record has no HTTP headers. ``redirected`` says that another
    address was asked for first. ``stored_body`` is the key of the article's body in the archive; a body with that key
    is not stored again.
    """

    asked: Address
    url: str
    at: dt.datetime
    status: int
    record: str
    payload: str
    redirected: bool = False
    stored_body: str | None = None


UNREAD = "unread"
"""The tally of answers that could not be read, by ``question``."""

PER_ANSWER = frozenset({"challenge", "edition", "extraction", "page", "payload", "record"})
"""The kinds of problem that make a whole answer unreadable; others concern one line of a page that was read."""


def question(asked: Address) -> str:
    """Return a text that names the address asked for; records that answer the same address share it."""
    return f"{asked.kind}/{asked.key or ''}/{asked.cursor or asked.page}"


def unanswered(recorded: Iterable[RecordedAnswer], unread: Mapping[str, int]) -> set[str]:
    """Return the questions of which no recorded answer could be read; ``unread`` counts those that could not.

    A crawl asks again when an answer failed, and both answers are recorded.
    """
    answers = Counter(question(answer.asked) for answer in recorded)
    return {each for each, count in unread.items() if count >= answers[each]}


def is_ours(url: str, base_url: str, site: Site) -> bool:
    """Tell whether ``url`` is on the host of ``base_url``, or on another host of ``site`` where that serves both.

    >>> from helpscraper.sites import get_site
    >>> hosts = ("okx.com:80", "web3.okx.com", "okx.evil", "tr.okx.com")
    >>> [is_ours(f"http://{host}/help/a", "https://www.okx.com", get_site("okx")) for host in hosts]
    [True, True, False, False]
    """
    host = host_of(origin(url))
    return host is not None and (host == host_of(base_url) or (site.serves(base_url) and site.serves(url)))


# After these answers the crawler asks for the same address again (the setting ``RETRY_HTTP_CODES``).
_NOT_NOW = frozenset({403, 408, 429})


def plan(
    captures: Iterable[Capture],
    context: Context,
    holders: Mapping[str, str],
    *,
    redirects: bool = True,
    interface: Mapping[str, str] | None = None,
) -> Iterator[RecordedAnswer]:
    """Yield the recorded answers of one crawl in its order, each with the address that was asked for.

    ``holders`` maps a payload's digest to the record that holds it. The page at the end of a redirect answers for the
    address that was redirected, as in the crawl. Without ``redirects`` (captures of other archives, where no crawler
    followed them) every page answers for its own address; and a revisit that only says "not modified" is read from its
    payload, because no earlier crawl has the row. ``interface`` maps ids to keys for the sections whose list the crawl
    took from the interface; other answers of the interface are skipped.
    """
    redirected: defaultdict[str, list[Address]] = defaultdict(list)
    platform = get_platform(context.site.platform)
    for capture in captures:
        if not is_ours(capture.url, context.root, context.site):
            continue
        first = (
            _redirected_from(redirected[capture.url], capture.status) if capture.url in redirected else None
        )
        asked = first or _asked_of_interface(platform, capture.url, interface or {}, context.locale)
        if asked is None:
            asked = address_at(context.site, capture.url)
            # An address without a locale is that of an answer whose language a header asked for.
            if asked.locale != context.locale and (asked.locale or asked.kind == "other"):
                continue
        if capture.location and redirects:
            redirected[capture.location].append(asked)
        at = parse_date(capture.date)
        if asked.kind == "other" or at is None:
            continue
        # Records without a digest have no payload in common.
        held = holders.get(capture.digest, "") if capture.is_revisit and capture.digest else ""
        status = capture.status or 0
        if status // 100 == 2 or (held and status in {0, 304} and not redirects):
            payload = held if capture.is_revisit else capture.ref
            yield RecordedAnswer(asked, capture.url, at, status, capture.ref, payload, first is not None)
        elif asked.kind == "article" and status in {304, 404, 410}:
            yield RecordedAnswer(asked, capture.url, at, status, capture.ref, "", first is not None)


def _asked_of_interface(
    platform: Platform, url: str, interface: Mapping[str, str], locale: str
) -> Address | None:
    """Return the page of a section's list that ``url`` asks the platform's interface for; None for other URLs."""
    found = platform.interface.list_asked(url) if interface and platform.interface else None
    section_id, page = found or ("", 0)
    return Address("list", locale, interface[section_id], page) if section_id in interface else None


def _redirected_from(waiting: list[Address], status: int | None) -> Address | None:
    """Return the oldest address redirected to this URL; it stays in ``waiting`` when the crawler will ask again."""
    if not waiting:
        return None
    return waiting[0] if status in _NOT_NOW or (status or 0) >= 500 else waiting.pop(0)
