"""Keep a run's state in step with the remote: lock, pull at the start, push as records are made, release at the end."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import BusyError, OutsideError, UserError
from ..render import shared_state as words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..adapters.git import Git
    from ..model import Milestone
    from ..store import State
    from .push_pull import StateSync
    from .remote_lock import RemoteLock


class LocalState:
    """The state of a run that stays on this machine: nothing is locked, pulled or pushed."""

    def lock(self, milestone: Milestone, state: State, git: Git) -> Iterator[str]:
        """Take the lock; yields lines to say at once, before it waits."""
        _ = milestone, state, git
        yield from ()

    def confirm(self, *, required: bool = False) -> None:
        """Make sure that the lock is still held, before a task begins or, where `required`, something is sent."""
        _ = required

    def start(self) -> list[str]:
        """Pull; returns lines for the console, as the methods below do."""
        return []

    def take(self, folder: str) -> list[str]:
        """Take up what jobs without rights left in a folder; returns lines for the console."""
        _ = folder
        return []

    def accept(self) -> None:
        """Let what was taken up be sent, now that it was looked at against the branches."""

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
        self._lost: BusyError | None = None
        self._over = threading.Event()
        self._turn = threading.Lock()
        self._sync: StateSync | None = None
        self._last_problem = ""
        self._is_unchecked = False
        """Whether records were taken up that nobody looked at yet: they stay here, however the run ends."""

    def lock(self, milestone: Milestone, state: State, git: Git) -> Iterator[str]:
        """Take the lock, and renew it from now on; one that seems to have ended is watched first.

        Errors: BusyError where another run holds the lock, OutsideError where the remote refuses.
        """
        from .push_pull import StateSync

        sync = StateSync(milestone, state, git)
        yield from take_lock(sync.lock, self._lock, named=self._is_job)
        self._sync = sync
        threading.Thread(target=self._renew, args=(sync,), name="lock", daemon=True).start()

    def start(self) -> list[str]:
        """Pull records and branches.

        Errors: those of `StateSync.pull`.
        """
        sync = self._sync
        return ["", words.pulled_at_start(sync.milestone), *sync.take_notes()] if sync and sync.pull() else []

    def take(self, folder: str) -> list[str]:
        """Take up what jobs without rights left in a folder, all of it or nothing of a file.

        Errors: DamagedStateError for a file that holds more than such a job may hand back.
        """
        from .results import take_result

        files = sorted(Path(folder).glob("*.bundle")) if folder else []
        self._is_unchecked = bool(files)
        return [line for file in files if self._sync for line in take_result(self._sync, file)]

    def accept(self) -> None:
        """Let what was taken up be sent, now that it was looked at against the branches."""
        self._is_unchecked = False

    def _renew(self, sync: StateSync) -> None:
        """Renew the lock now and then until it is released or lost, which `confirm` tells; a failure is tried again."""
        from .remote_lock import RENEWAL

        while not self._over.wait(RENEWAL) and self._lost is None:
            with contextlib.suppress(UserError, OSError), self._turn:
                if not self._over.is_set():
                    self._holding(sync.lock.renew)

    def confirm(self, *, required: bool = False) -> None:
        """Make sure that the lock is still held, before a task begins or, where `required`, something is sent.

        Errors: BusyError once it is not; where `required`, OutsideError while the remote cannot tell.
        """
        if self._sync is None:
            return
        with contextlib.nullcontext() if required else contextlib.suppress(OutsideError), self._turn:
            self._holding(self._sync.lock.confirm)

    def _holding(self, ask: Callable[[], None]) -> None:
        """Ask the remote for the lock, and remember that it was lost."""
        if self._lost is not None:
            raise self._lost
        try:
            ask()
        except BusyError as lost:
            self._lost = lost
            raise

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
        if self._sync is not None and not self._is_unchecked:
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
        if self._sync is not None and not self._is_unchecked:
            with self._turn:
                yield from self._sync.push_rounds()

    def release(self) -> list[str]:
        """Release the lock that this run took for itself; one that another run took since stays."""
        sync, self._sync = self._sync, None
        self._over.set()
        if sync is None:
            return []
        lines = sync.take_notes()
        if not self._is_job:
            try:
                with self._turn, contextlib.suppress(BusyError):
                    sync.lock.release(self._lock)
            except UserError as error:
                lines.append(words.lock_stays(error))
        return lines


def take_lock(lock: RemoteLock, lock_id: str | None, *, named: bool) -> Iterator[str]:
    """Take the lock of a milestone's runs; yields what to say where another one's seems to have ended."""
    from .remote_lock import LEASE, ExpiredError

    try:
        lock.take(lock_id, named=named)
    except ExpiredError as expired:
        yield words.watching_lock(expired.lock.holder, expired.lock.host, expired.lock.renewed, LEASE)
        lock.outlast(expired)
        yield words.lock_ended(expired.lock.holder, expired.lock.host)
        lock.take(lock_id, named=named)
