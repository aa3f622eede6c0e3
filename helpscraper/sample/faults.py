"""Everything that goes wrong on the way: each fault is one small function from an exchange to the reply sent.

A ``Fault`` says which requests an action spoils. ``server.faults`` is a list; the first fault that matches
acts.

    server.faults.append(Fault(status(503), path="/help/section/*", times=2))
    server.faults.append(Fault(hang(), probability=0.05, seed=7))
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Literal

from helpscraper.sample.model import dice

if TYPE_CHECKING:
    from helpscraper.sample.server import SampleServer

__all__ = [
    "Action",
    "Exchange",
    "Fault",
    "Reply",
    "another_page",
    "broken_state",
    "challenge",
    "denied",
    "elsewhere",
    "empty_body",
    "empty_listing",
    "hang",
    "huge",
    "layout_drift",
    "redirect",
    "redirect_loop",
    "reset",
    "shift",
    "slug_with_dots",
    "soft_404",
    "status",
    "too_many_requests",
    "trickle",
    "truncated",
    "truncated_gzip",
    "wrong_charset",
]

Delivery = Literal["whole", "chunked", "bare", "reset", "hang", "trickle", "huge"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes over the wire. ``body`` is sent as it is; ``declared`` is a Content-Length that lies.

    ``bare`` is sent without a length, to the end of the connection.

    ``rate`` is bytes a second for ``trickle`` and the number of bytes for ``huge``.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    declared: int | None = None
    delivery: Delivery = "whole"
    rate: int = 0
    encoded: bool = False

    def with_header(self, name: str, value: str) -> Reply:
        """Return the reply with one header set."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request (``target`` is path and query, ``language`` its Accept-Language) and the ``reply`` that a healthy
    server would give.
    """

    server: SampleServer
    target: str
    reply: Reply
    language: str = ""


Action = Callable[[Exchange], Reply]


@dataclass(slots=True)
class Fault:
    """An action and the requests that it spoils.

    ``path`` is a glob over the request target; the first ``skip`` matches are spared, then at most ``times``
    are hit (None: all), each with ``probability`` (its dice are thrown from ``seed``). ``hits`` counts them.
    """

    action: Action
    path: str = "*"
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    skip: int = 0
    hits: int = 0
    _luck: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._luck = dice("fault", self.seed)

    def strikes(self, target: str) -> bool:
        """Tell whether this request is hit, and count it; the server calls it once a request, under its
        lock.
        """
        if not fnmatchcase(target, self.path) or (self.times is not None and self.hits >= self.times):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._luck.random() >= self.probability:
            return False
        self.hits += 1
        return True


def status(code: int) -> Action:
    """Answer ``code`` with a short page."""
    return lambda exchange: replace(exchange.reply, status=code, body=f"<h1>{code}</h1>".encode())


def too_many_requests(retry_after: int | str, code: int = 429) -> Action:
    """Answer 429 (or 503) with Retry-After in seconds, or as the HTTP date given."""
    return lambda exchange: status(code)(exchange).with_header("Retry-After", str(retry_after))


def reset() -> Action:
    """Close the connection with a TCP reset, without an answer."""
    return lambda exchange: replace(exchange.reply, delivery="reset")


def truncated(share: float = 0.5) -> Action:
    """Promise the whole body by Content-Length and send only ``share`` of it."""

    def act(exchange: Exchange) -> Reply:
        body = exchange.reply.body
        return replace(exchange.reply, declared=len(body), body=body[: int(len(body) * share)], encoded=True)

    return act


def truncated_gzip(share: float = 0.5) -> Action:
    """Send the first ``share`` of a gzip stream under a Content-Length that fits what is sent."""

    def act(exchange: Exchange) -> Reply:
        stream = gzip.compress(exchange.reply.body, mtime=0)
        cut = replace(exchange.reply, body=stream[: int(len(stream) * share)], encoded=True)
        return cut.with_header("Content-Encoding", "gzip")

    return act


def hang() -> Action:
    """Never answer."""
    return lambda exchange: replace(exchange.reply, delivery="hang")


def trickle(bytes_per_second: int = 200) -> Action:
    """Send the right page, slowly."""
    return lambda exchange: replace(exchange.reply, delivery="trickle", rate=bytes_per_second)


def wrong_charset(charset: str = "utf-16") -> Action:
    """Send the page in UTF-8 and call it ``charset``."""
    return lambda exchange: exchange.reply.with_header("Content-Type", f"text/html; charset={charset}")


def redirect(location: str, code: int = 302) -> Action:
    """Redirect to ``location``: another site, or an address inside (``http://10.0.0.1/``)."""
    return lambda exchange: replace(exchange.reply, status=code, body=b"").with_header("Location", location)


def elsewhere(locale: str = "en-us") -> Action:
    """Lead every page to the same one of another edition, which has no ``/page/1``, as visitors of a region are led."""

    def act(exchange: Exchange) -> Reply:
        target = exchange.target
        if not target.startswith(f"/{locale}/"):
            return redirect(f"/{locale}{target[target.index('/help') :]}")(exchange)
        first = target.endswith("/page/1")
        return redirect(target.removesuffix("/page/1"), 301)(exchange) if first else exchange.reply

    return act


def redirect_loop() -> Action:
    """Redirect every address to itself."""
    return lambda exchange: redirect(exchange.target)(exchange)


def soft_404() -> Action:
    """Answer 200 with the page that says that there is none."""

    def act(exchange: Exchange) -> Reply:
        return replace(exchange.server.healthy("/help/no-such-article"), status=200)

    return act


_CHALLENGE = b"""<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<div id="cf-browser-verification"><h1>Checking your browser</h1><noscript>Enable JavaScript to
continue</noscript></div> </body></html>"""


def challenge(code: int = 200) -> Action:
    """Answer the page of a bot check with 200 or 403."""
    return lambda exchange: replace(exchange.reply, status=code, body=_CHALLENGE)


def denied(code: int = 200) -> Action:
    """Answer "Access denied" as a page."""
    page = b"<html><head><title>Access denied</title></head><body><h1>Access denied</h1></body></html>"
    return lambda exchange: replace(exchange.reply, status=code, body=page)


def empty_listing() -> Action:
    """Answer a listing page whose list holds nothing, in state and markup."""
    return lambda exchange: exchange.server.healthy(exchange.target, empty=True)


def another_page(number: int = 1) -> Action:
    """Answer a page of a listing with page ``number`` of it, whole and under the address that was asked for."""

    def act(exchange: Exchange) -> Reply:
        bare = exchange.target.partition("/page/")[0]
        return exchange.server.healthy(f"{bare}/page/{number}" if number > 1 else bare)

    return act


def empty_body() -> Action:
    """Answer 200 with no body."""
    return lambda exchange: replace(exchange.reply, body=b"")


def huge(size: int = 64 * 1024 * 1024) -> Action:
    """Send the page and then ``size`` bytes more of it, without a Content-Length."""
    return lambda exchange: replace(exchange.reply, delivery="huge", rate=size)


def broken_state() -> Action:
    """Cut the JSON of ``#appState`` in the middle and leave the page whole otherwise."""

    def act(exchange: Exchange) -> Reply:
        page = exchange.reply.body
        start = page.find(b'id="appState">')
        end = page.find(b"</script>", start)
        if start < 0:
            return exchange.reply
        return replace(exchange.reply, body=page[: (start + end) // 2] + page[end:])

    return act


def layout_drift(key: str = "records") -> Action:
    """Serve the list under a JSON key that nobody knows, and the items under a class that nobody knows."""

    def act(exchange: Exchange) -> Reply:
        body = re.sub(
            rb'("articleList":\{[^\[]*?)"(?:items|list)":',
            rb'\1"' + key.encode() + rb'":',
            exchange.reply.body,
        )
        return replace(exchange.reply, body=body.replace(b"index_article", b"view_entry"))

    return act


def slug_with_dots(slug: str = "../../../etc/passwd") -> Action:
    """Put a slug that climbs out of its directory in place of the first article's, in state and markup."""

    def act(exchange: Exchange) -> Reply:
        body = exchange.reply.body
        item = re.search(rb'articleLink[^>]*>|articleItem[^>]*href="', body)
        href = re.search(
            rb'<li class="[^"]*articleItem[^"]*"><a href="[^"]*/help/([a-z0-9-]+)"', body
        ) or re.search(rb'articleItem[^"]*" href="[^"]*/help/([a-z0-9-]+)"', body)
        if item is None or href is None:
            return exchange.reply
        first = href.group(1)
        body = body.replace(b"/help/" + first + b'"', b"/help/" + slug.encode() + b'"')
        return replace(
            exchange.reply, body=body.replace(b'"slug":"' + first + b'"', b'"slug":"' + slug.encode() + b'"')
        )

    return act


def shift() -> Action:
    """Put a new article at the top of its listings before answering, so that the others slide down by one.

    Give it ``times=1`` and ``skip=N`` to let it happen after the Nth listing request.
    """

    def act(exchange: Exchange) -> Reply:
        exchange.server.extra += 1
        return exchange.server.healthy(exchange.target)

    return act
