"""Read elements by their attributes: pictures, films, frames, scrambled mail, hidden parts. No script runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from helpscraper.html.base import collapse
from helpscraper.html.markdown import escape, link, web_url

__all__ = ["embedded", "is_hidden", "is_set_apart", "is_visible", "link_target", "mail_address", "picture"]

# Scripts that load pictures late keep the address here; the ``src`` beside it is a placeholder.
_LATE = ("data-original", "data-lazy", "data-lazyload", "data-url")
_WIDTH = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)[wx]")
_MAIL_PATH = "/cdn-cgi/l/email-protection"
_MAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_MAX_STYLE = 2_000
_COMMENT = re.compile(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/")
_ON_ITS_OWN_LINE = frozenset(("block", "flex", "grid", "table", "list-item", "flow-root"))
_MAX_SET = 20_000
_SOURCES = 40


def is_hidden(node: etree._Element) -> bool:
    """Tell whether the element's own attributes hide it: ``hidden``, or its style. Style sheets are not read."""
    stated = _style(node)
    if stated.get("display") == "none" or stated.get("visibility") == "collapse":
        return True
    if "display" in stated:
        return False
    closed = node.tag == "dialog" and node.get("open") is None
    return closed or node.get("hidden") is not None or node.get("popover") is not None


def is_set_apart(node: etree._Element) -> bool:
    """Tell whether the element's own style makes it a block."""
    return _style(node).get("display") in _ON_ITS_OWN_LINE


def is_visible(node: etree._Element) -> bool | None:
    """Return whether the element's own style makes it visible; None where it inherits its visibility.

    An invisible element may hold visible ones.
    """
    return {"hidden": False, "visible": True, "initial": True}.get(_style(node).get("visibility", ""))


def _style(node: etree._Element) -> dict[str, str]:
    """Return the effective declarations of the element's ``style``: important ones win, then later ones."""
    style = node.get("style")
    if not style or len(style) > _MAX_STYLE:
        return {}
    stated: dict[str, str] = {}
    important: dict[str, str] = {}
    for declaration in _COMMENT.sub(" ", style.lower()).split(";"):
        name, _, value = declaration.partition(":")
        value, mark, rest = value.partition("!")
        if mark and rest.strip() != "important":
            continue
        (important if mark else stated)[name.strip()] = value.strip()
    return stated | important


def mail_address(scrambled: str | None) -> str | None:
    """Return the mail address that Cloudflare scrambled into hex digits; None when it is no address.

    The first byte is the key; each other byte was XORed with it. The key differs in each answer.

    >>> mail_address("2b434e475b6b53054e534a465b474e"), mail_address("1a2b3c4d")
    ('help@x.example', None)
    """
    try:
        data = bytes.fromhex((scrambled or "")[:2_000])
        plain = bytes(byte ^ data[0] for byte in data[1:]).decode()
    except (ValueError, IndexError):
        return None
    return plain if plain.isprintable() and _MAIL.match(plain) else None


def link_target(node: etree._Element, base_url: str) -> str | None:
    """Return the absolute address of an ``a``; None when it is no web, mail or telephone address."""
    href = node.get("href")
    if href and _MAIL_PATH in href:
        before, _, scrambled = href.partition("#")
        address, question, rest = scrambled.partition("?")
        mail = mail_address(address)
        # The scrambled form differs in each answer.
        href = f"mailto:{mail}{question}{rest}" if mail else before
    return web_url(href, base_url)


def picture(node: etree._Element, base_url: str) -> str | None:
    """Return the Markdown of an ``img``; None when it has neither an address nor an ``alt``."""
    # Some pages state "#" until a script knows the address.
    hrefs = (href for href in _addresses(node) if href and not href.lstrip().startswith("#"))
    url = next((url for href in hrefs if (url := web_url(href, base_url))), "")
    alt = collapse(node.get("alt") or "")
    return f"![{escape(alt)}]{link('', url, '')[2:]}" if url or alt else None


def _addresses(node: etree._Element) -> Iterator[str | None]:
    """Yield possible addresses of an ``img``, the likeliest first."""
    yield from map(node.get, _late_sources(node))
    late = (name for name in map(str, node.attrib) if name.startswith("data-"))
    yield from (_largest(node.get(name)) for name in late if name.endswith("srcset"))
    yield node.get("src")
    yield _largest(node.get("srcset"))
    # The parser does not end a ``source``, so the following elements become its children.
    around = next((each for each in islice(node.iterancestors(), _SOURCES) if each.tag != "source"), None)
    if around is not None and around.tag == "picture":
        for source in _sources(around):
            yield _largest(source.get("srcset") or source.get("data-srcset"))
    # For browsers without scripts, a ``noscript`` follows with the picture.
    behind = node.getnext()
    if behind is not None and behind.tag == "noscript" and not (node.tail or "").strip():
        for img in behind.iter("img"):
            yield img.get("src")


def _sources(around: etree._Element) -> Iterator[etree._Element]:
    """Yield the ``source`` elements among the first elements within ``around``."""
    return (each for each in islice(around.iterdescendants(), _SOURCES) if each.tag == "source")


def _late_sources(node: etree._Element) -> list[str]:
    """Return the names of the attributes that hold a late-loaded address."""
    names = (name for name in map(str, node.attrib) if name.startswith("data-"))
    return [name for name in names if name.endswith("src") or name in _LATE]


def _largest(candidates: str | None) -> str | None:
    """Return the address of the widest picture of a ``srcset``.

    >>> _largest("/a.png 1x,/b.png 2x, /c,d.png")
    '/b.png'
    """
    found = list(_candidates(candidates.split())) if candidates and len(candidates) <= _MAX_SET else []
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _candidates(words: list[str]) -> Iterator[tuple[float, str]]:
    url = ""
    for word in words:
        if url:
            # "2x,/next.png" holds a width and the next address.
            width, _, following = word.partition(",")
            stated = _WIDTH.fullmatch(width)
            yield float(stated[1]) if stated else 1.0, url
            url = following
        else:
            url = word.lstrip(",")
        if url.endswith(","):
            yield 1.0, url.rstrip(",")
            url = ""
    if url:
        yield 1.0, url


def embedded(node: etree._Element, base_url: str) -> str | None:
    """Return the Markdown of a link to a film, a sound or a frame; None without an address of its own."""
    sources = (node, *_sources(node))
    hrefs = (each.get(name) for each in sources for name in (*_late_sources(each), "src", "data"))
    url = next((url for href in hrefs if (url := web_url(href, base_url))), None)
    if url is None:
        return None
    title = collapse(node.get("title") or node.get("aria-label") or "")
    return link(escape(title or url), url, title or url)
