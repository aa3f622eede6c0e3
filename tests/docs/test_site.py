"""The site of docs/ builds without a warning, holds every page, and loads nothing remote."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from helpscraper.cli import COMMANDS
from tests.docs.blocks import ROOT, pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS = ROOT / "docs"


def build(project: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """``make docs`` without the generated pages, which their own tests hold to the code."""
    command = [sys.executable, "-m", "properdocs", "build", "--strict", "-f", "mkdocs.yml", "-d", str(target)]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "site"
    done = build(ROOT, target)
    assert done.returncode == 0, done.stderr
    return target


def entries(nav: object) -> Iterator[str]:
    """The pages of a nav, whatever their depth."""
    if isinstance(nav, str):
        yield nav
    for child in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from entries(child)


def test_every_page_stands_in_the_nav_once(site: Path) -> None:
    nav = list(entries(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert sorted(nav) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")), "see mkdocs.yml"
    built = {str(path.relative_to(site)) for path in site.rglob("*.html")} - {"404.html"}
    assert built == {
        re.sub(r"(README)?\.md$", lambda m: "index.html" if m[1] else ".html", name) for name in nav
    }


MISTAKES = (
    ("stray.md", "# In no nav", "stray.md"),
    ("index.md", "[a page](nowhere.md)", "'nowhere.md'"),
    ("index.md", "[a place](running.md#nowhere)", "'running.md#nowhere'"),
    ("index.md", "![a picture](images/nowhere.png)", "'images/nowhere.png'"),
    ("index.md", "[a file](../README.md)", "'../README.md'"),
)


def test_the_build_fails_on_each_mistake(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for name, text, _ in MISTAKES:
        with (tmp_path / "docs" / name).open("a") as page:
            page.write(f"\n\n{text}\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    # In the strict mode of the build, one warning is enough.
    assert done.stderr.count("WARNING -") == len(MISTAKES), done.stderr
    assert [said for *_, said in MISTAKES if said not in done.stderr] == [], done.stderr


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site on loopback: its search needs a server, the pages do not."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_no_page_asks_for_anything_remote(
    site: Path, address: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    every = sorted(site.rglob("*.html"))
    if not request.config.getoption("--long"):  # the decisions are many and alike
        every = [path for path in every if not re.match(r"00\d[1-9]", path.name)]
    asked: list[str] = []
    said: list[str] = []
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and said.append(f"{answer.status} {answer.url}"))
    for path in every:
        page.goto(address + str(path.relative_to(site)))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, (
            f"{path.name} is wider than a phone"
        )
    page.close()
    assert len(asked) > 100
    assert [url for url in asked if not url.startswith(address)] == []
    assert said == []


def test_no_page_names_a_remote_resource(site: Path) -> None:
    remote = re.compile(
        r"""<(?:script|img|iframe|link)[^>]+(?:src|href)="(?:https?:)?//|url\(["']?(?:https?:)?//|@import"""
    )
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        assert not remote.search(path.read_text(encoding="utf-8")), path.relative_to(site)


def test_the_folder_of_the_site_is_ignored_by_git() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "site/index.html"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0 or not (ROOT / ".git").exists()


def test_every_decision_is_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    for path in sorted((DOCS / "decisions").glob("0*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"| [{path.stem[:4]}]({path.name}) | {title} |" in index, (
            f"decisions/README.md lacks {path.name}"
        )


def test_the_links_of_the_readmes_lead_somewhere() -> None:
    for name in ("README.md", "output/README.md", "CHANGELOG.md"):
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{name} links to {target}"


def test_every_command_stands_in_the_docs() -> None:
    written = [page for page in pages() if page != "docs/commands.md"]
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in written)
    assert not [name for name in COMMANDS if name != "demo" and f"helpscraper {name}" not in text]
