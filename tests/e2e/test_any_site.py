"""``helpscraper crawl URL``: the platform is recognised, the site declared, and its help centre archived."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from helpscraper import Archive
from helpscraper import settings as own
from helpscraper.crawl.recognise import Answer, recognise
from helpscraper.errors import CommandError, CrawlError, ExtractionError, RefusedError
from helpscraper.payload import Payload
from helpscraper.platforms import get_platform
from helpscraper.platforms.contract import Link
from helpscraper.sample import Fault, SampleServer
from helpscraper.sites import site_name, sites_at
from helpscraper.sites.declare import new_site, write_declaration
from helpscraper.spiders.scout import ScoutSpider
from tests import faults
from tests.e2e.conftest import FAST, Result, helpscraper, newest_facts
from tests.lantern.cms import LanternServer
from tests.lantern.test_second_platform import run as lantern

LONG = pytest.mark.long
FLAGS = [part for name, value in FAST.items() for part in ("-s", f"{name}={value}")]


def at(url: str, archive: Path, *flags: str) -> Result:
    done = helpscraper("crawl", url, "--archive", archive, *FLAGS, *flags)
    facts = newest_facts(archive) if archive.exists() else {}
    return Result(done.returncode, done.stdout, done.stderr, facts)


@pytest.mark.parametrize(
    ("options", "path", "platform", "locale"),
    [
        ({"layout": "zendesk"}, "/hc/en-us", "zendesk", "en-us"),
        pytest.param(
            {"layout": "zendesk", "pages": "challenge"}, "/hc/en-us", "zendesk", "en-us", marks=LONG
        ),
        pytest.param(
            {"layout": "zendesk", "api": "closed"}, "/hc/en-us", "zendesk-pages", "en-us", marks=LONG
        ),
        pytest.param({}, "/help", "okx", "en", marks=LONG),
        ({"layout": "generic"}, "/", "generic", "en"),
        pytest.param({"layout": "gitbook"}, "/", "gitbook", "en", marks=LONG),
        pytest.param({"layout": "document360"}, "/docs", "document360", "en", marks=LONG),
    ],
)
def test_a_help_centre_is_recognised_declared_and_archived(
    options: dict[str, str], path: str, platform: str, locale: str, tmp_path: Path
) -> None:
    archive = tmp_path / "output"
    with SampleServer(articles=30, **options) as server:
        name = f"127.0.0.1-{server.port}"
        done = at(server.url + path, archive)
        assert done.code == 0, done.said
        said = done.stderr.splitlines()[0]
        assert said.startswith(f"{platform} (by ") and f"{server.url}, {locale}; " in said
        assert done.facts["declaration"]["values"]["platform"] == platform
        rows = Archive(archive, site=name, locale=locale).load()
        assert set(rows["article_id"]) == {record.slug for record in server.truth()}
        again = at(server.url + path, archive)
        assert (again.code, again.stderr) == (0, "")  # it is declared now
        assert len(Archive(archive, site=name).diff("latest~1", "latest")) == 0
        checked = helpscraper("sites", "check", name, "--archive", archive, "--format", "json", *FLAGS)
        assert checked.returncode == 0, checked.stderr
        fields = {row["field"]: row for row in json.loads(checked.stdout)}
        assert {"title", "url", "body_sha256"} <= fields.keys()
        assert all(row["articles"] for row in fields.values() if row["field"] != "language")
        assert not {name for name, row in fields.items() if row["rule"] in {"", "not named"}}
        assert len(checked.stderr.splitlines()) <= 10


@pytest.mark.parametrize(
    ("options", "path", "said"),
    [
        ({"layout": "zendesk", "pages": "challenge", "api": "challenge"}, "/hc/en-us", "HTTP 403"),
        ({"layout": "zendesk", "api": "sign-in", "pages": "sign-in"}, "/hc/en-us", "a sign-in page"),
        pytest.param({}, "/nothing/here", "HTTP 404", marks=LONG),
    ],
)
def test_what_is_not_public_is_refused_and_nothing_is_written(
    options: dict[str, str], path: str, said: str, tmp_path: Path
) -> None:
    with SampleServer(articles=30, **options) as server:
        done = at(server.url + path, tmp_path / "output")
        assert (done.code, done.stdout) == (3, "")
        assert said in done.stderr and "evades no challenge" in done.stderr
        assert len(server.requests) <= 3  # robots.txt, the page, one list
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.redirect("http://127.0.0.2/hc/en-us"), "give the address that it leads to"),
        pytest.param(faults.huge(), "larger than", marks=LONG),
        pytest.param(faults.reset(), "connection reset", marks=LONG),
        (faults.trickle(), "no whole answer within 1.0 seconds"),
    ],
)
def test_a_home_page_that_cannot_be_had_is_named(fault: object, said: str, tmp_path: Path) -> None:
    with SampleServer(articles=30) as server:
        server.faults.append(Fault(fault, path="/help*"))  # type: ignore[arg-type]
        done = at(f"{server.url}/help", tmp_path / "output", "-s", "DOWNLOAD_TIMEOUT=1")
    assert (done.code, list(tmp_path.iterdir())) == (3, [])
    assert said in done.stderr and "evades no challenge" not in done.stderr


def test_a_host_that_cannot_be_reached_is_told_in_plain_words(tmp_path: Path) -> None:
    dead = "http://127.0.0.1:9/help"  # the discard port, where nobody listens
    done = at(dead, tmp_path / "output")
    first, *more = done.stderr.splitlines()
    assert (done.code, done.stdout, list(tmp_path.iterdir())) == (3, "", [])
    assert first.startswith(f"helpscraper crawl: {dead}: nothing can be read") and first.endswith(
        ": 127.0.0.1:9 cannot be reached: the connection was refused"
    )
    assert more == ["  open it in a browser, or try again later"]


def test_only_a_committed_crawl_declares_its_site_and_where_it_is_told_to(tmp_path: Path) -> None:
    archive, sites = tmp_path / "output", tmp_path / "own"
    sites.mkdir()
    flags = ("-s", f"SITES={sites}")
    with SampleServer(layout="zendesk", articles=20, interface_page=10) as server:
        page = f"{server.url}/hc/en-us"
        assert at(page, archive, *flags, "-a", "locale=xx-nowhere").code == 2
        server.faults.append(Fault(faults.challenge(403), path="/api/*", skip=1))
        assert at(page, archive, *flags).code == 3
        assert not list(sites.iterdir()) and not (tmp_path / "sites").exists()
        server.faults.clear()
        done = at(page, archive, *flags)
        file = sites / f"127.0.0.1-{server.port}.toml"
        assert (done.code, done.stderr.splitlines()[-1]) == (0, f"declared in {file}")
        assert file.exists() and not (tmp_path / "sites").exists()
        again = at(page, archive, *flags)
        assert (again.code, again.stderr) == (0, "")
        by_name = page.replace("127.0.0.1", "localhost")
        added = helpscraper("sites", "add", by_name, "--name", "acme", "--archive", archive, *FLAGS, *flags)
        assert (added.returncode, (sites / "acme.toml").exists()) == (0, True), added.stderr
        listed = helpscraper("sites", "list", "--archive", archive, *flags)
        assert "acme" in listed.stdout


def test_a_robots_txt_that_forbids_the_page_is_obeyed(tmp_path: Path) -> None:
    with SampleServer(articles=30, robots="disallow") as server:
        done = at(f"{server.url}/help", tmp_path / "output")
        assert [request.path for request in server.requests] == ["/robots.txt"]
    assert done.code == 3 and "robots.txt" in done.stderr


def test_a_known_site_is_crawled_in_the_locale_of_its_address(tmp_path: Path) -> None:
    with SampleServer(articles=20) as server:
        (tmp_path / "sites").mkdir()
        declared = f'extends = "okx"\nbase_url = "{server.url}"\n'
        (tmp_path / "sites" / "acme.toml").write_text(declared)
        done = at(f"{server.url}/zh-hans/help/section/faq-security", tmp_path / "output")
        assert done.code == 0, done.said
        assert (done.facts["site"], done.facts["locale"]) == ("acme", "zh-hans")
        twice = at(f"{server.url}/help", tmp_path / "output", "-a", "site=acme")
        assert twice.code == 2 and "name the site twice" in twice.stderr


def test_a_platform_of_another_package_is_recognised(tmp_path: Path) -> None:
    with LanternServer() as server:
        guide = f"{server.url}/guides/{min(server.guides)}"
        said = lantern("crawl", guide, "--archive", tmp_path / "output", *FLAGS)
        assert "lantern (by the guide on the page)" in said and "committed: 23 articles" in said
    rows = json.loads(lantern("sites", "platforms", "--format", "json"))
    experimental = {row["platform"] for row in rows if row["state"] == "experimental"}
    assert [row["platform"] for row in rows if row["state"] == "generic"] == ["generic"]
    assert "lantern" in experimental and not experimental & {"generic", "okx", "zendesk", "zendesk-pages"}


def test_sites_are_listed_and_added(tmp_path: Path) -> None:
    archive = tmp_path / "output"
    with SampleServer(layout="zendesk", articles=20) as server:
        page = f"{server.url}/hc/en-us"
        added = helpscraper("sites", "add", page, "--name", "acme", "--archive", archive, *FLAGS)
        assert added.returncode == 0, added.stderr
        for name in ("acme", "other"):
            again = helpscraper("sites", "add", page, "--name", name, "--archive", archive, *FLAGS)
            assert again.returncode == 2 and "is a page of the site acme" in again.stderr
        by_name = page.replace("127.0.0.1", "localhost")
        taken = helpscraper("sites", "add", by_name, "--name", "acme", "--archive", archive, *FLAGS)
        assert taken.returncode == 2 and "there is a site acme already" in taken.stderr
        shipped = helpscraper("sites", "add", by_name, "--name", "okx", "--archive", archive, *FLAGS)
        assert shipped.returncode == 2 and "there is a site okx already" in shipped.stderr
    rows = json.loads(helpscraper("sites", "--archive", archive, "--format", "json").stdout)
    assert [row["site"] for row in rows] == ["okx", "binance", "bybit", "okx-eea", "okx-tr", "okx-us", "acme"]
    assert rows[-1]["declared_in"] == str(tmp_path / "sites" / "acme.toml")
    assert sites_at(str(archive)).get("acme").default_locale == "en-us"
    platforms = json.loads(helpscraper("sites", "platforms", "--format", "json").stdout)
    assert {"okx", "zendesk", "zendesk-pages", "generic"} <= {row["platform"] for row in platforms}
    for words in (["sites", "add"], ["sites", "list", "x"], ["sites", "add", "help.example"], ["crawl", "x"]):
        assert helpscraper(*words, "--archive", archive).returncode == 2


# ---- without a network


def served(answers: dict[str, bytes]) -> object:
    async def ask(link: Link | str) -> Answer:
        url = link if isinstance(link, str) else link.url
        if url not in answers:
            raise CrawlError(f"{url}: no answer")
        return Answer(url, 200, Payload(answers[url], "text/html"))

    return ask


def now(work: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second name for one platform, as a second package could bring it."""
    import helpscraper.crawl.recognise as module

    real = get_platform
    monkeypatch.setattr(module, "platform_names", lambda: ["okx", "other"])
    monkeypatch.setattr(module, "get_platform", lambda name: real("okx"))
    yield


