"""Child processes that may still run: wait for them, signal them, kill and reap them."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol, cast

from .output import KEEP
from .sandbox.grants import NO_BOX, Box

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRACE = 4.0
"""Seconds between SIGTERM and SIGKILL: more than a supervisor gives its command (supervisor.py)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command to run, with its folder, environment, standard input and timeout in seconds."""

    argv: tuple[str, ...]
    cwd: Path | str
    env: dict[str, str]
    stdin: bytes | None
    timeout: float
    box: Box = NO_BOX
    """How it is confined; the words of a box stand before its own."""
    output: float = math.inf
    """Bytes that it may print."""
    idle: float = math.inf
    """Seconds in which it may print nothing."""
    keep: int = KEEP
    """Bytes kept of the head, and of the tail, of each output stream."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended. `code` is negative for a signal. `error` says why it could not start at all."""

    code: int | None
    timed_out: bool = False
    limit: str = ""
    """The limit of the plan at which it was ended."""
    error: OSError | None = None


class Child(Protocol):
    """A running process. The descriptor `ended` becomes readable when it ends, also before it is reaped."""

    stdin: IO[bytes] | None
    stdout: IO[bytes]
    stderr: IO[bytes]
    ended: int

    def signal(self, *numbers: int) -> None:
        """Send signals, if it still runs."""

    def reap(self) -> Exit:
        """Close every descriptor of a child that has ended, and return how it did."""


class Direct:
    """A direct child of this process, in a session of its own."""

    def __init__(self, request: Request, descriptors: tuple[int, ...]) -> None:
        """Start it with `descriptors` open. Errors: OSError and ValueError where it cannot start."""
        self._process = subprocess.Popen(
            request.argv,
            cwd=request.cwd,
            env=request.env,
            stdin=subprocess.DEVNULL if request.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=descriptors,
            start_new_session=True,
        )
        self.stdin = self._process.stdin
        self.stdout, self.stderr = cast("IO[bytes]", self._process.stdout), cast("IO[bytes]", self._process.stderr)
        self.ended = os.pidfd_open(self._process.pid)

    def signal(self, *numbers: int) -> None:
        """Send signals to its group."""
        with suppress(ProcessLookupError):
            for number in numbers:
                os.killpg(self._process.pid, number)

    def reap(self) -> Exit:
        """Close its descriptors, and take its exit code."""
        close(self)
        return Exit(self._process.wait())


class LibraryChild:
    """A child that a library starts, in a session of its own. The library feeds, reads and reaps it."""

    def __init__(self) -> None:
        """Wait for `started`; until then nothing runs."""
        self._pid: int | None = None
        self.ended = os.open(os.devnull, os.O_RDONLY)

    def started(self, pid: int) -> None:
        """Take the number of the process that the library has started."""
        self._pid = pid
        with suppress(ProcessLookupError):  # reaped already
            ended = os.pidfd_open(pid)
            os.dup2(ended, self.ended)
            os.close(ended)

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end. Returns whether it came in time."""
        return ready(self.ended, seconds)

    def signal(self, *numbers: int) -> None:
        """Send signals to its group."""
        with suppress(ProcessLookupError):
            for number in numbers if self._pid else ():
                os.killpg(self._pid or 0, number)


@contextmanager
def taken_away(box: Box, env: dict[str, str]) -> Iterator[None]:
    """Take away what is left of a box when its command is over, also where the run was stopped meanwhile."""
    try:
        yield
    finally:
        if box.remove:
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(box.remove, env=env, capture_output=True, timeout=4 * GRACE, check=False)


def end(child: Child) -> None:
    """Terminate a child that still runs (git removes its lock files, a supervisor its processes), then kill it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ready(child.ended, 0):
            return
        child.signal(number, signal.SIGCONT)
        ready(child.ended, GRACE)


def close(child: Child) -> None:
    """Close every descriptor of a child."""
    close_pipes(child)
    os.close(child.ended)


def close_pipes(child: Child) -> None:
    """Close the pipes of a child."""
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def ready(descriptor: int, seconds: float) -> bool:
    """Wait for a descriptor to become readable. Returns whether it did in time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
