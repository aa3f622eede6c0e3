"""The contracts in ``.importlinter`` name every platform, and every module that must not import one by name."""

from __future__ import annotations

from configparser import ConfigParser

from tests.conftest import ROOT

PACKAGE = ROOT / "helpscraper"
# The sample is a site of a platform; a package itself imports nothing.
SPECIAL = {"helpscraper.sample", "helpscraper.platforms", "helpscraper.__init__", "helpscraper.__main__"}


def modules(folder: str) -> set[str]:
    """The modules and packages right below a folder of the package."""
    found = (PACKAGE / folder).iterdir()
    kept = [path for path in found if path.suffix == ".py" or (path / "__init__.py").is_file()]
    return {".".join((path.relative_to(ROOT).with_suffix("")).parts) for path in kept}


def test_no_module_is_left_out() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    contract = contracts["importlinter:contract:platforms-by-name"]
    sources = set(contract["source_modules"].split())
    general = {"helpscraper.platforms.__init__", "helpscraper.platforms.contract"}
    platforms = modules("platforms") - general
    assert set(contract["forbidden_modules"].split()) == platforms
    # None of them imports a platform, for each is imported by modules that may not.
    low = {"helpscraper.errors", "helpscraper.json_text", "helpscraper.locales"}
    assert sources == (modules(".") - SPECIAL - low) | {"helpscraper.platforms.contract"}
