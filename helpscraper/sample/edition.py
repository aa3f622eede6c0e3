"""Render the pages of one edition from the articles of ``truth``, in one layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from helpscraper.sample.bodies import to_html
from helpscraper.sample.locales import LOCALES, locale_format, phrases
from helpscraper.sample.look import Look, Page, templates
from helpscraper.sample.model import BRAND, CATEGORIES, PAGE_SIZE, SECTIONS, Options, category_of
from helpscraper.sample.pager import pager
from helpscraper.sample.state_json import (
    app_state,
    article_ld,
    article_state,
    dumps,
    header_state,
    listing_state,
    menu_labels,
    region_state,
)
from helpscraper.sample.story import gone
from helpscraper.sample.truth import ExpectedArticle, is_us, truth

__all__ = ["Edition"]


class Edition:
    """The pages of one locale of a site."""

    def __init__(self, options: Options, state: int, extra: int, base_url: str, locale: str) -> None:
        self.options, self.state, self.extra, self.base_url = options, state, extra, base_url
        self.locale = locale
        self.words, self.format = phrases(locale, hostile=options.hostile), locale_format(locale)
        self.prefix = "" if locale == "en" else f"/{locale}"
        self.us = is_us(locale, options)

    @property
    def records(self) -> tuple[ExpectedArticle, ...]:
        """The articles of the edition, newest first."""
        return truth(self.state, self.locale, self.options, extra=self.extra)

    def _url(self, *parts: str) -> str:
        return "/".join([f"{self.prefix}/help", *parts])

    def _render(self, template: str, path: str, heading: str, status: int = 200, **context: Any) -> Page:
        look = Look(self.options, self.words)
        with_state = not self.options.layout.startswith("markup")
        outer, inner = region_state(self.locale, self.options)
        state = context.pop("state", None) or app_state({}, {}, "%2Fhelp")
        ld_json = context.pop("ld_json", [])
        context.setdefault("description", heading[:150])
        context.setdefault("alternates", [])
        html = templates().get_template(template).render(
            p=look, words=self.words, prefix=self.prefix, brand=BRAND, heading=heading,
            language="en-us" if self.us else self.format.language, direction=self.format.direction,
            canonical=self.base_url + path,
            state=dumps(state) if with_state else "",
            header_state=dumps(header_state(self.options.padding // 2)),
            menu=menu_labels(self.options.padding // 2),
            okx_global=dumps(outer), ok_global=dumps(inner),
            ld_json=[dumps(data) for data in ld_json if with_state],
            **context,
        )  # fmt: skip
        return Page(status, html)

    def home(self) -> Page:
        """Return the home page: links to the categories."""
        categories = [
            {"href": self._url("category", slug), "title": self.words["categories"][slug]}
            for slug in CATEGORIES
        ]
        return self._render("home.html", self._url(), self.words["help"], categories=categories)

    def missing(self, status: int) -> Page:
        """Return the page for a missing page, with ``status``."""
        return self._render("missing.html", self._url(), self.words["missing"], status)

    def _row(self, record: ExpectedArticle) -> dict[str, Any]:
        dated = record.updated_at is not None and record.category != "announcements"
        counted = record.view_count is not None and record.category == "faq"
        return {
            "href": self._url(record.slug),
            "title": record.title.strip(),
            "published": self.format.published_line(record.published_at or record.created_at),
            "updated": self.format.updated_line(record.updated_at or record.created_at) if dated else "",
            "reading": self.format.reading_line(record.reading_minutes),
            "views": self.format.count(record.view_count or 0) if counted else "",
            "label": "",
            "excerpt": "",
        }

    def listing(self, section: str, number: int, *, on_category: bool = False, empty: bool = False) -> Page:
        """Return a page of a section, or the category page, which shows its first section."""
        listed = [record for record in self.records if section in record.listed_in]
        shown = [] if empty else listed[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        if not shown and number > 1 and not empty and self.options.past_end != "empty":
            return self.missing(404) if self.options.past_end == "404" else self.listing(section, 1)
        category = category_of(section)
        nav = [
            {
                "href": self._url("section", s.slug),
                "title": self.words["sections"][s.slug],
                "current": s.slug == section,
            }
            for s in SECTIONS
            if s.category == category
        ]
        path = self._section_url(section, number)
        return self._render(
            "listing.html", path, self.words["sections"][section],
            state=listing_state(shown, len(listed), number, section, self.locale, self.options, on_category),
            category_title=self.words["categories"][category],
            crumbs=[(self._url(), self.words["support"]), (self._url("category", category),
            self.words["categories"][category])], nav=nav,
            rows=[self._row(record) for record in shown],
            list_label=self.words["listing"].format(section=self.words["sections"][section]),
            pager=pager(lambda n: self._section_url(section, n), number, len(listed), self._showing),
        )  # fmt: skip

    def _section_url(self, section: str, number: int) -> str:
        """Return the address of a listing page; the first one has no number."""
        return self._url("section", section, *(["page", str(number)] if number > 1 else []))

    @property
    def _showing(self) -> str:
        phrase: str = self.words["showing"]
        return phrase if self.options.totals else ""

    def article(self, slug: str) -> Page:
        """Return the page of an article; 404 for one that never existed, 404 or 410 for one that is gone."""
        record = next((record for record in self.records if record.slug == slug), None)
        if record is None:
            return self.missing(gone(self.state, self.options.articles, self.options.seed).get(slug, 404))
        html = to_html(record.body, rich=record.rich) + (
            self.options.hostile.html if self.options.hostile else ""
        )
        canonical = self.base_url + self._url(slug)
        title = record.title.strip()
        text = quote(f"{BRAND}: {title}")
        shares = [
            (name, f"https://{name}.example/share?text={text}&url={canonical}")
            for name in ("twitter", "telegram")
        ]
        alternates = [
            (spoken.language, f"{self.base_url}{'' if name == 'en' else '/' + name}/help/{slug}")
            for name, spoken in LOCALES.items()
        ]
        return self._render(
            "article.html", self._url(slug), title,
            state=article_state(record, self.locale, self.options, self.base_url),
            ld_json=[article_ld(record, canonical)],
            description=record.body_text[:150],
            alternates=alternates,
            crumbs=[
                (self._url(), self.words["support"]),
                (self._url("category", record.category), record.category_title),
                (self._url("section", record.section), record.section_title),
            ],
            row=self._row(record), rich=record.rich, shares=shares,
            body=html,
            footers=not self.us, footer_ids=("3kLmSocial", "8pQrDisclaimer"),
        )  # fmt: skip

    def search(self, category: str, term: str) -> Page:
        """List up to 50 articles that contain ``term``; an unknown category counts as ``all``."""
        tab = category if category in CATEGORIES else "all"
        hits = [
            record for record in self.records if self._found(record, term) and tab in {"all", record.category}
        ]
        tabs = [
            {
                "title": title,
                "href": self._url("search") + "?" + urlencode({"category": name, "term": term}),
                "current": name == tab,
            }
            for name, title in self.words["tabs"].items()
        ]
        return self._render(
            "search.html",
            self._url("search"),
            self.words["search"],
            tabs=tabs,
            rows=self._hits(hits[:50], term, tab),
        )

    def _found(self, record: ExpectedArticle, term: str) -> bool:
        return term.casefold() in f"{record.title}\n{record.body_text}".casefold()

    def _hits(self, records: Sequence[ExpectedArticle], term: str, tab: str) -> list[dict[str, Any]]:
        rows = []
        for record in records:
            text = " ".join(record.body_text.split())
            start = max(0, text.casefold().find(term.casefold()) - 60)
            row = self._row(record)
            row["excerpt"] = text[start : start + 200] + "..." * (start + 200 < len(text))
            row["updated"] = self.format.updated_line(record.updated_at or record.created_at)
            row["label"] = record.category_title if tab == "all" else ""
            rows.append(row)
        return rows
