"""Crawl many editions on a Dask cluster: an edition a task, and one crawl of a host at a time.

The next edition of a host is submitted when the one before it has ended, so the limit needs no lock on the cluster.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from helpscraper.archive.layout import Partition
from helpscraper.crawl.fleet import Ended, crawl_edition
from helpscraper.errors import CommandError, CrawlError, ExitCode
from helpscraper.extras import need
from helpscraper.sites import Sites, is_shipped

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connected", "crawl_on_cluster", "declarations_of"]

_SECONDS_TO_CONNECT = 30


@contextlib.contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """Give a client of the Dask scheduler at an address such as ``tcp://host:8786``.

    Raises ``CommandError`` when nobody answers there or it has no worker.
    """
    need("dask")
    from concurrent.futures import CancelledError

    from distributed import Client, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        client = Client(scheduler, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{scheduler}: no Dask scheduler answers: {error}", advice="give its address: tcp://HOST:8786"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_TO_CONNECT)
        except TimeoutError:
            raise CommandError(
                f"{scheduler}: the Dask scheduler has no worker", advice=f"start one: dask worker {scheduler}"
            ) from None
        try:
            yield client
        except (CommClosedError, KilledWorker, CancelledError) as error:
            raise CrawlError(
                f"{scheduler}: the cluster lost a task: {error}",
                advice="run it again; it goes on where it stopped",
            ) from error


def crawl_on_cluster(
    client: Client,
    groups: Iterable[Sequence[Partition]],
    words: Sequence[str],
    declarations: Mapping[str, Mapping[str, str]],
) -> Iterator[Ended]:
    """Crawl the editions of each group one after the other, groups at the same time; yield results as they come.

    ``declarations`` are those of each site that the workers may lack, by file. A task is never tried again, but Dask
    gives that of a dead worker to another one. A task that does not end is a failed crawl.
    """
    from distributed import as_completed

    running: dict[Any, tuple[Partition, deque[Partition]]] = {}
    ended = as_completed(loop=client.loop)

    def begin(group: deque[Partition]) -> None:
        edition = group.popleft()
        task = client.submit(
            _crawl, edition, words, declarations.get(edition.site, {}),
            key=f"crawl {edition} {client.id}", pure=False, retries=0,
        )  # fmt: skip
        running[task.key] = edition, group
        ended.add(task)

    for group in groups:
        begin(deque(group))
    for task in ended:
        edition, group = running.pop(task.key)
        try:
            yield task.result()
        except Exception as error:  # noqa: BLE001 (however a task ends, it is this edition's outcome)
            yield Ended(edition, ExitCode.INTERNAL, 0.0, f"{edition}: {type(error).__name__}: {error}\n")
        if group:
            begin(group)


def declarations_of(sites: Sites, name: str) -> dict[str, str]:
    """Return the text of the declaration of the site ``name`` and of those that it extends, but for shipped ones."""
    texts: dict[str, str] = {}
    while name in sites.by_name and name not in texts and not is_shipped(name):
        texts[name] = Path(sites.by_name[name].file).read_text(encoding="utf-8-sig")
        name = str(tomllib.loads(texts[name]).get("extends", ""))
    return texts


def _crawl(edition: Partition, words: Sequence[str], declarations: Mapping[str, str]) -> Ended:
    with TemporaryDirectory(prefix="helpscraper-sites-") as folder:
        for name, text in declarations.items():
            (Path(folder) / f"{name}.toml").write_text(text, encoding="utf-8")
        more = ("-s", f"SITES={folder}") if declarations else ()
        return crawl_edition(edition, (*words, *more), capture=True)
