"""Is this crawl fit to become the newest snapshot? Small pure checks over the run facts, each with its reason.

A check that fails keeps the snapshot out of ``snapshots/``; it goes to ``refused/`` and a person may promote it with
``helpscraper accept``. The thresholds are settings (``HEALTH_…``); ``docs/running.md`` gives the reason of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

__all__ = ["Thresholds", "Verdict", "check_health", "is_fit"]

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a check fails; shares are of 1.

    ``min_articles``: against the median of the last good snapshots (a help centre does not lose a third of its
    articles between two crawls). ``min_section``: the same per section, for sections of at least ``section_size``.
    ``coverage_drop``: how far the share of rows that have a value may fall in one field. ``max_failed``: share of
    article pages that could not be read. ``min_fetched_bodies``: share of fetched pages that had a body.
    ``max_challenges``: challenge pages that may be met at all.
    """

    min_articles: float = 0.7
    min_section: float = 0.5
    section_size: int = 5
    coverage_drop: float = 0.2
    max_failed: float = 0.1
    min_fetched_bodies: float = 0.9
    max_challenges: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check found."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str

    def as_facts(self) -> dict[str, str]:
        """Return the verdict as it stands in the run facts."""
        return {"check": self.check, "verdict": self.verdict, "detail": self.detail}


