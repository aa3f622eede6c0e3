"""A listing was read whole, or its holes are named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.intake.completeness import disproved, holes, section_facts
from helpscraper.intake.entries import SectionEntry

WHOLE = SectionEntry(
    key="faq-kyc", title="KYC", category="faq", content_type="section", problem=None, totals=(32,),
    pages={1: 15, 2: 15, 3: 2}, pages_stated=3, ended=True, seen=32,
)  # fmt: skip


def but(**changes: object) -> list[str]:
    return holes(dataclasses.replace(WHOLE, **changes))  # type: ignore[arg-type]


def test_a_listing_read_from_end_to_end_has_no_holes() -> None:
    assert holes(WHOLE) == []
    assert but(totals=(), pages_stated=None) == []
    assert but(totals=(0,), pages={1: 0}, seen=0) == []


def test_every_hole_is_named() -> None:
    assert but(pages={}) == ["its listing was not read"]
    assert but(problem="HTTP 503") == ["HTTP 503"]
    assert but(pages={1: 15, 3: 2}) == ["listing page 2 was not read"]
    assert but(ended=False, pages={1: 15}) == ["the listing was read to page 1 of 3, which is not the last"]
    assert but(seen=31) == ["31 of 32 articles seen"]
    assert but(totals=(33, 32)) == ["the list moved while it was read: 33, then 32 articles"]


def test_more_than_stated_is_no_hole() -> None:
    assert but(seen=33) == []


@given(pages=st.sets(st.integers(1, 30)), last=st.integers(1, 30))
def test_no_gap_goes_unnoticed(pages: set[int], last: int) -> None:
    found = but(pages=dict.fromkeys(sorted(pages), 15), ended=last in pages, totals=(), seen=0)
    read_whole = bool(pages) and last in pages and set(range(1, max(pages) + 1)) <= pages
    assert (not found) == read_whole


def test_the_facts_carry_the_claim_and_its_holes() -> None:
    facts = section_facts(
        [WHOLE, dataclasses.replace(WHOLE, key="faq-web3", problem="HTTP 503", ended=False, pages={})]
    )
    assert facts["faq-kyc"].whole is True
    assert facts["faq-web3"].whole is False
    assert facts["faq-web3"].holes == ("HTTP 503",)
    assert (facts["faq-kyc"].total, facts["faq-kyc"].seen, facts["faq-kyc"].pages_read) == (
        32,
        32,
        3,
    )


@pytest.mark.parametrize(
    ("changes", "pages"),
    [
        ({}, 3),
        ({"pages_stated": None}, 3),
        ({"pages_stated": None, "ended": False}, None),
        ({"pages_stated": None, "pages": {}}, None),
        ({"pages_stated": 7, "ended": False}, 7),
    ],
)
def test_how_many_pages_there_are_is_stated_or_known_from_the_end(
    changes: dict[str, Any], pages: int | None
) -> None:
    facts = section_facts([dataclasses.replace(WHOLE, **changes)])["faq-kyc"]
    assert facts.pages == pages
    assert (facts.title, facts.category, facts.content_type) == ("KYC", "faq", "section")


def test_a_number_of_pages_that_is_not_stated_is_not_said() -> None:
    found = but(ended=False, pages_stated=None, pages={1: 15, 2: 15})
    assert found == ["the listing was read to page 2, which is not the last"]
    assert but(problem="HTTP 503", pages={}) == ["HTTP 503"]
    assert but(pages={3: 15, 5: 15, 6: 2}) == ["listing page 1, 2, 4 was not read"]


def test_an_article_disproves_the_list_that_did_not_show_it() -> None:
    untold = dataclasses.replace(WHOLE, totals=(), pages_stated=None)
    tag = dataclasses.replace(untold, key="all", content_type="tag")
    told = dataclasses.replace(WHOLE, key="fees")
    sections = section_facts([untold, tag, told])
    known = {"c": {"section": "faq-kyc"}, "d": {"section": "5", "listed_in": ["all", "left"]}}

    def doubted(*unshown: tuple[str, str | None, bool]) -> dict[str, tuple[str, ...]]:
        found = disproved(sections, unshown, known.get)
        return {key: each.holes for key, each in found.items() if not each.whole}

    said = "it did not show articles that belong to it:"
    assert doubted(("a", "faq-kyc", True), ("b", "faq-kyc", False)) == {
        "faq-kyc": (f"{said} 2, the first: a",)
    }
    assert doubted(("c", None, False)) == {"faq-kyc": (f"{said} 1, the first: c",)}
    assert doubted(("d", "5", False)) == {"all": (f"{said} 1, the first: d",)}
    # A list that states its total is judged by it; another list is no list of this article.
    assert doubted(("e", "fees", False), ("d", "5", True), ("f", None, False)) == {}
    # It is not where it shows nothing though several articles belong to it.
    sections["fees"] = dataclasses.replace(sections["fees"], total=0, seen=0)
    assert doubted(("e", "fees", False)) == {}
    assert doubted(("e", "fees", False), ("g", "fees", False)) == {"fees": (f"{said} 2, the first: e",)}
