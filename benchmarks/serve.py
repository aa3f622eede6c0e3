"""Serve the sample help centre for a benchmark: ``python -m benchmarks.serve ARTICLES PADDING LOG [validators]``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from helpscraper.sample.server import SampleServer


def main(articles: int, padding: int, log: Path, *, validators: bool) -> None:
    """Print the URL, then write the path of each request to ``log`` until the process is ended."""
    with SampleServer(
        layout="e2", state=0, articles=articles, padding=padding, validators=validators
    ) as server:
        print(server.url, flush=True)
        written = 0
        while not threading.Event().wait(0.2):
            paths = [request.path for request in server.requests[written:]]
            written += len(paths)
            with log.open("a") as stream:
                stream.writelines(f"{path}\n" for path in paths)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), validators="validators" in sys.argv[4:])
