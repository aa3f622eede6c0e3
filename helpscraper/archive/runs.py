"""The facts of a run: what they hold, and how they are written down.

Every run leaves them in ``runs/``, the refused and the failed ones too; a snapshot carries its own in its
footer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from helpscraper.errors import ArchiveError

__all__ = [
    "HealthFact",
    "Outcome",
    "RunFacts",
    "SectionFacts",
    "dump_run",
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


class RunFacts(TypedDict, total=False):
    """The facts of one run, as JSON: instants are ISO 8601 in UTC, ``seconds`` is wall-clock time.

    ``sections`` is keyed by slug, ``fields`` by column and then by outcome. ``snapshot`` is the path of the
    file that the run wrote (None: none was). ``reason`` and ``error`` say in words why a run was refused or
    failed.
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
    fields: dict[str, dict[str, int]]
    requests: dict[str, Any]
    health: list[HealthFact]
    region: dict[str, Any]
    versions: dict[str, str]
    arguments: dict[str, Any]
    snapshot: str | None
    reason: str
    error: str


# What depends on the machine and the hour, and not on what was read. The rest of a run's facts goes into the
# snapshot's footer, where the same input must give the same bytes.
_WALL_CLOCK = frozenset(
    {"finished_at", "seconds", "requests", "warc", "host", "pid", "exit_code", "snapshot"}
)


def dump_run(run: Mapping[str, Any]) -> bytes:
    """Return the facts as readable JSON with sorted keys; ``ArchiveError`` for a value that JSON lacks."""
    try:
        text = json.dumps(run, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ArchiveError(
            f"run {run.get('run_id')}: the facts cannot be written as JSON: {error}",
            advice="a run fact must be text, a number, a bool, None, or a list or dict of them",
        ) from error
    return text.encode() + b"\n"


def parse_run(data: bytes, where: str) -> dict[str, Any]:
    """Read facts back; ``ArchiveError`` naming ``where`` when they are not a JSON object."""
    try:
        run = json.loads(data)
    except ValueError as error:
        raise ArchiveError(
            f"{where}: damaged run facts: {error}", advice="restore the file from a backup"
        ) from error
    if not isinstance(run, dict):
        raise ArchiveError(
            f"{where}: run facts are not a JSON object", advice="restore the file from a backup"
        )
    return run


def snapshot_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that belong into the snapshot's footer: all but those of clock and machine.

    >>> snapshot_run({"run_id": "20261122T060000Z", "seconds": 3.2, "complete": True})
    {'run_id': '20261122T060000Z', 'complete': True}
    """
    return {name: value for name, value in run.items() if name not in _WALL_CLOCK}
