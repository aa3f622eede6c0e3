"""A full disk and a read-only archive: a clear error, and nothing that was there is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper import Archive
from helpscraper.sample import SampleServer
from tests.e2e.conftest import assert_untouched, contents, crawl, differences, expected, rows, snapshots


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path / "volume"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a tmpfs")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(volume: Path, leave: int) -> Path:
    """Fill the volume but for ``leave`` bytes."""
    stats = os.statvfs(volume)
    (ballast := volume / "ballast").write_bytes(bytes(max(0, stats.f_bavail * stats.f_frsize - leave)))
    return ballast


@pytest.mark.parametrize(
    "room", [(0, 200_000), pytest.param((48_000, 120_000, 350_000), marks=pytest.mark.long)]
)
def test_a_full_disk(room: tuple[int, ...], volume: Path) -> None:
    archive = volume / "archive"
    with SampleServer(articles=30) as server:
        assert crawl(server, archive).code == 0
        before = contents(archive)
        for leave in room:
            ballast = fill(volume, leave)
            asked = len(server.requests)
            result = crawl(server, archive, "-a", "mode=full")
            assert result.code == 1, (leave, result.said)
            assert "full" in result.stderr, (leave, result.said)
            assert "Traceback" not in result.stderr
            assert "0 articles" not in result.said
            assert len(snapshots(archive)) == 1
            assert_untouched(before, archive)
            assert Archive(archive).verify().problems == []
            # It does not read a site whose pages it cannot keep.
            assert len(server.requests) - asked <= 60
            ballast.unlink()
        result = crawl(server, archive, "-a", "mode=full")
        assert result.code == 0, result.said
        assert not differences(rows(archive), expected(server))
        assert_untouched(before, archive)


def test_a_read_only_archive(volume: Path) -> None:
    archive = volume / "archive"
    with SampleServer(articles=12) as server:
        assert crawl(server, archive).code == 0
        before = contents(archive)
        subprocess.run(["mount", "-o", "remount,ro", str(volume)], check=True)
        asked = len(server.requests)
        result = crawl(server, archive)
        assert result.code == 1
        assert "read-only" in result.stderr.lower()
        assert "Traceback" not in result.stderr
        assert len(server.requests) == asked
        assert contents(archive) == before
        # What reads only still works.
        assert len(Archive(archive).load()) == 12
