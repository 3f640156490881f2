"""wards: untrusted commands, each behind a warden (warden.py) that neither it nor the runner's death gets past."""

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

from .child import GRACE, Command, Ended, close, close_pipes, ready

PATIENCE = 10.0
"""Seconds in which a warden has to be there; one that is not was stopped by somebody."""

_SERVER = (
    *(sys.executable, "-I", "-S", "-c"),  # imported, not run as a script, so that it is compiled only once
    "import sys; sys.path.append(sys.argv[1]); import supervisor; supervisor.serve(int(sys.argv[2]))",
    str(Path(__file__).parent),
)
_MARK = "RUN_MILESTONE_WARD"


class ForkServer:
    """The interpreter that forks wardens; started when the first is needed, and again should somebody kill it.

    It and every warden keep the descriptors `hold` open. It ends when it is closed, or with this process.
    """

    def __init__(self, hold: tuple[int, ...]) -> None:
        """Start nothing yet."""
        self._hold = hold
        self._turn = threading.RLock()  # reentrant: a signal handler may close while this thread starts it
        self._control: socket.socket | None = None
        self._finish: weakref.finalize[..., ForkServer] | None = None

    def fork(self, command: int, lifeline: socket.socket, theirs: socket.socket, streams: list[int]) -> int:
        """Have a warden forked for the command in the file `command`; returns a descriptor of its process.

        Errors: OSError where none comes, also not from a new server.
        """
        for _ in range(2):
            with suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(self._open(), [b"w"], [command, theirs.fileno(), *streams])
                if ready(lifeline.fileno(), PATIENCE):
                    _, descriptors, _, _ = socket.recv_fds(lifeline, 1, 1)
                    if descriptors:
                        return descriptors[0]
            self.close()
        raise OSError(0, "no warden could be started")

    def _open(self) -> socket.socket:
        with self._turn:
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
        """End the server, and with it whatever wardens are left."""
        with self._turn:
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


class Ward:
    """A command behind a warden."""

    def __init__(self, command: Command, server: ForkServer) -> None:
        """Start it. Errors: OSError and ValueError where it cannot be."""
        self._cwd = command.cwd
        self._mark = secrets.token_hex(16)
        packed = _packed(command, self._mark)
        self._lifeline, theirs = socket.socketpair()
        self.stdin, self.stdout, self.stderr, streams = _pipes(fed=command.stdin is not None)
        try:
            with theirs, os.fdopen(os.memfd_create("command"), "wb") as file:
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
        """Send signals to the warden, which passes on that there shall be an end."""
        with suppress(ProcessLookupError):
            for number in numbers:
                signal.pidfd_send_signal(self.ended, number)

    def bury(self) -> Ended:
        """Let go of it, and return what the warden says; where it was killed itself, what it leaves is killed here."""
        close(self)
        said = _hear(self._lifeline)
        self._lifeline.close()
        if not said:
            _sweep(self._mark)
        for word, place in (("chdir", str(self._cwd)), ("errno", None)):
            if word in said:
                return Ended(None, error=OSError(said[word], os.strerror(said[word]), place))
        if "timeout" in said:
            return Ended(-signal.SIGKILL, timed_out=True)
        return Ended(said.get("exit", -signal.SIGTERM if said else -signal.SIGKILL))


def _packed(command: Command, mark: str) -> bytes:
    words = [os.fsencode(word) for word in command.argv]
    env = {os.fsencode(name): os.fsencode(value) for name, value in {**command.env, _MARK: mark}.items()}
    if any(b"\0" in word for word in (*words, *env.values())):
        raise ValueError("embedded null byte")
    return marshal.dumps((words, env, os.fsencode(command.cwd), command.timeout))


def _pipes(*, fed: bool) -> tuple[IO[bytes] | None, IO[bytes], IO[bytes], list[int]]:
    """Return this side's ends of a command's three streams, and the command's; one that is not fed reads nothing."""
    theirs, feed = os.pipe() if fed else (os.open(os.devnull, os.O_RDONLY), None)
    (out, their_out), (err, their_err) = os.pipe(), os.pipe()
    stdin = None if feed is None else os.fdopen(feed, "wb", 0)
    return stdin, os.fdopen(out, "rb", 0), os.fdopen(err, "rb", 0), [theirs, their_out, their_err]


def _hear(lifeline: socket.socket) -> dict[str, int]:
    """Return the warden's last words, none where it was killed itself."""
    try:
        words = lifeline.recv(1024, socket.MSG_DONTWAIT).decode().split()
    except (BlockingIOError, ConnectionResetError):
        return {}
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


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
