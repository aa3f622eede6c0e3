"""Telling a person, once, when the state of a crawl changes: refused, recovered, layout drift.

A message is sent by a process of its own (``python -m helpscraper.health.notify``, which reads it from standard input):
a receiver that answers a byte at a time keeps every timeout of the network happy, and a thread that waits for it would
keep this process from ending. A process can be killed when its time is over.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpscraper.errors import ArchiveError

if TYPE_CHECKING:
    from helpscraper.archive.layout import Partition
    from helpscraper.archive.reader import Catalog
    from helpscraper.archive.run_facts import RunFacts

__all__ = ["message", "notify_transition", "run_before"]

logger = logging.getLogger(__name__)

_BAD = {"refused", "failed"}


def message(facts: RunFacts, before: RunFacts | None) -> tuple[str, str] | None:
    """Return (title, text) when this run differs in kind from the one before it, else None.

    A second refusal for the same causes says nothing new; one for other causes does. Causes are the names of the
    failing checks, so many pages that fail alike make one line.
    """
    if facts.interrupted:
        return None
    name = f"helpscraper {facts.site}/{facts.locale}"
    bad, was_bad = _is_bad(facts), _is_bad(before)
    if bad:
        if before and was_bad and _causes(facts) == _causes(before):
            return None
        why = _text(facts, "fail") or str(facts.reason or facts.error or "see the run facts")
        return (
            f"{name}: crawl {facts.outcome}",
            f"{why}\nRun {facts.run_id}; the snapshot before it stands.",
        )
    if was_bad:
        return f"{name}: recovered", f"Snapshot {facts.run_id} was committed."
    drift = _drift(facts)
    if drift and (before is None or drift != _drift(before)):
        return f"{name}: layout drift", "\n".join(sorted(drift))
    return None


def run_before(catalog: Catalog, partition: Partition, run_id: str) -> RunFacts | None:
    """Return the facts of the run that ``run_id`` is compared with, None when there is none.

    That is the newest one before it that ended by itself: one that a person interrupted says nothing about the site,
    so what was told before it still stands. Facts that cannot be read are named in the log and left aside.
    """
    for earlier in reversed([each for each in catalog.run_ids(partition) if each < run_id]):
        try:
            facts = catalog.run(partition, earlier)
        except ArchiveError as error:
            logger.warning("The facts of an earlier run are left aside: %s", error)
            continue
        if not facts.interrupted:
            return facts
    return None


def notify_transition(
    urls: Sequence[str], facts: RunFacts, before: RunFacts | None, seconds: float = 30.0
) -> bool:
    """Send the message of ``message``, if there is one, to every apprise URL; returns whether all of them took it.

    Receivers have ``seconds`` in all. One that cannot be reached, or not in that time, is logged; it never costs the
    snapshot.
    """
    what = message(facts, before)
    if what is None or not urls:
        return False
    # Not on the command line, which every user of the machine can read: the URLs hold passwords.
    letter = json.dumps({"urls": list(urls), "title": what[0], "body": what[1]})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "helpscraper.health.notify"],
            input=letter, capture_output=True, text=True, timeout=seconds, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        logger.warning(
            "The notification %r could not be delivered to every receiver in %g s (NOTIFY_TIMEOUT)",
            what[0],
            seconds,
        )
        return False
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]
        logger.warning("The notification %r could not be delivered to every receiver: %s", what[0], said)
    return done.returncode == 0


def _deliver() -> int:
    """Send the message that stands on standard input; returns 0 when every receiver took it."""
    import apprise  # it loads a hundred plugins, and most runs have nothing to say

    letter = json.loads(sys.stdin.read())
    receiver = apprise.Apprise()
    added = [receiver.add(url) for url in letter["urls"]]
    sent = receiver.notify(title=letter["title"], body=letter["body"])
    return 0 if sent and all(added) else 1


def _is_bad(facts: RunFacts | None) -> bool:
    """Tell whether the run failed of itself; one that a person interrupted is no news to anybody."""
    return facts is not None and facts.outcome in _BAD and not facts.interrupted


def _causes(facts: RunFacts) -> set[str]:
    """Return the names of what failed; a run that broke before it was judged has its error for a cause."""
    failing = {check.check for check in facts.health if check.verdict == "fail"}
    return failing or {str(facts.error or facts.reason)}


def _drift(facts: RunFacts) -> set[str]:
    return {check.detail for check in facts.health if check.check == "layout" and check.verdict != "ok"}


def _text(facts: RunFacts, verdict: str) -> str:
    grouped: dict[str, list[str]] = {}
    for check in facts.health:
        if check.verdict == verdict:
            grouped.setdefault(check.check, []).append(check.detail)
    return "\n".join(f"{cause}: {'; '.join(details)}" for cause, details in sorted(grouped.items()))


if __name__ == "__main__":
    sys.exit(_deliver())
