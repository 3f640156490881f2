"""Progress: one line on a terminal that tells what runs and for how long, gone when there is something to say."""

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
    """The line. It needs no escape sequence, so NO_COLOR changes nothing; a dumb or no terminal gets none.

    Its owner calls it one thread at a time, except for `tick`'s own thread, which tells the task.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        self._running: dict[int, tuple[str, float]] = {}
        self._width = 0

    def enter(self, task: str) -> None:
        """Take what this thread works on from now."""
        self._running[threading.get_ident()] = (task, time.monotonic())

    def leave(self) -> None:
        """Forget what this thread worked on."""
        self._running.pop(threading.get_ident(), None)

    def show(self, out: TextIO) -> None:
        """Write the line over the one before it."""
        now = time.monotonic()
        tasks = " · ".join(f"{task} {now - began:.0f} s" for task, began in sorted(self._running.values()))
        line = f"… {tasks}"[: shutil.get_terminal_size().columns - 1]
        out.write(f"\r{line.ljust(self._width)}")
        self._width = len(line)
        out.flush()

    def clear(self, out: TextIO) -> None:
        """Take the line away again."""
        if self._width:
            out.write(f"\r{' ' * self._width}\r")
            out.flush()
            self._width = 0


def wanted() -> bool:
    """Return whether somebody watches: a terminal that can go back to the start of its line."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
