"""Compile CLDR's date patterns of one locale into regular expressions.

A CLDR pattern (``d MMM y 'г'.``) becomes one branch with three groups, relaxed where real sites differ: any space or
none, a missing dot or comma, any case, an ordinal day. Numeric dates are read in the locale's own order only. Every
branch needs a year of four digits, so that a truncated year is never read.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babel import localedata

from helpscraper.locales import get_locale
from helpscraper.normalise.phrases import NO_PHRASES, PHRASES
from helpscraper.normalise.titles import caseless

__all__ = ["Calendar", "calendar_for", "marker_expression"]

SPACE = r"[\s\u200e\u200f\u061c]{0,3}"
_MARK = r"[\u200e\u200f\u061c]?"
# Ordinal days before a named month: the first in Romance languages (1er, 1º, 1.º, 1r, 1ero), any day in others (2nd,
# 3e, 4ste, 1:a, 1-го, 1-ci). No letter may follow, or the suffix could begin a month ("1stycznia").
_SUFFIXES = "er re ero ro r e è ère o a st nd rd th ste de :a :e -го -е -ci -cı -cu -cü -a -ul -lea ᵉʳ"
_ORDINAL = rf"(?:\.?[ºª°˚]|\.?(?:{'|'.join(map(re.escape, _SUFFIXES.split()))})(?![^\W\d_]))?"
_FIELDS = re.compile(r"'([^']*)'|([dDyML])\2*|[^'dDyML]+")
_WEEKDAY_FIRST = re.compile(r"^[^'dDyMLEc]*[Ec]+[^\w']*")
_STYLES = ("medium", "long", "full", "short")
_SKELETONS = ("yMMMd", "yMMMMd", "yMd", "yMMMEd", "yMEd")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The compiled dates of one locale.

    ``whole`` matches a text that is one date, with or without a marker; ``here`` matches a date at a position,
    whatever follows. Every branch has three groups; ``groups[lastindex]`` gives the numbers of those of day, month and
    year. ``short`` is ``here`` for a year of one to three digits. ``months`` maps names (by ``fold``) to numbers.
    ``numeric_order`` is the order of all-numeric dates, for instance ``"dmy"``.
    """

    whole: re.Pattern[str]
    here: re.Pattern[str]
    short: re.Pattern[str]
    weekday: re.Pattern[str]
    groups: Mapping[int | None, tuple[int, int, int]]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    numeric_order: str
    language: str


def _cldr(name: str) -> localedata.LocaleDataDict:
    """Return a private copy of CLDR's data for ``name``.

    Babel resolves aliases inside dictionaries that locales share, so one locale's month names can turn up in another
    (Babel 2.18: Chinese stand-alone months under ``tr``).
    """
    data = localedata.load(name)
    wanted = ("months", "days", "date_formats", "datetime_skeletons")
    return localedata.LocaleDataDict({key: copy.deepcopy(data[key]) for key in wanted})


def _names(data: Mapping[str, Any], kind: str) -> dict[str, int]:
    """Return name -> number for ``months`` or ``days``; the format context wins over the stand-alone one."""
    table: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("abbreviated", "wide"):
            for number, name in data[kind][context][width].items():
                table.setdefault(fold(name), int(number))
    return table


def fold(name: str) -> str:
    """Return the key of a month or day name: case folded, without the dot of an abbreviation.

    >>> fold("Févr.")
    'févr'
    """
    return caseless(name).rstrip(".")


def _alternatives(words: Iterable[str]) -> str:
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(r"\s{1,2}".join(re.escape(part) for part in word.split()) for word in ordered)


def _literal(text: str, *, between_figures: bool) -> str:
    """Write the text between two fields of a pattern as a relaxed expression."""
    out = []
    for char in text:
        if char.isspace():
            out.append(SPACE)
        elif char in "\u200e\u200f\u061c":
            out.append(_MARK)
        elif char in ".,،" and not between_figures:
            out.append("[.,،]?")
        else:
            # Between two numbers the mark is the only separator.
            out.append(re.escape(char))
    joined = "".join(out)
    return f"{SPACE}{joined}{SPACE}" if between_figures else joined


