"""``helpscraper crawl --due --scheduler``: on a real Dask cluster, into one bucket, while a worker dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.cli import main
from helpscraper.crawl.cluster import crawl_on_cluster, declarations_of
from helpscraper.crawl.fleet import OUTCOMES
from helpscraper.errors import ExitCode
from helpscraper.sample import SampleServer
from helpscraper.sites import sites_at
from tests.e2e.conftest import contents, crawl, helpscraper
from tests.e2e.test_fleet import QUICK, declare, due, outcomes
from tests.s3_server import s3_server

pytest.importorskip("distributed", reason="distributed is not installed")


@pytest.mark.filterwarnings("default")
@pytest.mark.long
def test_a_worker_crawls_with_the_declarations_that_it_is_sent(tmp_path: Path) -> None:
    from distributed import Client

    (tmp_path / "here").mkdir()
    with (
        SampleServer(layout="zendesk", articles=20) as server,
        Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client,
    ):
        declare(tmp_path / "here", live=server.url)
        sites = sites_at(None, str(tmp_path / "here" / "sites"))
        groups = [[Partition("live", "en-us")]]
        words = ["--archive", str(tmp_path / "output"), *QUICK]
        (ended,) = crawl_on_cluster(client, groups, words, {"live": declarations_of(sites, "live")})
    assert (ended.edition, ended.code) == (groups[0][0], ExitCode.OK), ended.said
    assert "committed: 20 articles" in ended.said


def test_the_declaration_of_a_site_comes_with_those_that_it_extends(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    for name, parent in (("a", "b"), ("b", "okx")):
        text = f'extends = "{parent}"\nbase_url = "https://{name}.example"\n'
        (tmp_path / "sites" / f"{name}.toml").write_text(text)
    sites = sites_at(str(tmp_path / "output"))
    assert declarations_of(sites, "a").keys() == {"a", "b"}
    assert declarations_of(sites, "okx") == {}


def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("helpscraper.crawl.cluster._SECONDS_TO_CONNECT", 0.2)
    words = ["crawl", "--due", "--archive", str(tmp_path), "-a", "site=okx"]
    assert main([*words, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    said = capsys.readouterr().err
    assert "tcp://127.0.0.1:9: no Dask scheduler answers" in said
    assert main(["crawl", "--scheduler", "tcp://127.0.0.1:9"]) == 2


# ---- three workers


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers on loopback, each with a state folder of its own, as on machines of their own."""
    file = folder / "scheduler.json"
    with ExitStack() as stack:

        def begin(name: str, *words: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard"],
                stdout=log, stderr=log, cwd=folder,
                env=os.environ | {"XDG_STATE_HOME": str(folder / f"state-{name}")},
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        begin("scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        each = ("--nthreads", "2", "--no-nanny", "--death-timeout", "60")
        yield address, [begin(f"worker-{n}", "worker", address, *each) for n in range(workers)]


KINDS = {
    "zendesk": (8, ("de", "en-us", "fr", "ru")),
    "okx": (4, ("ar", "de", "en", "fr", "ru", "zh-hans")),
    "gitbook": (2, ("en",)),
    "binance": (2, ("en",)),
}
"""By platform: the number of hosts, and the editions of each."""


@contextmanager
def help_centres(folder: Path) -> Iterator[dict[str, SampleServer]]:
    """Sixty editions at sixteen hosts, declared in ``folder``."""
    folder.mkdir()
    with ExitStack() as stack:
        servers = {}
        for platform, (hosts, locales) in KINDS.items():
            layout = {} if platform == "okx" else {"layout": platform}
            for n in range(hosts):
                server = stack.enter_context(SampleServer(articles=12, **layout))
                servers[f"{platform}-{n}"] = server
                text = f'platform = "{platform}"\nbase_url = "{server.url}"\n'
                text += f"crawl_locales = {json.dumps(locales)}\n"
                (folder / f"{platform}-{n}.toml").write_text(text)
        yield servers


def editions_in_order(server: SampleServer) -> list[str]:
    """The editions that the host was asked for, one after the other."""
    known = {locale for _, locales in KINDS.values() for locale in locales}
    asked = (re.search(r"^/(?:api/v2/help_center/|hc/)?([a-z-]+)/", each.path) for each in server.requests)
    return [name for name, _ in groupby(match[1] for match in asked if match and match[1] in known)]


def at_work(state: Path) -> bool:
    """Whether a crawl has its ledger in this state folder; the lease is taken before."""
    return any(state.glob("**/ledger.sqlite"))


@pytest.mark.long
def test_sixty_editions_by_three_workers_of_which_one_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPSCRAPER_SITES", str(tmp_path / "sites"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-client"))
    with s3_server(tmp_path) as s3, help_centres(tmp_path / "sites") as servers:
        archive = s3.new_uri("fleet")
        log = tmp_path / "client.log"
        with cluster(tmp_path, 3) as (address, workers), log.open("w") as out:
            # Only the client has the declarations.
            (tmp_path / "sites").rename(tmp_path / "declared")
            monkeypatch.setenv("HELPSCRAPER_SITES", str(tmp_path / "declared"))
            client = subprocess.Popen(
                [sys.executable, "-m", "helpscraper", "crawl", "--due", "--archive", archive, *QUICK,
                 "-s", "DOWNLOAD_DELAY=0.2", "-s", "LEASE_SECONDS=60", "--scheduler", address],
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
            while log.read_text().count(" committed: ") < 12 or not at_work(tmp_path / "state-worker-0"):
                assert client.poll() is None, log.read_text()
                time.sleep(0.05)
            workers[0].kill()
            code = client.wait(timeout=900)
        said = log.read_text()
        ends = outcomes(said)
        assert len(ends) == 60
        snapshots = [str(each.partition) for each in Catalog(archive).snapshots()]
        assert len(snapshots) == len(set(snapshots)), "an edition was committed twice"
        good = {name for name, outcome in ends.items() if outcome.startswith("committed")}
        assert good <= set(snapshots) and len(good) >= 56, said
        worst = next(code for code, text in OUTCOMES.items() if text in ends.values())
        assert code == worst, said
        for name, server in servers.items():
            order = editions_in_order(server)
            assert len(order) == len(set(order)), f"{name}: two crawls at once: {order}"
        # Whatever the dead worker left undone is due, and nothing else; the next run takes it over.
        left = {str(name) for name in ends} - set(snapshots)
        assert set(due(archive)) == left
        if left:
            assert worst == ExitCode.LOCKED
            again = helpscraper("crawl", "--due", "--archive", archive, *QUICK)
            assert set(outcomes(again.stdout).values()) == {"committed"}, again.stderr
        assert due(archive) == []
        assert helpscraper("verify", "--archive", archive).returncode == 0


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_a_cluster_reads_recorded_pages_as_one_machine_does(tmp_path: Path) -> None:
    archives = [tmp_path / name for name in ("here", "there")]
    with SampleServer(articles=400) as server:
        assert crawl(server, archives[0]).code == 0
    shutil.copytree(*archives)
    from distributed import Client

    with cluster(tmp_path, 2) as (address, _), Client(address) as client:
        client.get_task_stream()  # the scheduler records tasks from now on
        for archive, words in zip(archives, ([], ["--scheduler", address]), strict=True):
            done = helpscraper("reextract", "--force", "--archive", archive, *words)
            assert done.returncode == 0, done.stderr
        tasks = [task["key"] for task in client.get_task_stream()]
    assert len([key for key in tasks if "_read_batch" in str(key)]) >= 2
    one, other = (contents(archive / "reextracted") for archive in archives)
    assert one and one == other
