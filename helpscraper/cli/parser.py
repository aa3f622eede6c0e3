"""The parsers of the command line: an overview by groups, and the nearest name for a misspelt one."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from helpscraper.errors import CommandError
from helpscraper.nearest import nearest

__all__ = ["Parser", "TopParser", "explain_unknown"]


class Parser(argparse.ArgumentParser):
    """A parser that names the nearest value for a wrong one, and keeps the lines of examples as they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Raise ``CommandError`` instead of printing the usage, which would hide the message below it."""
        raise CommandError(
            message.removeprefix("argument "), advice=f"run `{self.prog} --help` to list the arguments"
        )

    def options_of(self, command: str | None) -> list[str]:
        """Return the options of a command, or those of this parser where there is no such command."""
        (commands,) = (each for each in self._actions if isinstance(each, argparse._SubParsersAction))
        parser = commands.choices.get(command or "", self)
        return [option for action in parser._actions for option in action.option_strings]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = list(map(str, action.choices))
            raise argparse.ArgumentError(action, f"{value!r}: {_advice(str(value), choices)}")


class TopParser(Parser):
    """The parser of ``helpscraper`` itself; its help is the overview of the commands."""

    def __init__(self, groups: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(prog="helpscraper", description="Keeps the history of a help centre.")
        self._groups = groups

    def format_help(self) -> str:
        """Return the commands by group, one line each."""
        width = max(len(name) for names in self._groups.values() for name in names)
        parts = [
            "helpscraper keeps the history of a help centre.\n\nusage: helpscraper COMMAND [ARGUMENTS]\n"
        ]
        for heading, names in self._groups.items():
            lines = "".join(f"  {name:<{width}}  {text}\n" for name, text in names.items())
            parts.append(f"{heading}:\n{lines}")
        parts.append(
            "`helpscraper COMMAND --help` explains a command, `helpscraper --version` prints the version.\n"
        )
        return "\n".join(parts)


def explain_unknown(what: str, name: str, known: Iterable[str], otherwise: str) -> CommandError:
    """Return the error for an unknown name: it advises the nearest known names, or ``otherwise``."""
    # Dashes alone make no two options alike.
    names = {each.lstrip("-"): each for each in known}
    like = [names[each] for each in nearest(name.lstrip("-"), names, count=3)]
    return CommandError(
        f"{name}: no such {what}", advice=f"did you mean: {', '.join(like)}" if like else otherwise
    )


def _advice(name: str, choices: list[str]) -> str:
    asked = "".join(f"did you mean {each}? " for each in nearest(name, choices, count=1))
    return f"{asked}choose from {', '.join(choices)}"
