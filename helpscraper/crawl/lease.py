"""The lock of an edition across machines: a small file beside the archive that its holder renews by compare-and-swap.

The holder renews the file every quarter of ``seconds``. Another worker takes it over only after it has seen the same
version twice, ``seconds`` apart by its own clock; the holder stops when ``seconds`` have passed since its last renewal
began. So the one ends before the other begins, without comparing two clocks. Clocks are compared only to choose
between an exit at once and that wait.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import uuid4

from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError, LeaseLostError, LockHeldError

__all__ = ["LEASE_SECONDS", "Holder", "Kept", "Lease"]

logger = logging.getLogger(__name__)

LEASE_SECONDS = 300.0

_RENEWALS = 4
# A worker that loses the swap this often meets workers that start and end all the time.
_TRIES = 5
_LONGEST_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """An unfinished crawl: the id of its ledger, and the path of the newest copy in the archive, if any."""

    ledger: str
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """The contents of the file; ``beat`` counts the renewals, so that each version differs.

    ``token`` names one holding. ``held`` is False after a crawl that ended early, whose state is ``kept``.
    """

    token: str
    work: str
    pid: int
    host: str
    started_at: str
    renewed_at: str
    seconds: float
    beat: int = 0
    held: bool = True
    kept: Kept | None = None

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, started {self.started_at}"

    @property
    def left(self) -> Kept | None:
        """The unfinished crawl: before its first renewal a crawl names no ledger, whose id is its token."""
        return self.kept or (Kept(self.token) if self.held and self.work == "crawl" else None)

    def dump(self) -> bytes:
        """Return the file's contents."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def parse(cls, data: bytes) -> Holder:
        """Return the holder that the file names; raises ``ValueError`` for other contents."""
        try:
            found: dict[str, Any] = json.loads(data)
            kept = found.pop("kept")
            holder = cls(**found, kept=None if kept is None else Kept(**kept))
            if not 0 < holder.seconds <= _LONGEST_SECONDS:
                raise ValueError(f"{holder.seconds} seconds")
            if dt.datetime.fromisoformat(holder.renewed_at).tzinfo is None:
                raise ValueError(f"{holder.renewed_at} has no time zone")
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(str(error)) from error
        return holder


