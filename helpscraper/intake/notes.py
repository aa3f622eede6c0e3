"""Notes for a ledger, one record for each entry; small, because worker processes send them to the writing process.

Their columns are encoded already, which spares the writing process that work.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from helpscraper.intake.entries import Outcome
from helpscraper.intake.ledger import Ledger
from helpscraper.items import Body
from helpscraper.platforms.contract import Section

__all__ = [
    "Batch",
    "Fetched",
    "Gone",
    "Named",
    "Note",
    "Problem",
    "Settled",
    "Sighting",
    "Tally",
    "Validated",
]


@dataclass(frozen=True, slots=True)
class Tally:
    """Names to be counted among the sums of ``kind``."""

    kind: str
    names: tuple[str, ...]

    def enter(self, ledger: Ledger) -> None:
        """Add them to the sums."""
        ledger.tally(self.kind, self.names)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem at ``url``; ``record`` is the ``file#offset`` that ``detail`` is about, where there is one."""

    kind: str
    url: str
    detail: str
    record: str = ""

    def enter(self, ledger: Ledger) -> None:
        """Note it, with its record."""
        named = self.detail.startswith(self.record)
        ledger.problem(self.kind, self.url, self.detail if named else f"{self.record}: {self.detail}")


@dataclass(frozen=True, slots=True)
class Named:
    """A section that a page names."""

    section: Section

    def enter(self, ledger: Ledger) -> None:
        """Note the section; the first page that names it counts."""
        each = self.section
        ledger.section(each.key, title=each.title, category=each.category, content_type=each.content_type)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row of a list about one article."""

    article_id: str
    section: str
    columns: str
    walk: int = 1

    def enter(self, ledger: Ledger) -> None:
        """Note it."""
        ledger.sighting(self.article_id, self.section, self.columns, walk=self.walk)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole article, with its body and the validators of its page."""

    article_id: str
    columns: str
    body: Body | None
    etag: str | None = None
    last_modified: str | None = None

    def enter(self, ledger: Ledger) -> None:
        """Keep it."""
        ledger.fetched(
            self.article_id, self.columns, self.body, etag=self.etag, last_modified=self.last_modified
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of an article whose page was not read."""

    article_id: str
    outcome: Outcome
    detail: str | None = None

    def enter(self, ledger: Ledger) -> None:
        """Note it."""
        ledger.settle(self.article_id, self.outcome, self.detail)


@dataclass(frozen=True, slots=True)
class Validated:
    """The server answered 304 at ``at``: the article is unchanged."""

    article_id: str
    at: dt.datetime

    def enter(self, ledger: Ledger) -> None:
        """Note it."""
        ledger.validated(self.article_id, {"fetched_at": self.at})


@dataclass(frozen=True, slots=True)
class Gone:
    """The article's own page answered 404 or 410."""

    article_id: str
    url: str
    status: int
    at: dt.datetime

    def enter(self, ledger: Ledger) -> None:
        """Note it."""
        ledger.gone(self.article_id, self.url, self.status, self.at)


Note: TypeAlias = Tally | Problem | Named | Sighting | Fetched | Settled | Validated | Gone


@dataclass(slots=True)
class Batch:
    """The notes of ``answers`` recorded answers, in their order; sums are added up and sections kept once."""

    answers: int = 0
    notes: list[Note] = field(default_factory=list)
    _sums: dict[str, Counter[str]] = field(default_factory=dict)
    _named: set[str] = field(default_factory=set)

    def add(self, notes: Iterable[Note]) -> None:
        """Add the notes of one answer."""
        for note in notes:
            match note:
                case Tally():
                    self._sums.setdefault(note.kind, Counter()).update(note.names)
                    continue
                case Named() if note.section.key in self._named:
                    continue
                case Named():
                    self._named.add(note.section.key)
            self.notes.append(note)

    @property
    def problems(self) -> list[Problem]:
        """The problems among the notes."""
        return [note for note in self.notes if isinstance(note, Problem)]

    def enter(self, ledger: Ledger) -> None:
        """Enter everything in ``ledger``; the caller holds the transaction."""
        for kind, counts in self._sums.items():
            ledger.tally(kind, counts)
        for note in self.notes:
            note.enter(ledger)
