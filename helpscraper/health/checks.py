"""Check whether a crawl is fit to become the newest snapshot: small pure checks over its run facts.

A snapshot that fails a check is written to ``refused/``, and ``helpscraper accept`` commits it later. The thresholds
are settings (``HEALTH_…``); ``docs/running.md`` gives the reason of each. A known gap (a listing page that could not be
fetched) makes a crawl incomplete, not unfit. An unfit crawl *looks* whole but differs too much from earlier crawls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import AuditFacts, InterfaceFacts, SectionFacts
from helpscraper.health.drift import drift_details
from helpscraper.health.verdicts import Verdict, check_edition_served, check_language, check_region
from helpscraper.intake.interface_comparison import interface_verdicts
from helpscraper.intake.row_counts import LISTED_FIELDS, PAGE_FIELDS
from helpscraper.intake.wording import resume_hint
from helpscraper.plain_text import plural

__all__ = ["Thresholds", "Verdict", "check_bodies", "check_health", "check_import", "is_fit"]

# This many articles, and more than this share of the pages read, do not show one text by chance.
_ALIKE, _ALIKE_SHARE = 3, 0.05

_READABLE = 0.8
"""The least share of pages with a title and a body on a site of the generic platform."""

_OF_ARTICLE = frozenset({"article", "body", "title"})
"""Fields whose absence makes an article's page unreadable, as ``facts.drift`` names them."""

