"""Is this crawl fit to become the newest snapshot? Small pure checks over the run facts, each with its reason.

A check that fails keeps the snapshot out of ``snapshots/``; it goes to ``refused/`` and a person may promote it with
``helpscraper accept``. The thresholds are settings (``HEALTH_…``); ``docs/running.md`` gives the reason of each.
What is missing and known to be missing (a listing page that could not be had) makes a crawl incomplete, not unfit:
unfit is a crawl that *looks* whole and is not what the help centre was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import AuditFacts, SectionFacts, WitnessFacts
from helpscraper.health.drift import drift_details
from helpscraper.health.verdicts import Verdict, check_edition_served, check_language, check_region
from helpscraper.intake.census import LISTED_FIELDS, PAGE_FIELDS
from helpscraper.intake.witness import witness_verdicts
from helpscraper.intake.wording import resume_hint

__all__ = ["Thresholds", "Verdict", "check_bodies", "check_health", "check_import", "is_fit"]

_NO_MEASURE = "no measure: no crawl of the whole help centre was committed before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a check fails; shares are of 1, the other numbers count articles or pages.

    ``min_articles``: articles against the median of the last good crawls. ``min_section``: the same for each section
    that had at least ``section_size`` articles. ``coverage_drop``: share of the articles that may lose a field.
    ``enough``: a fall of fewer articles than this proves nothing. ``max_failed``: share of all articles whose page
    could not be read, and ``max_failed_of_tried`` that of the pages asked for. ``min_bodies`` and ``min_dated``:
    share of the pages of new articles that have a body, and a date. ``max_challenges``: pages that stayed block or
    challenge pages. ``max_undecoded``: share of the pages read whose text has characters that could not be decoded.
    """

    min_articles: float = 0.7
    min_section: float = 0.5
    section_size: int = 5
    coverage_drop: float = 0.2
    enough: int = 3
    max_failed: float = 0.1
    max_failed_of_tried: float = 0.5
    min_bodies: float = 0.9
    min_dated: float = 0.5
    max_challenges: int = 0
    max_undecoded: float = 0.05


