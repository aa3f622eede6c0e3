"""People are told of changes by rules, once each, and never of noise."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.crawl.setting_checks import period, rules
from helpscraper.errors import CommandError
from helpscraper.health.rules import Rule, parse_rules
from helpscraper.health.tell import Telling, changes_message, note_receivers, tell
from helpscraper.history.article_changes import ArticleChanges
from helpscraper.history.body_diff import BodyDiff
from helpscraper.history.words import word_diff
from tests.history.story import EN, FEES, committed, days, story
from tests.history.worlds import MONDAY, row
from tests.receiver import Receiver, messages

__all__ = ["messages"]

SILENT = parse_rules("kinds=silent")
EVERYTHING = parse_rules("kinds=all,touched,unverified")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (None, ()),
        (True, (Rule(),)),
        ("removed,silent", (Rule(("removed", "silent")),)),
        ("sections=faq-kyc", (Rule(("silent",), ("faq-kyc",)),)),
        (
            'kinds=silent,removed words="withdrawal fee,KYC" articles=a',
            (Rule(("silent", "removed"), (), ("a",), ("withdrawal fee", "KYC")),),
        ),
        ("kinds=moved; sections=a,b;", (Rule(("moved",)), Rule(("silent",), ("a", "b")))),
    ],
)  # fmt: skip
def test_rules_are_read(text: object, expected: tuple[Rule, ...]) -> None:
    assert parse_rules(text) == expected
    assert rules(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kinds=edit", "edit: nobody is told of this kind (did you mean: edited)"),
        ("kinds=counted", "counted: nobody is told of this kind"),
        ("section=faq", "section: no such condition of a rule (did you mean: sections)"),
        ("kinds=", "kinds=: a value is missing"),
        ('words="a', "a quotation mark is not closed"),
        ("silents", "silents: nobody is told of this kind (did you mean: silent"),
    ],
)
def test_a_wrong_rule_is_named_before_the_crawl(text: str, said: str) -> None:
    assert said in str(rules(text))
    with pytest.raises(CommandError):
        parse_rules(text)
    assert period("monthly") == "one of daily, weekly is wanted, or nothing"


def change(before: str, after: str, **fields: object) -> ArticleChanges:
    known = {"kinds": ("edited",), "silent": True, "section": "fees"} | fields
    words = BodyDiff(word_diff(before, after))
    return ArticleChanges(EN, "fees", "Fees", url=None, begin="", end="", words=words, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("0.2 %", True),
        ("0.3 %", True),
        ("MAKER", False),
        ("taker 0.2", True),
        ("not there", False),
        ("title", True),
    ],
)
def test_words_are_looked_for_in_what_came_or_went(word: str, found: bool) -> None:
    edit = change(
        "Maker 0.1 %\nTaker 0.2 %", "Maker 0.1 %\nTaker 0.3 %", fields=(("title", "A title", "Another"),)
    )
    assert Rule(words=(word,)).finds(edit) is found


def test_a_rule_wants_all_of_its_conditions() -> None:
    edit = change("a", "b")
    assert Rule().fits(edit) and Rule(("edited",)).fits(edit)
    assert not Rule().fits(change("a", "b", silent=False))
    assert Rule(sections=("fees",)).fits(edit) and not Rule(sections=("faq",)).fits(edit)
    assert Rule(articles=("fees",)).fits(edit) and not Rule(articles=("fee",)).fits(edit)
    assert Rule(articles=("old",)).fits(change("a", "b", former="old")), (
        "the key before a rename means it too"
    )


def test_the_message_has_the_words_silent_edits_first(tmp_path: Path) -> None:
    catalog = story(tmp_path)
    ids = catalog.ids(EN)
    found = changes_message(catalog, EN, ids[0], EVERYTHING)
    assert found is not None
    title, text = found
    assert title == "helpscraper okx/en: 1 added, 1 removed, 1 renamed, 3 edited (2 silent), 1 retitled"
    assert text.startswith(
        "Trading fees\n  edited without a new date; between 2026-11-16 06:00 and 2026-11-17 06:00"
    )
    assert "  One | 0.08 % | [-0.10-]{+0.12+} %\n  https://help.example/help/trading-fees\n\nSet up" in text
    assert "{+Welcome.+}" in text and "[-This notice says goodbye.-]" in text
    silent = changes_message(catalog, EN, ids[0], SILENT)
    assert silent is not None and silent[0].endswith(": 2 edited (2 silent), 1 retitled")
    assert changes_message(catalog, EN, ids[2], parse_rules("kinds=all words=rises")) is None
    assert changes_message(catalog, EN, ids[1], parse_rules('kinds=all words="a higher one"')) is not None


def test_noise_is_never_told(tmp_path: Path) -> None:
    """Neither counts nor another reading of the same pages are changes of the site."""
    first = days()[0][:2]
    committed(tmp_path, 0, first)
    committed(tmp_path, 1, [each | {"view_count": 7, "votes": 3} for each in first])
    catalog = committed(
        tmp_path, 2, [each | {"body": FEES + "\nRead anew.", "title": "Read anew"} for each in first],
        versions={"extractor": "okx/2"},
    )  # fmt: skip
    assert changes_message(catalog, EN, catalog.ids(EN)[0], EVERYTHING) is None


def test_a_message_is_bounded_and_calls_nobody(tmp_path: Path) -> None:
    rows = [row(f"a-{n:02}", title=f"@everyone <!here> {n}", body=f"{'word ' * 3000} {n}") for n in range(50)]
    committed(tmp_path, 0, rows)
    catalog = committed(
        tmp_path, 1, [each | {"body": f"{'new ' * 3000} @channel {n}"} for n, each in enumerate(rows)]
    )
    found = changes_message(catalog, EN, catalog.ids(EN)[0], SILENT)
    assert found is not None
    title, text = found
    assert title.endswith("50 edited (50 silent)") and len(text) < 40_000
    assert text.splitlines()[-1].startswith(
        "And 30 more: helpscraper diff 20261116T060000Z 20261117T060000Z --archive"
    )
    assert "@everyone" not in text and "@channel" not in text and "<!here" not in text


def told(catalog: Catalog, urls: list[str], partition: Partition = EN, **more: object) -> None:
    tell(catalog, partition, Telling(tuple(urls), SILENT, **more), dt.datetime.now(dt.UTC))  # type: ignore[arg-type]


def test_each_receiver_is_told_once_also_the_one_that_was_away(tmp_path: Path, messages: Receiver) -> None:
    catalog = story(tmp_path)
    urls = [messages.url("/a"), messages.url("/b")]
    note_receivers(Catalog(tmp_path), EN, urls)
    assert "/b" not in (tmp_path / ".state/site=okx/locale=en/told.json").read_text(), (
        "a URL may hold a password"
    )
    committed(tmp_path, 5, [*days()[4][:1], days()[1][1] | {"body": FEES.replace("0.10", "0.15")}])
    messages.away = {"/b"}
    told(catalog, urls)
    assert [each["path"] for each in messages.got] == ["/a"]
    assert "[-0.12-]{+0.15+} %" in messages.got[0]["message"]
    messages.away = set()
    told(catalog, urls)
    assert [each["path"] for each in messages.got] == ["/a", "/b"]
    told(catalog, urls)
    assert len(messages.got) == 2


@pytest.mark.long
def test_changes_of_a_killed_crawl_are_told_by_the_next_one(tmp_path: Path, messages: Receiver) -> None:
    """Killed between its commit and its message: the next crawl tells both changes, in one message."""
    first, second, third, *_ = days()
    catalog = committed(tmp_path, 0, first)
    note_receivers(catalog, EN, [messages.url()])
    committed(tmp_path, 1, second)
    note_receivers(Catalog(tmp_path), EN, [messages.url()])
    committed(tmp_path, 2, [third[0] | {"body": "Other words."}, *third[1:]])
    told(Catalog(tmp_path), [messages.url()])
    assert messages.titles == ["helpscraper okx/en: 2 edited (2 silent)"]
    told(Catalog(tmp_path), [messages.url()])
    assert len(messages.got) == 1


@pytest.mark.long
def test_a_damaged_note_costs_no_crawl_and_tells_the_last_changes(
    tmp_path: Path, messages: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = story(tmp_path)
    note_receivers(catalog, EN, [messages.url()])
    (tmp_path / ".state/site=okx/locale=en/told.json").write_text("{")
    told(catalog, [messages.url()])
    assert "told.json: cannot be read" in caplog.text
    assert messages.got == [], "the last crawl found no silent edit"


@pytest.mark.long
def test_a_digest_is_sent_when_its_time_has_passed(tmp_path: Path, messages: Receiver) -> None:
    catalog = story(tmp_path)
    telling = Telling((messages.url(),), (), "weekly")
    tell(catalog, EN, telling, MONDAY + dt.timedelta(days=6))
    assert messages.got == []
    tell(catalog, EN, telling, MONDAY + dt.timedelta(days=7, minutes=-5))
    (message,) = messages.got
    assert message["title"].startswith(
        "helpscraper okx/en, weekly digest: 1 added, 1 removed, 1 renamed, 3 edited"
    )
    assert "Silent edits\n------------\n" in message["message"]
    tell(catalog, EN, telling, MONDAY + dt.timedelta(days=8))
    assert len(messages.got) == 1


def test_a_digest_without_a_receiver_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tell(story(tmp_path), EN, Telling(period="weekly"), MONDAY)
    assert "DIGEST=weekly sends nothing, because NOTIFY_URLS is empty" in caplog.text
