"""Writes a run's lines to the terminal, sanitised, and keeps the lines of parallel issues apart."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING

from ..core.text import for_terminal
from . import transcript
from .progress import Progress, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from ..model import Issue


class Console:
    """Writes lines to a stream. With `apart`, an issue's lines are buffered until it stops."""

    def __init__(self, out: TextIO | None = None, *, apart: bool = False) -> None:
        """Write to `out` (default: what `sys.stdout` is when a line is written)."""
        self._out = out
        self._turn = threading.Lock()
        self._apart = apart
        self._buffered: dict[str, list[str]] = {}
        self._entered: set[str] = set()
        self._last: Issue | None = None
        self._blank = True
        self._progress = Progress() if out is None and is_terminal() else None

    def say(self, lines: Iterable[str], issue: str | None = None) -> None:
        """Write lines, or buffer them where they are an issue's and issues run in parallel."""
        if self._apart and issue is not None:
            self._buffered.setdefault(issue, []).extend(lines)
        else:
            self._write(lines)

    def enter(self, issue: Issue) -> None:
        """Write an issue's banner the first time this run works on it."""
        if issue.number in self._entered:
            return
        self._entered.add(issue.number)
        self.say([*self._arrow(issue), *transcript.issue_banner(issue)], issue.number)
        self._last = issue

    def _arrow(self, issue: Issue) -> list[str]:
        if self._apart:
            return []
        if self._last is None and issue.phase == 1:
            return ["", f"→ Starting Issue #{issue.number}"]
        if self._last is None or self._last.phase != issue.phase:
            return ["", *transcript.phase_opened(issue.phase, issue)]
        return ["", f"→ Proceeding to Issue #{issue.number}"]

    @property
    def progress(self) -> Callable[[str, float], None] | None:
        """The function to call while a command runs, None where output is not a terminal."""
        return self._tick if self._progress else None

    def _tick(self, command: str, seconds: float) -> None:
        """Show the running tasks; the command that runs is not shown."""
        _ = command, seconds
        with self._turn:
            if self._progress:
                self._progress.show(sys.stdout)

    @contextlib.contextmanager
    def working(self, task: str) -> Iterator[None]:
        """Show a task on the progress line while it runs."""
        if self._progress is None:
            yield
            return
        with self._turn:
            self._progress.enter(task)
        try:
            yield
        finally:
            with self._turn:
                self._progress.leave()
                self._progress.clear(sys.stdout)

    def leave(self, issue: str) -> None:
        """Write the buffered lines of an issue, in one piece."""
        self._write(self._buffered.pop(issue, []))

    def leave_all(self) -> None:
        """Write the buffered lines of all issues."""
        for issue in sorted(self._buffered):
            self.leave(issue)

    def _write(self, lines: Iterable[str]) -> None:
        with self._turn:
            text = "".join(f"{for_terminal(line)}\n" for line in self._spaced(lines))
            # a closed pipe (`| head`) must not end a run in the middle
            with contextlib.suppress(BrokenPipeError):
                out = self._out or sys.stdout
                if self._progress:
                    self._progress.clear(out)
                out.write(text)
                out.flush()

    def _spaced(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines with at most one empty line between two others."""
        for line in lines:
            if line or not self._blank:
                yield line
            self._blank = not line
