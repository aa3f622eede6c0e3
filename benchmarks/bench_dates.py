"""Dates: the compiled path beside naive ``dateparser.parse``, and the text reader on one megabyte.

Run ``python benchmarks/bench_dates.py``. All figures are taken in one run, single-threaded, on the same texts. Exits 1
when a bound is missed: at least 200 times as fast as ``dateparser.parse``, at most 5 microseconds a date, and time
linear in the text (eight times the text within sixteen times the time).
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections.abc import Callable
from functools import partial

import dateparser
from babel.dates import format_skeleton

from helpscraper.locales import get_locale
from helpscraper.normalise.counts import parse_count
from helpscraper.normalise.dates import parse_date
from helpscraper.normalise.phrases import PHRASES
from helpscraper.normalise.titles import normalise_title
from helpscraper.normalise.words import count_words
from helpscraper.platforms.okx.text import read_text
from helpscraper.sites import get_site

MIN_RATIO = 200
MAX_MICROSECONDS = 5.0
MAX_GROWTH = 16.0


def mix(size: int) -> list[tuple[str, str, dt.date]]:
    """Return date lines as pages show them: half with a marker, weighted towards English, every locale there."""
    chance = random.Random(20261122)
    prefixes = ["en"] * 10 + ["en-us"] * 10 + sorted(get_site("okx").locales.values())
    lines = []
    for number in range(size):
        prefix = prefixes[number % len(prefixes)]
        locale = get_locale(prefix)
        day = dt.date(2021, 1, 1) + dt.timedelta(days=chance.randrange(2100))
        shown = format_skeleton("yMMMd", day, locale=locale.cldr)
        marker = f"{PHRASES[locale.language].published[0]} " if number % 2 else ""
        lines.append((marker + shown, prefix, day))
    return lines


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Return the least CPU time of ``repeat`` runs, to exclude other load of the machine."""
    best = float("inf")
    for _ in range(repeat):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def dates() -> bool:
    lines = mix(7000)
    wrong = [line for line in lines if parse_date(line[0], line[1]).date != line[2]]
    slow = [line for line in lines if parse_date(line[0], line[1]).method != "fast"]
    few = lines[:140]
    naive_right = sum(
        (found := dateparser.parse(text)) is not None and found.date() == day for text, _, day in few
    )
    fast = seconds(lambda: [parse_date(text, prefix) for text, prefix, _ in lines], repeat=15) / len(lines)
    naive = seconds(lambda: [dateparser.parse(text) for text, _, _ in few], repeat=1) / len(few)
    bare = [
        text.partition(PHRASES[get_locale(prefix).language].published[0])[2] or text
        for text, prefix, _ in few
    ]
    unmarked = seconds(lambda: [dateparser.parse(text.strip()) for text in bare], repeat=1) / len(bare)
    print(f"dates: {len(lines)} lines, {len(wrong)} read wrong, {len(slow)} left the fast path")
    print(f"  parse_date                      {fast * 1e6:10.2f} µs a date (at most {MAX_MICROSECONDS})")
    print(
        f"  dateparser.parse, same lines    {naive * 1e6:10.2f} µs a date, {naive_right} of {len(few)} right"
    )
    print(f"  dateparser.parse, no markers    {unmarked * 1e6:10.2f} µs a date")
    print(f"  ratio                           {naive / fast:10.0f} x same lines (at least {MIN_RATIO})")
    print(f"  ratio                           {unmarked / fast:10.0f} x no markers (at least {MIN_RATIO})")
    return (
        not wrong and not slow and min(naive, unmarked) / fast >= MIN_RATIO and fast * 1e6 <= MAX_MICROSECONDS
    )


HOSTILE = {
    "rows": "A title\nA snippet.Published on Sep 4, 2024Updated on Mar 10, 2026FAQ1,830",
    "markers": "Published on ",
    "dates": "Published on Sep 4, 2024",
    "digits": "1",
    "groups": "1,",
    "spaces": " ",
    "newlines": "\n",
    "entities": "&amp;",
    "joiners": "\u200d",
    "marks": "\u0301\u093c\u094d\u200d",
    "bullets": "- Published on Sep 4, 2024\n",
}


def growth() -> bool:
    good = True
    readers: dict[str, Callable[[str], object]] = {
        "read_text search": lambda text: read_text(text, url="", locale="en", kind="search"),
        "read_text section": lambda text: read_text(text, url="", locale="en", kind="section"),
        "read_text article": lambda text: read_text(text, url="", locale="en", kind="article"),
        "normalise_title": normalise_title,
        "parse_date": lambda text: parse_date(text, "en"),
        "parse_count": lambda text: parse_count(text, "en"),
        "count_words": count_words,
    }
    print("growth: time for 1 MB over time for 128 KB of the same text (8 = linear)")
    for name, reader in readers.items():
        worst, told = 0.0, ""
        for kind, piece in HOSTILE.items():
            large = piece * (1_048_576 // len(piece))
            small = large[: len(large) // 8]
            reader(small[:1000])
            first, second = seconds(partial(reader, small)), seconds(partial(reader, large), repeat=2)
            # Below ten milliseconds the clock decides, not the text.
            ratio = second / max(first, 0.01)
            if ratio > worst:
                worst, told = ratio, f"{kind}, {second:.2f} s"
        good &= worst <= MAX_GROWTH
        print(f"  {name:20} {worst:6.1f}  ({told})")
    return good


if __name__ == "__main__":
    results = [dates(), growth()]
    sys.exit(0 if all(results) else 1)
