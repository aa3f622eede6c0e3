"""Feeds that a parser and a schema take, with ids that stay and times that are right."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.errors import CommandError
from helpscraper.publish.feed import build_feeds
from helpscraper.publish.feed.atom import AtomEntry, AtomFeed, atom, entry_html, tag_uri, xml_safe
from helpscraper.publish.load import EditionData
from helpscraper.publish.model import article_key, feed_name
from helpscraper.publish.report.build import build_report
from helpscraper.sample import Options, expected_changes, truth
from helpscraper.sample.model import EPOCH, STEP
from tests import sample_archive

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
AT = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
CONTENT = {"added", "removed", "renamed", "edited", "retitled", "moved"}


@pytest.fixture(scope="module")
def feeds(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feeds")
    build_feeds(Catalog(archive), folder, base_url="https://example.org/feeds/")
    return folder


def test_every_file_is_valid_and_parses(feeds: Path) -> None:
    files = sorted(feeds.rglob("*.atom"))
    assert len(files) > 80
    for path in files:
        document = etree.parse(path)
        assert SCHEMA.validate(document), f"{path}: {SCHEMA.error_log}"
        parsed = feedparser.parse(path.read_bytes())
        assert not parsed.bozo and parsed.version == "atom10"
        ids = [entry.id for entry in parsed.entries]
        assert len(set(ids)) == len(ids)
        assert parsed.feed.links[0].href == f"https://example.org/feeds/{path.relative_to(feeds)}"


def test_the_site_feed_tells_what_changed(feeds: Path) -> None:
    """One entry for each article whose content changed in each crawl, as the sample's own truth has it."""
    parsed = feedparser.parse((feeds / "okx/en/all.atom").read_bytes())
    told = {
        (entry.updated, entry.id.rsplit("/", 1)[1]): {tag.term for tag in entry.tags} & CONTENT
        for entry in parsed.entries
    }
    wanted: dict[tuple[str, str], set[str]] = {}
    for state in range(1, 6):
        at = (EPOCH + state * STEP).strftime("%Y-%m-%dT%H:%M:%SZ")
        for change in expected_changes(state - 1, state):
            if change.kind in CONTENT:
                wanted.setdefault((at, article_key(change.article_id)), set()).add(change.kind)
    newest = sorted(wanted, key=lambda pair: pair[0], reverse=True)[: len(told)]
    assert {at for at, _ in told} == {at for at, _ in newest}
    last = max(at for at, _ in told)
    assert {pair: kinds for pair, kinds in told.items() if pair[0] == last} == {
        pair: kinds for pair, kinds in wanted.items() if pair[0] == last
    }
    assert set(told) <= set(wanted)
    assert parsed.feed.updated == last


def test_the_word_diff_is_the_content(feeds: Path) -> None:
    changes = {article_key(c.article_id): c for c in expected_changes(4, 5) if c.kind == "edited"}
    records = {article_key(r.slug): r for r in truth(5, "en", Options())}
    parsed = feedparser.parse((feeds / "okx/en/all.atom").read_bytes(), sanitize_html=False)
    at = (EPOCH + 5 * STEP).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {e.id.rsplit("/", 1)[1]: e for e in parsed.entries if e.updated == at}
    assert changes
    for key, change in changes.items():
        entry = found[key]
        html = entry.content[0].value
        assert entry.content[0].type == "text/html"
        assert "<ins>" in html or "<del>" in html
        assert ("silent" in entry.title) is change.silent
        assert records[key].title.strip() in entry.title


def test_dates_and_counts_are_told_when_asked(archive: Path, tmp_path: Path) -> None:
    build_feeds(Catalog(archive, locale="en"), tmp_path / "f", kinds=["touched", "counted"], limit=500)
    parsed = feedparser.parse((tmp_path / "f/okx/en/all.atom").read_bytes())
    kinds = {
        tag.term for entry in parsed.entries for tag in entry.tags if tag.scheme == "urn:helpscraper:kind"
    }
    assert kinds == {"touched", "counted"}


def test_ids_stay_when_time_goes_on(tmp_path: Path) -> None:
    """What a reader has seen keeps its id and time, even where the article is renamed later."""
    sample_archive.build(tmp_path / "a", states=range(2), locales=("en",))
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f", limit=1000)
    before = _entries(tmp_path / "f/okx/en/all.atom")
    sample_archive.build(tmp_path / "a", states=range(2, 6), locales=("en",))
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f", limit=1000)
    after = _entries(tmp_path / "f/okx/en/all.atom")
    assert len(after) > len(before) > 5
    assert before.items() <= after.items()
    shutil.rmtree(tmp_path / "f")
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f", limit=1000)
    assert _entries(tmp_path / "f/okx/en/all.atom") == after


