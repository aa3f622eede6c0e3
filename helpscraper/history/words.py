"""The text diff of two bodies: blocks are aligned first, then the words inside the blocks that changed.

A *block* is one line of ``body_text``: a paragraph, a heading, a list item, or a table row with its cells parted by
tabs. White space inside a block is ignored, so re-wrapped or re-spaced text is no change. Words are those of ICU
(UAX #29 with its dictionaries), so Chinese, Japanese, Thai, Khmer and Lao are segmented without spaces.

The core that compares sequences is rapidfuzz's longest common subsequence, whose time does not depend on how alike
the texts are; ``docs/decisions/0012-text-diff.md`` has the other measurements.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np
import numpy.typing as npt
from icu4py.breakers import WordBreaker
from rapidfuzz.distance import LCSseq

from helpscraper.history.render import plain, to_html
from helpscraper.history.rows import CELL, cells_of, same_rows
from helpscraper.history.spans import Block, Fate, Span

__all__ = ["Block", "Span", "WordDiff", "align", "blocks_of", "segment", "units_of", "word_diff"]

Units = Callable[[str], tuple[str, ...]]

_SPACE = re.compile(r"[^\S\t]+")
# Two blocks count as one changed block when they share this part of their words.
_RELATED = 0.5
# At most this many blocks of each side are paired; the others are shown as removed and added.
_PAIRED = 120
# Two blocks that share less than this part of their words are shown as replaced.
_KEPT = 0.3


@dataclass(frozen=True)
class WordDiff:
    """The difference of two bodies, block by block, in the later body's order; deleted blocks keep their place.

    Falsy when only white space differs. ``history.render`` renders it.
    """

    blocks: tuple[Block, ...]

    @cached_property
    def changed(self) -> bool:
        """Whether anything but white space differs."""
        return any(block.fate != "same" for block in self.blocks)

    def __bool__(self) -> bool:
        return self.changed

    def counts(self) -> dict[str, int]:
        """Return how many words were deleted and inserted, and how many blocks moved."""
        words: Counter[str] = Counter()
        for block in self.blocks:
            for span in block.spans:
                if span.op != "same":
                    words[span.op] += sum(1 for word in segment(span.text) if any(map(str.isalnum, word)))
        moved = sum(block.fate == "moved" for block in self.blocks)
        return {"deleted": words["delete"], "inserted": words["insert"], "moved": moved}

    def plain(self, context: int | None = None) -> str:
        """Render with ``[-gone-]{+new+}``; see ``history.render.plain``."""
        return plain(self, context)

    def html(self, context: int | None = None) -> str:
        """Render as HTML with ``<ins>`` and ``<del>``, all text escaped; see ``history.render.to_html``."""
        return to_html(self, context)

    def _repr_html_(self) -> str:
        return self.html(context=1)


def word_diff(before: str, after: str, language: str | None = None) -> WordDiff:
    """Compare two bodies as text; ``language`` (BCP 47) only matters for how words are found.

    >>> print(word_diff("Open the page.\\nSign in.", "Sign in.\\nOpen this page.").plain())
    Sign in.
    (moved) Open [-the-]{+this+} page.
    """
    old, new = blocks_of(before), blocks_of(after)
    units = cache(partial(units_of, language=language))
    return WordDiff(tuple(_blocks(old, new, align(old, new, units), units)))


def blocks_of(text: str) -> list[str]:
    """Return the blocks of a body: its lines with single spaces (tabs between table cells stay), none empty.

    >>> blocks_of("One  two \\n\\n a\\tb")
    ['One two', 'a\\tb']
    """
    lines = (
        _SPACE.sub(" ", line).replace(" \t", "\t").replace("\t ", "\t").strip(" ")
        for line in text.splitlines()
    )
    return [line for line in lines if line.strip()]


def segment(text: str, language: str = "en") -> list[str]:
    """Return the words, spaces and marks of ``text``; joined again they are ``text``.

    >>> segment("Fee: 0.1 %")
    ['Fee', ':', ' ', '0.1', ' ', '%']
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return re.findall(r"\w+|\W", text)  # ICU rejects lone surrogates
    return list(WordBreaker(text, language))


