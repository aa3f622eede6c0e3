"""The same help centre on Intercom: the pages of before 2023 (``theme``), and those that Next.js writes with a state.

Older pages have one level of collections, the sections. Newer ones have the sections inside the categories, and one
section inside another; a collection shows the articles of the collections inside, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from helpscraper.sample.bodies import to_html
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page, templates
from helpscraper.sample.model import BRAND, CATEGORIES, LATEST, SECTIONS, Options, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["intercom_answer", "intercom_articles"]

_SECTIONS = tuple(section.slug for section in SECTIONS if section.slug != LATEST)
_NUMBER = {slug: 2_300_400 + 7 * n for n, slug in enumerate((*CATEGORIES, *_SECTIONS))}
_PARENT = {"faq-security": "faq-identity"}
_ROUTE = "/[helpCenterIdentifier]/[locale]"
_ROUTES = {
    "home": f"{_ROUTE}/landing",
    "collection": f"{_ROUTE}/collections/[collectionSlug]",
    "article": f"{_ROUTE}/articles/[articleSlug]",
    "missing": "/[helpCenterIdentifier]/not-found",
}


def _is_new(options: Options) -> bool:
    return options.theme > 2023


def _chain(options: Options, section: str) -> list[str]:
    """Return the collections around an article of ``section``, the outermost first."""
    if not _is_new(options):
        return [section]
    return [each for each in (category_of(section), _PARENT.get(section), section) if each]


def _article_number(record: ExpectedArticle) -> str:
    return str(5_000_000 + 13 * record.key)


def intercom_articles(records: Sequence[ExpectedArticle], options: Options) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: with numbers, collections, and the instant of an edit."""
    found = []
    for record in records:
        chain, new = _chain(options, record.section), _is_new(options)
        edited = (record.updated_at or record.created_at) if new else None
        each = replace(
            record,
            slug=_article_number(record),
            source_id=None,
            category=str(_NUMBER[chain[0]]),
            category_title=record.category_title if new else record.section_title,
            section=str(_NUMBER[record.section]),
            listed_in=tuple(sorted(str(_NUMBER[slug]) for slug in chain)),
            published_at=None,
            updated_at=edited,
            updated_on=edited.date() if edited else None,
            view_count=None,
        )
        found.append(each)
    return tuple(found)


def intercom_answer(edition: Edition, path: str) -> Page:
    """Answer a path below the locale."""
    pages = _Pages(edition)
    match [segment for segment in path.split("/") if segment]:
        case []:
            return pages.home()
        case ["collections", words]:
            number = words.partition("-")[0]
            for slug in pages.collections:
                if str(_NUMBER[slug]) == number:
                    return pages.collection(slug)
        case ["articles", words]:
            for record in edition.records:
                if _article_number(record) == words.partition("-")[0]:
                    return pages.article(record)
    return pages.render("missing", edition.words["missing"], {}, status=404)


class _Pages:
    """The pages of one edition."""

    def __init__(self, edition: Edition) -> None:
        self._edition, self._new = edition, _is_new(edition.options)
        self._titles: dict[str, str] = edition.words["sections"] | edition.words["categories"]
        chains = [_chain(edition.options, section) for section in _SECTIONS]
        self.collections = list(dict.fromkeys(slug for chain in chains for slug in chain))
        self._above = {
            inner: outer for chain in chains for outer, inner in zip(["", *chain], chain, strict=False)
        }

    def render(self, kind: str, title: str, state: dict[str, Any], status: int = 200, **context: Any) -> Page:
        """Return a page; ``state`` is that of a page of Next.js."""
        edition = self._edition
        empty: dict[str, Any] = {"cards": (), "groups": (), "crumbs": (), "related": (), "body": ""}
        data = {
            "props": {"pageProps": state},
            "page": _ROUTES[kind],
            "query": {"helpCenterIdentifier": "acme", "locale": edition.locale},
        }
        html = templates().get_template("intercom.html").render(
            empty | context, kind=kind, title=title, brand=BRAND, new=self._new, home=self._url(),
            language=edition.format.language, direction=edition.format.direction,
            state=json.dumps(data, ensure_ascii=True).replace("<", "\\u003c") if self._new else "",
        )  # fmt: skip
        return Page(status, html)

    def home(self) -> Page:
        """The outermost collections."""
        top = self._inside("")
        return self.render(
            "home",
            self._edition.words["help"],
            {"home": {"collections": [self._named(slug) for slug in top]}},
            cards=[self._card(slug) for slug in top],
        )

    def collection(self, slug: str) -> Page:
        """The articles of a collection, and the collections inside with their articles."""
        groups = [(self._card(inner), self._rows(inner)) for inner in self._within(slug)]
        return self.render(
            "collection",
            self._titles[slug],
            {"collection": self._stated(slug)},
            crumbs=self._crumbs(self._path(slug)[:-1]),
            cards=self._rows(slug),
            groups=groups,
        )

    def article(self, record: ExpectedArticle) -> Page:
        """An article, with related ones at the end of its body on newer pages."""
        edited = record.updated_at or record.created_at
        hostile = self._edition.options.hostile
        others = [each for each in self._of(record.section) if each is not record]
        content = {
            "title": record.title.strip(),
            "lastUpdatedISO": edited.isoformat(),
            "relatedArticles": [self._summary(each) for each in others[:2]],
        }
        return self.render(
            "article",
            record.title.strip(),
            {"articleContent": content},
            crumbs=self._crumbs(self._path(record.section)),
            related=[self._row(each) for each in others[:2]],
            body=to_html(record.body, rich=record.rich) + (hostile.html if hostile else ""),
        )

    def _inside(self, slug: str) -> list[str]:
        return [each for each in self.collections if self._above[each] == slug]

    def _within(self, slug: str) -> list[str]:
        """The collections inside a collection, at any depth."""
        return [each for inner in self._inside(slug) for each in (inner, *self._within(inner))]

    def _path(self, slug: str) -> list[str]:
        return [*self._path(self._above[slug]), slug] if slug else []

    def _of(self, section: str) -> list[ExpectedArticle]:
        return [record for record in self._edition.records if record.section == section]

    def _url(self, kind: str = "", number: object = "", title: str = "") -> str:
        words = quote(re.sub(r"\W+", "-", title.lower()).strip("-"))
        return f"/{self._edition.locale}/" + (f"{kind}/{number}-{words}" if kind else "")

    def _card(self, slug: str) -> tuple[str, str]:
        return self._titles[slug], self._url("collections", _NUMBER[slug], self._titles[slug])

    def _crumbs(self, slugs: Sequence[str]) -> list[tuple[str, str]]:
        return [(self._edition.words["help"], self._url()), *map(self._card, slugs)]

    def _row(self, record: ExpectedArticle) -> tuple[str, str]:
        return record.title.strip(), self._url("articles", _article_number(record), record.title)

    def _rows(self, section: str) -> list[tuple[str, str]]:
        return [self._row(record) for record in self._of(section)]

    def _summary(self, record: ExpectedArticle) -> dict[str, Any]:
        title, url = self._row(record)
        return {"id": _article_number(record), "title": title, "url": self._edition.base_url + url}

    def _named(self, slug: str) -> dict[str, Any]:
        title, url = self._card(slug)
        return {"id": str(_NUMBER[slug]), "name": title, "url": self._edition.base_url + url}

    def _stated(self, slug: str) -> dict[str, Any]:
        return self._named(slug) | {
            "articleSummaries": [self._summary(record) for record in self._of(slug)],
            "subcollections": [self._stated(inner) for inner in self._inside(slug)],
        }
