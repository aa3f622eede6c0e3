"""The result of checking an archive: problems by file, and counts of what was checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from helpscraper.archive.recordings import MovedAway
from helpscraper.plain_text import plural

__all__ = ["PROBLEMS_SCHEMA", "Problem", "VerifyReport"]

PROBLEMS_SCHEMA: pa.Schema = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("path", "problem", "detail")]
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of one file: a short name, and the rows concerned."""

    path: str
    problem: str
    detail: str


@dataclass(slots=True)
class VerifyReport:
    """The problems found, and counts of the committed snapshots, other files, rows and bodies that were checked.

    ``moved`` tells of recordings that are not in the archive any more, which is no problem.
    """

    snapshots: int = 0
    refused: int = 0
    reextracted: int = 0
    rows: int = 0
    bodies: int = 0
    problems: list[Problem] = field(default_factory=list)
    moved: list[MovedAway] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def table(self) -> pa.Table:
        """Return the problems with ``PROBLEMS_SCHEMA``."""
        rows = [{"path": each.path, "problem": each.problem, "detail": each.detail} for each in self.problems]
        return pa.Table.from_pylist(rows, PROBLEMS_SCHEMA)

    def __str__(self) -> str:
        more = "".join(
            f", {count} {name}"
            for count, name in ((self.refused, "refused"), (self.reextracted, "re-extracted"))
            if count
        )
        bodies = f"{self.bodies:,} {'body' if self.bodies == 1 else 'bodies'}"
        checked = f"{plural(self.snapshots, 'snapshot')}{more}, {plural(self.rows, 'row')}, {bodies}"
        verdict = plural(len(self.problems), "problem")
        if self.ok:
            verdict = "all well" if self.snapshots else "there is no snapshot to check"
        return "\n".join([*map(str, self.moved), f"{checked}: {verdict}"])
