"""Redirects from one article's address to another's, out of imported captures.

They hold no page and so make no row, but they are evidence that two keys are one article: ``history.renames`` reads
them. A file is never changed; an import that finds new redirects adds one. The redirects that a crawl was answered with
are in its run facts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from helpscraper.archive.json_record import WrongTypeError
from helpscraper.archive.layout import Partition, folder, parse_path, redirects_path, snapshot_id
from helpscraper.archive.run_parts import Redirect
from helpscraper.archive.store import Store
from helpscraper.errors import ArchiveError

__all__ = ["Redirect", "add_redirects", "load_redirects", "read_redirects", "redirect_files"]


def redirect_files(store: Store, partition: Partition) -> list[str]:
    """Return the paths of the files with redirects of an edition, oldest first."""
    return [path for path in store.list(folder("redirects", partition)) if parse_path(path)]


def load_redirects(store: Store, partition: Partition) -> list[Redirect]:
    """Return the redirects of an edition, oldest first; raises ``ArchiveError`` naming a damaged file."""
    found = [each for path in redirect_files(store, partition) for each in read_redirects(store, path)]
    return sorted(found, key=lambda each: (each.at, each.url, each.target))


def read_redirects(store: Store, path: str) -> list[Redirect]:
    """Return the redirects of one file; raises ``ArchiveError`` when it is damaged."""
    try:
        return [Redirect.from_json(each) for each in json.loads(store.read(path))]
    except (ValueError, TypeError, RecursionError) as error:
        detail = f"a value of another type: {error}" if isinstance(error, WrongTypeError) else str(error)
        raise ArchiveError(
            f"{path}: damaged redirects: {detail}",
            advice="restore the file from a backup, or delete it and import its captures again",
        ) from error


def add_redirects(store: Store, partition: Partition, found: Iterable[Redirect]) -> None:
    """Store the redirects that are not stored yet, whatever file they were found in."""
    known = {(each.url, each.target, each.at) for each in load_redirects(store, partition)}
    new = {(each.url, each.target, each.at): each for each in found}
    added = [each for key, each in sorted(new.items(), key=lambda item: item[1].at) if key not in known]
    if added:
        at = dt.datetime.fromisoformat(added[0].at)
        while store.exists(path := redirects_path(partition, snapshot_id(at))):
            at += dt.timedelta(seconds=1)
        text = json.dumps([each.to_json() for each in added], ensure_ascii=False, indent=1)
        store.put_new(path, f"{text}\n".encode("utf-8", "surrogatepass"))
