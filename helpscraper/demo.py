"""The main job from end to end on the sample help centre: crawl, let time pass, crawl again, show the changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from helpscraper.errors import CommandError, CrawlError
from helpscraper.sample.server import SampleServer

__all__ = ["run_demo"]

_MARKER = ".demo"

# The sample site runs on this machine, so no delay is needed.
_SETTINGS = ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False", "CONTACT=demo")


def run_demo(folder: Path, *, layout: str = "e2", say: Callable[[str], None] = print) -> Path:
    """Run the demo into ``folder``, which is emptied first if an earlier demo made it, and return it.

    Raises ``CommandError`` when the folder holds anything else, and ``CrawlError`` when a step does not succeed.
    """
    _fresh(folder)
    with SampleServer(layout=layout, state=0) as server:
        say(f"A sample help centre is at {server.url}/help")
        for state, what in ((0, "The first crawl"), (1, "Time passes on the site; the second crawl")):
            server.state = state
            say(f"\n# {what}")
            flags = [part for setting in _SETTINGS for part in ("-s", setting)]
            # A daily crawl reads every page within a week; this one reads all, to show the silent edits too.
            asked = ["-a", f"base_url={server.url}", "-a", "mode=full"]
            _helpscraper(say, "crawl", "--archive", str(folder), *asked, *flags)
    say("\n# What changed")
    _helpscraper(say, "diff", "--archive", str(folder), "latest~1", "latest")
    say("\n# What lies where")
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if (
            path.is_file()
            and not any(part.startswith(".") for part in inside.parts)
            and inside.parts[0] != "report"
        ):
            say(f"{path}  {path.stat().st_size:,} bytes")
    say("\n# Something to look at")
    _helpscraper(say, "report", "--archive", str(folder), "--out", str(folder / "report"))
    say(f"Open {folder / 'report' / 'index.html'} in a browser.")
    return folder


def _fresh(folder: Path) -> None:
    if folder.exists():
        if not (folder / _MARKER).exists():
            raise CommandError(
                f"{folder} exists and was not made by a demo",
                advice="name another folder with --archive; nothing was deleted",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARKER).touch()


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
