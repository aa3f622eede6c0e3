"""The folder in which a page of the docs is executed: an archive with a past, and a site to crawl on loopback.

``output/`` holds eight weeks made from the sample's truth and two real crawls of the sample site after them, with their
recorded pages, and one that the health checks refused. The program is on the path as in an activated environment.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from helpscraper.archive.reader import Catalog
from helpscraper.sample import Fault, SampleServer
from tests import faults, forked, sample_archive
from tests.backfill.archives import Web
from tests.docs.blocks import ROOT
from tests.warc import made

FAST = "-s DOWNLOAD_DELAY=0 -s AUTOTHROTTLE_ENABLED=False -s RETRY_BACKOFF=0.01"
LISTING = "/help/section/announcements-latest-announcements/page/2"
ARTICLES = 30
ARTICLE = "new-tick-size-for-tazo-usd"
"""An article that is there in every week."""

# `helpscraper` as it is installed, but for the address that it crawls, and forked off a process that has loaded it
# unless a page changes the project; a crawl that is to be resumed is first cut short, and a browser is not opened.
_PROGRAM = """\
#!/bin/sh
export BROWSER=true
run() {{
    if [ "$PYTHONPATH" = "{root}" ]; then {forked} "$@"; else "{python}" -m helpscraper "$@"; fi
}}
case "$1 $*" in
crawl*--resume*) run crawl -a base_url={url} {fast} -s CLOSESPIDER_ITEMCOUNT=10 > /dev/null 2>&1 ;;
esac
case "$1 $*" in
crawl*--due*|crawl*http*|crawl*site=example*|sites*add*|sites*check*) run "$@" {fast} ;;
backfill*) run "$@" --source {archive} --pause 0 ;;
crawl*) shift; run crawl "$@" -a base_url={url} {fast} ;;
*) run "$@" ;;
esac
"""
_SCRAPY = '#!/bin/sh\nexec "{python}" -m scrapy "$@" -a base_url={url} {fast} -s LOG_ENABLED=False\n'
# Two commands that a page may use and a test machine may lack, and make, which says what it would do.
# Installs nothing, but knows the extras.
_PIP = f"""#!{sys.executable}
import sys, tomllib
from packaging.requirements import Requirement
command, *named = sys.argv[1:]
known = tomllib.loads(open("{ROOT}/pyproject.toml").read())["project"]["optional-dependencies"]
for requirement in map(Requirement, named):
    assert command == "install" and requirement.name == "helpscraper" and requirement.extras <= set(known), requirement
"""

_TOOLS = {
    "pip": _PIP,
    "mail": "#!/bin/sh\nexec cat > mail.txt\n",
    "make": f'#!/bin/sh\nexec {shutil.which("make")} --dry-run --no-print-directory -C "{ROOT}" "$@"\n',
    "python": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n',
}


@dataclass
class Workplace:
    """``folder`` is copied for each page; ``names`` are the reader's own names and what they are here.

    ``project`` is where the code lies that runs.
    """

    folder: Path
    names: dict[str, str]
    project: Path = ROOT

    def here(self, text: str) -> str:
        """Return ``text`` with the reader's names replaced by those of this archive."""
        pattern = re.compile("|".join(sorted(map(re.escape, self.names), key=len, reverse=True)))
        return pattern.sub(lambda match: self.names[match[0]], text)

    def copy(self, target: Path) -> Path:
        """Return a copy in which a page may do as it likes."""
        shutil.copytree(self.folder, target)
        return target

    def run(self, command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in ``folder`` as a reader would, the program on the path."""
        path = os.pathsep.join((str(folder / ".venv" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"))
        env = {"HOME": str(folder), "PATH": path, "PYTHONPATH": str(self.project), "LC_ALL": "C.UTF-8"}
        env |= {"SCRAPY_SETTINGS_MODULE": "helpscraper.settings"} | more
        return subprocess.run(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", check=False, timeout=300,
        )  # fmt: skip


def prepare(folder: Path, server: SampleServer, other: SampleServer, web: Web) -> Workplace:
    """Make the folder; the site of ``server`` goes two weeks on, ``other`` is a help centre that nobody declared.

    ``web`` is the archive that `backfill` asks, whichever a page names.
    """
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    program = _PROGRAM.format(
        python=sys.executable, url=server.url, fast=FAST, root=ROOT, forked=forked.program(),
        archive=f"{web.url}/collinfo.json",
    )  # fmt: skip
    scrapy = _SCRAPY.format(python=sys.executable, url=server.url, fast=FAST)
    for name, text in (_TOOLS | {"helpscraper": program, "scrapy": scrapy}).items():
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)
    (binaries / "activate").write_text('PATH="$PWD/.venv/bin:$PATH"\n')
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    sample_archive.build(folder / "output", articles=ARTICLES, begin=now - dt.timedelta(weeks=8, hours=1))
    place = Workplace(folder, {})
    for state in (8, 9):
        server.state = state
        done = place.run(["helpscraper", "crawl"], folder)
        assert done.returncode == 0, done.stderr
    blocked = next(record.slug for record in server.truth() if record.slug != ARTICLE)
    server.faults.append(Fault(faults.challenge(), path=f"/help/{blocked}"))
    refused = place.run(["helpscraper", "crawl", "-a", "mode=full"], folder)
    server.faults.clear()
    assert refused.returncode == 3, refused.stderr
    catalog = Catalog(folder / "output")
    ids = [each.id for each in catalog.snapshots()]
    latest = dt.datetime.strptime(ids[-1], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    runs = [run for each in catalog.partitions() for run in catalog.run_ids(each)]
    (refusal,) = set(runs) - set(ids)
    place.names.update({
        "what-is-a-passkey": ARTICLE, "how-to-enable-2fa": ARTICLE, "how-do-i-hold-fosi-in-my-account": ARTICLE,
        "20261122T060000Z": refusal, "2026-11-22": f"{latest:%Y-%m-%d}",
        "2026-11-01": f"{latest - dt.timedelta(weeks=3):%Y-%m-%d}",
        "faq-kyc": "faq-getting-started", "https://support.example.com": other.url,
        "https://help.example.org": other.url.replace("127.0.0.1", "localhost"),
        "commoncrawl knows": f"127.0.0.1-{web.url.rpartition(':')[2]}-collinfo.json knows",
        "/srv/www": str(folder / "srv"), "s3://bucket/help": "output",
    })  # fmt: skip
    _captures(folder, server)
    return place


def _captures(folder: Path, server: SampleServer) -> None:
    """Save what a reader might have at hand: a page, flattened text, and files of a web archive."""
    (folder / "page.html").write_bytes(server.healthy(LISTING).body)
    (folder / "results.txt").write_text(
        "All\nFAQ\nAnnouncements\nProduct documents\nWhat is a lantern?\n"
        "A lamp with manners.Published on May 8, 2026Updated on May 22, 2026\n"
    )
    slugs = [record.slug for record in server.truth()[:2]]
    one, two = (
        made.response(f"{made.SITE}/help/{slug}", server.healthy(f"/help/{slug}").body) for slug in slugs
    )
    (folder / "captures.warc.gz").write_bytes(made.members(one))
    with zipfile.ZipFile(folder / "more.wacz", "w") as packed:
        packed.writestr("archive/data.warc.gz", made.members(two))
        packed.writestr("datapackage.json", "{}")
