"""The sentences about a run."""

from __future__ import annotations

from typing import Any

import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.intake.wording import main_cause, network_error, summary

FACTS: dict[str, Any] = {
    "site": "okx",
    "locale": "en",
    "run_id": "20261122T060000Z",
    "outcome": "committed",
    "counts": {"fetched": 70, "carried": 7, "listed": 0, "failed": 0, "gone": 5},
    "requests": {"total": 101},
    "seconds": 3.25,
    "incomplete_reasons": [],
    "holes": 0,
}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "committed: 77 articles and 5 gone (70 fetched, 7 carried), 101 requests, 3.2 s"),
        ({"counts": {"gone": 0}}, "committed: 0 articles (none), 101 requests, 3.2 s"),
        ({"incomplete_reasons": ["only part: sections=faq"]}, "3.2 s; only part: sections=faq"),
        ({"incomplete_reasons": ["hole", "only part: limit=5"], "holes": 1}, "; incomplete: hole; only part: limit=5"),
        ({"incomplete_reasons": list("abcde"), "holes": 5}, "; incomplete: a; b; c; and 2 more"),
        ({"reason": "articles: none", "incomplete_reasons": ["a"], "holes": 1}, "3.2 s; articles: none"),
    ],
)  # fmt: skip
def test_summary(facts: dict[str, Any], said: str) -> None:
    line = summary(RunFacts.from_json(FACTS | facts))
    assert line.startswith("okx/en 20261122T060000Z committed: ")
    assert line.endswith(said)


def test_the_main_cause_has_a_count_and_a_url() -> None:
    problems = [
        ("download", "https://help.example/a", "section faq, page 1: connection reset by the server"),
        ("download", "https://help.example/b", "article: HTTP 503"),
        ("discovery", "https://help.example/c", "home page: HTTP 500"),
        ("challenge", "https://help.example/d", "article: HTTP 503"),
    ]
    assert main_cause(problems) == "2 × HTTP 503, first: https://help.example/b"
    assert main_cause(problems[2:3]) is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "DownloadFailedError",
            "[<twisted.python.failure.Failure twisted.internet.error.ConnectionLost: Connection to the other side was"
            " lost in a non-clean fashion: Connection lost.>]",
            "connection reset by the server",
        ),
        (
            "DownloadFailedError",
            "[<twisted.python.failure.Failure twisted.internet.error.ConnectionDone: Connection was closed cleanly.>]",
            "connection closed by the server before the answer was whole",
        ),
        ("DownloadTimeoutError", "Getting /a took longer than 30 s.", "no whole answer within 30 s"),
        ("DownloadTimeoutError", "", "no answer in time"),
        ("ResponseDataLossError", "", "connection closed by the server before the answer was whole"),
        ("ValueError", "odd", "ValueError: odd"),
        ("ValueError", "", "ValueError"),
    ],
)
def test_errors_of_the_network_in_plain_words(name: str, text: str, said: str) -> None:
    assert network_error(name, text) == said
