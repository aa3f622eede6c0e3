"""The same help centre on Zendesk Guide: its public JSON API and the pages of four generations of themes.

Numbers name articles, sections and categories. One section lies inside another; a new title gives an article another
address, and its number stays.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from helpscraper.sample.bodies import to_html
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page, templates
from helpscraper.sample.model import BRAND, CATEGORIES, LATEST, SECTIONS, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["API", "article_number", "zendesk_answer", "zendesk_articles"]

API = "/api/v2/help_center"
PAGE_SIZE = 30
ON_CATEGORY = 6
"""Articles of a section that its category's page shows before the link to all of them."""

_SECTIONS = tuple(section.slug for section in SECTIONS if section.slug != LATEST)
_NUMBER = {slug: 360_000_100 + n for n, slug in enumerate(_SECTIONS)}
_CATEGORY = {slug: 115_000_200 + n for n, slug in enumerate(CATEGORIES)}
_PARENT = {"faq-security": "faq-identity"}
_SHELLS = {
    "challenge": "<!doctype html><html><head><title>Just a moment...</title></head><body>"
    "<div id=challenge-running>Checking your browser</div></body></html>",
    "sign-in": "<!doctype html><html><head><title>Sign in</title></head><body><form action=/access/login>"
    "<input type=password name=password></form></body></html>",
}


def article_number(key: int) -> int:
    """Return the number of the article with the identity ``key``; it never changes."""
    return 4_410_000_000_000 + 37 * key


def zendesk_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: with numbers in place of slugs, and the API's values."""
    return tuple(
        replace(
            record,
            slug=str(article_number(record.key)),
            source_id=None,
            category=str(_CATEGORY[record.category]),
            section=str(_NUMBER[record.section]),
            listed_in=("articles",),
            published_at=record.created_at,
            updated_at=record.updated_at or record.created_at,
            published_on=record.created_at.date(),
            updated_on=(record.updated_at or record.created_at).date(),
            view_count=None,
        )
        for record in records
    )


def zendesk_answer(edition: Edition, target: str) -> Page:
    """Answer a request target of the API or of the pages; the caller has removed the locale."""
    parts, options = urlsplit(target), edition.options
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    on_api = parts.path.startswith(API)
    if (state := options.api if on_api else options.pages) != "open":
        if on_api and state == "closed":
            return _json({"error": "InvalidEndpoint", "description": "Not found"}, 404)
        return Page(200 if state == "sign-in" else 403, _SHELLS[state])
    if on_api:
        return _api(edition, parts.path.rpartition(f"/{_prefix(edition)}/")[2], asked)
    return _Pages(edition).page(parts.path.partition(f"/hc/{_prefix(edition)}")[2], asked)


def _prefix(edition: Edition) -> str:
    return "en-us" if edition.locale == "en" else edition.locale


def _in_order(edition: Edition) -> list[ExpectedArticle]:
    return sorted(edition.records, key=_place)


def _place(record: ExpectedArticle) -> str:
    """The place of an article in order of creation, as a text that sorts."""
    return f"{record.created_at.isoformat()} {record.key:09}"


# ---- the API


def _json(data: Any, status: int = 200) -> Page:
    return Page(status, json.dumps(data, ensure_ascii=False), content_type="application/json; charset=utf-8")


def _api(edition: Edition, path: str, asked: Mapping[str, str]) -> Page:
    match path.removesuffix(".json").split("/"):
        case ["articles"]:
            return _list(edition, asked)
        case ["articles", number]:
            found = next((r for r in edition.records if str(article_number(r.key)) == number), None)
            if found is None:
                return _json({"error": "RecordNotFound", "description": "Not found"}, 404)
            return _json({"article": _article(edition, found)} | _named(edition, [found]))
    return _json({"error": "InvalidEndpoint", "description": "Not found"}, 404)


def _list(edition: Edition, asked: Mapping[str, str]) -> Page:
    size = min(int(asked.get("page[size]", "30")), edition.options.interface_page)
    after = base64.urlsafe_b64decode(asked.get("page[after]", "")).decode()
    records = [record for record in _in_order(edition) if _place(record) > after]
    shown, more = records[:size], len(records) > size
    cursor = base64.urlsafe_b64encode(_place(shown[-1]).encode()).decode() if shown else ""
    query = urlencode(dict(asked) | {"page[after]": cursor})
    url = f"{edition.base_url}{API}/{_prefix(edition)}/articles.json?{query}"
    answer = {
        "articles": [_article(edition, record) for record in shown],
        "meta": {"has_more": more, "after_cursor": cursor or None, "before_cursor": None},
        "links": {"next": url if more else None, "prev": None},
    }
    return _json(answer | (_named(edition, shown) if "include" in asked else {}))


def _article(edition: Edition, record: ExpectedArticle) -> dict[str, Any]:
    number, prefix = article_number(record.key), _prefix(edition)
    edited = _instant(record.updated_at or record.created_at)
    up, votes = _votes(record)
    return {
        "id": number,
        "url": f"{edition.base_url}{API}/{prefix}/articles/{number}.json",
        "html_url": edition.base_url + _address(edition, "articles", number, record.title),
        "author_id": 77,
        "draft": False,
        "promoted": record.key % 9 == 0,
        "position": 0,
        "vote_sum": 2 * up - votes,
        "vote_count": votes,
        "section_id": _NUMBER[record.section],
        "created_at": _instant(record.created_at),
        # It changes with metadata too, so it does not show an edit.
        "updated_at": _instant((record.updated_at or record.created_at) + dt.timedelta(days=3)),
        "edited_at": edited,
        "name": record.title,
        "title": record.title,
        "locale": prefix,
        "source_locale": "en-us",
        "outdated": False,
        "user_segment_id": None,
        "label_names": [f"topic-{record.key % 5}"] if record.key % 3 else [],
        "body": _body(edition, record),
    }


