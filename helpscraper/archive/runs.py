"""The facts of a run: what they hold, and how they are written down.

Every run leaves them in ``runs/``, the refused and the failed ones too; a snapshot carries its own in its
footer.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypedDict

from helpscraper.errors import ArchiveError

__all__ = [
    "GoneFact",
    "HealthFact",
    "Outcome",
    "RunFacts",
    "SectionFacts",
    "dump_run",
    "facts_as_json",
    "parse_run",
    "snapshot_run",
]

Outcome = Literal["committed", "incomplete", "refused", "failed"]
"""How a run ended: ``incomplete`` was committed too, but did not see everything."""


class SectionFacts(TypedDict, total=False):
    """What the listing of one section said and how much of it was read.

    ``total`` and ``pages`` are the site's own statements (None: not stated), ``seen`` counts distinct
    articles, ``whole`` is the claim on which removals rest: every listing page was read.
    """

    title: str | None
    category: str | None
    content_type: str | None
    total: int | None
    seen: int
    pages: int | None
    pages_read: int
    whole: bool


class HealthFact(TypedDict):
    """One health check and what it found."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str


class GoneFact(TypedDict):
    """The answer that says that an article is not there: 404 or 410 from its own page.

    ``status`` is None in evidence from a file of schema 1, which does not say which of the two it was.
    """

    url: str | None
    status: int | None
    at: str | None


class RunFacts(TypedDict, total=False):
    """The facts of one run, as JSON: instants are ISO 8601 in UTC, ``seconds`` is wall-clock time.

    ``witness`` is there when the site's JSON interface was asked.
    ``sections`` is keyed by slug, ``gone`` by article id, ``fields`` by column and then by outcome.
    ``declaration`` holds the ``values`` of the site's declaration and their ``sha256``.
    ``snapshot`` is the path of the file that the run wrote (None: none was). ``kept`` names the extractor of each row
    that a re-extraction could not read again. ``reason`` and ``error`` say in words why a run was refused or failed.
    """

    run_id: str
    site: str
    locale: str
    kind: Literal["crawl", "import", "re-extract"]
    started_at: str
    finished_at: str
    seconds: float
    outcome: Outcome
    exit_code: int
    complete: bool
    scope: str | None
    incomplete_reasons: list[str]
    sections: dict[str, SectionFacts]
    counts: dict[str, int]
    gone: dict[str, GoneFact]
    fields: dict[str, dict[str, int]]
    requests: dict[str, Any]
    health: list[HealthFact]
    region: dict[str, Any]
    witness: dict[str, Any]
    versions: dict[str, str]
    arguments: dict[str, Any]
    declaration: dict[str, Any]
    kept: dict[str, str]
    snapshot: str | None
    reason: str
    error: str


# The whole numbers that every reader of JSON, and a float, holds exactly.
_EXACT: Final = 1 << 53

# What depends on the machine and the hour, and not on what was read. The rest of a run's facts goes into the
# snapshot's footer, where the same input must give the same bytes.
_WALL_CLOCK = frozenset(
    {"finished_at", "seconds", "requests", "warc", "host", "pid", "exit_code", "snapshot"}
)


def dump_run(run: Mapping[str, Any]) -> bytes:
    """Return the facts as readable JSON with sorted keys; ``ArchiveError`` for a value that JSON lacks."""
    return facts_as_json(run, indent=1) + b"\n"


def facts_as_json(run: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return the facts as JSON with sorted keys, in UTF-8; ``ArchiveError`` for a value that JSON lacks."""
    try:
        return json.dumps(run, ensure_ascii=False, allow_nan=False, indent=indent, sort_keys=True).encode()
    except (TypeError, ValueError) as error:
        raise ArchiveError(
            f"run {run.get('run_id')}: the facts cannot be written as JSON: {error}",
            advice="a run fact must be text, a number, a bool, None, or a list or dict of them",
        ) from error


def parse_run(data: bytes, where: str) -> dict[str, Any]:
    """Read facts back; ``ArchiveError`` naming ``where`` when they are no JSON object, or a field is of no use.

    Checked is the shape of the fields that others count with, compare or show; a field that is null or not there is
    what an older writer left out.
    """
    try:
        run = json.loads(data)
        if b"\\ud" in data.lower():
            json.dumps(run, ensure_ascii=False).encode()  # half a character: no file could take it
    except (ValueError, RecursionError) as error:
        raise ArchiveError(
            f"{where}: damaged run facts: {error}", advice="restore the file from a backup"
        ) from error
    if not isinstance(run, dict):
        raise ArchiveError(
            f"{where}: run facts are not a JSON object", advice="restore the file from a backup"
        )
    odd = [name for name, fits in _SHAPES.items() if run.get(name) is not None and not fits(run[name])]
    if odd:
        raise ArchiveError(
            f"{where}: damaged run facts: {', '.join(odd)}: not what a run writes there",
            advice="restore the file from a backup",
        )
    return run


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256


def _is_number(value: object) -> bool:
    # The comparison is false for NaN.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _EXACT


def _is_instant(value: object) -> bool:
    try:
        at = dt.datetime.fromisoformat(str(value))
        return isinstance(value, str) and at.astimezone(dt.UTC).year > 1
    except (ValueError, OverflowError):
        return False


def _all(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _each(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _is_check(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(value.get(name)) for name in HealthFact.__annotations__)


def _is_requests(value: object) -> bool:
    counted = ("total", "retries", "bytes")
    return isinstance(value, dict) and all(
        value.get(name) is None or _is_count(value[name]) for name in counted
    )


_SHAPES: Final[Mapping[str, Callable[[object], bool]]] = {
    **dict.fromkeys(
        ("run_id", "site", "locale", "kind", "outcome", "scope", "snapshot", "reason", "error"), _is_text
    ),
    "started_at": _is_instant,
    "finished_at": _is_instant,
    "seconds": _is_number,
    "exit_code": _is_code,
    "complete": lambda value: isinstance(value, bool),
    "incomplete_reasons": _all(_is_text),
    "sections": _each(lambda value: isinstance(value, dict)),
    "gone": _each(lambda value: isinstance(value, dict)),
    "counts": _each(_is_count),
    "requests": _is_requests,
    "health": _all(_is_check),
    "versions": _each(_is_text),
}


def snapshot_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that belong into the snapshot's footer: all but those of clock and machine.

    >>> snapshot_run({"run_id": "20261122T060000Z", "seconds": 3.2, "complete": True})
    {'run_id': '20261122T060000Z', 'complete': True}
    """
    return {name: value for name, value in run.items() if name not in _WALL_CLOCK}
