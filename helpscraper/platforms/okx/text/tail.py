"""Cut the text after a date line into the category's label, the count, and the title of the next row.

In flattened text nothing separates them ("…2026FAQ150X errors"). Where the text is ambiguous, every cut that fits
is returned, the strictest first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from helpscraper.locales import get_locale
from helpscraper.platforms.okx.words import ALL_TAB, categories

__all__ = ["Cut", "Cuts", "by_custom", "cuts", "label_at", "labels", "shape", "tab_words"]

# A number as the site groups it: up to three digits, then groups of three with one separator throughout.
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’٬ \u00a0\u2009\u202f])\d{3}(?:\1\d{3}){0,3})?")
_DIGITS = re.compile(r"\d{1,15}")

# Signs and words that follow a figure in a title ("3 ways", "2FA", "1st", "50% off", "5个步骤") but not a count: no
# title begins with them.
_OPENS_WITH_FIGURE = re.compile(
    r"[\s%‰°$€£¥+.,:;/)\-–—×]|(?:FA|DA|DS|st|nd|rd|th|x|inch)(?![^\W\d_])|[个個種种步大天年月日倍层層項项條条次分小點点]"
)

# CLDR (48): locales of the site that write 1806 without a separator, and 12 345 with one (minimumGroupingDigits 2).
_FOUR_TOGETHER = frozenset(("es", "es_ES", "it", "pl", "pt_PT"))

_FIGURE_AND_LETTERS = re.compile(r"(?:FA|DA|DS)(?![^\W\d_])")


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to cut: the count (None: there is none) and where the next title begins."""

    count: str | None
    end: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """The cut to prefer, every other one that fits, and whether the text alone settles the matter.

    ``whole`` is the count, where it is four figures or more without a separator and a letter follows: either the count
    or the beginning of the title (see ``by_custom``).
    """

    preferred: Cut
    others: tuple[Cut, ...]
    settled: bool
    whole: Cut | None = None


@lru_cache(maxsize=1)
def labels() -> tuple[str, ...]:
    """Return every category label of every language, the longest first."""
    return tuple(sorted(categories().titles(), key=lambda word: (-len(word), word)))


@lru_cache(maxsize=1)
def tab_words() -> frozenset[str]:
    """Return every word that a tab was seen to carry, in any language."""
    return frozenset(word for words in ALL_TAB.values() for word in words) | frozenset(labels())


def label_at(text: str, position: int, extra: tuple[str, ...] = ()) -> str | None:
    """Return the label at ``position``; ``extra`` holds further labels, from the page's own tabs.

    A label is cut as a whole. One that would split a word ("Announcement" before "s") gives way to a
    shorter one.
    """
    fallback = None
    for word in sorted(extra, key=len, reverse=True) + list(labels()):
        if word and text.startswith(word, position):
            after = text[position + len(word) : position + len(word) + 1]
            if not (after.islower() and word[-1].islower()):
                return word
            fallback = fallback or word
    return fallback


def cuts(text: str, position: int, end: int) -> Cuts:
    """Cut count and title in ``text[position:end]``, which is one line.

    Settled are: no digits, digits up to the end of the line, and a count with a title behind it to which no figure
    belongs. A title follows its count without a space, so figures before a space belong to the title.
    """
    digits = _DIGITS.match(text, position, end)
    if digits is None:
        return Cuts(Cut(None, position), (), settled=True)
    plain = digits.end()
    grouped = _GROUPED.match(text, position, end)
    best = grouped.end() if grouped and grouped.end() > position + 3 else plain
    preferred = Cut(text[position:best], best)
    if not text[best:end].strip():
        return Cuts(preferred, (), settled=True)
    others = _others(text, position, best, plain)
    ungrouped = best == plain and plain - position > 3
    if text[best].isdecimal():
        return Cuts(preferred, others, settled=False)
    if not _OPENS_WITH_FIGURE.match(text, best, end):
        return Cuts(preferred, others, settled=not ungrouped, whole=preferred if ungrouped else None)
    if _FIGURE_AND_LETTERS.match(text, best, end) and best - position > 1:
        likely = Cut(text[position : best - 1], best - 1)
    else:
        likely = Cut(None, position)
    return Cuts(likely, tuple(cut for cut in (preferred, *others) if cut != likely), settled=False)


def shape(count: str) -> tuple[int, bool]:
    """Return how many figures a count has, and whether they are without separators."""
    return sum(map(str.isdecimal, count)), count.isdecimal()


def by_custom(found: Cuts, shown: Set[tuple[int, bool]], locale: str) -> Cuts:
    """Settle a count without separators by ``shown``, the shapes of the counts in other rows of the page.

    Locales that write 1806 write 12 345, so in these only rows with a count of four figures settle one of four, and
    longer ones a longer one. When no row settles it, or rows differ, both readings stay, in an order that depends on
    ``locale``.
    """
    whole = found.whole
    if whole is None or whole.count is None:
        return found
    four = len(whole.count) == 4
    four_together = get_locale(locale).cldr in _FOUR_TOGETHER
    customs = {
        plain for figures, plain in shown if figures > 3 and (not four_together or (figures == 4) == four)
    }
    together = customs.pop() if len(customs) == 1 else None
    if together or (together is None and four_together and four):
        first = whole
    else:
        first = Cut(None, whole.end - len(whole.count))
    others = tuple(cut for cut in (found.preferred, *found.others) if cut != first)
    return Cuts(first, others, settled=together is not None)


def _others(text: str, position: int, best: int, plain: int) -> tuple[Cut, ...]:
    """Return the cuts beside the longest: no count at all, and each shorter count of up to three figures."""
    zero = unicodedata.decimal(text[position]) == 0
    ends = [position + 1] if zero else range(position + 1, min(plain, position + 3) + 1)
    return (Cut(None, position), *(Cut(text[position:end], end) for end in ends if end != best))
