"""The command reference equals the parsers."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.cli.reference import reference


def test_the_command_reference_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELPSCRAPER_ARCHIVE", raising=False)
    page = Path(__file__).parent.parent.parent / "docs" / "commands.md"
    assert page.read_text(encoding="utf-8") == reference(), "run make docs"
