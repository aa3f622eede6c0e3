"""Replies of the sample server, and faults: functions that replace a reply for some requests.

server.faults.append(Fault(lambda pending: replace(pending.reply, status=503), path="/help/section/*", times=2))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Literal

from helpscraper.sample.model import seeded_random

if TYPE_CHECKING:
    from helpscraper.sample.server import SampleServer

__all__ = ["Action", "Delivery", "Fault", "PendingReply", "Reply"]

Delivery = Literal["whole", "chunked", "bare", "reset", "hang", "trickle", "huge"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response to send. ``declared`` is a false Content-Length; ``rate`` is the number of bytes: per second for
    ``trickle``, in all for ``huge``. ``bare`` is sent without a length.
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
class PendingReply:
    """A request (``target``: path and query, ``language``: Accept-Language) and the ``reply`` without faults."""

    server: SampleServer
    target: str
    reply: Reply
    language: str = ""


Action = Callable[[PendingReply], Reply]


@dataclass(slots=True)
class Fault:
    """An action, and the requests whose reply it replaces.

    ``path`` is a glob for the request target. The first ``skip`` matches are spared, then at most ``times`` are hit
    (None: all), each with ``probability`` (random numbers from ``seed``). ``hits`` counts them.
    """

    action: Action
    path: str = "*"
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    skip: int = 0
    hits: int = 0
    _rng: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = seeded_random("fault", self.seed)

    def hits_request(self, target: str) -> bool:
        """Tell whether the request is hit, and count it; called once for each request, under the server's lock."""
        if not fnmatchcase(target, self.path) or (self.times is not None and self.hits >= self.times):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._rng.random() >= self.probability:
            return False
        self.hits += 1
        return True
