"""process: the one door through which anything is run; argument lists only, never a shell."""

from __future__ import annotations

import functools
import os
import re
import secrets
import select
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import IO

from ..errors import Interrupted
from ..redaction import redact, visible

KEEP = 1 << 20
"""Bytes kept of the head, and of the tail, of each output stream."""
GRACE = 2.0
"""Seconds between asking a process to end and killing it."""
TICK = 1.0
"""Seconds between two reports of progress."""

_WORD = 512
"""Bytes; where output is cut, a word of up to this length goes whole."""
_PASSED = ("PATH", "LANG", "TZ", "VIRTUAL_ENV", "TMPDIR")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_WARDEN = (
    *(sys.executable, "-I", "-S", "-c"),  # imported, not run as a script, so that it is compiled only once
    "import sys; del sys.argv[0]; sys.path.append(sys.argv.pop(0)); import warden; warden.main()",
    str(Path(__file__).parent),
)
_MARK = "RUN_MILESTONE_WARD"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command. `code` is None where it could not start (`err` says why), negative for a signal."""

    argv: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    timed_out: bool = False
    truncated: bool = False


class Processes:
    """Starts everything, bounds it in time and output, and can end all of it.

    `hold` are descriptors (the run's lock) that every child keeps open, so that an orphan keeps the lock; whoever
    took the lock must therefore unlock it, not only close it. `progress` hears the command and its seconds so far,
    about once a second, in the thread that waits. Errors: Interrupted once `stop` was called.
    """

    def __init__(self, *, hold: tuple[int, ...] = (), progress: Callable[[str, float], None] | None = None) -> None:
        self._hold = hold
        self._progress = progress
        self._running: set[subprocess.Popen[bytes]] = set()
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
        own = {**_environment(), "HOME": os.path.expanduser("~"), **env}
        return self._run(_Command(tuple(argv), cwd, own, _bytes(stdin), timeout), self._hold)

    def untrusted(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str] = _NOTHING,
        stdin: str | bytes | None = None,
        timeout: float,
        log: Path | None = None,
    ) -> Result:
        """Run what a tree can steer (agent, tests, linters, migrations); neither it nor its daemons outlive the call.

        `log` gets the command, and at the end its output as kept, redacted and made inert.
        """
        _forbid_peeking()
        _note(log, f"$ {shlex.join(argv)}\n")
        with tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True) as home:
            own = {**_environment(), "HOME": home, "PYTHONDONTWRITEBYTECODE": "1", **env}
            result = self._warded(_Command(tuple(argv), cwd, own, _bytes(stdin), timeout))
        _note(log, f"{result.out}{result.err}{_ending(result)}\n")
        return result

    def stop(self) -> None:
        """End everything this door started, and refuse to start more. Any thread or signal handler may call it."""
        with self._door:
            self._stopped = True
            ends = [os.pidfd_open(child.pid) for child in self._running]
            for child in self._running:
                _signal(child.pid, signal.SIGTERM, signal.SIGCONT)
        until = time.monotonic() + GRACE
        for end in ends:
            _ready(end, max(0.0, until - time.monotonic()))
            os.close(end)
        with self._door:
            for child in self._running:
                _signal(child.pid, signal.SIGKILL)

    def _warded(self, command: _Command) -> Result:
        """Run under a warden, and put what it says of the command in place of what became of itself."""
        mark = secrets.token_hex(16)
        lifeline, theirs = socket.socketpair()
        with lifeline, theirs:
            fd = theirs.fileno()
            argv = (*_WARDEN, str(fd), str(command.timeout), *command.argv)
            env = {**command.env, _MARK: mark}
            warden = replace(command, argv=argv, env=env, timeout=command.timeout + GRACE)
            try:
                result = self._run(warden, (fd, *self._hold))
            finally:
                said = _hear(lifeline)
                if not said:
                    _sweep(mark)
        return _verdict(replace(result, argv=command.argv), said)

    def _run(self, command: _Command, descriptors: tuple[int, ...]) -> Result:
        """Run to the end or to the time limit; a program that cannot start is a result, not an error."""
        began = time.monotonic()
        out, err = _Kept(), _Kept()
        try:
            with self._started(command, descriptors) as child:
                until, tick = began + command.timeout, self._tick(command, began)
                in_time = _Conversation(child, command.stdin, out, err).follow(until, tick)
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            return Result(command.argv, None, "", _why(command.argv, error), time.monotonic() - began)
        if self._stopped:
            raise _stopped()
        seconds = time.monotonic() - began
        cut = bool(out.lost or err.lost)
        return Result(command.argv, child.returncode, out.text(), err.text(), seconds, not in_time, cut)

    @contextmanager
    def _started(self, command: _Command, descriptors: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
        """Start a child in a session of its own; on leaving, for whatever reason, it has ended and is buried."""
        with self._door:
            if self._stopped:
                raise _stopped()
            child = _popen(command, descriptors)
            self._running.add(child)
        try:
            if self._stopped:  # by a signal handler of this thread, which could not see the child yet
                raise _stopped()
            yield child
        finally:
            _end(child)
            with self._door:  # buried under the lock: until here its number cannot be anybody else's
                child.wait()
                self._running.discard(child)

    def _tick(self, command: _Command, began: float) -> Callable[[], None]:
        progress, name = self._progress, shlex.join(command.argv)
        if progress is None:
            return lambda: None
        return lambda: progress(name, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Command:
    """What to run, where, with which environment and standard input, and for how many seconds at most."""

    argv: tuple[str, ...]
    cwd: Path | str
    env: dict[str, str]
    stdin: bytes | None
    timeout: float


class _Kept:
    """One output stream, of which head and tail are kept."""

    def __init__(self) -> None:
        self._head, self._tail, self.lost = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        room = KEEP - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if (excess := len(self._tail) - KEEP) > 0:
            del self._tail[:excess]
            self.lost += excess

    def text(self) -> str:
        """Return what was kept; the cut falls between words, lest half a secret escape redaction."""
        if not self.lost:
            return (self._head + self._tail).decode("utf-8", "replace")
        head = self._head[:-_WORD] + re.sub(rb"\S+\Z", b"", self._head[-_WORD:])
        tail = re.sub(rb"\A\S+", b"", self._tail[:_WORD]) + self._tail[_WORD:]
        return f"{head.decode('utf-8', 'replace')}\n[… {self.lost} bytes left out …]\n{tail.decode('utf-8', 'replace')}"


class _Conversation:
    """Feeds a child its input and takes its output, without ever waiting for only one of them."""

    def __init__(self, child: subprocess.Popen[bytes], stdin: bytes | None, out: _Kept, err: _Kept) -> None:
        self._child = child
        self._unsent = memoryview(stdin or b"")
        self._open = {pipe: kept for pipe, kept in ((child.stdout, out), (child.stderr, err)) if pipe}

    def follow(self, until: float, tick: Callable[[], None]) -> bool:
        """Go on until the child ends (True) or the time `until` has come (False), with a tick every second.

        Its end counts, not that of its output: a daemon it left behind may hold that open for ever.
        """
        due = time.monotonic() + TICK
        with _pidfd(self._child.pid) as ended, selectors.DefaultSelector() as selector:
            selector.register(ended, selectors.EVENT_READ, lambda: None)
            self._register(selector)
            while (left := until - time.monotonic()) > 0:
                ready = selector.select(min(left, TICK))
                for key, _events in ready:
                    key.data()
                if any(key.fileobj == ended for key, _events in ready):
                    self._read_rest()
                    return True
                if time.monotonic() >= due:
                    tick()
                    due += TICK
        return False

    def _register(self, selector: selectors.BaseSelector) -> None:
        for pipe in self._open:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, functools.partial(self._read, selector, pipe))
        if (stdin := self._child.stdin) is not None:
            os.set_blocking(stdin.fileno(), False)
            selector.register(stdin, selectors.EVENT_WRITE, functools.partial(self._write, selector, stdin))

    def _read(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        if data := os.read(pipe.fileno(), 1 << 16):
            self._open[pipe].add(data)
        else:
            selector.unregister(pipe)

    def _write(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        try:
            self._unsent = self._unsent[os.write(pipe.fileno(), self._unsent[: 1 << 16]) :]
        except BrokenPipeError:  # a child need not read what it is given
            self._unsent = memoryview(b"")
        if not self._unsent:
            selector.unregister(pipe)
            pipe.close()

    def _read_rest(self) -> None:
        """Take what the pipes still hold; one read of a pipe's size or more empties it."""
        for pipe, kept in self._open.items():
            with suppress(BlockingIOError):
                kept.add(os.read(pipe.fileno(), KEEP))


def _popen(command: _Command, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
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


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs: asked first (git removes its lock files, a warden its wards), then killed."""
    with _pidfd(child.pid) as ended:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if _ready(ended, 0):
                break
            _signal(child.pid, number, signal.SIGCONT)
            _ready(ended, GRACE)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _ready(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _signal(group: int, *numbers: int) -> None:
    with suppress(ProcessLookupError):
        for number in numbers:
            os.killpg(group, number)


@contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    """Lend a descriptor that becomes readable when the process ends, also before anybody has buried it."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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


def _hear(lifeline: socket.socket) -> dict[str, int]:
    """Return the warden's last words, none where it was killed itself."""
    try:
        words = lifeline.recv(1024, socket.MSG_DONTWAIT).decode().split()
    except BlockingIOError:
        return {}
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _verdict(result: Result, said: dict[str, int]) -> Result:
    if "errno" in said:
        error = OSError(said["errno"], os.strerror(said["errno"]))
        return replace(result, code=None, err=_why(result.argv, error))
    if result.timed_out or "timeout" in said:
        return replace(result, code=-signal.SIGKILL, timed_out=True)
    return replace(result, code=said.get("exit", -signal.SIGTERM if said else result.code))


def _sweep(mark: str) -> None:
    """Kill whoever carries the mark of a warden that was killed and could not end its wards itself."""
    while marked := [pid for pid in os.listdir("/proc") if pid.isdigit() and mark.encode() in _environ(pid)]:
        for pid in marked:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _environ(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "environ").read_bytes()
    except OSError:  # ended, or somebody else's
        return b""


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
        file.write(visible(redact(text)))


def _ending(result: Result) -> str:
    what = "could not start" if result.code is None else "timed out" if result.timed_out else f"exit {result.code}"
    return f"[{what} after {result.seconds:.1f} s]"


def _stopped() -> Interrupted:
    return Interrupted("The run was asked to stop.", "Everything recorded so far stays; the same command goes on.")
