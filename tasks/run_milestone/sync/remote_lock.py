"""The run's lock: a ref of the remote that whoever runs a milestone makes, and only its id takes away again."""

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
    from ..adapters.git.state_refs import RemoteRefs, Shared, Swap

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


class RunLock:
    """The lock of one milestone's runs on all machines. `held` is the commit of one that this process works under."""

    def __init__(self, milestone: str, refs: Shared) -> None:
        """Look at the lock on the remote of `refs`."""
        self._milestone = milestone
        self._refs = refs
        self.held: str | None = None

    def read(self, there: RemoteRefs) -> Lock | None:
        """Return the lock that the remote has, None where it has none.

        Errors: DamagedStateError where the ref is not a lock of ours.
        """
        commit = there.refs.get(LOCK)
        if commit is None:
            return None
        if not self._refs.holds(commit):
            self._refs.fetch((), (LOCK,))
        entries = {path: entry for path, entry in self._refs.listing(commit).items() if path == FILE}
        try:
            said = json.loads(self._refs.contents(entries)[FILE])
            return Lock(**{name: str(said[name]) for name in ("id", "holder", "host", "since")})
        except (KeyError, TypeError, ValueError, RecursionError):
            raise DamagedStateError(
                f"The lock of {self._milestone} on the remote was not made by run-milestone.",
                f"Find out who made refs/run-milestone/{self._milestone}/lock, then delete it there.",
            ) from None

    def take(self, own: str | None) -> Lock:
        """Make the lock with this id (None: a new one), or join the one that has it.

        Errors: BusyError tells who holds another.
        """
        wanted = Lock(checked(own) if own else new_id(), whoami(), socket.gethostname(), _now())
        there = self._refs.look()
        why = None
        if LOCK not in there.refs:
            made = self._refs.commit({FILE: json.dumps(asdict(wanted)).encode()}, None, f"Run of {self._milestone}\n")
            why = self._refs.swap({LOCK: (None, made)})
            there = self._refs.look()
        found = self.read(there)
        if found is None:
            raise OutsideError(
                f"The run of {self._milestone} cannot be locked on the remote: {why}.",
                f"Let yourself push to refs/run-milestone/{self._milestone}/ there, then run the same command again.",
            )
        if found.id != wanted.id:
            raise busy(self._milestone, found)
        self.held = there.refs[LOCK]
        return found

    def let_go(self, own: str) -> bool:
        """Take the lock of this id away; returns whether there was one.

        Errors: BusyError where another's is there.
        """
        there = self._refs.look()
        found = self.read(there)
        if found is None:
            return False
        if found.id != own:
            raise busy(self._milestone, found)
        if (why := self._refs.swap({LOCK: (there.refs[LOCK], None)})) and LOCK in self._refs.look().refs:
            raise OutsideError(f"The lock cannot be taken away: {why}.", "Mend that and run the same command again.")
        self.held = None
        return True

    def check(self, there: RemoteRefs) -> dict[str, Swap]:
        """Return what makes a push fail once the lock that this process works under is gone.

        Errors: BusyError where it is gone already.
        """
        if self.held is None:
            return {}
        if there.refs.get(LOCK) != self.held:
            found = self.read(there)
            raise busy(self._milestone, found) if found else _taken_away(self._milestone)
        return {LOCK: (self.held, self.held)}


def new_id() -> str:
    """Return an id that no other lock has."""
    return secrets.token_hex(6)


def checked(own: str) -> str:
    """Return a lock's id that somebody gave.

    Errors: UsageError where it is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", own):
        raise UsageError(f"{own[:60]!r} is no id of a lock.", "Give letters, digits, dots and dashes: `--lock run-17`.")
    return own


def busy(milestone: str, lock: Lock) -> BusyError:
    """Return the refusal that tells who holds the lock."""
    return BusyError(
        f"Milestone {milestone} is being run by {lock.holder} on {lock.host} since {lock.since} (lock {lock.id}).",
        f"Wait for it; if that run is gone, `run-milestone state unlock {milestone} --lock {lock.id}` and run again.",
    )


def _taken_away(milestone: str) -> BusyError:
    return BusyError(
        f"The lock of this run of {milestone} was taken away.",
        "Nothing more is sent; `run-milestone state show` tells who runs it now.",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