def units_of(block: str, language: str | None = None) -> tuple[str, ...]:
    """Return the words and marks of a block, each with the space after it: single spaces would align anything.

    >>> units_of("Fee: 0.1 %")
    ('Fee', ': ', '0.1 ', '%')
    """
    units: list[str] = []
    for piece in segment(block, language or "en"):
        if piece == " " and units:
            units[-1] += piece
        else:
            units.append(piece)
    return tuple(units)


def align(old: Sequence[str], new: Sequence[str], units: Units) -> list[tuple[int, int, bool]]:
    """Pair the blocks of two bodies: (place before, place after, whether it moved), sorted by the place after.

    ``units`` gives the words of a block; only blocks without an equal one in the same order are segmented.

    Equal blocks in equal order are paired first; then equal blocks elsewhere (moved); then blocks that share at least
    half of their words, between the same neighbours (changed) or anywhere (moved and changed). Table rows between the
    same neighbours are also paired by an equal first cell.
    """
    pairs: dict[int, tuple[int, bool]] = {}
    gaps: list[tuple[range, range]] = []
    for equal, i1, i2, j1, j2 in _opcodes(old, new):
        if equal:
            pairs |= {j: (i, False) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)}
        else:
            gaps.append((range(i1, i2), range(j1, j2)))
    left = [i for gap in gaps for i in gap[0]]
    right = [j for gap in gaps for j in gap[1]]
    places: dict[str, list[int]] = {}
    for i in reversed(left):
        places.setdefault(old[i], []).append(i)
    for j in right:
        # A block of one or two tokens ("Yes", "-") occurs anywhere, so it proves no move.
        if places.get(new[j]) and len(units(new[j])) > 2:
            pairs[j] = (places[new[j]].pop(), True)
    for gap in gaps:
        _relate(old, new, gap, pairs, units, moved=False)
    _relate(old, new, (left, right), pairs, units, moved=True)
    return [(i, j, moved) for j, (i, moved) in sorted(pairs.items())]


def _relate(
    old: Sequence[str],
    new: Sequence[str],
    gap: tuple[Sequence[int], Sequence[int]],
    pairs: dict[int, tuple[int, bool]],
    units: Units,
    *,
    moved: bool,
) -> None:
    """Add the best pairs of related blocks of ``gap`` not paired yet; in order, unless they may have moved."""
    taken = {i for i, _ in pairs.values()}
    left = [i for i in gap[0] if i not in taken][:_PAIRED]
    right = [j for j in gap[1] if j not in pairs][:_PAIRED]
    if not left or not right:
        return
    blocks = [units(old[i]) for i in left], [units(new[j]) for j in right]
    alike = _likeness(*blocks)
    if not moved:
        # An equal first cell identifies a table row.
        for x, y in same_rows(*blocks):
            alike[x, y] = max(alike[x, y], _RELATED)
    candidates = zip(*(place.tolist() for place in np.nonzero(alike >= _RELATED)), strict=True)
    used: list[tuple[int, int]] = []
    for _, i, j in sorted((-float(alike[x, y]), left[x], right[y]) for x, y in candidates):
        crossing = not moved and any((i - k) * (j - m) <= 0 for k, m in used)
        if i not in taken and j not in pairs and not crossing:
            pairs[j] = (i, moved)
            taken.add(i)
            used.append((i, j))


def _likeness(old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]) -> npt.NDArray[np.float32]:
    """Return for each pair of blocks the share of different words that they have in common (Dice), 0 to 1."""
    numbers: dict[str, int] = {}
    sets = [{numbers.setdefault(word, len(numbers)) for word in _words(block)} for block in (*old, *new)]
    there = np.zeros((len(sets), len(numbers)), dtype=np.float32)
    for row, columns in enumerate(sets):
        there[row, list(columns)] = 1
    one, other = there[: len(old)], there[len(old) :]
    total = one.sum(axis=1)[:, None] + other.sum(axis=1)[None, :]
    share: npt.NDArray[np.float32] = 2 * (one @ other.T) / total
    return share


