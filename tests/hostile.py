"""Hostile content for the sample site: scripts, spreadsheet formulas and bidi controls in every field."""

from __future__ import annotations

from markupsafe import Markup

from helpscraper.sample.model import Attack

_TITLES = (
    "<script>window.__xss=1</script>{}",
    '"><img src=x onerror="window.__xss=1">{}',
    '=HYPERLINK("http://192.0.2.1/","{}")',
    "+1+cmd|' /C calc'!A0 {}",
    "@SUM(1+1)*{}",
    "-2+3 {}",
    "\u202e{}\u202c",
    "{}\u200b\u2066\u0000javascript:window.__xss=1",
    "{{{{7*7}}}} ${{7*7}} {}",
    "]]></title><svg onload=window.__xss=1>{}",
)

_TEXT = "Press here =1+1"
"""The visible text of ``_HTML``."""

_HTML = Markup(
    '<p onclick="window.__xss=1"><a href="javascript:window.__xss=1">Press here</a> =1+1'
    '<img src="x" onerror="window.__xss=1"><svg onload="window.__xss=1"></svg></p>'
    "<script>window.__xss=1</script><style>body{display:none}</style>"
    '<iframe srcdoc="&lt;script&gt;parent.__xss=1&lt;/script&gt;"></iframe>'
    '<form action="http://192.0.2.1/"><input name="q" autofocus onfocus="window.__xss=1"></form>'
)


def _title(title: str, key: int) -> str:
    """Wrap ``title`` in one of the payloads; ``key`` chooses which."""
    return _TITLES[key % len(_TITLES)].format(title).replace("\u0000", "")


HOSTILE = Attack(_title, _HTML, _TEXT)
