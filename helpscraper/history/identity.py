"""Identify articles across renames: a key can be given up and used again, also by another article. Pure.

An article is a chain of tenures: it has one key until a rename gives it the next one. ``Identities`` returns the
tenures of one article, or a table of all. Instants are snapshot ids, which sort like their instants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import pyarrow as pa

__all__ = ["TENURES_SCHEMA", "Identities", "Rename", "Tenure"]

Rename = tuple[str, str, str]
"""The id of the snapshot that showed a rename, the key before and the key after."""

TENURES_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("article_id", pa.string(), nullable=False),
        pa.field("since", pa.string()),
        pa.field("until", pa.string()),
        pa.field("owner", pa.string(), nullable=False),
    ]
)
"""In the snapshots from ``since`` (null: the first) to before ``until`` (null: no end), ``article_id`` is the key of
the article ``owner``. A key that is not in the table has always meant the same article.

``owner`` is the last key of the article. If another article took that key later, the id of that snapshot follows:
``fees@20261122T060000Z``."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """An article has ``key`` in the snapshots from ``since`` (None: the first) to before ``until`` (None: no end)."""

    key: str
    since: str | None = None
    until: str | None = None

    def covers(self, snapshot_id: str) -> bool:
        """Tell whether the article has the key in this snapshot."""
        return (self.since or "") <= snapshot_id and (self.until is None or snapshot_id < self.until)


class Identities:
    """The articles behind the keys that occur in ``renames`` of one edition, given in any order.

    >>> known = Identities([("mon", "a", "b"), ("tue", "b", "c"), ("wed", "x", "b")])
    >>> [[tenure.key for tenure in known.tenures(key)] for key in "abcx"]
    [['a', 'b', 'c'], ['x', 'b'], ['a', 'b', 'c'], ['x', 'b']]
    """

    def __init__(self, renames: Iterable[Rename] = ()) -> None:
        self._chains: list[list[Tenure]] = []
        self._holder: dict[str, list[Tenure]] = {}
        self._gave_up: dict[str, list[Tenure]] = {}
        for when, group in groupby(sorted(renames), key=lambda rename: rename[0]):
            links = {before: after for _, before, after in group}
            gave = {before: self._end(before, when) for before in links}
            for after in set(links.values()) - links.keys():
                self._end(after, when)  # the article that had the key before is gone
            for before, after in links.items():
                gave[before].append(Tenure(after, when))
                self._holder[after] = gave[before]
            for before in links.keys() - set(links.values()):
                self._holder[before] = self._new(Tenure(before, when))
            self._gave_up |= gave

    def tenures(self, key: str, seen: str | None = None) -> tuple[Tenure, ...]:
        """Return the tenures of the article that ``key`` means, oldest first.

        A key means the article that has it now, else the last one that gave it up. ``seen`` is the last snapshot in
        which an article with this key changed: after a key was given up, it shows that a new article has it.
        """
        chain = self._holder.get(key) or [Tenure(key)]
        first, *later = chain
        unused = not later and first.since is not None and (seen is None or seen < first.since)
        return tuple(self._gave_up[key] if unused else chain)

    def given_up(self) -> dict[str, str]:
        """Return the owner of each key that was given up, as ``TENURES_SCHEMA`` names it: the last that gave it up."""
        return {key: _owner(chain) for key, chain in self._gave_up.items()}

    def table(self) -> pa.Table:
        """Return all tenures of all articles (``TENURES_SCHEMA``)."""
        rows = [
            {"article_id": each.key, "since": each.since, "until": each.until, "owner": _owner(chain)}
            for chain in self._chains
            for each in chain
        ]
        return pa.Table.from_pylist(rows, TENURES_SCHEMA)

    def _new(self, tenure: Tenure) -> list[Tenure]:
        self._chains.append([tenure])
        return self._chains[-1]

    def _end(self, key: str, when: str) -> list[Tenure]:
        """End the tenure of the article that has ``key``; return its tenures."""
        chain = self._holder.get(key)
        if chain is None:
            chain = self._new(Tenure(key))
        chain[-1] = replace(chain[-1], until=when)
        return chain


def _owner(chain: list[Tenure]) -> str:
    last = chain[-1]
    return last.key if last.until is None else f"{last.key}@{last.until}"
