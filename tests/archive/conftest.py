"""Fixtures for tests of stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.s3_server import S3Server, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server, the same for all tests of a process."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
