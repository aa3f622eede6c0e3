"""Which pages are fetched: by the evidence in a listing, and by the audit that reads every page in time."""

from __future__ import annotations

import datetime as dt
import math
import sys
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import Counts, RequestFacts
from helpscraper.crawl import plan
from helpscraper.crawl.plan import Audit, Pace, hint_of_edit, plan_audit
from helpscraper.platforms import get_platform

AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)
KNOWN: dict[str, Any] = {
    "title": "How to sign in",
    "published_at": AT,
    "published_on": AT.date(),
    "updated_at": AT,
    "updated_on": AT.date(),
    "source_id": "1",
    "listed_in": ["faq-login"],
    "body_sha256": "0" * 64,
    "status": "fetched",
}

needs_fetch = partial(plan.needs_fetch, evidence=get_platform("okx").claim.evidence)


def test_an_unchanged_article_is_not_fetched() -> None:
    assert needs_fetch(KNOWN, KNOWN, "faq-login") is None
    assert needs_fetch(KNOWN, KNOWN | {"status": "carried"}, "faq-login") is None


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ({"title": "How to log in"}, "title"),
        ({"updated_at": AT + dt.timedelta(milliseconds=1)}, "updated_at"),
        ({"updated_on": AT.date() + dt.timedelta(days=1)}, "updated_on"),
        ({"published_at": AT + dt.timedelta(minutes=1)}, "published_at"),
        ({"published_on": AT.date() - dt.timedelta(days=1)}, "published_on"),
        ({"source_id": "2"}, "source_id"),
    ],
)
def test_each_piece_of_evidence_is_a_reason(listed: dict[str, Any], reason: str) -> None:
    assert needs_fetch(KNOWN | listed, KNOWN, "faq-login") == reason


def test_a_column_that_one_side_does_not_state_is_no_reason() -> None:
    assert needs_fetch(KNOWN, KNOWN | {"updated_at": None}, "faq-login") is None


def test_a_row_without_evidence_carries_nothing_over() -> None:
    """A list of titles cannot show that an article stayed as it was: its body may be another one."""
    assert needs_fetch(dict.fromkeys(KNOWN), KNOWN, "faq-login") == "no evidence"
    titles = {"title": KNOWN["title"]}
    assert plan.needs_fetch(titles, KNOWN, "faq-login", evidence=("updated_at",)) == "no evidence"
    assert plan.needs_fetch(titles, KNOWN, "faq-login", evidence=()) == "no evidence"
    dated = titles | {"updated_at": KNOWN["updated_at"]}
    assert plan.needs_fetch(dated, KNOWN, "faq-login", evidence=("updated_at",)) is None
    assert plan.needs_fetch(dated, KNOWN | {"updated_at": None}, evidence=("updated_at",)) == "no evidence"


def test_listings_state_milliseconds_where_articles_state_minutes() -> None:
    assert needs_fetch({"published_at": AT + dt.timedelta(seconds=59.999)}, KNOWN) is None


@pytest.mark.parametrize(
    ("previous", "reason"),
    [
        (None, "new"),
        (KNOWN | {"body_sha256": None}, "never fetched"),
        (KNOWN | {"status": "failed"}, "not fetched last time"),
    ],
)
def test_what_is_not_at_hand_is_fetched(previous: dict[str, Any] | None, reason: str) -> None:
    assert needs_fetch(KNOWN, previous, "faq-login") == reason


def test_another_section_is_a_reason_and_a_tag_is_none() -> None:
    assert needs_fetch(KNOWN, KNOWN, "faq-account") == "section"
    assert needs_fetch(KNOWN, KNOWN, None) is None


@pytest.mark.parametrize(
    ("now", "hint"),
    [
        ({"snippet": "other words"}, "snippet"),
        ({"snippet": "as before", "view_count": 1}, None),
        ({"view_count": 1_000}, None),
        ({}, None),
    ],
)
def test_what_hints_at_an_edit(now: dict[str, Any], hint: str | None) -> None:
    assert hint_of_edit(now, {"snippet": "as before", "view_count": 100}) == hint
    assert hint_of_edit(now, {}) is None


few = settings(max_examples=25)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
DAILY = Pace(usual=DAY, long=DAY)


