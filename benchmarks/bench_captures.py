"""Captures of public web archives: reading their WARC files against FastWARC, and the import of many captures.

The pages are those of the sample site, padded with words: to 150 KB, about the size of OKX's pages and of those of
Common Crawl, and to 30 KB, for which there is no bound. As in Common Crawl's files, each has a request and metadata
beside it. FastWARC iterates over the same file and parses the HTTP headers; it reports no damage, and our reader does.
``CAPTURES`` in the environment is the number of captures of the import (default: 100,000).
"""

from __future__ import annotations

import datetime as dt
import gzip
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fastwarc.warc import ArchiveIterator

from helpscraper.sample.model import Options
from helpscraper.sample.render import SampleSite
from helpscraper.sample.truth import truth
from helpscraper.warc.build import Exchange, request_record, response_record
from helpscraper.warc.reader import iter_records
from helpscraper.warc.record import Record, digest_of

SITE = "https://www.okx.com"
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
SIZES = (30_000, 150_000)
READ = 1_000
BASES = 100
A_DAY = 1_000
CAPTURES = int(os.environ.get("CAPTURES", "100000"))
ROUNDS = 5
_METADATA = (
    b"WARC/1.0\r\nWARC-Type: metadata\r\nWARC-Target-URI: %b\r\nWARC-Date: %b\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
    b"Content-Type: application/warc-fields\r\nContent-Length: 21\r\n\r\nfetchTimeMs: 000231\r\n\r\n\r\n"
)

LEAST_READ = 0.8
LEAST_PAGES = 400.0  # a second, on two cores
# Ten times the captures may take this much more memory: the place of each, and no page.
MOST_MEMORY = 1.5


def pages() -> list[tuple[str, bytes]]:
    """Return slugs and pages of the sample site."""
    options = Options(articles=BASES)
    site = SampleSite(options, 0, 0, SITE)
    slugs = [each.slug for each in truth(0, "en", options)][:BASES]
    return [(slug, site.page(f"/help/{slug}", empty=False).text.encode()) for slug in slugs]


def records(count: int, size: int) -> Iterator[bytes]:
    """Yield request, response and metadata of each of ``count`` captures of different articles, as gzip members."""
    chance = random.Random(17)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randrange(3, 9))) for _ in range(3000)]
    bases = pages()
    headers = [(b"Content-Type", b"text/html; charset=utf-8")]
    headers += [(b"X-Header-%d" % number, b"its value") for number in range(8)]
    for number in range(count):
        slug, page = bases[number % len(bases)]
        name = f"{slug}-{number}"
        page = page.replace(slug.encode(), name.encode())
        padding = " ".join(chance.choices(words, k=max(0, size - len(page)) // 7)).encode()
        page += b"<!-- " + padding + b" -->" if padding else b""
        at = START + dt.timedelta(days=number // A_DAY, seconds=number % A_DAY)
        exchange = Exchange(
            url=f"{SITE}/help/{name}", date=at, method="GET", request_headers=[(b"User-Agent", b"bot")],
            request_body=b"", status=200, response_headers=headers, payload=page,
        )  # fmt: skip
        yield gzip.compress(request_record(exchange, f"<urn:uuid:{number}>"), 6)
        yield gzip.compress(response_record(exchange, f"<urn:uuid:{number}>", digest_of(page)), 6)
        yield gzip.compress(_METADATA % (exchange.url.encode(), f"{at:%Y-%m-%dT%H:%M:%SZ}".encode()), 6)


def fastwarc(path: Path) -> int:
    """Iterate as FastWARC does; return the records."""
    with path.open("rb") as stream:
        return sum(1 for _ in ArchiveIterator(stream, parse_http=True))


def ours(path: Path) -> int:
    """Iterate as an import does, which parses the HTTP headers of captures; return the records."""
    with path.open("rb") as stream:
        read = 0
        for item in iter_records(stream, path.name):
            assert isinstance(item, Record)
            read += item.type != "response" or item.status == 200
        return read


def spent(read: Callable[[Path], int], path: Path) -> float:
    """Return the processor's seconds of a record."""
    before = time.process_time()
    count = read(path)
    return (time.process_time() - before) / count


def reading(folder: Path) -> bool:
    """Compare the two readers, in turn, and print the median of the ratios."""
    ratio = 0.0
    for size in SIZES:
        path = folder / f"{size}.warc.gz"
        with path.open("wb") as stream:
            stream.writelines(records(READ, size))
        pairs = [(spent(fastwarc, path), spent(ours, path)) for _ in range(ROUNDS)]
        ratio = statistics.median(fast / own for fast, own in pairs)
        own = statistics.median(own for _, own in pairs)
        print(
            f"reading pages of {size // 1000} KB: {1 / own:,.0f} records/s of one core, {ratio:.2f} × FastWARC's rate"
            + (f" (at least {LEAST_READ})" if size == SIZES[-1] else "")
        )
    return ratio >= LEAST_READ


_IMPORT = """
import resource, sys, time
from pathlib import Path
from helpscraper.replay.captures import import_captures
if __name__ == "__main__":
    begun = time.perf_counter()
    report = import_captures(sys.argv[1], [Path(sys.argv[2])], "okx", "en")
    assert not report.problems and not report.skipped, (report.problems[:3], report.skipped)
    seconds = time.perf_counter() - begun
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(report.used, seconds, own.ru_utime + children.ru_utime, own.ru_maxrss, children.ru_maxrss)
"""


def imported(folder: Path, count: int) -> tuple[float, float, int]:
    """Import ``count`` captures; return the pages of a second, the processor's seconds of a page, and the peak KiB."""
    path = folder / f"{count}.warc.gz"
    with path.open("wb") as stream:
        stream.writelines(records(count, 0))
    script = folder / "importing.py"
    script.write_text(_IMPORT)
    command = [sys.executable, str(script), str(folder / f"archive-{count}"), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    used, seconds, user, writer, reader = map(float, done.stdout.split())
    assert used == count
    return used / seconds, user / used, int(max(writer, reader))


def importing(folder: Path) -> bool:
    """Import a tenth of the captures and all of them, and compare the memory."""
    _, _, small = imported(folder, CAPTURES // 10)
    rate, user, large = imported(folder, CAPTURES)
    print(
        f"import of {CAPTURES:,} captures: {rate:.0f} pages/s (at least {LEAST_PAGES:.0f} on two cores),"
        f" {user * 1000:.2f} ms of the processor for a page, {large / small:.2f} × the memory of a tenth of them:"
        f" {large / 1024:.0f} MiB (at most {MOST_MEMORY} ×)"
    )
    return large / small <= MOST_MEMORY and (rate >= LEAST_PAGES or (os.cpu_count() or 1) < 2)


def main() -> int:
    """Run both and return 1 when a bound is missed."""
    with tempfile.TemporaryDirectory() as name:
        met = [reading(Path(name)), importing(Path(name))]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
