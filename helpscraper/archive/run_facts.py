"""The facts of a run: one typed record for a crawl, an import and a re-extraction, and its JSON.

Every run, also a refused or failed one, writes them to ``runs/``; the footer of a snapshot holds those of its run.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self

from helpscraper.archive.json_record import JsonRecord, WrongTypeError
from helpscraper.archive.layout import Partition, snapshot_id, snapshot_instant
from helpscraper.archive.run_parts import (
    EMPTY,
    NO_ARGUMENTS,
    NO_COUNTS,
    NO_LEFTOVER,
    NO_REQUESTS,
    ArgumentFacts,
    AuditFacts,
    ClaimFacts,
    Counts,
    DeclarationFacts,
    ExitStatus,
    GoneFact,
    Instant,
    InterfaceFacts,
    LeftoverFacts,
    PageFact,
    Redirect,
    RequestFacts,
    SectionFacts,
    Verdict,
    WarcFacts,
)
from helpscraper.errors import ArchiveError, ExitCode

__all__ = ["PROBLEM_TEXTS", "Outcome", "RunFacts"]

Outcome = Literal["committed", "incomplete", "refused", "failed"]
"""How a run ended: ``incomplete`` was committed too, but did not see everything."""

PROBLEM_TEXTS: Final = 50
"""The greatest number of texts of problems in the run facts."""

# Left out of the snapshot's footer, because the same pages must give the same bytes at any time on any machine.
_CLOCK_AND_MACHINE = frozenset(
    {"finished_at", "seconds", "requests", "warc", "host", "pid", "exit_code", "snapshot", "single_writer"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts(JsonRecord):
    """The facts of one run: instants are ISO 8601 in UTC, ``seconds`` is wall-clock time.

    ``scope`` is the part that was asked for (None: all). ``incomplete_reasons`` name every hole, which ``holes``
    counts, and after them the part. ``sections`` is by section, ``gone`` by article id, ``redirects`` are those from
    one article to another, ``fields`` by column and
    then by outcome. ``due`` counts failed rows whose page was still to be read; ``live``, ``new``, ``refetched``,
    ``listed`` and ``oldest_page`` are of ``intake.row_counts``. ``witness`` is there when the site's JSON interface was
    asked. ``snapshot`` is the path of the file that the run wrote (None: no file). ``kept`` names the extractor of
    each row that a re-extraction could not read again. ``reason`` and ``error`` say in words why a run was refused or
    failed. ``accepted``: a person accepted the snapshot after it was refused. ``interrupted``: a person ended the run.
    ``single_writer``: the store ignores conditional puts, and the run was told that nothing else writes to it.
    """

    stated: frozenset[str] = field(default=EMPTY, compare=False, repr=False)
    run_id: str = ""
    site: str = ""
    locale: str = ""
    kind: Literal["crawl", "import", "re-extract"] | None = None
    started_at: Instant | None = None
    finished_at: Instant | None = None
    seconds: float | None = None
    finish_reason: str | None = None
    stopped: str | None = None
    outcome: Outcome | None = None
    exit_code: ExitStatus | None = None
    interrupted: bool | None = None
    accepted: bool | None = None
    complete: bool | None = None
    incomplete_reasons: tuple[str, ...] = ()
    holes: int | None = None
    scope: str | None = None
    sections: Mapping[str, SectionFacts] = field(default_factory=dict)
    counts: Counts = NO_COUNTS
    due: int | None = None
    oldest_page: PageFact | None = None
    live: Mapping[str, int] = field(default_factory=dict)
    new: Mapping[str, int] = field(default_factory=dict)
    refetched: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    listed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    gone: Mapping[str, GoneFact] = field(default_factory=dict)
    redirects: tuple[Redirect, ...] = ()
    audit: AuditFacts | None = None
    why_fetched: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    drift: Mapping[str, int] = field(default_factory=dict)
    alike: int = 0
    problems: Mapping[str, int] = field(default_factory=dict)
    problem_texts: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    language_asked: str | None = None
    languages: Mapping[str, int] = field(default_factory=dict)
    editions: Mapping[str, int] = field(default_factory=dict)
    region: Mapping[str, str | None] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    requests: RequestFacts = NO_REQUESTS
    witness: InterfaceFacts | None = None
    warc: WarcFacts | None = None
    internal_errors: int | None = None
    errors: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    arguments: ArgumentFacts = NO_ARGUMENTS
    declaration: DeclarationFacts | None = None
    claim: ClaimFacts | None = None
    resumed: bool | None = None
    single_writer: bool | None = None
    why_new: str | None = None
    found_lying: LeftoverFacts = NO_LEFTOVER
    health: tuple[Verdict, ...] = ()
    extraction_of: str | None = None
    extractor_before: str | None = None
    records_read: int | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    snapshot: str | None = None
    reason: str | None = None
    error: str | None = None

    @property
    def extractor(self) -> str | None:
        """The version of the extractor that read the pages."""
        return self.versions.get("extractor")

    @classmethod
    def lost(
        cls,
        partition: Partition,
        run_id: str,
        outcomes: Mapping[str, int],
        arguments: ArgumentFacts,
        versions: Mapping[str, str],
        where: str = "",
    ) -> Self:
        """Return the facts of a crawl that could not write its own; ``outcomes`` counts its articles.

        ``where`` names the process and the machine, if another machine's.
        """
        return cls(
            stated=frozenset({"arguments", "health", "snapshot", "versions"}),
            run_id=run_id,
            site=partition.site,
            locale=partition.locale,
            kind="crawl",
            started_at=snapshot_instant(run_id).isoformat(),
            outcome="failed",
            exit_code=ExitCode.INTERNAL,
            reason="ended without run facts: the process was killed, or the machine went down"
            + (f" ({where})" if where else ""),
            complete=False,
            incomplete_reasons=("the crawl did not end",),
            counts=Counts.of(outcomes, outcomes.get("gone", 0)),
            arguments=arguments,
            versions=versions,
        )

    @classmethod
    def imported(
        cls, partition: Partition, at: dt.datetime, scope: str, reason: str, versions: Mapping[str, str]
    ) -> Self:
        """Return the facts of an import at the instant ``at``; the caller adds the counts of what it read.

        They hold no facts of clock and machine, so that the same import gives the same bytes.
        """
        return cls(
            stated=frozenset({"sections", "fields", "requests", "region", "health"}),
            run_id=snapshot_id(at),
            site=partition.site,
            locale=partition.locale,
            kind="import",
            started_at=at.isoformat(),
            outcome="incomplete",
            exit_code=ExitCode.OK,
            complete=False,
            incomplete_reasons=(reason,),
            scope=scope,
            versions=versions,
        )

    def reextracted(self, versions: Mapping[str, str]) -> Self:
        """Return the facts of a re-extraction of this run; the caller replaces the counts of the pages."""
        before = self.extractor_before if self.extractor == versions.get("extractor") else None
        return replace(
            self,
            stated=self.stated
            | {"counts", "extraction_of", "extractor_before", "fields", "gone", "kept", "languages"}
            | {"problem_texts", "problems", "rules", "versions"},
            kind="re-extract",
            extraction_of=self.extraction_of or self.kind,
            extractor_before=before or self.extractor,
            versions={**self.versions, **versions},
        )

    @classmethod
    def parse(cls, data: bytes, where: str) -> Self:
        """Read facts from a file; raises ``ArchiveError`` naming ``where`` and the wrong keys when they are damaged.

        Fields that an older version did not write have their defaults.
        """
        advice = "restore the file from a backup"
        try:
            run = json.loads(data)
            if b"\\ud" in data.lower():
                json.dumps(
                    run, ensure_ascii=False
                ).encode()  # raises for a lone surrogate, which UTF-8 cannot encode
        except (ValueError, RecursionError) as error:
            raise ArchiveError(f"{where}: damaged run facts: {error}", advice=advice) from error
        if not isinstance(run, dict):
            raise ArchiveError(f"{where}: run facts are not a JSON object", advice=advice)
        try:
            return cls.from_json(run)
        except WrongTypeError as error:
            raise ArchiveError(
                f"{where}: damaged run facts: {error}: a value of another type", advice=advice
            ) from error

    def dump(self) -> bytes:
        """Return the facts as indented JSON with sorted keys; raises ``ArchiveError`` for a value that JSON lacks."""
        return self._dump(self.to_json(), indent=1) + b"\n"

    def footer(self) -> bytes:
        """Return the facts for the snapshot's footer as JSON: all but those of clock and machine."""
        return self._dump(
            {name: value for name, value in self.to_json().items() if name not in _CLOCK_AND_MACHINE}
        )

    def _dump(self, run: Mapping[str, Any], indent: int | None = None) -> bytes:
        try:
            text = json.dumps(run, ensure_ascii=False, allow_nan=False, indent=indent, sort_keys=True)
            return text.encode()
        except (TypeError, ValueError) as error:
            raise ArchiveError(
                f"run {self.run_id}: the facts cannot be written as JSON: {error}",
                advice="a run fact must be text, a number, a bool, None, or a list or dict of them",
            ) from error