def test_a_count_or_an_excerpt_that_moved_is_no_sign_of_an_edit() -> None:
    """All editions share one count, so a reader of another one moves it."""
    known = KNOWN | {"view_count": 278, "snippet": "An excerpt"}
    moved = known | {"view_count": 1806, "snippet": "Another excerpt"}
    assert needs_fetch(moved, known, "faq-login") is None
    assert needs_fetch(moved | {"view_count": None}, known, "faq-login") is None


class Crawls:
    """Crawls of a site on which no listing ever shows an edit, planned as a session plans them."""

    def __init__(
        self, articles: int, bound: dt.timedelta, *, takes: dt.timedelta = HOUR, fit: int = 10**6
    ) -> None:
        self.now, self.bound, self.takes, self.fit = AT, bound, takes, fit
        self.read = dict.fromkeys((f"a{n}" for n in range(articles)), AT + takes)
        self.starts = [AT]
        self.last, self.long = Audit(), dt.timedelta.max

    def after(self, gap: dt.timedelta, born: int = 0) -> Audit:
        """Let time pass, crawl, and return what was planned; every page is read by the end of the crawl."""
        self.now += gap
        self.starts.append(self.now)
        seen = Pace.of(self.starts[-11:], RunFacts(seconds=self.takes.total_seconds()))
        audit = plan_audit(self.read, self.now, self.bound, replace(seen, fit=self.fit))
        end = self.now + self.takes
        worst = max((end - self.read[name] for name in audit.chosen), default=dt.timedelta(0))
        # Nothing is read too late without a word, if the crawl before could know how soon this one would come.
        assert worst <= self.bound or audit.late or self.last.put_off or gap > min(self.bound, self.long)
        self.last, self.long = audit, seen.long
        self.read.update(dict.fromkeys(audit.chosen, end))
        stale = [name for name, at in self.read.items() if self.now - at > self.bound]
        assert not stale or audit.put_off
        self.read.update((f"n{self.now:%s}-{n}", end) for n in range(born))
        return audit


@few
@given(
    n=st.integers(1, 80),
    hours=st.floats(6, 72),
    days=st.floats(4, 30),
    jitter=st.lists(st.floats(-0.05, 0.05), min_size=40, max_size=40),
)
def test_at_a_regular_pace_every_page_is_read_in_time_and_the_load_is_even(
    n: int, hours: float, days: float, jitter: list[float]
) -> None:
    crawls = Crawls(n, dt.timedelta(days=days))
    loads = []
    for part in jitter * max(1, math.ceil(days * 72 / hours / 40)):
        audit = crawls.after(HOUR * hours * (1 + part))
        assert audit.late == audit.put_off == 0
        loads.append(len(audit.chosen))
    # So many crawls come within the bound at least; of each, a tenth and an hour are lost to what is not known of them.
    between = math.floor((days * 24 - 1) / (hours * 1.05) - 1.1)
    assert max(loads) <= math.ceil(n / max(1, between - 1))
    assert sum(loads) >= n


@few
@given(
    n=st.integers(0, 60),
    gaps=st.lists(st.tuples(st.floats(0.01, 400), st.integers(0, 5)), min_size=1, max_size=60),
    days=st.floats(0.5, 20),
    fit=st.integers(0, 100),
)
def test_at_any_pace_no_page_is_older_than_the_bound_without_a_word(
    n: int, gaps: list[tuple[float, int]], days: float, fit: int
) -> None:
    crawls = Crawls(n, dt.timedelta(days=days), fit=fit)
    for hours, born in gaps:
        crawls.after(HOUR * hours, born)


def test_working_days_are_a_pace_that_keeps_the_bound() -> None:
    crawls = Crawls(100, 7 * DAY)
    week = [DAY, DAY, DAY, DAY, 3 * DAY]
    loads = [crawls.after(gap) for gap in week * 8]
    assert not any(audit.late or audit.put_off for audit in loads[5:])
    assert max(len(audit.chosen) for audit in loads[10:]) <= 75


def test_one_failure_of_the_machine_does_not_make_a_pace() -> None:
    crawls = Crawls(700, 7 * DAY)
    usual = [len(crawls.after(DAY).chosen) for _ in range(20)][-1]
    late = crawls.after(20 * DAY)
    assert (late.late, len(late.chosen)) == (700, 700)
    assert [len(crawls.after(DAY).chosen) for _ in range(20)][-1] <= usual * 1.2