def _branch(pattern: str, month: str, year: str) -> tuple[str, str] | None:
    """Return one CLDR pattern as an expression, and its order; None when day, month or year is missing.

    The order is ``dmy`` where the month is a number, and ``dMy`` where it is a name. The caller removes and checks
    weekdays before it tries the branches.
    """
    fields, order = [], ""
    texts = [""]  # before the first field and behind each
    for match in _FIELDS.finditer(_WEEKDAY_FIRST.sub("", pattern)):
        quoted, letter = match.groups()
        if letter:
            fields.append(match.group())
            order += "m" if match.group() in ("M", "MM", "L", "LL") else letter.replace("L", "M")
            texts.append("")
        else:
            texts[-1] += match.group() if quoted is None else quoted
    if sorted(order.lower()) != ["d", "m", "y"]:
        return None
    # A padded day at the end has two digits, or it is truncated.
    day = r"(\d{2})" if "dd" in fields and order.index("y") < order.index("d") else r"(\d{1,2})"
    groups = {"d": day + _ORDINAL * ("M" in order), "m": r"(\d{1,2})", "M": month, "y": year}
    before, *between, behind = texts
    out = [_literal(before, between_figures=False), groups[order[0]]]
    for text, one, other in zip(between, order, order[1:], strict=False):
        out += [_literal(text, between_figures="M" not in one + other), groups[other]]
    # "日" is required: without it the day may be truncated. The caller adds "г." and "р." to every branch; the rest
    # is a weekday or punctuation.
    return "".join(out) + f"{SPACE}日" * ("日" in behind), order


def _ending(pattern: str) -> str:
    """Return the word after the year ("г" of ``y 'г'.``), without its dot."""
    match = re.search(r"y\s*'([^']+)'\.?$", pattern)
    return match.group(1) if match else ""


def marker_expression(phrases: Iterable[str]) -> str:
    """Return one expression for all markers: with or without a colon, with any spaces.

    >>> bool(re.fullmatch(marker_expression(["Date de publication:"]), "Date de publication\\u202f:"))
    True
    """
    bare = sorted({phrase.rstrip(": ") for phrase in phrases}, key=lambda phrase: (-len(phrase), phrase))
    words = "|".join(r"\s{1,2}".join(re.escape(word) for word in phrase.split()) for phrase in bare)
    return rf"(?:{words})\s{{0,2}}[:：]?"


@lru_cache(maxsize=64)
def calendar_for(tag: str) -> Calendar:
    """Compile the dates of the locale ``tag``; raises ``CommandError`` for an unknown one."""
    locale = get_locale(tag)
    data = _cldr(locale.cldr)
    months = _names(data, "months")
    weekdays = _names(data, "days")
    for name in ("en", "en_AU"):
        # Pages of other locales hold English dates; no English name is another month in any of them.
        english = _cldr(name)
        for table, kind in ((months, "months"), (weekdays, "days")):
            for word, number in _names(english, kind).items():
                table.setdefault(word, number)
    numbered = {word for word in months if any(char.isdigit() for char in word)}
    stems = {re.split(r"\d", word)[0].strip() for word in numbered} - {""}
    words = r"(?:[^\W\d_]\u0307?){1,20}"
    month = f"((?:{_alternatives(stems)}){SPACE}\\d{{1,2}}|{words})\\.?" if stems else f"({words})\\.?"

    patterns = [str(data["date_formats"][style].pattern) for style in _STYLES]
    skeletons = data["datetime_skeletons"]
    patterns += [str(skeletons[key].pattern) for key in _SKELETONS if key in skeletons]
    # After the locale's own: forms that name the month (no order to guess), and ISO 8601.
    patterns += ["d. MMM, y", "d 'de' MMM 'de' y", "MMM d, y", "y-MM-dd", "y年M月d日"]
    endings = {ending for pattern in patterns if (ending := _ending(pattern))}
    ending = "".join(rf"(?:{SPACE}{re.escape(word)}(?:\.|(?!\w)))?" for word in sorted(endings))

    def compiled(year: str) -> dict[str, str]:
        branches: dict[str, str] = {}
        for pattern in patterns:
            found = _branch(pattern, month, year)
            if found is not None:
                branches.setdefault(found[0] + (ending if found[1][-1] == "y" else ""), found[1])
        return branches

    full = compiled(r"(\d{4})")
    spoken = (PHRASES.get(locale.language, NO_PHRASES), PHRASES["en"])
    marker = marker_expression(phrase for each in spoken for phrase in (*each.published, *each.updated))
    any_branch = "|".join(full)
    flags = re.IGNORECASE
    return Calendar(
        whole=re.compile(rf"\s{{0,3}}(?:{marker}{SPACE})?(?:{any_branch})\s{{0,3}}", flags),
        here=re.compile(any_branch, flags),
        short=re.compile("|".join(compiled(r"(\d{1,3})(?!\d)")), flags),
        weekday=re.compile(rf"({_alternatives(weekdays)})\.?(?!\w)", flags),
        groups={3 * n + 3: _groups(order, 3 * n + 1) for n, order in enumerate(full.values())},
        months=months,
        weekdays=weekdays,
        numeric_order=next(order for order in full.values() if order.islower()),
        language=locale.language,
    )


def _groups(order: str, first: int) -> tuple[int, int, int]:
    return first + order.index("d"), first + order.lower().index("m"), first + order.index("y")
