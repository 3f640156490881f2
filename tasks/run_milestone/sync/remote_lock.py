"""Lock a milestone's runs on all machines by a ref of the remote, which is renewed while its run lives.

Whether a run still lives is seen from its lock moving, by the clock of who looks; two machines' clocks never decide.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import BusyError, DamagedStateError, OutsideError, UsageError
from ..core.units import duration
from ..core.user import whoami

if TYPE_CHECKING:
    from ..adapters.git.state_refs import RemoteRefs, StateRefs, Swap

LOCK = "lock"
"""The ref's name below the milestone's."""
FILE = "lock.json"


LEASE = 180
"""Seconds after its last renewal at which the lock of a run ends by itself."""
JOBS_LEASE = 6 * 3600
"""The same for a lock whose id was given: between the jobs that share it nobody renews it."""
RENEWAL = 30
"""Seconds after which a running process renews its lock."""
LONGEST = 7 * 86_400
"""The longest lease, in seconds, that a lock can ask for."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Who runs a milestone: the lock's id, a login name, a host, since when and when last renewed (UTC, ISO 8601).

    `lease` is in seconds; the lock of an earlier version has none, and stays until somebody takes it away.
    """

    id: str
    holder: str
    host: str
    since: str
    renewed: str = ""
    lease: int = 0

    def seems_ended(self, now: datetime) -> bool:
        """Return whether this machine's clock says that the lease is over, or is wrong by more than the lease."""
        if not self.lease:
            return False
        try:
            return abs((now - datetime.fromisoformat(self.renewed)).total_seconds()) >= self.lease
        except (ValueError, TypeError, OverflowError):
            return True


class ExpiredError(BusyError):
    """The lock in the way seems to have ended: whether it did is seen by watching it."""

    def __init__(self, busy: BusyError, lock: Lock, commit: str) -> None:
        """Keep the lock and its commit."""
        super().__init__(busy.what, busy.do)
        self.lock = lock
        self.commit = commit


