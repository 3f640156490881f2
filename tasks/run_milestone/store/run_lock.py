"""Locks a milestone, so that one run of it at a time works on a machine. The kernel frees the lock when a run dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..core.errors import BusyError, DamagedStateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 5.0
"""Seconds to wait for the orphans of a dead run. They hold its lock until they are ended."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[int]:
    """Hold the lock of a milestone. Yields its file descriptor; supervisors inherit it, so that orphans hold it too.

    Errors: BusyError names the process that holds it.
    """
    handle = _open(folder / "lock", make=True)
    try:
        _acquire(handle, folder.name)
        _sign(handle)
        yield handle
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)  # closing alone would leave the lock to a child that inherited it
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock, as it wrote into the lock file. `pid` is None where that cannot be read."""

    pid: int | None
    host: str
    since: str


def holder_of(folder: Path) -> Holder | None:
    """Return the process that runs a milestone now, None where there is none."""
    if not (folder / "lock").exists():
        return None
    handle = _open(folder / "lock")
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        written = _holder(handle)
        pid, host, since = (written.get(name) for name in ("pid", "host", "since"))
        return Holder(pid if type(pid) is int and pid > 0 else None, str(host), str(since))
    else:
        return None
    finally:
        os.close(handle)


def _open(path: Path, *, make: bool = False) -> int:
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DamagedStateError(
            f"{path} cannot be opened: {error.strerror}.", "Move it away and run the same command again."
        ) from None


def _acquire(handle: int, milestone: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(handle)
            if _alive(holder) or time.monotonic() > deadline:
                raise _busy(milestone, holder) from None
            time.sleep(0.02)
        else:
            return


def _sign(handle: int) -> None:
    who = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(os.path.basename(word) for word in sys.argv[:3]),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(who).encode() + b"\n", 0)


def _holder(handle: int) -> dict[str, object]:
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
    except (ValueError, RecursionError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _alive(holder: dict[str, object]) -> bool:
    pid = holder.get("pid")
    return not isinstance(pid, int) or os.path.exists(f"/proc/{pid}") or holder.get("host") != socket.gethostname()


def _busy(milestone: str, holder: dict[str, object]) -> BusyError:
    who = f"process {holder.get('pid', 'unknown')} on {holder.get('host', 'this machine')}"
    return BusyError(
        f"Milestone {milestone} is being run by {who} since {holder.get('since', 'a moment ago')}.",
        f"Wait for it (`run-milestone status {milestone}` shows how far it is), "
        f"or stop it with `run-milestone panic {milestone}`.",
    )