def test_those_read_longest_ago_go_first_and_suspects_before_them() -> None:
    read = {name: AT - age * DAY for age, name in enumerate("abcdefghijklmnopqrstu")}
    audit = plan_audit(read, AT, 20.5 * DAY, DAILY, ["b", "not listed"])
    assert audit.chosen == ("b", "u")
    assert plan_audit(read, AT, 7 * DAY, DAILY).late == 13
    # What fits is all that is promised.
    short = plan_audit(read, AT, 7 * DAY, replace(DAILY, fit=3))
    assert (short.chosen, short.put_off) == (("u", "t", "s"), 11)
    assert plan_audit({"a": None}, AT, 7 * DAY, DAILY).chosen == ("a",)
    assert plan_audit({}, AT, 7 * DAY, DAILY) == Audit()


def test_the_pace_is_told_by_earlier_runs() -> None:
    facts = RunFacts(seconds=1000.0, requests=RequestFacts(total=500), counts=Counts(fetched=400))
    pace = Pace.of([AT, AT + DAY, AT + 2 * DAY], facts)
    assert (pace.usual, pace.long, pace.takes) == (DAY, 1.1 * DAY, dt.timedelta(seconds=1000))
    assert pace.fit == 86400 // 2 - 100
    assert Pace.of([AT], None).usual == DAY
    assert Pace.of([AT, AT + HOUR / 60], None).usual == HOUR
    # Of a dozen gaps the longest is a failure, of three it may be the pace.
    starts = [AT + n * DAY for n in range(8)]
    assert Pace.of([*starts, AT + 20 * DAY], None).long == 1.1 * DAY
    assert Pace.of([AT, AT + DAY, AT + 10 * DAY], None).long == 9.9 * DAY


def starts(*gaps: float) -> list[dt.datetime]:
    """The starts of crawls that many days apart."""
    return [AT + sum(gaps[:n]) * DAY for n in range(len(gaps) + 1)]


def test_the_usual_gap_is_the_one_in_the_middle() -> None:
    for gaps, usual in (((1, 2), 1), ((3, 1, 2), 2), ((4, 2, 3, 1), 2), ((5, 1, 4, 2, 3, 6, 7), 4)):
        assert Pace.of(starts(*gaps), None).usual == usual * DAY


@pytest.mark.parametrize(
    ("gaps", "long"),
    [
        ([1, 1, 9, 1], 9),  # four gaps: too few to call one a failure
        ([1, 1, 9, 1, 1], 1),  # five: the longest is one
        ([1, 9, 3, 1, 1], 3),  # and the next is none
        ([1, 9, 9, 1, 1], 9),
    ],
)
def test_one_long_gap_of_five_is_a_failure_of_the_machine(gaps: list[float], long: int) -> None:
    assert Pace.of(starts(*gaps), None).long == long * DAY + long * DAY / 10


def test_what_fits_between_two_crawls_is_never_less_than_nothing_nor_guessed() -> None:
    slow = RunFacts(seconds=86_400.0, requests=RequestFacts(total=10), counts=Counts(fetched=0))
    assert Pace.of(starts(0.5, 0.5), slow).fit == 0
    read = RunFacts(seconds=86_400.0, requests=RequestFacts(total=10))
    assert Pace.of(starts(2, 2), read).fit == 20 - 10
    for fetched in (10, 12):
        assert Pace.of(starts(2, 2), replace(read, counts=Counts(fetched=fetched))).fit == 20
    for unknown in (RunFacts(seconds=9.0), RunFacts(requests=RequestFacts(total=9)), RunFacts(), None):
        assert Pace.of(starts(1, 1), unknown).fit == sys.maxsize


def test_as_many_suspects_go_first_as_there_is_a_share_for() -> None:
    read = {f"a{n}": AT for n in range(4)}
    names = ["a3", "a2", "a1"]
    assert plan_audit(read, AT, 9 * DAY, DAILY, names).chosen == ("a3",)
    assert plan_audit(read, AT, 3 * DAY, DAILY, names).chosen == ("a3",)
    assert plan_audit(read, AT, DAY, DAILY, names).chosen == ("a3", "a2")
