"""Any other help centre, read without a crawl; ``tests/e2e/test_generic.py`` crawls it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.run_parts import ClaimFacts, Counts
from helpscraper.errors import ExtractionError
from helpscraper.health.checks import check_health
from helpscraper.items import RawArticle
from helpscraper.normalise.article import Context, normalise_article
from helpscraper.payload import Payload
from helpscraper.platforms.contract import Address, Findings, Scope
from helpscraper.platforms.generic import lists
from helpscraper.platforms.generic.addresses import address_of
from helpscraper.platforms.generic.lists import read_list, sitemaps_of
from helpscraper.platforms.generic.platform import Generic
from helpscraper.sample import SampleServer
from helpscraper.sites import Site
from helpscraper.sites.declaration import Mistakes, parse_declaration
from helpscraper.urls import is_key, key_of, path_of

BASE = "https://help.example"
ACME = Site(name="acme", platform="generic", base_url=BASE, include=("/learn/",), exclude=("/learn/old/",))
CONTEXT = Context(ACME, "en")
PROSE = "Trim the wick before you light the lamp, and keep the oil away from the flame."


# ---- keys


@given(st.text("abcAZ09/-_.~%20?=&ü中+ \x1f", max_size=60))
def test_a_key_leads_back_to_its_path(text: str) -> None:
    key = key_of(f"/{text}")
    if is_key(key):
        assert key_of(path_of(key)) == key
        assert path_of(key).isascii()


@pytest.mark.parametrize(
    "path", ["/a//b///c/", "//a", "/a%2Fb", "/a%2fb%3Fc", "/100%25", "/%C3%BC", "/a?b=%2F", "/_a/-"]
)
def test_an_odd_path_is_asked_for_as_it_was_listed(path: str) -> None:
    assert (path_of(key_of(path)), is_key(key_of(path))) == (path, True)


@given(st.text("abcAZ09/-_.~?=&ü中+", min_size=1, max_size=40))
def test_different_paths_have_different_keys(text: str) -> None:
    path = "/" + quote(text, safe="/?=&+~")
    if is_key(key_of(path)):
        assert path_of(key_of(path)) == path


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"{BASE}/learn/lamps", "article"), (f"{BASE}/learn/lamps?print=1", "article"), (f"{BASE}/pricing", "other"),
        (f"{BASE}/learn/old/lamps", "other"), (f"{BASE}/learn/manual.pdf", "other"), (f"{BASE}/learn/", "home"),
        (f"{BASE}/", "home"), (f"{BASE}/robots.txt", "list"), (f"{BASE}/sitemap-2.xml.gz", "list"),
        (f"{BASE}/blog/feed/", "list"), ("http://[", "other"),
    ],
)  # fmt: skip
def test_an_address_is_told_by_its_path(url: str, kind: str) -> None:
    assert address_of(ACME, url).kind == kind


def test_a_prefix_of_a_declaration_begins_with_a_slash() -> None:
    head = b'platform = "generic"\nbase_url = "https://help.example"\n'
    values = parse_declaration(head + b'include = ["/help/"]\nexclude = ["/help/old"]\n', {})
    assert (values["include"], values["exclude"]) == (["/help/"], ["/help/old"])
    with pytest.raises(Mistakes) as caught:
        parse_declaration(head + b'include = ["help", 3]\nexclude = "/old"\n', {})
    said = "; ".join(caught.value.sentences)
    for mistake in (
        "include[0]: the beginning of a path",
        "include[1]: one line",
        "exclude: a list of texts",
    ):
        assert mistake in said


# ---- lists


def sitemap(*urls: str) -> bytes:
    rows = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def listed(data: bytes, cursor: str = "/sitemap.xml", *, guessed: bool = False) -> Findings:
    asked = Address("list", "en", "pages", cursor=cursor, guessed=guessed)
    return Generic().read(asked, BASE + cursor, Payload(data), CONTEXT)


def urls(data: bytes) -> list[str]:
    return [entry.url for entry in read_list(data).entries]


INDEX_OF_EVIL = (
    b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<sitemap><loc>https://evil.example/c.xml</loc></sitemap></sitemapindex>"
)


def test_robots_names_the_sitemaps_and_only_those_of_the_site_are_asked_for() -> None:
    robots = b"User-agent: *\nSitemap: https://www.help.example/a.xml\nsitemap:/b.xml.gz\n"
    found = listed(robots + b"Sitemap: https://evil.example/c.xml\nSitemap: /articles\n", "/robots.txt")
    assert [link.url for link in found.more] == [f"{BASE}/a.xml", f"{BASE}/b.xml.gz"]
    assert found.left_out == ["a list on another site: https://evil.example/c.xml"]
    assert found.holes == [f"its address is like no sitemap's: {BASE}/articles"]
    assert [link.url for link in listed(b"User-agent: *", "/robots.txt").more] == [f"{BASE}/sitemap.xml"]
    far = listed(b"Sitemap: https://evil.example/c.xml", "/robots.txt")
    assert ([link.url for link in far.more], far.holes) == ([f"{BASE}/sitemap.xml"], [])
    (hole,) = listed(INDEX_OF_EVIL).holes
    assert hole.startswith(
        "all lists that it names are on another site, the first: https://evil.example/c.xml"
    )
    assert sitemaps_of(b"# Sitemap: x\nAllow: /sitemap: y") == []


def test_what_is_not_the_help_centres_is_left_out_counted_and_named() -> None:
    found = listed(
        sitemap(
            f"{BASE}/learn/a", "http://www.help.example/learn/b", f"{BASE}/learn/a", f"{BASE}/pricing",
            f"{BASE}/learn/", "https://evil.example/learn/a", "https://evil.example/learn/b", "http://[",
        )
    )  # fmt: skip
    assert [raw.key for raw in found.articles] == ["learn.a", "learn.b", "learn.a"]
    assert [raw.url for raw in found.articles][:2] == [f"{BASE}/learn/a", f"{BASE}/learn/b"]
    assert found.left_out == [
        "3 × an address of another site, the first: https://evil.example/learn/a",
        f"1 × an address that is no page of this help centre, the first: {BASE}/pricing",
    ]


def test_an_index_leads_to_its_files_also_to_itself() -> None:
    files = "".join(f"<sitemap><loc>{path}</loc></sitemap>" for path in ("/a.xml", "/sitemap.xml"))
    found = listed(f"<sitemapindex>{files}</sitemapindex>".encode())
    assert [link.url for link in found.more] == [f"{BASE}/a.xml", f"{BASE}/sitemap.xml"]


def test_a_feed_lists_addresses_and_titles() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="/learn/self"/><entry><title>Lamps</title>'
        b'<link rel="edit" href="/e"/><link href="/learn/a"/><updated>2026-02-01T00:00:00Z</updated></entry></feed>'
    )
    rss = b"<rss><channel><link>/</link><item><title>Oil</title><link>/learn/b</link></item></channel></rss>"
    for data, row in ((atom, ("learn.a", "Lamps")), (rss, ("learn.b", "Oil"))):
        (raw,) = listed(data).articles
        assert (raw.key, raw.title, raw.updated, raw.published) == (*row, None, None)


def test_what_changed_last_comes_first_and_says_nothing_more() -> None:
    rows = [("a", "2026-01-01"), ("b", "2026-03-01"), ("c", "")]
    data = "".join(f"<url><loc>/learn/{k}</loc><lastmod>{day}</lastmod></url>" for k, day in rows)
    found = listed(f"<urlset>{data}</urlset>".encode())
    assert [raw.key for raw in found.articles] == ["learn.b", "learn.a", "learn.c"]
    assert all(raw.updated is None and raw.updated_text is None for raw in found.articles)


@pytest.mark.parametrize(
    ("data", "kept", "said"),
    [
        (b"<urlset><url><loc>/a</loc></ur><url><loc>/b</loc></url></urlset>", ["/a", "/b"], "broken XML in line 1"),
        (b"<urlset><url><loc>/a</loc></url>\n<url><loc>/bc", ["/a"], "broken XML in line 2"),
        (b"<urlset><url><loc>/a</loc></url><url><loc>/\xff</loc></url></urlset>", ["/a"], "character encoding"),
        (gzip.compress(sitemap("/a"), mtime=0)[:-4], ["/a"], "gzip stream is cut off"),
        (gzip.compress(sitemap("/a"), mtime=0)[:10] + b"\xff" * 99, [], "gzip stream is damaged"),
        (b"<urlset>" + b"<a>" * 300, [], "broken XML"),
    ],
    ids=("element", "end", "letter", "packed-end", "packed", "depth"),
)  # fmt: skip
def test_the_readable_part_of_a_broken_file_is_kept(data: bytes, kept: list[str], said: str) -> None:
    found = read_list(data)
    assert [entry.url for entry in found.entries] == kept
    (hole,) = found.holes
    assert said in hole


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", "<?xml version='1.0' encoding='UTF-16'?>"])
def test_a_sitemap_of_wide_characters_is_read(encoding: str, declared: str) -> None:
    rows = [f"/a?x={n}&amp;y=é" for n in range(3000)]  # more than one chunk
    text = declared + sitemap(*rows, "/b?x=1&y=2").decode()
    wanted = [f"/a?x={n}&y=é" for n in range(3000)] + ["/b?x=1&y=2"]
    assert urls(text.encode(encoding)) == wanted
    assert urls(gzip.compress(text.encode(encoding))) == wanted


def test_no_entity_is_resolved() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE u [<!ENTITY l0 "lol">{levels}]><urlset><url><loc>/a?b=1&c=2&amp;d&l11;</loc></url></urlset>'
    assert urls(bomb.encode()) == ["/a?b=1&c=2&d&l11;"]
    outside = b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]><urlset><url><loc>/a&x;</loc></url></urlset>'
    assert urls(outside) == ["/a&x;"]


def test_a_file_is_read_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_ADDRESSES", 3)
    found = read_list(sitemap("/a", "/b", "/c", "/d"))
    assert (len(found.entries), found.holes) == (
        3,
        ["the file lists more than 3 addresses; the rest was not read"],
    )
    assert read_list(sitemap("/a", "/b", "/c")).holes == []
    monkeypatch.setattr(lists, "MAX_BYTES", 1 << 20)
    bomb = gzip.compress(b"<urlset><url><loc>/a</loc></url>" + b" " * (3 << 20))
    assert [each.url for each in read_list(bomb).entries] == ["/a"]
    assert read_list(bomb).holes == ["the file has more than 1,048,576 bytes; the rest was not read"]


@pytest.mark.long
def test_a_million_addresses_take_no_more_memory_than_fifty_thousand() -> None:
    import tracemalloc

    row = b"<url><loc>https://help.example/learn/%d</loc></url>"
    data = b"<urlset>" + b"".join(row % n for n in range(1_000_000)) + b"</urlset>"
    tracemalloc.start()
    found = read_list(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.entries), len(found.holes)) == (50_000, 1)
    assert peak < 40 << 20


def test_a_page_where_a_list_was_guessed_is_the_end_of_the_search() -> None:
    for guessed, field in ((True, "past the end"), (False, "list")):
        with pytest.raises(ExtractionError, match="neither a sitemap nor a feed") as caught:
            listed(b"<!doctype html><title>Not found</title>", guessed=guessed)
        assert caught.value.field == field
    robots = Address("list", "en", "pages", cursor="/robots.txt", guessed=True)
    (usual,) = Generic().instead(robots, CONTEXT)
    (home,) = Generic().instead(usual.address, CONTEXT)
    assert (usual.url, home.url, home.address.kind) == (f"{BASE}/sitemap.xml", f"{BASE}/learn/", "home")


PARTS = [
    b"<urlset>", b"<url>", b"<loc>", b"/a", b"</loc>", b"</url>", b"&x", b"&#0;", b"<!--", b"\x1f\x8b", b"<![CDATA[",
    b"]]>", b"\xff", b"<!DOCTYPE a [", b"</urlset>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS)))
def test_any_bytes_are_a_list_or_none(parts: list[bytes]) -> None:
    for entry in read_list(b"".join(parts)).entries:
        assert entry.url


# ---- articles


def page(html: str, url: str = f"{BASE}/learn/lamps") -> Findings:
    return Generic().read_saved(url, Payload(html.encode(), "text/html; charset=utf-8"), CONTEXT)


def article(html: str) -> RawArticle:
    (raw,) = page(html).articles
    return raw


def linked(**members: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(members)}</script>"


def read_sample(server: SampleServer) -> tuple[dict[str, RawArticle], Counter[str]]:
    """Read the sample site as its lists lead; return its articles, and how often each rule matched."""
    platform, rules = Generic(), Counter[str]()
    context = Context(Site(name="acme", platform="generic", base_url=server.url, include=("/learn/",)), "en")
    waiting, rows = platform.start(context, Scope()), dict[str, RawArticle]()
    while waiting:
        link = waiting.pop()
        reply = server.answer(link.url.removeprefix(server.url))
        if reply.status != 200:
            waiting += platform.instead(link.address, context)
            continue
        found = platform.read(link.address, link.url, Payload(reply.body), context)
        rules.update(found.rules)
        waiting += found.more
        for raw in found.articles:
            if raw.kind == "listing":
                waiting.append(platform.article_link(context, raw.key))
            else:
                rows[raw.key] = raw
    return rows, rules


def test_every_article_of_the_sample_is_read() -> None:
    with SampleServer(layout="generic", articles=120) as server:
        rows, rules = read_sample(server)
        truth = {record.slug: record for record in server.truth()}
    assert rows.keys() == truth.keys()
    for key, record in truth.items():
        raw, values = rows[key], normalise_article(rows[key], CONTEXT).columns
        assert raw.body_text == record.body_text
        for name in ("section", "section_title", "category", "category_title", "published_at", "updated_at"):
            assert values[name] == getattr(record, name), (key, name)
        assert values["title"] == record.title.strip()
    for rule in ("body/json-ld", "body/main", "body/densest", "page/list"):
        assert rules[f"article.{rule}"] >= 10


def test_stated_text_finds_its_element_and_stands_for_it_where_there_is_none() -> None:
    said = linked(**{"@type": "Article", "headline": "Lamps", "articleBody": f"{PROSE}\n{PROSE[::-1]}"})
    beside = "<div><p>Menu of the week, which is no part of it and rather long to look at</p></div>"
    shown = f"<div>{beside}<div id=x><p>{PROSE}</p><p>{PROSE[::-1]}</p></div>{beside}</div>"
    assert article(f"{said}<body>{shown}").body_text == f"{PROSE}\n{PROSE[::-1]}"
    assert article(f"{said}<body><div id=app></div>").body_text == f"{PROSE}\n{PROSE[::-1]}"


def test_a_stated_beginning_is_not_the_whole_text() -> None:
    said = linked(**{"@type": "Article", "headline": "Lamps", "articleBody": PROSE})
    shown = f"<main><p>{PROSE}</p>" + f"<p>{PROSE[::-1]}</p>" * 3
    assert article(f"{said}<body>{shown}").body_text.count("\n") == 3


LINKS = "".join(f"<li><a href=/learn/{n}>A page about lamps</a></li>" for n in range(20))


@pytest.mark.parametrize(
    "shown", ["", f"<main><ul>{LINKS}</ul></main>", "<div id=root></div><script src=/a.js></script>"]
)
def test_questions_and_answers_are_a_body(shown: str) -> None:
    pairs = [
        {"@type": "Question", "name": "Why?", "acceptedAnswer": {"@type": "Answer", "text": "<b>So</b>."}}
    ]
    html = (
        f"<title>Questions</title>{linked(**{'@type': 'FAQPage', 'mainEntity': pairs})}<body>{shown}</body>"
    )
    raw = article(html)
    assert (raw.title, raw.body_markdown) == ("Questions", "### Why?\n\n**So**.")
    assert Generic().sign(f"{BASE}/learn/faq", Payload(html.encode(), "text/html")) is not None


def test_of_several_stated_articles_only_the_pages_own_counts() -> None:
    nodes = [{"@type": "BlogPosting", "headline": name, "url": f"/learn/{name}"} for name in ("oil", "lamps")]
    assert article(f"{linked(**{'@graph': nodes})}<main><p>{PROSE}</main>").title == "lamps"
    assert (
        article(f"{linked(**{'@graph': nodes[:1] * 2})}<main><h1>Wick</h1><p>{PROSE}</main>").title == "Wick"
    )


@pytest.mark.parametrize(
    ("stated", "columns"),
    [
        ("2026-02-01T10:00:00+02:00", ("2026-02-01 08:00:00+00:00", "2026-02-01")),
        ("2026-02-01", ("None", "2026-02-01")),
        ("2026-02-01T10:00", ("None", "2026-02-01")),
        ("last week", ("None", "None")),
    ],
)  # fmt: skip
def test_only_absolute_dates_are_read(stated: str, columns: tuple[str, str]) -> None:
    head = f'<meta property="article:modified_time" content="{stated}">'
    raw = article(f"{head}<main><h1>Lamps</h1><p>Updated 3 days ago</p><p>{PROSE}</p></main>")
    values = normalise_article(raw, CONTEXT).columns
    assert (str(values["updated_at"]), str(values["updated_on"])) == columns
    assert (values["published_on"], raw.body_text) == (None, PROSE)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Lamps | Acme</title><meta property='og:site_name' content='Acme'>", "Lamps"),
        ("<title>Lamps - and oil - Acme</title><meta property='og:site_name' content='Acme'>", "Lamps - and oil"),
        ("<title>Lamps - and oil</title>", "Lamps - and oil"),
        ("<title>x</title><meta property='og:title' content='Lamps'>", "Lamps"),
        ("<title>Lamps | Acme</title></head><body><h1>Acme</h1><h1>Lamps</h1>", "Lamps"),
    ],
)  # fmt: skip
def test_the_name_of_the_site_is_no_part_of_a_title(head: str, title: str) -> None:
    assert article(f"<html><head>{head}<main><p>{PROSE}</p></main>").title == title


def test_a_link_of_a_heading_to_itself_is_no_text() -> None:
    raw = article(
        f"<main><h1>The C# lamp <a href='#x'>#</a></h1><h2>Oil<a href='#y'>¶</a></h2><p>{PROSE}</p></main>"
    )
    assert (raw.title, raw.body_text) == ("The C# lamp", f"Oil\n{PROSE}")


CHROME = (
    "<nav>Menu</nav>", "<aside>Beside</aside>", "<div class='article-votes'>5 of 7 found this helpful</div>",
    "<ul class='related-articles'><li><a href=/learn/b>B</a></ul>", "<div role=search>Find</div>",
    "<footer>Foot</footer>", "<header class=top>Acme</header>", "<script>x</script>",
    "<ul><li><a href=/learn/b>B</a></li><li><a href=/learn/c>C</a></li></ul>",
)  # fmt: skip


@given(st.lists(st.sampled_from(CHROME[:-1]), max_size=4), st.sampled_from(["article", "main", "div"]))
def test_elements_beside_the_text_are_left_out(chrome: list[str], around: str) -> None:
    html = f"<body>{''.join(chrome)}<{around}><h1>Lamps</h1><p>{PROSE}</p><p>{PROSE}</p>{''.join(chrome)}</{around}>"
    raw = article(html)
    assert (raw.title, raw.body_text) == ("Lamps", f"{PROSE}\n{PROSE}")
    assert "data-left-out" not in (raw.body_html or "")
    links = f"<{around}><h1>Lamps</h1><p>{PROSE}</p><p>{PROSE}</p>{CHROME[-1]}</{around}>"
    assert article(f"<body>{links}").body_text == f"{PROSE}\n{PROSE}"


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<title>Sign in</title><form><input type=password></form>", "challenge: a sign-in page"),
        ("<title>Help</title><body><div id=root></div><script src=/app.js></script>", "challenge: a shell"),
        ("<title>Help</title><body><p>Hi", "body: no text of an article's own"),
        (f"<body><main><p>{PROSE}</main>", "title: no title"),
        (
            f"<body><main><h1>Page not found</h1><p>{PROSE}</main>",
            "article: the page says that there is none",
        ),
        (f"<meta name=robots content=noindex><main><h1>Oops</h1><p>{PROSE}</main>", "article: the page says"),
    ],
)
def test_a_page_without_an_article_is_an_error(html: str, said: str) -> None:
    with pytest.raises(ExtractionError, match=said):
        page(html)


def test_a_list_of_links_is_no_article() -> None:
    links = "".join(f"<li><a href=/learn/{n}>How to light the lamp number {n}</a></li>" for n in range(9))
    for html in (
        f"<main><h1>Lamps</h1><ul>{links}</ul></main>",
        f"<main><h1>Lamps</h1><p>{PROSE}</p>{links}</main>",
    ):
        assert (page(html).no_article, page(html).articles) == ("a list of other pages", [])
    assert page("%PDF-1.7").no_article == "a PDF file"


def test_a_page_that_leads_elsewhere_is_no_article_of_that_address() -> None:
    asked = Address("article", "en", "learn.lamps")
    for landed in (f"{BASE}/learn/", f"{BASE}/learn/oil", f"{BASE}/pricing"):
        with pytest.raises(ExtractionError, match="leads to a page"):
            Generic().read(asked, landed, Payload(f"<main><h1>Oil</h1><p>{PROSE}".encode()), CONTEXT)
    # A slash at the end is no other article.
    (raw,) = (
        Generic()
        .read(asked, f"{BASE}/learn/lamps/", Payload(f"<main><h1>Oil</h1><p>{PROSE}".encode()), CONTEXT)
        .articles
    )
    assert raw.key == "learn.lamps"
    assert not Generic().leads_away(asked, address_of(ACME, f"{BASE}/learn/lamps/"))
    assert Generic().leads_away(asked, address_of(ACME, f"{BASE}/learn/oil"))


@pytest.mark.parametrize(
    ("fetched", "carried", "verdict"), [(30, 10, "warn"), (39, 0, "fail"), (0, 40, "warn"), (0, 0, "fail")]
)
def test_fewer_than_four_of_five_pages_with_title_and_body_are_refused(
    fetched: int, carried: int, verdict: str
) -> None:
    counts = Counts(fetched=fetched, carried=carried)
    drift = {"body at article, main": 7, "title": 2, "article": 1, "list at urlset": 100}
    facts = RunFacts(counts=counts, drift=drift, claim=ClaimFacts(confidence="generic"))
    (found,) = [each for each in check_health(facts, []) if each.check == "generic"]
    said = f"10 of {fetched + carried + 10} pages have no title or no body of an article"
    assert (found.verdict, found.detail) == (verdict, said)
    declared = replace(facts, claim=ClaimFacts(confidence="declared"))
    assert not [each for each in check_health(declared, []) if each.check == "generic"]


@pytest.mark.parametrize(
    "part", ["<div>", "<header>", "<section><h1>", "<article>", "<a href=x>", "<header><h1>x"]
)
def test_a_deep_page_costs_no_more_than_its_size(part: str) -> None:
    html = f"<body><main><h1>Lamps</h1>{part * 20_000}<h1>x</h1><p>{PROSE}</p>"
    try:
        page(html)
    except ExtractionError as error:
        assert error.url


def test_pictures_and_translations_of_a_sitemap_are_no_addresses() -> None:
    spaces = 'xmlns="http://s" xmlns:image="http://i" xmlns:xhtml="http://x"'
    entry = (
        '<url><xhtml:link rel="alternate" hreflang="de" href="https://a.example/de"/>'
        "<image:image><image:loc>https://a.example/i.png</image:loc><image:title>Lamp</image:title></image:image>"
        "<loc>https://a.example/{n}</loc><lastmod>2026-01-0{n}</lastmod></url>"
    )
    found = read_list(f"<urlset {spaces}>{entry.format(n=1)}{entry.format(n=2)}</urlset>".encode())
    assert [(each.url, each.title, each.lastmod) for each in found.entries] == [
        ("https://a.example/1", None, "2026-01-01"),
        ("https://a.example/2", None, "2026-01-02"),
    ]
