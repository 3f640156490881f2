"""Shows on one line of the terminal which tasks run and for how long, and removes it before other output."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class Progress:
    """The progress line. It uses no escape sequence, so NO_COLOR changes nothing.

    The console calls it under a lock, from the thread that runs the task.
    """

    def __init__(self) -> None:
        """Start with no running task."""
        self._running: dict[int, tuple[str, float]] = {}
        self._width = 0

    def enter(self, task: str) -> None:
        """Set the task that this thread runs."""
        self._running[threading.get_ident()] = (task, time.monotonic())

    def leave(self) -> None:
        """Clear the task that this thread ran."""
        self._running.pop(threading.get_ident(), None)

    def show(self, out: TextIO) -> None:
        """Overwrite the line."""
        now = time.monotonic()
        tasks = " · ".join(f"{task} {now - began:.0f} s" for task, began in sorted(self._running.values()))
        line = f"… {tasks}"[: shutil.get_terminal_size().columns - 1]
        out.write(f"\r{line.ljust(self._width)}")
        self._width = len(line)
        out.flush()

    def clear(self, out: TextIO) -> None:
        """Remove the line."""
        if self._width:
            out.write(f"\r{' ' * self._width}\r")
            out.flush()
            self._width = 0


def is_terminal() -> bool:
    """Return whether standard output is a terminal that can return to the start of its line."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
