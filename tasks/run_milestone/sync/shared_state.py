"""What a run shares: it takes the lock and the state, sends what matters as it happens, and lets go at its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from ..core.errors import BusyError, OutsideError, UsageError, UserError
from .branches import Work
from .push_pull import Exchange
from .remote_lock import RunLock, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..adapters.git import Git
    from ..adapters.git.state_refs import RemoteRefs, Swap
    from ..model import Milestone
    from ..store import State
    from .push_pull import Pushed

    Say = Callable[[Iterable[str]], None]


class Sharing(Protocol):
    """What a run does with the state that others see."""

    def enter(self, milestone: Milestone, state: State, git: Git, say: Say) -> list[str]:
        """Begin: nobody else runs the milestone from here on, and what they recorded is here; returns what is said."""

    def send(self, *, must: bool = False) -> None:
        """Send what was recorded; what prevents it is said and tried again at the end, or, if it `must`, an error."""

    def receive(self) -> None:
        """Bring what others recorded meanwhile: an answer, above all."""

    def close(self, refresh: Callable[[], None]) -> None:
        """Send all there is, after what is derived was derived again."""

    def leave(self) -> None:
        """Let go of the lock, where this run took it for itself."""


class Alone:
    """A run whose records nobody else needs."""

    def enter(self, milestone: Milestone, state: State, git: Git, say: Say) -> list[str]:
        """Begin without asking anybody."""
        _ = milestone, state, git, say
        return []

    def send(self, *, must: bool = False) -> None:
        """Send nothing."""

    def receive(self) -> None:
        """Bring nothing."""

    def close(self, refresh: Callable[[], None]) -> None:
        """Derive what is derived."""
        refresh()

    def leave(self) -> None:
        """Hold nothing."""


class Together:
    """A run that shares its state by refs of the remote. With the id of a `lock` it is one job of a run of several."""

    def __init__(self, lock: str | None = None) -> None:
        """Take a lock of its own, or the one of this id, which then stays when this run ends."""
        self._lock = lock or new_id()
        self._stays = lock is not None
        self._turn = threading.Lock()
        self._desk: Desk | None = None
        self._say: Say = _say_nothing
        self._complained = ""

    def enter(self, milestone: Milestone, state: State, git: Git, say: Say) -> list[str]:
        """Take the lock, then the state, and bring the branches it speaks of.

        Errors: BusyError where another run holds the lock, OutsideError where the remote refuses.
        """
        self._say = say
        desk = self._desk = Desk(milestone, state, git)
        try:
            desk.lock.take(self._lock)
        except UserError:
            self._desk = None
            raise
        return ["", f"✓ State of {milestone.id} taken over from the remote", *desk.refused] if desk.pull() else []

    def send(self, *, must: bool = False) -> None:
        """Send what was recorded so far.

        Errors: BusyError once the lock was taken away; whatever else prevents it is said once, unless it `must`.
        """
        desk = self._desk
        if desk is not None and must:
            with self._turn:
                desk.push(_nothing, self._say)
        elif desk is not None:
            self._safely(lambda: desk.push(_nothing, self._say))

    def _safely(self, exchange: Callable[[], object]) -> None:
        """Exchange, and say once what prevents it."""
        try:
            with self._turn:
                exchange()
        except BusyError:
            raise
        except UserError as error:
            if str(error) != self._complained:
                self._complained = str(error)
                self._say([f"⚠️ Not shared yet: {error}"])

    def receive(self) -> None:
        """Bring what others recorded meanwhile; what prevents it is said once."""
        if self._desk is not None:
            self._safely(self._desk.pull)

    def close(self, refresh: Callable[[], None]) -> None:
        """Send everything; derive again what others' records change.

        Errors: what prevents it, once all is recorded here.
        """
        refresh()
        if self._desk is not None:
            with self._turn:
                self._desk.push(refresh, self._say)

    def leave(self) -> None:
        """Let go of the lock this run took for itself; another's that came in its place stays."""
        desk, self._desk = self._desk, None
        if desk is not None and not self._stays:
            try:
                desk.lock.let_go(self._lock)
            except UserError as error:
                self._say([f"⚠️ The lock stays: {error}"])


class Desk:
    """The lock, the records and the work of one milestone, with the order in which they are exchanged."""

    def __init__(self, milestone: Milestone, state: State, git: Git) -> None:
        """Sit between `state` and the remote of `git`.

        Errors: UsageError where there is no remote that others could reach.
        """
        if git.is_alone:
            raise UsageError(
                f"{git.repository} has no remote, so there is nowhere to share the state of {milestone.id}.",
                "Add one (`git remote add origin URL`), or name one in the plan (`repository: {remote: URL}`).",
            )
        self._git = git
        self.state = state
        self.refs = git.shared
        self.lock = RunLock(milestone.id, git.shared)
        self.exchange = Exchange(milestone.id, state, git)
        self.work = Work(milestone, state, git)
        self._told: set[str] = set()
        """Issues of which it was said that their commits stay here."""

    @property
    def refused(self) -> list[str]:
        """What to say of answers that were left here for a number that means another issue now."""
        return self.exchange.records.refused

    def look(self) -> RemoteRefs:
        """Ask the remote once."""
        return self.refs.look()

    def pull(self) -> bool:
        """Take over records and branches; returns whether the records changed."""
        changed = False
        for again in (True, True, False):
            there = self.look()
            changed = self.exchange.take_over(there) or changed
            try:
                self.work.bring(there)
                break
            except OutsideError:  # a ref may have gone since it was seen: its commits are on a branch by now
                if not again:
                    raise
        return changed

    def push(self, refresh: Callable[[], None], say: Say) -> Pushed | None:
        """Send records and work; says whose work stays here."""
        pushed = self.exchange.publish(refresh, self._swaps)
        for number in sorted({*self.work.kept_here} - self._told):
            say([f"⚠️ The commits of #{number} stay here: they hold a secret, or could not be looked through"])
        self._told.update(self.work.kept_here)
        return pushed

    def _swaps(self, there: RemoteRefs, differing: set[str]) -> dict[str, Swap]:
        return {**self.lock.check(there), **self.work.swaps(there, differing)}


def _say_nothing(lines: Iterable[str]) -> None:
    _ = lines


def _nothing() -> None:
    """Derive nothing: the end of the run does."""
