"""A small invented help centre on loopback that looks like the real site, for the demo, tests and benchmarks.

model            articles without a language, and the options of a site
new_articles     make articles
story, rounds    state 0 of the site, and a round of changes for each later state
locales, bodies  dates, counts and words of each locale; bodies as HTML, rich text and plain text
truth            the expected rows of a crawl, and the expected changes between two states
render, edition  the page of a path in a state: HTML (``templates/``, ``look``, ``pager``) and JSON (``state_json``)
zendesk, intercom, binance, bybit, gitbook, document360, generic  the same help centre on other platforms
interface        the same articles in the site's JSON interface
server, replies  a loopback server, and faults that replace its replies

with SampleServer(layout="e3", articles=300) as server:
    ...                       # crawl server.url
    server.state = 1          # a week later
"""

from __future__ import annotations

from helpscraper.sample.model import Options
from helpscraper.sample.replies import Fault
from helpscraper.sample.server import Request, SampleServer
from helpscraper.sample.truth import Change, ExpectedArticle, expected_changes, truth, visible

__all__ = [
    "Change",
    "ExpectedArticle",
    "Fault",
    "Options",
    "Request",
    "SampleServer",
    "expected_changes",
    "truth",
    "visible",
]