def is_fit(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether no check failed."""
    return all(v.verdict != "fail" for v in verdicts)


def check_health(
    facts: RunFacts, earlier: Sequence[RunFacts], limits: Thresholds | None = None
) -> list[Verdict]:
    """Judge a crawl's facts against those of the last good crawls (newest first, as many as there are).

    A crawl of a part (``facts.scope``) is held against earlier ones section by section only, and one that was
    itself of a part is no measure for how much there should be. Every check says something, so that the run facts
    show that it was made; one that had nothing to compare with warns that it had not.
    """
    limits = limits or Thresholds()
    measure = _Measure.of(earlier)
    edition = list(check_edition_served(facts))
    if any(verdict.verdict == "fail" for verdict in edition):
        return edition  # nothing of it can be held against what this edition was before
    checks = (
        ("edition", edition),
        ("end", _ended(facts)),
        ("articles", _articles(facts, measure, limits)),
        ("section", _sections(facts, measure, limits)),
        ("coverage", _coverage(facts, measure, limits)),
        ("failed", _failed(facts, limits)),
        ("bodies", _first_readings(facts, limits)),
        ("challenge", _challenges(facts, limits)),
        ("charset", _charset(facts, limits)),
        ("language", check_language(facts, earlier)),
        ("region", check_region(facts, earlier)),
        ("layout", _layout(facts, earlier)),
        ("audit", _audit(facts)),
        *([("witness", _witness(facts.witness))] if facts.witness else []),
    )
    verdicts: list[Verdict] = []
    for name, found in checks:
        verdicts += list(found) or [Verdict(name, "ok", "")]
    return verdicts


@dataclass(frozen=True, slots=True)
class _Measure:
    """Earlier crawls of the whole help centre, newest first.

    ``complete`` ones say how much there was. Those with ``holes`` say how much there was at least, so they can raise
    the measure and never lower it.
    """

    complete: list[RunFacts]
    holes: list[RunFacts]

    @classmethod
    def of(cls, earlier: Sequence[RunFacts]) -> _Measure:
        whole = [run for run in earlier if not run.scope]
        complete = [run for run in whole if run.complete]
        return cls(complete, [run for run in whole if not run.complete])

    @property
    def runs(self) -> list[RunFacts]:
        return self.complete + self.holes

    def articles(self) -> float | None:
        """Return the usual number of articles, or None when nothing tells it."""
        return max((median(map(_live, runs)) for runs in (self.complete, self.holes) if runs), default=None)

    def sections(self) -> dict[str, SectionFacts]:
        """Return what was said of the sections of the newest crawl of either kind, by slug."""
        newest = [run.sections for runs in (self.holes, self.complete) for run in runs[:1]]
        return {slug: section for sections in newest for slug, section in sections.items()}

    def in_section(self, slug: str) -> float:
        """Return the usual number of articles in a section."""
        found: Iterator[list[int]] = (
            [Counter(run.live)[slug] for run in runs if slug in run.sections]
            for runs in (self.complete, self.holes)
        )
        return max(median(counts) for counts in found if counts)


def _live(facts: RunFacts) -> int:
    return facts.counts.live


def _ended(facts: RunFacts) -> Iterator[Verdict]:
    reason = facts.finish_reason
    if reason != "finished":
        because = facts.stopped or reason
        yield Verdict("end", "fail", f"the crawl did not run to its end: {because}{resume_hint(facts)}")
    internal = facts.internal_errors
    if internal:
        first = next(iter(facts.errors), "see the log")
        yield Verdict("end", "fail", f"{internal} internal errors, the first: {first}")


def _articles(facts: RunFacts, measure: _Measure, limits: Thresholds) -> Iterator[Verdict]:
    n, counts, usual = _live(facts), facts.counts, measure.articles()
    if n == 0:
        holes = [reason for reason in facts.incomplete_reasons if not reason.startswith("only part: ")]
        because = f" ({'; '.join(holes[:3])})" if holes else ""
        query = facts.arguments.query
        what, never = ("article", "help centre") if not query else (f"hit for {query!r}", "snapshot")
        yield Verdict("articles", "fail", f"no {what} was found{because}; an empty result is never a {never}")
    elif not counts.fetched and not counts.carried and (counts.failed or 0) > (facts.due or 0):
        yield Verdict("articles", "fail", f"not one of {n} articles could be read")
    elif facts.scope:
        return
    elif usual is None:
        yield Verdict("articles", "warn", f"{n} articles; {_NO_MEASURE}")
    else:
        bad = n < limits.min_articles * usual and usual - n >= limits.enough
        yield Verdict("articles", "fail" if bad else "ok", f"{n} articles; usually {usual:g}")


def _sections(facts: RunFacts, measure: _Measure, limits: Thresholds) -> Iterator[Verdict]:
    """Hold the articles of each section against earlier crawls, whether listings or their own pages showed them."""
    if not measure.runs:
        yield Verdict("section", "warn", _NO_MEASURE)
    sections, live = facts.sections, Counter(facts.live)
    for slug, before in sorted(measure.sections().items()):
        usual = measure.in_section(slug)
        now, here = live[slug], slug in sections
        if usual < limits.section_size or (facts.scope and not here):
            continue
        if before.content_type == "tag" and here and not sections[slug].whole:
            continue  # only its own listing shows a tag's articles, and what is missing of it is named already
        if now < limits.min_section * usual:
            what = f"{now} articles" if here else f"has vanished, {now} articles are left"
            yield Verdict("section", "fail", f"section {slug}: {what}; usually {usual:g}")
        elif not here:
            yield Verdict("section", "warn", f"section {slug} has vanished; its articles are still there")


def _coverage(facts: RunFacts, measure: _Measure, limits: Thresholds) -> Iterator[Verdict]:
    """Compare like with like: an article's page with the same article before, a listing with the same listing."""
    for name in PAGE_FIELDS:
        again = Counter(facts.refetched.get(name, {}))
        had, lost = again["had"], again["lost"]
        if lost >= limits.enough and lost > limits.coverage_drop * had:
            yield Verdict("coverage", "fail", f"{name}: {lost} of {had} pages that had it have lost it")
    for name in LISTED_FIELDS:
        shown, have, expected = 0, 0, 0.0
        for slug, counts in facts.listed.items():
            before = [run.listed[slug] for run in measure.runs if slug in run.listed]
            shares = [each[name] / each["n"] for each in before]
            if shares:
                shown += counts["n"]
                have += counts[name]
                expected += median(shares) * counts["n"]
        if expected - have >= limits.enough and expected - have > limits.coverage_drop * expected:
            yield Verdict(
                "coverage",
                "fail",
                f"{name}: {have} of {shown} listed articles have it; usually {expected:.0f}",
            )


def _failed(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    counts = facts.counts
    # A crawl that ended early is refused for that alone; pages whose turn had not come say nothing about the site.
    failed = (counts.failed or 0) - ((facts.due or 0) if facts.finish_reason != "finished" else 0)
    tried = failed + (counts.fetched or 0)
    if not failed:
        return
    bad = failed > limits.max_failed * _live(facts) or failed > limits.max_failed_of_tried * tried
    # A page or two that fail of the few that were tried say nothing about the site.
    verdict: Literal["warn", "fail"] = "fail" if bad and failed >= limits.enough else "warn"
    yield Verdict("failed", verdict, f"{failed} of {tried} article pages could not be read")


def check_bodies(facts: RunFacts, limits: Thresholds | None = None) -> list[Verdict]:
    """Judge the pages of articles that were not known before, of a crawl or an import, by whether they have a body."""
    limits = limits or Thresholds()
    failed = list(_without(facts, "body_sha256", "body", limits.min_bodies, limits))
    new = Counter(facts.new)
    said = f"{new['body_sha256']} of {new['fetched']} new articles have no body"
    return failed or ([Verdict("bodies", "warn", said)] if new["body_sha256"] else [])


def check_import(facts: RunFacts) -> list[Verdict]:
    """Judge what an import read, as far as pages without a crawl can be judged: bodies, and text that was decoded."""
    return [*check_bodies(facts), *_charset(facts, Thresholds())]


def _first_readings(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    """Judge the pages of articles that were not known before by what every article of the platform has."""
    yield from check_bodies(facts, limits)
    if facts.claim is None or facts.claim.dated is not False:
        yield from _without(facts, "published_on", "date", limits.min_dated, limits)


def _without(facts: RunFacts, name: str, what: str, least: float, limits: Thresholds) -> Iterator[Verdict]:
    new = Counter(facts.new)
    n, without = new["fetched"], new[name]
    if n - without < least * n and (without >= limits.enough or without == n == _live(facts)):
        yield Verdict("bodies", "fail", f"{without} of {n} new articles have no {what}")


def _challenges(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    met = Counter(facts.problems)["challenge"]
    if met > limits.max_challenges:
        detail = (
            "1 page stayed a block or challenge page"
            if met == 1
            else f"{met} pages stayed block or challenge pages"
        )
        yield Verdict("challenge", "fail", detail)


def _charset(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    """Judge texts with U+FFFD that came of bytes which are not in the encoding that their page is said to be in."""
    n, read = Counter(facts.rules)["article.charset/undecoded"], facts.counts.fetched or 0
    if n:
        bad = n > limits.max_undecoded * read and n >= limits.enough
        detail = f"{n} of {read} articles have characters that could not be decoded (U+FFFD)"
        yield Verdict("charset", "fail" if bad else "warn", detail)


def _layout(facts: RunFacts, earlier: Sequence[RunFacts]) -> Iterator[Verdict]:
    """Name the rules of extraction that stopped matching; what that cost, the other checks judge."""
    for detail in drift_details(facts, earlier):
        yield Verdict("layout", "warn", f"layout drift: {detail}")


def _audit(facts: RunFacts) -> Iterator[Verdict]:
    """Name pages that go unread for longer than ``AUDIT_DAYS``: an edit that no listing shows may hide in them."""
    audit = facts.audit or AuditFacts()
    late, put_off = audit.late, audit.put_off
    said = [f"{late} pages had gone unread for longer when the crawl began"] if late else []
    said += (
        [f"{put_off} that are due before the next crawl do not fit into the time until then"]
        if put_off
        else []
    )
    if said:
        advice = "crawl more often or faster, or raise AUDIT_DAYS"
        yield Verdict("audit", "warn", f"AUDIT_DAYS={audit.days:g} is not kept: {'; '.join(said)}; {advice}")


def _witness(witness: WitnessFacts) -> Iterator[Verdict]:
    for verdict, detail in witness_verdicts(witness):
        yield Verdict("witness", verdict, detail)
