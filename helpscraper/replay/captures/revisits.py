"""Find the payload of a revisit: by its digest, by the capture that it refers to, or by its own URL."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right, insort

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.index import surt
from helpscraper.replay.captures.select import Place
from helpscraper.warc.record import parse_date, plain_digest

__all__ = ["Stored", "payload_of"]

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


class Stored:
    """The payloads that a revisit can refer to: by digest, and by URL and time."""

    def __init__(self) -> None:
        # The digest as the record of the payload states it, by its normalised form.
        self._digests: dict[str, str] = {}
        self._refs: dict[str, str] = {}
        self._by_url: dict[str, list[tuple[dt.datetime, str]]] = {}

    def add_capture(self, capture: Capture) -> None:
        """Add a capture of the archive."""
        at = parse_date(capture.date)
        if capture.digest and at is not None and not capture.is_revisit:
            self._refs.setdefault(capture.digest, capture.ref)
            self._add(capture.url, at, capture.digest, page=(capture.status or 0) // 100 == 2)

    def add(self, place: Place) -> None:
        """Add a capture that is about to be stored."""
        if not place.revisit and not place.text:
            self._add(place.url, place.at, place.payload, page=place.page)

    def _add(self, url: str, at: dt.datetime, digest: str, *, page: bool) -> None:
        self._digests.setdefault(plain_digest(digest), digest)
        if page:
            insort(self._by_url.setdefault(surt(url), []), (at, digest))

    def ref(self, digest: str) -> str | None:
        """Return the record of the archive with the payload that has this digest, None when there is none."""
        return self._refs.get(digest)

    def find(self, revisit: Place) -> tuple[dt.datetime, str] | None:
        """Return the instant and the digest of the payload of ``revisit``, None when that is not stored.

        A stated digest decides, at any instant; else the capture that the revisit refers to. A 304 that refers to none
        means the newest earlier capture of the same URL.
        """
        if revisit.payload:
            digest = self._digests.get(plain_digest(revisit.payload))
            return None if digest is None else (_LONG_AGO, digest)
        if revisit.refers_to:
            stored = self._by_url.get(surt(revisit.refers_to), [])
            at = revisit.refers_at and revisit.refers_at.replace(microsecond=0)
            return next((each for each in stored if each[0] == at), None)
        stored = self._by_url.get(surt(revisit.url), []) if revisit.not_modified else []
        before = bisect_right(stored, (revisit.at, "~"))
        return stored[before - 1] if before else None


def payload_of(revisit: Place, *stores: Stored) -> str | None:
    """Return the digest of the payload of ``revisit`` in one of ``stores``, None when none has it."""
    found = filter(None, (store.find(revisit) for store in stores))
    return max(found, default=(_LONG_AGO, None), key=lambda each: each[0])[1]
