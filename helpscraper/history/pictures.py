"""Add a change record for each edit that exchanged pictures, beside the record of the body."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from helpscraper.history.kinds import PICTURE
from helpscraper.history.result import ordered

__all__ = ["Pictures", "exchanged", "with_pictures"]

Pictures: TypeAlias = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""A function from body keys to picture addresses, in order; it leaves out bodies that cannot be read."""


def with_pictures(
    records: pa.Table,
    pictures: Pictures | None,
    told: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> pa.Table:
    """Return change records with one more for each edit of the site that exchanged pictures.

    ``told`` are the values before and after by article, if they are known; then no body is read. Its field is
    ``picture``; ``before`` and ``after`` are the addresses of all pictures of the body as JSON lists, null where there
    are none. ``records`` are those of ``compare``, with their ``reason``.
    """
    if pictures is None and told is None:
        return records
    of_bodies = pc.and_(
        pc.equal(records.column("field"), "body_sha256"), pc.is_null(records.column("reason"))
    )
    read = pc.and_(*(pc.is_valid(records.column(side)) for side in ("before", "after")))
    edits = records.filter(pc.and_(of_bodies, read))
    if not edits.num_rows:
        return records
    if told is None:
        told = _exchanged_pictures(edits, pictures)
    rows = [
        {**edit, "field": PICTURE, "before": told[name][0], "after": told[name][1]}
        for edit in edits.to_pylist()
        if (name := edit["article_id"]) in told
    ]
    if not rows:
        return records
    return ordered(pa.concat_tables([records, pa.Table.from_pylist(rows, schema=records.schema)]))


def _exchanged_pictures(
    edits: pa.Table, pictures: Pictures | None
) -> Mapping[str, tuple[str | None, str | None]]:
    keys = pc.unique(pa.concat_arrays([c for n in ("before", "after") for c in edits.column(n).chunks]))
    shown = pictures(sorted(keys.to_pylist())) if pictures is not None else {}
    return {
        edit["article_id"]: (_listed(shown[edit["before"]]), _listed(shown[edit["after"]]))
        for edit in edits.to_pylist()
        if edit["before"] in shown
        and edit["after"] in shown
        and sorted(shown[edit["before"]]) != sorted(shown[edit["after"]])
    }


def _listed(addresses: Sequence[str]) -> str | None:
    return json.dumps(list(addresses), ensure_ascii=False) if addresses else None


def exchanged(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Return the addresses that are only in the value before, and only in the value after, of such a record.

    >>> exchanged('["/a.png", "/b.png"]', '["/c.png", "/a.png"]')
    ('/b.png', '/c.png')
    """
    gone, come = (Counter(json.loads(value or "[]")) for value in (before, after))
    return ", ".join((gone - come).elements()) or None, ", ".join((come - gone).elements()) or None
