"""The same help centre on GitBook: an index of all pages, and each page as Markdown and as a bare page in HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from helpscraper.sample.bodies import Node
from helpscraper.sample.edition import Edition
from helpscraper.sample.look import Page
from helpscraper.sample.model import BRAND, CATEGORIES, LATEST, SECTIONS, category_of
from helpscraper.sample.truth import ExpectedArticle

__all__ = ["gitbook_answer", "gitbook_articles"]

_SECTIONS = tuple(section.slug for section in SECTIONS if section.slug != LATEST)
_MARK = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
_TEXT = "text/plain; charset=utf-8"


def gitbook_articles(records: Sequence[ExpectedArticle]) -> tuple[ExpectedArticle, ...]:
    """Return ``records`` as a perfect crawl holds them: with paths in place of slugs, and without dates."""
    return tuple(
        replace(
            record,
            slug=f"{record.section}.{record.slug}",
            source_id=None,
            category=record.category_title,
            section_title="",
            listed_in=("pages",),
            published_at=None,
            updated_at=None,
            updated_on=None,
            view_count=None,
        )
        for record in records
    )


def gitbook_answer(edition: Edition, path: str) -> Page:
    """Answer a path of the site."""
    if path == "/llms.txt":
        return Page(200, _index(edition), content_type=_TEXT)
    page, markdown = path.removesuffix(".md"), path.endswith(".md")
    record = next((each for each in edition.records if _path(each) == page), None)
    if record is None and page.strip("/"):
        return Page(404, "Not found", content_type=_TEXT)
    if record is None or not markdown:
        title = record.title.strip() if record else BRAND
        html = f"<!doctype html><html lang=en><meta name=generator content=GitBook><title>{BRAND}</title><h1>"
        return Page(200, html + str(_escaped(title)))
    text = f"{_line(edition, page)}# {_escaped(record.title.strip())}\n\n{_blocks(record.body)}\n"
    return Page(200, text + _AGENTS, content_type="text/markdown; charset=utf-8")


_AGENTS = "\n---\n\n# Agent Instructions\n\nPrograms may ask this page a question.\n"


def _line(edition: Edition, page: str) -> str:
    base = edition.base_url
    return f"> All pages are in [llms.txt]({base}/llms.txt); this one is available as [Markdown]({base}{page}.md).\n\n"


def _path(record: ExpectedArticle) -> str:
    return f"/{record.section}/{record.slug}"


def _index(edition: Edition) -> str:
    """Return the index: a heading for each category, below it the sections and their pages."""
    lines = [f"# {BRAND}", ""]
    for category in CATEGORIES:
        lines += [f"## {_escaped(edition.words['categories'][category])}", ""]
        for section in (each for each in _SECTIONS if category_of(each) == category):
            for record in edition.records:
                if record.section == section:
                    address = f"{edition.base_url}{_path(record)}.md"
                    lines.append(f"- [{_escaped(record.title.strip())}]({address})")
        lines.append("")
    return "\n".join([*lines, "## Elsewhere", "", "- [Shop](https://shop.example/lamps.md)", ""])


def _escaped(text: str) -> str:
    return _MARK.sub(r"\\\1", text)


def _blocks(nodes: Sequence[Node]) -> str:
    return "\n\n".join(filter(None, (_block(node) for node in nodes)))


def _block(node: Node) -> str:
    match node.tag:
        case "h2":
            return f"## {_inline(node.children)}"
        case "ul" | "ol":
            marks = ("* " if node.tag == "ul" else f"{n}. " for n in range(1, len(node.children) + 1))
            return "\n".join(
                mark + _blocks(item.children).replace("\n", "\n" + " " * len(mark))
                for mark, item in zip(marks, node.children, strict=True)
            )
        case "table":
            head, *rows = ([_cell(cell) for cell in row.children] for row in node.children[0].children)
            return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
        case "blockquote":
            # As an editor's hint, with its marks on separate lines.
            return f'{{% hint style="info" %}}\n{_blocks(node.children)}\n{{% endhint %}}'
        case "pre":
            return f"```\n{node.children[0].children[0].text}\n```"
    return _inline(node.children) + "&#x20;"


def _cell(node: Node) -> str:
    return _inline(node.children[0].children)


def _inline(nodes: Sequence[Node]) -> str:
    return "".join(map(_part, nodes))


def _part(node: Node) -> str:
    match node.tag:
        case "":
            return _escaped(node.text)
        case "br":
            return "\\\n"
        case "img":
            return f'<figure><img src="{node.href}" alt=""></figure>'
        case "a":
            return f"[{_inline(node.children)}]({node.href})"
        case "b":
            return f"**{_inline(node.children)}**"
    return _inline(node.children)
