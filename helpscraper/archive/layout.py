"""The layout of an archive: the only module that makes and parses paths of its files.

Paths are relative to the archive's root, with ``/`` as separator in every store. Names from a page or a command line
are checked by ``Partition`` or ``snapshot_instant`` before they become part of a path.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from helpscraper.declared import DEFAULT, default_locale
from helpscraper.errors import CommandError
from helpscraper.urls import is_key, is_locale

__all__ = [
    "OWN_FOLDERS",
    "SCRATCH",
    "STATE",
    "ArchiveFile",
    "Kind",
    "MonthFile",
    "PackedKind",
    "Partition",
    "bodies_path",
    "changes_path",
    "claim_path",
    "claimed_id",
    "default_partition",
    "folder",
    "folder_within",
    "index_path",
    "is_snapshot_id",
    "lease_path",
    "moments",
    "month_path",
    "parse_month_path",
    "parse_path",
    "redirects_path",
    "reextracted_path",
    "refused_path",
    "run_path",
    "shipped_folder",
    "shipped_path",
    "snapshot_id",
    "snapshot_instant",
    "snapshot_path",
    "staging",
    "told_path",
    "warc_path",
]

Kind = Literal["snapshots", "bodies", "warc", "runs", "refused", "changes", "reextracted", "redirects"]
"""The folders of an archive."""

PackedKind = Literal["snapshots", "changes"]
"""The folders whose files ``helpscraper compact`` packs, a month in a file."""

STATE = ".state"
"""Local state (lock, ledger, half-written files); readers skip it because of the dot."""

SCRATCH = f"{STATE}/scratch"

OWN_FOLDERS = frozenset({*get_args(Kind), "index", "locks", "sites", "state", STATE})
"""Every folder in the root of an archive that helpscraper fills and reads."""

_ID = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_FILE = re.compile(
    r"(?P<kind>[a-z]+)/site=(?P<site>[^/]+)/locale=(?P<locale>[^/]+)/"
    r"(?P<id>\d{8}T\d{6}Z)(?:-(?P<part>\d{1,6}))?\.(?P<suffix>parquet|json|warc\.gz)",
    re.ASCII,
)
_KINDS = frozenset(get_args(Kind))
_MONTH_FILE = re.compile(
    r"(?P<kind>snapshots|changes)/site=(?P<site>[^/]+)/locale=(?P<locale>[^/]+)/"
    r"(?P<month>\d{4}(?:0[1-9]|1[0-2]))(?:-(?P<part>\d{1,6}))?\.parquet",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One site in one locale; raises ``CommandError`` for a name that cannot be part of a path."""

    site: str
    locale: str

    def __post_init__(self) -> None:
        if not is_key(self.site):
            raise CommandError(
                f"{self.site!r} is not a site name",
                advice="a site name has lower-case letters, digits, - _ . only, such as acme",
            )
        if not is_locale(self.locale):
            raise CommandError(
                f"{self.locale!r} is not a locale", advice="locales look like en, zh-hans, pt-br"
            )

    def __str__(self) -> str:
        return f"{self.site}/{self.locale}"

    @property
    def folder(self) -> str:
        """The two Hive-style folders that Parquet readers turn into the columns ``site`` and ``locale``."""
        return f"site={self.site}/locale={self.locale}"


def default_partition(
    site: str | None = None, locale: str | None = None, *, archive: str | None = None
) -> Partition | None:
    """Return the default edition, of ``site`` and ``locale`` where they are given.

    It is that of the default site, in the locale of the site's addresses without a locale. None when no declaration
    of the site is shipped or in the folder of ``archive``.
    """
    if locale is None:
        locale = default_locale(site or DEFAULT, archive)
    return Partition(site or DEFAULT, locale) if locale is not None else None


@dataclass(frozen=True, slots=True, order=True)
class ArchiveFile:
    """The parts of a path of the archive; ``part`` is 0 for ``ID.parquet`` and N for ``ID-N.parquet``."""

    kind: str
    partition: Partition
    snapshot_id: str
    part: int
    path: str


