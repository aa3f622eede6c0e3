"""The main job from end to end on the sample help centre: crawl, let time pass, crawl again, show the changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from helpscraper.archive.store import Store, open_store
from helpscraper.errors import CommandError, CrawlError
from helpscraper.sample.server import SampleServer

__all__ = ["run_demo"]

_MARKER = ".demo"

# The sample site runs on this machine, so no delay is needed.
_SETTINGS = ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", "CONTACT=demo")


def run_demo(archive: str, report: Path, *, layout: str = "e2", say: Callable[[str], None] = print) -> None:
    """Run the demo into ``archive``, which is emptied first if an earlier demo made it; its report goes to ``report``.

    Raises ``CommandError`` when the archive holds anything else, and ``CrawlError`` when a step does not succeed.
    """
    store = open_store(archive)
    _empty(store)
    with SampleServer(layout=layout, state=0) as server:
        say(f"A sample help centre is at {server.url}/help")
        for state, what in ((0, "The first crawl"), (1, "Time passes on the site; the second crawl")):
            server.state = state
            say(f"\n# {what}")
            flags = [part for setting in _SETTINGS for part in ("-s", setting)]
            # A daily crawl reads every page within a week; this one reads all, to show the silent edits too.
            asked = ["-a", f"base_url={server.url}", "-a", "mode=full"]
            _helpscraper(say, "crawl", "--archive", archive, *asked, *flags)
    say("\n# What changed")
    _helpscraper(say, "diff", "--archive", archive, "latest~1", "latest")
    say("\n# What lies where")
    for path in store.list(""):
        say(f"{archive.rstrip('/')}/{path}  {store.size(path):,} bytes")
    say("\n# Something to look at")
    _helpscraper(say, "report", "--archive", archive, "--out", str(report))
    say(f"Open {report / 'index.html'} in a browser.")


def _empty(store: Store) -> None:
    folder = store.local_path()
    there = store.list("") if folder is None else folder.exists()
    if there and not store.exists(_MARKER):
        raise CommandError(
            f"{store.uri} exists and was not made by a demo",
            advice="name another place with --archive; nothing was deleted",
        )
    if folder is None:
        store.probe()
        for path in store.list(""):
            store.remove(path)
    elif folder.exists():
        shutil.rmtree(folder)
    store.put_new(_MARKER, b"made by `helpscraper demo`, which may empty it\n")


def _helpscraper(say: Callable[[str], None], *arguments: str) -> None:
    """Run a command of helpscraper in a new process, because Scrapy's reactor runs only once in each."""
    shown = [word for word in arguments if word not in ("-s", *_SETTINGS)]
    say(f"$ helpscraper {' '.join(shown)}")
    done = subprocess.run(  # noqa: S603 (our own interpreter and our own arguments)
        [sys.executable, "-m", "helpscraper", *arguments], capture_output=True, text=True, check=False
    )
    say(done.stdout.rstrip("\n"))
    if done.returncode:
        raise CrawlError(
            f"helpscraper {arguments[0]} ended with exit code {done.returncode}\n{done.stderr.strip()}",
            advice="this should not happen on the sample site: please report it with the lines above",
        )
