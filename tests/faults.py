"""Faults of the sample server: each function returns an action that replaces the reply of a healthy server.

server.faults.append(Fault(status(503), path="/help/section/*", times=2))
server.faults.append(Fault(hang(), probability=0.05, seed=7))
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from helpscraper.sample import Fault
from helpscraper.sample.replies import Action, PendingReply, Reply


def status(code: int) -> Action:
    """Answer ``code`` with a short page."""
    return lambda pending: replace(pending.reply, status=code, body=f"<h1>{code}</h1>".encode())


def too_many_requests(retry_after: int | str, code: int = 429) -> Action:
    """Answer 429 (or 503) with Retry-After in seconds, or as the HTTP date given."""
    return lambda pending: status(code)(pending).with_header("Retry-After", str(retry_after))


def reset() -> Action:
    """Close the connection with a TCP reset, without an answer."""
    return lambda pending: replace(pending.reply, delivery="reset")


def truncated(share: float = 0.5) -> Action:
    """Promise the whole body by Content-Length and send only ``share`` of it."""

    def act(pending: PendingReply) -> Reply:
        body = pending.reply.body
        return replace(pending.reply, declared=len(body), body=body[: int(len(body) * share)], encoded=True)

    return act


def truncated_gzip(share: float = 0.5) -> Action:
    """Send the first ``share`` of a gzip stream under a Content-Length that fits what is sent."""

    def act(pending: PendingReply) -> Reply:
        stream = gzip.compress(pending.reply.body, mtime=0)
        cut = replace(pending.reply, body=stream[: int(len(stream) * share)], encoded=True)
        return cut.with_header("Content-Encoding", "gzip")

    return act


def hang() -> Action:
    """Never answer."""
    return lambda pending: replace(pending.reply, delivery="hang")


def trickle(bytes_per_second: int = 200) -> Action:
    """Send the right page, slowly."""
    return lambda pending: replace(pending.reply, delivery="trickle", rate=bytes_per_second)


def wrong_charset(charset: str = "utf-16") -> Action:
    """Send the page in UTF-8 and call it ``charset``."""
    return lambda pending: pending.reply.with_header("Content-Type", f"text/html; charset={charset}")


def redirect(location: str, code: int = 302) -> Action:
    """Redirect to ``location``: another site, or an address inside (``http://10.0.0.1/``)."""
    return lambda pending: replace(pending.reply, status=code, body=b"").with_header("Location", location)


def elsewhere(locale: str = "en-us") -> Action:
    """Lead every page to the same one of another edition, which has no ``/page/1``, as visitors of a region are led."""

    def act(pending: PendingReply) -> Reply:
        target = pending.target
        if not target.startswith(f"/{locale}/"):
            return redirect(f"/{locale}{target[target.index('/help') :]}")(pending)
        first = target.endswith("/page/1")
        return redirect(target.removesuffix("/page/1"), 301)(pending) if first else pending.reply

    return act


def redirect_loop() -> Action:
    """Redirect every address to itself."""
    return lambda pending: redirect(pending.target)(pending)


def soft_404() -> Action:
    """Answer 200 with the page that says that there is none."""

    def act(pending: PendingReply) -> Reply:
        return replace(pending.server.healthy("/help/no-such-article"), status=200)

    return act


_CHALLENGE = b"""<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<div id="cf-browser-verification"><h1>Checking your browser</h1><noscript>Enable JavaScript to
continue</noscript></div> </body></html>"""


def challenge(code: int = 200) -> Action:
    """Answer the page of a bot check with 200 or 403."""
    return lambda pending: replace(pending.reply, status=code, body=_CHALLENGE)


def denied(code: int = 200) -> Action:
    """Answer "Access denied" as a page."""
    page = b"<html><head><title>Access denied</title></head><body><h1>Access denied</h1></body></html>"
    return lambda pending: replace(pending.reply, status=code, body=page)


def empty_listing() -> Action:
    """Answer a listing page whose list holds nothing, in state and markup."""
    return lambda pending: pending.server.healthy(pending.target, empty=True)


def another_page(number: int = 1) -> Action:
    """Answer a page of a listing with page ``number`` of it, whole and under the address that was asked for."""

    def act(pending: PendingReply) -> Reply:
        bare = pending.target.partition("/page/")[0]
        return pending.server.healthy(f"{bare}/page/{number}" if number > 1 else bare)

    return act


def empty_body() -> Action:
    """Answer 200 with no body."""
    return lambda pending: replace(pending.reply, body=b"")


def huge(size: int = 64 * 1024 * 1024) -> Action:
    """Send the page and then ``size`` bytes more of it, without a Content-Length."""
    return lambda pending: replace(pending.reply, delivery="huge", rate=size)


def broken_state() -> Action:
    """Cut the JSON of ``#appState`` in the middle and leave the page whole otherwise."""

    def act(pending: PendingReply) -> Reply:
        page = pending.reply.body
        start = page.find(b'id="appState">')
        end = page.find(b"</script>", start)
        if start < 0:
            return pending.reply
        return replace(pending.reply, body=page[: (start + end) // 2] + page[end:])

    return act


def layout_drift(key: str = "records") -> Action:
    """Serve the list under a JSON key that nobody knows, and the items under a class that nobody knows."""

    def act(pending: PendingReply) -> Reply:
        body = re.sub(
            rb'("articleList":\{[^\[]*?)"(?:items|list)":',
            rb'\1"' + key.encode() + rb'":',
            pending.reply.body,
        )
        return replace(pending.reply, body=body.replace(b"index_article", b"view_entry"))

    return act


def slug_with_dots(slug: str = "../../../etc/passwd") -> Action:
    """Put a slug that climbs out of its directory in place of the first article's, in state and markup."""

    def act(pending: PendingReply) -> Reply:
        body = pending.reply.body
        item = re.search(rb'articleLink[^>]*>|articleItem[^>]*href="', body)
        href = re.search(
            rb'<li class="[^"]*articleItem[^"]*"><a href="[^"]*/help/([a-z0-9-]+)"', body
        ) or re.search(rb'articleItem[^"]*" href="[^"]*/help/([a-z0-9-]+)"', body)
        if item is None or href is None:
            return pending.reply
        first = href.group(1)
        body = body.replace(b"/help/" + first + b'"', b"/help/" + slug.encode() + b'"')
        return replace(
            pending.reply, body=body.replace(b'"slug":"' + first + b'"', b'"slug":"' + slug.encode() + b'"')
        )

    return act


def shift() -> Action:
    """Put a new article at the top of its listings before answering, so that the others slide down by one.

    Give it ``times=1`` and ``skip=N`` to let it happen after the Nth listing request.
    """

    def act(pending: PendingReply) -> Reply:
        pending.server.extra += 1
        return pending.server.healthy(pending.target)

    return act


def mixture(seed: int, actions: Sequence[Action], places: Sequence[str]) -> list[Fault]:
    """Return a random set of faults over random ``places``, each a matter of luck and some for ever."""
    luck = Random(seed)
    return [
        Fault(
            luck.choice(actions), path=luck.choice(places), times=luck.choice((1, 2, 5, 20)), skip=luck.randrange(8),
            probability=luck.choice((0.05, 0.2, 1.0)), seed=seed + number,
        )
        for number in range(luck.randint(1, 5))
    ]  # fmt: skip