def _named(edition: Edition, records: Sequence[ExpectedArticle]) -> dict[str, Any]:
    sections = sorted({record.section for record in records})
    categories = sorted({category_of(slug) for slug in sections})
    return {
        "sections": [
            {
                "id": _NUMBER[slug],
                "name": edition.words["sections"][slug],
                "category_id": _CATEGORY[category_of(slug)],
                "parent_section_id": _NUMBER.get(_PARENT.get(slug, "")),
            }
            for slug in sections
        ],
        "categories": [
            {"id": _CATEGORY[slug], "name": edition.words["categories"][slug]} for slug in categories
        ],
    }


def _body(edition: Edition, record: ExpectedArticle) -> str:
    return to_html(record.body, rich=record.rich) + (
        edition.options.hostile.html if edition.options.hostile else ""
    )


def _votes(record: ExpectedArticle) -> tuple[int, int]:
    """Return helpful votes and all votes, which change like the view counts of the other layouts."""
    votes = (record.view_count or 0) % 20
    return votes // 2, votes


def _instant(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _address(edition: Edition, kind: str, number: int, title: str) -> str:
    words = quote(re.sub(r"\W", "-", title))
    return f"/hc/{_prefix(edition)}/{kind}/{number}-{words}"


# ---- the pages


class _Pages:
    """The pages of one edition, as a theme of the year ``options.theme`` writes them."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._titles: Mapping[str, str] = edition.words["sections"] | edition.words["categories"]

    def page(self, path: str, asked: Mapping[str, str]) -> Page:
        """Answer a path below the home page."""
        match [segment for segment in path.split("/") if segment]:
            case []:
                rows = [self._link(slug) for slug in CATEGORIES]
                return self._render("home", self._edition.words["help"], rows=rows)
            case ["categories", words] if slug := _known(_CATEGORY, words):
                return self._category(slug)
            case ["sections", words] if slug := _known(_NUMBER, words):
                return self._section(slug, int(asked.get("page", "1")))
            case ["articles", words]:
                number = words.partition("-")[0]
                for record in self._edition.records:
                    if str(article_number(record.key)) == number:
                        return self._article(record)
        return self._render("missing", self._edition.words["missing"], status=404)

    def _render(self, kind: str, title: str, status: int = 200, **context: Any) -> Page:
        edition, theme = self._edition, self._edition.options.theme
        empty = dict.fromkeys(("rows", "inner", "crumbs"), ()) | dict.fromkeys(
            ("next", "body", "votes", "edited", "shown"), ""
        )
        recent = [self._row(record) for record in _in_order(edition)[:3]]
        html = templates().get_template("zendesk.html").render(
            empty | context, kind=kind, title=title, brand=BRAND, prefix=_prefix(edition), theme=theme,
            direction=edition.format.direction, modern=theme >= 2022, recent=recent,
        )  # fmt: skip
        return Page(status, html)

    def _category(self, slug: str) -> Page:
        """Each section with its first articles, and a link to all of them."""
        rows = []
        for section in _SECTIONS:
            if category_of(section) == slug and section not in _PARENT:
                title, href = self._link(section)
                records = [self._row(record) for record in self._of(section)]
                more = len(records) if len(records) > ON_CATEGORY else 0
                rows.append({"title": title, "href": href, "first": records[:ON_CATEGORY], "more": more})
        return self._render("category", self._titles[slug], rows=rows)

    def _section(self, slug: str, number: int) -> Page:
        """Sections inside this one, then a page of its articles, then the pager."""
        records = self._of(slug)
        more = number * PAGE_SIZE < len(records)
        return self._render(
            "section",
            self._titles[slug],
            crumbs=self._crumbs(slug),
            inner=[self._link(child) for child, parent in _PARENT.items() if parent == slug],
            rows=[self._row(record) for record in records[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]],
            next=f"{self._link(slug)[1]}?page={number + 1}#articles" if more else "",
        )

    def _article(self, record: ExpectedArticle) -> Page:
        edited = record.updated_at or record.created_at
        return self._render(
            "article",
            record.title.strip(),
            crumbs=self._crumbs(record.section),
            rows=[self._row(other) for other in self._of(record.section) if other is not record][:2],
            body=_body(self._edition, record),
            votes="{} out of {} found this helpful".format(*_votes(record)),
            edited=_instant(edited),
            shown=edited.strftime("%Y-%m-%d %H:%M"),
        )

    def _crumbs(self, section: str) -> list[tuple[str, str]]:
        above = [each for each in (category_of(section), _PARENT.get(section), section) if each]
        return [(BRAND, f"/hc/{_prefix(self._edition)}"), *map(self._link, above)]

    def _of(self, section: str) -> list[ExpectedArticle]:
        return [record for record in _in_order(self._edition) if record.section == section]

    def _row(self, record: ExpectedArticle) -> tuple[str, str]:
        href = _address(self._edition, "articles", article_number(record.key), record.title)
        return record.title.strip(), href

    def _link(self, slug: str) -> tuple[str, str]:
        """Return title and address of a section or category."""
        kind, numbers = ("sections", _NUMBER) if slug in _NUMBER else ("categories", _CATEGORY)
        title = self._titles[slug]
        return title, _address(self._edition, kind, numbers[slug], title)


def _known(numbers: Mapping[str, int], words: str) -> str | None:
    number = words.partition("-")[0]
    return next((slug for slug, known in numbers.items() if str(known) == number), None)
