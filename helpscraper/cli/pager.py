"""Show text in the pager of the terminal: ``$PAGER``, else ``less``, with colours."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys

from rich.pager import Pager

__all__ = ["TerminalPager"]

# As git does: F quits if the text fits the screen, R shows colours, X leaves the text on the screen.
_LESS = "FRX"


class TerminalPager(Pager):
    """Shows a text in the user's pager; prints it when there is none or ``$PAGER`` is empty."""

    def show(self, content: str) -> None:
        """Show ``content`` and return when the pager ends; one that ends early is not an error."""
        command = _command()
        if command is None:
            sys.stdout.write(content)
            sys.stdout.flush()
            return
        environment = {"LESS": _LESS, **os.environ}
        sys.stdout.flush()
        # $PAGER is a shell command: it may hold arguments or a pipe.
        with subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env=environment) as process:  # noqa: S602 (the user's words)
            # The user may quit the pager early; Ctrl-C is for the pager, which still has the terminal.
            with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
                process.communicate(content.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
            while process.poll() is None:
                with contextlib.suppress(KeyboardInterrupt):
                    process.wait()


def _command() -> str | None:
    """Return the pager's command line, None to print without a pager."""
    if not sys.stdin.isatty() or os.environ.get("TERM") in {"dumb", "emacs"}:
        return None
    named = os.environ.get("PAGER", "less")
    try:
        words = shlex.split(named)
    except ValueError:  # an unclosed quotation mark
        return None
    return named if words and shutil.which(words[0]) else None
