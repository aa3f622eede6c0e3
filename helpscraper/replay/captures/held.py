"""The contents of an edition before and while captures are imported: each file is listed and read once."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import groupby

from helpscraper import __version__
from helpscraper.archive.layout import Partition, snapshot_id, warc_path
from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.recordings import Recorder, load_index, warc_files
from helpscraper.platforms import address_at
from helpscraper.replay.captures.revisits import Stored
from helpscraper.replay.captures.select import CaptureReport, Place
from helpscraper.sites import Site

__all__ = ["Held", "told"]

_SUPERSEDED = "an earlier snapshot read the article at a later time"
_DAY = dt.timedelta(days=1)


def told(place: Place) -> str:
    """Return the text that names a capture in the run facts."""
    return f"{place.at:%Y%m%d%H%M%S} {place.url} {place.digest}"


class Held:
    """The snapshots, bodies and recordings of one edition; nobody else writes it meanwhile."""

    def __init__(self, catalog: Catalog, partition: Partition) -> None:
        self.catalog, self.partition = catalog, partition
        self._paths = catalog.paths(partition)
        self._ids = list(self._paths)
        self._recordings = warc_files(catalog.store, partition)
        self._stored = Stored()
        self._recorder: Recorder | None = None
        self.bodies = catalog.body_index(partition)

    def new(self, places: Sequence[Place], report: CaptureReport) -> Iterator[list[Place]]:
        """Yield the captures of one day that no snapshot holds, in runs without a snapshot in between.

        A snapshot holds what was seen from its own instant on, so a capture goes before the next one.
        """
        day = places[0].at.date()
        # Many captures at one instant may have moved the snapshot of the last of them into the next day.
        there: dict[str, str] = {}
        first, end = (bisect_left(self._ids, _midnight(each)) for each in (day, day + 2 * _DAY))
        for name in self._ids[first:end]:
            captures = self.catalog.facts(self._snapshot(name)).arguments.captures
            there |= dict.fromkeys(captures, self._paths[name])
        fresh = []
        for place in places:
            # Earlier versions did not write the digest.
            path = there.get(told(place)) or there.get(told(place).removesuffix(f" {place.digest}"))
            if path is None:
                fresh.append(place)
            else:
                report.already[path] += 1
        ids = list(self._ids)
        for _, run in groupby(fresh, key=lambda place: bisect_right(ids, snapshot_id(place.at))):
            yield list(run)

    def instant(self, at: dt.datetime) -> dt.datetime:
        """Return ``at``, or the next second at which there is no snapshot."""
        while snapshot_id(at) in self._paths:
            at += dt.timedelta(seconds=1)
        return at

    def recorder(self, name: str) -> Recorder:
        """Return the recorder, which copies for the snapshot ``name`` from here on."""
        info = {"software": f"helpscraper/{__version__}", "isPartOf": name}
        if self._recorder is None:
            self._recorder = Recorder(self.catalog.store, self.partition, name, info=info, copies=True)
        else:
            self._recorder.go_on(name, info)
        return self._recorder

    def without_superseded(self, places: Sequence[Place], site: Site, report: CaptureReport) -> list[Place]:
        """Leave out articles that a snapshot before ``places`` read later than they were captured.

        In the order of the snapshots they would run backwards. A snapshot of captures ends with its day; a crawl, which
        is the last one of its day then, may go on for some hours.
        """
        read: dict[str, dt.datetime] = {}
        first = bisect_left(self._ids, _midnight(places[0].at.date()))
        end = bisect_left(self._ids, snapshot_id(self.instant(places[0].at)))
        for name in self._ids[max(first - 1, 0) : end]:
            rows = self.catalog.load_table(self._snapshot(name), columns=["article_id", "fetched_at"])
            for key, when in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                if when is not None:
                    read[key] = max(when, read.get(key, when))
        kept = []
        for place in places:
            address = address_at(site, place.url) if read else None
            if address and address.kind == "article" and place.at < read.get(address.key or "", place.at):
                report.skip(_SUPERSEDED, place.ref, place.url)
            else:
                kept.append(place)
        return kept

    def stored_before(self, at: dt.datetime) -> Stored:
        """Return the payloads in the recordings of the snapshots before ``at``, which never goes back."""
        number = bisect_left(self._recordings, warc_path(self.partition, snapshot_id(at), 0))
        for file in self._recordings[:number]:
            for capture in load_index(self.catalog.store, file):
                self._stored.add_capture(capture)
        del self._recordings[:number]
        return self._stored

    def add(self, name: str, path: str, recordings: Sequence[str]) -> None:
        """Add the snapshot ``name`` and its recordings."""
        insort(self._ids, name)
        self._paths[name] = path
        for file in recordings:
            insort(self._recordings, file)

    def _snapshot(self, name: str) -> Snapshot:
        return Snapshot(self.partition, name, self._paths[name])


def _midnight(day: dt.date) -> str:
    return snapshot_id(dt.datetime.combine(day, dt.time(), dt.UTC))
