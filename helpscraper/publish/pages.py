"""The templates of the report and of the feeds' index, which share one page around their contents (``page.html``)."""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["CSP", "environment"]

CSP = (
    # For a page on disk Firefox needs file:, because 'self' matches no other file; on a web server file: has no effect.
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'none'; base-uri 'none'; form-action"
    " 'none'; require-trusted-types-for 'script'; trusted-types helpscraper"
)


@cache
def environment(package: str) -> Environment:
    """Return the templates of a package: autoescape everywhere, and an error for an undefined name."""
    env = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("helpscraper.publish")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["CSP"] = Markup(CSP)  # noqa: S704 (a constant, whose quotes are safe inside double quotes)
    return env
