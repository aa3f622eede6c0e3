"""A small archive with a story: five days of five articles, committed with their change feeds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from helpscraper.archive.layout import Partition, snapshot_id
from helpscraper.archive.reader import Catalog
from helpscraper.archive.schema import bodies_table
from helpscraper.archive.writer import write_snapshot
from helpscraper.history.feed import changes_feed
from helpscraper.items import Article, Body
from helpscraper.normalise.bodies import body_key
from tests.history.worlds import MONDAY, row, run
from tests.tables import articles_table

PASSKEY = (
    "A passkey is a key that stays on your device.\nOpen the settings.\nChoose Passkey and follow the page."
)
FEES = "Level\tMaker\tTaker\nOne\t0.08 %\t0.10 %\nTwo\t0.06 %\t0.09 %\nFees are charged in the asset that you get."
LIMITS = "A day's withdrawals are limited.\nThe limit rises when you are verified.\nAsk us for more."
FAREWELL = "This notice says goodbye."
EN = Partition("okx", "en")


def body_of(text: str, markdown: str | None = None) -> Body:
    marked = text if markdown is None else markdown
    return Body(body_key(text, marked), text, marked, f"<p>{text}</p>")


def committed(
    folder: Path,
    day: int,
    rows: list[dict[str, Any]],
    *,
    partition: Partition = EN,
    feed: bool = True,
    **facts: Any,
) -> Catalog:
    """Commit one day's rows, each with its ``body`` or the text of one, as a crawl does it."""
    at = MONDAY + dt.timedelta(days=day)
    bodies = {
        each["body"]: body_of(each["body"]) if isinstance(each["body"], str) else each["body"]
        for each in rows
        if each["body"]
    }
    articles = [
        Article(**{k: v for k, v in each.items() if k != "body"} | {
            "snapshot_at": at, "body_sha256": bodies[each["body"]].sha256 if each["body"] else None,
        })
        for each in rows
    ]  # fmt: skip
    catalog = Catalog(folder)
    table, stored = articles_table(articles), bodies_table(bodies.values(), at)
    known = run(day, site=partition.site, locale=partition.locale, outcome="committed", **facts)
    name = snapshot_id(at)
    changes = changes_feed(catalog, partition, name, table, known, stored.to_batches()) if feed else None
    write_snapshot(catalog.store, partition, name, table, stored, known, changes)
    return catalog


def days() -> list[list[dict[str, Any]]]:
    """The rows of each day."""
    passkey = row("set-up-a-passkey", title="Set up a passkey", body=PASSKEY, view_count=100)
    fees = row(
        "trading-fees", title="Trading fees", section="fees", listed_in=["fees"], body=FEES, view_count=900
    )
    limits = row("limits", title="Limits", body=LIMITS, source_id="cms-7", view_count=None)
    farewell = row(
        "farewell",
        title="Farewell",
        section="api",
        listed_in=["api", "latest"],
        body=FAREWELL,
        view_count=None,
    )
    dearer = FEES.replace("0.10 %", "0.12 %")
    second = [passkey | {"view_count": 160}, fees | {"body": dearer}, limits]
    moved = "\n".join([PASSKEY.splitlines()[0], *reversed(PASSKEY.splitlines()[1:])])
    later = MONDAY + dt.timedelta(days=2, hours=-3)
    renamed = limits | {
        "article_id": "withdrawal-limits", "url": "https://help.example/help/withdrawal-limits",
        "body": LIMITS.replace("for more", "for a higher one"), "updated_at": later, "updated_on": later.date(),
    }  # fmt: skip
    third = [second[0] | {"view_count": 190}, second[1], renamed]
    fourth = [
        third[0] | {"title": "Set up a passkey now", "body": moved},
        *third[1:],
        row("new-here", body="Welcome."),
    ]
    fifth = [fourth[0] | {"view_count": 5}, *fourth[2:]]
    return [[passkey, fees, limits, farewell], second, third, fourth, fifth]


def story(folder: Path, *, feed: bool = True) -> Catalog:
    """Build the archive: on the last day the section ``fees`` could not be read."""
    catalog = Catalog(folder)
    for day, rows in enumerate(days()):
        facts: dict[str, Any] = {}
        if day == 4:
            sections = run().to_json()["sections"] | {"fees": {"whole": False, "content_type": "section"}}
            facts = {"complete": False, "sections": sections}
        catalog = committed(folder, day, rows, feed=feed, **facts)
    return catalog
