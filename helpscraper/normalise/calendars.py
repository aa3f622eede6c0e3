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
_ORDINAL = (
    r"(?:\.?[ºª°˚]|\.?(?:"
    + "|".join(sorted(map(re.escape, _SUFFIXES.split()), key=len, reverse=True))
    + r")(?![^\W\d_]))?"
)
_FIELDS = re.compile(r"'([^']*)'|([dDyMLEc])\2*|[^'dDyMLEc]+")
_STYLES = ("medium", "long", "full", "short")
_SKELETONS = ("yMMMd", "yMMMMd", "yMd", "yMMMEd", "yMEd")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The compiled dates of one locale.

    ``whole`` matches a text that is one date, with or without a marker; ``here`` matches a date at a position,
    whatever follows. Every branch has three groups; ``groups[lastindex]`` gives the numbers of those of day, month and
    year. ``short`` is ``here`` for a year of one to three digits. ``months`` maps names (by ``fold``) and digits to
    numbers. ``numeric_order`` is the order of all-numeric dates, for instance ``"dmy"``.
    """

    whole: re.Pattern[str]
    here: re.Pattern[str]
    short: re.Pattern[str]
    weekday: re.Pattern[str]
    groups: Mapping[int, tuple[int, int, int]]
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


def _literal(text: str, *, between_figures: bool, last: bool) -> str:
    """Write the text between two fields of a pattern as a relaxed expression."""
    out = []
    for char in text:
        if char.isspace():
            out.append(SPACE)
        elif char in "\u200e\u200f\u061c":
            out.append(_MARK)
        elif char in ".,،":
            # Between two numbers the mark is the only separator.
            out.append(re.escape(char) if between_figures else "[.,،]?")
        else:
            out.append(re.escape(char))
    joined = "".join(out)
    if between_figures and not text.isspace():
        joined = f"{SPACE}{joined}{SPACE}"
    if last:
        # "日" is required: without it the day may be truncated. The caller adds "г." and "р." to every branch; the
        # rest is punctuation.
        return f"{SPACE}日" if text.strip(" ，,") == "日" else ""
    return joined


def _branch(pattern: str, month: str, year: str) -> tuple[str, str] | None:
    """Return one CLDR pattern as an expression, and its order ("dmy"); None when day, month or year is missing."""
    fields = [(match.group(1), match.group(2), match.group()) for match in _FIELDS.finditer(pattern)]
    ordinal = _ORDINAL if "MMM" in pattern or "LLL" in pattern else ""
    tokens: list[tuple[str, str]] = []
    for quoted, letter, whole in fields:
        if letter in ("E", "c"):
            # The caller removes and checks weekdays before it tries the branches.
            tokens.append(("E", ""))
        elif letter == "d":
            # A padded day at the end has two digits, or it is truncated.
            day = r"(\d{2})" if whole == "dd" and ("y", year) in tokens else r"(\d{1,2})"
            tokens.append(("d", day + ordinal))
        elif letter in ("M", "L"):
            tokens.append(("m" if len(whole) < 3 else "M", r"(\d{1,2})" if len(whole) < 3 else month))
        elif letter == "y":
            tokens.append(("y", year))
        else:
            text = quoted if quoted is not None else whole
            if tokens and tokens[-1][0] == "":
                tokens[-1] = ("", tokens[-1][1] + text)
            else:
                tokens.append(("", text))
    tokens = _without_weekday(tokens)
    kinds = [kind for kind, _ in tokens if kind]
    if sorted(kind.lower() for kind in kinds) != ["d", "m", "y"]:
        return None
    out = []
    for index, (kind, text) in enumerate(tokens):
        if kind:
            out.append(text)
            continue
        after = tokens[index + 1][0] if index + 1 < len(tokens) else ""
        before = tokens[index - 1][0] if index else ""
        figures = before in ("d", "m", "y") and after in ("d", "m", "y")
        out.append(_literal(text, between_figures=figures, last=not after))
    return "".join(out), "".join(kinds).lower()


def _ending(pattern: str) -> str:
    """Return the word after the year ("г" of ``y 'г'.``), without its dot."""
    match = re.search(r"y\s*'([^']+)'\.?$", pattern)
    return match.group(1) if match else ""


def _without_weekday(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    skip = False
    for kind, text in tokens:
        if kind == "E":
            # Drop the comma or space before the weekday; at the start, the one after it.
            if kept and kept[-1][0] == "" and not any(char.isalnum() for char in kept[-1][1]):
                kept.pop()
            skip = not kept
            continue
        if skip and kind == "" and not any(char.isalnum() for char in text):
            skip = False
            continue
        skip = False
        kept.append((kind, text))
    return kept


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
    numeric = next(order for order in map(_numeric_order, patterns) if order)
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
        months=months | {form: n for n in range(1, 13) for form in (str(n), f"{n:02}")},
        weekdays=weekdays,
        numeric_order=numeric,
        language=locale.language,
    )


def _groups(order: str, first: int) -> tuple[int, int, int]:
    return first + order.index("d"), first + order.index("m"), first + order.index("y")


def _numeric_order(pattern: str) -> str:
    """Return the order ("dmy") of an all-numeric pattern, else ``""``."""
    letters = [match.group(2) for match in _FIELDS.finditer(pattern) if match.group(2)]
    if "MMM" in pattern or "LLL" in pattern or set(letters) & {"E", "c"}:
        return ""
    return "".join(letters).lower().replace("l", "m")
