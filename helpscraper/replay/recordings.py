"""Find the recorded answers of one crawl, and name those that are missing or damaged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from helpscraper.archive.layout import Partition, parse_path
from helpscraper.archive.recordings import Capture, load_index, record_of, scan, warc_files
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["Recordings", "find_recordings"]


@dataclass(slots=True)
class Recordings:
    """The answers of one crawl, in its order.

    ``holders`` maps the digest of a payload to the record that holds it, in this crawl or before. ``gaps`` name file
    and offset of each unreadable place: where there are any, answers are missing among ``captures``. ``notes`` name
    damage of earlier crawls, whose payloads this one may refer to.
    """

    captures: list[Capture] = field(default_factory=list)
    holders: dict[str, str] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_recordings(
    store: Store,
    partition: Partition,
    snapshot_id: str,
    *,
    files: Iterable[str] = (),
    references: Iterable[str] = (),
    responses: int = 0,
) -> Recordings:
    """Return the recorded answers of a crawl, from the WARC files themselves: an index may be damaged too.

    The other arguments show whether answers are missing: the ``files`` that it wrote, the records that its
    rows name (``references``), and the number of its ``responses`` (0: not known). A record that a kill cut off was
    never counted and is not missing.
    """
    found = Recordings()
    own = warc_files(store, partition, snapshot_id)
    wanted = {record_of(ref) for ref in references if _belongs_to(ref, partition, snapshot_id)}
    missing = {*files, *(ref.rpartition("#")[0] for ref in wanted)} - set(own)
    found.gaps += [f"{file}: the file is missing" for file in sorted(missing)]
    for file in warc_files(store, partition):
        if not own or file >= own[0]:
            break
        _add_holders(found, _captures(store, file, found.notes))
    damage: list[str] = []
    texts = 0
    for file in own:
        captures, more = _read_through(store, file, damage)
        found.captures += captures
        texts += more
    lost = responses - len(found.captures) - texts
    if lost > 0 or not (responses and wanted <= {each.ref for each in found.captures}):
        found.gaps += damage
    if lost > 0 and not found.gaps:
        found.gaps.append(f"{own[-1]}: {lost} of {responses} recorded answers are missing")
    _add_holders(found, found.captures)
    return found


def _belongs_to(reference: str, partition: Partition, snapshot_id: str) -> bool:
    located = parse_path(reference.rpartition("#")[0])
    return located is not None and (located.partition, located.snapshot_id) == (partition, snapshot_id)


def _add_holders(found: Recordings, captures: Iterable[Capture]) -> None:
    found.holders |= {each.digest: each.ref for each in captures if not each.is_revisit}


def _captures(store: Store, file: str, notes: list[str]) -> list[Capture]:
    """Return the captures of a file of an earlier crawl, from its index unless that is damaged."""
    try:
        return load_index(store, file)
    except ArchiveError as error:
        notes.append(error.message)
        return _read_through(store, file, notes)[0]


def _read_through(store: Store, file: str, damage: list[str]) -> tuple[list[Capture], int]:
    """Return the captures of a file and the number of its text records; unreadable places go to ``damage``."""
    try:
        captures, problems, texts = scan(store, file)
    except ArchiveError as error:
        damage.append(error.message)
        return [], 0
    damage += [str(problem) for problem in problems]
    return captures, texts
