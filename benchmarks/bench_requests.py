"""Requests of each command to an S3 server, with 10 and with 365 snapshots in the archive; the counts must be equal.

The server is moto's on loopback, so its requests are counted in its log. A fresh machine asks: there is no cache but
the archive's own index.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import Store, open_store
from helpscraper.sample.server import SampleServer
from tests import sample_archive
from tests.long_history import EN, build, fill
from tests.s3_server import S3Server, s3_server

COMMANDS: dict[str, tuple[Sequence[str], int | None]] = {
    "log": (["log", "--last", "0"], 8),
    "runs --last 1": (["runs", "--last", "1"], None),
    "diff latest~1 latest": (["diff", "latest~1", "latest"], 12),
    "show ARTICLE": (["show", "{article}"], 6),
    "show ARTICLE --body": (["show", "{article}", "--body", "text"], None),
}
CRAWL, COMMIT = "crawl", "  of it after the last page, without WARC parts"
COMMIT_BOUND = 12
TIME_BOUND = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", type=int, nargs=2, default=(10, 365))
    sizes = tuple(parser.parse_args(arguments).snapshots)
    with tempfile.TemporaryDirectory() as name, s3_server(Path(name)) as s3:
        built, article = _history(Path(name), max(sizes))
        counts: dict[str, list[Counter[str]]] = {}
        for size in sizes:
            uri = s3.new_uri(f"requests-{size}")
            fill(uri, built, size)
            for command, (words, _) in COMMANDS.items():
                line = [word.format(article=article) for word in words]
                with s3.counted() as found:
                    _run(*line, "--archive", uri)
                counts.setdefault(command, []).append(found)
            every, after = _crawl(s3, uri, Path(name) / f"state-{size}")
            counts.setdefault(CRAWL, []).append(every)
            counts.setdefault(COMMIT, []).append(after)
        local, remote = (_seconds(["log", "--last", "0", "--archive", where]) for where in (built.uri, uri))
    return _told(sizes, counts, local, remote)


def _history(folder: Path, snapshots: int) -> tuple[Store, str]:
    """Build the history that both archives are cut from; return it and the key of one article."""
    sample = Catalog(sample_archive.build(folder / "sample", states=range(1)))
    rows = sample.load_table("latest")
    bodies = BodyIndex(sample.store, EN).fetch(rows.column("body_sha256").combine_chunks())
    store = open_store(folder / "history")
    build(store, range(snapshots), (rows, bodies))
    return store, rows.column("article_id")[0].as_py()


def _crawl(s3: S3Server, uri: str, state: Path) -> tuple[Counter[str], Counter[str]]:
    """Crawl the sample site; return all requests, and those after the first part of the recording was put."""
    setting = [f"-s{each}" for each in ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", "CONTACT=bench")]
    with SampleServer(state=0) as server, _state(state), s3.counted() as every:
        _run("crawl", "--archive", uri, "-a", f"base_url={server.url}", *setting)
    lines = s3.last(every.total())
    parts = [
        number for number, (method, path) in enumerate(lines) if method == "PUT" and path.endswith(".warc.gz")
    ]
    after = Counter(method for method, path in lines[parts[0] :] if not path.endswith(".warc.gz"))
    return every, after


@contextmanager
def _state(folder: Path) -> Iterator[None]:
    """Let crawls keep their state in ``folder``, as on another machine."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    yield
    del os.environ["XDG_STATE_HOME"]
    if before is not None:
        os.environ["XDG_STATE_HOME"] = before


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "helpscraper", *words], check=True, capture_output=True)


def _seconds(words: Sequence[str]) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        _run(*words)
        times.append(time.perf_counter() - start)
    return min(times)


def _told(sizes: Sequence[int], counts: dict[str, list[Counter[str]]], local: float, remote: float) -> int:
    print(f"{'requests':50} " + " ".join(f"{size:>5} snapshots" for size in sizes))
    missed = []
    for name, found in counts.items():
        bound = COMMIT_BOUND if name == COMMIT else COMMANDS.get(name, ((), None))[1]
        totals = [each.total() for each in found]
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found[-1].items()))
        said = f"(bound {bound})" if bound else ""
        print(f"{name:50} " + " ".join(f"{total:>15}" for total in totals) + f"  {kinds} {said}")
        if len({*totals}) > 1 or (bound is not None and max(totals) > bound):
            missed.append(name)
    ratio = remote / local
    print(f"log of {max(sizes)} snapshots: {remote:.2f} s on S3, {local:.2f} s here: {ratio:.2f} ×")
    if ratio > TIME_BOUND:
        missed.append("time of log")
    print(f"missed: {', '.join(missed)}" if missed else "every bound was met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
