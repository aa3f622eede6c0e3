"""The entries of the ledger: one article, one section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from helpscraper.archive.run_parts import GoneFact, Redirect

__all__ = ["Entry", "Outcome", "SectionEntry"]

Outcome = Literal["expected", "listed", "fetched", "carried", "failed", "gone", "absent"]
"""The state of an article in a crawl.

``expected``: its page is still to be fetched. ``absent``: no listing shows it, and its own address no longer leads to
an article but does not answer 404 either (it redirects elsewhere, or its page holds no article).
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of the ledger: its outcome, the columns its own page gave, and the columns each listing gave."""

    article_id: str
    outcome: Outcome
    columns: dict[str, Any] | None
    detail: str | None
    sightings: dict[str, dict[str, Any]]

    def as_redirect(self) -> Redirect | None:
        """Return the evidence of an ``absent`` article whose address redirected to another one; None without it."""
        told = (self.columns or {}).get("redirect") if self.outcome == "absent" else None
        return Redirect.from_json(told) if told else None

    def as_gone(self) -> GoneFact:
        """Return the evidence that run facts keep of an article whose outcome is ``gone`` (see ``Ledger.gone``)."""
        noted = self.columns or {}
        at = noted.get("fetched_at")
        return GoneFact(url=noted.get("url"), status=noted.get("status"), at=at.isoformat() if at else None)


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """One section's listing, as its last walk from the first page read it.

    ``pages`` maps the page number to the number of articles shown, ``totals`` are the different totals that these
    pages stated, in page order, and ``seen`` counts the different articles that they showed.
    """

    key: str
    title: str | None
    category: str | None
    content_type: str | None
    problem: str | None
    totals: tuple[int, ...]
    pages: dict[int, int]
    pages_stated: int | None
    ended: bool
    seen: int

    @property
    def total(self) -> int | None:
        """The number of articles that the page read last states; None when no page states one."""
        return self.totals[-1] if self.totals else None
