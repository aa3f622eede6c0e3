from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from helpscraper.archive import sql_views
from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import Partition
from helpscraper.archive.overview import RUNS_SCHEMA, runs_table, snapshots_table
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts
from helpscraper.archive.schema import (
    BODIES_SCHEMA,
    CHANGES_SCHEMA,
    SNAPSHOT_SCHEMA,
    VERSION_KEY,
    read_compatible,
)
from helpscraper.archive.sql import VIEWS, connect, query
from helpscraper.archive.store import Store, open_store
from helpscraper.archive.writer import SnapshotFile, write_snapshot
from helpscraper.errors import ArchiveError, CommandError, ReferenceNotFoundError
from helpscraper.history.feed import changes_feed
from helpscraper.history.views import view_series

Commit = Callable[..., SnapshotFile]
EN, ZH = Partition("okx", "en"), Partition("okx", "zh-hans")

ROWS = [
    {
        "article_id": "fees",
        "body": "Fees are low.",
        "view_count": 7,
        "listed_in": ["faq-fees", "latest"],
        "published_on": dt.date(2026, 1, 2),
        "updated_at": dt.datetime(2026, 11, 1, 12, 30, tzinfo=dt.UTC),
        "reading_minutes": 2,
    },
    {
        "article_id": "passkeys",
        "body": "A passkey is a key.",
        "source_id": "p-1",
        "updated_on": dt.date(2026, 11, 9),
    },
    {"article_id": "rules", "status": "listed"},
]


def changes(*args: object) -> SnapshotFile:
    at = dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC)
    record = {"article_id": "fees", "kind": "counted", "field": "view_count", "silent": False, "at": at}
    return write_snapshot(*args, changes=pa.Table.from_pylist([record], CHANGES_SCHEMA))  # type: ignore[arg-type]


