"""Print changes as text: a line for each article, its changed fields below, and changed words on request.

All text of the site passes ``terminal_safe``.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from helpscraper.cli.output import cells_shown, console, print_plain, terminal_safe, whole_file
from helpscraper.cli.pager import TerminalPager
from helpscraper.history.kinds import ARTICLE, KINDS, PICTURE, RENAME_EVIDENCE, counts_text

if TYPE_CHECKING:
    from helpscraper.archive.reader import Catalog
    from helpscraper.history.body_diff import BodyDiff
    from helpscraper.history.result import DiffResult
    from helpscraper.history.words import WordDiff

__all__ = [
    "count_stat", "paged", "print_diff", "print_records", "print_stat", "print_warnings",
    "warn_of_lost_snapshots",
]  # fmt: skip

_STYLES = {
    "added": "green",
    "removed": "red",
    "unverified": "yellow",
    "renamed": "cyan",
    "edited": "bold",
    "retitled": "bold",
    "moved": "cyan",
}
_WIDTH = len("unverified (silent)")

Words = Callable[[str, str], "BodyDiff | None"]
"""Returns the word diff of two bodies by their keys, or None when one of them cannot be read."""


@contextlib.contextmanager
def paged(output: str | None = None) -> Iterator[Console]:
    """Give a console with pager and colours on a terminal, or a plain one for a pipe or the file ``output``."""
    if output is not None:
        text = io.StringIO()
        yield console(text)
        with whole_file(Path(output)) as file:
            file.write(text.getvalue().encode())
        return
    target = console()
    if not target.is_terminal:
        yield target
        return
    with target.pager(TerminalPager(), styles=True):
        yield target


def print_diff(
    target: Console, diff: DiffResult, begins: Sequence[str], *, quiet: int = 0, words: Words | None = None
) -> None:
    """Print the changes by article, strongest kind first; ``quiet`` is the number of omitted records.

    ``begins`` gives for each record the last crawl that saw the article unchanged.
    """
    target.print(
        Text(f"{diff.partition or ''}  {diff.from_id} -> {diff.to_id}".strip(), style="bold"), soft_wrap=True
    )
    records: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row, begin in zip(diff.table.to_pylist(), begins, strict=True):
        records[row["article_id"]].append(row | {"last_read": begin if begin < diff.from_id else None})
    titles = diff.titles()
    primary = diff.primary()
    for article_id in sorted(records, key=lambda each: (KINDS.index(primary[each]), each)):
        _print_article(
            target, article_id, titles.get(article_id) or "", primary[article_id], records[article_id]
        )
        if words is not None:
            _print_article_words(target, records[article_id], words)
    target.print(Text(counts_text(diff.summary()) or "no change"), soft_wrap=True)
    if quiet:
        target.print(
            Text(f"(changed view counts and excerpts not shown: {quiet}; add --kind counted)", style="dim"),
            soft_wrap=True,
        )


def _print_article(
    target: Console, article_id: str, title: str, kind: str, records: Sequence[Mapping[str, Any]]
) -> None:
    mark = " (silent)" if any(row["silent"] for row in records) else ""
    if any(_may_be_new(row) for row in records):
        mark = " (new?)"
    line = Text()
    line.append(f"{kind + mark:<{_WIDTH}}", style=_STYLES.get(kind, ""))
    line.append(f"  {terminal_safe(article_id)}  ")
    line.append(terminal_safe(title), style="dim")
    target.print(line, soft_wrap=True)
    _print_fields(target, records, heading=kind)


def _may_be_new(row: Mapping[str, Any]) -> bool:
    return row["kind"] == "unverified" and row["before"] is None


def print_records(target: Console, records: Sequence[Mapping[str, Any]], words: Words | None = None) -> None:
    """Print the changes of one article in one snapshot, without its name."""
    for row in records:
        if row["field"] == ARTICLE:
            text = row["kind"]
            if _may_be_new(row):
                text += "          seen for the first time; the snapshot before did not look everywhere"
            elif text == "unverified":
                text += "          not seen, but the crawl did not look everywhere"
            target.print(Text(f"    {text}", style=_STYLES.get(row["kind"], "")), soft_wrap=True)
    _print_fields(target, records)
    if words is not None:
        _print_article_words(target, records, words)


# Fields whose change follows from that of another field.
_IMPLIED_BY = {
    "updated_at": {"updated_on"},
    "published_at": {"published_on"},
    "category_title": {"category"},
    "section_title": {"section"},
    "listed_in": {"section"},
    "word_count": {"body_sha256"},
    "reading_minutes": {"body_sha256"},
    "source_id": RENAME_EVIDENCE.keys() - {"source_id"},
}


def _print_fields(target: Console, records: Sequence[Mapping[str, Any]], heading: str = "") -> None:
    """Print a line for each change that is not implied by another; the kind is omitted if it is the ``heading``."""
    fields = {row["field"]: row for row in records}
    for name, row in fields.items():
        if name == ARTICLE or _IMPLIED_BY.get(name, set()) & fields.keys():
            continue
        kind = f"{row['kind']}{' (silent)' if name == 'body_sha256' and row['silent'] else ''}"
        if row["kind"] == heading:
            kind = ""
        target.print(Text(f"    {kind:<{_WIDTH}} {_describe(row, fields.get('word_count'))}"), soft_wrap=True)


def _describe(row: Mapping[str, Any], words: Mapping[str, Any] | None) -> str:
    """Return one change as text; ``words`` is the change of the word count."""
    before, after = _value(row, "before"), _value(row, "after")
    if row["field"] == "body_sha256":
        since = f", its page last read by {row['last_read']}" if row.get("last_read") else ""
        if words is None or not (words["before"] and words["after"]):
            # Rows of the same number of words have no record of it; otherwise one side has no number.
            same = "" if words else ", as many words as before"
            return f"body            changed{same} (see --words){since}"
        gain = int(words["after"]) - int(words["before"])
        return f"body            {words['before']} -> {words['after']} words ({gain:+}){since}"
    if row["kind"] == "renamed" and (why := RENAME_EVIDENCE.get(row["field"])):
        return f"was             {before} ({why})"
    if row["field"] == PICTURE:
        from helpscraper.history.pictures import exchanged

        before, after = (terminal_safe(each or "(none)") for each in exchanged(row["before"], row["after"]))
    return f"{row['field']:<15} {before} -> {after}"


def _value(row: Mapping[str, Any], side: str) -> str:
    value = row[side]
    return "(none)" if value is None else terminal_safe(str(value))


def _print_article_words(target: Console, records: Sequence[Mapping[str, Any]], words: Words) -> None:
    for row in records:
        if row["field"] == "body_sha256" and row["before"] and row["after"]:
            found = words(row["before"], row["after"])
            if found is None:
                target.print(Text("    one of its bodies cannot be read", style="yellow"), soft_wrap=True)
                continue
            if found.note:
                target.print(Text(f"      ({found.note})", style="dim"), soft_wrap=True)
            if found.words:
                _print_words(target, found.words)


def _print_words(target: Console, found: WordDiff) -> None:
    """Print a word diff, indented: in colours on a terminal, as ``[-gone-]{+new+}`` in a pipe."""
    from helpscraper.history.render import plain, to_rich

    lines = to_rich(found, 1).split("\n") if target.is_terminal else map(Text, plain(found, 1).split("\n"))
    for line in lines:
        safe = Text()
        for start, end, style in _styled(line):
            safe.append(terminal_safe(cells_shown(line.plain[start:end])), style=style)
        target.print(Text("      ").append_text(safe), soft_wrap=True)


def _styled(line: Text) -> Iterator[tuple[int, int, str]]:
    """Split a line where its style changes."""
    edges = sorted({0, len(line.plain), *(edge for span in line.spans for edge in (span.start, span.end))})
    for start, end in pairwise(edges):
        style = " ".join(str(span.style) for span in line.spans if span.start <= start and end <= span.end)
        yield start, end, style


def count_stat(diff: DiffResult) -> dict[tuple[str | None, str], int]:
    """Return the number of articles by section and kind of change."""
    known = diff.articles
    sections = dict(
        zip(known.column("article_id").to_pylist(), known.column("section").to_pylist(), strict=True)
    )
    pairs = diff.table.group_by(["article_id", "kind"]).aggregate([])
    found = Counter(
        (sections.get(article), kind)
        for article, kind in zip(
            pairs.column("article_id").to_pylist(), pairs.column("kind").to_pylist(), strict=True
        )
    )
    return {
        (section, kind): found[section, kind]
        for section, kind in sorted(found, key=lambda pair: (pair[0] or "", KINDS.index(pair[1])))
    }


def print_stat(target: Console, diff: DiffResult) -> None:
    """Print the number of articles by section and kind of change."""
    found = count_stat(diff)
    kinds = [kind for kind in KINDS if any(kind == each for _, each in found)]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("section")
    for kind in kinds:
        shown.add_column(kind, justify="right")
    for section in dict.fromkeys(section for section, _ in found):
        name = Text(terminal_safe(section or "(no section)"))
        shown.add_row(name, *(str(found.get((section, kind), "")) for kind in kinds))
    shown.add_row("all", *(str(sum(n for (_, each), n in found.items() if each == kind)) for kind in kinds))
    target.print(
        Text(f"{diff.partition or ''}  {diff.from_id} -> {diff.to_id}".strip(), style="bold"), soft_wrap=True
    )
    if found:
        print_plain(target, shown)
    else:
        target.print(Text("no change"), soft_wrap=True)


def warn_of_lost_snapshots(catalog: Catalog) -> None:
    """Print a warning for each lost snapshot of the editions of ``catalog``."""
    from helpscraper.archive.lost_snapshots import lost_warnings

    for partition in catalog.partitions():
        print_warnings(lost_warnings(catalog, partition))


def print_warnings(warnings: Iterable[str]) -> None:
    """Print warnings to stderr, so that a pipe gets data only."""
    for text in warnings:
        print(f"warning: {terminal_safe(text)}", file=sys.stderr)
