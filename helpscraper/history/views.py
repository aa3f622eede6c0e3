"""The view counts of an archive as a series, each article under one name through all its renames."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.archive.arrow import release_memory
from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.sql import with_snapshot_files
from helpscraper.history.edition_rows import INSTANT, EditionRows, Ints, by_edition, micros
from helpscraper.history.identity import Identities
from helpscraper.history.steps import renames_between, steps

__all__ = ["VIEWS_SCHEMA", "view_series"]

_NAME = pa.dictionary(pa.int32(), pa.string())

VIEWS_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("site", _NAME),
        pa.field("locale", _NAME),
        pa.field("article_id", _NAME),
        pa.field("snapshot_at", INSTANT),
        pa.field("view_count", pa.int64()),
        pa.field("gain", pa.int64()),
        pa.field("days", pa.float64()),
        pa.field("gain_per_day", pa.float64()),
        pa.field("reset", pa.bool_()),
        pa.field("slug", _NAME),
    ]
)
"""One row for each article in each snapshot that shows its count, by edition, article and time.

``article_id`` is the article as ``owner`` in ``identity.TENURES_SCHEMA``, ``slug`` its key in that snapshot. ``gain``
is the difference to the observation before, ``days`` earlier (null for the first, and after a reset); ``reset`` says
that the count fell, so the counter was reset or another number is shown."""

_DAY = 86_400_000_000


def view_series(catalog: Catalog) -> pa.Table:
    """Return the view counts of every article in every snapshot (``VIEWS_SCHEMA``); raises ``ArchiveError``."""
    return with_snapshot_files(catalog, lambda files: _series(catalog, files))


def _series(catalog: Catalog, files: Mapping[str, frozenset[str]]) -> pa.Table:
    parts = [VIEWS_SCHEMA.empty_table()]
    for partition, own in by_edition(files).items():
        rows = EditionRows(catalog.store)
        with ThreadPoolExecutor(catalog.store.readers) as pool:
            renames = pool.submit(renames_between, catalog, steps(catalog, partition))
            read = list(chain.from_iterable(pool.map(partial(_observed, rows), own, own.values())))
            tenures = Identities(renames.result()).table().to_pylist()
        release_memory()
        if read:
            parts.append(_of_edition(partition, rows, read, tenures))
    return pa.concat_tables(parts).unify_dictionaries()


def _observed(rows: EditionRows, path: str, ids: frozenset[str]) -> list[tuple[Ints, Ints, Ints]]:
    """Return key, instant and count of the articles in one file, of these snapshots (empty: all)."""
    found = []
    for each in rows.read(path, ids, ["view_count", "status"]):
        counts, status = each.table.column("view_count"), each.table.column("status")
        each = each.where(pc.and_(pc.is_valid(counts), pc.not_equal(status, "failed")))
        found.append((each.articles, each.at, np.asarray(each.table.column("view_count"))))
    return found


def _of_edition(
    partition: Partition,
    rows: EditionRows,
    read: list[tuple[Ints, Ints, Ints]],
    tenures: list[dict[str, Any]],
) -> pa.Table:
    """Return the rows of one edition; empties ``read``, because each copy of a year takes 75 MB."""
    numbers, at, counts = (np.concatenate(column) for column in zip(*read, strict=True))
    read.clear()
    names, slugs = rows.ranked(numbers)
    del numbers
    slugs, at, counts = _taken(np.argsort(slugs, kind="stable"), slugs, at, counts)
    if _unordered(slugs, at):  # files overlap in time
        slugs, at, counts = _taken(np.lexsort((at, slugs)), slugs, at, counts)
    owners = slugs
    if tenures:
        names, slugs, owners = _owners(names, slugs, at, tenures)
        slugs, at, counts, owners = _taken(np.lexsort((at, owners)), slugs, at, counts, owners)
    return _with_gains(partition, names, (owners, slugs), at, counts)


def _taken(order: Ints, *columns: Ints) -> tuple[Ints, ...]:
    return tuple(column[order] for column in columns)


def _unordered(codes: Ints, at: Ints) -> bool:
    return bool(((at[1:] < at[:-1]) & (codes[1:] == codes[:-1])).any())


def _owners(
    names: list[str], slugs: Ints, at: Ints, tenures: list[dict[str, Any]]
) -> tuple[list[str], Ints, Ints]:
    """Return all keys and owners in order, and for each row the places of its key and of its owner among them."""
    every = sorted({*names, *(each["owner"] for each in tenures)})
    places = {name: place for place, name in enumerate(every)}
    moved = np.array([places[name] for name in names], dtype=np.int32)
    owners = moved[slugs]
    begins = np.searchsorted(slugs, np.arange(len(names) + 1))
    known = {name: place for place, name in enumerate(names)}
    for each in tenures:
        if (place := known.get(each["article_id"])) is None:
            continue
        low, high = begins[place], begins[place + 1]
        first = low if each["since"] is None else low + np.searchsorted(at[low:high], micros(each["since"]))
        last = high if each["until"] is None else low + np.searchsorted(at[low:high], micros(each["until"]))
        owners[first:last] = places[each["owner"]]
    return every, moved[slugs], owners


def _with_gains(
    partition: Partition, names: list[str], keys: tuple[Ints, Ints], at: Ints, counts: Ints
) -> pa.Table:
    """Return rows sorted by owner and time with the difference to the row before, where that is of the same owner."""
    owners, slugs = keys
    size = len(at)
    first = np.ones(size, dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    gains, days = np.zeros(size, dtype=np.int64), np.zeros(size)
    np.subtract(counts[1:], counts[:-1], out=gains[1:])
    np.divide(at[1:] - at[:-1], _DAY, out=days[1:])
    fell = ~first & (gains < 0)
    nothing = first | fell
    # Two observations at one instant have no gain per day.
    rate = np.divide(gains, days, out=np.zeros(size), where=days != 0)
    dictionary = pa.array(names, pa.string())
    columns = [
        *(_repeated(value, size) for value in (partition.site, partition.locale)),
        pa.DictionaryArray.from_arrays(owners.astype(np.int32), dictionary),
        pa.array(at, pa.int64()).cast(INSTANT),
        pa.array(counts),
        pa.array(gains, mask=nothing),
        pa.array(days, mask=first),
        pa.array(rate, mask=nothing | (days == 0)),
        pa.array(fell),
        pa.DictionaryArray.from_arrays(slugs.astype(np.int32), dictionary),
    ]
    return pa.Table.from_arrays(columns, schema=VIEWS_SCHEMA)


def _repeated(value: str, size: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(size, dtype=np.int32), pa.array([value], pa.string()))