def test_two_platforms_that_know_it_alike_are_asked_about(two: None) -> None:
    with SampleServer(articles=10) as server:
        page = server.healthy("/help").body
    with pytest.raises(CommandError, match="both okx and okx know") as caught:
        now(recognise("https://a.example/help", served({"https://a.example/help": page})))  # type: ignore[arg-type]
    assert "--platform okx" in caught.value.advice


def test_a_page_deep_in_a_site_declares_its_folder() -> None:
    text = "Trim the wick once a week, and fill the lamp with oil. " * 30
    url = "https://a.example/kb/lamps/oil"
    found = now(recognise(url, served({url: f"<html lang=en><main><h1>Oil</h1><p>{text}".encode()})))  # type: ignore[arg-type]
    assert (found.platform, found.values["include"]) == ("generic", ["/kb/"])
    assert "https://a.example/kb/, en; " in str(found)
    for url in ("https://a.example/", "https://a.example/oil"):
        found = now(recognise(url, served({url: f"<html lang=en><main><h1>Oil</h1><p>{text}".encode()})))  # type: ignore[arg-type]
        assert "include" not in found.values


@pytest.mark.parametrize(
    ("html", "said"),
    [
        (f"<title>Hi</title><p>{'Welcome back. ' * 60}<form><input type=password></form>", "a sign-in page"),
        ("<title>App</title><div id=root></div><script src=/a.js></script>", "a shell that needs JavaScript"),
        ("<title>Log in</title><script></script><form><input type=password></form>", "a sign-in page"),
        ("<title>Just a moment...</title><p>Checking", "a block or challenge page"),
    ],
)
def test_a_page_that_shows_nothing_is_no_help_centre(html: str, said: str) -> None:
    url = "https://a.example/"
    with pytest.raises(RefusedError, match=said):
        now(recognise(url, served({url: html.encode()})))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", ["/hc/en-us", None])
