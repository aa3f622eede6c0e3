"""``helpscraper completion``."""

from __future__ import annotations

import argparse

__all__ = ["EXAMPLE", "configure", "run"]

EXAMPLE = """\
examples:
  eval "$(helpscraper completion bash)"                                    # in ~/.bashrc
  eval "$(helpscraper completion zsh)"                                     # in ~/.zshrc, after compinit
  mkdir -p ~/.config/fish/completions && helpscraper completion fish > ~/.config/fish/completions/helpscraper.fish

The shell then completes commands, options, sites, locales, snapshots and articles of the archive.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that reads the script")


def run(args: argparse.Namespace) -> int:
    """Print the script of one shell."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["helpscraper"], shell=args.shell))
    return 0
