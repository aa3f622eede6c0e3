"""The parts of a word diff: spans of text inside blocks. ``words`` finds them, ``render`` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Block", "Blocks", "Fate", "Op", "Span"]

Op = Literal["same", "delete", "insert"]
Fate = Literal["same", "changed", "deleted", "inserted", "moved"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text inside a block: ``same`` on both sides, or only in the earlier or only in the later one."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a word diff: its line number (from 0) before and after, and its spans.

    ``moved`` has both places and may have changed words too; ``same`` and ``changed`` kept their order.
    """

    fate: Fate
    before: int | None
    after: int | None
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The block as it reads afterwards; for a deleted one, as it read before."""
        wanted = "delete" if self.fate == "deleted" else "insert"
        return "".join(span.text for span in self.spans if span.op in ("same", wanted))


class Blocks(Protocol):
    """A diff with blocks to show, such as ``words.WordDiff``."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks in the order of the later body."""
