"""The time of sixty due editions at sixteen hosts on a Dask cluster of one worker, and of three, into one bucket.

No bound: on one machine the start of a process for each crawl is most of the time, and workers share the processors.

    python -m benchmarks fleet            some minutes
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.test_cluster import cluster, help_centres
from tests.s3_server import S3Server, s3_server

POLITE = ("-s", "DOWNLOAD_DELAY=0.25", "-s", "AUTOTHROTTLE_ENABLED=False")


def seconds(folder: Path, s3: S3Server, workers: int) -> tuple[float, float]:
    """Return the wall time of `crawl --due` and the processor time of all processes, in seconds."""
    os.environ["HELPSCRAPER_SITES"] = str(folder / "sites")
    before = os.times()
    with help_centres(folder / "sites"), cluster(folder, workers) as (address, _):
        words = ["--archive", s3.new_uri(f"fleet-{workers}"), "--scheduler", address, *POLITE]
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "helpscraper", "crawl", "--due", *words],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wall = time.monotonic() - began
    after = os.times()
    return wall, sum(after[:4]) - sum(before[:4])


def main() -> int:
    """Print a line for each number of workers."""
    with TemporaryDirectory() as name, s3_server(folder := Path(name)) as s3:
        for workers in (1, 3):
            (folder / str(workers)).mkdir()
            wall, processor = seconds(folder / str(workers), s3, workers)
            rate, load = 60 / wall * 60, os.getloadavg()[0]
            print(
                f"{workers} x 2 threads: {wall:.0f} s, {rate:.1f} editions a minute, {processor:.0f} s of processor"
                f" time in all processes, load {load:.0f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
