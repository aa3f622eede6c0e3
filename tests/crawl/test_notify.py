"""A message at a transition, grouped by cause, and silence otherwise."""

from __future__ import annotations

from typing import Any

from helpscraper.crawl.notify import message


def facts(outcome: str, *health: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    checks = [{"check": check, "verdict": verdict, "detail": detail} for check, verdict, detail in health]
    return {
        "site": "okx",
        "locale": "en",
        "run_id": "20261122T060000Z",
        "outcome": outcome,
        "health": checks,
    } | more


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