@dataclass(frozen=True, slots=True, order=True)
class MonthFile:
    """A file with the rows of several snapshots (or feeds) of one month, ``YYYYMM.parquet``.

    A month may have several files; ``part`` numbers them from 0.
    """

    kind: PackedKind
    partition: Partition
    month: str
    part: int
    path: str


def snapshot_id(instant: dt.datetime) -> str:
    """Return the id of the snapshot that began at ``instant`` (aware); fractions of a second are cut off.

    >>> snapshot_id(dt.datetime(2026, 11, 22, 7, 0, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=1))))
    '20261122T060000Z'
    """
    if instant.tzinfo is None:
        raise ValueError("the instant of a snapshot needs a time zone: pass an aware datetime")
    utc = instant.astimezone(dt.UTC)
    return f"{utc.year:04d}{utc:%m%dT%H%M%SZ}"  # %Y alone does not pad years below 1000 on every platform


def snapshot_instant(snapshot_id: str) -> dt.datetime:
    """Return the instant (UTC) of a snapshot id; raises ``CommandError`` for any other text.

    >>> snapshot_instant("20261122T060000Z")
    datetime.datetime(2026, 11, 22, 6, 0, tzinfo=datetime.timezone.utc)
    """
    if _ID.fullmatch(snapshot_id):
        try:
            # strptime takes twenty times as long, and this runs for every path of an archive.
            year, month, day = int(snapshot_id[:4]), int(snapshot_id[4:6]), int(snapshot_id[6:8])
            hour, minute, second = int(snapshot_id[9:11]), int(snapshot_id[11:13]), int(snapshot_id[13:15])
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        except ValueError:
            pass  # month 13 or second 61: the same error as for any other text
    raise CommandError(f"{snapshot_id!r} is not a snapshot id", advice="ids look like 20261122T060000Z (UTC)")


def moments(*instants: dt.datetime) -> list[str]:
    """Return instants to be read by a person, with seconds where two of them are in one minute.

    >>> moments(snapshot_instant("20261122T060000Z"), snapshot_instant("20261122T060100Z"))
    ['2026-11-22 06:00', '2026-11-22 06:01']
    >>> moments(snapshot_instant("20261122T060003Z"), snapshot_instant("20261122T060041Z"))
    ['2026-11-22 06:00:03', '2026-11-22 06:00:41']
    """
    minutes = [f"{each:%Y-%m-%d %H:%M}" for each in instants]
    return (
        minutes if len({*minutes}) == len({*instants}) else [f"{each:%Y-%m-%d %H:%M:%S}" for each in instants]
    )


def is_snapshot_id(text: str) -> bool:
    """Tell whether ``text`` is a snapshot id."""
    try:
        snapshot_instant(text)
    except CommandError:
        return False
    return True


def folder(kind: Kind, partition: Partition | None = None) -> str:
    """Return the folder of ``kind``, or that of one partition in it."""
    return kind if partition is None else f"{kind}/{partition.folder}"


def folder_within(kind: Kind, site: str | None, locale: str | None) -> str:
    """Return the smallest folder of ``kind`` with all editions of ``site`` and ``locale`` (None: any)."""
    if site is not None and locale is not None and is_key(site) and is_locale(locale):
        return folder(kind, Partition(site, locale))
    return f"{kind}/site={site}" if site is not None and is_key(site) else kind


def _file(kind: Kind, partition: Partition, snapshot_id: str, suffix: str, part: int = 0) -> str:
    snapshot_instant(snapshot_id)
    number = f"-{part}" if part else ""
    return f"{kind}/{partition.folder}/{snapshot_id}{number}.{suffix}"


def snapshot_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of a committed snapshot."""
    return _file("snapshots", partition, snapshot_id, "parquet")


def bodies_path(partition: Partition, snapshot_id: str, part: int = 0) -> str:
    """Return the path of the bodies first seen in this crawl; parts above 0 are those of re-extractions."""
    return _file("bodies", partition, snapshot_id, "parquet", part)


def refused_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of a snapshot that the health checks refused."""
    return _file("refused", partition, snapshot_id, "parquet")


