"""The report as people use it: in a real browser, from disk."""

# ruff: noqa: E501  (payloads and scripts read better whole)
from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from helpscraper import Archive
from helpscraper.archive.reader import Catalog
from helpscraper.archive.store import open_store
from helpscraper.publish.model import article_key
from helpscraper.publish.report.build import build_report
from tests import sample_archive
from tests.report.conftest import Watched

ROOT = Path(__file__).parent.parent.parent
Watch = Callable[..., Watched]


def pages_of(report: Path) -> dict[str, Path]:
    """One page of each kind."""
    crawl = sorted((report / "okx/en/crawls").glob("2*.html"))[-1]
    return {
        "front": report / "index.html",
        "crawl": crawl,
        "article": report / "okx/en" / edited(crawl),
        "silent": report / "okx/en/silent.html",
        "crawls": report / "okx/en/crawls/index.html",
        "arabic": report / "okx/ar" / edited(sorted((report / "okx/ar/crawls").glob("2*.html"))[-1]),
    }


def unfold(page: Any) -> None:
    """Open every fold, so that what is in it is looked at too."""
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")


def edited(crawl: Path) -> str:
    """The path of an article that the crawl found edited."""
    found = re.search(r"articles/[0-9a-f]{16}\.html(?=#)", crawl.read_text())
    assert found
    return found[0]


def test_nothing_of_a_hostile_site_runs(hostile_report: Path, watched: Watch) -> None:
    report = hostile_report
    every = sorted(report.rglob("*.html"))
    articles = [path for path in every if path.parent.name == "articles"]
    chosen = [path for path in every if path.parent.name != "articles"] + articles[:4]
    chosen.append(report / "okx/en" / edited(sorted((report / "okx/en/crawls").glob("2*.html"))[-1]))
    assert len(articles) >= 40
    view = watched()
    for path in chosen:
        page = view.open(path)
        unfold(page)
        if page.locator("[data-diff]").is_visible():
            page.locator("input[value=side]").check()
            page.locator("[name=whole]").check()
        if page.locator("[data-filters]").is_visible():
            page.fill("[name=words]", "a")
        page.fill("#q", "script")
        page.wait_for_selector("#hits:not([hidden])")
        assert page.evaluate("window.__xss === undefined"), path
        for href in page.eval_on_selector_all("a[href], area[href]", "all => all.map(a => a.protocol)"):
            assert href in ("file:", "https:", "http:", "mailto:"), path
        loaded = "script:not([src]):not([type='application/json']), iframe, object, embed, base, form[action], img, video, main style"
        assert page.locator(loaded).count() == 0, path
    payload = view.page.evaluate("document.body.textContent.includes('<script>window.__xss=1</script>')")
    assert payload, "the payload is shown as text, so it did reach the page"


def test_the_policy_stops_what_would_slip_through(report: Path, tmp_path: Path, watched: Watch) -> None:
    """Break the escaping on purpose: the policy still lets nothing run."""
    shutil.copytree(report / "assets", tmp_path / "assets")
    text = (
        (report / "index.html")
        .read_text()
        .replace(
            '<main id="main">',
            "<main id=\"main\"><img src=x onerror='window.__xss=1'><script>window.__xss=1</script>",
        )
    )
    (tmp_path / "index.html").write_text(text)
    view = watched()
    page = view.open(tmp_path / "index.html")
    assert page.evaluate("window.__xss === undefined")
    assert any("Content Security Policy" in said for said in view.said)
    for script in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.createElement('script').src = 'http://192.0.2.1/x.js'",
        "trustedTypes.createPolicy('another', {})",
    ):
        assert (
            page.evaluate(f"() => {{ try {{ {script} }} catch (error) {{ return error.name }} }}")
            == "TypeError"
        )
    # The one way to a script leads to files of the report only.
    for address in (
        "http://192.0.2.1/x.js",
        "//192.0.2.1/x.js",
        "data:text/javascript,1",
        "/x.js",
        "a/../../x.js",
        "x.css",
    ):
        told = f"helpscraper.load({json.dumps(address)}, 'x' + Math.random()).then(() => 'loaded', error => error.name)"
        assert page.evaluate(told) == "TypeError", address
    view.said.clear()


