"""door: starts everything, bounds it in time and output, and can end all of it."""

from __future__ import annotations

import functools
import math
import os
import shlex
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from ...core.errors import Interrupted
from ...core.text import for_terminal
from .child import GRACE, Child, Command, Direct, Ended, Guest, end, ready
from .communicate import Conversation
from .coprocess import Talk
from .output import Kept, Result
from .supervised import ForkServer, Ward

_PASSED = ("PATH", "LANG", "TZ", "VIRTUAL_ENV", "TMPDIR")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Processes:
    """Starts everything, bounds it in time and output, and can end all of it.

    `hold` are descriptors (the run's lock) that every child keeps open, so that an orphan keeps the lock; whoever
    took the lock must therefore unlock it, not only close it. `progress` hears the command and its seconds so far,
    about once a second, in the thread that waits. Errors: Interrupted once `stop` was called.
    """

    def __init__(self, *, hold: tuple[int, ...] = (), progress: Callable[[str, float], None] | None = None) -> None:
        self._hold = hold
        self._progress = progress
        self._running: set[Child | Guest] = set()
        self._wardens = ForkServer(hold)
        self._door = threading.RLock()  # reentrant: a signal handler may call stop() while this thread starts a child
        self._stopped = False

    def trusted(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        stdin: str | bytes | None = None,
        timeout: float = 600.0,
    ) -> Result:
        """Run a program that no file of a tree can steer (git, gh) as a direct child, for at most `timeout` seconds."""
        command = Command(tuple(argv), cwd, _own(env), _bytes(stdin), timeout)
        return self._run(command, lambda: Direct(command, self._hold), timeout)

    def talk(self, argv: Sequence[str], *, cwd: Path | str, env: Mapping[str, str] = _NOTHING) -> Talk:
        """Return a trusted program that stays and answers line by line; it is started when it is first asked."""

        def start() -> Child:
            return Direct(Command(tuple(argv), cwd, _own(env), b"", math.inf), self._hold)

        return Talk(lambda: self._started(start), self._buried)

    def untrusted(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        stdin: str | bytes | None = None,
        timeout: float,
        log: Path | None = None,
        pass_env: Sequence[str] = (),
    ) -> Result:
        """Run what a tree can steer (agent, tests, linters, migrations); neither it nor its daemons outlive the call.

        `pass_env` names variables of this process that it may know besides; empty ones are none. `log` gets the
        command, and at the end its output as kept, redacted and made inert.
        """
        _forbid_peeking()
        _note(log, f"$ {shlex.join(argv)}\n")
        with _home() as home:
            passed = {name: os.environ[name] for name in pass_env if os.environ.get(name)}
            own = {**passed, **_environment(), **home, "PYTHONDONTWRITEBYTECODE": "1", **env}
            command = Command(tuple(argv), cwd, own, _bytes(stdin), timeout)
            result = self._run(command, lambda: Ward(command, self._wardens), timeout + GRACE)
        _note(log, f"{result.out}{result.err}{_ending(result)}\n")
        return result

    def pause(self, seconds: float, what: str, began: float) -> None:
        """Wait for something that no program here does; `what` since `began` (monotonic) is told to who watches."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._refuse_after_stop()
            if self._progress is not None:
                self._progress(what, time.monotonic() - began)
            time.sleep(min(left, 0.5))

    @contextmanager
    def guest(self, start: Callable[[tuple[int, ...]], int]) -> Iterator[Guest]:
        """Let a library start a child and tell its number, so that `stop` ends it as well.

        `start` gets the descriptors that it is to keep open; what still runs at the end of the block is killed.
        """
        with self._door:
            self._refuse_after_stop()
            guest = Guest(start(self._hold))
            self._running.add(guest)
        try:
            self._refuse_after_stop()
            yield guest
        finally:
            if not guest.ends_within(0):
                guest.signal(signal.SIGKILL)
            with self._door:
                self._running.discard(guest)
            os.close(guest.ended)
        self._refuse_after_stop()

    def stop(self) -> None:
        """End everything this door started, and refuse to start more. Any thread or signal handler may call it."""
        with self._door:
            self._stopped = True
            ends = [os.dup(child.ended) for child in self._running]
            for child in self._running:
                child.signal(signal.SIGTERM, signal.SIGCONT)
        until = time.monotonic() + GRACE
        for ended in ends:
            ready(ended, max(0.0, until - time.monotonic()))
            os.close(ended)
        with self._door:
            for child in self._running:
                child.signal(signal.SIGKILL)
        self._wardens.close()

    def _run(self, command: Command, start: Callable[[], Child], limit: float) -> Result:
        """Run to the end or for `limit` seconds; a program that cannot start is a result, not an error."""
        began = time.monotonic()
        out, err = Kept(), Kept()
        try:
            child = self._started(start)
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            self._refuse_after_stop()
            return Result(command.argv, None, "", _why(command.argv, error), time.monotonic() - began)
        try:
            self._refuse_after_stop()  # stopped by a signal handler of this thread, which could not see the child yet
            conversation = Conversation(child, command.stdin, out, err)
            in_time = conversation.follow(began + limit, self._tick(command, began))
        finally:
            ended = self._buried(child)
        self._refuse_after_stop()
        if ended.error is not None:
            return Result(command.argv, None, out.text(), _why(command.argv, ended.error), time.monotonic() - began)
        timed_out, cut = ended.timed_out or not in_time, bool(out.lost or err.lost)
        code = -signal.SIGKILL if timed_out else ended.code
        return Result(command.argv, code, out.text(), err.text(), time.monotonic() - began, timed_out, cut)

    def _started(self, start: Callable[[], Child]) -> Child:
        """Start a child in a session of its own."""
        with self._door:
            self._refuse_after_stop()
            child = start()
            self._running.add(child)
            return child

    def _buried(self, child: Child) -> Ended:
        """See to it that a child has ended, for whatever reason it is left, and bury it."""
        end(child)
        with self._door:  # buried under the lock: until here its number cannot be anybody else's
            self._running.discard(child)
            return child.bury()

    def _refuse_after_stop(self) -> None:
        if self._stopped:
            raise Interrupted(
                "The run was asked to stop.", "Everything recorded so far stays; the same command goes on."
            )

    def _tick(self, command: Command, began: float) -> Callable[[], None]:
        progress, name = self._progress, shlex.join(command.argv)
        if progress is None:
            return lambda: None
        return lambda: progress(name, time.monotonic() - began)


def _own(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a trusted program."""
    return {**_environment(), "HOME": os.path.expanduser("~"), **env}


