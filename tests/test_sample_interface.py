"""The JSON interface of the sample help centre: its answers, read strictly, and each of its faults."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from helpscraper.errors import ExtractionError
from helpscraper.platforms.okx import ArticlesAnswer, NodeAnswer
from helpscraper.platforms.okx.interface import articles_url, node_url
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.interface import INTERFACE
from helpscraper.sample.model import LATEST
from tests import faults, interface_faults

SECTION = "faq-getting-started"


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(interface_page=10) as running:
        yield running


def get(server: SampleServer, url: str, language: str = "en") -> bytes:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", url.removeprefix(server.url), headers={"Accept-Language": language})
    body = connection.getresponse().read()
    connection.close()
    return body


def articles(
    server: SampleServer, page: int = 1, *, locale: str = "en", language: str = ""
) -> ArticlesAnswer:
    url = articles_url(server.url, f"section-{SECTION}", page)
    return ArticlesAnswer(url, get(server, url, language or locale), locale=locale, section=SECTION)


def slugs(server: SampleServer, page: int = 1) -> list[str]:
    return [row.key for row in articles(server, page).articles]


def test_it_tells_what_the_pages_show(server: SampleServer) -> None:
    told = [row for page in (1, 2) for row in articles(server, page).articles]
    truth = [record for record in server.truth() if record.section == SECTION]
    assert [row.key for row in told] == [record.slug for record in truth]
    assert [row.view_count_text for row in told] == [
        record.view_count and str(record.view_count) for record in truth
    ]
    assert articles(server).total == len(truth) == 15
    assert articles(server).pages == 2
    assert articles(server, 3).articles == []
    for kind in ("section", "category"):
        slug = SECTION if kind == "section" else "faq"
        url = node_url(server.url, kind, slug)
        assert getattr(NodeAnswer(url, get(server, url)), kind).slug == slug
    tag = node_url(server.url, "section", LATEST)
    assert NodeAnswer(tag, get(server, tag)).section.content_type == "tag"


def test_the_language_of_the_request_chooses_the_edition(server: SampleServer) -> None:
    first = next(record for record in server.truth("zh-hans") if record.section == SECTION)
    assert articles(server, locale="zh-hans", language="zh-Hans").articles[0].title == first.title
    with pytest.raises(ExtractionError, match="an article of en, where zh-hans was asked for"):
        assert articles(server, locale="zh-hans", language="en").articles is None
    with SampleServer(region="us") as other, pytest.raises(ExtractionError, match="an article of en-us"):
        assert articles(other).articles is None


def test_its_own_faults(server: SampleServer) -> None:
    before, times = slugs(server), [row.updated for row in articles(server).articles]

    def spoil(action: faults.Action) -> None:
        server.faults[:] = [Fault(action, path=f"{INTERFACE}/search/*")]

    spoil(interface_faults.wrong_total(2))
    assert (articles(server).total, slugs(server)) == (17, before)
    spoil(interface_faults.rows_left_out(3))
    assert (articles(server).total, slugs(server)) == (15, before[3:])
    spoil(interface_faults.rows_left_out(3, total=True))
    assert (articles(server).total, slugs(server)) == (12, before[3:])
    spoil(interface_faults.made_up_row("never"))
    assert (articles(server).total, slugs(server)) == (16, [*before, "never"])
    spoil(interface_faults.page_repeated())
    assert slugs(server, 2) == before
    for action, field in (
        (interface_faults.page_repeated(admitted=True), "data.pageNum"),
        (interface_faults.renamed_member("total", "count"), "data.total"),
        (interface_faults.another_region("en-sg"), r"data.list\[0\].url"),
    ):
        spoil(action)
        with pytest.raises(ExtractionError, match=field):
            assert (articles(server, 2).articles, articles(server, 2).total) is None
    server.state = 1
    spoil(interface_faults.stale_times())
    stale = {row.key: row.updated for row in articles(server).articles}
    assert [stale.get(slug, time) for slug, time in zip(before, times, strict=True)] == times
    server.faults.clear()
    fresh = {row.key: row.updated for row in articles(server).articles}
    assert any(stale[slug] != fresh[slug] for slug in stale)