def is_fit(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether no check failed."""
    return all(v.verdict != "fail" for v in verdicts)


def check_health(facts: Facts, earlier: Sequence[Facts], limits: Thresholds | None = None) -> list[Verdict]:
    """Judge a crawl's facts against those of the last good snapshots (newest first, as many as there are).

    Crawls of a part (``facts["scope"]``) are held against earlier crawls section by section only.
    """
    limits = limits or Thresholds()
    verdicts = [
        *_anything(facts),
        *_ended(facts),
        *_challenges(facts, limits),
        *_failed(facts, limits),
        *_bodies(facts, limits),
        *_language(facts, earlier),
        *_region(facts, earlier),
        *_drift(facts, earlier),
    ]
    whole = [run for run in earlier if not run.get("scope") and run.get("complete")]
    if whole:
        if not facts.get("scope"):
            verdicts += _articles(facts, whole, limits)
            verdicts += _vanished_sections(facts, whole, limits)
        verdicts += _sections(facts, whole, limits)
        verdicts += _coverage(facts, whole, limits)
    return verdicts


def _live(facts: Facts) -> int:
    counts = facts.get("counts", {})
    return sum(counts.get(name, 0) for name in ("fetched", "carried", "listed", "failed"))


def _anything(facts: Facts) -> Iterator[Verdict]:
    n = _live(facts)
    if n == 0:
        yield Verdict("articles", "fail", "no article was found; an empty result is never a help centre")


def _ended(facts: Facts) -> Iterator[Verdict]:
    reason = facts.get("finish_reason")
    if reason != "finished":
        yield Verdict("end", "fail", f"the crawl did not run to its end: {reason}")
    internal = facts.get("internal_errors", 0)
    if internal:
        first = next(iter(facts.get("errors", ())), "")
        yield Verdict("end", "fail", f"{internal} internal errors, the first: {first}")


def _challenges(facts: Facts, limits: Thresholds) -> Iterator[Verdict]:
    met = facts.get("problems", {}).get("challenge", 0)
    if met > limits.max_challenges:
        yield Verdict("challenge", "fail", f"{met} block or challenge pages instead of content")


def _failed(facts: Facts, limits: Thresholds) -> Iterator[Verdict]:
    counts = facts.get("counts", {})
    failed, tried = counts.get("failed", 0), counts.get("failed", 0) + counts.get("fetched", 0)
    if not tried or not failed:
        return
    share = failed / tried
    # A single page that fails of a few that were tried says nothing about the site.
    bad = share > limits.max_failed and failed > 2
    yield Verdict("failed", "fail" if bad else "warn", f"{failed} of {tried} article pages could not be read")


def _bodies(facts: Facts, limits: Thresholds) -> Iterator[Verdict]:
    fetched = facts.get("counts", {}).get("fetched", 0)
    absent = facts.get("fields", {}).get("body", {}).get("absent", 0)
    if fetched and absent / fetched > 1 - limits.min_fetched_bodies:
        yield Verdict("bodies", "fail", f"{absent} of {fetched} fetched pages had no body")


def _language(facts: Facts, earlier: Sequence[Facts]) -> Iterator[Verdict]:
    asked, served = facts.get("language_asked"), facts.get("languages", {})
    if not asked or not served:
        return
    primary = asked.split("-")[0].lower()
    other = {tag: n for tag, n in served.items() if tag.split("-")[0].lower() != primary}
    if sum(other.values()) > sum(served.values()) / 2:
        named = ", ".join(sorted(other))
        yield Verdict("language", "fail", f"pages are in {named} where {asked} was asked for")
    elif other:
        yield Verdict("language", "warn", f"{sum(other.values())} pages are in {', '.join(sorted(other))}")


def _region(facts: Facts, earlier: Sequence[Facts]) -> Iterator[Verdict]:
    now = facts.get("region", {}).get("site")
    before = next((r["region"]["site"] for r in earlier if r.get("region", {}).get("site")), None)
    if now and before and now != before:
        yield Verdict(
            "region", "fail", f"the site served its regional edition {now}; the archive holds {before}: other articles"
        )


def _drift(facts: Facts, earlier: Sequence[Facts]) -> Iterator[Verdict]:
    """Name the extraction rules that matched before and match no more."""
    rules = facts.get("rules", {})
    drifted = {name: n for name, n in rules.items() if name.endswith(("/drift", "/broken"))}
    if drifted:
        named = ", ".join(f"{name} ×{n}" for name, n in sorted(drifted.items()))
        yield Verdict("layout", "warn", f"layout drift: {named}")
    # Only crawls that fetched about as much can say that a rule has stopped matching.
    before = next((run.get("rules", {}) for run in earlier if not run.get("scope")), {})
    gone = []
    for name, n in sorted(before.items()):
        field = name.split("/")[0]
        tried_now = sum(m for other, m in rules.items() if other.split("/")[0] == field)
        if n >= 5 and tried_now >= 5 and name not in rules and not name.endswith(("/missing", "/drift", "/broken")):
            gone.append(name)
    if gone:
        yield Verdict("layout", "warn", f"layout drift: no longer matching: {', '.join(gone)}")


def _articles(facts: Facts, whole: Sequence[Facts], limits: Thresholds) -> Iterator[Verdict]:
    usual = median(_live(run) for run in whole)
    n = _live(facts)
    bad = n < limits.min_articles * usual
    yield Verdict("articles", "fail" if bad else "ok", f"{n} articles; usually {usual:g}")


def _vanished_sections(facts: Facts, whole: Sequence[Facts], limits: Thresholds) -> Iterator[Verdict]:
    for slug, before in whole[0].get("sections", {}).items():
        if slug not in facts.get("sections", {}) and before.get("seen", 0) >= limits.section_size:
            yield Verdict("section", "fail", f"section {slug} with {before['seen']} articles has vanished")


def _sections(facts: Facts, whole: Sequence[Facts], limits: Thresholds) -> Iterator[Verdict]:
    for slug, now in facts.get("sections", {}).items():
        before = [run["sections"][slug]["seen"] for run in whole if slug in run.get("sections", {})]
        if not before:
            continue
        usual = median(before)
        if usual >= limits.section_size and now["seen"] < limits.min_section * usual:
            yield Verdict("section", "fail", f"section {slug}: {now['seen']} articles; usually {usual:g}")


def _coverage(facts: Facts, whole: Sequence[Facts], limits: Thresholds) -> Iterator[Verdict]:
    for field, share in facts.get("coverage", {}).items():
        before = [run["coverage"][field] for run in whole if field in run.get("coverage", {})]
        if before and share < median(before) - limits.coverage_drop:
            yield Verdict("coverage", "fail", f"{field}: {share:.0%} of the rows have it; usually {median(before):.0%}")