def test_the_feed_of_a_renamed_article_goes_on(tmp_path: Path, commit: Callable[..., Any]) -> None:
    """Also through two renames, and not where another article has taken the address."""
    store = open_store(tmp_path / "a")
    text = "\n".join(f"Paragraph {n} of a text long enough to be known again." for n in range(9))
    article = {"title": "A", "section": "s", "source_id": "cms1", "body": text}
    other = {"title": "Other", "section": "s", "source_id": "cms2", "body": "Something else."}
    commit(store, "2026-06-01", [article | {"article_id": "a"}])
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
    ids: dict[str, str] = {}
    for day, name in (("2026-06-02", "b"), ("2026-06-03", "c")):
        commit(store, day, [article | {"article_id": name}])
        build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
        for path in (tmp_path / "f").rglob("*.atom"):
            known = feedparser.parse(path.read_bytes()).feed.id
            assert ids.setdefault(path.name, known) == known
    assert len(set(ids.values())) == len(ids) > 3
    where = tmp_path / "f/okx/en/articles"
    first, second, third = (
        (where / f"{name}.atom").read_bytes().replace(article_key(name).encode(), b"KEY", 1) for name in "abc"
    )
    assert first == second == third
    assert [entry.title for entry in feedparser.parse(first).entries] == ["Renamed: A"] * 2
    commit(store, "2026-06-04", [article | {"article_id": "c"}, other | {"article_id": "a"}])
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
    first, second, third = (
        (where / f"{name}.atom").read_bytes().replace(article_key(name).encode(), b"KEY", 1) for name in "abc"
    )
    assert first != second == third
    built = build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
    assert (built.written, built.deleted) == (0, 0)


def test_files_have_readable_names_and_an_index(feeds: Path, archive: Path, tmp_path: Path) -> None:
    slugs = {record.slug for record in truth(5, "en", Options())}
    assert {f"{slug}.atom" for slug in slugs} <= {path.name for path in (feeds / "okx/en/articles").iterdir()}
    for name in ("index.html", "okx/en/index.html", "okx/ar/index.html"):
        page = html.fromstring((feeds / name).read_text(encoding="utf-8"))
        links = [(feeds / name).parent / href for href in page.xpath("//@href")]
        assert links and all(link.exists() for link in links), name
    linked = {link.resolve() for link in (feeds / "okx/en" / h for h in html.fromstring(
        (feeds / "okx/en/index.html").read_text(encoding="utf-8")).xpath("//main//@href"))}  # fmt: skip
    assert {path.resolve() for path in (feeds / "okx/en").rglob("*.atom")} - linked <= former(feeds, archive)
    outlines = etree.parse(feeds / "feeds.opml").xpath("//outline[@type='rss']/@xmlUrl")
    start = "https://example.org/feeds/"
    assert all(url.startswith(start) and (feeds / url.removeprefix(start)).exists() for url in outlines)
    sections = {path.name for path in (feeds / "okx/en/sections").iterdir()}
    assert {url.rsplit("/", 1)[1] for url in outlines if "/en/sections/" in url} == sections


def former(feeds: Path, archive: Path) -> set[Path]:
    """Return the feeds at the former addresses of renamed articles, which no list has."""
    with EditionData(Catalog(archive), Partition("okx", "en"), views=False) as source:
        return {(feeds / f"okx/en/articles/{feed_name(name)}.atom").resolve() for name in source.renamed}


def test_an_entry_links_to_its_change_in_the_report(archive: Path, report: Path, tmp_path: Path) -> None:
    url = "https://example.org/report"
    build_feeds(Catalog(archive, locale="en"), tmp_path / "f", report_url=url)
    entries = feedparser.parse((tmp_path / "f/okx/en/all.atom").read_bytes()).entries
    assert len(entries) > 50
    for entry in entries:
        assert entry.link.startswith(f"{url}/okx/en/crawls/") and entry.link in entry.content[0].value
        path, _, anchor = entry.link.removeprefix(f"{url}/").partition("#")
        assert f'id="{anchor}"' in (report / path).read_text(encoding="utf-8")
        assert [link.href for link in entry.links if link.rel == "related"], "the article on the site"


