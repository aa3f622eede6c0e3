"""The JSON interface: when it proves a list, when its row shows a change, and what counts as a difference."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.run_facts import RunFacts
from helpscraper.crawl.plan import needs_fetch
from helpscraper.health.checks import check_health
from helpscraper.intake.entries import Entry
from helpscraper.intake.interface_comparison import InterfaceComparison, compared_columns, unproven
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from tests.okx import OKX

AT = dt.datetime(2026, 6, 29, 1, 23, 57, 437_000, dt.UTC)
CUT = AT.replace(microsecond=0)
HERE = Context(OKX, "en")
KNOWN: dict[str, Any] = {
    "title": "Moorings", "updated_at": AT, "published_at": AT, "updated_on": dt.date(2020, 1, 1),
    "listed_in": ["faq-kyc"], "body_sha256": "0" * 64, "status": "fetched",
}  # fmt: skip


def raw(**fields: Any) -> RawArticle:
    told = {
        "title": "Moorings ",
        "updated": int(CUT.timestamp()) * 1000,
        "published": int(AT.timestamp()) * 1000,
    }
    return RawArticle(kind="listing", key="moorings", url="x", **(told | fields))


@given(st.lists(st.integers(0, 99), min_size=1, unique=True), st.integers(1, 10), st.data())
def test_a_list_is_proven_when_every_article_was_told_once(
    slugs: list[int], size: int, data: st.DataObject
) -> None:
    pages = [[str(slug) for slug in slugs[at : at + size]] for at in range(0, len(slugs), size)]
    told = [slug for page in pages for slug in page]
    totals = [len(slugs)] * len(pages)
    assert unproven(totals, told) is None
    lost = data.draw(st.sampled_from(told))
    assert unproven(totals, [slug for slug in told if slug != lost])
    repeated = [*pages[:-1], pages[0]]
    assert len(pages) == 1 or unproven(totals, [slug for page in repeated for slug in page])
    assert unproven([len(slugs) + 1] * len(pages), told)
    assert unproven([*totals, len(slugs) + 1], told)
    # One left while the list was read, and another one may have slid past.
    assert unproven([len(slugs) + 1, *totals], told)


def test_an_empty_list_states_no_edition() -> None:
    assert unproven([0], []) == "no article, so no edition is stated"


@pytest.mark.parametrize(
    ("moved", "reason"),
    [
        ({}, None),
        ({"title": "Moorings in winter"}, "title"),
        ({"updated": int(CUT.timestamp()) * 1000 + 1000}, "updated_at"),
        ({"updated": int(CUT.timestamp()) * 1000 - 1000}, "updated_at"),
        ({"published": int(AT.timestamp()) * 1000 + 61_000}, "published_at"),
    ],
)
def test_a_second_is_no_edit_and_any_other_is(moved: dict[str, Any], reason: str | None) -> None:
    assert (
        needs_fetch(compared_columns(raw(**moved), HERE, KNOWN), KNOWN, "faq-kyc", evidence=("updated_at",))
        == reason
    )


def test_a_new_article_has_every_compared_column() -> None:
    assert compared_columns(raw(), HERE, None).keys() == {"title", "updated_at", "published_at"}


def entry(name: str = "moorings", own: dict[str, Any] | None = None, **sightings: dict[str, Any]) -> Entry:
    return Entry(name, "fetched" if own else "carried", own, None, sightings)


def facts_of(comparison: InterfaceComparison) -> dict[str, Any]:
    facts = comparison.as_facts({"kyc"})
    assert facts is not None
    return facts.to_json()


def test_a_row_is_held_against_the_page_of_its_article() -> None:
    comparison = InterfaceComparison("api", sections={"kyc": "1"})
    row = KNOWN | {"updated_at": CUT}
    comparison.compare(entry(own=KNOWN, kyc=row))
    comparison.compare(entry(kyc=row))  # carried: no page was read
    comparison.compare(entry(own=KNOWN | {"title": "Ferries"}, latest=KNOWN))  # not listed by the interface
    assert (facts_of(comparison)["compared"], facts_of(comparison)["differing"]) == (1, 0)
    stale = row | {"updated_at": CUT - dt.timedelta(days=1)}
    comparison.compare(entry(own=KNOWN | {"title": "Ferries"}, kyc=stale))
    comparison.compare(entry(kyc=stale, latest=KNOWN))  # another list's page shows it
    facts = facts_of(comparison)
    assert (facts["compared"], facts["differing"]) == (3, 2)
    assert facts["differences"] == {"title": 1, "updated_at": 2}
    assert facts["examples"][0] == "moorings: title: Moorings, on its page Ferries"
    comparison.compare(Entry("made-up", "gone", None, "HTTP 404", {"kyc": row}))
    assert facts_of(comparison)["differences"]["only in the interface"] == 1


def test_both_lists_are_held_against_each_other() -> None:
    comparison = InterfaceComparison("both", sections={"kyc": "1", "cut": "2"})
    for slug, section in (("same", "kyc"), ("only-told", "kyc"), ("unread", "cut")):
        told = raw()
        told.key = slug
        comparison.keep_row(section, told, HERE)
    shown = {"title": "Moorings", "updated_at": AT, "published_at": AT}
    comparison.compare(entry("same", kyc=shown))
    comparison.compare(entry("only-shown", kyc=shown))
    comparison.compare(entry("elsewhere", latest=shown))
    facts = facts_of(comparison)
    assert (facts["compared"], facts["differences"]) == (1, {"only in the interface": 1, "only on pages": 1})


def test_without_the_interface_the_facts_do_not_speak_of_it() -> None:
    comparison = InterfaceComparison()
    comparison.compare(entry(own=KNOWN, kyc=KNOWN))
    assert comparison.as_facts({"kyc"}) is None
    assert "witness" not in {verdict.check for verdict in check_health(RunFacts(), [])}


@pytest.mark.parametrize(
    ("facts", "verdict", "said"),
    [
        ({}, "ok", ""),
        ({"left": "https://x: HTTP 403"}, "warn", "left for the pages: https://x: HTTP 403"),
        ({"by_pages": {"kyc": "2 of 3 articles"}}, "warn", "section kyc was read from its pages: 2 of 3"),
        ({"compared": 2, "differing": 2, "differences": {"title": 2}}, "ok", "2 articles differ"),
        ({"compared": 300, "differing": 3, "differences": {"title": 3}}, "ok", "3 articles differ"),
        ({"compared": 299, "differing": 3, "differences": {"title": 3}}, "warn", "3 articles differ"),
    ],
)
def test_health_warns_and_never_refuses(facts: dict[str, Any], verdict: str, said: str) -> None:
    (found,) = (
        each for each in check_health(RunFacts.from_json({"witness": facts}), []) if each.check == "witness"
    )
    assert found.verdict == verdict
    assert said in found.detail
