"""The archives: the captures that their index knows, and the way to fetch one.

``CdxServer`` is an index with a raw replay beside it, as pywb and the Wayback Machine have it; ``CommonCrawl`` has a
list of collections, an index for each, and files from which a range of bytes gives a record.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlencode, urljoin

from helpscraper.archive.recordings import Capture
from helpscraper.archive.recordings.index import surt
from helpscraper.backfill.answers import parse_answer
from helpscraper.backfill.choose import at
from helpscraper.backfill.client import Answer, Client, Gap
from helpscraper.backfill.index_cache import IndexCache
from helpscraper.backfill.records import Mismatch, raw_record, replayed
from helpscraper.errors import CommandError, OversizedError
from helpscraper.json_text import loads
from helpscraper.payload import MAX_BODY
from helpscraper.sites import host_of
from helpscraper.urls import origin
from helpscraper.warc.reader import MAX_RECORD
from helpscraper.warc.record import Damage, Record, parse_date

__all__ = ["CdxServer", "CommonCrawl", "Source", "source_of"]

_MOST_INDEX = 32 << 20
_MOST_PAGES = 1000
_MOST_COLLECTIONS = 1000
_MOST_UNREAD = 3
_NOTHING = b"no captures found"
_SHOWN = 200
_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)
_CODINGS = {"Accept-Encoding": "gzip, deflate, br"}


class Source(ABC):
    """One archive of the web."""

    name: str
    cache: IndexCache | None = None
    """Where answers of the index are kept; None keeps none."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @abstractmethod
    def known(self, prefix: str, start: dt.datetime, end: dt.datetime) -> Iterator[Capture | Damage | Gap]:
        """Yield the captures of the URLs that begin with ``prefix``, from ``start`` to before ``end`` (UTC).

        An unreadable line gives a ``Damage``, a missing part of the index a ``Gap``.
        """

    @abstractmethod
    def records(self, capture: Capture) -> list[Record]:
        """Return the record of a capture; for one without a payload, the record with it comes first.

        Raises ``Gap`` when it cannot be fetched, and ``Mismatch`` when the archive holds something else.
        """

    def _asked(self, url: str, query: dict[str, str]) -> list[Capture | Damage]:
        """Ask an index, unless its answer is kept; raises ``Gap`` and ``OversizedError``."""
        asked = f"{url}?{urlencode(query)}"
        body = self._body(asked)
        found = list(parse_answer(body, url))
        if not any(isinstance(item, Damage) for item in found):
            self._keep(asked, body)
        return found

    def _body(self, asked: str) -> bytes:
        """Return the answer of an index, empty where it says that it has no captures."""
        kept = self.cache.get(asked) if self.cache else None
        if kept is not None:
            return kept
        answer = self._client.get(asked, limit=_MOST_INDEX)
        if answer.status == 404 and _NOTHING in answer.body[:_SHOWN].lower():
            return b""
        if answer.status != 200:
            said = answer.body[:_SHOWN].decode("utf-8", "replace").strip()
            raise Gap(f"{asked}: status {answer.status}: {said!r}", again=False)
        return answer.body

    def _keep(self, asked: str, body: bytes) -> None:
        if self.cache:
            self.cache.put(asked, body)


class CdxServer(Source):
    """An index with a raw replay beside it. ``index`` is asked for captures, ``replay`` for pages as they were."""

    def __init__(self, client: Client, name: str, index: str, replay: str) -> None:
        super().__init__(client)
        self.name, self._index, self._replay = name, index, replay

    def known(self, prefix: str, start: dt.datetime, end: dt.datetime) -> Iterator[Capture | Damage | Gap]:
        """Ask for the whole time at once; if the answer is too large, ask for each half of the time."""
        query = {"url": prefix, "matchType": "prefix", "output": "json"}
        query |= {"from": f"{start:%Y%m%d%H%M%S}", "to": f"{end - _SECOND:%Y%m%d%H%M%S}"}
        try:
            yield from self._asked(self._index, query)
        except OversizedError as error:
            if end - start <= _DAY:
                yield Gap(f"{error.message}, for {prefix} on {start:%Y-%m-%d}", again=False)
                return
            middle = (start + (end - start) / 2).replace(microsecond=0)
            yield from self.known(prefix, start, middle)
            yield from self.known(prefix, middle, end)
        except Gap as gap:
            yield gap

    def records(self, capture: Capture) -> list[Record]:
        """Return the page as it was; the archive finds the payload of a revisit itself."""
        url = f"{self._replay}/{capture.date}id_/{capture.url.replace('#', '%23')}"
        try:
            answer = self._client.get(url, limit=MAX_BODY, headers=_CODINGS, follow=False)
        except OversizedError as error:
            raise Mismatch(error.message) from None
        return [replayed(answer, capture)]


