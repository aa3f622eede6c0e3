"""A message at a transition, grouped by cause, and silence otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpscraper.archive.layout import Partition, run_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.store import Store
from helpscraper.archive.writer import write_run
from helpscraper.health.notify import message, run_before

HERE = Partition("okx", "en")


def facts(outcome: str, *health: tuple[str, str, str], **more: Any) -> RunFacts:
    checks = [{"check": check, "verdict": verdict, "detail": detail} for check, verdict, detail in health]
    run = {"site": "okx", "locale": "en", "run_id": "20261122T060000Z", "outcome": outcome, "health": checks}
    return RunFacts.from_json(run | more)


GOOD = facts("committed", ("layout", "ok", ""))
REFUSED = facts(
    "refused", ("section", "fail", "faq: 3"), ("section", "fail", "web3: 0"), ("articles", "fail", "9")
)


def test_nothing_new_is_not_told() -> None:
    assert message(GOOD, None) is None
    assert message(GOOD, GOOD) is None
    assert message(facts("incomplete"), GOOD) is None
    assert message(REFUSED, REFUSED) is None


def test_a_refusal_is_told_with_its_causes_in_groups() -> None:
    told = message(REFUSED, GOOD)
    assert told is not None
    title, text = told
    assert title == "helpscraper okx/en: crawl refused"
    assert text.splitlines()[:2] == ["articles: 9", "section: faq: 3; web3: 0"]


def test_another_cause_is_told() -> None:
    assert message(facts("refused", ("challenge", "fail", "9 pages")), REFUSED) is not None
    assert (
        message(facts("refused", ("section", "fail", "faq: 2"), ("articles", "fail", "8")), REFUSED) is None
    )


def test_a_failure_is_told_by_its_error_and_once() -> None:
    broken = facts("failed", error="ArchiveError: the disk is full")
    told = message(broken, GOOD)
    assert told is not None
    assert "the disk is full" in told[1]
    assert message(broken, broken) is None


def test_recovery_is_told_once() -> None:
    assert message(GOOD, REFUSED) == (
        "helpscraper okx/en: recovered",
        "Snapshot 20261122T060000Z was committed.",
    )
    assert message(facts("incomplete"), REFUSED) is not None


def test_what_a_person_interrupted_is_no_news() -> None:
    interrupted = facts("failed", reason="interrupted", interrupted=True)
    assert message(interrupted, GOOD) is None
    assert message(interrupted, REFUSED) is None
    assert message(GOOD, interrupted) is None


def test_drift_is_told_when_it_begins_and_when_it_changes() -> None:
    drift = facts("committed", ("layout", "warn", "layout drift: listing.list/drift"))
    told = message(drift, GOOD)
    assert told == ("helpscraper okx/en: layout drift", "layout drift: listing.list/drift")
    assert message(drift, drift) is None
    assert message(facts("committed", ("layout", "warn", "layout drift: other")), drift) is not None
    assert message(GOOD, drift) is None


def test_a_run_is_compared_with_the_last_one_that_ended_by_itself(store: Store) -> None:
    """Refused, interrupted twice, good: the recovery is told; refused again instead: it is not told twice."""
    runs = [REFUSED, *[facts("failed", reason="interrupted", interrupted=True)] * 2]
    for minute, run in enumerate(runs):
        name = f"20261122T06{minute:02}00Z"
        write_run(store, HERE, name, replace(run, run_id=name))
    catalog = Catalog(store.uri)
    before = run_before(catalog, HERE, "20261122T070000Z")
    assert before is not None
    assert before.run_id == "20261122T060000Z"
    assert message(GOOD, before) is not None
    assert message(REFUSED, before) is None
    assert run_before(catalog, HERE, "20261122T060000Z") is None


def test_facts_that_cannot_be_read_are_passed_over_and_named(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    write_run(store, HERE, "20261122T060000Z", REFUSED)
    store.put_new(run_path(HERE, "20261122T060100Z"), b"{")
    before = run_before(Catalog(store.uri), HERE, "20261122T070000Z")
    assert before == REFUSED
    assert "20261122T060100Z" in caplog.text
