"""Decide which captures are worth fetching. Pure: captures in, picks out.

A payload is fetched once: a capture whose digest the index states, and which a fetched page has too, needs no request.
A redirect is fetched unless the index states that its target is that of the redirect before it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.index import surt
from helpscraper.platforms import address_at
from helpscraper.sites import Site
from helpscraper.warc.record import digest_of, parse_date, plain_digest

__all__ = ["Pick", "Wanted", "at", "choose", "identity", "is_redirect"]

AHEAD = "dated ahead"
THINNED = "thinned out by --every"
SAME_REDIRECT = "a redirect that was there before"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EMPTY = plain_digest(digest_of(b""))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The captures that are asked for: of ``locale`` on ``site``, from ``start`` to before ``end`` (aware).

    ``owner`` gives the site of a URL. ``now`` is the clock of this machine: no capture can be later.
    """

    site: Site
    locale: str
    owner: Callable[[str], Site | None]
    start: dt.datetime
    end: dt.datetime
    now: dt.datetime

    def is_page(self, url: str) -> bool:
        """Tell whether ``url`` is a page of this edition of the help centre."""
        found = self.owner(url)
        if found is None or found.name != self.site.name:
            return False
        address = address_at(found, url)
        return address.kind != "other" and address.locale == self.locale

    def known(self, captures: Iterable[Capture]) -> Iterator[Capture]:
        """Yield each capture of a page of this edition in the time asked for, once, and those dated ahead."""
        seen: set[tuple[object, ...]] = set()
        for capture in captures:
            digest = plain_digest(capture.digest)
            key = (
                *identity(capture.url, capture.status),
                capture.date,
                digest,
                capture.status,
                capture.is_revisit,
            )
            if key not in seen and self.is_page(capture.url):
                seen.add(key)
                if self.start <= at(capture) < self.end or at(capture) > self.now:
                    yield capture

    def unfit(self, capture: Capture) -> str | None:
        """Return the reason not to fetch a capture, None when there is none."""
        if at(capture) > self.now:
            return AHEAD
        if is_redirect(capture):
            # Only the redirect of an article joins its address to another one.
            return None if address_at(self.site, capture.url).kind == "article" else "a redirect of a list"
        if capture.status == 304:
            return "status 304: the page lies in another capture"
        if capture.status != 200 and not (capture.is_revisit and capture.status is None):
            return f"status {capture.status or 'unknown'}"
        return "an empty page" if plain_digest(capture.digest) == _EMPTY else None


@dataclass(frozen=True, slots=True)
class Pick:
    """A capture that is chosen; ``same_as`` is an earlier pick with the same payload, so no request is needed."""

    capture: Capture
    same_as: Capture | None = None


@dataclass(slots=True)
class _Latest:
    """The latest pick of one address, and the time of the latest one that differed from the pick before it."""

    payload: str | None = None
    picked: dt.datetime | None = None
    changed: dt.datetime | None = None


def choose(
    captures: Iterable[Capture],
    wanted: Wanted,
    every: dt.timedelta,
    left_out: Callable[[Capture, str], None] = lambda capture, reason: None,
) -> list[Pick]:
    """Return the picks among the captures of ``Wanted.known``, oldest first; ``left_out`` gets the others and why.

    Different pages of one address are at least ``every`` apart, and so are equal ones.
    """
    fit: list[Capture] = []
    for capture in captures:
        reason = wanted.unfit(capture)
        if reason is None:
            fit.append(capture)
        else:
            left_out(capture, reason)
    # At one instant a record with its payload comes before a revisit, which refers to one.
    fit.sort(key=lambda each: (each.date, each.is_revisit, each.url, each.digest, each.status or 0))
    addresses: defaultdict[tuple[str, bool], _Latest] = defaultdict(_Latest)
    payloads: dict[str, Capture] = {}
    picks: list[Pick] = []
    for capture in fit:
        latest, redirect = addresses[identity(capture.url, capture.status)], is_redirect(capture)
        # Many servers send the same body whatever the target, so a redirect's digest shows nothing. Where the index
        # states neither target nor digest, nothing shows that two captures are the same.
        stated = capture.location if redirect else capture.digest and plain_digest(capture.digest)
        payload = stated or capture.date
        changed = payload != latest.payload
        before = latest.changed if changed else latest.picked
        if before is not None and at(capture) - before < every:
            left_out(capture, THINNED)
        elif not changed and redirect:
            left_out(capture, SAME_REDIRECT)
        else:
            picks.append(Pick(capture, None if redirect else payloads.get(payload)))
            latest.payload, latest.picked = payload, at(capture)
            if changed:
                latest.changed = at(capture)
            if not redirect and capture.digest:
                payloads.setdefault(payload, capture)
    return picks


def identity(url: str, status: int | None) -> tuple[str, bool]:
    """Return the address for which a capture stands, and whether it is a redirect.

    Pages with and without ``www`` or TLS are one page. A redirect from one of them to another is not the redirect of
    that page, so there the whole URL counts.
    """
    redirect = status in _REDIRECTS
    return (url if redirect else surt(url)), redirect


def at(capture: Capture) -> dt.datetime:
    """Return the instant of a capture (UTC)."""
    found = parse_date(capture.date)
    if found is None:
        raise ValueError(f"{capture.date!r} is no timestamp of 14 digits")
    return found


def is_redirect(capture: Capture) -> bool:
    """Tell whether the server redirected to another address."""
    return capture.status in _REDIRECTS
