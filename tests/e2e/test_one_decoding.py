"""A crawl, its re-extraction and an import of the same bytes read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpscraper.archive.reader import Catalog
from helpscraper.archive.verify import verify
from helpscraper.replay.captures import import_captures
from helpscraper.replay.reextract import reextract
from helpscraper.sample import Fault, SampleServer
from helpscraper.sample.replies import Action, Delivery, Reply
from tests.e2e.conftest import crawl, rows
from tests.payload.one_decoding import TEXT, Cell
from tests.warc.made import members, record

pytestmark = pytest.mark.slow

WHOLE = (
    ("gzip", "windows-1251", "header"), ("none", "utf-8", "none"), ("UTF-8", "koi8-r", "header against meta"),
    ("br", "utf-16le", "mark against header"), ("zstd", "gb18030", "meta"), ("deflate, gzip", "utf-8", "mark"),
)  # fmt: skip
VALUES = ("title", "body_text", "body_sha256", "fetched_at", "status")


def served(cell: Cell, delivery: Delivery) -> Action:
    headers = tuple((name.decode(), value.decode()) for name, value in cell.headers)
    return lambda pending: Reply(200, cell.wire, headers, encoded=True, delivery=delivery)


def values(archive: Path, slugs: list[str]) -> dict[str, dict[str, Any]]:
    found = rows(archive)
    return {slug: {name: found[slug][name] for name in VALUES} for slug in slugs}


def test_crawl_re_extraction_and_import_give_the_same_rows(site: SampleServer, tmp_path: Path) -> None:
    slugs = [each.slug for each in site.truth()[: len(WHOLE) + 5]]
    cells = [
        *(Cell(*kind, slug) for kind, slug in zip(WHOLE, slugs, strict=False)),
        Cell("br", "utf-8", "header", slugs[-5], kept=True),
        Cell("gzip", "windows-1251", "none", slugs[-4]),  # not in the encoding that it is in by default
        Cell("br", "utf-8", "header", slugs[-3], share=0.7),
        Cell("deflate", "utf-8", "header", slugs[-2], share=0.7),
        Cell("", "utf-8", "header", slugs[-1], share=0.7),
    ]
    for number, cell in enumerate(cells):
        delivery: Delivery = "bare" if cell is cells[-1] else "chunked" if number % 2 else "whole"
        site.faults.append(Fault(served(cell, delivery), path=f"/help/{cell.slug}"))
    result = crawl(site, tmp_path / "a", settings={"RETRY_TIMES": "0", "SECOND_CHANCES": "0"})
    assert result.code == 4, result.said
    crawled = values(tmp_path / "a", slugs)
    for cell in cells:
        row, right = crawled[cell.slug], cell.share == 1.0
        assert row["status"] == ("fetched" if right else "failed")
        if right:
            assert (row["title"] == TEXT, TEXT in row["body_text"]) == (cell.readable, cell.readable)
    assert "1 of 73 articles have characters that could not be decoded" in result.verdicts("warn")["charset"]
    said = [text for text in result.facts["problem_texts"] if text.startswith("payload: ")]
    assert sorted(text.rpartition(": ")[2] for text in said) == [
        *["the compressed page is cut off"] * 2, "the page is cut off (disconnect)",
    ]  # fmt: skip

    list(reextract(str(tmp_path / "a"), force=True, jobs=1))
    assert values(tmp_path / "a", slugs) == crawled
    catalog = Catalog(tmp_path / "a")
    facts = catalog.facts(catalog.resolve("latest")).to_json()
    assert facts["problems"] == result.facts["problems"] == {"payload": 3}
    assert facts["rules"]["article.charset/undecoded"] == 1

    at = catalog.load_table("latest").column("snapshot_at")[0].as_py()
    file = tmp_path / "other.warc.gz"
    head = "HTTP/1.1 200 OK\r\n{}\r\n"
    file.write_bytes(
        members(
            *(
                record(
                    f"{site.url}/help/{cell.slug}",
                    head.format("".join(f"{n.decode()}: {v.decode()}\r\n" for n, v in cell.headers)).encode()
                    + cell.wire,
                    at=at,
                    **({"WARC_Truncated": "disconnect"} if cell is cells[-1] else {}),
                )
                for cell in cells
            )
        )
    )
    report = import_captures(str(tmp_path / "b"), [file], base_url=site.url)
    assert report.skipped == {"payload": 2, "cut off by its crawler": 1}
    imported = values(tmp_path / "b", slugs[:-3])
    for slug, row in imported.items():
        assert row == replace_time(crawled[slug], row)
    assert verify(Catalog(tmp_path / "b")).problems == []


def replace_time(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return row | {"fetched_at": other["fetched_at"]}
