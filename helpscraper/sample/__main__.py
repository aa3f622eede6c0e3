"""Serve the sample help centre until interrupted: ``python -m helpscraper.sample --port 8000 --layout e3``."""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from helpscraper.sample.model import Layout
from helpscraper.sample.server import SampleServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; the first line printed is the URL."""
    parser = argparse.ArgumentParser(prog="python -m helpscraper.sample", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 lets the system choose")
    parser.add_argument("--layout", choices=get_args(Layout), default="e2")
    parser.add_argument(
        "--state", type=int, default=0, help="0 is the first; each later state is a week later"
    )
    parser.add_argument("--articles", type=int, default=76, help="articles in state 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--padding", type=int, default=0, help="additional bytes of menus and JSON in each page"
    )
    parser.add_argument("--validators", action="store_true", help="send ETag and answer 304")
    parser.add_argument("--no-totals", action="store_true", help="do not state the number of articles")
    chosen = parser.parse_args(arguments)
    server = SampleServer(
        port=chosen.port, state=chosen.state, layout=chosen.layout, articles=chosen.articles,
        seed=chosen.seed, padding=chosen.padding, validators=chosen.validators, totals=not chosen.no_totals,
    )  # fmt: skip
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
