"""Every engine on ``docs/engines.md`` gives the same five answers, on an archive in a folder, packed, and on S3."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pandas as pd
import pytest

from helpscraper import Archive
from helpscraper.archive.compact import compact
from helpscraper.archive.reader import Catalog
from tests import sample_archive
from tests.docs.blocks import blocks
from tests.s3_server import s3_server

# Dask calls pandas in a way that pandas will drop.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")

PAGE = "docs/engines.md"
PACKAGES = ("duckdb", "polars", "pyarrow", "dask", "pyspark")
LONG = {"dask", "pyspark"}
LOCALES = ("en", "ar")

Answers = dict[str, list[tuple[Any, ...]]]


def engine(package: str) -> dict[str, Any]:
    """Run the block of the page that imports ``package`` first, and return its names."""
    pytest.importorskip(package)
    (code,) = (each.text for each in blocks(PAGE) if package in each.text.splitlines()[0])
    names: dict[str, Any] = {}
    exec(compile(code, PAGE, "exec"), names)  # noqa: S102
    return names


def rows(answer: Any) -> list[tuple[Any, ...]]:
    """Return the rows of any engine's answer, sorted."""
    readers: dict[str, Callable[[Any], Any]] = {
        "fetchall": lambda each: each.fetchall(),
        "rows": lambda each: each.rows(),
        "to_pylist": lambda each: [tuple(row.values()) for row in each.to_pylist()],
        "itertuples": lambda each: each.itertuples(index=False, name=None),
        "collect": lambda each: [tuple(row) for row in each.collect()],
    }
    read = next(read for name, read in readers.items() if hasattr(answer, name))
    return sorted((tuple(map(_plain, row)) for row in read(answer)), key=repr)


def _plain(value: Any) -> Any:
    return int(value) if hasattr(value, "__index__") and not isinstance(value, bool) else value


def ask(package: str, archive: str, article: str) -> Answers:
    names = engine(package)
    asked = ("latest", "changes_by_week", "views_gained", "silent_by_section")
    found = {name: rows(names[name](archive)) for name in asked}
    return found | {"texts": rows(names["texts"](archive, article))}


def expected(folder: Path, article: str) -> Answers:
    """Return the answers of helpscraper's own tables, by plain Python."""
    last: dict[tuple[str, str, str], dict[str, Any]] = {}
    views: dict[tuple[str, str, str], list[int]] = {}
    texts, weeks, silent = [], Counter[tuple[str, str]](), Counter[str]()
    for locale in LOCALES:
        archive = Archive(folder, locale=locale)
        for snapshot in archive.snapshots().itertuples():
            for row in archive.load(snapshot.snapshot_id, bodies=True).to_dict("records"):
                key = ("okx", locale, row["article_id"])
                last[key] = row
                if not pd.isna(row["view_count"]):
                    views.setdefault(key, []).append(int(row["view_count"]))
                if row["article_id"] == article and isinstance(row["body_text"], str):
                    texts.append((f"{row['snapshot_at']:%Y-%m-%d}", row["body_text"]))
        for change in archive.sql("select * from changes").to_dict("records"):
            monday = change["at"].date() - dt.timedelta(days=change["at"].weekday())
            weeks[f"{monday:%Y-%m-%d}", change["kind"]] += 1
            if (change["kind"], change["field"], change["silent"]) == ("edited", "body_sha256", True):
                silent[last["okx", locale, change["article_id"]]["section"]] += 1
    found: Answers = {
        "latest": [(*key, f"{row['snapshot_at']:%Y-%m-%d}", row["title"]) for key, row in last.items()],
        "changes_by_week": [(*key, n) for key, n in weeks.items()],
        "views_gained": [(*key, counts[-1] - counts[0]) for key, counts in views.items()],
        "silent_by_section": list(silent.items()),
        "texts": texts,
    }
    return {name: sorted(answer, key=repr) for name, answer in found.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines") / "archive"
    return sample_archive.build(folder, states=range(5), locales=LOCALES)


@pytest.fixture(scope="module")
def article(folder: Path) -> str:
    """The article with the most texts."""
    found = Archive(folder).sql("""
        select article_id from changes where field = 'body_sha256' and kind = 'edited'
        group by article_id order by count(*) desc, article_id limit 1
    """)
    return str(found["article_id"][0])


@pytest.fixture(scope="module")
def right(folder: Path, article: str) -> Answers:
    found = expected(folder, article)
    assert all(found.values())
    assert len({text for _, text in found["texts"]}) > 1
    return found


def _marked(packages: tuple[str, ...]) -> list[Any]:
    return [pytest.param(each, marks=pytest.mark.long if each in LONG else ()) for each in packages]


@pytest.mark.parametrize("package", _marked(PACKAGES))
def test_a_folder(package: str, folder: Path, article: str, right: Answers) -> None:
    assert ask(package, str(folder), article) == right


@pytest.fixture(scope="module")
def packed(folder: Path) -> Path:
    """A copy of the archive in which every month is one file."""
    copy = Path(shutil.copytree(folder, folder.with_name("packed")))
    catalog = Catalog(copy)
    for partition in catalog.partitions():
        assert not [
            each
            for report in compact(catalog, partition, dt.datetime.now(dt.UTC))
            for each in report.problems
        ]
    assert len(list(copy.glob("snapshots/**/*.parquet"))) < len(list(folder.glob("snapshots/**/*.parquet")))
    return copy


@pytest.mark.parametrize("package", _marked(PACKAGES))
def test_a_packed_archive(package: str, packed: Path, article: str, right: Answers) -> None:
    assert ask(package, str(packed), article) == right


@pytest.mark.parametrize("package", _marked(PACKAGES))
def test_one_file_each(package: str, packed: Path, article: str, right: Answers, tmp_path: Path) -> None:
    engine("duckdb")["one_file_each"](packed, tmp_path)
    assert [len(list(folder.iterdir())) for folder in tmp_path.iterdir()] == [1, 1, 1]
    assert ask(package, str(tmp_path), article) == right


@pytest.fixture(scope="module")
def buckets(folder: Path, packed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Both archives on an S3 server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        files = fsspec.filesystem("s3")
        duckdb.register_filesystem(files)
        uris = [server.new_uri(each.name) for each in (folder, packed)]
        for source, uri in zip((folder, packed), uris, strict=True):
            files.put(f"{source}/", f"{uri}/", recursive=True)
        yield uris
        duckdb.unregister_filesystem("s3")


@pytest.mark.long
@pytest.mark.parametrize("package", [each for each in PACKAGES if each != "pyspark"])
def test_an_archive_on_s3(
    package: str, buckets: list[str], article: str, right: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark reads S3 by a package of Hadoop that no Python registry has, so it is not among them."""
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")  # Polars refuses a server without TLS otherwise
    for uri in buckets:
        assert ask(package, uri, article) == right
