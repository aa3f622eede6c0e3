"""Telling a person, once, when the state of a crawl changes: refused, recovered, layout drift."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["message", "notify_transition"]

logger = logging.getLogger(__name__)

_BAD = {"refused", "failed"}


def message(facts: Mapping[str, Any], before: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Return (title, text) when this run differs in kind from the one before it, else None.

    A second refusal for the same causes says nothing new; one for other causes does. Causes are the names of the
    failing checks, so many pages that fail alike make one line.
    """
    if facts.get("interrupted"):
        return None
    before = before or {}
    name = f"helpscraper {facts['site']}/{facts['locale']}"
    bad, was_bad = _is_bad(facts), _is_bad(before)
    if bad:
        if was_bad and _causes(facts) == _causes(before):
            return None
        why = _text(facts, "fail") or str(facts.get("reason") or facts.get("error") or "see the run facts")
        return (
            f"{name}: crawl {facts['outcome']}",
            f"{why}\nRun {facts['run_id']}; the snapshot before it stands.",
        )
    if was_bad:
        return f"{name}: recovered", f"Snapshot {facts['run_id']} was committed."
    drift = _drift(facts)
    if drift and drift != _drift(before):
        return f"{name}: layout drift", "\n".join(sorted(drift))
    return None


def notify_transition(
    urls: Sequence[str], facts: Mapping[str, Any], before: Mapping[str, Any] | None
) -> bool:
    """Send the message of ``message``, if there is one, to every apprise URL; returns whether one was sent.

    A receiver that cannot be reached is logged; it never costs the snapshot.
    """
    what = message(facts, before)
    if what is None:
        return False
    import apprise  # it loads a hundred plugins, and most runs have nothing to say

    receiver = apprise.Apprise()
    for url in urls:
        if not receiver.add(url):
            logger.warning("NOTIFY_URLS: one of the URLs is not one that apprise understands")
    sent = receiver.notify(title=what[0], body=what[1])
    if not sent:
        logger.warning("The notification %r could not be delivered to every receiver", what[0])
    return bool(sent)


def _is_bad(facts: Mapping[str, Any]) -> bool:
    """Tell whether the run failed of itself; one that a person interrupted is no news to anybody."""
    return facts.get("outcome") in _BAD and not facts.get("interrupted")


def _causes(facts: Mapping[str, Any]) -> set[str]:
    """Return the names of what failed; a run that broke before it was judged has its error for a cause."""
    failing = {check["check"] for check in facts.get("health", ()) if check["verdict"] == "fail"}
    return failing or {str(facts.get("error") or facts.get("reason"))}


def _drift(facts: Mapping[str, Any]) -> set[str]:
    return {
        check["detail"]
        for check in facts.get("health", ())
        if check["check"] == "layout" and check["verdict"] != "ok"
    }


def _text(facts: Mapping[str, Any], verdict: str) -> str:
    grouped: dict[str, list[str]] = {}
    for check in facts.get("health", ()):
        if check["verdict"] == verdict:
            grouped.setdefault(check["check"], []).append(check["detail"])
    return "\n".join(f"{cause}: {'; '.join(details)}" for cause, details in sorted(grouped.items()))
