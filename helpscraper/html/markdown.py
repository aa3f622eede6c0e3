"""The small rules of Markdown (CommonMark with GFM tables): what to escape, how to fence, how to write a link."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from helpscraper.urls import origin

__all__ = ["code_span", "escape", "escape_heading", "escape_lines", "fence", "link", "pictures", "web_url"]

_SPECIAL = re.compile(r"[\\`*_\[\]~]|<(?=[A-Za-z/!?])|&(?=#?[0-9A-Za-z]{1,32};)")
_PERHAPS = re.compile(r"[\\`*_\[\]~<&]")
# Marks of a list, a heading or a quote; lines that would be an underline, a rule or a table's second line.
_LINE_START = re.compile(r"(?:#{1,6}|[-+])(?=\s|$)|>|=(?=[= ]*$)|[-:|](?=[-:| ]*$)|(\d{1,9})(?=[.)](?:\s|$))")
_HASHES_AT_END = re.compile(r"(?<!\S)#+$")
_TICKS = re.compile(r"`+")
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]{1,32};)")
_URL_UNSAFE = {code: f"%{code:02X}" for code in (*range(33), 127, *b'()<>\\"`|')} | {
    ord(char): None for char in "\t\r\n"
}
_SCHEMES = frozenset(("http", "https", "mailto", "tel"))
# Most links of a body need no resolving, and skip ``urljoin``.
_SEGMENTS = r"(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"
_PLAIN_PATH = re.compile(f"{_SEGMENTS}+")
_PLAIN_URL = re.compile(rf"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+{_SEGMENTS}*")


def escape(text: str) -> str:
    r"""Return ``text`` with escapes for everything that would be markup inside a line.

    >>> escape("2*3 [a](b) <i>")
    '2\\*3 \\[a\\](b) \\<i>'
    """
    # A single character class is several times as fast to search as the full pattern.
    return _SPECIAL.sub(lambda found: "\\" + found[0], text) if _PERHAPS.search(text) else text


def escape_lines(text: str) -> str:
    r"""Return ``text`` with escapes for everything that would be a block mark at the start of a line.

    >>> escape_lines("1. one\n# two\n- three\n---")
    '1\\. one\n\\# two\n\\- three\n\\---'
    """
    if "\n" in text:
        return "\n".join(map(escape_lines, text.split("\n")))
    found = None if text[:1].isalpha() else _LINE_START.match(text)
    if found is None:
        return text
    number = found[1] or ""
    return f"{number}\\{text[len(number) :]}"


def escape_heading(text: str) -> str:
    r"""Return the line of a heading with escapes for hashes at its end.

    >>> escape_heading("Rule #"), escape_heading("C#")
    ('Rule \\#', 'C#')
    """
    return _HASHES_AT_END.sub(lambda found: "\\" + found[0], text) if text.endswith("#") else text


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def code_span(text: str) -> str:
    """Return ``text`` as inline code; the mark is longer than any run of backticks within.

    >>> code_span("a`b"), code_span("x")
    ('``a`b``', '`x`')
    """
    mark = "`" * (_longest_ticks(text) + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{mark}{pad}{text}{pad}{mark}"


def fence(text: str) -> str:
    """Return ``text`` as a fenced code block."""
    mark = "`" * max(3, _longest_ticks(text) + 1)
    return f"{mark}\n{text}\n{mark}"


def web_url(href: str | None, base: str) -> str | None:
    """Return ``href`` absolute against ``base``; None when it is no web, mail or telephone address.

    >>> web_url("/help/a", "https://x.example/help/b"), web_url("javascript:alert(1)", "https://x.example")
    ('https://x.example/help/a', None)
    """
    if href and (site := _site(origin(base))):
        if _PLAIN_PATH.fullmatch(href):
            return site + href
        if _PLAIN_URL.fullmatch(href):
            return href
    return _resolved(href, base)


# Cached by origin, because every page is another base.
@lru_cache(maxsize=64)
def _site(base: str) -> str:
    return (_resolved("/", base) or "").removesuffix("/")


def _resolved(href: str | None, base: str) -> str | None:
    try:
        absolute = urljoin(base, (href or "").strip())
        scheme = urlsplit(absolute).scheme.lower()
    except ValueError:
        return None
    return absolute if scheme in _SCHEMES and href else None


def link(label: str, url: str, plain: str) -> str:
    """Return a link; ``label`` is Markdown already, ``plain`` its text. A URL that is its own label is an
    autolink.

    >>> link("a", "https://x.example/a (1)", "a")
    '[a](https://x.example/a%20%281%29)'
    """
    safe = url.translate(_URL_UNSAFE)
    if _ENTITY.search(safe):
        safe = _ENTITY.sub(r"\\&", safe)
    return f"<{url}>" if url and plain == url == safe else f"[{label}]({safe})"


_FENCE = re.compile(r"(?:[ >]|- |\d{1,9}\. )*(`{3,})$")
_PICTURE_OR_TICKS = re.compile(r"\\.|(`+)|!\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)")


def pictures(markdown: str) -> list[str]:
    r"""Return the addresses of the pictures in the Markdown of a body, in order, without those in code.

    >>> pictures("![a](https://x.example/a.png) `![b](c)` \\![d](e)")
    ['https://x.example/a.png']
    """
    found: list[str] = []
    fenced = ""
    for line in markdown.split("\n"):
        if mark := _FENCE.match(line):
            fenced = "" if fenced == mark[1] else fenced or mark[1]
        if fenced or mark or "![" not in line:
            continue
        place = 0
        while match := _PICTURE_OR_TICKS.search(line, place):
            place = match.end()
            if match[1]:
                runs = (run for run in _TICKS.finditer(line, place) if run[0] == match[1])
                place = next((run.end() for run in runs), place)
            elif match[2]:
                found.append(match[2])
    return found
