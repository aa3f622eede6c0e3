"""Texts of a hostile site, for every field that a page shows."""

# ruff: noqa: E501  (payloads read better whole)
from __future__ import annotations

from typing import Any

from helpscraper.sample.truth import ExpectedArticle

PAYLOAD = (
    '</script><script>window.__xss=1</script><img src=x onerror="window.__xss=1">\'"><svg onload=window.__xss=1>'
    '<a href="javascript:window.__xss=1">x</a>${window.__xss=1}{{window.__xss=1}}\u2028<!--<script>'
)
"""For every field that a page shows."""

BODY = (
    '<p onclick="window.__xss=1"><a href="javascript:window.__xss=1">a</a><a href=" java\tscript:window.__xss=1">b</a>'
    '<a href="data:text/html,<script>window.__xss=1</script>">c</a><img src="http://192.0.2.1/x.png" alt="<img src=x '
    'onerror=window.__xss=1>"><img src=x onerror="window.__xss=1"><svg onload="window.__xss=1"><script>window.__xss=1'
    '</script></svg></p><script>window.__xss=1</script><style>@import "http://192.0.2.1/x.css";body{display:none}</style>'
    '<iframe srcdoc="&lt;script&gt;parent.__xss=1&lt;/script&gt;"></iframe><form action="http://192.0.2.1/"><input autofocus '
    'onfocus="window.__xss=1"></form><meta http-equiv="refresh" content="0;url=http://192.0.2.1/"><base href="http://192.0.2.1/">'
    '<link rel="stylesheet" href="http://192.0.2.1/x.css"><video autoplay src="http://192.0.2.1/x.mp4" onerror="window.__xss=1">'
    '</video><math><mtext><table><mglyph><style><img src=x onerror="window.__xss=1"></style></mglyph></table></mtext></math>'
    '<p id="data" class="word-diff" style="background:url(http://192.0.2.1/y.png)" dir="rtl" lang="ar">d</p>'
    '<template><script>window.__xss=1</script></template><details open ontoggle="window.__xss=1">e</details>'
)


def fields(record: ExpectedArticle) -> dict[str, Any]:
    """The columns of an article, each with the payload in it."""
    return {
        "url": "javascript:window.__xss=1" if record.key % 2 else f"https://help.example/{PAYLOAD}",
        "title": f"{record.title} {PAYLOAD}",
        "category_title": PAYLOAD,
        "section_title": f"{record.section_title} {PAYLOAD}",
        "article_id": f"../../{record.slug}{PAYLOAD}" if record.key % 3 else record.slug,
        "snippet": PAYLOAD,
        "language": PAYLOAD,
    }
