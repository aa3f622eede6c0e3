"""The wire of the sample help centre: its answers and its log, and each fault as a client meets it."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from helpscraper.sample import Fault, Options, SampleServer, truth
from helpscraper.sample.render import SampleSite
from tests import faults
from tests.hostile import HOSTILE

LISTING = "/help/section/announcements-new-listings"
LAYOUTS = ["e2", "e3", "e3-bare", "markup", "markup-a"]


def get(url: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for one page as a plain client does, without following redirects."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def state_of(html: str) -> dict[str, object]:
    match = re.search(r'id="appState">(.*?)</script>', html, re.DOTALL)
    assert match
    context: dict[str, object] = json.loads(match.group(1))["appContext"]
    return context


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer() as running:
        yield running


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])  # noqa: S104 - the address that is refused
def test_it_binds_to_loopback_alone(host: str) -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        SampleServer(host=host)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_link_of_every_page_leads_somewhere(layout: str) -> None:
    site = SampleSite(Options(layout=layout))  # type: ignore[arg-type]  # the literals of LAYOUTS
    todo, seen = ["/help"], set[str]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        page = site.page(path)
        assert page.status == 200, path
        main = page.text.split('id="root"')[1]
        todo += [link for link in re.findall(r'<a[^>]*? ?href="([^"]+)"', main) if link.startswith("/help")]
    articles = {path for path in seen if path.count("/") == 2}
    assert len(articles) == 76


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_options_give_the_same_bytes(layout: str) -> None:
    options = Options(layout=layout)  # type: ignore[arg-type]  # as above
    assert SampleSite(options).page(LISTING) == SampleSite(options).page(LISTING)
    other = SampleSite(Options(layout=layout, hash_seed=1))  # type: ignore[arg-type]  # as above
    assert other.page(LISTING).text != SampleSite(options).page(LISTING).text


def test_the_layouts_differ_as_the_real_ones_did() -> None:
    pages = {layout: SampleSite(Options(layout=layout)).page(LISTING).text for layout in LAYOUTS}  # type: ignore[arg-type]
    e2 = state_of(pages["e2"])["initialProps"]["sectionData"]["articleList"]  # type: ignore[index]
    assert (e2["total"], e2["skip"], e2["limit"], len(e2["items"])) == (18, 0, 15, 15)
    assert e2["items"][0]["publishTime"].endswith("+08:00")
    e3 = state_of(pages["e3"])["initialProps"]["sectionData"]["articleList"]  # type: ignore[index]
    assert {name: e3[name] for name in e3.keys() - {"list"}} == {"total": 18, "pageNum": 1, "pageSize": 15}
    assert e3["list"][0]["id"] == e3["list"][0]["slug"]
    assert isinstance(e3["list"][0]["publishTime"], int)
    assert ["data-testid" in pages[layout] for layout in LAYOUTS] == [True, True, False, True, False]
    assert ["<script" in pages[layout] for layout in LAYOUTS] == [True, True, True, False, False]
    assert ['<li class="index_articleItem' in pages[layout] for layout in LAYOUTS] == [True] * 4 + [False]


def test_hashes_hold_plus_and_minus() -> None:
    hashes = re.findall(r"index_\w+__(\S{5})", SampleSite(Options()).page(LISTING).text)
    assert any("+" in name for name in hashes)
    assert any("-" in name for name in hashes)


def test_the_current_page_is_not_a_link_and_the_total_may_be_left_out() -> None:
    text = SampleSite(Options()).page(f"{LISTING}/page/2").text
    assert re.search(r'<div class="okui-pagination-item okui-pagination-item-active"[^>]*>2</div>', text)
    assert "<!-- -->16<!-- -->-<!-- -->18<!-- --> <!-- --> of <!-- -->18<!-- --> articles" in text
    bare = SampleSite(Options(totals=False)).page(f"{LISTING}/page/2").text
    assert "help-load-more-desc" not in bare.replace('aria-describedby="help-load-more-desc"', "")
    assert '"total"' not in bare


def test_past_the_end_unknown_and_gone() -> None:
    site = SampleSite(Options())
    assert site.page(f"{LISTING}/page/3").status == 404
    assert SampleSite(Options(past_end="empty")).page(f"{LISTING}/page/3").status == 200
    assert site.page("/help/never-was").status == 404
    old = set(re.findall(r'href="(/help/[a-z0-9-]+)"', site.page("/help/search?term=").text))
    later = SampleSite(Options(), state=6)
    assert {later.page(path).status for path in old} == {200, 404, 410}


def test_search_by_tab_and_for_all() -> None:
    site = SampleSite(Options())
    faq, everything, junk = (
        site.page(f"/help/search?category={c}&term=passkey").text for c in ("faq", "all", "x")
    )
    assert "<span>FAQ</span>" not in faq
    assert "<span>FAQ</span>" in everything
    assert everything.count("<li class") == junk.count("<li class") > 0


@pytest.mark.parametrize(("locale", "lang", "direction"), [("ar", "ar", "rtl"), ("zh-hans", "zh-hans", "")])
def test_an_edition_says_its_language_and_keeps_its_links(locale: str, lang: str, direction: str) -> None:
    text = SampleSite(Options()).page(f"/{locale}{LISTING}").text
    assert f'<html lang="{lang}" dir="{direction}"' in text
    assert all(link.startswith(f"/{locale}/help") for link in re.findall(r'href="(/[^"]*help[^"]*)"', text))


def test_the_other_region_says_so() -> None:
    text = SampleSite(Options(region="us")).page("/help").text
    assert '"market":"us"' in text
    assert '<html lang="en-us"' in text
    assert '"market":"global"' in SampleSite(Options()).page("/help").text


def test_padding_weighs_what_it_should() -> None:
    light, heavy = (len(SampleSite(Options(padding=size)).page("/help").text) for size in (0, 100_000))
    assert 95_000 < heavy - light < 105_000


def test_a_hostile_site_is_hostile_in_bodies_and_escaped_in_fields() -> None:
    site = SampleSite(Options(hostile=HOSTILE))
    listing = site.page("/help/section/announcements-latest-announcements").text
    assert "&lt;script&gt;window.__xss=1" in listing
    assert "<script>window.__xss" not in listing
    titles = [record.title for record in truth(0, "en", Options(hostile=HOSTILE))]
    assert any(title.startswith("=") for title in titles)
    assert any("\u202e" in title for title in titles)
    assert "<h1>&lt;script&gt;window.__xss=1&lt;/script&gt;Announcements</h1>" in listing
    path = re.search(r'href="(/help/[a-z0-9-]+)"', listing.split("listContainer")[1])
    assert path
    assert "<script>window.__xss=1</script>" in site.page(path.group(1)).text


def test_robots_gzip_and_validators() -> None:
    with SampleServer(validators=True, robots="disallow") as server:
        assert b"Disallow: /help\n" in get(server.url, "/robots.txt")[2]
        status, headers, body = get(server.url, LISTING, **{"Accept-Encoding": "gzip"})
        assert (status, headers["content-encoding"]) == (200, "gzip")
        assert gzip.decompress(body) == get(server.url, LISTING)[2]
        assert get(server.url, LISTING, **{"If-None-Match": headers["etag"]})[0] == 304
        server.state = 1
        assert get(server.url, LISTING, **{"If-None-Match": headers["etag"]})[0] == 200


def test_requests_are_recorded(server: SampleServer) -> None:
    get(server.url, "/help", **{"User-Agent": "a-test"})
    get(server.url, "/help/never-was")
    assert [(r.method, r.path, r.status) for r in server.requests] == [
        ("GET", "/help", 200),
        ("GET", "/help/never-was", 404),
    ]
    assert server.requests[0].headers["User-Agent"] == "a-test"
    assert (server.count("/help"), server.count(status=404)) == (2, 1)


def test_a_fault_strikes_where_and_as_often_as_it_is_told(server: SampleServer) -> None:
    server.faults.append(Fault(faults.status(503), path="/help/section/*", skip=1, times=2))
    assert [get(server.url, LISTING)[0] for _ in range(5)] == [200, 503, 503, 200, 200]
    assert get(server.url, "/help")[0] == 200
    assert server.faults[0].hits == 2


def test_a_fault_by_chance_is_the_same_chance_every_time() -> None:
    throws = [
        [Fault(faults.reset(), probability=0.3, seed=seed).hits_request("/") for _ in range(1)]
        for seed in range(200)
    ]
    one = Fault(faults.reset(), probability=0.3, seed=4)
    two = Fault(faults.reset(), probability=0.3, seed=4)
    assert [one.hits_request("/") for _ in range(50)] == [two.hits_request("/") for _ in range(50)]
    assert 30 < sum(throw[0] for throw in throws) < 90


def test_too_many_requests_says_when(server: SampleServer) -> None:
    server.faults.append(Fault(faults.too_many_requests(7)))
    status, headers, _ = get(server.url, LISTING)
    assert (status, headers["retry-after"]) == (429, "7")


def test_reset(server: SampleServer) -> None:
    server.faults.append(Fault(faults.reset()))
    with pytest.raises(ConnectionError):
        get(server.url, LISTING)
    assert server.requests[0].status == 0


def test_truncated(server: SampleServer) -> None:
    server.faults.append(Fault(faults.truncated(0.5)))
    with pytest.raises(http.client.IncompleteRead):
        get(server.url, LISTING)


def test_truncated_gzip(server: SampleServer) -> None:
    server.faults.append(Fault(faults.truncated_gzip()))
    _, headers, body = get(server.url, LISTING)
    assert headers["content-encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_hang_and_trickle_end_with_the_server() -> None:
    with SampleServer() as server:
        server.faults += [
            Fault(faults.hang(), path="/help"),
            Fault(faults.trickle(100), path=LISTING),
        ]
        for path in ("/help", LISTING):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=0.3)
            with connection, pytest.raises(TimeoutError):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                while connection.recv(1):
                    if path == "/help":
                        pytest.fail("the server answered")
                    connection.settimeout(0.02)


def test_wrong_charset(server: SampleServer) -> None:
    server.faults.append(Fault(faults.wrong_charset()))
    assert get(server.url, LISTING)[1]["content-type"] == "text/html; charset=utf-16"


@pytest.mark.parametrize("target", ["http://192.0.2.1/help", "http://10.0.0.1/", LISTING])
def test_redirects(server: SampleServer, target: str) -> None:
    server.faults.append(Fault(faults.redirect_loop() if target == LISTING else faults.redirect(target)))
    status, headers, _ = get(server.url, LISTING)
    assert (status, headers["location"]) == (302, target)


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        (faults.soft_404(), 200, b"find that page"),
        (faults.challenge(), 200, b"Just a moment"),
        (faults.challenge(403), 403, b"Just a moment"),
        (faults.denied(), 200, b"Access denied"),
        (faults.empty_listing(), 200, b"No articles yet"),
        (faults.layout_drift(), 200, b'"records":'),
        (faults.slug_with_dots(), 200, b'/help/../../../etc/passwd"'),
    ],
)
def test_pages_that_are_not_what_they_claim(
    server: SampleServer, action: faults.Action, status: int, words: bytes
) -> None:
    server.faults.append(Fault(action))
    answered, _, body = get(server.url, LISTING)
    assert answered == status
    assert words in body


def test_empty_body_and_huge_body(server: SampleServer) -> None:
    server.faults += [Fault(faults.empty_body(), times=1), Fault(faults.huge(1_000_000), times=1)]
    assert get(server.url, LISTING)[2] == b""
    _, headers, body = get(server.url, LISTING)
    assert "content-length" not in headers
    assert len(body) > 950_000


@pytest.mark.parametrize("layout", ["e2", "e3", "markup"])
def test_broken_state_leaves_the_markup_whole(layout: str) -> None:
    with SampleServer(layout=layout) as server:
        server.faults.append(Fault(faults.broken_state()))
        text = get(server.url, LISTING)[2].decode()
    assert text.count("<li class") >= 15
    if layout != "markup":
        with pytest.raises(json.JSONDecodeError):
            state_of(text)


def test_a_shift_slides_an_item_to_the_next_page(server: SampleServer) -> None:
    def slugs(path: str) -> list[str]:
        state = state_of(get(server.url, path)[2].decode())
        return [item["slug"] for item in state["initialProps"]["sectionData"]["articleList"]["items"]]  # type: ignore[index]

    server.faults.append(Fault(faults.shift(), path="/help/section/*", skip=1, times=1))
    first, second = slugs(LISTING), slugs(f"{LISTING}/page/2")
    assert second[0] == first[-1]
    assert len(server.truth()) == 77


def test_the_state_can_be_moved_on_while_it_runs(server: SampleServer) -> None:
    before = get(server.url, LISTING)[2]
    server.state = 1
    assert get(server.url, LISTING)[2] != before
    server.state = 0
    assert get(server.url, LISTING)[2] == before


def test_the_command_prints_its_url_first() -> None:
    command = [sys.executable, "-m", "helpscraper.sample", "--layout", "e3", "--articles", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert get(url, "/help")[0] == 200
        finally:
            process.terminate()
