"""Read bodies by their keys, to compare their texts and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.history.pictures import Pictures
from helpscraper.history.renames import Bodies
from helpscraper.html.markdown import pictures

__all__ = ["bodies_of", "pictures_in", "pictures_of"]

# Bodies in memory at a time.
_AT_ONCE = 512


def bodies_of(catalog: Catalog, partition: Partition) -> Bodies:
    """Return the reader of body texts that a diff asks when it looks for renames.

    A body that is nowhere, or whose file is damaged, is left out of its answers.
    """

    def read(keys: Sequence[str]) -> Mapping[str, str]:
        table = catalog.body_index(partition).fetch(pa.array(keys, pa.string()))
        texts = table.column("body_text").to_pylist()
        return dict(zip(table.column("body_sha256").to_pylist(), texts, strict=True))

    return read


def pictures_of(catalog: Catalog, partition: Partition) -> Pictures:
    """Return the reader of the addresses of pictures that a diff asks for the bodies of what was edited.

    A body that is nowhere, or whose file is damaged, is left out of its answers.
    """

    def read(keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            table = catalog.body_index(partition).fetch(pa.array(keys[start : start + _AT_ONCE], pa.string()))
            found |= pictures_in(table)
        return found

    return read


def pictures_in(bodies: pa.Table | pa.RecordBatch) -> dict[str, Sequence[str]]:
    """Return the addresses of the pictures of each body (``BODIES_SCHEMA``) by its key."""
    columns = bodies.column("body_sha256").to_pylist(), bodies.column("body_markdown").to_pylist()
    return {key: pictures(markdown) for key, markdown in zip(*columns, strict=True)}
