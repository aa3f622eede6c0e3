"""Words that the generic reader finds and misses on pages whose bodies are known, beside two other readers.

Precision is the share of the found words that are the article's, recall the share of its words that were found, both
summed over the pages of a source; a title is right when it is the article's. Bounds: precision and recall of 0.95 over
all pages, and neither other reader is better in both.

The bodies are those that the known platforms read, or those of the sample help centre's truth. trafilatura and
readability-lxml are compared if installed. Saved pages of real sites are read from ``../shared/data`` if it exists.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from helpscraper.errors import ExtractionError
from helpscraper.normalise.article import Context
from helpscraper.payload import Payload
from helpscraper.platforms import get_platform
from helpscraper.sample import SampleServer
from helpscraper.sites import Site

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
ARTICLES = 60
BOUND = 0.95
# Scripts without spaces count by their letters.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W_]+")
IN_SCRIPTS = {"body-in-state-only"}
"""Pages whose body is only in a script of the platform's own form."""

LAYOUTS = {
    "the sample as OKX": [{"layout": layout} for layout in ("e2", "e3", "e3-bare", "markup", "markup-a")],
    "the sample on Zendesk": [{"layout": "zendesk", "theme": year} for year in (2017, 2018, 2022, 2026)],
    "the sample on no known system": [{"layout": "generic"}],
}

Reader = Callable[[bytes, str], tuple[str | None, str]]


class Known(NamedTuple):
    """A page, its address, and the title and the text of its article."""

    source: str
    url: str
    html: bytes
    title: str
    text: str


@dataclass
class Score:
    """Sums over pages: words found, words there, and words in both; ``failed`` counts pages without any text."""

    pages: int = 0
    found: int = 0
    there: int = 0
    both: int = 0
    titles: int = 0
    failed: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def precision(self) -> float:
        return self.both / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.both / self.there if self.there else 0.0

    def add(self, known: Known, title: str | None, text: str) -> None:
        found, there = Counter(words(text)), Counter(words(known.text))
        self.pages += 1
        self.found += found.total()
        self.there += there.total()
        self.both += (found & there).total()
        self.titles += " ".join((title or "").split()) == " ".join(known.title.split())
        self.failed += not found


def words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


# ---- pages


def sample_pages() -> Iterator[Known]:
    for source, layouts in LAYOUTS.items():
        for options in layouts:
            with SampleServer(articles=ARTICLES, **options) as server:
                for record in server.truth():
                    path = {
                        "zendesk": f"/hc/en-us/articles/{record.slug}",
                        "generic": f"/{record.slug.replace('.', '/')}",
                    }.get(str(options["layout"]), f"/help/{record.slug}")
                    yield Known(
                        source, server.url + path, server.healthy(path).body, record.title, record.body_text
                    )


def reduced_pages() -> Iterator[Known]:
    """Yield our own reductions of OKX's pages, with the articles that a person wrote down."""
    for folder in sorted((ROOT / "tests/pages/ArticlePage").iterdir()):
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        said, url = expected.get("article") or {}, (folder / "url.txt").read_text("utf-8").strip()
        if said.get("body_text") and folder.name not in IN_SCRIPTS:
            html = (folder / "page.html").read_bytes()
            yield Known("own reductions of OKX", url, html, said["title"], said["body_text"])


def saved_pages() -> Iterator[Known]:
    """Yield saved pages of OKX with the articles that its own platform reads."""
    okx, site = get_platform("okx"), Site(name="okx", platform="okx", base_url="https://www.okx.com")
    for path in sorted((SHARED / "okx").glob("*article*.html")):
        html = path.read_bytes()
        links = re.findall(rb"https://www\.okx\.com(?:/[a-z-]+)?/help/[a-z0-9-]+", html)
        for url in dict.fromkeys(link.decode() for link in links):
            context = Context(site, okx.address(site, url).locale)
            try:
                found = okx.read_saved(url, Payload(html, "text/html; charset=utf-8"), context)
            except ExtractionError:
                continue  # a link to another page
            for raw in found.articles:
                if raw.kind == "article" and raw.body_text:
                    yield Known("saved pages of OKX", url, html, raw.title or "", raw.body_text)


def platform_pages() -> Iterator[Known]:
    """Yield the pages of other platforms with the rows that a reader sees, written by hand."""
    for path in sorted((SHARED / "platforms").glob("*/*.html")):
        expected = path.with_suffix(".expected.json")
        said = json.loads(expected.read_text("utf-8")) if expected.is_file() else {}
        if isinstance(said.get("body_text"), str) and isinstance(said.get("title"), str):
            url = "https://help.example/articles/one"
            yield Known("other platforms", url, path.read_bytes(), said["title"], said["body_text"])


# ---- readers


def generic(html: bytes, url: str) -> tuple[str | None, str]:
    site = Site(name="bench", platform="generic", base_url="/".join(url.split("/")[:3]))
    platform = get_platform("generic")
    try:
        found = platform.read_saved(url, Payload(html, "text/html; charset=utf-8"), Context(site, "en"))
    except ExtractionError:
        return None, ""
    raw = next(iter(found.articles), None)
    return (raw.title, raw.body_text or "") if raw is not None else (None, "")


def by_trafilatura(html: bytes, url: str) -> tuple[str | None, str]:
    import trafilatura

    found = trafilatura.bare_extraction(html, url=url, with_metadata=True, include_comments=False)
    return (found.title, found.text or "") if found is not None else (None, "")


def by_readability(html: bytes, url: str) -> tuple[str | None, str]:
    from lxml import etree
    from lxml import html as markup
    from readability import Document

    document = Document(html.decode("utf-8", "replace"), url=url)
    try:
        part = markup.fromstring(document.summary(html_partial=True))
    except (etree.ParserError, ValueError):
        return None, ""
    return document.short_title(), " ".join(part.itertext())


def readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {"helpscraper": generic}
    for name, module, reader in (
        ("trafilatura", "trafilatura", by_trafilatura),
        ("readability-lxml", "readability", by_readability),
    ):
        if importlib.util.find_spec(module) is None:
            print(f"{name} is not installed: skipped")
        else:
            found[name] = reader
    return found


def main() -> int:
    pages = [*sample_pages(), *reduced_pages(), *saved_pages(), *platform_pages()]
    if not SHARED.is_dir():
        print(f"{SHARED} is not there: pages of real sites are skipped")
    sources = [*dict.fromkeys(page.source for page in pages), "all"]
    scores: dict[str, dict[str, Score]] = {}
    for name, reader in readers().items():
        scores[name] = {source: Score() for source in sources}
        for page in pages:
            start = time.perf_counter()
            title, text = reader(page.html, page.url)
            seconds = time.perf_counter() - start
            for source in (page.source, "all"):
                scores[name][source].add(page, title, text)
                scores[name][source].seconds += seconds
    for source in sources:
        print(f"{source}: {scores['helpscraper'][source].pages} pages")
        for name, each in scores.items():
            score = each[source]
            print(
                f"  {name:17} precision {score.precision:.3f}  recall {score.recall:.3f}"
                f"  titles {score.titles}  without text {score.failed}"
                f"  {1000 * score.seconds / score.pages:.1f} ms a page"
            )
    own = scores.pop("helpscraper")["all"]
    better = [
        name
        for name, each in scores.items()
        if each["all"].precision > own.precision and each["all"].recall > own.recall
    ]
    print(f"better in both: {', '.join(better) or 'none'}")
    return int(own.precision < BOUND or own.recall < BOUND or bool(better))


if __name__ == "__main__":
    sys.exit(main())
