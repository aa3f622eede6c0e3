"""HTTP validators, kept beside the archive from one crawl to the next.

They are used only when the newest run is their own and was committed; after a failed or refused run every
page is requested in full.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from helpscraper.archive.layout import Partition
from helpscraper.archive.reader import Catalog
from helpscraper.archive.run_facts import RunFacts

__all__ = ["Validators", "load_validators", "save_validators"]

logger = logging.getLogger(__name__)

Validators = dict[str, tuple[str | None, str | None]]
"""(ETag, Last-Modified) by article id."""


def load_validators(catalog: Catalog, partition: Partition, newest: RunFacts | None) -> Validators:
    """Return the validators of the last crawl if ``newest``, the newest run of all, is that crawl and was committed."""
    path = _path(catalog, partition)
    if newest is None or newest.outcome not in {"committed", "incomplete"}:
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["run_id"] != newest.run_id:
            return {}
        return {article_id: (etag, modified) for article_id, (etag, modified) in kept["validators"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Validators only save transfer; without them every page is fetched in full.
        logger.warning("%s: the validators cannot be read (%s); fetching in full", path, error)
        return {}


def save_validators(
    catalog: Catalog,
    partition: Partition,
    run_id: str,
    validators: Mapping[str, tuple[str | None, str | None]],
) -> None:
    """Keep the validators that came with the committed run ``run_id``."""
    path = _path(catalog, partition)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"run_id": run_id, "validators": validators}), encoding="utf-8")
    temporary.replace(path)


def _path(catalog: Catalog, partition: Partition) -> Path:
    return catalog.store.state_dir(partition) / "validators.json"
