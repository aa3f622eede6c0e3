"""Changes as text, Markdown and HTML: the one renderer of documents, messages and digests.

An item is one article's changes between two crawls: a line that names it, a line of what happened and when, and the
words. All text of the site is made safe for its format.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Literal

from helpscraper.history.article_changes import ArticleChanges
from helpscraper.history.render import excerpt, markdown_safe, plain, to_html, to_markdown
from helpscraper.history.spans import Blocks
from helpscraper.html.markdown import escape_lines, link
from helpscraper.plain_text import cells_shown, html_safe, terminal_safe

__all__ = ["Form", "as_document", "as_html", "as_markdown", "as_text"]

Form = Literal["text", "md", "html"]

_OPENING = 300

_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}}
del{{background:#fdd;color:#600}}ins{{background:#dfd;color:#040;text-decoration:none}}
.word-diff{{margin-left:1rem}}.word-diff p{{margin:.3rem 0}}td{{border:1px solid #bbb;padding:.1rem .4rem}}
.when,.gap{{color:#555}}</style></head>
<body>
{body}
</body></html>
"""


def as_text(change: ArticleChanges, *, short: bool = False) -> str:
    """Return one item as plain text, its words as ``[-gone-]{+new+}``; ``short`` gives an excerpt of them."""
    lines = [terminal_safe(change.title), f"  {terminal_safe(change.what)}; {change.when}"]
    lines += [f"  {name}: {_shown(before)} -> {_shown(after)}" for name, before, after in change.fields]
    if change.words is not None:
        lines += [f"  ({change.words.note})"] * bool(change.words.note)
        shown, context = _extent(change, change.words.words, short)
        lines += [f"  {terminal_safe(cells_shown(line))}" for line in plain(shown, context).splitlines()]
    return "\n".join([*lines, *([f"  {terminal_safe(change.url)}"] if change.url else [])])


def as_markdown(change: ArticleChanges, *, short: bool = False) -> str:
    """Return one item as a list item of Markdown, with ``<del>`` and ``<ins>``; ``short`` as in ``as_text``."""
    name = markdown_safe(change.title)
    named = link(f"**{name}**", terminal_safe(change.url), "") if change.url else f"**{name}**"
    parts = [f"{named}: {markdown_safe(change.what)}; {change.when}"]
    parts += [
        f"{name}: <del>{markdown_safe(before or '')}</del> <ins>{markdown_safe(after or '')}</ins>"
        for name, before, after in change.fields
    ]
    if change.words is not None:
        parts += [f"*{change.words.note}*"] * bool(change.words.note)
        shown, context = _extent(change, change.words.words, short)
        parts += filter(None, to_markdown(shown, context).split("\n\n"))
    return "- " + "\n\n  ".join(parts)


def as_html(change: ArticleChanges, *, short: bool = False) -> str:
    """Return one item as HTML that needs no style sheet; ``short`` as in ``as_text``."""
    name = f'<b dir="auto">{html_safe(change.title)}</b>'
    if change.url:
        name = f'<a href="{html_safe(change.url)}">{name}</a>'
    parts = [f'<p>{name}: {html_safe(change.what)} <span class="when">{escape(change.when)}</span></p>']
    values = (
        f'<li>{escape(name)}: <del dir="auto">{html_safe(before or "")}</del> '
        f'<ins dir="auto">{html_safe(after or "")}</ins></li>'
        for name, before, after in change.fields
    )
    if items := "".join(values):
        parts.append(f"<ul>{items}</ul>")
    if change.words is not None:
        parts += [f"<p><i>{escape(change.words.note)}</i></p>"] * bool(change.words.note)
        shown, context = _extent(change, change.words.words, short)
        parts.append(to_html(shown, context))
    return "\n".join(parts)


def _extent(change: ArticleChanges, words: Blocks, short: bool) -> tuple[Blocks, int | None]:
    """Return the blocks to show and their context: an excerpt, or each change with its neighbours."""
    if not short:
        return words, 1
    # Of an article that came or went its beginning is enough.
    return (excerpt(words) if all(change.bodies) else excerpt(words, limit=_OPENING)), None


def _shown(value: str | None) -> str:
    return "(none)" if value is None else terminal_safe(value)


_ITEM = {"text": as_text, "md": as_markdown, "html": as_html}


def as_document(
    title: str,
    sections: Iterable[tuple[str, Iterable[ArticleChanges]]],
    form: Form,
    *,
    notes: Iterable[str] = (),
    short: bool = False,
) -> str:
    """Return a whole document: a title, notes below it, and under each heading its items."""
    parts: list[str] = []
    for level, text in ((1, title), *((0, note) for note in notes)):
        parts.append(_heading(text, level, form))
    for heading, changes in sections:
        parts.append(_heading(heading, 2, form))
        parts += (_ITEM[form](change, short=short) for change in changes)
    body = "\n\n".join(parts)
    return _PAGE.format(title=html_safe(title), body=body) if form == "html" else f"{body}\n"


def _heading(text: str, level: int, form: Form) -> str:
    """Return a heading of level 1 or 2, or with level 0 a paragraph."""
    if form == "html":
        tag = f"h{level}" if level else "p"
        return f'<{tag} dir="auto">{html_safe(text)}</{tag}>'
    if form == "md":
        return f"{'#' * level} {markdown_safe(text)}" if level else escape_lines(markdown_safe(text))
    shown = terminal_safe(text)
    return f"{shown}\n{'=-'[level - 1] * len(shown)}" if level else shown