class CommonCrawl(Source):
    """A list of collections, an index for each, and files that are read by ranges of bytes.

    ``collections`` is the address of the list, ``files`` that below which the files lie.
    """

    _ID: ClassVar = re.compile(r"\D*(\d{4})(?!\d)")

    def __init__(self, client: Client, name: str, collections: str, files: str) -> None:
        super().__init__(client)
        self.name, self._collections, self._files = name, collections, files
        self._listed: list[tuple[str, int]] | None = None

    def known(self, prefix: str, start: dt.datetime, end: dt.datetime) -> Iterator[Capture | Damage | Gap]:
        """Ask the index of each collection whose name states a year within, before or after the time."""
        query = {"url": prefix, "matchType": "prefix", "output": "json"}
        query |= {"from": f"{start:%Y%m%d%H%M%S}", "to": f"{end - _SECOND:%Y%m%d%H%M%S}"}
        try:
            indexes = self._indexes(start, end)
        except (Gap, OversizedError) as error:
            self._listed = []  # without the list nothing else can be asked, so it is one gap
            yield _as_gap(error)
            return
        for index in indexes:
            yield from self._pages(index, query)

    def records(self, capture: Capture) -> list[Record]:
        """Return the record at the place that the index names; before a revisit, that to which it refers."""
        record = raw_record(self._range(capture), capture)
        if not record.is_revisit or record.not_modified:
            return [record]
        original = self._original(record, capture)
        return [raw_record(self._range(original), original), record]

    def _pages(self, index: str, query: dict[str, str]) -> Iterator[Capture | Damage | Gap]:
        """Yield the captures that one index knows; after a page that cannot be read the next one is asked.

        The index narrows by time within each page, so a page without captures may precede others.
        """
        try:
            count = self._count(index, query)
            if count is None:
                yield from self._asked(index, query)
                return
        except (Gap, OversizedError) as error:
            yield _as_gap(error)
            return
        seen: set[int] = set()
        unread = 0
        for page in range(min(count, _MOST_PAGES)):
            found: list[Capture | Damage | Gap] = []
            try:
                found += self._asked(index, query | {"page": str(page)})
            except (Gap, OversizedError) as error:
                found.append(_as_gap(error))
            if found and hash(tuple(found)) in seen:
                yield Gap(f"{index}: gives the same page twice; its other pages are not asked", again=False)
                return
            seen.add(hash(tuple(found)))
            yield from found
            unread = unread + 1 if found and not any(isinstance(item, Capture) for item in found) else 0
            if unread == _MOST_UNREAD:
                last = found[-1]
                left = f"after {unread} pages in a row that could not be read, its other pages are not asked"
                yield Gap(f"{index}: {left}", again=isinstance(last, Gap) and last.again)
                return
        if count > _MOST_PAGES:
            known = f"{count:,} pages for {query['url']}, of which the first {_MOST_PAGES:,} are asked"
            yield Gap(f"{index}: has {known}", again=False)

    def _count(self, index: str, query: dict[str, str]) -> int | None:
        """Return the number of pages, None for an index that has no pages and answers with all captures at once."""
        asked = f"{index}?{urlencode(query | {'showNumPages': 'true'})}"
        body = self._body(asked)
        try:
            told: Any = loads(body.decode("utf-8")) if body.strip() else 0
        except (ValueError, RecursionError):
            return None
        count = told.get("pages") if isinstance(told, dict) else told
        if type(count) is not int or count < 0:
            return None
        self._keep(asked, body)
        return count

    def _indexes(self, start: dt.datetime, end: dt.datetime) -> list[str]:
        """Return the addresses of the indexes that may know captures of the time, the oldest first."""
        if self._listed is None:
            answer = self._client.get(self._collections, limit=_MOST_INDEX)
            self._listed = self._read_list(answer)
        return [url for url, year in self._listed if not year or start.year - 1 <= year <= end.year + 1]

    def _read_list(self, answer: Answer) -> list[tuple[str, int]]:
        try:
            listed: Any = loads(answer.body.decode("utf-8"))
            if answer.status != 200 or not isinstance(listed, list):
                raise ValueError("not a list")
            if len(listed) > _MOST_COLLECTIONS:
                raise Gap(
                    f"{self._collections}: {len(listed):,} collections; the bound is {_MOST_COLLECTIONS:,}",
                    again=False,
                )
            found = [(urljoin(answer.url, each["cdx-api"]), str(each.get("id", ""))) for each in listed]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Gap(
                f"{self._collections}: no list of collections, status {answer.status}", again=False
            ) from None
        foreign = [url for url, _ in found if host_of(origin(url)) != host_of(origin(self._collections))]
        if foreign:
            raise Gap(
                f"{self._collections}: names an index on another site: {foreign[0][:_SHOWN]}", again=False
            )
        years = ((url, self._ID.match(name)) for url, name in found)
        return sorted(((url, int(year[1]) if year else 0) for url, year in years), key=lambda each: each[1])

    def _range(self, capture: Capture) -> bytes:
        if not capture.file or not 0 < capture.length <= MAX_RECORD:
            raise Mismatch(f"the index names no place of {1:,} to {MAX_RECORD:,} bytes")
        last = capture.offset + capture.length - 1
        url = f"{self._files}/{capture.file.lstrip('/')}"
        asked = {"Range": f"bytes={capture.offset}-{last}"}
        try:
            answer = self._client.get(url, limit=capture.length, headers=asked)
        except OversizedError:
            raise Mismatch("the archive gives more than the requested range of bytes") from None
        if answer.status >= 400:
            raise Gap(f"{url}: status {answer.status}", again=False)
        if answer.status != 206:
            raise Mismatch(f"status {answer.status} for a range of bytes")
        if not answer.header("Content-Range").startswith(f"bytes {capture.offset}-{last}/"):
            raise Mismatch(f"another range of bytes: {answer.header('Content-Range')[:_SHOWN]!r}")
        if len(answer.body) != capture.length:
            raise Mismatch(f"{len(answer.body):,} of the {capture.length:,} bytes of the record")
        return answer.body

    def _original(self, revisit: Record, capture: Capture) -> Capture:
        """Return the capture to which a revisit refers."""
        url = str(revisit.headers.get_header("WARC-Refers-To-Target-URI") or capture.url).strip("<> ")
        when = parse_date(str(revisit.headers.get_header("WARC-Refers-To-Date") or ""))
        if when is not None and host_of(origin(url)) is not None:
            when = when.replace(microsecond=0)
            gaps = []
            for item in self.known(url, when, when + _SECOND):
                if isinstance(item, Gap):
                    gaps.append(item)
                same = isinstance(item, Capture) and surt(item.url) == surt(url) and at(item) == when
                if same and isinstance(item, Capture) and not item.is_revisit:
                    return item
            if gaps:  # a part of the index that is missing may know it
                raise max(gaps, key=lambda gap: gap.again)
        raise Mismatch("a revisit of a capture that the index does not know")