def _words(units: Sequence[str]) -> list[str]:
    """Return the words of a block, or its marks where it has no words."""
    bare = [unit.rstrip(" ") for unit in units]
    return [unit for unit in bare if any(map(str.isalnum, unit))] or bare


def _opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[bool, int, int, int, int]]:
    """Return the longest common subsequence as alternating runs (equal, from, to, from, to)."""
    if not old and not new:
        return []
    numbers: dict[Hashable, int] = {}
    one, other = ([numbers.setdefault(item, len(numbers)) for item in side] for side in (old, new))
    runs: list[tuple[bool, int, int, int, int]] = []
    for op in LCSseq.opcodes(one, other):
        equal = op.tag == "equal"
        i, j = op.src_start, op.dest_start
        if runs and runs[-1][0] == equal:
            _, i, _, j, _ = runs.pop()
        runs.append((equal, i, op.src_end, j, op.dest_end))
    return runs


def _blocks(
    old: Sequence[str],
    new: Sequence[str],
    pairs: Sequence[tuple[int, int, bool]],
    units: Units,
) -> Iterator[Block]:
    at = {j: (i, moved) for i, j, moved in pairs}
    gone = sorted(set(range(len(old))) - {i for i, _, _ in pairs})
    shown = 0
    for j, block in enumerate(new):
        i, moved = at.get(j, (None, False))
        anchor = next((at[k][0] for k in range(j, len(new)) if k in at and not at[k][1]), len(old))
        while shown < len(gone) and gone[shown] < anchor:
            yield Block("deleted", gone[shown], None, (Span("delete", old[gone[shown]]),))
            shown += 1
        if i is None:
            yield Block("inserted", None, j, (Span("insert", block),))
            continue
        same = old[i] == block
        fate: Fate = "moved" if moved else "same" if same else "changed"
        spans = (Span("same", block),) if same else tuple(_spans(units(old[i]), units(block)))
        yield Block(fate, i, j, spans)
    for i in gone[shown:]:
        yield Block("deleted", i, None, (Span("delete", old[i]),))


def _spans(old: Sequence[str], new: Sequence[str]) -> Iterator[Span]:
    """Compare two blocks; compare two rows with equally many cells cell by cell."""
    cells = cells_of(old), cells_of(new)
    if len(cells[0]) != len(cells[1]):
        yield from _unit_spans(old, new, whole=min(map(len, cells)) == 1)
        return
    for number, (before, after) in enumerate(zip(*cells, strict=True)):
        if number:
            yield Span("same", CELL)
        yield from _unit_spans(before, after, whole=True)


def _unit_spans(old: Sequence[str], new: Sequence[str], *, whole: bool) -> Iterator[Span]:
    """Compare unit by unit; equal units have the text of the later block.

    With ``whole``, two blocks that share little are shown as one deletion and one insertion.
    """
    keys = [unit.rstrip(" ") for unit in old], [unit.rstrip(" ") for unit in new]
    runs = _opcodes(*keys)
    shared = sum(run[2] - run[1] for run in runs if run[0])
    if whole and shared < _KEPT * min(len(old), len(new)):
        runs = [(False, 0, len(old), 0, len(new))]
    for equal, i1, i2, j1, j2 in runs:
        if equal:
            yield Span("same", "".join(new[j1:j2]))
            continue
        gone, came = "".join(old[i1:i2]), "".join(new[j1:j2])
        space = " " if gone.endswith(" ") and came.endswith(" ") else ""
        if gone:
            yield Span("delete", gone.removesuffix(space))
        if came:
            yield Span("insert", came.removesuffix(space))
        if space:
            yield Span("same", space)
