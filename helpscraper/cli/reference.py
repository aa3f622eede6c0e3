"""Generate the command reference from the parsers: ``python -m helpscraper.cli.reference`` writes docs/commands.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from helpscraper.cli import COMMANDS, build_parser

__all__ = ["reference"]

_HEAD = """\
# Commands

Generated from `helpscraper COMMAND --help` by `make docs`; do not edit by hand.

"""


def reference() -> str:
    """Return the page as Markdown, the same with every version of Python."""
    parser = build_parser("*")
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return _HEAD + "\n".join("\n".join(_section(name, commands.choices[name])) for name in COMMANDS)


def _section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `helpscraper {name}`\n"
    yield f"{parser.description}\n"
    yield "| argument | meaning |\n|---|---|"
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield f"| {_named(action)} | {_meaning(action)} |"
    if parser.epilog:
        yield f"\n```text\n{parser.epilog.strip()}\n```"
    yield ""


def _named(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = ""
    if action.nargs != 0:
        choices = "|".join(map(str, action.choices)) if action.choices else None
        value = f" {action.metavar or choices or action.dest.upper()}"
    return ", ".join(f"`{flag}{value}`" for flag in action.option_strings).replace("|", "\\|")


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "") % {"default": action.default, "prog": "helpscraper"}
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    page = Path("docs/commands.md")
    if not page.parent.is_dir():
        sys.exit("there is no folder docs/ here: run this in the project's folder")
    page.write_text(reference(), encoding="utf-8")
