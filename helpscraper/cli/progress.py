"""A progress bar for commands that read many records, on a terminal only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar"]


class Bar:
    """Shows one task after the other; ``show`` is passed to the library as its progress callback."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._shown: tuple[str, int, int] | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def show(self, name: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of the task ``name`` are done."""
        if self._progress is None:
            if not sys.stderr.isatty():
                return
            self._progress = _start()
        name_before, done_before, total_before = self._shown or (name, done, total)
        # A task that changes its name while it goes on keeps its bar, and so its remaining time.
        if self._task is not None and name != name_before and (total != total_before or done < done_before):
            self._progress.remove_task(self._task)
            self._task = None
        if self._task is None:
            self._task = self._progress.add_task(name, total=total, completed=done, unit=self._unit)
        self._progress.update(self._task, description=name, completed=done, total=total)
        self._shown = name, done, total

    def note(self, text: str) -> None:
        """Show ``text`` beside the bar until the next task, so that a long step is seen to go on."""
        if self._shown is not None:
            self.show(*self._shown)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, unit=text)

    def say(self, text: str, file: IO[str] | None = None) -> None:
        """Print a line after removing the bar; the next ``show`` draws it again."""
        # While a bar is shown, rich redirects both streams to that of the bar and wraps lines.
        self._clear()
        print(text, file=file or sys.stdout, flush=True)

    def _clear(self) -> None:
        if self._progress is not None:
            self._progress.stop()
        self._progress = self._task = None


def _start() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.start()
    return progress