_NO_BASELINE = "no baseline: no crawl of the whole help centre was committed before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The limits of the checks; shares are from 0 to 1, the other numbers count articles or pages.

    ``min_articles``: least share of the usual number of articles. ``min_section``: the same for each section that
    usually has at least ``section_size`` articles. ``coverage_drop``: share of the articles that may lose a field.
    ``enough``: a drop of fewer articles than this fails no check. ``max_failed``: share of all articles whose page
    could not be read; ``max_failed_of_tried``: share of the pages requested. ``min_bodies`` and ``min_dated``: share
    of the pages of new articles that have a body, and a date. ``max_challenges``: pages that stayed block or
    challenge pages. ``max_undecoded``: share of the pages read that have undecodable characters.
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
    """Compare a crawl's facts with those of the last good crawls (newest first, any number).

    A partial crawl (``facts.scope``) is compared with earlier ones section by section only, and an earlier partial
    crawl is not part of the baseline. Every check gives a verdict, so that the run facts show that it ran; a check
    without a baseline warns.
    """
    limits = limits or Thresholds()
    baseline = _Baseline.of(earlier)
    edition = list(check_edition_served(facts))
    if any(verdict.verdict == "fail" for verdict in edition):
        return edition  # a crawl of another edition cannot be compared with this one
    checks = (
        ("edition", edition),
        ("end", _ended(facts)),
        ("articles", _articles(facts, baseline, limits)),
        ("section", _sections(facts, baseline, limits)),
        ("coverage", _coverage(facts, baseline, limits)),
        ("failed", _failed(facts, limits)),
        ("bodies", _first_readings(facts, limits)),
        ("challenge", _challenges(facts, limits)),
        ("charset", _charset(facts, limits)),
        ("language", check_language(facts, earlier)),
        ("region", check_region(facts, earlier)),
        ("layout", _layout(facts, earlier)),
        ("audit", _audit(facts)),
        *([("alike", _alike(facts))] if facts.alike >= _ALIKE else []),
        *([("witness", _witness(facts.witness))] if facts.witness else []),
        *([("generic", _readable(facts))] if facts.claim and facts.claim.confidence == "generic" else []),
    )
    verdicts: list[Verdict] = []
    for name, found in checks:
        verdicts += list(found) or [Verdict(name, "ok", "")]
    return verdicts


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Earlier crawls of the whole help centre, newest first.

    ``complete`` crawls give the usual numbers. Crawls with ``holes`` give lower bounds, so they can raise the usual
    numbers and never lower them.
    """

    complete: list[RunFacts]
    holes: list[RunFacts]

    @classmethod
    def of(cls, earlier: Sequence[RunFacts]) -> _Baseline:
        whole = [run for run in earlier if not run.scope]
        return cls([run for run in whole if run.complete], [run for run in whole if not run.complete])

    @property
    def runs(self) -> list[RunFacts]:
        return self.complete + self.holes

    def articles(self) -> float | None:
        """Return the usual number of articles, or None without a baseline."""
        return max((median(map(_live, runs)) for runs in (self.complete, self.holes) if runs), default=None)

    def sections(self) -> dict[str, SectionFacts]:
        """Return the sections of the newest complete crawl and of the newest crawl with holes, by key."""
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


def _articles(facts: RunFacts, baseline: _Baseline, limits: Thresholds) -> Iterator[Verdict]:
    n, counts, usual = _live(facts), facts.counts, baseline.articles()
    if n == 0:
        holes = [reason for reason in facts.incomplete_reasons if not reason.startswith("only part: ")]
        because = f" ({'; '.join(holes[:3])})" if holes else ""
        query = facts.arguments.query
        wanted = f"hit for {query!r}" if query else "article"
        yield Verdict(
            "articles", "fail", f"no {wanted} was found{because}; an empty snapshot is never committed"
        )
    elif not counts.fetched and not counts.carried and (counts.failed or 0) > (facts.due or 0):
        yield Verdict("articles", "fail", f"not one of {n} articles could be read")
    elif facts.scope:
        return
    elif usual is None:
        yield Verdict("articles", "warn", f"{plural(n, 'article')}; {_NO_BASELINE}")
    else:
        bad = n < limits.min_articles * usual and usual - n >= limits.enough
        yield Verdict("articles", "fail" if bad else "ok", f"{plural(n, 'article')}; usually {usual:g}")


def _sections(facts: RunFacts, baseline: _Baseline, limits: Thresholds) -> Iterator[Verdict]:
    """Compare the number of articles of each section with the baseline."""
    if not baseline.runs:
        yield Verdict("section", "warn", _NO_BASELINE)
    sections, live = facts.sections, Counter(facts.live)
    for slug, before in sorted(baseline.sections().items()):
        usual = baseline.in_section(slug)
        now, here = live[slug], slug in sections
        if usual < limits.section_size or (facts.scope and not here):
            continue
        if before.content_type == "tag" and here and not sections[slug].whole:
            continue  # only its listing shows a tag's articles, and the gap in that listing is reported already
        if now < limits.min_section * usual:
            found = f"{now} articles" if here else f"has vanished, {now} articles are left"
            yield Verdict("section", "fail", f"section {slug}: {found}; usually {usual:g}")
        elif not here:
            yield Verdict("section", "warn", f"section {slug} has vanished; its articles are still there")


def _coverage(facts: RunFacts, baseline: _Baseline, limits: Thresholds) -> Iterator[Verdict]:
    """Compare the pages of the same articles, and the same listings, before and now."""
    for name in PAGE_FIELDS:
        again = Counter(facts.refetched.get(name, {}))
        had, lost = again["had"], again["lost"]
        if lost >= limits.enough and lost > limits.coverage_drop * had:
            yield Verdict("coverage", "fail", f"{name}: {lost} of {had} pages that had it have lost it")
    # Where lists prove no edit, every article's page is read, and nothing rests on the columns of a row.
    for name in LISTED_FIELDS if facts.claim is None or facts.claim.evidence else ():
        shown, have, expected = 0, 0, 0.0
        for slug, counts in facts.listed.items():
            before = [run.listed[slug] for run in baseline.runs if slug in run.listed]
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
    # Pages that a crawl did not reach before it ended early say nothing about the site.
    failed = (counts.failed or 0) - ((facts.due or 0) if facts.finish_reason != "finished" else 0)
    tried = failed + (counts.fetched or 0)
    if not failed:
        return
    bad = failed > limits.max_failed * _live(facts) or failed > limits.max_failed_of_tried * tried
    verdict: Literal["warn", "fail"] = "fail" if bad and failed >= limits.enough else "warn"
    yield Verdict("failed", verdict, f"{failed} of {tried} article pages could not be read")


def check_bodies(facts: RunFacts, limits: Thresholds | None = None) -> list[Verdict]:
    """Check that the pages of new articles, of a crawl or an import, have a body."""
    limits = limits or Thresholds()
    failed = list(_without(facts, "body_sha256", "body", limits.min_bodies, limits))
    new = Counter(facts.new)
    detail = f"{new['body_sha256']} of {new['fetched']} new articles have no body"
    return failed or ([Verdict("bodies", "warn", detail)] if new["body_sha256"] else [])


def check_import(facts: RunFacts) -> list[Verdict]:
    """Run the checks that need no listing, for an import: bodies and decoding."""
    return [*check_bodies(facts), *_charset(facts, Thresholds())]


def _first_readings(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    """Check that the pages of new articles have a body, and a date where the platform shows dates."""
    yield from check_bodies(facts, limits)
    if facts.claim is None or facts.claim.dated is not False:
        yield from _without(facts, "published_on", "date", limits.min_dated, limits)


def _without(facts: RunFacts, column: str, noun: str, least: float, limits: Thresholds) -> Iterator[Verdict]:
    """Fail when fewer than the share ``least`` of the new articles have ``column``, called ``noun`` in the message."""
    new = Counter(facts.new)
    n, without = new["fetched"], new[column]
    if n - without < least * n and (without >= limits.enough or without == n == _live(facts)):
        yield Verdict("bodies", "fail", f"{without} of {n} new articles have no {noun}")


def _challenges(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    met = Counter(facts.problems)["challenge"]
    if met > limits.max_challenges:
        pages = "1 page stayed a block or challenge page"
        yield Verdict(
            "challenge", "fail", pages if met == 1 else f"{met} pages stayed block or challenge pages"
        )


def _readable(facts: RunFacts) -> Iterator[Verdict]:
    """Check that the generic platform finds title and body on the pages of the site."""
    read = (facts.counts.fetched or 0) + (facts.counts.carried or 0)
    unread = sum(n for field, n in facts.drift.items() if field.partition(" at ")[0] in _OF_ARTICLE)
    if unread:
        bad = read < _READABLE * (read + unread)
        detail = f"{unread} of {read + unread} pages have no title or no body of an article"
        yield Verdict("generic", "fail" if bad else "warn", detail)


def _alike(facts: RunFacts) -> Iterator[Verdict]:
    """Fail when several articles changed to one text: a sign-in form, a notice, an error page."""
    read = facts.counts.fetched or 0
    bad = facts.alike > _ALIKE_SHARE * read
    detail = f"{facts.alike} of {read} pages show the same title and text, and did not before"
    yield Verdict("alike", "fail" if bad else "warn", detail)


def _charset(facts: RunFacts, limits: Thresholds) -> Iterator[Verdict]:
    """Check the share of articles with bytes that are invalid in the encoding of their page (U+FFFD)."""
    n, read = Counter(facts.rules)["article.charset/undecoded"], facts.counts.fetched or 0
    if n:
        bad = n > limits.max_undecoded * read and n >= limits.enough
        detail = f"{n} of {read} articles have characters that could not be decoded (U+FFFD)"
        yield Verdict("charset", "fail" if bad else "warn", detail)


def _layout(facts: RunFacts, earlier: Sequence[RunFacts]) -> Iterator[Verdict]:
    """Warn of extraction rules that stopped matching; the other checks decide whether too much is lost."""
    for detail in drift_details(facts, earlier):
        yield Verdict("layout", "warn", f"layout drift: {detail}")


def _audit(facts: RunFacts) -> Iterator[Verdict]:
    """Warn of pages that were not read within ``AUDIT_DAYS``, because no listing shows a silent edit."""
    audit = facts.audit or AuditFacts()
    late, put_off = audit.late, audit.put_off
    reasons = [f"{late} pages had gone unread for longer when the crawl began"] if late else []
    if put_off:
        reasons.append(
            f"{put_off} pages that are due before the next crawl do not fit into the time until then"
        )
    if reasons:
        advice = "crawl more often or faster, or raise AUDIT_DAYS"
        yield Verdict(
            "audit", "warn", f"AUDIT_DAYS={audit.days:g} is not kept: {'; '.join(reasons)}; {advice}"
        )


def _witness(facts: InterfaceFacts) -> Iterator[Verdict]:
    for verdict, detail in interface_verdicts(facts):
        yield Verdict("witness", verdict, detail)
