"""The fenced blocks of the README and of every page of the docs, and the commands in their sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Block:
    """One block of code: its page, the line that it begins at, its language ("" where it names none), its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page that a reader of the project meets, relative to its root."""
    found = [ROOT / "README.md", ROOT / "output" / "README.md", *(ROOT / "docs").rglob("*.md")]
    return [str(path.relative_to(ROOT)) for path in sorted(found)]


def blocks(page: str, text: str | None = None) -> list[Block]:
    """Return the blocks of a page, indented ones too, in their order."""
    source = text if text is not None else (ROOT / page).read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").parse(source)
    return [
        Block(page, (token.map or [0])[0] + 1, token.info.strip(), token.content)
        for token in tokens
        if token.type in ("fence", "code_block")
    ]


def spans(page: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each piece of code within a sentence or a table."""
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text(encoding="utf-8"))
    for token in tokens:
        for child in token.children or ():
            if child.type == "code_inline":
                yield (token.map or [0])[0] + 1, child.content.replace("\n", " ")
