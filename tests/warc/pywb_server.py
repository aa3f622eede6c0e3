"""A pywb on loopback that serves WARC files: its index, and its replay.

pywb pins ``brotlipy``, which installs another module under the name ``brotli`` that Scrapy needs, so it gets an
environment of its own. ``HELPSCRAPER_PYWB`` names one that is there already.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

VERSION = "2.10.0"


@contextmanager
def serving_pywb(files: Sequence[str | Path], folder: Path) -> Iterator[str]:
    """Serve a collection of ``files``, kept in ``folder``, and give its address; skip where pywb cannot be had."""
    commands = _installed()
    for command in (["init", "kept"], ["add", "kept", *map(str, files)]):
        subprocess.run([commands / "wb-manager", *command], cwd=folder, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [commands / "wayback", "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/kept"
    finally:
        server.terminate()
        server.wait(20)


def _installed() -> Path:
    """Return the folder of pywb's commands, installed once on this machine."""
    given = os.environ.get("HELPSCRAPER_PYWB")
    folder = Path(given or Path(tempfile.gettempdir()) / f"helpscraper-pywb-{VERSION}-{os.getuid()}")
    ready = folder / "bin" / "wayback"
    done = folder / ".done"
    if given or done.exists():
        assert ready.exists(), f"no pywb in {folder}"
        return ready.parent
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [
        folder / "bin" / "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"pywb=={VERSION}",
    ]
    made = subprocess.run(install, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"pywb {VERSION} cannot be installed here: {made.stderr.strip()[-300:]}")
    done.touch()
    return ready.parent


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "pywb ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("pywb does not listen")
