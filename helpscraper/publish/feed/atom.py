"""Write an Atom feed (RFC 4287); lxml escapes every text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from lxml import etree

from helpscraper.history.render import to_html
from helpscraper.history.words import word_diff
from helpscraper.plain_text import html_safe, terminal_safe

__all__ = ["AtomEntry", "AtomFeed", "atom", "entry_html", "tag_uri", "xml_safe"]

_ATOM = "http://www.w3.org/2005/Atom"
# The type stubs lack the default namespace.
_NAMESPACES: Any = {None: _ATOM}
_XML = "http://www.w3.org/XML/1998/namespace"
# RFC 4151: a date at which the site owned its host name. It is part of every id and must not change.
_TAG_DATE = "2020"
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIMIT = 60_000
_SENTENCES = {
    "added": "A new article.",
    "removed": "The article is no longer on the site.",
    "unverified": "The article was not seen, but the crawl did not look everywhere it could be.",
    "renamed": "The article has another address.",
    "moved": "The article is in another section.",
    "touched": "Only the date of the last update changed.",
    "counted": "The view count changed.",
}


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """The changes of one article in one crawl: ``at`` is the instant of the crawl, ``html`` describes the changes.

    ``link`` is the article on the site, ``change`` the change in the report, if its URL is known.
    """

    id: str
    title: str
    at: dt.datetime
    link: str | None
    kinds: tuple[str, ...]
    section: str | None
    html: str
    language: str
    change: str | None = None


@dataclass(frozen=True, slots=True)
class AtomFeed:
    """A feed: ``updated`` is the instant of its latest crawl, ``url`` its own address, if known."""

    id: str
    title: str
    updated: dt.datetime
    author: str
    link: str | None
    url: str | None
    language: str
    entries: Sequence[AtomEntry]


def xml_safe(text: str) -> str:
    """Return ``text`` without the characters that XML 1.0 forbids.

    >>> xml_safe("a\\x00b\\x1b c")
    'ab c'
    """
    return _UNFIT.sub("", text)


def tag_uri(host: str, *parts: str) -> str:
    """Return a tag URI (RFC 4151) of ``host``; ``parts`` consist of letters, digits and dashes.

    >>> tag_uri("www.okx.com", "okx", "en", "20261122T060000Z")
    'tag:www.okx.com,2020:helpscraper/okx/en/20261122T060000Z'
    """
    return f"tag:{host},{_TAG_DATE}:helpscraper/{'/'.join(parts)}"


def atom(feed: AtomFeed) -> bytes:
    """Return ``feed`` as an XML document; equal feeds give equal bytes."""
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap=_NAMESPACES)
    root.set(f"{{{_XML}}}lang", feed.language)
    _add(root, "id", feed.id)
    _add(root, "title", terminal_safe(feed.title))
    _add(root, "updated", _instant(feed.updated))
    author = etree.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", feed.author)
    _add(root, "generator", "helpscraper")
    if feed.url:
        _add(root, "link", None, rel="self", type="application/atom+xml", href=feed.url)
    if feed.link:
        _add(root, "link", None, rel="alternate", href=feed.link)
    for entry in feed.entries:
        _entry(root, entry)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _entry(root: etree._Element, entry: AtomEntry) -> None:
    element = etree.SubElement(root, f"{{{_ATOM}}}entry")
    _add(element, "id", entry.id)
    _add(element, "title", terminal_safe(entry.title))
    _add(element, "updated", _instant(entry.at))
    _add(element, "published", _instant(entry.at))
    if entry.change:
        _add(element, "link", None, rel="alternate", type="text/html", href=entry.change)
    if entry.link:
        _add(element, "link", None, rel="related" if entry.change else "alternate", href=entry.link)
    for kind in entry.kinds:
        _add(element, "category", None, term=kind, scheme="urn:helpscraper:kind")
    if entry.section:
        _add(element, "category", None, term=entry.section, scheme="urn:helpscraper:section")
    change = f'<p><a href="{escape(entry.change)}">This change in the report</a></p>' if entry.change else ""
    content = _add(element, "content", entry.html + change, type="html")
    content.set(f"{{{_XML}}}lang", entry.language)


def _add(parent: etree._Element, name: str, text: str | None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    for attribute, value in attributes.items():
        element.set(attribute, xml_safe(value))
    element.text = None if text is None else xml_safe(text)
    return element


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry_html(
    fields: Sequence[tuple[str, str | None, str | None]],
    before: str | None,
    after: str | None,
    *,
    kinds: Sequence[str],
    dated: str | None,
    silent: bool,
    language: str,
) -> str:
    """Return the changes as HTML that needs no style sheet, with all text of the site escaped.

    ``before`` and ``after`` are the texts of a changed body (None: missing on that side).
    """
    parts = [f"<p>{_SENTENCES[kind]}</p>" for kind in kinds if kind in _SENTENCES]
    if silent:
        date = f"the site's date is still {escape(dated)}" if dated else "the site shows no date"
        parts.append(f"<p>The text changed; {date}.</p>")
    items = "".join(
        f"<li>{escape(name)}: {_tagged('del', old)} {_tagged('ins', new)}</li>" for name, old, new in fields
    )
    if items:
        parts.append(f"<ul>{items}</ul>")
    if before is not None or after is not None:
        words = word_diff(before or "", after or "", language)
        same = "<p>The words are the same: its links, pictures or formatting changed.</p>"
        html = to_html(words, context=1) if words else same
        long = "<p>The change is too long for a feed; the report shows it.</p>"
        parts.append(html if len(html) <= _LIMIT else long)
    return "".join(parts)


def _tagged(tag: str, text: str | None) -> str:
    return f'<{tag} dir="auto">{html_safe(text)}</{tag}>' if text else ""
