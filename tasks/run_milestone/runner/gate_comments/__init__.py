"""Post questions on the forge and collect the comments that answer them.

The forge is the memory: questions and replies carry hidden marks and are recognised after a crash, and a decision names
the comment it was made from. A comment is collected as an approval and judged with the approval files.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from ...core.errors import DamagedStateError, OutsideError
from ...policy.gating import question_key
from ...policy.teams import bare
from ...render import gate_comments as words
from .post import Poster
from .read import COMMENT, Reader

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from ...adapters.forge import Forge
    from ...model import Approval, Asked, Decision, Gate, Milestone
    from ...render.console import Console
    from ...store import State
    from ..decide import Refused

PAUSE = 60.0
"""Seconds between two reads of the comments on a forge on the network."""


class GateComments:
    """The questions of one milestone on its forge, and the answers there. One thread at a time talks to the forge.

    A failure of the forge is reported once and stops nobody, because approval files answer as well.
    """

    def __init__(
        self, milestone: Milestone, state: State, forge: Forge, console: Console, others: Container[str] = ()
    ) -> None:
        """Talk about a milestone; gates of `others` are left to the runs that work on those issues."""
        self._state = state
        self._console = console
        self._others = others
        self._poster = Poster(milestone, state, forge, console)
        self._reader = Reader(milestone, state, forge, others)
        self._pause = 0.0 if milestone.forge == "local" else PAUSE
        self._turn = threading.Lock()
        self._last_read = -PAUSE
        self._reported: set[str] = set()

    def post(self, gates: Iterable[Gate]) -> None:
        """Post the questions of gates where they are not posted yet."""
        for gate in gates:
            if gate.gate not in self._others:
                with self._talking():
                    self._poster.post(gate)

    def close(self) -> None:
        """Mark the questions as closed that are answered, or not asked any more."""
        for asked in self._asked():
            gate = self._state.gates.read(asked.gate)
            if gate is None or question_key(gate) != asked.key:
                with self._talking():
                    self._poster.close(asked)

    def collect(self) -> list[Approval]:
        """Return the comments that answer a question; none before the pause since the last read is over."""
        if time.monotonic() - self._last_read < self._pause:
            return []
        self._last_read = time.monotonic()
        self.post(self._state.gates.all())
        approvals: list[Approval] = []
        for thread in sorted({asked.thread for asked in self._asked()}):
            with self._talking():
                approvals += self._collect(thread)
        return approvals

    def _collect(self, thread: int) -> list[Approval]:
        comments = self._reader.comments(thread)
        existing = {comment.id for comment in comments}
        for asked in self._asked():
            if asked.thread == thread and asked.comment not in existing:
                self._poster.post_again(asked)
        return self._reader.collect(thread, comments)

    def withdrawn(self, answers: Iterable[Decision]) -> tuple[set[str], set[str]]:
        """Return which answers by comment do not stand any more, by source: deleted, edited, or without the right.

        Neither does one whose author has another name now: that name may answer again. The second are those of which
        the forge does not tell now.
        """
        who = {source: one.who for one in answers if (source := one.source or "").startswith(COMMENT)}
        unknown = {*who}
        gone = set[str]()
        for thread in {int(source.split(":")[1]) for source in unknown}:
            with self._talking():
                standing = self._reader.standing(thread)
                asked = {source for source in unknown if int(source.split(":")[1]) == thread}
                same = {source for source, author in standing.items() if bare(author) == bare(who.get(source, ""))}
                gone, unknown = gone | (asked - same), unknown - asked
        return gone, unknown

    def reply(self, refused: Iterable[Refused]) -> None:
        """Reply to the comments that were not taken, each once."""
        for one in refused:
            with self._talking():
                self._reader.reply(one.approval, one.why)

    def _asked(self) -> list[Asked]:
        return [asked for asked in self._state.asked.all() if asked.gate not in self._others]

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            with self._turn:
                yield
        except (OutsideError, DamagedStateError) as error:
            if error.what not in self._reported:
                self._reported.add(error.what)
                self._console.say([words.unreachable(error.what)])
