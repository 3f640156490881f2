"""Stop the run of a milestone at once, and make drafts of its pull requests so that none is merged by mistake."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from typing import TYPE_CHECKING

from ..core.errors import OutsideError, UsageError
from ..core.user import whoami
from ..runner.shutdown import leave_drafts, saved
from ..store import State
from ..store.run_lock import held, holder_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Milestone
    from ..plan.project import Project
    from ..store.run_lock import Holder

PATIENCE = 10.0
"""Seconds between SIGTERM and SIGKILL; a run needs some to end its processes."""
OURS = frozenset({"run-milestone", "run_milestone", "doit"})
"""Names of the programs that hold a milestone's lock."""


def panic(project: Project, milestone: Milestone) -> list[str]:
    """Stop the run and every process it started, make drafts of its pull requests, and return what was done.

    Errors: UsageError where the holder of the lock is not a run on this machine.
    """
    folder = project.state(milestone.id)
    holder = holder_of(folder)
    if holder is None:
        return [f"No run of {milestone.id} is active on this machine; nothing was stopped and nothing changed."]
    ended = _end(holder, folder)
    return [ended, *_after(project, milestone, holder)]


def _end(holder: Holder, folder: Path) -> str:
    """End the holder by SIGTERM, then SIGKILL. The pidfd keeps naming the checked process if its number is reused."""
    if holder.host != socket.gethostname() or holder.pid is None:
        raise UsageError(
            f"{folder / 'lock'} is held by process {holder.pid or 'unknown'} on {holder.host}.",
            "Run `run-milestone panic` on that machine, where its processes can be ended.",
        )
    try:
        process = os.pidfd_open(holder.pid)
    except ProcessLookupError:
        return f"✓ Process {holder.pid} has ended already; its supervisors end what it had started"
    try:
        _check(holder, folder)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
                signal.pidfd_send_signal(process, signal.SIGCONT)
            if select.select([process], [], [], PATIENCE)[0]:
                return f"✓ Stopped process {holder.pid}, which ran since {holder.since} ({number.name})"
    finally:
        os.close(process)
    raise OutsideError(f"Process {holder.pid} does not end.", "Look at it with `ps`, then panic again.")


def _check(holder: Holder, folder: Path) -> None:
    """Refuse to end what is not plainly a run: a lock file can be written by hand."""
    try:
        with open(f"/proc/{holder.pid}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
    except OSError:
        words = []
    if holder_of(folder) != holder or OURS.isdisjoint(os.path.basename(word) for word in words[:4]):
        raise UsageError(
            f"Process {holder.pid} ({words[0] if words else 'gone'}) is not a run of run-milestone.",
            "Nothing was stopped. Look at it with `ps`, and end it yourself if it should end.",
        )


def _after(project: Project, milestone: Milestone, holder: Holder) -> list[str]:
    """Take the free lock, make drafts of the pull requests, and return what is saved."""
    from ..adapters.process import Processes
    from ..runner.wiring import open_forge, open_git

    state = State(project.state(milestone.id))
    with held(state.folder) as lock:
        processes = Processes(hold=(lock,))
        try:
            state.journal.add("panic", who=whoami(), pid=holder.pid)
            forge = open_forge(milestone, open_git(project, milestone, processes), processes)
            return [*leave_drafts(milestone, state, forge), *saved(milestone, state)]
        finally:
            processes.stop()
