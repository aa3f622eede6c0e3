"""The pager of a terminal: what ``$PAGER`` names, else ``less``, with colours let through."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys

from rich.pager import Pager

__all__ = ["TerminalPager"]

# As git sets it: quit if it fits the screen, let colours through, leave the text on the screen. Without R, less shows
# the escape sequences themselves.
_LESS = "FRX"


class TerminalPager(Pager):
    """Shows a text in the user's pager; writes it straight out where there is none, or ``$PAGER`` is empty."""

    def show(self, content: str) -> None:
        """Show ``content`` and return when the pager was left; one that ends early is no error."""
        command = _command()
        if command is None:
            sys.stdout.write(content)
            sys.stdout.flush()
            return
        environment = {"LESS": _LESS, **os.environ}
        sys.stdout.flush()
        # By the shell, as everything that reads $PAGER does: it may hold arguments, or a pipe.
        with subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env=environment) as process:  # noqa: S602 (the user's own words)
            # Whoever has read enough quits, and Ctrl-C is the pager's own: it still holds the terminal.
            with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
                process.communicate(content.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
            while process.poll() is None:
                with contextlib.suppress(KeyboardInterrupt):
                    process.wait()


def _command() -> str | None:
    """Return the pager's command line, None where the text is to be written straight out."""
    if not sys.stdin.isatty() or os.environ.get("TERM") in {"dumb", "emacs"}:
        return None
    named = os.environ.get("PAGER", "less")
    try:
        words = shlex.split(named)
    except ValueError:  # a quotation that does not end
        return None
    return named if words and shutil.which(words[0]) else None
