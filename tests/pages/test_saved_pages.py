"""Every saved page gives the result in its folder, field by field; see ``saved`` and ``regenerate``."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.platforms.okx import page_kind
from tests.pages.saved import FIELDS, HERE, cases, expected, read

ALL = cases()
FIELD_CASES = [
    pytest.param(case, field, id=f"{case.relative_to(HERE)}:{field}")
    for case in ALL
    for field in (("error",) if case.name.startswith("error-") else FIELDS[case.parent.name]) + ("outcomes",)
]


@pytest.fixture(scope="module")
def readings() -> dict[Path, dict[str, object]]:
    return {case: read(case) for case in ALL}


@pytest.mark.parametrize(("case", "field"), FIELD_CASES)
def test_field(case: Path, field: str, readings: dict[Path, dict[str, object]]) -> None:
    assert readings[case][field] == expected(case)[field]


def test_every_page_class_has_good_and_bad_pages() -> None:
    for page_class in FIELDS:
        names = {case.name for case in ALL if case.parent.name == page_class}
        assert any(name.startswith("error-") for name in names), page_class
        assert any(not name.startswith("error-") for name in names), page_class


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("ListingPage/items-li", "listing"),
        ("ListingPage/list-state-only", "listing"),
        ("ListingPage/markup-only", "listing"),
        ("ListingPage/empty-state", "listing"),
        ("ArticlePage/rich-text-testid", "article"),
        ("ArticlePage/markup-only", "article"),
        ("ArticlePage/error-challenge", "challenge"),
        ("ArticlePage/error-access-denied", "challenge"),
        ("ArticlePage/error-empty-file", "empty"),
        ("ArticlePage/error-other-platform", "unknown"),
        ("ArticlePage/error-soft-404", "unknown"),
        ("HomePage/state-only", "home"),
    ],
)
def test_kind(case: str, kind: str) -> None:
    folder = HERE / case
    assert page_kind((folder / "url.txt").read_text().strip(), (folder / "page.html").read_bytes()) == kind
