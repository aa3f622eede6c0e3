"""The match of records with the requests of a crawl."""

from __future__ import annotations

from helpscraper.archive.recordings import Capture
from helpscraper.normalise.article import Context
from helpscraper.platforms.okx.interface import articles_url, node_url
from helpscraper.replay.plan import RecordedAnswer, plan, question, unanswered
from tests.okx import OKX
from tests.warc.made import SITE

EN = Context(OKX, "en", SITE)


def answers(*said: tuple[str, int, str], redirects: bool = True) -> list[RecordedAnswer]:
    """The tasks of a crawl that was answered so: path, status, and the path that a redirect leads to."""
    captures = [
        Capture(f"{SITE}{path}", "20260301060000", status, "text/html", "", "f", number, 1, to and SITE + to)
        for number, (path, status, to) in enumerate(said)
    ]
    return list(plan(captures, EN, {}, redirects=redirects))


def asked(tasks: list[RecordedAnswer]) -> list[tuple[str, str | None, bool]]:
    return [(task.asked.kind, task.asked.key, task.redirected) for task in tasks]


def test_what_a_redirect_led_to_answers_the_first_question() -> None:
    tasks = answers(("/help/a", 301, "/help/b"), ("/help/b", 200, ""), ("/help/b", 200, ""))
    assert asked(tasks) == [("article", "a", True), ("article", "b", False)]
    alone = answers(("/help/a", 301, "/help/b"), ("/help/b", 200, ""), redirects=False)
    assert asked(alone) == [("article", "b", False)]


def test_two_addresses_that_lead_to_one() -> None:
    tasks = answers(
        ("/help/a", 302, "/help"), ("/help/b", 302, "/help"), ("/help", 200, ""), ("/help", 200, "")
    )
    assert asked(tasks) == [("article", "a", True), ("article", "b", True)]


def test_an_address_that_is_asked_again_still_answers_the_first_question() -> None:
    tasks = answers(("/help/a", 302, "/help"), ("/help", 503, ""), ("/help", 200, ""), ("/help", 200, ""))
    assert asked(tasks) == [("article", "a", True), ("home", None, False)]


def test_a_question_is_unanswered_when_none_of_its_answers_can_be_read() -> None:
    tasks = answers(("/help/a", 200, ""), ("/help/a", 200, ""), ("/help/section/s", 200, ""))
    article, section = question(tasks[0].asked), question(tasks[2].asked)
    assert unanswered(tasks, {article: 1, section: 1}) == {section}
    assert unanswered(tasks, {article: 2}) == {article}


def test_an_answer_of_the_interface_counts_where_the_crawl_believed_it() -> None:
    lists = [articles_url("", name, page) for name, page in (("id 1", 2), ("2", 1))]
    captures = [
        Capture(f"{SITE}{path}", "20260301060000", 200, "application/json", "", "f", number, 1, "")
        for number, path in enumerate([*lists, node_url("", "section", "faq-kyc")])
    ]
    tasks = list(plan(captures, Context(OKX, "zh-hans", SITE), {}, interface={"id 1": "faq-kyc"}))
    assert [(task.asked.kind, task.asked.locale, task.asked.key, task.asked.page) for task in tasks] == [
        ("list", "zh-hans", "faq-kyc", 2)
    ]
    assert list(plan(captures, EN, {})) == []
