"""The index pages of the feeds, and the list of them for feed readers (OPML)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from lxml import etree

from helpscraper.plain_text import terminal_safe
from helpscraper.publish.feed.atom import xml_safe
from helpscraper.publish.pages import environment

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
    """Yield path and text of the index of all feeds, of each edition's index, of the style sheet, and of the OPML.

    There is no OPML without ``base_url``: a reader that imports it does not know where a relative address begins.
    """
    index = environment("helpscraper.publish.feed").get_template("index.html")
    opml = base_url is not None
    yield "feeds.css", (files("helpscraper.publish.report") / "assets/report.css").read_text(encoding="utf-8")
    yield "index.html", index.render(root="", editions=editions, edition=None, opml=opml)
    for edition in editions:
        text = index.render(root="../../", editions=editions, edition=edition, opml=opml)
        yield f"{edition.folder}/index.html", text
    if base_url is not None:
        yield "feeds.opml", _opml(editions, base_url)


def _opml(editions: Sequence[ListedEdition], base_url: str) -> str:
    """Return the feeds of sites and sections as OPML 2.0, whose ``xmlUrl`` is a web address."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Changes of help centres"
    body = etree.SubElement(root, "body")
    for edition in editions:
        group = etree.SubElement(body, "outline", text=edition.folder)
        feeds = [("all changes", "all.atom"), *((title, path) for title, path, _ in edition.sections)]
        for title, path in feeds:
            url = f"{base_url.rstrip('/')}/{edition.folder}/{path}"
            etree.SubElement(
                group,
                "outline",
                type="rss",
                text=xml_safe(terminal_safe(f"{edition.folder}: {title}")),
                xmlUrl=url,
            )
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True).decode()
