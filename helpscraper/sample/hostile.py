"""What a hostile page would carry: script, spreadsheet formulas and bidi controls in every field."""

from __future__ import annotations

from markupsafe import Markup

__all__ = ["HOSTILE_HTML", "HOSTILE_TEXT", "hostile_title"]

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

HOSTILE_TEXT = "Press here =1+1"
"""What a reader sees of ``HOSTILE_HTML``."""

HOSTILE_HTML = Markup(
    '<p onclick="window.__xss=1"><a href="javascript:window.__xss=1">Press here</a> =1+1'
    '<img src="x" onerror="window.__xss=1"><svg onload="window.__xss=1"></svg></p>'
    "<script>window.__xss=1</script><style>body{display:none}</style>"
    '<iframe srcdoc="&lt;script&gt;parent.__xss=1&lt;/script&gt;"></iframe>'
    '<form action="http://192.0.2.1/"><input name="q" autofocus onfocus="window.__xss=1"></form>'
)


def hostile_title(title: str, key: int) -> str:
    """Wrap ``title`` in one of the payloads; ``key`` chooses which."""
    return _TITLES[key % len(_TITLES)].format(title).replace("\u0000", "")
