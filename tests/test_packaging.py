"""The installed package is complete: templates, assets and phrases are part of it, like its modules."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "helpscraper"


def package_files() -> set[str]:
    """Every file of the package but for what Python makes itself, as paths from the repository's root."""
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_package_needs_files_that_are_no_modules() -> None:
    kinds = {Path(name).suffix for name in package_files()}
    assert kinds >= {".html", ".css", ".js", ".json", ".toml", ".typed"}


def test_no_file_of_the_package_is_ignored() -> None:
    """The build leaves out what .gitignore names, and says nothing."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    names = "\n".join(sorted(package_files()))
    # 0 and the names when some are ignored, 1 when none is.
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT, input=names, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", "")


@pytest.mark.long
def test_a_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    """Needs a package index: pip fetches the build backend."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True, timeout=300,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("helpscraper/")}
        (scripts,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "helpscraper = helpscraper.cli:main" in archive.read(scripts).decode()
    assert held == package_files()
