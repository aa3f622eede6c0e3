"""Generate the data dictionary, every file and column of an archive, from the schemas.

``python -m tests.docs.dictionary docs/data-dictionary.md`` writes the page; a test keeps it current.
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
    "body_text": "The text, with line breaks between blocks; tabs separate the cells of a table row.",
    "body_markdown": "The body as CommonMark with GFM's tables and strikethrough, and HTML for the rest.",
    "body_html": "The HTML of the page without the footer. Not part of the key, because its class names change.",
    "first_snapshot_at": "Start of the crawl that first stored the body.",
}
_KINDS = ("added", "removed", "unverified", "renamed", "moved", "retitled", "edited", "touched", "counted")
_CHANGES = {
    "article_id": "The article in the later snapshot; for a removed one, in the earlier.",
    "kind": "One of " + ", ".join(f"`{kind}`" for kind in _KINDS) + ".",
    "field": "The column that changed. `article`: the whole article appeared or disappeared. `source_id`, `body` "
    "or `redirect` with the status (`redirect_301`): how a rename was recognised. `picture`, beside `body_sha256`: "
    "the edit replaced pictures.",
    "before": "The last earlier value, as text; a whole article is a JSON object, the addresses of pictures are a JSON "
    "list.",
    "after": "The value in the later snapshot, as text. An `unverified` article has `after` if it was seen and may be "
    "new, and `before` if it was not seen and may still exist.",
    "silent": "True for an edit of the text that did not move the updated date.",
    "at": "Start of the crawl that saw the change.",
}
_INTRO = f"""\
# Data dictionary

Written by `python -m tests.docs.dictionary`; do not edit by hand. Schema version {SCHEMA_VERSION}.

The metadata of every Parquet file states its schema version (`helpscraper.schema_version`); that of a snapshot also
holds the facts of its run as JSON (`helpscraper.run`). Readers that know Hive partitions add the columns `site` and
`locale`.
"""
_STABLE = """\
`article_id` is the key that the platform gives: OKX's slug, Zendesk's number. An edit of the title does not change
it; a rename does. `diff` then recognises the article by
`source_id` (if the site gives one), by a redirect of an earlier address, or by its body, and says by which.
"""
_SEEN = """\
### The text of a body

A body holds everything that a reader sees, and bodies that look the same have the same key. A change of one of these is
an edit:

- letters, digits and signs in reading order, and word boundaries;
- joiners in emoji and in Persian and Indic words, variation selectors (in emoji: after the emoji), tags of a flag;
- paragraphs, line breaks, headings and their levels, lines and indentation of code;
- lists with their kind, depth and numbers (`start`, `value`, `reversed`, `type`), tables with rows and columns;
- bold, italic, strikethrough, superscript, subscript and code;
- targets of links, addresses and alternative texts of pictures, addresses of videos and frames.

A reader does not see these, so that their change is not an edit:

- composed or decomposed accents (text is in NFC), the kind and number of spaces between words;
- soft hyphens, byte order marks, zero-width and joining characters elsewhere, direction controls;
- comments, scripts, classes, ids and wrappers, and labels of controls (a picture in a button is content);
- parts that are `hidden` or a `popover`, or whose own style is `display: none` or `visibility: hidden`;
- the key with which a proxy scrambles a mail address (the address itself is read);
- style: colour, size, underlining and style sheets.

In `body_text`, superscript and subscript digits are those of Unicode (`10⁶`, `H₂O`), other superscript and subscript
text is in brackets after `^` or `_` (`1^(st)`); pictures, videos and frames have no text. `body_markdown` uses HTML
where Markdown has no form or would be misread: `<sup>` and `<sub>`, `<strong>` and `<em>` beside punctuation, blocks in
cells, and `<!-- -->` between two adjacent lists. The address of a picture is that of late loading (`data-src` and the
like), else `src`, else the widest of `srcset`, else that of the `picture` element. Markdown cannot number items below
0, nor with letters or Roman numerals: `body_markdown` has 0 and digits there, `body_text` has them as on the page.
"""


def render() -> str:
    """Return the data dictionary as Markdown."""
    docs = {column.name: column.metadata["doc"] for column in fields(Article)}
    volatile = ", ".join(f"`{column.name}`" for column in fields(Article) if column.metadata["volatile"])
    parts = [
        _INTRO,
        "## Snapshots: `snapshots/`, `refused/`, `reextracted/`\n",
        _table(SNAPSHOT_SCHEMA, docs),
        f"These change without an edit of the site, so a diff omits them by default: {volatile}.\n",
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
