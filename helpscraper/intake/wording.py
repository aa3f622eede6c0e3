"""Sentences about a run: its summary for a mail, the main cause of a refusal, an error of the network. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from helpscraper.archive.run_facts import RunFacts
from helpscraper.errors import ExtractionError
from helpscraper.items import STATUSES
from helpscraper.nearest import nearest
from helpscraper.plain_text import plural
from helpscraper.platforms.contract import PAST_THE_END

__all__ = ["main_cause", "network_error", "problem_kind", "resume_hint", "summary", "unknown_names"]

_CAUSES: Final = frozenset({"download", "challenge", "edition", "extraction", "page", "payload"})
_SHOWN = 3

# Twisted gives these errors no message, only a class name, sometimes inside the text of another error.
_PLAIN: Final = (
    (
        "CannotResolveHostError",
        "its name cannot be resolved (is this machine online, and the address right?)",
    ),
    ("ConnectionRefused", "the connection was refused"),
    ("ConnectionLost", "connection reset by the server"),
    ("ConnectionDone", "connection closed by the server before the answer was whole"),
    ("PotentialDataLoss", "connection closed by the server before the answer was whole"),
    ("ResponseDataLoss", "connection closed by the server before the answer was whole"),
    ("ConnectionAborted", "connection aborted"),
    ("ResponseNeverReceived", "connection closed by the server without an answer"),
    ("SSL", "no secure connection (TLS)"),
    ("Timeout", "no answer in time"),
)


def network_error(name: str, text: str) -> str:
    """Return a plain sentence for a network error; ``name`` is its class, ``text`` its message.

    >>> network_error("DownloadFailedError", "[<twisted.python.failure.Failure ...ConnectionLost: non-clean>]")
    'connection reset by the server'
    >>> network_error("CannotResolveHostError", "DNS lookup failed: nowhere.invalid.")
    'its name cannot be resolved (is this machine online, and the address right?)'
    """
    if limit := text.partition(" took longer than ")[2].rstrip("."):
        # Leave out the URL: every problem names it already.
        return f"no whole answer within {limit}"
    if name == "DownloadTimeoutError" and text and "Failure" not in text:
        return text
    said = f"{name}: {text}".strip(": ")
    return next((plain for mark, plain in _PLAIN if mark in said), said)


def main_cause(problems: Iterable[tuple[str, str, str]]) -> str | None:
    """Return the most frequent cause of pages that could not be read, with its count and the first URL that had it.

    ``problems`` are (kind, URL, "where: what") as the ledger keeps them.

    >>> busy = [("download", f"https://help.example/{n}", "article: HTTP 503") for n in (1, 2)]
    >>> main_cause(busy)
    '2 × HTTP 503, first: https://help.example/1'
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for kind, url, detail in problems:
        if kind in _CAUSES:
            cause = detail.partition(": ")[2] or detail
            counts[cause] += 1
            first.setdefault(cause, url)
    if not counts:
        return None
    [(cause, count)] = counts.most_common(1)
    return f"{count} × {cause}, first: {first[cause]}"


def unknown_names(argument: str, missing: Iterable[str], there: Iterable[str]) -> str:
    """Return the message for names that the site does not have, with the closest names that it has.

    >>> unknown_names("sections", ["faq-kcy"], ["faq-kyc", "api"])
    'sections=faq-kcy: not on the site; did you mean: faq-kyc'
    >>> unknown_names("categories", ["help"], ["faq", "announcements"])
    'categories=help: not on the site; choose one of: announcements, faq'
    """
    missing, there = list(missing), sorted(set(there))
    like = list(dict.fromkeys(name for each in missing for name in nearest(each, there, 3)))
    known = f"did you mean: {', '.join(like)}" if like else f"choose one of: {', '.join(there)}"
    if not there:
        known = f"the site has no {argument}"
    return f"{argument}={','.join(missing)}: not on the site; {known}"


def problem_kind(error: ExtractionError) -> str:
    """Return the kind under which the run facts count a page that is the wrong one or cannot be read."""
    if error.field == PAST_THE_END:
        return "page"
    return error.field if error.field in {"challenge", "edition", "page"} else "extraction"


def resume_hint(facts: RunFacts) -> str:
    """Return the advice on ``--resume`` for a crawl that ended early; empty when there is no article to keep."""
    return "; --resume goes on from here" if facts.counts.live or facts.counts.gone else ""


def summary(facts: RunFacts) -> str:
    """Return the one line that a cron mail holds."""
    due, gone = facts.due or 0, facts.counts.gone
    counts: dict[str, int] = {name: getattr(facts.counts, name) or 0 for name in STATUSES}
    counts["failed"] -= due
    counts["still to be read"] = due
    live = {name: n for name, n in counts.items() if n}
    line = f"{facts.site}/{facts.locale} {facts.run_id} {facts.outcome}"
    if facts.finish_reason != "error":  # a crawl that an error ended made no rows to count
        line += f": {plural(sum(live.values()), 'article')}"
        line += f" and {gone:,} gone" if gone else ""
        line += f" ({', '.join(f'{n:,} {name}' for name, n in live.items()) or 'none'})"
    line += f", {plural(facts.requests.total or 0, 'request')}, {facts.seconds or 0:.1f} s"
    line += f"; a new crawl: {facts.why_new}" if facts.why_new else ""
    if because := facts.error or facts.reason:
        return f"{line}; {because}"
    reasons, holes = facts.incomplete_reasons, facts.holes or 0
    if holes:
        more = f"; and {holes - _SHOWN} more" if holes > _SHOWN else ""
        line += f"; incomplete: {'; '.join(reasons[: min(holes, _SHOWN)])}{more}"
    return "; ".join([line, *reasons[holes:]])
