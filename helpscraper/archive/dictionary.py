"""The data dictionary: every file and column of an archive, written from the declarations themselves.

``python -m helpscraper.archive.dictionary docs/data-dictionary.md`` writes the page; a test keeps it current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pyarrow as pa

from helpscraper.archive.editions import EDITIONS_SCHEMA
from helpscraper.archive.overview import RUNS_SCHEMA, SNAPSHOTS_SCHEMA
from helpscraper.archive.schema import BODIES_SCHEMA, CHANGES_SCHEMA, SCHEMA_VERSION, SNAPSHOT_SCHEMA
from helpscraper.items import Article

__all__ = ["render"]

_BODIES = {
    "body_sha256": "SHA-256 (lower-case hex) over the UTF-8 of `body_text`, a NUL byte and `body_markdown`.",
    "body_text": "The text, its block structure kept as line breaks; the cells of a table row are parted by tabs.",
    "body_markdown": "The same as Markdown: CommonMark with GFM's tables and strikethrough, and HTML for the rest.",
    "body_html": "As on the page, without the footer. Not part of the key: its class names change.",
    "first_snapshot_at": "Start of the crawl with which the body came into the archive.",
}
_KINDS = ("added", "removed", "unverified", "renamed", "moved", "retitled", "edited", "touched", "counted")
_CHANGES = {
    "article_id": "The article in the later snapshot; for a removed one, in the earlier.",
    "kind": "One of " + ", ".join(f"`{kind}`" for kind in _KINDS) + ".",
    "field": "The column that changed; `article` where the whole article came or went, `source_id` or `body` for "
    "what a rename was recognised by, `picture` beside `body_sha256` where an edit exchanged pictures.",
    "before": "Its value when it was last seen before, as text; a whole article is a JSON object, the addresses of "
    "pictures are a JSON list.",
    "after": "Its value in the later snapshot, as text. An `unverified` article has it where it was seen and may be "
    "new, and `before` where it was not seen and may be there.",
    "silent": "True for an edit of the text that did not move the updated date.",
    "at": "Start of the crawl that saw the change.",
}
_INTRO = f"""\
# Data dictionary

Written by `python -m helpscraper.archive.dictionary`; do not edit by hand. Schema version {SCHEMA_VERSION}.

Every Parquet file names its schema version in the metadata `helpscraper.schema_version`; a snapshot also
carries the facts of its run as JSON in `helpscraper.run`. Readers that know Hive partitions add the columns
`site` and `locale`.
"""
_STABLE = """\
`article_id` is the slug. It stays while the site keeps the slug: an edit of the title does not change it. A
rename does, and then `source_id` (where the site gives one) or the body tells that it is the same article;
`diff` says which.
"""
_SEEN = """\
### The text of a body

The text of a body is what a reader sees of it, and bodies that show the same have the same key. A browser shows these,
so that a change of one is an edit:

- letters, figures and signs, in the order in which they are read, and where one word ends and the next begins;
- joiners in emoji and in Persian and Indic words, variation selectors (those of emoji behind emoji), tags of a flag;
- paragraphs, line breaks, headings and their levels, lines and indentation of code;
- lists with their kind, depth and numbers (`start`, `value`, `reversed`, `type`), cells of tables with their rows and
  columns;
- bold, italic, struck, raised, lowered and code;
- where links lead, addresses and texts of pictures, addresses of films and frames.

A browser does not show these, or a reader does not tell them apart, so that a change of one is none:

- whether an accent is part of its letter (text is in NFC), which space parts two words, and how many;
- soft hyphens, byte order marks, zero-width and joining characters elsewhere, controls of direction;
- comments, scripts, classes, ids and wrappers, and the names of controls (a picture in a button is content);
- parts that are `hidden` or a `popover`, or whose own style is `display: none` or `visibility: hidden`;
- the key under which a proxy scrambles a mail address: the address itself is read;
- style: colour, size, underlining, and whatever a style sheet does.

In `body_text` raised and lowered figures are those of Unicode (`10⁶`, `H₂O`), other such text stands in brackets behind
`^` or `_` (`1^(st)`); pictures, films and frames show no words. In `body_markdown` HTML stands where Markdown has none
or would be misread: `<sup>` and `<sub>`, `<strong>` and `<em>` beside punctuation, blocks in cells, and `<!-- -->`
between two lists that would be read as one. The address of a picture is the one that scripts load late (`data-src` and
the like), else `src`, else the widest of `srcset`, else that of the `picture` around it. Markdown has no numbers below
0, and no letters or Roman figures for items: these are 0 and figures there, and as on the page in `body_text`.
"""


def render() -> str:
    """Return the data dictionary as Markdown."""
    docs = {column.name: column.metadata["doc"] for column in fields(Article)}
    volatile = ", ".join(f"`{column.name}`" for column in fields(Article) if column.metadata["volatile"])
    parts = [
        _INTRO,
        "## Snapshots: `snapshots/`, `refused/`, `reextracted/`\n",
        _table(SNAPSHOT_SCHEMA, docs),
        f"These move without an edit of the site, so a diff leaves them out unless asked: {volatile}.\n",
        _STABLE,
        "## Bodies: `bodies/`\n",
        _table(BODIES_SCHEMA, _BODIES),
        _SEEN,
        "## Changes: `changes/`\n",
        _table(CHANGES_SCHEMA, _CHANGES),
        "## Tables of `Archive`\n",
        "`Archive.snapshots()`:\n",
        _names(SNAPSHOTS_SCHEMA),
        "`Archive.runs()` and the SQL view `runs`:\n",
        _names(RUNS_SCHEMA),
        "`Archive.editions()`:\n",
        _names(EDITIONS_SCHEMA),
    ]
    return "\n".join(parts)


def _table(schema: pa.Schema, docs: dict[str, str]) -> str:
    rows = (
        f"| {field.name} | {_kind(field)} | {'' if field.nullable else 'never'} | {docs[field.name]} |\n"
        for field in schema
    )
    return _joined("| column | type | null | meaning |\n|---|---|---|---|\n", rows)


def _names(schema: pa.Schema) -> str:
    rows = (f"| {field.name} | {_kind(field)} |\n" for field in schema)
    return _joined("| column | type |\n|---|---|\n", rows)


def _joined(head: str, rows: Iterable[str]) -> str:
    return head + "".join(rows)


def _kind(field: pa.Field) -> str:
    kind = str(field.type).replace("tz=", "").replace("date32[day]", "date32")
    return "list&lt;string&gt;" if pa.types.is_list(field.type) else kind


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/data-dictionary.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render(), encoding="utf-8")
