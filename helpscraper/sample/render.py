"""Answer a path with a page of the sample help centre in one state."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from helpscraper.sample.binance import binance_answer
from helpscraper.sample.bybit import bybit_answer
from helpscraper.sample.document360 import document360_answer
from helpscraper.sample.edition import Edition
from helpscraper.sample.generic import generic_answer, generic_robots
from helpscraper.sample.gitbook import gitbook_answer
from helpscraper.sample.intercom import intercom_answer
from helpscraper.sample.interface import INTERFACE, answer
from helpscraper.sample.locales import LOCALES
from helpscraper.sample.look import Page
from helpscraper.sample.model import CATEGORIES, SECTIONS, Options
from helpscraper.sample.zendesk import API, zendesk_answer

__all__ = ["SampleSite"]


@dataclass(frozen=True, slots=True)
class SampleSite:
    """A help centre in one state, with ``extra`` announcements published since."""

    options: Options
    state: int = 0
    extra: int = 0
    base_url: str = "http://127.0.0.1"

    def page(self, target: str, *, empty: bool = False, language: str = "") -> Page:
        """Answer a request target (path and query); ``empty`` empties the list of a listing page.

        ``language`` is the Accept-Language of the request, which only the JSON interface uses.
        """
        parts = urlsplit(target)
        neutral = Edition(self.options, self.state, self.extra, self.base_url, "en")
        generic = self.options.layout == "generic"
        if parts.path == "/robots.txt":
            named = generic_robots(neutral) if generic else ""
            return Page(200, self._robots() + named, content_type="text/plain; charset=utf-8")
        if generic:
            return generic_answer(neutral, parts.path)
        if self.options.layout == "binance":
            return binance_answer(neutral, target)
        if self.options.layout == "bybit":
            return bybit_answer(neutral, parts.path)
        if self.options.layout == "document360":
            return document360_answer(neutral, parts.path)
        if self.options.layout == "gitbook":
            return gitbook_answer(neutral, parts.path)
        if parts.path.startswith(INTERFACE):
            locale = next((name for name in LOCALES if name == language.lower()), "en")
            edition = Edition(self.options, self.state, self.extra, self.base_url, locale)
            return answer(edition, parts.path.removeprefix(INTERFACE), parse_qs(parts.query))
        if self.options.layout == "zendesk":
            return self._zendesk(target)
        if self.options.layout == "intercom":
            locale, _, below = parts.path.removeprefix("/").partition("/")
            if locale not in LOCALES:
                return intercom_answer(neutral, "no such edition")
            edition = Edition(self.options, self.state, self.extra, self.base_url, locale)
            return intercom_answer(edition, below)
        segments = [segment for segment in parts.path.split("/") if segment]
        locale = segments.pop(0) if segments and segments[0] in LOCALES else "en"
        edition = Edition(self.options, self.state, self.extra, self.base_url, locale)
        match segments:
            case ["help"]:
                return edition.home()
            case ["help", "search"]:
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                return edition.search(query.get("category", "all"), query.get("term", ""))
            case ["help", "category", slug] if slug in CATEGORIES:
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

    def _zendesk(self, target: str) -> Page:
        """Answer as a Zendesk help centre does; its ``en-us`` is the English edition."""
        path = target.removeprefix(API) if target.startswith(API) else target.removeprefix("/hc")
        prefix = path.removeprefix("/").partition("/")[0].partition("?")[0]
        locale = "en" if prefix == "en-us" else prefix
        known = locale in LOCALES
        edition = Edition(self.options, self.state, self.extra, self.base_url, locale if known else "en")
        return zendesk_answer(edition, target) if known else edition.missing(404)

    def _robots(self) -> str:
        closed = {"disallow": ["/help"], "no-interface": [INTERFACE]}.get(
            self.options.robots, ["/account/", "/*/kyc-verify$"]
        )
        return "\n".join(["User-agent: *", *(f"Disallow: {path}" for path in closed), "Allow: /api/*?", ""])
