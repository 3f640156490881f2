"""lanes: how many tasks run at once; with several jobs, agents keep working while what they made is checked."""

from __future__ import annotations

import contextlib
import heapq
import threading
from typing import TYPE_CHECKING

from ..model import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..policy.graph import Node


class Lane:
    """Lets so many through at once; of those that wait, the lowest rank is next."""

    def __init__(self, places: int) -> None:
        """Begin with all places free."""
        self._free = places
        self.waiting: list[int] = []
        """The ranks of those that wait, as a heap."""
        self._turn = threading.Condition()

    @contextlib.contextmanager
    def place(self, rank: int) -> Iterator[None]:
        """Wait for a place, and keep it as long as the block runs."""
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

    def _take(self, places: int) -> None:
        self._free -= places
        self._turn.notify_all()


class Lanes:
    """A lane for what implements, where an agent is waited for, and one for every other step of an issue.

    Both have `jobs` places, and whatever was asked for first is first in both. An issue that is being tested takes no
    agent's place, and one that waits for an agent keeps no other from being tested.
    """

    def __init__(self, jobs: int, asked: Sequence[str]) -> None:
        """Make lanes of `jobs` places for the issues and barriers that were asked for, in their order."""
        self._implementing, self._others = Lane(jobs), Lane(jobs)
        self._ranks = {name: rank for rank, name in enumerate(asked)}
        self.threads = 2 * jobs

    def place(self, node: Node) -> contextlib.AbstractContextManager[None]:
        """Return what to carry a node out in."""
        lane = self._implementing if node.step is Step.IMPLEMENT else self._others
        return lane.place(self._ranks.get(node.issue or node.name, len(self._ranks)))
