"""An archive of an older extractor, continued with this one, shows only changes of the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.timeline import article_history, log_table
from helpscraper.platforms.okx.platform import Okx
from tests.cli.test_pictures import PAGE, imported

EN = Partition("okx", "en")
RICH = PAGE.replace(
    "Throw the line.", "Throw 10<sup>6</sup> lines<span hidden> or more</span>, <b>“now”</b>please."
)
# The same page as extractor okx/2 read it: no pictures, no raised figures, hidden words.
READ_BEFORE = (
    PAGE[: PAGE.index("<p>Throw")]
    + "<p>Throw 106 lines or more, <b>“now”</b>please.</p><p>From the <b>bow</b></p><p>Tie it.</p>"
    + "</div></div></article></div></body></html>"
)


def test_a_new_reading_of_an_old_page_is_no_change_of_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as then:
        then.setattr(Okx, "extractor", "okx/2")
        imported(tmp_path, READ_BEFORE)
    catalog = Catalog(imported(tmp_path, RICH, RICH.replace("Tie it", "Tie it well"), first=2))
    before, after, last = catalog.snapshots(EN)
    assert [catalog.facts(each).extractor for each in (before, after)] == ["okx/2", "okx/3"]
    found = diff_snapshots(catalog, before, after)
    assert len(found) == 0
    assert "body_sha256" in set(found.extractor_changes["field"])
    assert "picture" not in set(found.extractor_changes["field"])
    # What the site changes from then on is told, and nothing else.
    kinds = {(row["snapshot_id"], row["kind"]) for row in log_table(catalog, EN)[0].to_pylist()}
    assert kinds == {(last.id, "edited"), (last.id, "silent")}
    told = article_history(catalog, "tie-up-at-the-quay", EN).changes
    assert set(told["snapshot_id"]) == {last.id}


def test_the_columns_that_only_one_side_has_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr(Okx, "extractor", "okx/2")
        imported(tmp_path, PAGE.replace("Published on May 4, 2026", ""))
    catalog = Catalog(imported(tmp_path, PAGE, first=2))
    found = diff_snapshots(catalog, *catalog.snapshots(EN))
    said = "one side does not have the columns published_on: 1 differences in them are kept apart"
    assert said in found.warnings
