"""shift: what of a run is under way in its threads; once it is over nothing begins, and its end waits for the rest."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from ..core.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

GRACE = 10.0
"""Seconds that work in other threads has to notice that its programs were ended."""


class Shift:
    """Counts what is under way; any thread may ask."""

    def __init__(self) -> None:
        """Let work begin."""
        self._idle = threading.Condition()
        self._busy = 0
        self._over = False

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Count a piece of work while it is under way; one that comes after the end is refused."""
        if self._over:
            raise Interrupted("The run was ended.", "The same command resumes it.")
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def end(self) -> None:
        """Let nothing begin any more."""
        self._over = True

    def wait(self) -> None:
        """Wait for what is under way, no longer than its grace."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, timeout=GRACE)
