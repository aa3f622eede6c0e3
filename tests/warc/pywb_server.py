"""A pywb on loopback that serves WARC files: its index, and its replay.

pywb pins ``brotlipy``, which installs another module under the name ``brotli`` that Scrapy needs, so it gets an
environment of its own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.warc.environments import free_port, installed, wait_for

VERSION = "2.10.0"


def pywb() -> Path:
    """The folder of pywb's commands."""
    return installed("pywb", VERSION, "wayback")


@contextmanager
def serving_pywb(files: Sequence[str | Path], folder: Path) -> Iterator[str]:
    """Serve a collection of ``files``, kept in ``folder``, and give its address; skip where pywb cannot be had."""
    commands = pywb()
    for command in (["init", "kept"], ["add", "kept", *map(str, files)]):
        subprocess.run([commands / "wb-manager", *command], cwd=folder, check=True, capture_output=True)
    port = free_port()
    server = subprocess.Popen(
        [commands / "wayback", "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}/kept"
    finally:
        server.terminate()
        server.wait(20)
