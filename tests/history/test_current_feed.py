"""A current feed answers what else takes a diff or the bodies."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.archive.bodies import BodyIndex
from helpscraper.archive.layout import changes_path
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.diff import diff_snapshots
from helpscraper.history.feed import changes_feed
from helpscraper.items import Body
from helpscraper.normalise.bodies import body_key
from tests.conftest import article
from tests.history.worlds import MONDAY
from tests.long_history import EN, facts_of
from tests.tables import articles_table


def test_the_pictures_of_neighbours_come_from_the_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(tmp_path)
    for name, picture, word in (("20261116T060000Z", "old", "one"), ("20261117T060000Z", "new", "two")):
        at = MONDAY.replace(day=int(name[6:8]))
        texts = {"fees": f"![a](https://cdn.example/{picture}.png) words", "limits": f"{word} words"}
        bodies = {key: Body(body_key(text, text), text, text, text) for key, text in texts.items()}
        rows = articles_table([article(at, key, body_sha256=each.sha256) for key, each in bodies.items()])
        fresh, run = bodies_table(bodies.values(), at), facts_of(name, rows)
        feed = changes_feed(catalog, EN, name, rows, run, fresh.to_batches())
        write_snapshot(catalog.store, EN, name, rows, fresh, run, feed)
    with monkeypatch.context() as patch:
        patch.setattr(BodyIndex, "fetch", lambda *_: pytest.fail("a body was read"))
        told = diff_snapshots(catalog)
    (record,) = [each for each in told.records() if each["field"] == "picture"]
    assert record["before"] == '["https://cdn.example/old.png"]'
    assert record["after"] == '["https://cdn.example/new.png"]'
    assert len(told.records()) == 3
    catalog.store.remove(changes_path(EN, name))
    assert diff_snapshots(catalog).records() == told.records()
