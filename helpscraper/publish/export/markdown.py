"""A folder with one Markdown file for each article, with front matter, as git and static-site tools read it.

The files of the same articles are the same byte for byte: counts and the facts of the crawl are left out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpscraper.archive.reader import Catalog, Snapshot
from helpscraper.archive.schema import VOLATILE
from helpscraper.publish.export.beside import new_folder
from helpscraper.publish.model import article_key

__all__ = ["file_name", "write_folder"]

_LEFT_OUT = VOLATILE | {
    "snapshot_at",
    "status",
    "fetched_at",
    "warc_record",
    "confidence",
    "body_sha256",
    "snippet",
}
_PLAIN_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,118}[a-z0-9_-]|[a-z0-9]", re.ASCII)
# Names of devices, which Windows gives to no file.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_OURS = b"---\narticle_id: "


def file_name(article_id: str) -> str:
    """Return the name of an article's file: its key where that is a plain name, else a safe part of it and a digest.

    >>> file_name("what-is-a-passkey"), file_name("../../etc/passwd")
    ('what-is-a-passkey.md', 'etc-passwd~3754d6cb3a38e118.md')
    """
    if _PLAIN_ID.fullmatch(article_id) and article_id.partition(".")[0] not in _DEVICES:
        return f"{article_id}.md"
    readable = re.sub(r"[^a-z0-9]+", "-", article_id[:200].lower())[:60].strip("-")
    return f"{readable or 'article'}~{article_key(article_id)}.md"


def write_folder(catalog: Catalog, snapshots: Sequence[Snapshot], target: Path) -> int:
    """Write ``target/SITE/LOCALE/NAME.md`` for each article of these snapshots and return their number.

    Where ``target`` exists, files of articles that are gone are removed from it, and all other files stay. Raises
    ``CommandError`` when it cannot be written; then ``target`` is as it was, or some files of it are the new ones.
    """
    written: set[Path] = set()
    with new_folder(target) as made:
        for snapshot in snapshots:
            folder = Path(snapshot.partition.site, snapshot.partition.locale)
            (made / folder).mkdir(parents=True, exist_ok=True)
            for row in catalog.load_table(snapshot, bodies=True).to_pylist():
                path = folder / file_name(row["article_id"])
                (made / path).write_bytes("".join(_lines(row)).encode("utf-8", "replace"))
                written.add(path)
    for snapshot in snapshots:
        folder = target / snapshot.partition.site / snapshot.partition.locale
        for path in folder.glob("*.md"):
            if path.relative_to(target) not in written and _is_ours(path):
                path.unlink()
    return len(written)


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_OURS)) == _OURS


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield "---\n"
    for name, value in row.items():
        if name not in _LEFT_OUT and not name.startswith("body_") and value is not None:
            yield f"{name}: {_yaml(value)}\n"
    yield "---\n\n"
    body = row["body_markdown"]
    yield f"{body}\n" if body else ""


def _yaml(value: Any) -> str:
    """Return a value as YAML: JSON is YAML, but for some characters that YAML does not allow in a text."""
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False)
    return "".join(_escaped(sign) if unicodedata.category(sign) in _UNSEEN else sign for sign in text)


def _escaped(sign: str) -> str:
    code = ord(sign)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
