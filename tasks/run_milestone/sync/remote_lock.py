"""Lock a milestone's runs on all machines by a ref of the remote, which only the lock's id removes again."""

from __future__ import annotations

import json
import re
import secrets
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.errors import BusyError, DamagedStateError, OutsideError, UsageError
from ..core.user import whoami

if TYPE_CHECKING:
    from ..adapters.git.state_refs import RemoteRefs, StateRefs, Swap

LOCK = "lock"
"""The ref's name below the milestone's."""
FILE = "lock.json"


@dataclass(frozen=True, slots=True)
class Lock:
    """Who runs a milestone: the lock's id, a login name, a host, and since when (UTC, ISO 8601)."""

    id: str
    holder: str
    host: str
    since: str


class RemoteLock:
    """The lock of one milestone's runs. `held` is the commit of the lock that this process works under."""

    def __init__(self, milestone: str, refs: StateRefs) -> None:
        """Look at the lock on the remote of `refs`."""
        self._milestone = milestone
        self._refs = refs
        self.held: str | None = None

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
            record = json.loads(self._refs.contents(entries)[FILE])
            return Lock(**{name: str(record[name]) for name in ("id", "holder", "host", "since")})
        except (KeyError, TypeError, ValueError, RecursionError):
            raise DamagedStateError(
                f"The lock of {self._milestone} on the remote was not made by run-milestone.",
                f"Find out who made refs/run-milestone/{self._milestone}/lock, then delete it there.",
            ) from None

    def take(self, lock_id: str | None) -> Lock:
        """Make the lock with this id (None: a new one), or join the one that has it.

        Errors: BusyError names the holder of another lock.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        wanted = Lock(checked(lock_id) if lock_id else new_id(), whoami(), socket.gethostname(), now)
        remote, error = self._refs.look(), None
        if LOCK not in remote.refs:
            made = self._refs.commit({FILE: json.dumps(asdict(wanted)).encode()}, None, f"Run of {self._milestone}\n")
            error = self._refs.swap({LOCK: (None, made)})
            remote = self._refs.look()
        lock = self.read(remote)
        if lock is None:
            raise OutsideError(
                f"The run of {self._milestone} cannot be locked on the remote: {error}.",
                f"Let yourself push to refs/run-milestone/{self._milestone}/ there, then run the same command again.",
            )
        if lock.id != wanted.id:
            raise self._busy(lock)
        self.held = remote.refs[LOCK]
        return lock

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
            raise OutsideError(f"The lock cannot be removed: {error}.", "Solve that and run the same command again.")
        self.held = None
        return True

    def check(self, remote: RemoteRefs) -> dict[str, Swap]:
        """Return the comparison that makes a push fail once the lock that this process works under is gone.

        Errors: BusyError where it is gone already.
        """
        if self.held is None:
            return {}
        if remote.refs.get(LOCK) != self.held:
            raise self._busy(self.read(remote))
        return {LOCK: (self.held, self.held)}

    def _busy(self, lock: Lock | None) -> BusyError:
        name = self._milestone
        if lock is None:
            return BusyError(
                f"The lock of this run of {name} was taken away.",
                "Nothing more is sent; `run-milestone state show` tells who runs it now.",
            )
        return BusyError(
            f"Milestone {name} is being run by {lock.holder} on {lock.host} since {lock.since} (lock {lock.id}).",
            f"Wait for it; if that run is gone, `run-milestone state unlock {name} --lock {lock.id}` and run again.",
        )


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
