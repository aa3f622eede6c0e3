"""Map every name of a category or section to one key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypedDict

from helpscraper.normalise.titles import caseless, normalise_title

__all__ = ["Names", "Vocabulary", "label_key"]

# Only this many characters of a label are compared; the longest real one has about fifty.
_LONGEST = 200


class Names(TypedDict, total=False):
    """The names of one category or section: its other keys on the site, and its titles by language."""

    keys: Sequence[str]
    titles: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Vocabulary:
    """The names of a site's categories, or of its sections, by canonical key; may be empty."""

    names: Mapping[str, Names] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        return bool(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def find(self, label: str | None, language: str) -> str | None:
        """Return the canonical key of a key, or of a title in any language (``language`` first); else None."""
        if not label or not self.names:
            return None
        table = self._tables.get(language)
        if table is None:
            table = self._tables[language] = self._table(language)
        return table.get(label_key(label))

    def titles(self) -> frozenset[str]:
        """Return every title in every language, as the site writes it."""
        return frozenset(
            title
            for names in self.names.values()
            for each in names.get("titles", {}).values()
            for title in each
        )

    @cached_property
    def _tables(self) -> dict[str, dict[str, str]]:
        return {}

    def _table(self, language: str) -> dict[str, str]:
        """Return label -> key: keys first, then titles in ``language``, in English, in all other languages."""
        table: dict[str, str] = {}
        for key, names in self.names.items():
            for label in (key, *names.get("keys", ())):
                table.setdefault(label_key(label), key)
        every = dict.fromkeys(lang for names in self.names.values() for lang in names.get("titles", {}))
        for lang in (language, "en", *every):
            for key, names in self.names.items():
                for title in names.get("titles", {}).get(lang, ()):
                    table.setdefault(label_key(title), key)
        return table


def label_key(text: str) -> str:
    """Return a key that is equal for two labels that differ only in case, invisible characters or a final colon.

    >>> label_key("  announcements\\u200b ") == label_key("Announcements:")
    True
    """
    return caseless(normalise_title(text[:_LONGEST])).rstrip(" :")
