"""Write a file or a folder beside its target and rename it at the end: a failure leaves nothing half written."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from helpscraper.errors import CommandError

__all__ = ["new_file", "new_folder"]


@contextlib.contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Give the path of a temporary file that becomes ``target``; raises ``CommandError`` when it cannot be written."""
    with _beside(target) as folder:
        yield folder / target.name
        (folder / target.name).chmod(0o644)
        (folder / target.name).replace(target)


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give the path of a temporary folder whose files become those of ``target``, which may exist already.

    Files of ``target`` that are not written again stay as they are.
    """
    with _beside(target) as folder:
        made = folder / "made"
        made.mkdir(mode=0o755)
        yield made
        if not target.exists():
            made.replace(target)
            return
        for path in sorted(made.rglob("*")):
            if path.is_file():
                place = target / path.relative_to(made)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a temporary folder on the file system of ``target``, in it if it is a folder, removed at the end."""
    parent = target if target.is_dir() else target.absolute().parent
    try:
        folder = Path(tempfile.mkdtemp(prefix=".helpscraper-", dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except (OSError, sqlite3.OperationalError) as error:
        raise CommandError(
            f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}",
            advice="check the folder, the rights and the free space",
        ) from error
