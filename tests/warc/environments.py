"""Other programs, each in an environment of its own because their dependencies exclude ours, and their ports."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest


def installed(name: str, version: str, command: str) -> Path:
    """Return the folder of the program's commands, installed once on this machine; skip where it cannot be.

    The variable ``HELPSCRAPER_NAME`` names an environment that is there already.
    """
    given = os.environ.get(f"HELPSCRAPER_{name.upper()}")
    folder = Path(given or Path(tempfile.gettempdir()) / f"helpscraper-{name}-{version}-{os.getuid()}")
    ready = folder / "bin" / command
    done = folder / ".done"
    if given or done.exists():
        assert ready.exists(), f"no {name} in {folder}"
        return ready.parent
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    made = subprocess.run([*pip, f"{name}=={version}"], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"{name} {version} cannot be installed here: {made.stderr.strip()[-300:]}")
    done.touch()
    return ready.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, f"{server.args!r} ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"{server.args!r} does not listen")
