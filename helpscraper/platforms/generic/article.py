"""One article page of any site: title, body, stated dates, breadcrumbs.

A list of links is reported as one; a page without a title or text of its own is an error, because it may be an article
that this reader cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import urljoin, urlsplit

from helpscraper.errors import ExtractionError
from helpscraper.html.base import Page, collapse, inline_text
from helpscraper.html.bodies import BodyForms, write_body
from helpscraper.html.challenge import challenge_title
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context
from helpscraper.normalise.words import count_words
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings
from helpscraper.platforms.generic import addresses
from helpscraper.platforms.generic.content import (
    CHROME,
    Content,
    body_of,
    crumbs_of,
    find_content,
    heading_text,
)
from helpscraper.platforms.generic.linked_data import Stated, stated
from helpscraper.urls import key_of

__all__ = ["is_shell", "is_sign_in", "read_article", "unreadable"]

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.DOTALL)
_BEFORE_SITE = (" | ", " – ", " — ", " · ", " :: ", " - ")
_FEW_WORDS = 200
_LONGEST = 500
_NOT_FOUND = re.compile(
    r"\b404\b|\bnot found\b|\bno longer (?:exists|available)\b|\bdoes ?n[o']t exist\b", re.IGNORECASE
)
_FEW_WORDS_OF_ERROR = 60
_FEW_WORDS_OF_SIGN_IN = 200
_DATES = {
    "published": ("article:published_time", "datePublished"),
    "updated": ("article:modified_time", "dateModified"),
}


def read_article(asked: Address, url: str, payload: Payload, context: Context) -> Findings:
    """Return the article at ``url``, or why the page has none; raises ``ExtractionError`` naming the missing part."""
    landed = addresses.address_of(context.site, url)
    if landed.kind != "article" or not addresses.is_same_page(landed.key, asked.key):
        raise ExtractionError(url, "article", f"{asked.key} leads to a page that is no article of this site")
    if payload.data[:5] == b"%PDF-":
        return Findings(no_article="a PDF file")
    page = Page(url, payload)
    if (blocked := challenge_title(page)) is not None:
        raise page.error("challenge", f"a block or challenge page ({blocked!r})")
    said = stated(page)
    content = find_content(page, said.body)
    if content is not None and content.is_list and said.answers:
        content = None  # the links beside answers that only the JSON-LD holds
    if said.is_list or (content is not None and content.is_list and not said.body):
        return Findings(no_article="a list of other pages", rules=["article.page/list"])
    title = _title(page, said, content)
    body = _body(page, said, content)
    if _says_nothing_is_here(page, title or "", body):
        raise page.error("article", f"the page says that there is none ({(title or '')[:100]!r})")
    if body is None or is_sign_in(page):
        raise unreadable(page)
    if not title:
        raise page.error("title", "no title on the page", selector="h1, og:title, title")
    raw = RawArticle(
        kind="article", key=asked.key or "", url=url, title=title, language=_language(page),
        body_html=body.html, body_text=body.text, body_markdown=body.markdown,
    )  # fmt: skip
    _set_dates(raw, page, said)
    _set_section(raw, page, said, context)
    if page.undecoded:
        page.count("charset", "undecoded")
    return Findings(
        articles=[raw], language=raw.language, rules=["article.article/page", *page.rules("article")]
    )


def _says_nothing_is_here(page: Page, title: str, body: BodyForms | None) -> bool:
    """Tell whether a page is a site's error page that is served without a 404."""
    if body is not None and count_words(body.text) > _FEW_WORDS_OF_ERROR:
        return False
    hidden = body is not None and "noindex" in (_meta(page, "robots") or "").lower()
    return hidden or _NOT_FOUND.search(title) is not None


def _body(page: Page, said: Stated, content: Content | None) -> BodyForms | None:
    """Return the body from the page's own part, else from its JSON-LD."""
    if content is not None:
        forms = write_body([content.part], page.base_url, CHROME)
        if forms.text.strip():
            page.count("body", content.rule)
            return forms
    if said.answers:
        page.count("body", "json-ld-answers")
        return _written(page, (f"<h3>{escape(name)}</h3><div>{text}</div>" for name, text in said.answers))
    if said.body:
        page.count("body", "json-ld-text")
        return _written(page, (f"<p>{escape(line)}</p>" for line in said.body.splitlines() if line.strip()))
    return None


def _written(page: Page, parts: Iterable[str]) -> BodyForms:
    html = f"<!doctype html><html><body>{''.join(parts)}</body></html>"
    return write_body([Page(page.url, html).root.find("body")], page.base_url)  # type: ignore[list-item]


