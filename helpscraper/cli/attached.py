"""Run a command that does not outlive the process that started it: ``python -m helpscraper.cli.attached COMMAND``.

Its standard input is a pipe that the other process holds open. A worker that is killed would leave its crawl running
otherwise, beside the one that takes its place.
"""

from __future__ import annotations

import os
import sys
import threading

from helpscraper.cli import main
from helpscraper.errors import ExitCode


def _end_with_the_other() -> None:
    os.read(0, 1)  # returns when the pipe is closed; nobody writes to it
    os._exit(ExitCode.INTERNAL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    sys.exit(main())
