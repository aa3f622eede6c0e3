"""An S3 server on loopback (moto's), in a process of its own; its log says which requests came."""

from __future__ import annotations

import re
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

_START = "import sys; from moto.server import main; main(['-p', '0'])"
_REQUEST = re.compile(r'"(?:\x1b\[[\d;]*m)*(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP')


@dataclass(frozen=True)
class S3Server:
    """``new_uri`` makes a bucket; ``counted`` counts requests by kind: LIST, HEAD, GET, PUT, DELETE."""

    log: Path

    def new_uri(self, name: str) -> str:
        bucket = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        fsspec.filesystem("s3").mkdir(bucket)
        return f"s3://{bucket}/archive"

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        counts: Counter[str] = Counter()
        start = len(self.log.read_text())
        yield counts
        for method, target in _REQUEST.findall(self.log.read_text()[start:]):
            counts["LIST" if method == "GET" and "list-type" in target else method] += 1


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    log = folder / "s3.log"
    with log.open("w") as stream, pytest.MonkeyPatch.context() as patch:
        process = subprocess.Popen([sys.executable, "-c", _START], stdout=stream, stderr=stream)
        try:
            deadline = time.monotonic() + 60
            while (found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text())) is None:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, "the S3 server does not start"
                time.sleep(0.02)
            for name, value in (
                ("AWS_ENDPOINT_URL", found[1]),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
            ):
                patch.setenv(name, value)
            yield S3Server(log)
        finally:
            process.kill()
            process.wait()
