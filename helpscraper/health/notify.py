"""Notify a person once when the state of a crawl changes: refused, recovered, layout drift.

A separate process sends the message (``python -m helpscraper.health.notify`` reads it from standard input), because it
can be killed: a receiver that trickles bytes never hits a network timeout, and a thread would keep this process alive.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from helpscraper.errors import ArchiveError

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog
    from helpscraper.archive.run_facts import RunFacts

__all__ = ["deliver", "message", "notify_transition", "run_before"]

logger = logging.getLogger(__name__)

_BAD = {"refused", "failed"}


def message(facts: RunFacts, before: RunFacts | None) -> tuple[str, str] | None:
    """Return (title, text) when the state of this run differs from that of the run ``before``, else None.

    A second refusal gives a message only when other checks fail than before.
    """
    if facts.interrupted:
        return None
    name = f"helpscraper {facts.site}/{facts.locale}"
    bad, was_bad = _is_bad(facts), _is_bad(before)
    if bad:
        if before and was_bad and _causes(facts) == _causes(before):
            return None
        why = _failures(facts) or str(facts.reason or facts.error or "see the run facts")
        return (
            f"{name}: crawl {facts.outcome}",
            f"{why}\nRun {facts.run_id}; the last snapshot stays the newest.",
        )
    if was_bad:
        return f"{name}: recovered", f"Snapshot {facts.run_id} was committed."
    drift = _drift(facts)
    if drift and (before is None or drift != _drift(before)):
        return f"{name}: layout drift", "\n".join(sorted(drift))
    return None


def run_before(catalog: Catalog, partition: Partition, run_id: str) -> RunFacts | None:
    """Return the facts of the newest run before ``run_id`` that was not interrupted; None when there is none.

    Facts that cannot be read are logged and skipped.
    """
    for earlier in reversed([each for each in catalog.run_ids(partition) if each < run_id]):
        try:
            facts = catalog.run(partition, earlier)
        except ArchiveError as error:
            logger.warning("The facts of an earlier run cannot be read and are ignored: %s", error)
            continue
        if not facts.interrupted:
            return facts
    return None


def notify_transition(
    urls: Sequence[str], facts: RunFacts, before: RunFacts | None, seconds: float = 30.0
) -> bool:
    """Send the message of ``message``, if there is one, to every apprise URL; return whether all accepted it.

    A failure is logged, and the snapshot is committed all the same.
    """
    found = message(facts, before)
    return found is not None and bool(urls) and deliver(urls, *found, seconds) == set(urls)


def deliver(urls: Sequence[str], title: str, body: str, seconds: float = 30.0) -> set[str]:
    """Send one message to every apprise URL and return those that accepted it; a failure is logged.

    ``seconds`` bounds the delivery to all receivers together.
    """
    # Through standard input: the URLs hold passwords, and every user of the machine can read a command line.
    request = json.dumps({"urls": list(urls), "title": title, "body": body})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "helpscraper.health.notify"],
            input=request, capture_output=True, text=True, timeout=seconds, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        logger.warning(
            "The notification %r could not be delivered to every receiver in %g s (NOTIFY_TIMEOUT)",
            title,
            seconds,
        )
        answered = late.stdout or b""
        return _accepted(urls, answered.decode() if isinstance(answered, bytes) else answered)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]
        logger.warning("The notification %r could not be delivered to every receiver: %s", title, reason)
    return _accepted(urls, done.stdout)


def _accepted(urls: Sequence[str], answered: str) -> set[str]:
    """Return the URLs whose places the process that delivers has printed, each on a line of its own."""
    return {urls[int(line)] for line in answered.splitlines() if line.isdigit() and int(line) < len(urls)}


def _deliver() -> int:
    """Send the message on standard input, print the place of each receiver that accepted it; 0 when all did."""
    import apprise  # slow: it loads a hundred plugins

    request = json.loads(sys.stdin.read())

    def send(place: int) -> bool:
        receiver = apprise.Apprise()
        sent = bool(
            receiver.add(request["urls"][place])
            and receiver.notify(title=request["title"], body=request["body"])
        )
        if sent:
            sys.stdout.write(f"{place}\n")
            sys.stdout.flush()
        else:
            sys.stderr.write(f"receiver {place + 1} of NOTIFY_URLS did not accept it\n")
        return sent

    with ThreadPoolExecutor(max_workers=8) as pool:
        return 0 if all(list(pool.map(send, range(len(request["urls"]))))) else 1


def _is_bad(facts: RunFacts | None) -> bool:
    """Tell whether the run was refused or failed; a run that a person interrupted is neither."""
    return facts is not None and facts.outcome in _BAD and not facts.interrupted


def _causes(facts: RunFacts) -> set[str]:
    """Return the names of the failing checks; for a run that broke before its checks, the error."""
    failing = {check.check for check in facts.health if check.verdict == "fail"}
    return failing or {str(facts.error or facts.reason)}


def _drift(facts: RunFacts) -> set[str]:
    return {check.detail for check in facts.health if check.check == "layout" and check.verdict != "ok"}


def _failures(facts: RunFacts) -> str:
    grouped: dict[str, list[str]] = {}
    for check in facts.health:
        if check.verdict == "fail":
            grouped.setdefault(check.check, []).append(check.detail)
    return "\n".join(f"{cause}: {'; '.join(details)}" for cause, details in sorted(grouped.items()))


if __name__ == "__main__":
    sys.exit(_deliver())
