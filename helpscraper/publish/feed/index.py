"""The index pages of the feeds, and the list of them for feed readers (OPML)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree

from helpscraper.publish.feed.atom import xml_safe

__all__ = ["ListedEdition", "index_files"]


@dataclass(frozen=True, slots=True)
class ListedEdition:
    """The feeds of one site and locale: each section with title, path and its articles (title, path).

    ``folder`` is the edition's folder; the paths are relative to it.
    """

    folder: str
    language: str
    sections: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def index_files(editions: Sequence[ListedEdition], base_url: str | None) -> Iterator[tuple[str, str]]:
    """Yield path and text of the index of all feeds, of each edition's index, of the style sheet, and of the OPML."""
    env = Environment(
        loader=PackageLoader("helpscraper.publish.feed"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    yield "feeds.css", (files("helpscraper.publish.report") / "assets/report.css").read_text(encoding="utf-8")
    yield "index.html", env.get_template("index.html").render(root="", editions=editions, edition=None)
    for edition in editions:
        text = env.get_template("index.html").render(root="../../", editions=editions, edition=edition)
        yield f"{edition.folder}/index.html", text
    yield "feeds.opml", opml(editions, base_url)


def opml(editions: Sequence[ListedEdition], base_url: str | None) -> str:
    """Return the feeds of sites and sections as OPML 2.0; without ``base_url`` their addresses are relative."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Changes of help centres"
    body = etree.SubElement(root, "body")
    start = f"{base_url.rstrip('/')}/" if base_url else ""
    for edition in editions:
        group = etree.SubElement(body, "outline", text=edition.folder)
        feeds = [("all changes", "all.atom"), *((title, path) for title, path, _ in edition.sections)]
        for title, path in feeds:
            url = f"{start}{edition.folder}/{path}"
            etree.SubElement(
                group, "outline", type="rss", text=xml_safe(f"{edition.folder}: {title}"), xmlUrl=url
            )
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True).decode()
