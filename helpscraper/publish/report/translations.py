"""The editions of a help centre, and the same article in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpscraper.archive.editions import editions_table
from helpscraper.archive.layout import Partition, default_partition
from helpscraper.archive.reader import Catalog
from helpscraper.publish.report.model import Edition, article_key
from helpscraper.sites import Sites, sites_at

__all__ = ["editions_by_article", "lead_of"]


def lead_of(partitions: Sequence[Partition]) -> Partition:
    """Return the edition that stands for all of them: the default one where it is among them, else the first."""
    default = default_partition()
    return default if default in partitions else partitions[0]


def editions_by_article(
    catalog: Catalog, partition: Partition, shown: Sequence[Partition]
) -> dict[str, tuple[Edition, ...]]:
    """Return the editions in the other locales ``shown`` of each article of ``partition``, by its id."""
    others = {each.locale for each in shown if each.site == partition.site and each != partition}
    if not others:
        return {}
    whole = Catalog(catalog.store, site=partition.site)
    base, sites = partition.locale, sites_at(catalog.store.uri)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in editions_table(whole, base).to_pylist():
        if row["edition"] is not None and row["locale"] in others:
            groups.setdefault(row["edition"], []).append(row)
    return {article_id: tuple(_edition(row, sites) for row in rows) for article_id, rows in groups.items()}


def _edition(row: Mapping[str, Any], sites: Sites) -> Edition:
    locale = sites.locale(row["site"], row["locale"])
    return Edition(
        row["locale"], locale.bcp47 if locale else row["locale"], locale.direction if locale else "ltr",
        str(row["title"]), f"{row['site']}/{row['locale']}/articles/{article_key(row['article_id'])}.html",
        row["days_behind"] if row["lags"] else None,
    )  # fmt: skip
