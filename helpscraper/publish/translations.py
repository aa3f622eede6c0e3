"""Choose the main edition, and find the same article in other locales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import Partition, default_partition
from helpscraper.archive.reader import Catalog
from helpscraper.publish.model import Translation, article_key
from helpscraper.sites import Sites, sites_at

__all__ = ["main_edition", "translations_by_article"]


def main_edition(partitions: Sequence[Partition]) -> Partition:
    """Return the edition for the front page: the default one if it is among them, else the first."""
    default = default_partition()
    return default if default is not None and default in partitions else partitions[0]


def translations_by_article(
    catalog: Catalog, partition: Partition, shown: Sequence[Partition]
) -> dict[str, tuple[Translation, ...]]:
    """Return the translations of each article of ``partition`` into the other locales ``shown``, by article id."""
    others = {each.locale for each in shown if each.site == partition.site and each != partition}
    if not others:
        return {}
    whole = Catalog(catalog.store, site=partition.site)
    base, sites = partition.locale, sites_at(catalog.store.uri)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in editions_table(whole, base).to_pylist():
        if row["edition"] is not None and row["locale"] in others:
            groups.setdefault(row["edition"], []).append(row)
    return {
        article_id: tuple(_translation(row, sites) for row in rows) for article_id, rows in groups.items()
    }


def _translation(row: Mapping[str, Any], sites: Sites) -> Translation:
    locale = sites.locale(row["site"], row["locale"])
    return Translation(
        row["locale"], locale.bcp47 if locale else row["locale"], locale.direction if locale else "ltr",
        str(row["title"]), f"{row['site']}/{row['locale']}/articles/{article_key(row['article_id'])}.html",
        row["days_behind"] if row["lags"] else None,
    )  # fmt: skip
