"""An archive whose parts lie on different disks: ``warc/`` grows, and is often put on a larger one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.recordings import check_records, warc_files
from helpscraper.archive.recordings.index import index_path
from helpscraper.archive.store import Store, open_store
from helpscraper.errors import ArchiveError
from tests.warc.made import SITE, exchange
from tests.warc.test_writer import FIRST, write

EN = Partition("okx", "en")


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``."""
    memory = Path("/dev/shm")  # noqa: S108 (only to look, and to make a folder of our own in it)
    if (
        not memory.is_dir()
        or not os.access(memory, os.W_OK)
        or memory.stat().st_dev == tmp_path.stat().st_dev
    ):
        pytest.skip("there is no second file system here")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def archive(tmp_path: Path, other_disk: Path) -> Store:
    root = tmp_path / "archive"
    root.mkdir()
    (root / "warc").symlink_to(other_disk, target_is_directory=True)
    return open_store(root)


def test_warc_files_on_another_disk(archive: Store, other_disk: Path) -> None:
    (reference,) = write(archive, FIRST, exchange(f"{SITE}/help/a", b"page"))
    (file,) = warc_files(archive, EN)
    assert reference.startswith(f"{file}#")
    assert archive.exists(index_path(file))
    assert list(check_records(archive, EN, [reference])) == []
    names = {path.name for path in other_disk.rglob("*") if path.is_file()}
    assert names == {Path(file).name, Path(index_path(file)).name}, "nothing else is left there"


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_a_commit_across_disks_is_whole_and_overwrites_nothing(
    kind: str, archive: Store, other_disk: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"one")
    archive.put_new("warc/x/file", made if kind == "file" else b"one")
    archive.put_new("warc/x/file", b"one")
    with pytest.raises(ArchiveError, match="already there"):
        archive.put_new("warc/x/file", b"two")
    assert archive.read("warc/x/file") == b"one"
    archive.replace("warc/x/file", b"three")
    assert archive.read("warc/x/file") == b"three"
    assert [path.name for path in other_disk.rglob("*") if path.is_file()] == ["file"]
