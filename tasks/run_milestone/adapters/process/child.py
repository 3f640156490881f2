"""children: what was started and may still run; it can be waited for, asked to end, killed and buried."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

GRACE = 2.0
"""Seconds between asking a process to end and killing it."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, where, with which environment and standard input, and for how many seconds at most."""

    argv: tuple[str, ...]
    cwd: Path | str
    env: dict[str, str]
    stdin: bytes | None
    timeout: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended. `code` is negative for a signal; `error` says why it could not start at all."""

    code: int | None
    timed_out: bool = False
    error: OSError | None = None


class Child(Protocol):
    """Something that runs. `ended` becomes readable when it ends, also before anybody has buried it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes]
    stderr: IO[bytes]
    ended: int

    def signal(self, *numbers: int) -> None:
        """Send signals, nothing where it is gone."""

    def bury(self) -> Ended:
        """Let go of a child that has ended, and of every descriptor."""


class Direct:
    """A child of this process, with a session of its own."""

    def __init__(self, command: Command, descriptors: tuple[int, ...]) -> None:
        """Start it; it keeps `descriptors` open. Errors: OSError and ValueError where it cannot start."""
        self._process = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=command.env,
            stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=descriptors,
            start_new_session=True,
        )
        self.stdin, self.stdout, self.stderr = (
            self._process.stdin,
            opened(self._process.stdout),
            opened(self._process.stderr),
        )
        self.ended = os.pidfd_open(self._process.pid)

    def signal(self, *numbers: int) -> None:
        """Send signals to its group."""
        with suppress(ProcessLookupError):
            for number in numbers:
                os.killpg(self._process.pid, number)

    def bury(self) -> Ended:
        """Close what leads to it, and take its exit code."""
        close(self)
        return Ended(self._process.wait())


class Guest:
    """A child that a library started, in a session of its own; the library feeds, reads and buries it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        try:
            self.ended = os.pidfd_open(pid)
        except ProcessLookupError:  # buried already
            self.ended = os.open(os.devnull, os.O_RDONLY)

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end; returns whether it came in time."""
        return ready(self.ended, seconds)

    def signal(self, *numbers: int) -> None:
        """Send signals to its group."""
        with suppress(ProcessLookupError):
            for number in numbers:
                os.killpg(self._pid, number)


def opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe that was asked for at the start."""
    if pipe is None:
        raise RuntimeError("it was started with a pipe")
    return pipe


def end(child: Child) -> None:
    """End a child that still runs: asked first (git removes its lock files, a warden its wards), then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ready(child.ended, 0):
            return
        child.signal(number, signal.SIGCONT)
        ready(child.ended, GRACE)


def close(child: Child) -> None:
    """Close every descriptor that leads to a child."""
    close_pipes(child)
    os.close(child.ended)


def close_pipes(child: Child) -> None:
    """Close what leads to a child's input and output."""
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def ready(descriptor: int, seconds: float) -> bool:
    """Wait for a descriptor to become readable; returns whether it did in time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