class RemoteLock:
    """The lock of one milestone's runs. `held` is the commit of the lock that this process works under."""

    def __init__(self, milestone: str, refs: StateRefs) -> None:
        """Look at the lock on the remote of `refs`."""
        self._milestone = milestone
        self._refs = refs
        self.held: str | None = None
        self._lock: Lock | None = None
        self._confirmed = 0.0

    def read(self, remote: RemoteRefs) -> Lock | None:
        """Return the lock that the remote has, None where it has none.

        Errors: DamagedStateError where the ref holds no lock.
        """
        commit = remote.refs.get(LOCK)
        if commit is None:
            return None
        if not self._refs.holds(commit):
            self._refs.fetch((), (LOCK,))
        entries = {path: entry for path, entry in self._refs.listing(commit).items() if path == FILE}
        try:
            return _parsed(json.loads(self._refs.contents(entries)[FILE]))
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            raise DamagedStateError(
                f"The lock of {self._milestone} on the remote was not made by run-milestone.",
                f"Find out who made refs/run-milestone/{self._milestone}/lock, then delete it there.",
            ) from None

    def take(self, lock_id: str | None, *, named: bool = True) -> Lock:
        """Make the lock with this id (None: a new one), or join the one that has it.

        One that is not `named` belongs to this process alone.
        Errors: BusyError names the holder of another lock, ExpiredError where that one seems to have ended.
        """
        now = _now()
        lease = JOBS_LEASE if named else LEASE
        wanted = Lock(
            checked(lock_id) if lock_id else new_id(), whoami(), socket.gethostname(), now, renewed=now, lease=lease
        )
        asked = _awake()
        remote, error = self._refs.look(), None
        if LOCK not in remote.refs:
            error = self._refs.swap({LOCK: (None, self._made(wanted))})
            remote = self._refs.look()
        lock = self.read(remote)
        if lock is None:
            raise OutsideError(
                f"The run of {self._milestone} cannot be locked on the remote: {error}.",
                f"Let yourself push to refs/run-milestone/{self._milestone}/ there, then run the same command again.",
            )
        if lock.id == wanted.id:
            self._keep(lock, remote.refs[LOCK], asked)
            return lock
        if lock.seems_ended(datetime.now(UTC)):
            raise ExpiredError(self._busy(lock), lock, remote.refs[LOCK])
        raise self._busy(lock)

    def outlast(self, expired: ExpiredError) -> None:
        """Watch a lock that seems to have ended for as long as a run's lease, then remove it.

        Errors: BusyError once it moves: then its run lives, whatever the clocks of the two machines say.
        """
        until = time.monotonic() + LEASE
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, RENEWAL / 3))
            remote = self._refs.look()
            if remote.refs.get(LOCK) != expired.commit:
                self._refuse_other(remote)
                return
        error = self._refs.swap({LOCK: (expired.commit, None)})
        if error is not None:
            remote = self._refs.look()
            if remote.refs.get(LOCK) == expired.commit:
                raise _stays(error)
            self._refuse_other(remote)

    def _refuse_other(self, remote: RemoteRefs) -> None:
        lock = self.read(remote)
        if lock is not None:
            raise self._busy(lock)

    def renew(self) -> None:
        """Say on the remote that the run lives, by a new commit of its lock. Another process under it may have.

        Errors: BusyError once the lock is another's or gone, OutsideError where the remote cannot be asked.
        """
        if self.held is None or self._lock is None or not self._lock.lease:
            return  # an earlier version's lock stays as it is, or its own processes would take it for another
        renewed = replace(self._lock, renewed=_now())
        made, asked = self._made(renewed), _awake()
        error = self._refs.swap({LOCK: (self.held, made)})
        if error is None:
            self._keep(renewed, made, asked)
            return
        before, remote = self.held, self._refs.look()
        self.check(remote)
        if self.held == before:
            raise OutsideError(f"The lock cannot be renewed: {error}.", "It is tried again.")

    def confirm(self) -> None:
        """Make sure that the lock is held at this moment; asks the remote where it was not renewed of late.

        The clock counts while a process or a machine sleeps. Errors: those of `renew`.
        """
        if self.held is not None and _awake() - self._confirmed >= LEASE / 2:
            self.renew()

    def release(self, lock_id: str) -> bool:
        """Remove the lock of this id; returns whether there was one.

        Errors: BusyError where the lock has another id.
        """
        remote = self._refs.look()
        lock = self.read(remote)
        if lock is None:
            return False
        if lock.id != lock_id:
            raise self._busy(lock)
        error = self._refs.swap({LOCK: (remote.refs[LOCK], None)})
        if error and LOCK in self._refs.look().refs:
            raise _stays(error)
        self.held = None
        return True

    def check(self, remote: RemoteRefs) -> dict[str, Swap]:
        """Return the comparison that makes a push fail once the lock that this process works under is gone.

        Another process under the same lock may have renewed it. Errors: BusyError where it is gone already.
        """
        if self.held is None:
            return {}
        commit = remote.refs.get(LOCK)
        if commit is None or commit != self.held:
            lock = self.read(remote)
            if commit is None or lock is None or self._lock is None or lock.id != self._lock.id:
                raise self._busy(lock)
            self._keep(lock, commit, self._confirmed)
        return {LOCK: (self.held, self.held)}

    def _keep(self, lock: Lock, commit: str, asked: float) -> None:
        """Work under a lock that the remote had after `asked`: a process may sleep before it hears the answer."""
        self.held, self._lock, self._confirmed = commit, lock, asked

    def _made(self, lock: Lock) -> str:
        content = json.dumps(asdict(lock)).encode()
        return self._refs.commit({FILE: content}, None, f"Run of {self._milestone}\n")

    def _busy(self, lock: Lock | None) -> BusyError:
        name = self._milestone
        if lock is None:
            return BusyError(
                f"The lock of this run of {name} was taken away.",
                "Nothing more is sent; `run-milestone state show` tells who runs it now.",
            )
        return BusyError(
            f"Milestone {name} is being run by {lock.holder} on {lock.host} since {lock.since} (lock {lock.id}).",
            f"Wait for it; if that run is gone, {_way_out(name, lock)}.",
        )


def _stays(error: str) -> OutsideError:
    return OutsideError(f"The lock cannot be removed: {error}.", "Solve that and run the same command again.")


def _way_out(milestone: str, lock: Lock) -> str:
    """Return how the lock of a run that is gone ends."""
    unlock = f"`run-milestone state unlock {milestone} --lock {lock.id}`"
    if not lock.lease:
        return f"{unlock} and run again"
    return f"its lock ends {duration(lock.lease)} after {lock.renewed}: run again then, or {unlock} first"


def _parsed(record: dict[str, Any]) -> Lock:
    """Return the lock that a record holds. Errors: those of a record that holds none."""
    names = {name: str(record[name]) for name in ("id", "holder", "host", "since")}
    lease = int(record.get("lease", 0))
    if not 0 <= lease <= LONGEST:
        raise ValueError(lease)
    return Lock(**names, renewed=str(record.get("renewed", "")), lease=lease)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _awake() -> float:
    """Return seconds since this machine started, those that it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def new_id() -> str:
    """Return an id that no other lock has."""
    return secrets.token_hex(6)


def checked(lock_id: str) -> str:
    """Return a lock's id that a person gave.

    Errors: UsageError where it is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", lock_id):
        raise UsageError(
            f"{lock_id[:60]!r} is no id of a lock.", "Give letters, digits, dots and dashes: `--lock run-17`."
        )
    return lock_id
