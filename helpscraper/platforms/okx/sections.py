"""The sections that a listing page names: in its state, or in its side navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from helpscraper.html.base import inline_text, inside
from helpscraper.json_text import well_formed
from helpscraper.platforms.okx.page import OkxPage, is_navigation
from helpscraper.platforms.okx.state import dig, text
from helpscraper.platforms.okx.urls import parse_help_url
from helpscraper.urls import same_site

__all__ = ["SectionLink", "linked_sections", "stated_sections"]

_LINKS = "a[href*='/help/section/']"
_ANY_LINKS = f"{_LINKS}:not([href*='/page/'])"
_MAX_SECTIONS = 10_000
_MAX_KIND = 40
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class SectionLink:
    """A section that a page names.

    ``content_type`` is ``tag`` or ``section``, and ``source_id`` the CMS's own id, both None where the state has
    neither.
    """

    slug: str
    title: str | None
    url: str
    category: str | None
    content_type: str | None
    source_id: str | None = None


def stated_sections(page: OkxPage, stated: Any) -> dict[str, SectionLink]:
    """Return the sections of the state's ``allSections`` by slug, each followed by its sub-sections."""
    found: dict[str, SectionLink] = {}
    waiting = list(reversed(stated)) if isinstance(stated, list) else []
    while waiting and len(found) < _MAX_SECTIONS:
        section = waiting.pop()
        slug = page.valid_slug(text(section, "slug"))
        if slug and slug not in found:
            title = page.bounded_title(text(section, "title"))
            kind, source_id = text(section, "contentType"), text(section, "id")
            found[slug] = SectionLink(
                slug=slug,
                title=well_formed(title.strip()) if title else None,
                url=page.article_url(f"section/{slug}"),
                category=page.valid_slug(text(section, "category", "slug")),
                content_type=well_formed(kind[:_MAX_KIND]) if kind else None,
                source_id=source_id if source_id and len(source_id) <= _MAX_ID else None,
            )
        below = dig(section, "subSections")
        if isinstance(below, list):
            waiting.extend(reversed(below))
    page.count("sections", "state" if found else "missing")
    return found


def linked_sections(page: OkxPage, category: str | None) -> dict[str, SectionLink]:
    """Return the sections that the side navigation links to, by slug; without one, those linked anywhere."""
    found: dict[str, SectionLink] = {}
    links = list(inside(page.selector.css(_LINKS), is_navigation)) or page.selector.css(_ANY_LINKS)
    ends = frozenset(link.root for link in links)
    for link in links:
        url = urljoin(page.url, link.attrib["href"])
        target = parse_help_url(url)
        if target.kind != "section" or not target.slug or not same_site(url, page.url):
            page.count("slug", "rejected")
            continue
        known = found.get(target.slug)
        if known is None or known.title is None:
            title = page.bounded_title(inline_text(link.root, ends))
            address = page.article_url(f"section/{target.slug}")
            found[target.slug] = SectionLink(target.slug, title, address, category, None)
    page.count("sections", "markup" if found else "nowhere")
    return found
