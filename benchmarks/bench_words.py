"""The word diff of two bodies of 5,000 words, and the candidates for its core side by side.

Bound: under 50 ms for an edited body, the same without line breaks, and a wholly rewritten one. ``make bench`` prints
the candidates that are installed beside it: difflib, cydifflib, fast-diff-match-patch.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import partial

from rapidfuzz.distance import LCSseq

from helpscraper.history.words import word_diff

BOUND_MS = 50.0
ROUNDS = 7


def bodies(seed: int = 1) -> dict[str, tuple[str, str]]:
    """Return pairs of bodies: 72 paragraphs of 70 words from a vocabulary of 800."""
    luck = random.Random(seed)
    vocabulary = [f"word{n}" for n in range(800)]

    def body() -> list[list[str]]:
        return [[luck.choice(vocabulary) for _ in range(70)] for _ in range(72)]

    old = body()
    new = [list(paragraph) for paragraph in old]
    for paragraph in luck.sample(new, 20):
        for _ in range(5):
            paragraph[luck.randrange(70)] = luck.choice(vocabulary)
    new.insert(3, new.pop(40))
    del new[10]
    lines = ["\n".join(" ".join(paragraph) for paragraph in each) for each in (old, new, body())]
    flat = [text.replace("\n", " ") for text in lines]
    return {
        "edited": (lines[0], lines[1]),
        "edited, one block": (flat[0], flat[1]),
        "rewritten": (lines[0], lines[2]),
        "rewritten, one block": (flat[0], flat[2]),
    }


def fastest(work: Callable[[], object]) -> float:
    """Return the milliseconds of the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def as_characters(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """Write each word as one character, which is how a text differ is made to compare words."""
    numbers: dict[str, int] = {}
    one, other = (
        "".join(chr(0x100 + numbers.setdefault(word, len(numbers))) for word in side) for side in (old, new)
    )
    return one, other


def cores() -> dict[str, Callable[[Sequence[str], Sequence[str]], object]]:
    """Return the candidates for comparing two sequences of words."""
    found: dict[str, Callable[[Sequence[str], Sequence[str]], object]] = {
        "rapidfuzz LCSseq": lambda old, new: LCSseq.opcodes(old, new),
        "difflib": lambda old, new: SequenceMatcher(None, old, new, False).get_opcodes(),
    }
    if importlib.util.find_spec("cydifflib"):
        import cydifflib

        found["cydifflib"] = lambda old, new: cydifflib.SequenceMatcher(None, old, new, False).get_opcodes()
    if importlib.util.find_spec("fast_diff_match_patch"):
        import fast_diff_match_patch

        found["fast-diff-match-patch"] = lambda old, new: fast_diff_match_patch.diff(
            *as_characters(old, new), timelimit=0, checklines=False
        )
    return found


def main() -> int:
    """Print the times and return 1 when a bound is missed."""
    worst = 0.0
    pairs = bodies()
    print("word diff of two bodies of 5,000 words, the fastest of several rounds")
    for name, (old, new) in pairs.items():
        took = fastest(partial(word_diff, old, new))
        worst = max(worst, took)
        print(f"  {name:<22} {took:7.1f} ms   (bound {BOUND_MS:.0f} ms)")
    print("cores alone, on 5,000 words against 5,000")
    for core, compare in cores().items():
        times = [
            fastest(partial(compare, old.split(), new.split()))
            for old, new in (pairs["edited, one block"], pairs["rewritten, one block"])
        ]
        print(f"  {core:<22} {times[0]:7.1f} ms edited, {times[1]:7.1f} ms rewritten")
    return int(worst > BOUND_MS)


if __name__ == "__main__":
    sys.exit(main())
