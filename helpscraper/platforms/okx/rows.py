"""Join the state's and the markup's description of each article into one row."""

from __future__ import annotations

from typing import Any, Literal

from helpscraper.html.base import collapse
from helpscraper.items import RawArticle
from helpscraper.platforms.okx.items import Shown
from helpscraper.platforms.okx.page import OkxPage
from helpscraper.platforms.okx.state import Json, dig, text

__all__ = ["instant", "merge", "pick_title"]


def instant(page: OkxPage, field: str, value: Any) -> str | int | None:
    """Return a time of the state as stated (ISO 8601 text, or milliseconds since the epoch); its form is counted."""
    if isinstance(value, str) and value.strip() and len(value) <= 40:
        page.count(field, "state.digits" if value.strip().isdecimal() else "state.iso")
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        page.count(field, "state.ms")
        return value
    if value not in (None, "", 0):
        page.count(field, "state.unreadable")
    return None


def pick_title(page: OkxPage, stated: str | None, shown: str | None) -> str | None:
    """Return the state's title, or the shown one where the state has none or holds it HTML-escaped.

    A browser that saves a page may escape the state once more; then only the markup has the title as it is.
    """
    stated = page.bounded_title(collapse(stated)) if stated and page.bounded_title(stated) else None
    if stated and shown and stated != shown:
        page.count("title", "differs")
    if stated and not (shown and "&" in stated):
        page.count("title", "state")
        return stated
    page.count("title", "markup" if shown else "missing")
    return shown


def _source_id(state: Json, slug: str) -> str | None:
    # From 2026 on the listing repeats the slug as id.
    stated = text(state, "id")
    return stated if stated and stated != slug and len(stated) <= 200 else None


def merge(
    page: OkxPage, stated: list[Json], shown: list[Shown], kind: Literal["listing", "search"]
) -> list[RawArticle]:
    """Join the state's rows and the shown rows by slug, in shown order; rows of the state alone follow.

    A row with a hostile slug is dropped and counted. An article that is listed twice is one row.
    """
    by_slug: dict[str, Json] = {}
    for row in stated:
        slug = page.valid_slug(text(row, "slug") or "")
        if slug and slug not in by_slug:
            by_slug[slug] = row
    markup: dict[str, Shown] = {}
    for item in shown:
        markup.setdefault(item.slug, item)
    order = dict.fromkeys((*markup, *by_slug))
    if markup and by_slug:
        page.count("join", "both")
        for slug in markup.keys() ^ by_slug.keys():
            page.count("join", "markup_only" if slug in markup else "state_only")
    return [_row(page, slug, by_slug.get(slug, {}), markup.get(slug), kind) for slug in order]


def _row(
    page: OkxPage, slug: str, state: Json, shown: Shown | None, kind: Literal["listing", "search"]
) -> RawArticle:
    details = shown.details if shown else None
    dates = details.dates if details else []
    row = RawArticle(
        kind=kind,
        key=slug,
        url=shown.url if shown else page.article_url(slug),
        source_id=_source_id(state, slug),
        title=pick_title(page, text(state, "title"), shown.title if shown else None),
        category=page.valid_slug(text(state, "categorySlug") or text(state, "category", "slug")),
        section=page.valid_slug(text(state, "sectionSlug") or text(state, "section", "slug")),
        published=instant(page, "published", dig(state, "publishTime")),
        updated=instant(page, "updated", dig(state, "updatedAt")),
        published_text=dates[0] if dates else None,
        updated_text=dates[1] if len(dates) > 1 else None,
        view_count_text=details.count if details else None,
        reading_text=details.reading if details else None,
        snippet=shown.snippet if shown else None,
        language=page.language,
    )
    if shown:
        page.count("published", "markup" if dates else "missing")
        page.count("view_count", "markup" if row.view_count_text else "missing")
    return row
