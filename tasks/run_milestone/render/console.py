"""The console: where a run's lines go; redacted, inert, and never two issues mixed."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING

from ..core.text import for_terminal
from . import transcript
from .progress import Progress, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from ..model import Issue


class Console:
    """Writes lines to a stream. With `apart`, an issue's lines are kept until it stops, so that none are mixed."""

    def __init__(self, out: TextIO | None = None, *, apart: bool = False) -> None:
        """Write to `out` (default: standard output as it is when a line is said)."""
        self._out = out
        self._turn = threading.Lock()
        self._apart = apart
        self._kept: dict[str, list[str]] = {}
        self._entered: set[str] = set()
        self._last: Issue | None = None
        self._blank = True
        self._progress = Progress() if out is None and wanted() else None

    def say(self, lines: Iterable[str], issue: str | None = None) -> None:
        """Say lines, those of an issue together."""
        if self._apart and issue is not None:
            self._kept.setdefault(issue, []).extend(lines)
        else:
            self._write(lines)

    def enter(self, issue: Issue) -> None:
        """Announce an issue the first time something is done for it in this run."""
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
        """What hears that something still runs; None where nobody watches."""
        return self._tick if self._progress else None

    def _tick(self, command: str, seconds: float) -> None:
        """Show what runs, by task: the command is the runner's business."""
        _ = command, seconds
        with self._turn:
            if self._progress:
                self._progress.show(sys.stdout)

    @contextlib.contextmanager
    def working(self, task: str) -> Iterator[None]:
        """Show a task as running while it is."""
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
        """Let go of what was kept for an issue, in one piece."""
        self._write(self._kept.pop(issue, []))

    def leave_all(self) -> None:
        """Let go of everything kept."""
        for issue in sorted(self._kept):
            self.leave(issue)

    def _write(self, lines: Iterable[str]) -> None:
        with self._turn:
            text = "".join(f"{for_terminal(line)}\n" for line in self._spaced(lines))
            # a reader that went away (`| head`) must not end a run in the middle
            with contextlib.suppress(BrokenPipeError):
                out = self._out or sys.stdout
                if self._progress:
                    self._progress.clear(out)
                out.write(text)
                out.flush()

    def _spaced(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines with never more than one empty line between two others."""
        for line in lines:
            if line or not self._blank:
                yield line
            self._blank = not line
