"""The proof that a crawl's listings give about an article that it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from helpscraper.archive.run_facts import RunFacts
from helpscraper.history.absence import absence_is_proven

WHOLE, PART = {"whole": True, "content_type": "section"}, {"whole": False, "content_type": "section"}
TAG, TAG_PART = {"whole": True, "content_type": "tag"}, {"whole": False, "content_type": "tag"}


@pytest.mark.parametrize(
    ("section", "listed_in", "sections", "proven"),
    [
        # Its own section speaks, whether the row names it as a listing or not.
        ("faq", ["faq"], {"faq": WHOLE}, True),
        ("faq", ["faq"], {"faq": PART}, False),
        ("faq", None, {"faq": WHOLE}, True),
        ("faq", [], {"faq": PART}, False),
        ("faq", ["faq"], {"faq": {}}, False),
        # So does each other section that showed it.
        ("faq", ["faq", "fees"], {"faq": WHOLE, "fees": WHOLE}, True),
        ("faq", ["faq", "fees"], {"faq": WHOLE, "fees": PART}, False),
        ("faq", ["fees"], {"faq": PART, "fees": WHOLE}, False),
        # A tag has no say beside a section, even where it is the section; without one it is all there is.
        ("faq", ["faq", "new"], {"faq": WHOLE, "new": TAG_PART}, True),
        ("faq", ["faq", "new"], {"faq": PART, "new": TAG}, False),
        ("new", ["new"], {"new": TAG_PART}, False),
        ("new", ["new"], {"new": TAG}, True),
        (None, ["new"], {"new": TAG}, True),
        (None, ["new"], {"new": TAG_PART}, False),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_listings_that_were_read_speak_whether_the_crawl_was_complete_or_not(
    section: str | None, listed_in: list[str] | None, sections: dict[str, Any], proven: bool, complete: bool
) -> None:
    assert (
        absence_is_proven(
            section, listed_in, RunFacts.from_json({"sections": sections, "complete": complete})
        )
        is proven
    )


@pytest.mark.parametrize(
    ("section", "listed_in"), [("faq", ["faq"]), (None, ["new"]), (None, None), (None, [])]
)
@pytest.mark.parametrize("sections", [{"sections": {"fees": WHOLE}}, {"sections": None}, {}])
def test_a_listing_that_was_not_there_proves_something_in_a_complete_crawl_only(
    section: str | None, listed_in: list[str] | None, sections: dict[str, Any]
) -> None:
    assert absence_is_proven(section, listed_in, RunFacts.from_json(sections | {"complete": True})) is True
    for facts in ({"complete": False}, {"complete": None}, {}):
        assert absence_is_proven(section, listed_in, RunFacts.from_json(sections | facts)) is False


@pytest.mark.parametrize("absence", ["page", "none"])
def test_a_list_that_proves_no_absence_has_no_say(absence: str) -> None:
    facts = {"sections": {"faq": WHOLE}, "complete": True}
    assert (
        absence_is_proven("faq", ["faq"], RunFacts.from_json(facts | {"claim": {"absence": "list"}})) is True
    )
    assert (
        absence_is_proven("faq", ["faq"], RunFacts.from_json(facts | {"claim": {"absence": absence}}))
        is False
    )
