"""Find the payload of a revisit: by its digest, by the capture that it refers to, or by its own URL."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right, insort

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.index import surt
from helpscraper.replay.captures.select import Place
from helpscraper.warc.record import parse_date, plain_digest

__all__ = ["Stored"]


class Stored:
    """The payloads that a revisit can refer to: by digest, and by URL and time."""

    def __init__(self) -> None:
        # The digest as the record of the payload states it, by its normalised form.
        self._digests: dict[str, str] = {}
        self._by_url: dict[str, list[tuple[dt.datetime, str]]] = {}

    def add_capture(self, capture: Capture) -> None:
        """Add a capture of the archive."""
        at = parse_date(capture.date)
        if capture.digest and at is not None and not capture.is_revisit:
            self._add(capture.url, at, capture.digest, page=(capture.status or 0) // 100 == 2)

    def add(self, place: Place) -> None:
        """Add a capture that is about to be stored."""
        if not place.revisit and not place.text:
            self._add(place.url, place.at, place.payload, page=place.page)

    def _add(self, url: str, at: dt.datetime, digest: str, *, page: bool) -> None:
        self._digests.setdefault(plain_digest(digest), digest)
        if page:
            insort(self._by_url.setdefault(surt(url), []), (at, digest))

    def payload_of(self, revisit: Place) -> str | None:
        """Return the digest of the payload of ``revisit``, None when that is not stored.

        A stated digest decides; else the capture that the revisit refers to. A 304 that refers to none means the newest
        earlier capture of the same URL.
        """
        if revisit.payload:
            return self._digests.get(plain_digest(revisit.payload))
        if revisit.refers_to:
            stored = self._by_url.get(surt(revisit.refers_to), [])
            at = revisit.refers_at and revisit.refers_at.replace(microsecond=0)
            return next((digest for when, digest in stored if when == at), None)
        stored = self._by_url.get(surt(revisit.url), []) if revisit.not_modified else []
        before = bisect_right(stored, (revisit.at, "~"))
        return stored[before - 1][1] if before else None