def _title(page: Page, said: Stated, content: Content | None) -> str | None:
    """Return the title as stated, else the h1 of the article or of the page, else that of the document."""
    site = _meta(page, "og:site_name")
    document = collapse(page.selector.css("title::text").get(""))[:_LONGEST]
    shown = _meta(page, "og:title")
    heading = content.heading if content is not None else None
    if heading is None:
        headings = [each for each in page.root.iter("h1") if heading_text(each)]
        named = [each for each in headings if heading_text(each) in {shown, _without_site(document, site)}]
        heading = next(iter(named or headings), None)
    found = (
        (said.title, "json-ld"),
        (heading_text(heading) if heading is not None else None, "h1"),
        (_without_site(shown or "", site), "og"),
        (_without_site(document, site), "document"),
    )
    for title, rule in found:
        if title:
            page.count("title", rule)
            return title
    return None


def _without_site(title: str, site: str | None) -> str:
    """Return a document's title without the name of the site behind it.

    >>> _without_site("Lamps - and oil | Lantern", "Lantern"), _without_site("Lamps - and oil | Lantern", None)
    ('Lamps - and oil', 'Lamps - and oil')
    """
    for mark in _BEFORE_SITE:
        before, _, last = title.rpartition(mark)
        if before and (last.casefold() == (site or "").casefold() or (site is None and mark == " | ")):
            return before.strip()
    return title


def _meta(page: Page, name: str) -> str | None:
    """Return the content of the first ``meta`` with this name or property."""
    for each in page.root.iter("meta"):
        if name in {each.get("property"), each.get("name"), each.get("itemprop")}:
            return collapse(each.get("content", ""))[:_LONGEST] or None
    return None


def _language(page: Page) -> str | None:
    found = page.root.get("lang", "").strip().replace("_", "-")
    return found if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}", found) else None


def _set_dates(raw: RawArticle, page: Page, said: Stated) -> None:
    """Set the dates that are stated for programs; a day without a clock time is a date as shown."""
    for name, (meta, itemprop) in _DATES.items():
        value, rule = getattr(said, name), "json-ld"
        if value is None:
            value, rule = _meta(page, meta) or _marked(page, itemprop), "meta"
        if value is None or (day := _DAY.fullmatch(value)) is None:
            continue
        if re.search(r"(?:Z|[+-]\d\d:?\d\d)$", value) and len(value) > len("2026-01-01+0000"):
            setattr(raw, name, value)
        else:
            setattr(raw, f"{name}_text", day[1])
        page.count(name, rule)


def _marked(page: Page, itemprop: str) -> str | None:
    for each in page.root.iter("time", "meta", "span"):
        if each.get("itemprop") == itemprop:
            return collapse(each.get("datetime") or each.get("content") or "")[:_LONGEST] or None
    return None


def _set_section(raw: RawArticle, page: Page, said: Stated, context: Context) -> None:
    """Set section and category from the breadcrumbs: the last and the first between the home page and the article."""
    crumbs, rule = (said.crumbs, "json-ld") if said.crumbs else (_shown_crumbs(page), "links")
    between = []
    for name, url in crumbs:
        key = _key(page, url, context)
        if name != raw.title and key is not None and not addresses.is_same_page(key, raw.key):
            between.append((name[:_LONGEST], key or name[:_LONGEST]))
    if not between:
        return
    page.count("section", rule)
    raw.section_title, raw.section = between[-1]
    if len(between) > 1:
        raw.category_title, raw.category = between[0]


def _shown_crumbs(page: Page) -> tuple[tuple[str, str], ...]:
    around = next(crumbs_of(page), None)
    links = around.iter("a") if around is not None else ()
    return tuple((text, each.get("href", "")) for each in links if (text := inline_text(each)))


def _key(page: Page, href: str, context: Context) -> str | None:
    """Return the key of the page behind a breadcrumb, "" for a page of another site, None for the home page."""
    try:
        url = urljoin(page.base_url, href).partition("#")[0]
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not href or not addresses.is_own(url, context):
        return ""
    if addresses.address_of(context.site, url).kind == "home":
        return None
    return key_of(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def unreadable(page: Page) -> ExtractionError:
    """Return the reason why a page has no text of its own."""
    title = collapse(page.selector.css("title::text").get(""))[:100]
    if page.selector.css("input[type=password]"):
        return page.error("challenge", f"a sign-in page ({title!r})", advice="the help centre is not public")
    if is_shell(page):
        return page.error("challenge", f"a shell that needs JavaScript ({title!r})")
    return page.error("body", f"no text of an article's own ({title!r})", selector="article, main")


def is_sign_in(page: Page) -> bool:
    """Tell whether a page asks for a password and shows little else, unlike an article with a form beside it."""
    few = count_words(inline_text(body_of(page))) < _FEW_WORDS_OF_SIGN_IN
    return few and bool(page.selector.css("input[type=password]"))


def is_shell(page: Page) -> bool:
    """Tell whether a page shows and states almost no text and has scripts that may show more."""
    if len(inline_text(body_of(page))) >= _FEW_WORDS or next(page.root.iter("script"), None) is None:
        return False
    said = stated(page)
    return not said.body and not said.answers
