"""Compare the site's JSON interface with its pages: which lists it proved, and where the two differ.

Pure. The pages win: an interface that does not answer, or does not prove a list whole, costs requests and no article.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from helpscraper.archive.run_parts import InterfaceFacts
from helpscraper.intake.entries import Entry
from helpscraper.items import RawArticle
from helpscraper.normalise import article as steps

__all__ = [
    "InterfaceComparison", "Mode", "compared_columns", "interface_verdicts", "sections_from_interface", "unproven",
]  # fmt: skip

Mode = Literal["pages", "api", "both"]

Columns = Mapping[str, Any]

_SHOWN = 10
_COMPARED = ("title", "updated_at", "published_at", "category", "section")
_MINUTE = dt.timedelta(minutes=1)

_ENOUGH, _NOISE = 3, 0.01
"""Above this number and this share of the compared articles, edits between two answers do not explain differences."""


def unproven(totals: Sequence[int], keys: Sequence[str]) -> str | None:
    """Return why the pages of a list do not prove it whole, or None; ``keys`` are those of all pages.

    >>> unproven([2, 2], ["a", "b"]), unproven([3], ["a", "b"])
    (None, '2 of 3 articles')
    """
    if len(set(totals)) > 1:
        return f"the list moved while it was read: {', then '.join(map(str, dict.fromkeys(totals)))} articles"
    if not keys:
        return "no article, so no edition is stated"
    different = len(set(keys))
    if different != totals[-1]:
        again = f", {len(keys) - different} of them twice" if different < len(keys) else ""
        return f"{different} of {totals[-1]} articles{again}"
    return None


def compared_columns(raw: RawArticle, context: steps.Context, known: Columns | None) -> dict[str, Any]:
    """Return the columns of a row of the interface that show whether its article changed since it was ``known``.

    The interface states instants and no dates, so dates are not compared. A column that differs by no more than the
    interface's rounding has its ``known`` value.
    """
    columns = steps.titles(raw, context).columns | steps.dates(raw, context).columns
    found = {name: columns[name] for name in ("title", "updated_at", "published_at")}
    if known is None:
        return found
    return {name: value if _differs(name, value, known) else known.get(name) for name, value in found.items()}


def _differs(name: str, told: Any, shown: Columns) -> bool:
    """Tell whether both state the column and the values differ.

    The interface cuts instants to the second, and articles state their publication to the minute.
    """
    before = shown.get(name)
    if told is None or before is None:
        return False
    if name == "updated_at":
        return bool(told.replace(microsecond=0) != before.replace(microsecond=0))
    return bool(abs(told - before) >= _MINUTE if name == "published_at" else told != before)


@dataclass(slots=True)
class InterfaceComparison:
    """The answers of the interface in one crawl.

    ``left``: why the crawl stopped asking it. ``sections``: the id of each section whose list it proved whole, by key.
    ``by_pages``: for each section that was read from its pages instead, why.
    """

    mode: Mode = "pages"
    left: str | None = None
    sections: dict[str, str] = field(default_factory=dict)
    by_pages: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, dict[str, Columns]] = field(default_factory=dict)
    _compared: int = 0
    _differing: int = 0
    _differences: Counter[str] = field(default_factory=Counter)
    _examples: list[str] = field(default_factory=list)

    def keep_row(self, section: str, raw: RawArticle, context: steps.Context) -> None:
        """Keep the interface's row of an article, to compare it with the pages of ``section``, which are read later."""
        columns = steps.normalise_article(raw, context).columns
        kept = {name: columns.get(name) for name in _COMPARED}
        self._rows.setdefault(raw.key, {})[section] = kept

    def of_pages(self, sightings: Mapping[str, Columns]) -> Mapping[str, Columns]:
        """Return the sightings of listing pages among those of an article."""
        if self.mode != "api":
            return sightings
        return {key: columns for key, columns in sightings.items() if key not in self.sections}

    def compare(self, entry: Entry) -> None:
        """Compare the interface's row of one article with its page or listing, where both were read."""
        if self.mode == "pages":
            return
        shown = self.of_pages(entry.sightings)
        if self.mode == "api":
            page = entry.columns if entry.outcome == "fetched" else next(iter(shown.values()), None)
            told = entry.sightings.keys() & self.sections.keys()
            if told and entry.outcome in {"gone", "absent"}:
                self._count(entry.article_id, {"only in the interface": f"its page: {entry.detail}"})
                return
            for key in told:
                self._compare_row(entry.article_id, entry.sightings[key], page)
            return
        rows = self._rows.get(entry.article_id, {})
        for key in shown.keys() & self.sections.keys():
            if key in rows:
                self._compare_row(entry.article_id, rows.pop(key), shown[key])
            else:
                self._count(entry.article_id, {"only on pages": f"listed in {key}"})

    def _compare_row(self, article_id: str, told: Columns, page: Columns | None) -> None:
        if page is None:
            return
        self._compared += 1
        differ = (name for name in _COMPARED if _differs(name, told.get(name), page))
        self._count(article_id, {name: f"{told[name]}, on its page {page[name]}" for name in differ})

    def _count(self, article_id: str, differences: Mapping[str, str]) -> None:
        self._differing += bool(differences)
        self._differences.update(differences.keys())
        for name, said in differences.items():
            if len(self._examples) < _SHOWN:
                self._examples.append(f"{article_id}: {name}: {said}"[:300])

    def as_facts(self, whole: Collection[str]) -> InterfaceFacts | None:
        """Return the run facts of the interface, None in a crawl that did not use it.

        ``whole`` names the sections whose list was read whole: only their pages can lack an article.
        """
        if self.mode == "pages":
            return None
        for article_id, told in self._rows.items():
            if missing := sorted(told.keys() & whole):
                self._count(article_id, {"only in the interface": f"listed in {', '.join(missing)}"})
        self._rows.clear()
        return InterfaceFacts(
            mode=self.mode,
            left=self.left,
            sections=self.sections,
            by_pages=self.by_pages,
            compared=self._compared,
            differing=self._differing,
            differences=dict(self._differences),
            examples=tuple(self._examples),
        )


def sections_from_interface(facts: InterfaceFacts | None) -> dict[str, str]:
    """Return the keys of the sections whose list a crawl took from the interface, by the interface's id."""
    if facts is None or facts.mode != "api":
        return {}
    return {section_id: key for key, section_id in facts.sections.items()}


def interface_verdicts(facts: InterfaceFacts) -> Iterator[tuple[Literal["ok", "warn"], str]]:
    """Judge the run facts of the interface: one that failed or differs is a warning, never a refusal."""
    if facts.left:
        yield "warn", f"the interface was left for the pages: {facts.left}"
    for key, why in sorted(facts.by_pages.items())[:_SHOWN]:
        yield "warn", f"section {key} was read from its pages: {why}"
    if differing := facts.differing:
        kinds = ", ".join(f"{name} {n}" for name, n in sorted(facts.differences.items()))
        noisy = differing < _ENOUGH or differing <= _NOISE * facts.compared
        yield (
            "ok" if noisy else "warn",
            f"{differing} articles differ from their pages in the interface: {kinds}",
        )