def test_an_agents_view_is_named_and_no_other_platform_takes_it(page: str | None) -> None:
    url = "https://a.example/hc/en-us"
    sign = get_platform("zendesk").sign(url, None)
    assert sign is not None and sign.probe is not None
    with SampleServer(articles=10, layout="zendesk") as server:
        answer = json.loads(server.healthy(sign.probe.url.removeprefix("https://a.example")).body)
        home = server.healthy(page).body if page else b"<title>Help</title><main><h1>Help" + b"<p>word" * 99
    answer["articles"][-1]["draft"] = True
    with pytest.raises(RefusedError, match="an agent's view"):
        now(recognise(url, served({url: home, sign.probe.url: json.dumps(answer).encode()})))  # type: ignore[arg-type]


@given(st.text(max_size=30))
def test_a_host_gives_a_name_for_a_file_or_an_error(host: str) -> None:
    try:
        name = site_name(f"https://{host}/x")
    except CommandError:
        return
    assert Path(name).name == name and not name.startswith(".")


def test_a_declaration_that_would_not_be_read_is_not_written(tmp_path: Path) -> None:
    for name, values in (
        ("../acme", {"platform": "okx", "base_url": "https://a.example"}),
        ("acme", {"platform": "okx", "base_url": "https://a.example/path"}),
        ("acme", {"platform": "okx", "base_url": "https://a.example", "editions": {"": "../x"}}),
    ):
        with pytest.raises(CommandError):
            new_site(tmp_path / "sites", name, values)
    assert list(tmp_path.iterdir()) == []


