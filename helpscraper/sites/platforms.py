"""The names of the platforms that a declaration may use, and the entry point of each; no platform is imported here."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

__all__ = ["GROUP", "SHIPPED", "platform_entries"]

GROUP = "helpscraper.platforms"
"""The group of entry points by which a distribution adds platforms."""

SHIPPED = {
    "binance": "helpscraper.platforms.binance.platform:Binance",
    "bybit": "helpscraper.platforms.bybit.platform:Bybit",
    "document360": "helpscraper.platforms.document360.platform:Document360",
    "gitbook": "helpscraper.platforms.gitbook.platform:GitBook",
    "generic": "helpscraper.platforms.generic.platform:Generic",
    "intercom": "helpscraper.platforms.intercom.platform:Intercom",
    "okx": "helpscraper.platforms.okx.platform:Okx",
    "zendesk": "helpscraper.platforms.zendesk.platform:Zendesk",
    "zendesk-pages": "helpscraper.platforms.zendesk.platform:ZendeskPages",
}


def platform_entries() -> dict[str, EntryPoint]:
    """Return the platforms of other distributions and the shipped ones by name; a shipped one cannot be replaced."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    return dict(
        sorted((found | {name: EntryPoint(name, value, GROUP) for name, value in SHIPPED.items()}).items())
    )