def source_of(text: str, client: Client) -> Source:
    """Return the source called ``text``: ``commoncrawl``, ``wayback``, or the URL of an index.

    The URL is that of a list of collections (``…/collinfo.json``), of a pywb collection, or of its index (``…/cdx``).
    Raises ``CommandError`` for anything else.
    """
    if text == "commoncrawl":
        return CommonCrawl(
            client, text, "https://index.commoncrawl.org/collinfo.json", "https://data.commoncrawl.org"
        )
    if text == "wayback":
        return CdxServer(
            client, text, "https://web.archive.org/cdx/search/cdx", "https://web.archive.org/web"
        )
    host = host_of(origin(text))
    if host is None:
        raise CommandError(
            f"--source {text}: unknown", advice="name commoncrawl, wayback, or the URL of a CDX index"
        )
    name = re.sub(r"[^a-z0-9.]+", "-", text.partition("://")[2].lower()).strip("-")[:100]
    url = text.rstrip("/")
    if url.endswith(".json"):
        return CommonCrawl(client, name, url, origin(url))
    if url.endswith("/cdx/search/cdx"):
        return CdxServer(client, name, url, f"{url.removesuffix('/cdx/search/cdx')}/web")
    return CdxServer(client, name, f"{url.removesuffix('/cdx')}/cdx", url.removesuffix("/cdx"))


def _as_gap(error: Gap | OversizedError) -> Gap:
    return error if isinstance(error, Gap) else Gap(error.message, again=False)
