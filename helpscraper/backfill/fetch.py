"""Fetch the captures that were chosen, and keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.sources import record_in
from helpscraper.backfill.choose import Pick, Wanted, is_redirect
from helpscraper.backfill.client import Gap
from helpscraper.backfill.coverage import Coverage
from helpscraper.backfill.kept import Held, Kept
from helpscraper.backfill.records import Mismatch, unchanged
from helpscraper.backfill.sources import Source
from helpscraper.normalise.article import Context
from helpscraper.platforms import reader_at
from helpscraper.sites import Site, host_of
from helpscraper.urls import origin
from helpscraper.warc.record import Damage, plain_digest

__all__ = ["ANOTHER", "LATER", "NOT_HAD", "REFUSED", "Asked", "fetch", "known_to", "prefixes"]

Progress = Callable[[str, int, int], None]
NOT_HAD = "the archive did not give it"
REFUSED = "the archive refused it"
ANOTHER = "the archive holds something else than its index says"
LATER = "for the next run, by --limit"


_MOST_LINES = 5_000_000
_MOST_KNOWN = 500_000
_NAMED = 20


@dataclass(slots=True)
class Asked:
    """The result: the missing parts of the index, and the fetched captures.

    ``missing`` counts the first few different messages, ``missed`` all of them. ``again`` says that a later run may get
    such a part. ``unchecked`` counts the kept pages, also those of earlier runs, that could not be compared with a
    digest of the index.
    """

    missing: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    again: bool = False
    unchecked: int = 0
    had: dict[str, Capture] = field(default_factory=dict)
    """By ``file#offset`` of the kept record."""

    def miss(self, part: Gap | Damage) -> None:
        """Count a part of the index that is missing."""
        text = part.message if isinstance(part, Gap) else str(part)
        self.again |= isinstance(part, Gap) and part.again
        self.missed += 1
        if text in self.missing or len(self.missing) < _NAMED:
            self.missing[text] += 1


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
        places, lines = prefixes(wanted.site, wanted.locale), 0
        for number, prefix in enumerate(places, start=1):
            progress("asking the index", number - 1, len(places))
            for item in source.known(prefix, wanted.start, wanted.end):
                lines += 1
                if lines > _MOST_LINES:
                    asked.miss(_too_many(f"more than {_MOST_LINES:,} lines"))
                    return
                if isinstance(item, Capture):
                    yield item
                else:
                    asked.miss(item)

    for number, capture in enumerate(wanted.known(everything())):
        if number == _MOST_KNOWN:
            asked.miss(_too_many(f"more than {_MOST_KNOWN:,} captures of this edition"))
            return
        yield capture


def _too_many(what: str) -> Gap:
    return Gap(
        f"the index gives {what}; the others are not read: narrow the time with --from and --to", again=False
    )


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
            if not _fetched(source, capture, kept, coverage):
                continue
        held = kept.get(capture)
        if held is not None:
            coverage.count("unchanged" if original is not None else "fetched", capture)
            asked.had[held.ref] = capture
            asked.unchecked += original is None and not _compared(held, capture)


def _compared(held: Held, capture: Capture) -> bool:
    """Tell whether a kept page has the digest of the index; a redirect or a revisit holds no page to compare.

    The archive's answer was accepted, so a digest that differs is one that could not be compared.
    """
    if is_redirect(capture) or plain_digest(held.digest) == plain_digest(capture.digest):
        return True
    file, _, offset = held.ref.rpartition("#")
    record = record_in(file, int(offset))
    return record.is_revisit or (capture.digest != "" and record.payload_matches(capture.digest))


def _fetched(source: Source, capture: Capture, kept: Kept, coverage: Coverage) -> bool:
    try:
        for record in source.records(capture):
            kept.add(record)
    except Gap as gap:
        coverage.leave_out(capture, NOT_HAD if gap.again else REFUSED, gap.message)
        return False
    except Mismatch as mismatch:
        coverage.leave_out(capture, ANOTHER, str(mismatch))
        return False
    return True
