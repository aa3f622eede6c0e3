"""The served pages, not the requested address, decide the edition of a crawl."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpscraper.sample import Fault, SampleServer
from tests import faults
from tests.e2e.conftest import contents, crawl, differences, expected, rows, snapshots

SAID = "this host was served en-us; crawl that edition (`-a locale=en-us`) or crawl from elsewhere"
HANDFUL = 8


# That the lists are led elsewhere was seen; of the home page it is not known.
@pytest.mark.parametrize(
    ("path", "locale"),
    [
        ("*/help/*", "en"),
        pytest.param("*/help*", "en", marks=pytest.mark.long),
        pytest.param("*/help*", "de", marks=pytest.mark.long),
    ],
)
def test_a_crawl_that_is_led_to_another_edition_is_refused_and_the_right_one_commits(
    path: str, locale: str, archive: Path
) -> None:
    asked = ("-a", f"locale={locale}")
    with SampleServer(articles=20, layout="e3") as server:
        server.faults.append(Fault(faults.elsewhere(), path=path))
        result = crawl(server, archive, *asked)
        assert result.code == 3, result.said
        assert SAID in result.stderr
        assert result.verdicts() == {"edition": SAID}
        assert len(server.requests) <= HANDFUL
        assert snapshots(archive) == []
        assert not (archive / "refused").exists()
        assert {status for status, n in result.facts["counts"].items() if n} == set()
        server.faults.clear()
        again = crawl(server, archive, *asked)
        assert (again.code, again.stderr) == (0, "")
        assert len(snapshots(archive)) == 1
        assert again.facts["editions"].keys() == {locale}


@pytest.mark.long
def test_a_later_crawl_is_refused_as_soon(archive: Path) -> None:
    with SampleServer(articles=20) as server:
        assert crawl(server, archive).code == 0
        before, asked = contents(archive), len(server.requests)
        server.faults.append(Fault(faults.elsewhere(), path="*/help*"))
        result = crawl(server, archive)
        assert (result.code, result.verdicts()) == (3, {"edition": SAID})
        assert len(server.requests) - asked <= HANDFUL
        assert {name: contents(archive)[name] for name in before} == before


@pytest.mark.parametrize("layout", ["e3", pytest.param("markup", marks=pytest.mark.long)])
def test_another_edition_under_the_address_that_was_asked_for(layout: str, archive: Path) -> None:
    with SampleServer(layout=layout, region="us") as server:
        result = crawl(server, archive)
        assert (result.code, result.verdicts()) == (3, {"edition": SAID})
        assert len(server.requests) <= HANDFUL
        assert snapshots(archive) == []


def test_one_article_that_is_led_elsewhere_is_an_oddity_of_that_article(archive: Path) -> None:
    with SampleServer(articles=20) as server:
        slug = server.truth()[7].slug
        server.faults.append(Fault(faults.elsewhere(), path=f"*/help/{slug}"))
        result = crawl(server, archive)
        assert result.code == 4, result.said
        assert result.facts["editions"]["en-us"] == 2  # it had its second chance
        assert result.facts["problems"] == {"edition": 1}
        assert "en-us; they are left out" in result.verdicts("warn")["edition"]
        found, truth = rows(archive), expected(server)
        assert (found[slug]["status"], found[slug]["body_text"]) == ("failed", None)
        del found[slug], truth[slug]
        assert not differences(found, truth)


@pytest.mark.long
def test_what_no_list_shows_any_more_may_be_led_elsewhere(archive: Path) -> None:
    """The addresses of many articles that left are asked for one after the other: that is no host that changed."""
    with SampleServer() as server:
        assert crawl(server, archive).code == 0
        foreign = server.healthy("/de/help").body
        server.faults.append(
            Fault(lambda pending: replace(pending.reply, status=200, body=foreign), path="*-gone-*")
        )
        ghosts = {f"ghost-gone-{n}" for n in range(8)}
        _plant(archive, ghosts)
        result = crawl(server, archive)
        assert (result.code, result.facts["editions"].keys()) == (0, {"en"}), result.said
        assert not ghosts & rows(archive).keys()


def _plant(archive: Path, slugs: set[str]) -> None:
    """Let the newest snapshot know articles that the site never had."""
    [path] = archive.glob("snapshots/*/*/*.parquet")
    table = pq.read_table(path)
    first = table.slice(0, 1)
    column = table.schema.get_field_index("article_id")
    planted = [
        first.set_column(column, table.schema.field(column), pa.array([slug])) for slug in sorted(slugs)
    ]
    pq.write_table(pa.concat_tables([table, *planted]).replace_schema_metadata(table.schema.metadata), path)


@pytest.mark.long
def test_a_host_that_changes_in_the_middle_is_left_and_gone_on_with(archive: Path) -> None:
    with SampleServer(articles=40) as server:
        server.faults.append(Fault(faults.elsewhere(), path="*/help/[a-z]*", skip=30))
        result = crawl(server, archive)
        assert (result.code, result.verdicts()) == (3, {"edition": SAID})
        assert len(server.requests) < 70
        assert snapshots(archive) == []
        asked = len(server.requests)
        server.faults.append(Fault(faults.elsewhere(), path="*/help"))
        resumed = crawl(server, archive, "--resume")
        assert (resumed.code, resumed.verdicts()) == (3, {"edition": SAID})
        assert len(server.requests) - asked <= HANDFUL
        server.faults.clear()
        assert crawl(server, archive, "--resume").code == 0
        assert not differences(rows(archive), expected(server))