def test_the_report_links_to_the_feeds_beside_it(archive: Path, tmp_path: Path) -> None:
    catalog = Catalog(archive, locale="en")
    build_feeds(catalog, tmp_path / "feeds")
    build_report(catalog, tmp_path / "report")
    with pytest.raises(CommandError, match="holds no feeds"):
        build_report(catalog, tmp_path / "report", feeds=str(tmp_path))
    seen = set()
    for path in (tmp_path / "report").rglob("*.html"):
        page = html.fromstring(path.read_text(encoding="utf-8"))
        for href in page.xpath("//@href[contains(., '.atom') or contains(., '/feeds/')]"):
            assert (path.parent / href).exists(), (path, href)
            seen.add(Path(href).parent.name)
        moved = page.xpath("boolean(//a[@data-moved])")
        assert moved or page.xpath("//head/link[@rel='alternate'][@type='application/atom+xml']"), path
    assert seen >= {"en", "sections", "articles"}
    build_report(catalog, tmp_path / "other", feeds="https://example.org/feeds/")
    assert 'href="https://example.org/feeds/okx/en/all.atom"' in (tmp_path / "other/index.html").read_text()


def test_a_feed_goes_on_at_the_address_that_an_earlier_version_gave_it(tmp_path: Path) -> None:
    sample_archive.build(tmp_path / "a", states=range(2), articles=12)
    build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
    manifest = json.loads((tmp_path / "f/.helpscraper-report.json").read_text())
    page = next(page for page in manifest["pages"] if "/articles/" in page)
    old = f"okx/en/articles/{article_key(Path(page).stem)}.atom"
    manifest["pages"][old] = "made by an earlier version"
    (tmp_path / "f/.helpscraper-report.json").write_text(json.dumps(manifest))
    for _ in range(2):
        build_feeds(Catalog(tmp_path / "a"), tmp_path / "f")
        assert (tmp_path / "f" / old).read_bytes() == (tmp_path / "f" / page).read_bytes()


@given(
    st.text(max_size=90)
    | st.sampled_from(["con", "../x", "a" * 81, "x-0123456789abcdef", "index", "A", "a--b"])
)
def test_a_feeds_name_is_safe_whatever_the_id(name: str) -> None:
    found = feed_name(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", found) and len(found) <= 80 and found != "con"
    assert found == name or found.endswith(article_key(name))


def _entries(path: Path) -> dict[str, str]:
    return {entry.id: entry.updated for entry in feedparser.parse(path.read_bytes()).entries}


def test_a_second_build_writes_nothing(archive: Path, feeds: Path) -> None:
    built = build_feeds(Catalog(archive), feeds, base_url="https://example.org/feeds/")
    assert (built.written, built.deleted) == (0, 0) and built.kept > 80


def test_a_hostile_site(hostile_archive: Path, tmp_path: Path) -> None:
    build_feeds(Catalog(hostile_archive), tmp_path / "f")
    files = sorted((tmp_path / "f").rglob("*.atom"))
    assert all(
        re.fullmatch(
            r"okx/en/(all|(sections|articles)/[a-z0-9]+(-[a-z0-9]+)*)\.atom",
            str(p.relative_to(tmp_path / "f")),
        )
        for p in files
    )
    for path in files:
        assert SCHEMA.validate(etree.parse(path)), SCHEMA.error_log
        for entry in feedparser.parse(path.read_bytes(), sanitize_html=False).entries:
            assert "<script" not in entry.content[0].value and "<img" not in entry.content[0].value
            assert not [link.href for link in entry.get("links", []) if not link.href.startswith("https://")]


def test_bad_arguments(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such kind"):
        build_feeds(Catalog(archive), tmp_path / "f", kinds=["new"])
    with pytest.raises(CommandError, match="not a web address"):
        build_feeds(Catalog(archive), tmp_path / "f", base_url="javascript:x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").touch()
    with pytest.raises(CommandError, match="not empty"):
        build_feeds(Catalog(archive), tmp_path / "full")
    with pytest.raises(CommandError, match="no snapshot"):
        build_feeds(Catalog(tmp_path / "nothing"), tmp_path / "f")


@given(
    st.text(),
    st.text(),
    st.lists(st.tuples(st.text(), st.none() | st.text(), st.none() | st.text()), max_size=3),
)
def test_any_text_makes_a_valid_feed(
    title: str, text: str, fields: list[tuple[str, str | None, str | None]]
) -> None:
    html = entry_html(fields, text, text[::-1], kinds=("edited",), dated=None, silent=True, language="en")
    entry = AtomEntry(
        tag_uri("a.example", "x"), title, AT, "https://a.example/x", ("edited",), title, html, "en"
    )
    data = atom(AtomFeed("tag:a.example,2020:helpscraper/x", title, AT, "who", None, None, "en", [entry]))
    document = etree.fromstring(data)
    assert SCHEMA.validate(document), SCHEMA.error_log
    content = document.find("{*}entry/{*}content")
    assert content is not None and (content.text or "") == xml_safe(html).replace("\r\n", "\r\n")


def test_the_schema_can_fail() -> None:
    bad = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><updated>yesterday</updated><id>tag:a,2020:x</id></feed>'
    assert not SCHEMA.validate(etree.fromstring(bad))
