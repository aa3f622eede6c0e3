"""The parts of run facts, as typed records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from helpscraper.archive.json_record import JsonRecord
from helpscraper.items import STATUSES

if TYPE_CHECKING:
    from helpscraper.sites import Site

__all__ = [
    "EMPTY",
    "NO_ARGUMENTS",
    "NO_COUNTS",
    "NO_LEFTOVER",
    "NO_REQUESTS",
    "PERMANENT",
    "ArgumentFacts",
    "AuditFacts",
    "ClaimFacts",
    "Counts",
    "DeclarationFacts",
    "ExitStatus",
    "GoneFact",
    "Instant",
    "InterfaceFacts",
    "LeftoverFacts",
    "PageFact",
    "Redirect",
    "RequestFacts",
    "SectionFacts",
    "Verdict",
    "WarcFacts",
    "nested",
]  # fmt: skip

EMPTY: Final[frozenset[str]] = frozenset()
"""``stated`` of a record from whose JSON defaults are left out."""


def _is_instant(value: object) -> bool:
    try:
        at = dt.datetime.fromisoformat(str(value))
        return isinstance(value, str) and at.astimezone(dt.UTC).year > 1
    except (ValueError, OverflowError):
        return False


def _is_exit_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 256


Instant = Annotated[str, _is_instant]
"""ISO 8601 with an offset."""

PERMANENT: Final = frozenset({301, 308})
"""The redirects that say that an address has moved for good (RFC 9110, 15.4)."""

ExitStatus = Annotated[int, _is_exit_code]
"""The exit code of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionFacts(JsonRecord):
    """The listing of one section, and how much of it was read.

    ``total`` and ``pages`` are numbers that the site states (None: it states none), ``seen`` counts distinct articles,
    ``holes`` name the missing pages. ``whole`` is True when every listing page was read, so that an absent article
    counts as removed.
    """

    title: str | None = None
    category: str | None = None
    content_type: str | None = None
    total: int | None = None
    seen: int | None = None
    pages: int | None = None
    pages_read: int | None = None
    whole: bool | None = None
    holes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict(JsonRecord):
    """One health check and its finding."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneFact(JsonRecord):
    """The evidence that an article does not exist any more: its own page answered 404 or 410.

    ``status`` is None for a file of schema 1, which does not state it.
    """

    url: str | None = None
    status: int | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect(JsonRecord):
    """At the instant ``at`` the address ``url`` of ``article_id`` redirected to ``target``, that of ``target_id``.

    ``status`` is that of the answer, and of several answers in a row the first that is temporary (None in files of
    earlier versions). ``file`` is the name of the imported file that holds the capture.
    """

    article_id: str
    target_id: str
    at: Instant
    url: str = ""
    target: str = ""
    status: int | None = None
    file: str = ""

    @classmethod
    def found(
        cls,
        keys: tuple[str, str],
        at: dt.datetime,
        urls: tuple[str, str],
        statuses: Sequence[int],
        file: str = "",
    ) -> Self:
        """Return the redirect between two articles, by their keys and their addresses."""
        when = f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        status = next((each for each in statuses if each not in PERMANENT), statuses[0])
        return cls(
            article_id=keys[0], target_id=keys[1], at=when, url=urls[0], target=urls[1], status=status, file=file
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts(JsonRecord):
    """Rows by ``items.Status``, and the articles that are ``gone``."""

    fetched: int | None = None
    carried: int | None = None
    listed: int | None = None
    failed: int | None = None
    gone: int | None = None

    @classmethod
    def of(cls, statuses: Mapping[str, int], gone: int = 0) -> Self:
        """Return the counts of rows by their status."""
        return cls.from_json({name: statuses.get(name, 0) for name in STATUSES} | {"gone": gone})

    @property
    def live(self) -> int:
        """The number of articles that existed."""
        return sum(getattr(self, name) or 0 for name in STATUSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFact(JsonRecord):
    """When the page of an article was read."""

    article_id: str = ""
    fetched_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFacts(JsonRecord):
    """The pages that had to be read within ``days``: how many were chosen, were late, or were put off."""

    days: float | None = None
    chosen: int = 0
    late: int = 0
    put_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts(JsonRecord):
    """Numbers of requests and responses; the ``bytes`` of an import are those of its file."""

    total: int | None = None
    by_status: Mapping[str, int] = field(default_factory=dict)
    retries: int | None = None
    second_chances: int | None = None
    held_seconds: float | None = None
    errors: int | None = None
    bytes: int | None = None
    robots_refused: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts(JsonRecord):
    """The comparison of the site's JSON interface with its pages; see ``intake.interface_comparison``."""

    mode: str | None = None
    left: str | None = None
    sections: Mapping[str, str] = field(default_factory=dict)
    by_pages: Mapping[str, str] = field(default_factory=dict)
    compared: int = 0
    differing: int = 0
    differences: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFacts(JsonRecord):
    """The recording of a crawl: its files, records, and bytes."""

    files: tuple[str, ...] = ()
    responses: int | None = None
    revisits: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverFacts(JsonRecord):
    """An unfinished crawl that a later crawl found; ``outcomes`` counts its articles."""

    snapshot_id: str | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentFacts(JsonRecord):
    """The arguments that were given to a run: to a crawl, to the import of a page (``file``, ``url``), or to the
    import of ``captures`` (each with time, URL and digest) from ``files``.
    """

    stated: frozenset[str] = field(default=EMPTY, compare=False, repr=False)
    site: str | None = None
    locale: str | None = None
    base_url: str | None = None
    categories: str | None = None
    sections: str | None = None
    query: str | None = None
    mode: str | None = None
    limit: str | None = None
    witness: str | None = None
    file: str | None = None
    url: str | None = None
    files: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationFacts(JsonRecord):
    """The declaration of the site: its ``values``, and the SHA-256 of their canonical JSON."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sha256: str | None = None

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return the declaration of ``site``."""
        return cls.from_json(site.as_facts())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts(JsonRecord):
    """The facts that the lists of the crawl's platform can prove; see ``platforms.contract.Claim``."""

    evidence: tuple[str, ...] = ()
    absence: str | None = None
    bodies: bool | None = None
    dated: bool | None = None
    confidence: str | None = None


# Parts without any value.
NO_ARGUMENTS: Final = ArgumentFacts()
NO_COUNTS: Final = Counts(stated=EMPTY)
NO_LEFTOVER: Final = LeftoverFacts(stated=EMPTY)
NO_REQUESTS: Final = RequestFacts(stated=EMPTY)


def nested(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return counts by ``field/outcome`` as field -> outcome -> count.

    >>> nested({"title/present": 2, "title/absent": 1})
    {'title': {'present': 2, 'absent': 1}}
    """
    found: dict[str, dict[str, int]] = {}
    for name, n in counts.items():
        column, _, outcome = name.partition("/")
        found.setdefault(column, {})[outcome] = n
    return found