def changes_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of the change feed: the changes from the snapshot before to this one."""
    return _file("changes", partition, snapshot_id, "parquet")


def reextracted_path(partition: Partition, snapshot_id: str, part: int = 0) -> str:
    """Return the path of a re-extraction of the crawl; ``part`` numbers them from 0."""
    return _file("reextracted", partition, snapshot_id, "parquet", part)


def month_path(kind: PackedKind, partition: Partition, month: str, part: int = 0) -> str:
    """Return the path of a file with the rows of ``month`` (``YYYYMM``, UTC); ``part`` numbers them from 0."""
    path = f"{kind}/{partition.folder}/{month}{f'-{part}' if part else ''}.parquet"
    if parse_month_path(path) is None:
        raise CommandError(f"{month!r} is not a month", advice="months look like 202611")
    return path


def run_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of the facts of a run."""
    return _file("runs", partition, snapshot_id, "json")


def claim_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of the claim of a run's id, which no reader takes for a run."""
    return _file("runs", partition, snapshot_id, "claim")


def claimed_id(path: str) -> str | None:
    """Return the id that the file at ``path`` claims; None for any other file."""
    name, dot, suffix = path.rpartition("/")[2].partition(".")
    return name if dot and suffix == "claim" and is_snapshot_id(name) else None


def redirects_path(partition: Partition, snapshot_id: str) -> str:
    """Return the path of redirects that an import found, the first of them at this instant."""
    return _file("redirects", partition, snapshot_id, "json")


def warc_path(partition: Partition, snapshot_id: str, number: int = 0) -> str:
    """Return the path of WARC file ``number`` (from 0) of a crawl."""
    snapshot_instant(snapshot_id)
    return f"warc/{partition.folder}/{snapshot_id}-{number:05d}.warc.gz"


def index_path(partition: Partition, name: str) -> str:
    """Return the path of an index of the edition; see ``edition_index``."""
    return f"index/{partition.folder}/{name}.parquet"


def staging(partition: Partition) -> str:
    """Return the folder for the lock and the ledger of a running crawl."""
    return f"{STATE}/{partition.folder}"


def told_path(partition: Partition) -> str:
    """Return the path of the note of who was told of which changes (``health.tell``)."""
    return f"{staging(partition)}/told.json"


def lease_path(partition: Partition, part: str = "") -> str:
    """Return the path of the lease of an edition on an object store, or of one kind of work on it (``part``)."""
    return f"locks/{partition.folder}{f'/{part}' if part else ''}.json"


def shipped_folder(partition: Partition) -> str:
    """Return the folder of an object store for the state of an unfinished crawl; no reader looks there."""
    return f"state/{partition.folder}"


def shipped_path(partition: Partition, name: str) -> str:
    """Return the path of one copy of the ledger of an unfinished crawl."""
    return f"{shipped_folder(partition)}/ledger-{name}.sqlite.gz"


# Cached, because every command parses the same few thousand paths several times.
@lru_cache(maxsize=1 << 16)
def parse_path(path: str) -> ArchiveFile | None:
    """Parse the path of a file of an archive; None for any other file.

    >>> parse_path("bodies/site=okx/locale=en/20261122T060000Z-1.parquet").part
    1
    """
    match = _FILE.fullmatch(path)
    if match is None or match["kind"] not in _KINDS or not is_snapshot_id(match["id"]):
        return None
    if not (is_key(match["site"]) and is_locale(match["locale"])):
        return None
    partition = Partition(match["site"], match["locale"])
    return ArchiveFile(match["kind"], partition, match["id"], int(match["part"] or 0), path)


@lru_cache(maxsize=1 << 12)
def parse_month_path(path: str) -> MonthFile | None:
    """Parse the path of a month's file; None for any other file.

    >>> parse_month_path("snapshots/site=okx/locale=en/202611-2.parquet").part
    2
    >>> parse_month_path("snapshots/site=okx/locale=en/20261122T060000Z.parquet")
    """
    match = _MONTH_FILE.fullmatch(path)
    if match is None or not (is_key(match["site"]) and is_locale(match["locale"])):
        return None
    partition = Partition(match["site"], match["locale"])
    kind: PackedKind = "snapshots" if match["kind"] == "snapshots" else "changes"
    return MonthFile(kind, partition, match["month"], int(match["part"] or 0), path)
