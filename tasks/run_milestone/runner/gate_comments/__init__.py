"""comments: questions are put on the forge, and comments that answer them become approval files, each once.

The forge itself is the memory: questions and replies carry hidden marks and are found again after a crash, and a
comment that became a decision is named by it. What a comment says goes the same way as a touched file.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError, OutsideError
from ...render import gate_comments
from .post import Asking
from .read import Hearing

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from ...adapters.forge import Forge
    from ...model import Asked, Gate, Milestone
    from ...store import State

PAUSE = 60.0
"""Seconds between two looks at the comments of a forge on the network."""


class Conversation:
    """The questions of one milestone on its forge, and what people answer there; one thread at a time talks."""

    def __init__(
        self,
        milestone: Milestone,
        state: State,
        forge: Forge,
        say: Callable[[Iterable[str]], None],
        others: Container[str] = (),
    ) -> None:
        """Talk about a milestone; `say` tells the terminal what could not be told to the forge.

        `others` are the gates of issues that other runs work on at this moment: nobody is asked or answered twice.
        """
        self._state = state
        self._say = say
        self._others = others
        self._asking = Asking(milestone, state, forge, say)
        self._hearing = Hearing(milestone, state, forge, others)
        self._pause = 0.0 if milestone.forge == "local" else PAUSE
        self._turn = threading.Lock()
        self._heard = -PAUSE
        self._told: set[str] = set()

    def put(self, gates: Iterable[Gate]) -> None:
        """Put questions on the forge that are not there yet."""
        for gate in gates:
            if gate.gate not in self._others:
                self._try(partial(self._asking.put, gate))

    def close(self) -> None:
        """Say on the forge which questions are answered, or not asked any more."""
        for asked in self._asked():
            gate = self._state.gates.read(asked.gate)
            if gate is None or gate_comments.key(gate) != asked.key:
                self._try(partial(self._asking.close, asked))

    def hear(self, change_now: Callable[[Gate], str | None]) -> None:
        """Leave an approval file for each comment that answers an open question, and reply to those that cannot.

        `change_now` tells the identity of the change that a gate is about as it is at this moment.
        """
        if time.monotonic() - self._heard < self._pause:
            return
        self._heard = time.monotonic()
        self.put(self._state.gates.all())
        for thread in sorted({asked.thread for asked in self._asked()}):
            self._try(partial(self._hear, thread, change_now))

    def _hear(self, thread: int, change_now: Callable[[Gate], str | None]) -> None:
        comments = self._hearing.comments(thread)
        there = {comment.id for comment in comments}
        for asked in self._asked():
            if asked.thread == thread and asked.comment not in there:
                self._asking.put_again(asked)
        self._hearing.hear(thread, comments, change_now)

    def _asked(self) -> list[Asked]:
        return [asked for asked in self._state.asked.all() if asked.gate not in self._others]

    def _try(self, talk: Callable[[], None]) -> None:
        """Talk; a forge that does not listen holds nobody up, because the same can be said by a file."""
        try:
            with self._turn:
                talk()
        except (OutsideError, DamagedStateError) as error:
            if error.what not in self._told:
                self._told.add(error.what)
                what = f"⚠️ Comments could not be written or read: {error.what} Files in approvals/ answer as well."
                self._say([what])
