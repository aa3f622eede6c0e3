"""What recorded answers say, noted in one process and entered in a ledger by another.

Notes are small and plain: they are what travels between processes, not pages and not trees. Columns travel as the
ledger keeps them, so that the one process that writes it has nothing to do but that.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpscraper.intake.columns import encode
from helpscraper.intake.entries import Outcome
from helpscraper.intake.ledger import Ledger
from helpscraper.items import Body

__all__ = ["Notes", "Unread"]


@dataclass(frozen=True, slots=True)
class Unread:
    """A record, or what is on its page, of which nothing can be made; ``record`` is ``file#offset``."""

    kind: str
    url: str
    record: str
    detail: str


@dataclass(slots=True)
class Notes:
    """The entries that ``answers`` recorded answers lead to, in their order, under the names that ``Ledger`` has
    for them.
    """

    answers: int = 0
    unread: list[Unread] = field(default_factory=list)
    _tallies: dict[str, Counter[str]] = field(default_factory=dict)
    _sections: dict[str, tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    _articles: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def tally(self, kind: str, counts: Mapping[str, int] | Iterable[str]) -> None:
        """As ``Ledger.tally``."""
        self._tallies.setdefault(kind, Counter()).update(counts)

    def problem(self, kind: str, url: str, record: str, detail: str) -> None:
        """As ``Ledger.problem``, with the record that ``detail`` is about."""
        self.unread.append(Unread(kind, url, record, detail))

    def section(
        self, slug: str, *, title: str | None, category: str | None, content_type: str | None
    ) -> None:
        """As ``Ledger.section``: the first page that names a section stands."""
        self._sections.setdefault(slug, (title, category, content_type))

    def sighting(self, article_id: str, section: str, columns: Mapping[str, Any]) -> None:
        """As ``Ledger.sighting``."""
        self._articles.append(("sighting", (article_id, section, encode(columns))))

    def settle(self, article_id: str, outcome: Outcome, detail: str | None = None) -> None:
        """As ``Ledger.settle``."""
        self._articles.append(("settle", (article_id, outcome, detail)))

    def gone(self, article_id: str, url: str, status: int, at: dt.datetime) -> None:
        """As ``Ledger.gone``."""
        self._articles.append(("gone", (article_id, url, status, at)))

    def validated(self, article_id: str, columns: Mapping[str, Any]) -> None:
        """As ``Ledger.validated``."""
        self._articles.append(("validated", (article_id, columns)))

    def fetched(self, article_id: str, columns: Mapping[str, Any], body: Body | None) -> None:
        """As ``Ledger.fetched``."""
        self._articles.append(("fetched", (article_id, encode(columns), body)))

    def enter(self, ledger: Ledger) -> None:
        """Enter everything in ``ledger``; the caller holds the transaction."""
        for kind, counts in self._tallies.items():
            ledger.tally(kind, counts)
        for each in self.unread:
            named = each.detail.startswith(each.record)
            ledger.problem(each.kind, each.url, each.detail if named else f"{each.record}: {each.detail}")
        for slug, (title, category, content_type) in self._sections.items():
            ledger.section(slug, title=title, category=category, content_type=content_type)
        for name, values in self._articles:
            getattr(ledger, name)(*values)
