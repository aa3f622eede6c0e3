"""Fetch the captures that were chosen, and keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from helpscraper.archive.recordings import Capture
from helpscraper.backfill.choose import Pick, Wanted
from helpscraper.backfill.client import Gap
from helpscraper.backfill.coverage import Coverage
from helpscraper.backfill.kept import Kept
from helpscraper.backfill.records import Mismatch, unchanged
from helpscraper.backfill.sources import Source
from helpscraper.normalise.article import Context
from helpscraper.platforms import reader_at
from helpscraper.sites import Site, host_of
from helpscraper.urls import origin
from helpscraper.warc.record import Damage

__all__ = ["Asked", "fetch", "known_to", "prefixes"]

Progress = Callable[[str, int, int], None]
NOT_HAD = "the archive did not give it"
ANOTHER = "the archive holds something else than its index says"
LATER = "left for the next run by --limit"


@dataclass(slots=True)
class Asked:
    """The result: the missing parts of the index, its bad lines, and the fetched captures.

    ``again`` says that a later run may get more.
    """

    gaps: list[Gap] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    again: bool = False
    had: dict[str, Capture] = field(default_factory=dict)
    """By ``file#offset`` of the kept record."""


def prefixes(site: Site, locale: str) -> list[str]:
    """Return the beginnings of an edition's URLs, today and earlier, at every address of the site.

    >>> from helpscraper.sites import get_site
    >>> prefixes(get_site("okx"), "zh-hans")[::6]
    ['https://www.okx.com/zh-hans/help', 'https://www.okex.com/support/hc/zh-cn']
    """
    found: dict[str, str] = {}
    for place in (*site.addresses, *site.eras):
        platform, then = reader_at(Context(site, locale, place), f"{place}/")
        for url in platform.places(then):
            # An index treats addresses with and without www and TLS alike.
            found.setdefault(f"{host_of(origin(url))}{url[len(origin(url)) :]}".rstrip("/"), url.rstrip("/"))
    return [
        url
        for key, url in found.items()
        if not any(other != key and key.startswith(other) for other in found)
    ]


def known_to(source: Source, wanted: Wanted, asked: Asked, progress: Progress) -> Iterator[Capture]:
    """Yield the captures of the edition that the index of ``source`` knows."""

    def everything() -> Iterator[Capture]:
        places = prefixes(wanted.site, wanted.locale)
        for number, prefix in enumerate(places, start=1):
            progress("asking the index", number - 1, len(places))
            for item in source.known(prefix, wanted.start, wanted.end):
                if isinstance(item, Capture):
                    yield item
                elif isinstance(item, Gap):
                    asked.gaps.append(item)
                    asked.again |= item.again
                else:
                    asked.damages.append(item)

    yield from wanted.known(everything())


def fetch(
    source: Source,
    picks: list[Pick],
    kept: Kept,
    limit: int | None,
    coverage: Coverage,
    asked: Asked,
    progress: Progress,
) -> None:
    """Fetch at most ``limit`` of ``picks``, those that are not kept yet, and count the result of each."""
    requests = 0
    for number, pick in enumerate(picks, start=1):
        capture = pick.capture
        progress("fetching", number - 1, len(picks))
        held = kept.get(capture)
        original = kept.get(pick.same_as) if pick.same_as is not None else None
        if held is None and pick.same_as is not None and original is not None:
            kept.add(unchanged(capture, pick.same_as, original.digest))
        elif held is None and limit is not None and requests >= limit:
            coverage.leave_out(capture, LATER)
            continue
        elif held is None:
            requests += 1
            if not _fetched(source, capture, kept, coverage, asked):
                continue
        held = kept.get(capture)
        if held is not None:
            coverage.count("unchanged" if original is not None else "fetched", capture)
            asked.had[held.ref] = capture


def _fetched(source: Source, capture: Capture, kept: Kept, coverage: Coverage, asked: Asked) -> bool:
    try:
        for record in source.records(capture):
            kept.add(record)
    except Gap as gap:
        coverage.leave_out(capture, NOT_HAD, gap.message)
        asked.again |= gap.again
        return False
    except Mismatch as mismatch:
        coverage.leave_out(capture, ANOTHER, str(mismatch))
        return False
    return True