def test_filter(report: Path, watched: Watch) -> None:
    page = watched().open(pages_of(report)["crawl"])
    rows = page.locator("[data-rows] tbody tr")
    total = rows.count()
    page.locator("[name=kind][value=edited]").uncheck()
    left = page.locator("[data-rows] tbody tr:visible").count()
    assert 0 < left < total
    assert page.locator("[data-count]").inner_text() == f"{left} of {total} shown"
    for box in page.locator("[name=kind]").all():
        box.set_checked(False)
    assert page.locator("[data-rows] tbody tr:visible").count() == 0
    page.locator("[name=kind][value=edited]").check()
    page.locator("[name=silent]").check()
    silent = page.locator("[data-rows] tbody tr:visible")
    assert 0 < silent.count() < total
    assert all("silent" in text for text in silent.all_inner_texts())


def test_filter_by_section_and_words(report: Path, watched: Watch) -> None:
    page = watched().open(pages_of(report)["crawl"])
    section = page.locator("[name=section] option").nth(1).inner_text()
    page.locator("[name=section]").select_option(section)
    shown = page.locator("[data-rows] tbody tr:visible")
    assert shown.count() and all(section in text for text in shown.all_inner_texts())
    page.locator("[name=section]").select_option("all")
    title = page.locator("[data-rows] tbody th").first.inner_text()
    page.fill("[name=words]", title.upper())
    assert title in page.locator("[data-rows] tbody tr:visible").first.inner_text()
    page.fill("[name=words]", "no such words")
    assert page.locator("[data-rows] tbody tr:visible").count() == 0


