"""Run untrusted commands, each below a supervisor (supervisor.py) that ends everything the command starts."""

from __future__ import annotations

import marshal
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO

from .child import GRACE, Exit, Request, close, close_pipes, ready

PATIENCE = 10.0
"""Seconds in which a supervisor has to start."""

_SERVER = (
    *(sys.executable, "-I", "-S", "-c"),  # imported, not run as a script, so that it is compiled only once
    "import sys; sys.path.append(sys.argv[1]); import supervisor; supervisor.serve(int(sys.argv[2]))",
    str(Path(__file__).parent),
)
_MARK = "RUN_MILESTONE_SUPERVISED"


class ForkServer:
    """The interpreter that forks supervisors, started with the first request, and again if it was killed.

    It and every supervisor keep the descriptors `hold` open. It ends with `close`, or with this process.
    """

    def __init__(self, hold: tuple[int, ...]) -> None:
        self._hold = hold
        self._lock = threading.RLock()  # reentrant: a signal handler may close while this thread starts it
        self._control: socket.socket | None = None
        self._finish: weakref.finalize[..., ForkServer] | None = None

    def fork(self, request: int, lifeline: socket.socket, theirs: socket.socket, streams: list[int]) -> int:
        """Fork a supervisor for the request in the file `request`. Returns a descriptor of its process.

        Errors: OSError where even a new server forks none.
        """
        for _ in range(2):
            with suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(self._open(), [b"w"], [request, theirs.fileno(), *streams])
                if ready(lifeline.fileno(), PATIENCE):
                    _, descriptors, _, _ = socket.recv_fds(lifeline, 1, 1)
                    if descriptors:
                        return descriptors[0]
            self.close()
        raise OSError(0, "no supervisor could be started")

    def _open(self) -> socket.socket:
        with self._lock:
            if self._control is None:
                self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    argv, nothing = (*_SERVER, str(theirs.fileno())), subprocess.DEVNULL
                    process = subprocess.Popen(
                        argv,
                        cwd="/",
                        env={},
                        stdin=nothing,
                        stdout=nothing,
                        stderr=nothing,
                        pass_fds=(theirs.fileno(), *self._hold),
                        start_new_session=True,
                    )
                self._finish = weakref.finalize(self, _finish, self._control, process)
            return self._control

    def close(self) -> None:
        """End the server, and with it the supervisors that still run."""
        with self._lock:
            self._control = None
            if self._finish is not None:
                self._finish()


def _finish(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Supervised:
    """A command below a supervisor."""

    def __init__(self, request: Request, server: ForkServer) -> None:
        """Start it. Errors: OSError and ValueError where it cannot start."""
        self._cwd = request.cwd
        self._mark = secrets.token_hex(16)
        packed = _packed(request, self._mark)
        self._lifeline, theirs = socket.socketpair()
        self.stdin, self.stdout, self.stderr, streams = _pipes(fed=request.stdin is not None)
        try:
            with theirs, os.fdopen(os.memfd_create("request"), "wb") as file:
                file.write(packed)
                file.flush()
                self.ended = server.fork(file.fileno(), self._lifeline, theirs, streams)
        except BaseException:
            self._lifeline.close()
            close_pipes(self)
            raise
        finally:
            for stream in streams:
                os.close(stream)
        with suppress(BrokenPipeError, ConnectionResetError):  # it was killed meanwhile
            self._lifeline.send(b"g")

    def signal(self, *numbers: int) -> None:
        """Send signals to the supervisor, which then ends the command."""
        with suppress(ProcessLookupError):
            for number in numbers:
                signal.pidfd_send_signal(self.ended, number)

    def reap(self) -> Exit:
        """Close its descriptors and return the supervisor's report. Of a killed supervisor the processes are killed."""
        close(self)
        report = _report(self._lifeline)
        self._lifeline.close()
        if not report:
            _kill_marked(self._mark)
        for word, place in (("chdir", str(self._cwd)), ("confine", "the sandbox"), ("errno", None)):
            if word in report:
                return Exit(None, error=OSError(report[word], os.strerror(report[word]), place))
        if limit := next((name for name in ("processes", "disk") if name in report), ""):
            return Exit(-signal.SIGKILL, limit=limit)
        if "timeout" in report:
            return Exit(-signal.SIGKILL, timed_out=True)
        return Exit(report.get("exit", -signal.SIGTERM if report else -signal.SIGKILL))


def _packed(request: Request, mark: str) -> bytes:
    words = [os.fsencode(word) for word in (*request.box.prefix, *request.argv)]
    env = {os.fsencode(name): os.fsencode(value) for name, value in {**request.env, _MARK: mark}.items()}
    if any(b"\0" in word for word in (*words, *env.values())):
        raise ValueError("embedded null byte")
    return marshal.dumps((words, env, os.fsencode(request.cwd), request.timeout, request.box.confinement))


def _pipes(*, fed: bool) -> tuple[IO[bytes] | None, IO[bytes], IO[bytes], list[int]]:
    """Return our ends of a command's three streams, and the list of its own. Unless `fed` it reads nothing."""
    theirs, feed = os.pipe() if fed else (os.open(os.devnull, os.O_RDONLY), None)
    (out, their_out), (err, their_err) = os.pipe(), os.pipe()
    stdin = None if feed is None else os.fdopen(feed, "wb", 0)
    return stdin, os.fdopen(out, "rb", 0), os.fdopen(err, "rb", 0), [theirs, their_out, their_err]


def _report(lifeline: socket.socket) -> dict[str, int]:
    """Return the supervisor's report, empty where it was killed."""
    try:
        words = lifeline.recv(1024, socket.MSG_DONTWAIT).decode().split()
    except (BlockingIOError, ConnectionResetError):
        return {}
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _kill_marked(mark: str) -> None:
    """Kill every process with this mark, when its supervisor was killed."""
    while marked := [pid for pid in os.listdir("/proc") if pid.isdigit() and mark.encode() in _environ(pid)]:
        for pid in marked:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _environ(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "environ").read_bytes()
    except OSError:  # ended, or another user's
        return b""
