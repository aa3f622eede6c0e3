"""A small invented help centre on loopback, in the shapes of the real site: for the demo, tests and
benchmarks.

model, story     the articles and their life, in no language: state 0, and a round of changes a state
locales, bodies  how an edition writes dates and counts; bodies as HTML, rich text and plain text
truth            what a perfect crawl would hold, and what a perfect diff would say
render           a path in a state -> HTML (``templates/``) and its embedded JSON (``state_json``)
interface        the same articles as the site's JSON interface gives them
faults, server   the wire: a loopback server, and all that can go wrong on the way (``interface_faults``: there)

with SampleServer(layout="e3", articles=300) as server:
    ...                       # crawl server.url
    server.state = 1          # a week goes by
    server.faults.append(faults.Fault(faults.status(503), path="/help/section/*", times=2))
"""

from __future__ import annotations

from helpscraper.sample.faults import Fault
from helpscraper.sample.model import Options
from helpscraper.sample.server import Request, SampleServer
from helpscraper.sample.truth import Change, Record, expected_changes, truth, visible

__all__ = [
    "Change",
    "Fault",
    "Options",
    "Record",
    "Request",
    "SampleServer",
    "expected_changes",
    "truth",
    "visible",
]
