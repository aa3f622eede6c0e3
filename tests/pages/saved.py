"""Saved pages: one folder each (``page.html``, ``url.txt``, ``expected.json``), below a folder named for the
page class.

The pages are of an invented help centre, in the shapes that the real one has served.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page
from helpscraper.platforms import okx

HERE = Path(__file__).parent
FIELDS: dict[str, tuple[str, ...]] = {
    "ListingPage": (
        *("articles", "sections", "section", "section_title", "category", "category_title", "content_type"),
        *("page", "pages", "page_size", "total", "next_url", "is_empty", "language"),
    ),
    "ArticlePage": ("article", "slug", "language", "canonical", "alternates", "region"),
    "HomePage": ("categories", "language"),
    "SearchPage": ("articles", "total", "next_url", "is_empty"),
}


def cases() -> list[Path]:
    """Every folder with a saved page."""
    return sorted(path.parent for path in HERE.glob("*/*/page.html"))


def open_page(case: Path) -> Page:
    """The page object for a saved page."""
    page_class = getattr(okx, case.parent.name)
    page: Page = page_class((case / "url.txt").read_text().strip(), (case / "page.html").read_bytes())
    return page


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if hasattr(value, "__dataclass_fields__"):
        # Absent fields are left out: what a page gives is what stands in its file.
        return {key: member for key, member in asdict(value).items() if member not in (None, (), [])}
    return value


def read(case: Path) -> dict[str, Any]:
    """What the page gives: every field, or the error; and which rules gave it."""
    page = open_page(case)
    try:
        found = {field: _plain(getattr(page, field)) for field in FIELDS[case.parent.name]}
    except ExtractionError as error:
        found = {"error": {"field": error.field, "detail": error.detail}}
    found["outcomes"] = dict(sorted(page.outcomes.items()))
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def expected(case: Path) -> dict[str, Any]:
    """What the page is known to give."""
    known: dict[str, Any] = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return known
