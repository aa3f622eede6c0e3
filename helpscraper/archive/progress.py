"""Tell how far a long piece of work is: a callback takes the task's name, the steps done, and all steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

__all__ = ["Progress", "silent", "tracked"]

Progress = Callable[[str, int, int], object]

_T = TypeVar("_T")


def silent(name: str, done: int, total: int) -> None:
    """Tell nobody."""


def tracked(items: Collection[_T], name: str, progress: Progress) -> Iterator[_T]:
    """Yield the items, and tell before each how many are done."""
    for done, item in enumerate(items):
        progress(name, done, len(items))
        yield item
