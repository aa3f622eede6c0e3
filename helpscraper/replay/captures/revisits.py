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
    """The payloads that a revisit can refer to: their digests, and at which times each URL had them."""

    def __init__(self) -> None:
        # As the record with the payload states it, by the same digest in plain writing.
        self._digests: dict[str, str] = {}
        self._by_url: dict[str, list[tuple[dt.datetime, str]]] = {}

    def add_capture(self, capture: Capture) -> None:
        """Take in a capture of the archive."""
        at = parse_date(capture.date)
        if capture.digest and at is not None and not capture.is_revisit:
            self._add(capture.url, at, capture.digest, page=(capture.status or 0) // 100 == 2)

    def add(self, place: Place) -> None:
        """Take in a capture that is about to be stored."""
        if not place.revisit and not place.text:
            self._add(place.url, place.at, place.payload, page=place.page)

    def _add(self, url: str, at: dt.datetime, digest: str, *, page: bool) -> None:
        self._digests.setdefault(plain_digest(digest), digest)
        if page:
            insort(self._by_url.setdefault(surt(url), []), (at, digest))

    def payload_of(self, revisit: Place) -> str | None:
        """Return the digest of the payload that ``revisit`` stands for, None where that is not stored.

        A stated digest decides. Without one it is that of the capture which the revisit refers to; a server that
        answers 304 and refers to none vouches for the newest capture of the same URL before.
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