@pytest.fixture(params=["local", "memory"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path, commit: Commit) -> Iterator[Catalog]:
    """Two snapshots in English, one in Chinese, and a refused one."""
    uri = tmp_path / "it's an archive" if request.param == "local" else f"memory://{tmp_path.name}"
    store = open_store(uri)
    commit(store, "2026-11-20", ROWS[:2])
    commit(store, "2026-11-21", ROWS, write=changes)
    chinese = [
        {"article_id": "miyao", "source_id": "p-1", "updated_on": dt.date(2026, 10, 9)},
        {"article_id": "rules"},
    ]
    commit(store, "2026-11-21", chinese, locale="zh-hans")
    yield Catalog(store)
    if request.param == "memory":
        store.fs.rm(store.root, recursive=True)


def test_the_catalog_lists_what_is_there(catalog: Catalog) -> None:
    assert catalog.partitions() == [EN, ZH]
    assert [str(each) for each in catalog.snapshots()] == [
        "okx/en:20261120T060000Z",
        "okx/en:20261121T060000Z",
        "okx/zh-hans:20261121T060000Z",
    ]
    assert catalog.is_taken(EN, "20261120T060000Z")
    assert not catalog.is_taken(EN, "20261120T060001Z")


def test_references_find_their_edition(catalog: Catalog) -> None:
    assert catalog.resolve("latest").partition == EN
    assert catalog.resolve("zh-hans:latest").partition == ZH
    assert catalog.resolve("latest", locale="zh-hans").partition == ZH
    assert Catalog(catalog.store, locale="zh-hans").resolve().partition == ZH
    with pytest.raises(ReferenceNotFoundError, match="holds no snapshot"):
        catalog.resolve("fr:latest")


def test_several_editions_without_the_default_must_be_chosen(store: Store, commit: Commit) -> None:
    for locale in ("fr", "de"):
        commit(store, "2026-11-20", ROWS[:1], locale=locale)
    with pytest.raises(ReferenceNotFoundError, match="okx/de, okx/fr"):
        Catalog(store).resolve()
    assert Catalog(store).resolve("fr:latest").partition.locale == "fr"


def test_the_locale_of_another_site_is_never_lent(store: Store, commit: Commit) -> None:
    for locale in ("en", "fr"):
        commit(store, "2026-11-20", ROWS[:1], site="acme", locale=locale)
    acme = Catalog(store, site="acme")
    with pytest.raises(ReferenceNotFoundError, match="acme/en, acme/fr"):
        acme.resolve()
    with pytest.raises(CommandError, match="no default locale of the site acme"):
        editions_table(acme)
    with pytest.raises(
        ReferenceNotFoundError, match=r"no snapshot or run of the site acne\n.*acme/en, acme/fr"
    ):
        Catalog(store, site="acne").resolve()
    declared = Path(store.uri).parent / "sites" / "acme.toml"
    declared.parent.mkdir()
    declared.write_text(
        'platform = "okx"\nbase_url = "https://acme.example"\n[editions]\n"" = "fr"\n', encoding="utf-8"
    )
    assert acme.resolve().partition == Partition("acme", "fr")
    assert {row["lags"] for row in editions_table(acme).to_pylist() if row["locale"] == "fr"} == {None}


def test_rows_come_back_with_their_bodies(catalog: Catalog) -> None:
    table = catalog.load_table(bodies=True)
    assert table.column("article_id").to_pylist() == ["fees", "passkeys", "rules"]
    assert table.column("body_text").to_pylist() == ["Fees are low.", "A passkey is a key.", None]
    assert table.column("body_markdown").to_pylist()[0] == "**Fees are low.**"
    one = catalog.load_table("latest~1", article_id="passkeys", bodies=True, columns=["title"])
    assert one.to_pylist() == [
        {"title": "Passkeys", "body_text": "A passkey is a key.", "body_markdown": "**A passkey is a key.**",
         "body_html": "<b>A passkey is a key.</b>"}
    ]  # fmt: skip


def test_a_body_is_found_by_its_key(catalog: Catalog) -> None:
    key = catalog.load_table(columns=["body_sha256"]).column(0)[0].as_py()
    assert catalog.body(key)["body_text"] == "Fees are low."
    with pytest.raises(ReferenceNotFoundError, match="no body"):
        catalog.body("0" * 64)


def test_a_body_that_may_be_in_a_damaged_file_is_not_said_to_be_none(catalog: Catalog) -> None:
    key = catalog.load_table(columns=["body_sha256"]).column(0)[0].as_py()
    path = catalog.body_index(catalog.partition()).files[0]
    catalog.store.remove(path)
    catalog.store.put_new(path, b"PAR1 broken")
    with pytest.raises(ArchiveError, match=rf"(?s){key} cannot be read.*{path}"):
        Catalog(catalog.store).body(key)


def test_the_body_index_sees_later_files(store: Store, commit: Commit) -> None:
    catalog = Catalog(store)
    commit(store, "2026-11-20", ROWS[:1])
    assert catalog.load_table(bodies=True).column("body_text").to_pylist() == ["Fees are low."]
    commit(store, "2026-11-21", ROWS[:2])
    assert catalog.load_table(bodies=True).column("body_text").to_pylist() == [
        "Fees are low.",
        "A passkey is a key.",
    ]


@pytest.mark.parametrize("wanted", [1, 4, 5, 30])
def test_few_bodies_and_many_are_found_alike(store: Store, commit: Commit, wanted: int) -> None:
    texts = [f"Body number {n}." for n in range(30)]
    for day in (20, 21):
        rows = [{"article_id": f"a{n}", "body": text} for n, text in enumerate(texts[: (day - 19) * 15])]
        commit(store, f"2026-11-{day}", rows)
    index = Catalog(store).body_index(EN)
    rows = Catalog(store).load_table("latest", columns=["body_sha256"]).slice(30 - wanted)
    asked = pa.concat_arrays([*rows.column(0).chunks, pa.array(["f" * 64, None], pa.string())])
    found = index.fetch(asked)
    assert sorted(found.column("body_sha256").to_pylist()) == sorted(rows.column(0).to_pylist())


def test_four_readers_see_the_same_rows(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", ROWS[:2])
    commit(store, "2026-11-21", ROWS)
    commit(store, "2026-11-21", ROWS[:1], locale="zh-hans")
    folder = f"{store.root}/snapshots"
    seen = {
        "pandas": pa.Table.from_pandas(
            pd.read_parquet(folder, dtype_backend="pyarrow"), preserve_index=False
        ),
        "pyarrow": pads.dataset(folder, partitioning="hive").to_table(),
        "duckdb": duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).to_arrow_table(),
        "polars": pl.read_parquet(folder, hive_partitioning=True).to_arrow(),
    }
    target = pa.schema([*SNAPSHOT_SCHEMA, pa.field("site", pa.string()), pa.field("locale", pa.string())])
    rows = {}
    for reader, table in seen.items():
        assert set(table.column_names) == set(target.names), reader
        plain = pa.table({name: table.column(name).cast(target.field(name).type) for name in target.names})
        order = [(name, "ascending") for name in ("locale", "snapshot_at", "article_id")]
        rows[reader] = plain.sort_by(order).to_pylist()
    assert len(rows["pyarrow"]) == 6
    assert rows["pandas"] == rows["pyarrow"] == rows["duckdb"] == rows["polars"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_an_empty_archive_has_its_columns_and_no_rows(tmp_path: Path, view: str) -> None:
    table = query(Catalog(tmp_path / "empty"), f"FROM {view}")
    expected = {"bodies": BODIES_SCHEMA, "changes": CHANGES_SCHEMA, "runs": RUNS_SCHEMA}.get(
        view, SNAPSHOT_SCHEMA
    )
    assert table.num_rows == 0
    assert set(expected.names) | {"site", "locale"} == set(table.column_names)


def test_views_hold_what_the_files_hold(catalog: Catalog) -> None:
    counts = {view: query(catalog, f"FROM {view}").num_rows for view in VIEWS}
    assert counts == {"snapshots": 7, "latest": 5, "bodies": 2, "changes": 1, "runs": 3}
    table = query(catalog, "SELECT * FROM latest WHERE locale = 'en' ORDER BY article_id")
    loaded = catalog.load_table()
    assert read_compatible(table).to_pylist() == loaded.to_pylist()
    assert set(query(catalog, "SELECT DISTINCT site FROM changes").to_pylist()[0].values()) == {"okx"}
    narrowed = Catalog(catalog.store, locale="zh-hans")
    assert query(narrowed, "SELECT count(*) AS n FROM snapshots").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize(
    "text", ["", "DROP VIEW runs", "SELECT 1; SELECT 2", "COPY runs TO '/dev/null'", "CREATE TABLE x (a INT)"]
)
def test_sql_only_reads(catalog: Catalog, text: str) -> None:
    with pytest.raises(CommandError):
        query(catalog, text)


@pytest.mark.parametrize(
    "text", ["SELEC 1", "SELECT nothing FROM latest", "SELECT * FROM nothing", "SELECT 'a'::INT"]
)
def test_wrong_sql_says_what_is_wrong(catalog: Catalog, text: str) -> None:
    with pytest.raises(CommandError, match="SQL: "):
        query(catalog, text)


def test_a_reextraction_stands_for_its_crawl_in_sql(store: Store, commit: Commit) -> None:
    from helpscraper.archive.writer import write_reextracted

    commit(store, "2026-11-20", ROWS[:1])
    commit(store, "2026-11-20", [ROWS[0] | {"title": "Read again"}], write=write_reextracted)
    assert query(Catalog(store), "SELECT title, site, locale FROM snapshots").to_pylist() == [
        {"title": "Read again", "site": "okx", "locale": "en"}
    ]


def test_runs_and_snapshots_are_tables(catalog: Catalog) -> None:
    runs = runs_table(catalog).to_pylist()
    assert [(row["run_id"], row["locale"], row["outcome"], row["articles"]) for row in runs] == [
        ("20261120T060000Z", "en", "committed", 2),
        ("20261121T060000Z", "en", "committed", 3),
        ("20261121T060000Z", "zh-hans", "committed", 2),
    ]
    snapshots = snapshots_table(catalog).to_pylist()
    assert [(row["snapshot_id"], row["articles"], row["complete"], row["error"]) for row in snapshots][
        :1
    ] == [("20261120T060000Z", 2, True, None)]


def test_editions_are_linked_by_id_else_by_slug(catalog: Catalog) -> None:
    rows = {(row["locale"], row["article_id"]): row for row in editions_table(catalog).to_pylist()}
    chinese = rows["zh-hans", "miyao"]
    assert (chinese["edition"], chinese["linked_by"], chinese["days_behind"], chinese["lags"]) == (
        "passkeys", "source_id", 31, True,
    )  # fmt: skip
    assert (rows["zh-hans", "rules"]["edition"], rows["zh-hans", "rules"]["linked_by"]) == ("rules", "slug")
    assert rows["zh-hans", "rules"]["lags"] is None
    assert rows["en", "fees"]["edition"] == "fees"
    assert len(rows) == 5


def test_a_damaged_file_is_named_and_the_rest_still_works(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", ROWS[:1])
    written = commit(store, "2026-11-21", ROWS)
    path = Path(store.url(written.path))
    path.write_bytes(path.read_bytes()[:-20])
    catalog = Catalog(store)
    with pytest.raises(ArchiveError, match=r"20261121T060000Z\.parquet: damaged or unreadable"):
        catalog.load_table()
    assert catalog.load_table("latest~1").num_rows == 1
    assert ["damaged" in (row["error"] or "") for row in snapshots_table(catalog).to_pylist()] == [
        False,
        True,
    ]
    for view in ("snapshots", '"Latest"'):
        with pytest.raises(
            ArchiveError, match=r"20261121T060000Z\.parquet: damaged or unreadable.*\n.*backup"
        ):
            query(catalog, f"SELECT * FROM {view}")  # noqa: S608
    assert runs_table(catalog).num_rows == 2
    assert query(catalog, "SELECT count(*) AS n FROM runs, bodies").to_pylist() == [{"n": 4}]


def test_an_older_damaged_file_costs_nothing_that_is_not_read_from_it(store: Store, commit: Commit) -> None:
    path = Path(store.url(commit(store, "2026-11-20", ROWS).path))
    commit(store, "2026-11-21", ROWS)
    path.write_bytes(path.read_bytes()[:-20])
    catalog = Catalog(store)
    assert query(catalog, "SELECT count(*) AS n FROM latest").to_pylist() == [{"n": len(ROWS)}]
    assert editions_table(catalog).num_rows == len(ROWS)
    with pytest.raises(ArchiveError, match=r"20261120T060000Z\.parquet: damaged or unreadable"):
        view_series(catalog)
    with pytest.raises(ArchiveError, match=r"20261120T060000Z\.parquet: damaged or unreadable"):
        connect(catalog)


def test_a_file_with_fewer_columns_hides_none_of_the_others(
    store: Store, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [ROWS[0] | {"confidence": "declared"}]
    written = [commit(store, "2026-11-20", rows, locale=locale) for locale in ("de", "en", "fr")]
    text = "SELECT locale, confidence FROM snapshots ORDER BY locale"
    for many, lacking in itertools.product((0, 1000), written):
        path = Path(store.url(lacking.path))
        whole = path.read_bytes()
        pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["confidence"]), path)
        monkeypatch.setattr(sql_views, "_MANY", many)
        found = {row["locale"]: row["confidence"] for row in query(Catalog(store), text).to_pylist()}
        assert found == dict.fromkeys(("de", "en", "fr"), "declared") | {lacking.partition.locale: None}
        path.write_bytes(whole)


def test_a_flipped_byte_is_found(store: Store, commit: Commit) -> None:
    written = commit(store, "2026-11-20", ROWS)
    path = Path(store.url(written.path))
    data = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(0).column(1).dictionary_page_offset
    data[start + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="damaged"):
        Catalog(store).load_table()


def test_damaged_bodies_cost_only_the_bodies(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", ROWS[:1])
    commit(store, "2026-11-21", ROWS[:2])
    path = Path(store.url(store.list("bodies")[1]))
    path.write_bytes(b"PAR1")
    catalog = Catalog(store)
    assert catalog.load_table("latest").num_rows == 2
    assert catalog.load_table("latest~1", bodies=True).column("body_text").to_pylist() == ["Fees are low."]
    with pytest.raises(
        ArchiveError, match=r"1 of the bodies .*\n.*bodies/site=okx/locale=en/20261121T060000Z.parquet"
    ):
        catalog.load_table("latest", bodies=True)


def test_strange_files_are_no_snapshots(store: Store, commit: Commit) -> None:
    commit(store, "2026-11-20", ROWS[:1])
    for name in (
        "notes.txt",
        "snapshots/site=okx/locale=en/.20261121T060000Z.parquet",
        "snapshots/readme.parquet",
    ):
        Path(store.root, name).write_text("strange")
    assert len(Catalog(store).snapshots()) == 1


def test_an_older_file_without_a_column_reads_as_null_and_a_newer_one_says_so() -> None:
    table = SNAPSHOT_SCHEMA.empty_table().drop_columns(["warc_record"])
    older = read_compatible(table.replace_schema_metadata({VERSION_KEY: b"1"}))
    assert older.schema.field("warc_record").type == pa.string()
    with pytest.raises(ArchiveError, match="upgrade helpscraper"):
        read_compatible(table.replace_schema_metadata({VERSION_KEY: b"99"}), where="x.parquet")
    with pytest.raises(ArchiveError, match="column title is missing"):
        read_compatible(table.drop_columns(["title"]))
    with pytest.raises(ArchiveError, match="column view_count"):
        position = table.schema.get_field_index("view_count")
        read_compatible(table.set_column(position, "view_count", pa.array([], pa.list_(pa.int64()))))


def test_a_feed_is_not_made_from_an_earlier_file_that_is_damaged(store: Store, commit: Commit) -> None:
    random = Random(5)
    rows = [{"article_id": f"a{n}", "title": random.randbytes(40).hex()} for n in range(40)]
    earlier = commit(store, "2026-11-21", rows)
    place = Path(store.url(earlier.path))
    whole = place.read_bytes()
    titles = duckdb.read_parquet(str(place)).project("title").fetchall()
    group = pq.ParquetFile(place).metadata.row_group(0)
    for flipped in range(group.column(SNAPSHOT_SCHEMA.names.index("title")).data_page_offset, len(whole)):
        place.write_bytes(whole[:flipped] + bytes([whole[flipped] ^ 1]) + whole[flipped + 1 :])
        with suppress(duckdb.Error):
            if duckdb.read_parquet(str(place)).project("title").fetchall() != titles:
                break
    after = SNAPSHOT_SCHEMA.empty_table()
    with pytest.raises(ArchiveError, match="damaged or unreadable"):
        changes_feed(Catalog(store), EN, "20261122T060000Z", after, RunFacts())
