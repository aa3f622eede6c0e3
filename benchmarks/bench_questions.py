"""Questions of an analyst to 365 snapshots of 10,000 articles: views, a search, a month of changes.

``--archive`` takes an archive that ``bench_history --keep`` has left. Each question runs in a process of its own, so
that its memory is its own: that of the first answer. Times are without the start of Python, the best of three; the
processor time shows whether other work slowed the machine down.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import history_data

QUESTIONS = {
    # name: (expression, most seconds, most MB of the process)
    "views": ("archive.views()", 1.5, 600),
    "search": ("archive.search('st[aeiou]n [a-z]+ pl')", 1.0, None),
    "search history": ("archive.search('st[aeiou]n [a-z]+ pl', history=True)", 1.0, None),
    "freshness": ("archive.freshness()", None, None),
    "timeline": ("archive.timeline()", None, None),
    "changes of a month": ("archive.changes(since='latest~30', words=False)", None, None),
}

_PROGRAM = """
import json, resource, sys, time
from helpscraper import Archive
archive, best, memory = Archive(sys.argv[1]), (1e9, 1e9), 0
for _ in range(int(sys.argv[3])):
    start = time.perf_counter(), time.process_time()
    rows = len(eval(sys.argv[2]))
    best = min(best, (time.perf_counter() - start[0], time.process_time() - start[1]))
    memory = memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([*best, memory, rows]))
"""


def main() -> int:
    """Print the times and return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, help="an archive that is there already")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = args.archive or Path(name)
        if args.archive is None:
            for _ in history_data.build(folder, args.days):
                pass
        return max([measure(folder, question, args.times) for question in QUESTIONS])


def measure(folder: Path, question: str, times: int) -> int:
    """Ask one question and print its time and memory."""
    expression, seconds, megabytes = QUESTIONS[question]
    command = [sys.executable, "-c", _PROGRAM, str(folder), expression, str(times)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took, processor, memory, rows = json.loads(done.stdout)
    missed = (seconds is not None and took > seconds) or (megabytes is not None and memory > megabytes)
    bounds = f"   (bounds {seconds} s, {megabytes or '-'} MB)" if seconds else ""
    print(
        f"  {question:<20} {took:6.2f} s ({processor:.2f} s of processor) {memory:6.0f} MB {rows:>9,} rows{bounds}",
        flush=True,
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
