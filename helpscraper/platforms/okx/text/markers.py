"""The markers before dates, as flattened text of the OKX help centre has them."""

from __future__ import annotations

import re

from helpscraper.normalise.calendars import SPACE, marker_expression
from helpscraper.normalise.markers import MARKERS

__all__ = ["LAST_UPDATED", "PUBLISHED", "UPDATED", "begins_marker"]

PUBLISHED = re.compile(f"({marker_expression(MARKERS['published'])}){SPACE}")
"""A marker of publication in any language, with the space after it; group 1 is the marker."""

UPDATED = re.compile(f"({marker_expression(MARKERS['updated'])}){SPACE}")
"""A marker of the last update, likewise."""


# Labels of a body's own update date, where no colon follows; the site's own markers differ.
_LAST_UPDATED = (
    *(
        "Last updated on",
        "Last updated",
        "Zuletzt aktualisiert am",
        "Zuletzt aktualisiert",
        "Stand",
        "Sist oppdatert",
    ),
    *(
        "Senast uppdaterad den",
        "Senast uppdaterad",
        "Viimeksi päivitetty",
        "Dernière mise à jour le",
        "Mis à jour le",
    ),
    *(
        "Dernière mise à jour",
        "Ultimo aggiornamento",
        "Aggiornato il",
        "Última actualización el",
        "Actualizado",
    ),
    *(
        "Última actualización",
        "Última atualização em",
        "Última atualização",
        "Atualizado",
        "Laatst bijgewerkt op",
    ),
    *(
        "Laatst bijgewerkt",
        "Bijgewerkt op",
        "Ostatnia aktualizacja",
        "Ultima actualizare",
        "Poslední aktualizace",
    ),
    *(
        "Последнее обновление",
        "Останнє оновлення",
        "Son güncelleme",
        "Cập nhật lần cuối",
        "Terakhir diperbarui",
    ),
    *(
        "Terakhir diperbarui pada",
        "最后更新于",
        "最后更新",
        "最後更新於",
        "最後更新",
        "آخر تحديث في",
        "آخر تحديث",
    ),
)
LAST_UPDATED = re.compile(f"(?:{marker_expression(_LAST_UPDATED)}){SPACE}", re.IGNORECASE)
"""A label before a body's own date, with the space after it."""


def begins_marker(text: str) -> bool:
    """Tell whether ``text`` is a marker or the beginning of one that was cut off ("Updat").

    >>> begins_marker("Updat"), begins_marker("Updates")
    (True, False)
    """
    return any(
        _spaced(phrase).startswith(_spaced(text)) for phrase in (*MARKERS["published"], *MARKERS["updated"])
    )


def _spaced(text: str) -> str:
    return " ".join(text.replace(" :", ":").split())
