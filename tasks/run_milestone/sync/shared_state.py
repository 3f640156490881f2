"""Keep a run's state in step with the remote: lock, pull at the start, push as records are made, release at the end."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from ..core.errors import BusyError, UserError
from ..render import shared_state as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Git
    from ..model import Milestone
    from ..store import State
    from .push_pull import StateSync


class LocalState:
    """The state of a run that stays on this machine: nothing is locked, pulled or pushed."""

    def start(self, milestone: Milestone, state: State, git: Git) -> list[str]:
        """Take the lock, then pull; returns lines for the console, as every method here does."""
        _ = milestone, state, git
        return []

    def pull(self) -> list[str]:
        """Merge what others pushed meanwhile, above all answers."""
        return []

    def push(self, *, required: bool = False) -> list[str]:
        """Push what was recorded so far."""
        _ = required
        return []

    def push_rounds(self) -> Iterator[None]:
        """Yield whenever summaries have to be derived again, and push after the last time."""
        yield

    def release(self) -> list[str]:
        """Release the lock that this run took."""
        return []


class SharedState(LocalState):
    """The state of a run that others share through the remote. One with a given lock is a job of a larger run."""

    def __init__(self, lock: str | None = None) -> None:
        """Work under the lock of this id, which stays when the run ends; by default under one of its own."""
        from .remote_lock import new_id

        self._lock = lock or new_id()
        self._is_job = lock is not None
        self._turn = threading.Lock()
        self._sync: StateSync | None = None
        self._last_problem = ""

    def start(self, milestone: Milestone, state: State, git: Git) -> list[str]:
        """Take the lock, then pull records and branches.

        Errors: BusyError where another run holds the lock, OutsideError where the remote refuses.
        """
        from .push_pull import StateSync

        sync = StateSync(milestone, state, git)
        sync.lock.take(self._lock)
        self._sync = sync
        return ["", words.pulled_at_start(milestone.id), *sync.take_notes()] if sync.pull() else []

    def pull(self) -> list[str]:
        """Merge what others pushed meanwhile; a problem is reported once."""
        lines: list[str] = []
        if self._sync is not None:
            with self._reporting(lines):
                self._sync.pull()
        return lines

    def push(self, *, required: bool = False) -> list[str]:
        """Push what was recorded so far; a problem is reported once, and raised where the push is `required`.

        Errors: BusyError once the lock was taken away.
        """
        lines: list[str] = []
        if self._sync is not None:
            with self._reporting(lines, required=required):
                self._sync.push()
            lines += self._sync.take_notes()
        return lines

    @contextlib.contextmanager
    def _reporting(self, lines: list[str], *, required: bool = False) -> Iterator[None]:
        """Let one thread talk to the remote; add a new problem to `lines`, because the next push tries again."""
        try:
            with self._turn:
                yield
        except BusyError:
            raise
        except UserError as error:
            if required:
                raise
            if str(error) != self._last_problem:
                self._last_problem = str(error)
                lines.append(words.not_shared_yet(error))

    def push_rounds(self) -> Iterator[None]:
        """Yield before the push and after each merge, so that summaries are derived from everything.

        Errors: what prevents the push, once all is recorded here.
        """
        yield
        if self._sync is not None:
            with self._turn:
                yield from self._sync.push_rounds()

    def release(self) -> list[str]:
        """Release the lock that this run took for itself; one that another run took since stays."""
        sync, self._sync = self._sync, None
        if sync is None:
            return []
        lines = sync.take_notes()
        if not self._is_job:
            try:
                sync.lock.release(self._lock)
            except UserError as error:
                lines.append(words.lock_stays(error))
        return lines
