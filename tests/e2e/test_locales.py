"""Every edition is a partition of its own: crawled in its own language, linked to the others, never mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from helpscraper import Archive
from helpscraper.errors import HelpscraperError
from helpscraper.locales import get_locale
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import PendingReply, Reply
from tests.e2e.conftest import COMPARED, Result, crawl, differences, helpscraper

LOCALES = ("ar", "de", "fr", "pt-br", "ru", "zh-hans")


def truth(server: SampleServer, locale: str) -> dict[str, dict[str, Any]]:
    """What the edition really holds, in the columns of a snapshot."""
    return {
        record.slug: {name: getattr(record, name, None) for name in COMPARED}
        | {
            "article_id": record.slug,
            "url": f"{server.url}/{locale}/help/{record.slug}",
            "title": record.title.strip(),
            "listed_in": list(record.listed_in),
            "language": get_locale(locale).bcp47,
        }
        for record in server.truth(locale)
    }


def live(archive: Path, locale: str) -> dict[str, dict[str, Any]]:
    rows = (
        Archive(archive, locale=locale).catalog.load_table("latest", bodies=True, locale=locale).to_pylist()
    )
    return {row["article_id"]: row for row in rows}


@dataclass
class Editions:
    archive: Path
    server: SampleServer
    results: dict[str, Result]


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editions]:
    """One archive with the English edition and six others, at a time when some lag behind."""
    archive = tmp_path_factory.mktemp("editions")
    with SampleServer(layout="e2", state=2) as server:
        results = {locale: crawl(server, archive, "-a", f"locale={locale}") for locale in ("en", *LOCALES)}
        yield Editions(archive, server, results)


@pytest.mark.parametrize("locale", LOCALES)
def test_an_edition_is_read_in_its_own_language(editions: Editions, locale: str) -> None:
    result = editions.results[locale]
    assert result.code == 0, result.said
    columns = set(COMPARED) - {"updated_at"}
    assert not differences(live(editions.archive, locale), truth(editions.server, locale), columns)
    fields = result.facts["fields"]
    for column in ("published_on", "updated_on"):
        # Every visible date was read by the compiled path, and agrees with the instant of the state.
        assert set(fields[column]) <= {"fast", "from-instant"}, fields[column]
    assert set(fields["view_count"]) == {"present", "absent"}


@pytest.mark.parametrize("locale", ("ar", "zh-hans", "ru"))
def test_an_edition_without_a_state_is_read_from_its_markup(locale: str, tmp_path: Path) -> None:
    with SampleServer(layout="markup") as server:
        result = crawl(server, tmp_path, "-a", f"locale={locale}")
        assert result.code == 0, result.said
        assert not differences(live(tmp_path, locale), truth(server, locale))
        assert set(result.facts["fields"]["published_on"]) == {"fast"}


def test_each_edition_has_a_partition(editions: Editions) -> None:
    found = sorted(path.name for path in (editions.archive / "snapshots" / "site=okx").iterdir())
    assert found == sorted(f"locale={locale}" for locale in ("en", *LOCALES))
    assert helpscraper("verify", "--archive", editions.archive).returncode == 0


def test_editions_are_linked_and_those_that_lag_are_named(editions: Editions) -> None:
    table = Archive(editions.archive).editions()
    german = table[table["locale"] == "de"].set_index("article_id")
    english = {record.slug: record for record in editions.server.truth("en")}
    behind = {
        record.slug
        for record in editions.server.truth("de")
        if record.slug in english and (english[record.slug].updated_at or 0) > (record.updated_at or 0)  # type: ignore[operator]
    }
    assert behind, "the sample has editions that lag"
    assert set(german.index[german["lags"].fillna(False)]) == behind


@pytest.mark.parametrize("asked", ["xx", "EN", "../en", "en/../de"])
def test_an_unknown_locale_is_refused_before_anything_is_opened(asked: str, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    result = helpscraper("crawl", "--archive", archive, "-a", f"locale={asked}")
    assert result.returncode == 2
    assert asked in result.stderr
    assert not archive.exists()


@pytest.fixture(scope="module")
def substituted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result, Result]:
    """The neutral address, crawled from elsewhere: another article set under the same locale."""
    archive = tmp_path_factory.mktemp("region")
    with SampleServer(layout="e2") as server:
        first = crawl(server, archive)
    with SampleServer(layout="e2", state=1, region="us") as server:
        server.faults.append(Fault(_of_an_unknown_region))
        return archive, first, crawl(server, archive)


def _of_an_unknown_region(pending: PendingReply) -> Reply:
    """Name a regional site of which no edition is known, in a language that tells nothing."""
    body = pending.reply.body.replace(b"OKX_US", b"OKX_XX").replace(b'lang="en-us"', b'lang="en"')
    return replace(pending.reply, body=body)


def test_another_region_is_recorded_and_refused(substituted: tuple[Path, Result, Result]) -> None:
    _, first, second = substituted
    assert first.facts["region"]["site"] == "OKX_GLOBAL"
    assert second.facts["region"]["site"] not in {None, "OKX_GLOBAL"}
    assert second.code == 3, second.said
    assert "region" in second.verdicts()


def test_accepting_another_region_never_makes_its_holes_removals(
    substituted: tuple[Path, Result, Result],
) -> None:
    archive, _, second = substituted
    accepted = helpscraper("accept", second.facts["run_id"], "--archive", archive)
    assert accepted.returncode == 0, accepted.stderr
    with pytest.raises(HelpscraperError, match="regional"):
        Archive(archive).diff("latest~1", "latest")
    with pytest.warns(UserWarning, match="1 snapshot without a change feed"):
        assert Archive(archive).sql("select count(*) as n from changes")["n"].tolist() == [0]