def test_a_declaration_is_written_whole_and_over_no_other(tmp_path: Path) -> None:
    folder, values = tmp_path / "sites", {"platform": "okx", "base_url": "https://a.example"}
    site = new_site(folder, "acme", values)
    (folder / "acme.toml").parent.mkdir()
    (folder / "acme.toml").write_text("# mine")
    for write in (lambda: write_declaration(site), lambda: new_site(folder, "acme", values)):
        with pytest.raises(CommandError, match="is there already"):
            write()
    assert [file.read_text() for file in folder.iterdir()] == ["# mine"]
    (folder / "acme.toml").unlink()
    write_declaration(site)
    assert [file.name for file in folder.iterdir()] == ["acme.toml"]
    assert sites_at(None, str(folder)).get("acme").base_url == "https://a.example"


def test_a_page_of_a_platform_that_no_crawl_may_store_is_an_error() -> None:
    with pytest.raises(ExtractionError, match="a sign-in page"):
        get_platform("zendesk-pages").sign(
            "https://a.example/hc/en-us", Payload(b"<form><input type=password></form>", "text/html")
        )


def test_a_look_keeps_the_guards_of_a_crawl() -> None:
    looked = Settings(vars(own))
    ScoutSpider.update_settings(looked)
    ways = {name for name, order in looked.getdict("DOWNLOADER_MIDDLEWARES").items() if order is not None}
    crawled = {name for name, order in own.DOWNLOADER_MIDDLEWARES.items() if order is not None}
    assert crawled - ways == {"helpscraper.extensions.recorder.RecorderMiddleware"}
    assert not looked.getdict("ITEM_PIPELINES") and not looked.getdict("EXTENSIONS")
    assert SpiderLoader.from_settings(Settings(vars(own))).list() == ["help"]  # `scrapy list`