@contextmanager
def _home() -> Iterator[dict[str, str]]:
    """Make an empty home, and beside it a folder for temporary files; returns the variables that name them.

    In a home that lies among temporary files codex runs no command, and still ends with 0.
    """
    with tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True) as folder:
        places = {"HOME": os.path.join(folder, "home"), "TMPDIR": os.path.join(folder, "tmp")}
        for place in places.values():
            os.mkdir(place)
        yield places


def _environment() -> dict[str, str]:
    """Return what every child may know of this process's environment."""
    passed = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("LC_")}
    return {"PATH": os.defpath, **passed, "TERM": "dumb"}


@functools.cache
def _forbid_peeking() -> None:
    """Close this process's environment, memory and descriptors to other processes of the same user."""
    import ctypes

    pr_set_dumpable = 4
    ctypes.CDLL(None).prctl(pr_set_dumpable, 0, 0, 0, 0)


def _why(argv: tuple[str, ...], error: OSError | ValueError) -> str:
    """Say why a program could not start."""
    if isinstance(error, OSError):
        return f"{error.filename or argv[0]}: {error.strerror}"
    return f"{argv[0]}: {error}"


def _bytes(text: str | bytes | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text


def _note(log: Path | None, text: str) -> None:
    if log is None:
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(for_terminal(text))


def _ending(result: Result) -> str:
    what = "could not start" if result.code is None else "timed out" if result.timed_out else f"exit {result.code}"
    return f"[{what} after {result.seconds:.1f} s]"
