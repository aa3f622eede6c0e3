"""``helpscraper export --to``: SQLite, Excel, a folder of Markdown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from helpscraper.cli.export import KINDS
from helpscraper.cli.options import (
    open_existing,
    refuse_existing,
    refuse_own_folders,
    refuse_together,
    snapshots_named,
)
from helpscraper.cli.parser import explain_unknown
from helpscraper.errors import CommandError
from helpscraper.plain_text import plural

if TYPE_CHECKING:
    from helpscraper.archive.reader import Catalog

__all__ = ["write"]


def write(args: argparse.Namespace) -> int:
    """Write the archive, or one snapshot of it, for another program, and say what was written."""
    kind, name = args.to
    target = Path(name)
    if kind not in KINDS:
        raise explain_unknown("kind of export", kind, KINDS, f"choose one of: {', '.join(KINDS)}")
    for option, given in (("--format", args.format), ("--output", args.output), ("--columns", args.columns)):
        if given:
            refuse_together("--to", option, f"--to {kind} has its own form and path")
    if kind == "sqlite" and args.ref != "latest":
        refuse_together("--to sqlite", args.ref, "the database holds every snapshot: leave the snapshot out")
    if args.bodies and kind != "xlsx":
        refuse_together(f"--to {kind}", "--bodies", "it holds the texts anyway: leave --bodies out")
    if name == "-" or "://" in name:
        raise CommandError(
            f"--to {kind} {name}: this is no local path", advice="write a file here and copy it"
        )
    refuse_own_folders(target, args.archive)
    _refuse_filled(target, overwrite=args.overwrite, folder=kind == "md")
    catalog = open_existing(args)
    if kind == "sqlite":
        print(f"{target}: {_to_sqlite(catalog, target)}")
        return 0
    snapshots = snapshots_named(args, catalog, args.ref)
    if kind == "md":
        from helpscraper.publish.export.markdown import write_folder

        print(f"{target}: {plural(write_folder(catalog, snapshots, target), 'article')}")
        return 0
    from helpscraper.publish.export.xlsx import write_xlsx

    counts, cut = write_xlsx(catalog, snapshots, target, bodies=args.bodies)
    if cut:
        print(f"warning: {cut:,} texts were cut to the length that Excel allows in a cell", file=sys.stderr)
    print(f"{target}: {_said(counts)}")
    return 0


def _to_sqlite(catalog: Catalog, target: Path) -> str:
    from helpscraper.publish.export.sqlite import write_sqlite

    return _said(write_sqlite(catalog, target))


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _refuse_filled(target: Path, *, overwrite: bool, folder: bool) -> None:
    """Raise ``CommandError`` for a path that is taken: a folder is free while it is empty."""
    if folder and target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() and target.is_dir() is not folder:
        what = "a file" if folder else "a folder"
        refuse_together(
            f"--to {'md' if folder else 'a file'}", str(target), f"this is {what}: name another path"
        )
    refuse_existing(target, overwrite=overwrite)
