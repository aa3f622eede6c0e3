"""Fixtures that several folders of tests share."""

from __future__ import annotations

import datetime as dt
import gc
import os
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, Phase, settings

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from tests.s3_server import S3Server, s3_server
from tests.tables import articles_table

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent

CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

# A loaded machine is no defect, so no example has a deadline. In CI the examples are the same in every run: what is
# found by chance is found at a desk, where somebody can look at it, and not in the way of somebody else's change.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True, database=None)
# For `make mutants`: whether a test fails is wanted, not the smallest example by which it does.
settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=10, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
_LEAST_EXAMPLES = 3

_FIRST = ("test_blocks.py", "test_browser.py", "test_rebuild.py", "test_crawled.py")
"""The files that take longest begin a run, so that no process is left with one of them at its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")
    parser.addoption(
        "--long", action="store_true", help="run the tests marked long too, and all examples of each property"
    )
    parser.addoption("--kills", type=int, default=3, help="how often the tests that kill do so (default: 3)")


@pytest.hookimpl(optionalhook=True)  # pytest runs without xdist too
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for servers and clocks for a third of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: more of what a quicker test shows already; only with --long")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector pass over what was imported and collected: it stays until the end of the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # libraries name what is left at the end of a process


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests unless they are asked for, and five sixths of the examples of each property.

    pytest's summary counts the tests left out as deselected.
    """
    items.sort(key=lambda item: item.path.name not in _FIRST)
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long") is not None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item.get_closest_marker("long") is None]
    # The cases of a parametrised test share one function, which is shortened once.
    for test in {getattr(item, "obj", None) for item in items}:
        asked = getattr(test, "_hypothesis_internal_use_settings", None)
        if asked is not None:
            fewer = max(_LEAST_EXAMPLES, asked.max_examples // 6)
            test._hypothesis_internal_use_settings = settings(  # type: ignore[union-attr]
                asked, max_examples=min(asked.max_examples, fewer)
            )


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Let the first process of a run build the folder ``name``, and return it; no test may change it."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, half = root / name, root / f"{name}.half"
    with FileLock(root / f"{name}.lock"):
        if not folder.exists():
            shutil.rmtree(half, ignore_errors=True)
            build(half)
            half.rename(folder)
    return folder


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server, the same for all tests of a process."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages, which stands beside the repository and is no part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real pages at {folder}")
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with ``golden/NAME`` beside the test; ``pytest --update-golden`` writes it anew."""
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        expected = path.read_bytes().decode()
        assert text == expected, f"{path} differs; look at it, then run pytest --update-golden"

    return compare


def article(at: dt.datetime, article_id: str, **fields: Any) -> Article:
    """An article with the required columns filled; ``fields`` overrides and adds."""
    given = {
        "url": f"https://help.example/help/{article_id}",
        "title": article_id.title(),
        "status": "fetched",
    }
    return Article(**{"snapshot_at": at, "article_id": article_id} | given | fields)


def body(text: str) -> Body:
    return Body(body_key(text, f"**{text}**"), text, f"**{text}**", f"<b>{text}</b>")


@pytest.fixture(scope="session")
def commit() -> Callable[..., SnapshotFile]:
    """Commit a snapshot of the given rows (columns, and ``body`` for a text) at 06:00 of a day."""

    def commit(
        store: Store,
        day: dt.date | str,
        rows: Sequence[Mapping[str, Any]],
        *,
        site: str = "okx",
        locale: str = "en",
        write: Callable[..., SnapshotFile] = write_snapshot,
        **run: Any,
    ) -> SnapshotFile:
        at = dt.datetime.combine(dt.date.fromisoformat(str(day)), dt.time(6), dt.UTC)
        name = snapshot_id(at)
        bodies = {row["article_id"]: body(row["body"]) for row in rows if "body" in row}
        articles = []
        for row in rows:
            fields = {key: value for key, value in row.items() if key not in ("article_id", "body")}
            if "body" in row:
                fields["body_sha256"] = bodies[row["article_id"]].sha256
            articles.append(article(at, row["article_id"], **fields))
        facts = {
            "run_id": name,
            "site": site,
            "locale": locale,
            "kind": "crawl",
            "started_at": at.isoformat(),
            "finished_at": (at + dt.timedelta(seconds=90)).isoformat(),
            "seconds": 90.0,
            "outcome": "committed",
            "exit_code": 0,
            "complete": True,
            "incomplete_reasons": [],
            "counts": {"fetched": len(rows), "carried": 0, "listed": 0, "failed": 0, "gone": 0},
            "requests": {
                "total": len(rows) + 3,
                "by_status": {"200": len(rows) + 3},
                "retries": 0,
                "bytes": 1000,
            },
            "health": [{"check": "articles", "verdict": "ok", "detail": f"{len(rows)} articles"}],
            "versions": {"extractor": "1"},
        }
        return write(
            store,
            Partition(site, locale),
            name,
            articles_table(articles),
            bodies_table(bodies.values(), at),
            RunFacts.from_json(facts | run),
        )

    return commit


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty archive in a folder."""
    return open_store(tmp_path / "archive")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one for all tests of a process: Playwright runs once in it. Skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()
