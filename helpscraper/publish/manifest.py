"""Keep a digest of the inputs of each page, so that the next build makes only pages whose inputs changed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from helpscraper.errors import CommandError

__all__ = ["Manifest", "fingerprint", "holds_feeds", "write_bytes", "write_page"]

NAME = ".helpscraper-report.json"
_SCRIPTS = ("data", "rows", "views")
"""Kinds of separate scripts of a page that is too large for one file."""

# Without "..", so that a forged manifest cannot lead to another folder.
_PAGE = re.compile(r"[A-Za-z0-9-]+(?:/[A-Za-z0-9-]+)*\.[a-z]+", re.ASCII)


@dataclass
class Manifest:
    """The digests of the inputs of every file under ``folder``, before and after this build."""

    folder: Path
    before: dict[str, str]
    now: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, *, made_by: str) -> Manifest:
        """Read the manifest of ``folder``; digests of another ``made_by`` (version and options) are ignored.

        ``made_by`` begins with ``report/`` or ``feed/``. Raises ``CommandError`` for a folder that holds anything
        else, because a build deletes obsolete files.
        """
        path = folder / NAME
        if path.exists():
            before, pages = _read(path)
            if _holds(before) != _holds(made_by):
                raise CommandError(
                    f"{folder} holds {_holds(before)} and not {_holds(made_by)}",
                    advice="give another folder with --out; nothing was written",
                )
            return cls(folder, pages if before == made_by else dict.fromkeys(pages, ""))
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(
                f"{folder} is not empty and holds no {_holds(made_by).removeprefix('a ')}",
                advice="give another folder with --out; nothing was written",
            )
        folder.mkdir(parents=True, exist_ok=True)
        opened = cls(folder, {})
        # So that the next build recognises the folder after an interrupted first build.
        opened._write(f"{made_by.partition('/')[0]}/unfinished")
        return opened

    def stale(self, page: str, digest: str) -> bool:
        """Record that ``page`` has inputs with ``digest``; tell whether it must be made."""
        self.now[page] = digest
        if self.before.get(page) != digest:
            return True
        return not all((self.folder / name).exists() for name in (page, *self._scripts_of(page)))

    def keep_scripts(self, page: str) -> None:
        """Keep the separate scripts of ``page`` (``PAGE-rows.js`` and the like)."""
        self.now |= {name: self.before[name] for name in self._scripts_of(page)}

    def _scripts_of(self, page: str) -> list[str]:
        base = page.removesuffix(".html")
        return [name for kind in _SCRIPTS if (name := f"{base}-{kind}.js") in self.before]

    def keep_folder(self, below: str, digest: str) -> int:
        """Keep the files of a folder if all exist and have inputs with ``digest``; return their number, else 0."""
        names = [page for page in self.before if page.startswith(below)]
        if any(self.before[name] != digest or not (self.folder / name).exists() for name in names):
            return 0
        self.now |= dict.fromkeys(names, digest)
        return len(names)

    def save(self, *, made_by: str) -> int:
        """Delete obsolete pages, write the manifest, and return the number of deleted pages."""
        gone = [page for page in self.before if page not in self.now]
        for page in gone:
            (self.folder / page).unlink(missing_ok=True)
        self._write(made_by)
        return len(gone)

    def _write(self, made_by: str) -> None:
        text = json.dumps({"made_by": made_by, "pages": self.now}, indent=0, sort_keys=True)
        write_page(self.folder / NAME, text)


def _read(path: Path) -> tuple[str, dict[str, str]]:
    """Return ``made_by`` and the digests of a manifest."""
    try:
        data = json.loads(path.read_bytes())
        pages = {str(page): str(digest) for page, digest in data["pages"].items() if _PAGE.fullmatch(page)}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise CommandError(
            f"{path}: damaged: {error}", advice="delete the folder, or give another one with --out"
        ) from error
    return str(data.get("made_by")), pages


def _holds(made_by: str) -> str:
    return "feeds" if made_by.startswith("feed/") else "a report"


def holds_feeds(folder: Path) -> bool:
    """Tell whether ``folder`` holds feeds."""
    return (folder / NAME).is_file() and _holds(_read(folder / NAME)[0]) == "feeds"


@cache
def fingerprint() -> str:
    """Return a digest of the program's code, templates and assets, on which all pages depend."""
    digest = hashlib.sha256()
    root = Path(str(files("helpscraper")))
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".html", ".css", ".js"):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write_page(path: Path, text: str) -> None:
    """Write a page as UTF-8; a lone surrogate becomes a question mark."""
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    try:
        half.write_bytes(data)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise type(error)(error.errno, error.strerror, str(path)) from error  # a full disk names no file