def test_search_finds_titles_first_and_texts_too(report: Path, watched: Watch) -> None:
    page = watched().open(report / "index.html")
    page.keyboard.press("/")
    page.keyboard.type("fee tab")
    # The hits of the first letters may come before.
    page.locator("#hits li:first-child a", has_text="Fee table").wait_for()
    page.fill("#q", "withdrawals reopen")
    hits = page.locator("#hits li a")
    hits.filter(has_text="Withdrawals").first.wait_for()
    assert hits.count() >= 3
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/*.html")
    assert "Withdrawals" in page.locator("main").inner_text()
    page.fill("#q", "xyzzyqwv")
    page.get_by_text("Nothing found", exact=True).wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#hits").is_hidden()


def test_search_finds_arabic_words(report: Path, watched: Watch) -> None:
    path = pages_of(report)["arabic"]
    page = watched().open(path)
    title = page.locator("h1").inner_text()
    page.fill("#q", title)
    page.wait_for_selector("#hits li")
    assert title in page.locator("#hits li a").all_inner_texts()


def test_search_cuts_words_as_the_index_does(
    tmp_path: Path, commit: Callable[..., Any], watched: Watch
) -> None:
    """DuckDB cut the titles, the browser cuts what is typed: in every script, in whatever case."""
    titles = [
        "提币 2FA 账户", "データの変更 ガス", "ประเทศไทย", "한국어 계정", "हिन्दी खाता", "मन्त्र", "đồng Việt Đà Nẵng", "İstanbul IŞIK",
        "Straße ẞ", "ΣΊΣΥΦΟΣ ο φόρος", "Київ й ё", "مُؤمَّن أإآ التـــحقق", "עִבְרִית", "မြန်မာ", "ລາວ", "𠮷野家", "２ＦＡ ｶﾀｶﾅ", "œuvre ﬁn ½", "a" * 40,
    ]  # fmt: skip
    store = open_store(tmp_path / "a")
    rows = [
        {"article_id": f"a{n}", "title": title, "section": "s", "body": "x"} for n, title in enumerate(titles)
    ]
    commit(store, "2026-06-01", rows)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = watched().open(tmp_path / "r/index.html")
    for title in titles:
        for typed in {title, title.lower(), title.upper()}:
            page.fill("#q", "")
            page.wait_for_selector("#hits[hidden]", state="attached")
            page.fill("#q", typed)
            page.wait_for_selector("#hits:not([hidden])")
            if typed != title and len(typed) != len(title):
                continue  # Another case may be spelt otherwise: "ß" and "SS".
            assert page.locator("#hits li a").all_inner_texts() == [title], typed


def test_switch_the_versions_of_a_diff(report: Path, watched: Watch) -> None:
    many = max(
        (report / "okx/en/articles").glob("[0-9a-f]*.html"),
        key=lambda path: path.read_text().count("<option"),
    )
    page = watched().open(many)
    assert page.locator("[name=from] option").count() > 2
    data = json.loads(page.locator("#data").text_content() or "")
    texts = {v["id"]: [data["blocks"][place] for place in v["blocks"]] for v in data["versions"]}
    page.locator("[name=whole]").check()
    for start, end in ((0, 1), (0, 2), (1, 2), (2, 0)):
        page.locator("[name=from]").select_option(index=start)
        page.locator("[name=to]").select_option(index=end)
        ids = [page.locator(f"[name={name}]").input_value() for name in ("from", "to")]
        assert page.url.endswith(f"#{ids[0]}..{ids[1]}")
        # Without what was inserted it reads as before, without what was deleted as after.
        after = page.evaluate(READ, "del")
        assert after == [plain(text) for text in texts[ids[1]]]
        before = page.evaluate(READ, "ins")
        assert sorted(before) == sorted(plain(text) for text in texts[ids[0]])
    page.locator("input[value=side]").check()
    assert page.locator("table.side").is_visible()
    assert page.locator("table.side del").count() + page.locator("table.side ins").count() > 0
    page.locator("[name=from]").select_option(index=1)
    page.locator("[name=to]").select_option(index=1)
    assert page.locator("[data-summary]").inner_text() == "The text is the same in both."


READ = """(drop) => [...document.querySelectorAll('[data-target] .word-diff > p:not(.gap), [data-target] .word-diff tr')].map((block) => {
  const copy = block.cloneNode(true);
  copy.querySelectorAll(drop + ', .moved-note').forEach((each) => each.remove());
  return copy.textContent.replace(/\\s+/g, '');
}).filter(Boolean)"""


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_link_chooses_the_versions(report: Path, watched: Watch) -> None:
    crawl = pages_of(report)["crawl"]
    page = watched().open(crawl)
    link = page.get_by_role("link", name=re.compile("^word diff")).first
    at = (link.get_attribute("href") or "").split("#")[-1]
    link.click()
    page.wait_for_selector("[data-diff]:visible")
    assert page.locator("[name=to]").input_value() == at
    ids = page.locator("[name=to] option").evaluate_all("all => all.map(each => each.value)")
    assert page.locator("[name=from]").input_value() == ids[ids.index(at) - 1]
    assert page.locator("[data-target] ins, [data-target] del").count() > 0


def test_dark_colours_follow_the_system_and_the_switch(report: Path, watched: Watch) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = watched(color_scheme="dark").open(report / "index.html")
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Dark colours").click()
    light = page.evaluate(ground)
    assert light != dark
    page.goto((report / "okx/en/silent.html").as_uri())
    assert page.evaluate(ground) == light, "the choice holds on the next page"
    bright = watched(color_scheme="light").open(report / "index.html")
    assert bright.evaluate(ground) == light
    bar = "getComputedStyle(document.querySelector('svg.plot path[fill^=\"var(--edited\"]')).fill"
    before = bright.evaluate(bar)
    bright.get_by_role("button", name="Dark colours").click()
    assert bright.evaluate(bar) != before, "plots follow too"


@pytest.mark.parametrize("name", ["front", "crawl", "article", "silent", "crawls", "arabic"])
def test_a_phone_shows_every_page_without_scrolling_sideways(report: Path, watched: Watch, name: str) -> None:
    page = watched(viewport={"width": 390, "height": 844}).open(pages_of(report)[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("h1").bounding_box()["width"] <= 390  # type: ignore[index]
    for cell in page.locator("main :is(.crawls, .story, .rows) tr > *:visible").all():
        box = cell.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390, "a row is read without scrolling"
        assert box["height"] < 400, "and is no column of single words"
    for label in page.locator("svg.plot text:visible").all()[:40]:
        assert label.bounding_box()["height"] >= 7.5, "what a plot says can be read"  # type: ignore[index]


# The languages of the texts with Arabic letters, and those of headings and badges. A reader hears a picture's description.
TONGUES = """() => {
  const said = (e) => e.parentElement.closest('[lang]').lang;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest('script, svg')) found.push(texts.currentNode);
  const own = [...document.querySelectorAll('thead th:not(.num), .kind, nav a, h2')].map((e) => e.closest('[lang]').lang);
  const site = found.filter((e) => /[\u0621-\u064a]/.test(e.data)).map(said);
  return [[...new Set(site)], [...new Set(own)]];
}"""


def test_right_to_left(report: Path, watched: Watch) -> None:
    page = watched().open(pages_of(report)["arabic"])
    title, text = page.locator("h1"), page.locator(".published")
    assert title.get_attribute("lang") == "ar"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    edge = "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().right }"
    assert title.evaluate(edge) > 1000, "an Arabic headline stands at the right edge"
    # The report's own words are English; the words of the site have the language of the edition.
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["en", "ltr"]
    for name in ("index", "silent", "changes", "week", "sections/index", "articles/index"):
        other = watched().open(report / f"okx/ar/{name}.html")
        assert other.evaluate(TONGUES) == [["ar"], ["en"]], name
    assert text.first.evaluate("e => getComputedStyle(e).direction") == "rtl"


def test_right_to_left_whatever_a_text_begins_with(report: Path, watched: Watch) -> None:
    """ "P2P: …" begins with a Latin letter and is Arabic all the same: in every list, in the hits, in the word diff."""
    view = watched()
    crawls = sorted((report / "okx/ar/crawls").glob("2*Z.html"))
    ways = "all => all.filter(e => /[\u0621-\u064a]/.test(e.textContent)).map(e => [e.textContent, getComputedStyle(e).direction])"
    seen = []
    for path in (report / "okx/ar/index.html", *crawls, report / "okx/ar/silent.html"):
        page = view.open(path)
        seen += page.eval_on_selector_all("main bdi", ways)
    page.fill("#q", "P2P")
    page.wait_for_selector("#hits li")
    hits = page.eval_on_selector_all("#hits bdi", ways)
    assert any(text.startswith("P2P") for text, _ in seen) and any(text.startswith("P2P") for text, _ in hits)
    assert {way for _, way in seen + hits} == {"rtl"}


def test_right_to_left_word_diff(
    archive: Path, tmp_path: Path, commit: Callable[..., Any], watched: Watch
) -> None:
    lines = [
        "\u0646\u0635 \u0637\u0648\u064a\u0644 \u0639\u0646 \u0627\u0644\u062d\u0633\u0627\u0628",
        "P2P \u062d\u062f BIBU USD",
        "GET /v1/pairs;",
    ]
    store = open_store(tmp_path / "a")
    lost, replaced = (
        ["Fees are low.", "Ask us."],
        ["Withdrawals take an hour.", "Read the rules!", "Bring a passport."],
    )
    for day, more in (("2026-06-01", []), ("2026-06-02", ["\u062c\u062f\u064a\u062f"])):
        row = {"article_id": "a", "title": "\u062d\u062f", "section": "s", "body": "\n".join(lines + more)}
        other = {
            "article_id": "b",
            "title": "B",
            "section": "s",
            "body": "\n".join(["Same."] + replaced * bool(more) + lost * (not more)),
        }
        commit(store, day, [row, other], locale="ar")
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    article = tmp_path / f"r/okx/ar/articles/{article_key('a')}.html"
    way = "all => all.map(e => getComputedStyle(e).direction)"
    for script in (False, True):
        page = watched(java_script_enabled=script).open(article)
        if script:
            page.locator("[name=whole]").check()
        found = page.locator(".word-diff > p:not(.gap)")
        ways = dict(zip(found.all_inner_texts(), found.evaluate_all(way), strict=True))
        assert ways[lines[2]] == "ltr"
        assert {each for text, each in ways.items() if text != lines[2]} == {"rtl"}
    page.locator("input[value=side]").check()
    line = "all => all.map(e => getComputedStyle(e).borderLeftWidth + getComputedStyle(e).borderRightWidth)"
    cells = page.locator("table.side > tbody > tr > td:first-child")
    assert cells.evaluate_all(line) == ["1px0px"] * 4, "one line between the columns, from top to bottom"
    page.set_viewport_size({"width": 390, "height": 844})
    assert cells.evaluate_all(line) == ["0px0px"] * 4, "none where the columns stand below one another"
    # A paragraph that was replaced faces the one in its place.
    page.goto((tmp_path / f"r/okx/ar/articles/{article_key('b')}.html").as_uri())
    page.locator("input[value=side]").check()
    rows = page.locator("table.side > tbody > tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert rows == [["Same.", "Same."], [lost[0], replaced[0]], [lost[1], replaced[1]], ["", replaced[2]]]


def test_code_reads_from_left_to_right(report: Path, watched: Watch) -> None:
    found = next(
        path for path in sorted((report / "okx/ar/articles").glob("*.html")) if "<pre>" in path.read_text()
    )
    code = watched().open(found).locator(".published pre").first
    edge = "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().left - e.getBoundingClientRect().left }"
    assert code.evaluate(edge) < 40


def test_long_names_push_nothing_aside(hostile_report: Path, watched: Watch) -> None:
    crawl = sorted((hostile_report / "okx/en/crawls").glob("2*Z.html"))[-1]
    for width in (1200, 390):
        view = watched(viewport={"width": width, "height": 844})
        for path in (
            hostile_report / "index.html",
            crawl,
            hostile_report / "okx/en/silent.html",
            hostile_report / "okx/en" / edited(crawl),
        ):
            assert view.open(path).evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            for title in view.page.locator(".changes .title:visible").all():
                assert title.bounding_box()["width"] > 200, "a section does not squeeze a title"  # type: ignore[index]


def squeezed(text: str) -> str:
    """Return ``text`` without white space: where a PDF breaks its lines is the printer's own business."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("name", ["front", "crawl", "article", "silent", "arabic"])
def test_printing(report: Path, watched: Watch, name: str) -> None:
    page = watched(color_scheme="dark").open(pages_of(report)[name])
    heading = page.locator("h1").inner_text()
    paper = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    printed = "".join(side.extract_text() for side in paper)
    if name != "arabic":  # of right-to-left text a PDF tells the glyphs, not the letters
        assert squeezed(heading) in squeezed(printed)
    page.emulate_media(media="print")
    rows = page.locator("main tbody tr:visible td:first-child").all_inner_texts()
    if name in ("crawl", "silent"):
        assert rows
    for text in rows:
        assert squeezed(text) in squeezed(printed), "every row is on paper"
    for control in ("header.top", "[data-filters]", "[data-diff]", "footer.foot"):
        assert not page.locator(control).is_visible(), "what cannot be used on paper is not printed"
    assert page.locator("h1").is_visible()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)", "dark colours are for screens"
    for content in page.locator("main tbody tr, .word-diff p, :not(.phone) > svg.plot").all()[:30]:
        assert content.evaluate("each => !!each.closest('details:not([open])')") or content.is_visible()


def test_without_javascript_everything_is_there(report: Path, watched: Watch) -> None:
    view = watched(java_script_enabled=False)
    for name in ("front", "crawl", "silent", "article"):
        page = view.open(pages_of(report)[name])
        assert page.locator("main").inner_text()
        assert page.locator("form:visible").count() == 0
    assert page.locator(".word-diff ins, .word-diff del").count() > 0
    page = view.open(pages_of(report)["silent"])
    page.get_by_role("link", name="word diff").last.click()
    page.wait_for_url("**/articles/*.html#*")
    entry = page.locator(".story li:target")
    assert "silent" in entry.inner_text()
    entry.get_by_role("link", name="its words").click()
    assert page.locator("tr:target .words").locator("ins, del").count() > 0


def test_the_keyboard_reaches_everything(report: Path, watched: Watch) -> None:
    page = watched().open(pages_of(report)["crawl"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.locator("[name=kind]").first.focus()
    page.keyboard.press("Space")
    assert not page.locator("[name=kind]").first.is_checked()


def test_the_keyboard_chooses_versions_and_layout(report: Path, watched: Watch) -> None:
    many = max(
        (report / "okx/en/articles").glob("[0-9a-f]*.html"),
        key=lambda path: path.read_text().count("<option"),
    )
    page = watched().open(many)
    shown = page.locator("[data-target]").inner_text()
    page.locator("[name=from]").focus()
    page.keyboard.press("End")
    assert page.locator("[data-target]").inner_text() != shown
    page.keyboard.press("Home")
    assert page.locator("[data-summary]").get_attribute("role") == "status", "and it is said"
    page.locator("[name=layout]").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("table.side").is_visible()
    assert page.locator("table.side thead th").count() == 2


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("front", "dark"),
        ("crawl", "light"),
        ("article", "dark"),
        ("silent", "light"),
        ("arabic", "light"),
        pytest.param("front", "light", marks=pytest.mark.long),
        pytest.param("crawl", "dark", marks=pytest.mark.long),
        pytest.param("article", "light", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_serious(report: Path, watched: Watch, name: str, scheme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    # The policy of the pages keeps scripts out, axe's own too; the browser is told to let it pass here only.
    page = watched(color_scheme=scheme, bypass_csp=True).open(pages_of(report)[name])
    unfold(page)
    if page.locator("[data-diff]").is_visible():
        page.locator("input[value=side]").check()
        page.locator("[name=whole]").check()
    # With the hits open, which lie over the page and would hide it from axe's eyes.
    page.fill("#q", "P2P")
    page.wait_for_selector("#hits li")
    page.add_style_tag(content=".hits { position: static !important; max-height: none !important }")
    found: list[dict[str, Any]] = axe.Axe().run(page, options={"preload": False}).response["violations"]
    told = [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}" for each in found]
    assert [
        text for each, text in zip(found, told, strict=True) if each["impact"] in ("serious", "critical")
    ] == []


def test_view_counts_are_drawn(archive: Path, report: Path, watched: Watch) -> None:
    """The line passes through the counts: read back from the picture by its own labels, they are the archive's."""
    counted = Archive(str(archive), locale="en").views().dropna(subset=["view_count"])
    rising = (
        counted.groupby("article_id")["view_count"]
        .agg(["nunique", "count"])
        .query("nunique > 2 and count == 6")
    )
    assert len(rising) >= 3
    view = watched()
    for article_id in rising.index[:3]:
        page = view.open(report / f"okx/en/articles/{article_key(article_id)}.html")
        page.wait_for_selector("[data-view-line]:visible")
        labels = page.locator("svg.views text[text-anchor=end]").all_text_contents()[:2]
        low, high = (int(label.replace("\u202f", "")) for label in labels)
        assert {low, high} <= set(counted[counted["article_id"] == article_id]["view_count"]), (
            "no invented steps"
        )
        box = page.evaluate(GRID)
        path = page.locator("svg.views .line").get_attribute("d") or ""
        drawn = [float(pair.split()[1]) for pair in path.removeprefix("M ").split(" L ")]
        read = [low + (box["bottom"] - y) / (box["bottom"] - box["top"]) * (high - low) for y in drawn]
        moved = (
            counted[counted["article_id"] == article_id].sort_values("snapshot_at")["view_count"].astype(int)
        )
        moved = moved[(moved != moved.shift()) | (moved.index == moved.index[-1])]
        assert read == pytest.approx(moved.tolist(), abs=(high - low) / 100)
        assert page.locator("[data-view-line] svg").get_attribute("aria-label").startswith("View count from ")  # type: ignore[union-attr]


def test_crawls_of_one_minute_are_told_apart(tmp_path: Path, watched: Watch) -> None:
    """As in the demo: seconds between the crawls, so that neither day nor minute tells one from the other."""
    at = dt.datetime(2026, 11, 22, 20, 47, 10, tzinfo=dt.UTC)
    sample_archive.build(tmp_path / "a", states=range(3), articles=40, begin=at, step=dt.timedelta(seconds=4))
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    report, view = tmp_path / "r", watched()
    moved = Archive(str(tmp_path / "a")).views().groupby("article_id")["view_count"].nunique()
    for article_id in moved[moved > 1].index[:3]:
        page = view.open(report / f"okx/en/articles/{article_key(article_id)}.html")
        page.wait_for_selector("[data-view-line]:visible")
        path = page.locator("svg.views .line").get_attribute("d") or ""
        assert "NaN" not in path
        across = [float(pair.split()[0]) for pair in path.removeprefix("M ").split(" L ")]
        assert across == sorted(set(across))
        ends = page.locator("svg.views text").all_text_contents()[-2:]
        assert ends[0] != ends[1] and all("20:47:" in (end or "") for end in ends)
    crawl = sorted((report / "okx/en/crawls").glob("2*.html"))[-1]
    page = view.open(report / "okx/en" / edited(crawl))
    for name in ("from", "to"):
        options = page.locator(f"select[name={name}] option").all_text_contents()
        assert len(set(options)) == len(options) > 1
    assert page.locator("h1").text_content()
    lead = view.open(crawl).locator("main").text_content() or ""
    assert "2026-11-22 20:47:18 UTC" in lead and "2026-11-22 20:47:14 UTC" in lead
    links = view.open(report / "okx/en/crawls/index.html").locator("table.crawls th a").all_text_contents()
    assert len(set(links)) == len(links) == 3
    silent = view.open(report / "okx/en/silent.html").locator("td[data-label=Crawl]").all_text_contents()
    times = [f"2026-11-22 20:47:{second} UTC" for second in (10, 14, 18)]
    assert {text.strip() for text in silent} <= {f"{a} and {b}" for a, b in pairwise(times)} and silent
    front = view.open(report / "index.html")
    assert "changed on 2026-11-22 20:47:18 UTC" in (front.locator(".tiles").text_content() or "")
    said = front.evaluate("['2026-11-22 06:00:00', '2026-11-22 06:00:04'].map(window.helpscraper.when)")
    assert said == ["2026-11-22 06:00:00 UTC", "2026-11-22 06:00:04 UTC"]


def test_crawls_of_different_days_show_no_clock_where_the_day_is_enough(report: Path, watched: Watch) -> None:
    silent = watched().open(report / "okx/en/silent.html")
    shown = silent.locator("td[data-label=Crawl]").all_text_contents()
    assert shown and all(
        re.fullmatch(r"\d{4}-\d{2}-\d{2} and \d{4}-\d{2}-\d{2}", text.strip()) for text in shown
    )
    assert silent.evaluate("window.helpscraper.when('2026-11-22 06:00:00')") == "2026-11-22"


GRID = """() => {
  const lines = [...document.querySelectorAll('svg.views .grid')].map((each) => Number(each.getAttribute('d').split(' ')[2]));
  return { top: Math.min(...lines), bottom: Math.max(...lines) };
}"""


def test_screenshots(report: Path, watched: Watch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The four main pages as pictures; with ``--update-golden`` they go where the README shows them."""
    target = ROOT / "docs" / "images" if request.config.getoption("--update-golden") else tmp_path
    target.mkdir(parents=True, exist_ok=True)
    many = max(
        (report / "okx/en/articles").glob("[0-9a-f]*.html"),
        key=lambda path: (path.read_text().count("<option"), path.name),
    )
    pages = pages_of(report) | {"article": many}
    for name in ("front", "crawl", "article", "silent"):
        page = watched(viewport={"width": 1200, "height": 1000}, reduced_motion="reduce").open(pages[name])
        if name == "article":
            page.locator("[name=from]").select_option(index=0)
        whole = name in ("front", "article")
        picture = page.screenshot(path=target / f"report-{name}.png", animations="disabled", full_page=whole)
        assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_changes_are_filtered_by_date(report: Path, watched: Watch) -> None:
    page = watched().open(report / "okx/en/changes.html")
    shown = page.locator("[data-rows] tbody tr:visible")
    everything = shown.count()
    days = sorted(
        set(page.locator("[data-rows] tbody tr").evaluate_all("all => all.map(e => e.dataset.day)"))
    )
    page.fill("[name=from]", days[1])
    page.fill("[name=to]", days[-2])
    left = shown.evaluate_all("all => all.map(e => e.dataset.day)")
    assert sorted(set(left)) == days[1:-1] and len(left) < everything
    page.fill("[name=from]", "")
    page.fill("[name=to]", "")
    assert shown.count() == everything
    index = watched().open(report / "okx/en/articles/index.html")
    title = index.locator("[data-rows] tbody th a").first.inner_text()
    index.fill("[name=words]", title)
    assert title in index.locator("[data-rows] tbody tr:visible").all_inner_texts()[0]


def test_the_index_of_articles_is_completed_from_the_search_index(
    tmp_path: Path, commit: Callable[..., Any], watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpscraper.publish.report.edition.ARTICLES_SHOWN", 2)
    rows = [
        {"article_id": f"a{n}", "title": f"Title {n}", "section": f"s{n % 2}", "body": "x"} for n in range(7)
    ]
    commit(open_store(tmp_path / "a"), "2026-06-01", rows)
    build_report(Catalog(tmp_path / "a"), tmp_path / "r")
    page = watched().open(tmp_path / "r/okx/en/articles/index.html")
    page.locator("[data-rows] tbody tr").nth(6).wait_for()
    assert page.locator("[data-rows] tbody th").all_inner_texts() == [f"Title {n}" for n in range(7)]
    page.locator("[name=section]").select_option(index=1)
    assert page.locator("[data-rows] tbody tr:visible").count() == 4


def test_the_link_to_a_change_shows_it(report: Path, watched: Watch) -> None:
    page = watched().open(report / "okx/en/silent.html")
    page.locator("[data-label=Crawl] a").last.click()
    page.wait_for_url("**/crawls/*.html#*")
    row = page.locator("tr:target")
    assert "silent" in row.inner_text()
    assert row.evaluate("e => e.getBoundingClientRect().top") < 900


@pytest.mark.parametrize("name", ["week", "changes", "sections/index", "articles/index"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_scrolls_sideways_in_any_colours(report: Path, watched: Watch, name: str, width: int) -> None:
    view = watched(viewport={"width": width, "height": 844}, forced_colors="active")
    for locale in ("en", "ar"):
        page = view.open(report / f"okx/{locale}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("header summary").click()
    menu = page.locator("header details ul").bounding_box()
    assert menu and menu["x"] >= 0 and menu["x"] + menu["width"] <= width
