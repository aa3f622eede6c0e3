"""Commands in the process of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpscraper.cli import main


def ran(capsys: pytest.CaptureFixture[str], archive: Path | str, *words: str) -> tuple[int, str, str]:
    """Run the command ``words`` on ``archive`` and return its exit code and what it wrote on stdout and stderr."""
    code = main([words[0], "--archive", str(archive), *words[1:]])
    return code, *capsys.readouterr()
