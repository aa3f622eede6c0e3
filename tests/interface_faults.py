"""Faults of the JSON interface only; those of ``faults`` work for it too.

server.faults.append(Fault(interface_faults.wrong_total(2), path=f"{INTERFACE}/search/*"))
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from helpscraper.sample.render import SampleSite
from helpscraper.sample.replies import Action, PendingReply, Reply

__all__ = [
    "another_region",
    "made_up_row",
    "page_repeated",
    "renamed_member",
    "rows_left_out",
    "stale_times",
    "wrong_total",
]


def _changed(change: Callable[[dict[str, Any]], None]) -> Action:
    """Return an action that applies ``change`` to the data of an answer with articles."""

    def act(pending: PendingReply) -> Reply:
        said = json.loads(pending.reply.body)
        change(said["data"])
        return replace(pending.reply, body=json.dumps(said).encode())

    return act


def renamed_member(before: str = "list", after: str = "records") -> Action:
    """Give the data's member ``before`` another name."""

    def change(data: dict[str, Any]) -> None:
        data[after] = data.pop(before)

    return _changed(change)


def wrong_total(more: int) -> Action:
    """State ``more`` articles than there are."""

    def change(data: dict[str, Any]) -> None:
        data["total"] += more

    return _changed(change)


def rows_left_out(count: int = 1, *, total: bool = False) -> Action:
    """Leave out the first ``count`` articles; with ``total`` they are not counted either."""

    def change(data: dict[str, Any]) -> None:
        del data["list"][:count]
        data["total"] -= count * total

    return _changed(change)


def made_up_row(slug: str = "never-written") -> Action:
    """Add, and count, an article that the site does not have."""

    def change(data: dict[str, Any]) -> None:
        data["list"].append(data["list"][-1] | {"slug": slug, "url": f"/help/{slug}"})
        data["total"] += 1

    return _changed(change)


def another_region(prefix: str = "en-sg") -> Action:
    """Answer with articles of the edition ``prefix``."""

    def change(data: dict[str, Any]) -> None:
        for row in data["list"]:
            row["url"] = f"/{prefix}/help/{row['slug']}"

    return _changed(change)


def stale_times(state: int = 0) -> Action:
    """State the update times of an earlier ``state`` of the site."""

    def act(pending: PendingReply) -> Reply:
        server = pending.server
        earlier = SampleSite(server.options, state, base_url=server.url)
        before = json.loads(earlier.page(pending.target, language=pending.language).text)["data"]["list"]
        times = {row["slug"]: row["updateTime"] for row in before}

        def change(data: dict[str, Any]) -> None:
            for row in data["list"]:
                row["updateTime"] = times.get(row["slug"], row["updateTime"])

        return _changed(change)(pending)

    return act


def page_repeated(*, admitted: bool = False) -> Action:
    """Answer every page with the articles of the first one; only if ``admitted``, its number is stated."""

    def act(pending: PendingReply) -> Reply:
        path, _, query = pending.target.partition("?")
        asked = dict(pair.partition("=")[::2] for pair in query.split("&"))
        first = pending.server.healthy(
            f"{path}?{urlencode(asked | {'page': '1'})}", language=pending.language
        )

        def change(data: dict[str, Any]) -> None:
            data["pageNum"] = 1 if admitted else int(asked["page"])

        return _changed(change)(replace(pending, reply=first))

    return act
