"""Find the captures of a help centre in files of other web archives; count and name everything else."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpscraper.archive.recordings.index import redirect_target
from helpscraper.archive.recordings.sources import captures_in
from helpscraper.archive.writer import SnapshotFile
from helpscraper.errors import CommandError
from helpscraper.platforms import address_at
from helpscraper.sites import Site
from helpscraper.warc.record import Damage, Record, digest_of, parse_date

__all__ = ["ANOTHER_SITE", "ELSEWHERE_TOO", "CaptureReport", "Place", "order", "select"]

ANOTHER_SITE = "another site"
"""The reason given for skipping a capture of a host that belongs to no wanted site."""

ELSEWHERE_TOO = "the same capture is in another file too"
"""The reason given for skipping a capture that another file holds, from which it is imported."""

# Examples named for each reason; the counts are exact.
_EXAMPLES = 20
# Types of records that are never captures.
_BESIDE = frozenset({"warcinfo", "request", "metadata"})
# Crawlers also record their logs, arguments and DNS look-ups, under `metadata:`, `urn:` and `dns:`.
_WEB = ("http:", "https:")
_CAPTURES = frozenset({"response", "revisit", "resource", "conversion"})


@dataclass(slots=True)
class CaptureReport:
    """The result of an import: snapshots written, captures used, and captures skipped.

    ``already`` counts the captures that are there already, by the path of their snapshot. ``redirects`` counts the
    redirects between articles. ``skipped`` counts by reason; ``examples`` names file, offset and URL of the first few
    of each; ``problems`` are places in the files that could not be read; ``doubts`` are the findings of the health
    checks that can judge captures.
    """

    snapshots: list[SnapshotFile] = field(default_factory=list)
    already: Counter[str] = field(default_factory=Counter)
    used: int = 0
    redirects: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Damage] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def skip(self, reason: str, where: str, url: str) -> None:
        """Count one capture that was skipped."""
        self.skipped[reason] += 1
        named = self.examples.setdefault(reason, [])
        if len(named) < _EXAMPLES:
            named.append(f"{where} {url}")


@dataclass(frozen=True, slots=True)
class Place:
    """One capture worth importing and where it lies.

    ``digest`` identifies it; ``payload`` is the digest of its payload, empty for a revisit that states
    none. ``refers_to`` and ``refers_at`` are URL and date of the capture that a revisit refers to. ``location`` is the
    target of a redirect, and ``status`` that of the response.
    """

    file: str
    offset: int
    number: int
    addressable: bool
    url: str
    at: dt.datetime
    site: str
    locale: str
    digest: str
    payload: str
    text: bool
    page: bool
    revisit: bool
    refers_to: str
    refers_at: dt.datetime | None
    not_modified: bool
    location: str
    status: int

    @property
    def ref(self) -> str:
        """The ``file#offset`` of the record."""
        return f"{self.file}#{self.offset}"


def order(place: Place) -> tuple[dt.datetime, bool, str, int]:
    """Return the key that sorts captures by time; at one instant a revisit comes after the record with its payload."""
    return place.at, place.revisit, place.file, place.number


def select(
    paths: Iterable[Path],
    owner: Callable[[str], Site | None],
    locale: str | None,
    report: CaptureReport,
) -> Iterator[Place]:
    """Yield the captures of pages of a help centre (``owner`` gives the site of a URL); count all others."""
    seen: set[tuple[str, dt.datetime, str, bool]] = set()
    for path in paths:
        for number, item in enumerate(captures_in(path)):
            if isinstance(item, Damage):
                report.problems.append(item)
                continue
            if item.type in _BESIDE:
                continue
            site = owner(item.url)
            reason = _unfit(item, site, locale)
            place = _place(item, number, site)
            # A revisit at the instant of its original must not take the original's place.
            key = place.url, place.at, place.digest, place.revisit
            if reason is None and key in seen:
                reason = ELSEWHERE_TOO
            if reason is not None:
                report.skip(reason, item.ref, item.url)
                continue
            seen.add(key)
            yield place


def _unfit(record: Record, site: Site | None, locale: str | None) -> str | None:
    """Return why a record is not imported, None when it is."""
    if site is None:
        return ANOTHER_SITE if record.url.lower().startswith(_WEB) else "not an http or https address"
    address = address_at(site, record.url)
    if address.kind == "other":
        return "not a page of the help centre"
    edition = address.locale
    if locale is not None and edition != locale:
        return "another locale"
    try:
        site.locale(edition)
    except CommandError:
        return "an unknown locale"
    if record.date is None:
        return "no date"
    if record.date > dt.datetime.now(dt.UTC):
        return "a date in the future"
    if record.type not in _CAPTURES or record.headers.get_header("WARC-Segment-Number"):
        return "an unsupported type of record"
    if record.truncated:
        return "cut off by its crawler"
    if wrong := record.wrong_digests():
        return wrong[0].partition(":")[0]
    if _is_text(record) or (record.is_revisit and (record.http is None or record.not_modified)):
        return None
    if record.status is None:
        return "no HTTP response" if record.type == "response" else "a record without a page"
    if record.status == 206:
        return "status 206: part of a page"
    redirect = record.status // 100 == 3 and record.status != 304
    return None if record.status // 100 == 2 or redirect else f"status {record.status}"


def _is_text(record: Record) -> bool:
    """Tell whether this is the flattened text of a page, as WET files have it."""
    stated = str(record.headers.get_header("Content-Type") or "text/plain").partition(";")[0].strip().lower()
    return record.type == "conversion" and stated == "text/plain" and not record.is_bare_page


def _place(record: Record, number: int, site: Site | None) -> Place:
    at = (record.date or dt.datetime.min.replace(tzinfo=dt.UTC)).replace(microsecond=0)
    digest = record.digest or "sha256:" + hashlib.sha256(record.block).hexdigest()
    return Place(
        record.file,
        record.offset,
        number,
        record.addressable,
        record.url,
        at,
        site.name if site is not None else "",
        address_at(site, record.url).locale if site is not None else "",
        digest,
        record.digest or ("" if record.is_revisit else digest_of(record.payload)),
        _is_text(record),
        (record.status or 0) // 100 == 2,
        record.is_revisit,
        _unbracketed(str(record.headers.get_header("WARC-Refers-To-Target-URI") or "")),
        parse_date(str(record.headers.get_header("WARC-Refers-To-Date") or "")),
        record.not_modified,
        redirect_target(record.url, record.status, record.http_header("Location")),
        record.status or 0,
    )


def _unbracketed(url: str) -> str:
    return url.strip().removeprefix("<").removesuffix(">")
