"""The pages of the sample help centre: a path and a state in, a status and HTML out. No network, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from helpscraper.sample.bodies import to_html
from helpscraper.sample.hostile import HOSTILE_HTML
from helpscraper.sample.locales import LOCALES, phrases, voice
from helpscraper.sample.model import BRAND, PAGE_SIZE, SECTIONS, Options, category_of
from helpscraper.sample.state_json import (
    app_state,
    article_ld,
    article_state,
    dumps,
    header_state,
    listing_state,
    region_state,
)
from helpscraper.sample.story import gone
from helpscraper.sample.truth import Record, is_us, truth

__all__ = ["Page", "Site"]

_CATEGORIES = ("announcements", "faq", "product-documentation")
_HASH_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"


@dataclass(frozen=True, slots=True)
class Page:
    """A status and the text of a page; ``location`` where a redirect leads, ``content_type`` of the text."""

    status: int
    text: str
    location: str = ""
    content_type: str = "text/html; charset=utf-8"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("helpscraper.sample"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )


class _Look:
    """How one layout names its classes and whether it carries data-testid."""

    def __init__(self, options: Options, words: dict[str, Any]) -> None:
        self.testids = options.layout in {"e2", "e3", "markup"}
        self.anchor_items = options.layout == "markup-a"
        self.words = words
        self._seed = f"{options.layout}/{options.hash_seed}"

    def cls(self, name: str, module: str = "index") -> str:
        """Return a class as CSS modules make them: a readable name and a hash, which may hold ``+`` and ``-``."""
        digest = hashlib.sha256(f"{self._seed}/{name}".encode()).digest()
        return f"{module}_{name}__" + "".join(_HASH_LETTERS[byte % 64] for byte in digest[:5])


@dataclass(frozen=True, slots=True)
class Site:
    """One help centre in one state. ``extra`` listings were put in after the state began (see ``faults.shift``)."""

    options: Options
    state: int = 0
    extra: int = 0
    base_url: str = "http://127.0.0.1"

    def page(self, target: str, *, empty: bool = False) -> Page:
        """Answer a request target (path and query); ``empty`` leaves the list of a listing page out."""
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            return Page(200, self._robots(), content_type="text/plain; charset=utf-8")
        segments = [segment for segment in parts.path.split("/") if segment]
        locale = segments.pop(0) if segments and segments[0] in LOCALES else "en"
        edition = _Edition(self, locale)
        match segments:
            case ["help"]:
                return edition.home()
            case ["help", "search"]:
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                return edition.search(query.get("category", "all"), query.get("term", ""))
            case ["help", "category", slug] if slug in _CATEGORIES:
                first = next(section.slug for section in SECTIONS if section.category == slug)
                return edition.listing(first, 1, on_category=True, empty=empty)
            case ["help", "section", slug, *paging] if any(section.slug == slug for section in SECTIONS):
                match paging:
                    case []:
                        return edition.listing(slug, 1, empty=empty)
                    case ["page", number] if number.isascii() and number.isdigit() and int(number[:9]) > 0:
                        return edition.listing(slug, int(number[:9]), empty=empty)
            case ["help", slug]:
                return edition.article(slug)
        return edition.missing(404)

    def _robots(self) -> str:
        closed = ["/help"] if self.options.robots == "disallow" else ["/account/", "/*/kyc-verify$"]
        return "\n".join(["User-agent: *", *(f"Disallow: {path}" for path in closed), "Allow: /api/*?", ""])


class _Edition:
    """The pages of one locale of a site."""

    def __init__(self, site: Site, locale: str) -> None:
        self.site, self.locale, self.options = site, locale, site.options
        self.words, self.voice = phrases(locale), voice(locale)
        self.prefix = "" if locale == "en" else f"/{locale}"
        self.us = is_us(locale, site.options)

    @property
    def records(self) -> tuple[Record, ...]:
        return truth(self.site.state, self.locale, self.options, extra=self.site.extra)

    def _url(self, *parts: str) -> str:
        return "/".join([f"{self.prefix}/help", *parts])

    def _render(self, template: str, path: str, heading: str, status: int = 200, **context: Any) -> Page:
        look = _Look(self.options, self.words)
        with_state = not self.options.layout.startswith("markup")
        outer, inner = region_state(self.locale, self.options)
        state = context.pop("state", None) or app_state({}, {}, "%2Fhelp")
        ld_json = context.pop("ld_json", [])
        context.setdefault("description", heading[:150])
        context.setdefault("alternates", [])
        html = _templates().get_template(template).render(
            p=look, words=self.words, prefix=self.prefix, brand=BRAND, heading=heading,
            language="en-us" if self.us else self.voice.language, direction=self.voice.direction,
            canonical=self.site.base_url + path,
            state=Markup(dumps(state)) if with_state else "",  # noqa: S704 - dumps() escapes "<"
            header_state=Markup(dumps(header_state(self.options.padding))),  # noqa: S704 - as above
            okx_global=Markup(dumps(outer)), ok_global=Markup(dumps(inner)),  # noqa: S704 - as above
            ld_json=[Markup(dumps(data)) for data in ld_json if with_state],  # noqa: S704 - as above
            **context,
        )  # fmt: skip
        return Page(status, html)

    def home(self) -> Page:
        categories = [
            {"href": self._url("category", slug), "title": self.words["categories"][slug]}
            for slug in _CATEGORIES
        ]
        return self._render("home.html", self._url(), self.words["help"], categories=categories)

    def missing(self, status: int) -> Page:
        return self._render("missing.html", self._url(), self.words["missing"], status)

    def _row(self, record: Record) -> dict[str, Any]:
        dated = record.updated_at is not None and record.category != "announcements"
        counted = record.view_count is not None and record.category == "faq"
        return {
            "href": self._url(record.slug),
            "title": record.title.strip(),
            "published": self.voice.published_line(record.published_at or record.created_at),
            "updated": self.voice.updated_line(record.updated_at or record.created_at) if dated else "",
            "reading": self.voice.reading_line(record.reading_minutes),
            "views": self.voice.count(record.view_count or 0) if counted else "",
            "label": "",
            "excerpt": "",
        }

    def listing(self, section: str, number: int, *, on_category: bool = False, empty: bool = False) -> Page:
        listed = [record for record in self.records if section in record.listed_in]
        shown = [] if empty else listed[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        if not shown and number > 1 and not empty and self.options.past_end == "404":
            return self.missing(404)
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
        path = self._url("section", section) + (f"/page/{number}" if number > 1 else "")
        return self._render(
            "listing.html", path, self.words["sections"][section],
            state=listing_state(shown, len(listed), number, section, self.locale, self.options, on_category),
            category_title=self.words["categories"][category],
            crumbs=[(self._url(), self.words["support"]), (self._url("category", category), self.words["categories"][category])],
            nav=nav,
            rows=[self._row(record) for record in shown],
            list_label=self.words["listing"].format(section=self.words["sections"][section]),
            pager=self._pager(section, number, len(listed)),
        )  # fmt: skip

    def _pager(self, section: str, current: int, total: int) -> dict[str, Any]:
        """Return the pager: up to five numbers around the current one, then a jump and the last page."""
        last = max(1, -(-total // PAGE_SIZE))

        def href(number: int) -> str:
            return self._url("section", section, *(["page", str(number)] if number > 1 else []))

        near = [n for n in range(1, last + 1) if n <= 2 or abs(n - current) <= 2]
        pages = [{"number": n, "href": href(n), "current": n == current, "jump": False} for n in near]
        if last not in near:
            pages.append({"number": 0, "href": href(min(last, current + 3)), "current": False, "jump": True})
            pages.append({"number": last, "href": href(last), "current": False, "jump": False})
        return {
            "last": last,
            "pages": pages,
            "prev": href(current - 1) if current > 1 else "",
            "next": href(current + 1) if current < last else "",
            "showing": self._showing(current, total) if self.options.totals else "",
        }

    def _showing(self, current: int, total: int) -> Markup:
        """Return the line under the list, each value between comments as React leaves them."""
        first, last = (current - 1) * PAGE_SIZE + 1, min(current * PAGE_SIZE, total)
        values = {"first": first, "last": last, "total": total}
        marked = {key: Markup(f"<!-- -->{value}<!-- -->") for key, value in values.items()}  # noqa: S704 - numbers
        return Markup(escape(self.words["showing"])).format(**marked, gap=Markup("<!-- -->"))  # noqa: S704 - escaped

    def article(self, slug: str) -> Page:
        record = next((record for record in self.records if record.slug == slug), None)
        if record is None:
            return self.missing(
                gone(self.site.state, self.options.articles, self.options.seed).get(slug, 404)
            )
        html = to_html(record.body, rich=record.rich) + (HOSTILE_HTML if self.options.hostile else "")
        canonical = self.site.base_url + self._url(slug)
        title = record.title.strip()
        text = quote(f"{BRAND}: {title}")
        shares = [
            (name, f"https://{name}.example/share?text={text}&url={canonical}")
            for name in ("twitter", "telegram")
        ]
        alternates = [
            (spoken.language, f"{self.site.base_url}{'' if name == 'en' else '/' + name}/help/{slug}")
            for name, spoken in LOCALES.items()
        ]
        return self._render(
            "article.html", self._url(slug), title,
            state=article_state(record, self.locale, self.options, self.site.base_url),
            ld_json=[article_ld(record, canonical)],
            description=record.body_text[:150],
            alternates=alternates,
            crumbs=[
                (self._url(), self.words["support"]),
                (self._url("category", record.category), record.category_title),
                (self._url("section", record.section), record.section_title),
            ],
            row=self._row(record), rich=record.rich, shares=shares,
            body=Markup(html),  # noqa: S704 - to_html() escapes; a hostile body is meant to be hostile
            footers=not self.us, footer_ids=("3kLmSocial", "8pQrDisclaimer"),
        )  # fmt: skip

    def search(self, category: str, term: str) -> Page:
        """List up to 50 articles that hold ``term``; an unknown category is as good as ``all``."""
        tab = category if category in _CATEGORIES else "all"
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

    def _found(self, record: Record, term: str) -> bool:
        return term.casefold() in f"{record.title}\n{record.body_text}".casefold()

    def _hits(self, records: Sequence[Record], term: str, tab: str) -> list[dict[str, Any]]:
        rows = []
        for record in records:
            text = " ".join(record.body_text.split())
            start = max(0, text.casefold().find(term.casefold()) - 60)
            row = self._row(record)
            row["excerpt"] = text[start : start + 200] + "..." * (start + 200 < len(text))
            row["updated"] = self.voice.updated_line(record.updated_at or record.created_at)
            row["label"] = record.category_title if tab == "all" else ""
            rows.append(row)
        return rows
