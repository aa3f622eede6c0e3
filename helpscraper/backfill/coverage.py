"""Count by year the results for the captures that an index knows."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from helpscraper.archive.recordings import Capture

__all__ = ["COLUMNS", "Coverage"]

COLUMNS = ("known", "chosen", "fetched", "unchanged", "read", "unreadable")
"""The counts of one year, in the order of the table.

``known`` captures are in the index, ``chosen`` ones worth fetching, ``fetched`` ones kept. ``unchanged`` ones are known
by their digest. Of both, some were ``read`` and the others ``unreadable``.
"""

_EXAMPLES = 3


@dataclass(slots=True)
class Coverage:
    """The counts by year, and the captures left out by reason: a count by year, and the first few URLs."""

    years: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def count(self, column: str, capture: Capture) -> None:
        """Count a capture in one of ``COLUMNS``."""
        self.years[_year(capture)][column] += 1

    def leave_out(self, capture: Capture, reason: str, detail: str = "") -> None:
        """Count a capture that was left out, not fetched or not read; ``detail`` describes an example."""
        self.reasons[reason][_year(capture)] += 1
        named = self.examples[reason]
        if len(named) < _EXAMPLES:
            named.append(f"{capture.date} {capture.url}" + (f": {detail}" if detail else ""))

    def left_out(self, reason: str) -> int:
        """Return how many captures were left out for ``reason`` in all years."""
        return self.reasons[reason].total() if reason in self.reasons else 0

    def total(self, column: str) -> int:
        """Return the count of all years."""
        return sum(counts[column] for counts in self.years.values())

    def rows(self, *years: int) -> list[tuple[int, ...]]:
        """Return each year with its counts, from the first to the last one that was counted or is one of ``years``."""
        told = {*self.years, *years}
        span = range(min(told), max(told) + 1) if told else ()
        empty: Counter[str] = Counter()
        return [(year, *((self.years.get(year) or empty)[name] for name in COLUMNS)) for year in span]


def _year(capture: Capture) -> int:
    return int(capture.date[:4])
