"""``nox`` runs the fast tests on each Python, with the lowest and with the newest versions of every package.

``nox --session "tests-3.13(versions='lowest')"`` runs one of them; words after ``--`` go to pytest in place of
``FAST``. The lowest versions are those of ``pyproject.toml``, or the next ones that have a wheel for the Python.
"""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False

FAST = (
    "-m", "not slow", "-n", "auto", "--dist", "loadfile",
    "--ignore=tests/e2e", "--ignore=tests/docs", "--ignore=tests/report/test_browser.py",
)  # fmt: skip
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
@nox.parametrize("versions", list(RESOLUTIONS))
def tests(session: nox.Session, versions: str) -> None:
    """Run the fast tests, or those that are named after ``--``."""
    session.install(
        "--resolution", RESOLUTIONS[versions], "--only-binary", ":all:", "--no-binary", "helpscraper",
        "--editable", ".[dev]",
    )  # fmt: skip
    session.run("python", "-m", "pytest", *(session.posargs or FAST))
