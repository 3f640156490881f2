"""How many tasks run at once, and which are still running when a run ends."""

from __future__ import annotations

import contextlib
import heapq
import threading
from typing import TYPE_CHECKING

from ..core.errors import Interrupted
from ..model import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..policy.graph import Node

GRACE = 10.0
"""Seconds that tasks in other threads have to notice that their programs were ended."""


class InFlight:
    """Track in-flight tasks. After `close()` no task starts, and `drain()` waits for the running ones."""

    def __init__(self) -> None:
        """Let tasks start."""
        self._idle = threading.Condition()
        self._running = 0
        self._closed = False

    @contextlib.contextmanager
    def task(self) -> Iterator[None]:
        """Count a task while it runs; one that comes after the end is refused."""
        if self._closed:
            raise Interrupted("The run was ended.", "The same command resumes it.")
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def close(self) -> None:
        """Let no task start any more."""
        self._closed = True

    def drain(self) -> None:
        """Wait for the running tasks, no longer than their grace."""
        with self._idle:
            self._idle.wait_for(lambda: not self._running, timeout=GRACE)


class PrioritySemaphore:
    """A semaphore that admits waiters by priority (lowest rank first)."""

    def __init__(self, slots: int) -> None:
        """Start with all slots free."""
        self._free = slots
        self.waiting: list[int] = []
        """The ranks of the waiters, as a heap."""
        self._turn = threading.Condition()

    @contextlib.contextmanager
    def slot(self, rank: int) -> Iterator[None]:
        """Wait for a slot, and keep it as long as the block runs."""
        with self._turn:
            heapq.heappush(self.waiting, rank)
            self._turn.wait_for(lambda: self._free > 0 and self.waiting[0] == rank)
            heapq.heappop(self.waiting)
            self._take(1)
        try:
            yield
        finally:
            with self._turn:
                self._take(-1)

    def _take(self, slots: int) -> None:
        self._free -= slots
        self._turn.notify_all()


class Slots:
    """Slots for the tasks of a run: `jobs` for steps that implement, and as many for all others.

    What was asked for first is first in both. An issue that is being tested takes no agent's slot, and one that waits
    for an agent keeps no other from being tested.
    """

    def __init__(self, jobs: int, names: Sequence[str]) -> None:
        """Make `jobs` slots of each kind for the issues and barriers that were asked for, in their order."""
        self._implementing, self._others = PrioritySemaphore(jobs), PrioritySemaphore(jobs)
        self._ranks = {name: rank for rank, name in enumerate(names)}
        self.threads = 2 * jobs

    def slot(self, node: Node) -> contextlib.AbstractContextManager[None]:
        """Return the slot to run a node in."""
        kind = self._implementing if node.step is Step.IMPLEMENT else self._others
        return kind.slot(self._ranks.get(node.issue or node.name, len(self._ranks)))
