"""Read bodies by their keys, to compare their texts and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.history.pictures import Pictures
from helpscraper.history.renames import Bodies
from helpscraper.html.markdown import pictures

__all__ = ["bodies_of", "pictures_in", "pictures_of", "texts_in"]

# Bodies that are in memory at a time.
_AT_ONCE = 512


def bodies_of(catalog: Catalog, partition: Partition) -> Bodies:
    """Return a function from body keys to texts; it leaves out missing and damaged bodies."""

    def read(keys: Sequence[str]) -> Mapping[str, str]:
        return texts_in(catalog.body_index(partition).fetch(pa.array(keys, pa.string())))

    return read


def pictures_of(catalog: Catalog, partition: Partition) -> Pictures:
    """Return a function from body keys to picture addresses; it leaves out missing and damaged bodies."""

    def read(keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            table = catalog.body_index(partition).fetch(pa.array(keys[start : start + _AT_ONCE], pa.string()))
            found |= pictures_in(table)
        return found

    return read


def texts_in(bodies: pa.Table | pa.RecordBatch) -> dict[str, str]:
    """Return the text of each body (``BODIES_SCHEMA``) by its key."""
    columns = bodies.column("body_sha256").to_pylist(), bodies.column("body_text").to_pylist()
    return dict(zip(*columns, strict=True))


def pictures_in(bodies: pa.Table | pa.RecordBatch) -> dict[str, Sequence[str]]:
    """Return the picture addresses of each body (``BODIES_SCHEMA``) by its key."""
    columns = bodies.column("body_sha256").to_pylist(), bodies.column("body_markdown").to_pylist()
    return {key: pictures(markdown) for key, markdown in zip(*columns, strict=True)}
