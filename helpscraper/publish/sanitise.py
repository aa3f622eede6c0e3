"""Remove everything unsafe from an article's HTML and its URLs.

A page on disk can do more harm than one on the web, so scripts, forms, styles, ids and elements that load files are
removed. Pictures are replaced by their descriptions.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import nh3

__all__ = ["clean_html", "safe_url"]

_TAGS = {
    "a", "abbr", "b", "bdi", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "div", "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
_DROPPED = {
    "button", "canvas", "embed", "form", "frame", "frameset", "iframe", "math", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "title", "video", "audio",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href"},
    "img": {"alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto"}
_IMAGE = re.compile(r'<img(?: alt="([^"]*)")?>')
_TWICE = re.compile(r"(<a [^>]*>[^<]*</a>)(?:\s*\1)+")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)
_DIRECTIONS = {"ltr", "rtl", "auto"}


def clean_html(html: str, base: str) -> str:
    """Return ``html`` made safe for a page of the report; relative links are resolved against ``base``.

    >>> clean_html('<p onclick="x()">Hi <a href="javascript:x()">you</a><img src=x onerror=x()></p>', "https://a.example/")
    '<p>Hi <a rel="noopener noreferrer">you</a><span class="picture">picture</span></p>'
    """
    base = safe_url(base) or ""
    # h1 is not allowed, because the page has its own; its text is kept.
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
        url_relative=("rewrite_with_base", base) if base else "deny",
    )
    # Text and attributes hold no raw < now, so each match is a tag. A link right after the same link is left out, and a
    # picture is named as one, because its description often repeats the link before it.
    once = _TWICE.sub(r"\1", cleaned)
    return _IMAGE.sub(
        lambda match: f'<span class="picture">picture{f": {match[1]}" if match[1] else ""}</span>', once
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Drop invalid attribute values."""
    match name:
        case "colspan" | "rowspan" | "start":
            return value if value.isascii() and value.isdigit() and len(value) < 4 else None
        case "dir":
            return value if value in _DIRECTIONS else None
        case "lang":
            return value if _LANGUAGE.fullmatch(value) else None
        case _:
            return value.replace("<", "").replace(">", "")[:2000]


def safe_url(url: str | None) -> str | None:
    """Return ``url`` if it is an absolute http or https URL, else None.

    >>> safe_url("javascript:alert(1)"), safe_url("https://help.example/a")
    (None, 'https://help.example/a')
    """
    if not url or any(ord(c) <= 32 for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None