def uptime() -> float:
    """Return the seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Lease:
    """The file at ``path``, held by this process from ``acquire`` to ``release`` and renewed by a thread.

    ``now`` is the calendar, ``clock`` and ``sleep`` count seconds; tests replace them.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        work: str,
        seconds: float = LEASE_SECONDS,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        clock: Callable[[], float] = uptime,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store, self._path, self._seconds = store, path, seconds
        self._now, self._clock, self._sleep = now, clock, sleep
        at = self._stamp()
        self._holder = Holder(
            uuid4().hex,
            work,
            os.getpid(),
            socket.gethostname(),
            started_at=at,
            renewed_at=at,
            seconds=seconds,
        )
        self._etag = ""
        self._renewed = 0.0
        self._lost: str | None = None
        self._trouble = ""
        self._one_at_a_time = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self.before: Holder | None = None
        """The holder whose lease was taken over, or whose unfinished crawl is ``kept``."""

    @property
    def token(self) -> str:
        """The name of this holding."""
        return self._holder.token

    @property
    def kept(self) -> Kept | None:
        """The state that the next holder finds; inherited from the one before."""
        return self._holder.kept

    def acquire(self, *, dead: str | None = None) -> None:
        """Take the lease and begin to renew it; ``dead`` is the token of a holder that is known to have ended.

        Waits up to the time to live of a lease that seems to be abandoned. Raises ``LockHeldError`` while another
        process holds it, and ``ArchiveError``.
        """
        for _ in range(_TRIES):
            if self._swapped(self._holder, None):
                break
            found = self._read()
            if found is None:
                continue
            holder, etag = found
            if holder.held and holder.token != dead and not self._is_dead(holder, etag):
                raise self._held_by(holder)
            if self._swapped(replace(self._holder, kept=holder.left), etag):
                self.before = holder
                break
        else:
            raise self._held_by(None)
        self._thread = threading.Thread(target=self._keep_renewing, name="lease", daemon=True)
        self._thread.start()

    def note(self, kept: Kept | None) -> None:
        """Name the state that the next holder finds, from the next renewal or the release on."""
        with self._one_at_a_time:
            self._holder = replace(self._holder, kept=kept)

    def confirm(self) -> None:
        """Renew the lease now; raises ``LeaseLostError`` when another process has it, and ``ArchiveError``."""
        with self._one_at_a_time:
            if self.lost is None:
                self._renew()
            if (why := self.lost) is not None:
                raise self.lost_error(why)

    @property
    def lost(self) -> str | None:
        """Why this process must stop, None while it holds the lease. Costs no request."""
        if self._lost is None and (silent := self._clock() - self._renewed) >= self._seconds:
            self._lost = f"it could not be renewed for {silent:.0f} s{self._trouble}"
        return self._lost

    def lost_error(self, why: str) -> LeaseLostError:
        """Return the error for a lease that was lost."""
        return LeaseLostError(
            f"{self._store.url(self._path)}: the lease is lost: {why}",
            advice="another worker may go on with this site and locale: run again later",
        )

    def release(self) -> None:
        """Give the lease up: the file goes, or names the ``kept`` state. A lost lease is left alone."""
        if self._thread is None:
            return
        self._end.set()
        with self._one_at_a_time:
            self._thread = None
            if self.lost is not None:
                return
            try:
                if not self._removed():
                    self._swapped(self._next(held=False), self._etag)
            except ArchiveError as error:
                logger.warning("The lease could not be released, it ends by itself: %s", error.message)

    def _removed(self) -> bool:
        """Remove the file, unless it names a crawl to go on with; a bucket may allow no removal."""
        if self.kept is None:
            with contextlib.suppress(ArchiveError):
                return self._store.remove_if_match(self._path, self._etag)
        return False

    # ---- renewal

    def _keep_renewing(self) -> None:
        while not self._end.wait(self._seconds / _RENEWALS):
            with self._one_at_a_time:
                if self._end.is_set() or self.lost is not None:
                    return
                try:
                    self._renew()
                except ArchiveError as error:
                    self._trouble = f" ({error.message})"
                    logger.warning("The lease could not be renewed, trying again: %s", error.message)

    def _renew(self) -> None:
        """Write the next version, or note that the lease is lost."""
        for _ in range(_TRIES):
            if self._swapped(self._next(), self._etag):
                return
            # A put whose answer was lost may have arrived later, and is a version of our own then.
            found = self._read()
            if found is None or found[0].token != self.token:
                self._lost = "its file is gone" if found is None else f"{found[0]} has taken it over"
                return
            self._holder, self._etag = replace(self._holder, beat=found[0].beat), found[1]

    def _next(self, *, held: bool = True) -> Holder:
        return replace(self._holder, renewed_at=self._stamp(), beat=self._holder.beat + 1, held=held)

    def _swapped(self, holder: Holder, etag: str | None) -> bool:
        begun = self._clock()
        made = self._store.put_if_match(self._path, holder.dump(), etag)
        if made is None:
            return False
        self._holder, self._etag, self._renewed = holder, made, begun
        return True

    # ---- the other holder

    def _read(self) -> tuple[Holder, str] | None:
        found = self._store.read_with_etag(self._path)
        if found is None:
            return None
        try:
            return Holder.parse(found[0]), found[1]
        except ValueError as error:
            raise ArchiveError(
                f"{self._store.url(self._path)}: this is no lease: {error}",
                advice="if no machine works on this site and locale, remove the file",
            ) from error

    def _is_dead(self, holder: Holder, etag: str) -> bool:
        """Tell whether the version ``etag`` stays for its time to live by this machine's clock, or is given up.

        Not asked of a lease that was renewed a moment ago by its own account: its holder is at work or died just now,
        and the next try of a schedule comes later anyway.
        """
        if abs(self._age(holder)) <= holder.seconds:
            return False
        logger.warning(
            "The lease of %s was renewed at %s for the last time, by its own clock; waiting up to %.0f s to see whether"
            " it is abandoned.", holder, holder.renewed_at, holder.seconds,
        )  # fmt: skip
        begun = self._clock()
        while (left := begun + holder.seconds - self._clock()) > 0:
            self._sleep(min(left, holder.seconds / _RENEWALS))
            now = self._read()
            if now is None or now[1] != etag:
                return now is None or not now[0].held
        return True

    def _age(self, holder: Holder) -> float:
        return (self._now() - dt.datetime.fromisoformat(holder.renewed_at)).total_seconds()

    def _held_by(self, holder: Holder | None) -> LockHeldError:
        who = (
            "others"
            if holder is None
            else f"{holder}, renewed {self._age(holder):.0f} s ago by its own clock"
        )
        work = self._holder.work if holder is None else holder.work
        return LockHeldError(
            f"{self._store.url(self._path)}: another {work} of this site and locale is running: {who}",
            advice="wait for it to end; the lease of a worker that died is taken over, so there is nothing to delete",
        )

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")
