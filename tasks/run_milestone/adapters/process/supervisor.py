"""Supervise one untrusted command, so that no process of it outlives the command or the runner.

supervised.py starts a separate interpreter with the standard library alone. It forks a supervisor per request, so that
no command waits for an interpreter to start. LIFELINE is a socket between the runner and one supervisor. On it the
runner allows the command to start, end of file means that the runner has ended, and the supervisor reports how the
command ended (`exit 0`, `timeout 0`, `stopped 0`, `disk 0`, `chdir 2`, `confine 1`, `errno 2`). Killing a process
group misses processes that left it, so the supervisor is a subreaper: orphaned descendants become its children, and it
ends when it has none left. The interpreter that forks is one too, in case a supervisor is killed.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the part in C: the enums around it cost 8 ms a start
import _socket as socket
import ctypes
import marshal
import os
import select
import sys
import time

from allowance import Limits, started_by  # type: ignore[import-not-found]
from confine import confine  # type: ignore[import-not-found]  # beside this file, which no package holds in here

Command = tuple[list[bytes], dict[bytes, bytes], bytes, float, "dict[str, object] | None"]
"""Argument list, environment, folder, seconds, and how it is confined."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE = 2.0
"""Seconds that a command which is stopped, or reached its timeout, has to clean up before it is killed."""
WAKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
DESCRIPTORS = 5
"""Descriptors that come with each request: the request, the lifeline, standard input, output and errors."""


# ---- the interpreter that forks -------------------------------------------------------------------------------


def serve(control: int) -> None:
    """Fork a supervisor for each request at `control`. Once the runner has ended, end everything that is left."""
    line = socket.socket(fileno=control)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    awake, seen = _alarm()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(awake, select.POLLIN)
    while not seen - {signal.SIGCHLD}:
        ready = {descriptor for descriptor, _event in poll.poll()}
        if awake in ready:
            os.read(awake, 4096)
            _reap(0)
        if control in ready:
            request = _receive(line)
            if not request:
                break
            _fork(request)
    _end_all()


def _receive(line: socket.socket) -> list[int]:
    """Return the descriptors of the next request, none where the runner has ended."""
    _, ancillary, _, _ = line.recvmsg(1, socket.CMSG_SPACE(DESCRIPTORS * 4), socket.MSG_CMSG_CLOEXEC)
    return [int.from_bytes(data[i : i + 4], sys.byteorder) for *_, data in ancillary for i in range(0, len(data), 4)]


def _fork(request: list[int]) -> None:
    """Fork a supervisor, and send the runner a descriptor of it. Without one the runner lets no command start."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _become_supervisor(parent, *request)
    pidfd = os.pidfd_open(child)
    answer = socket.socket(fileno=request[1])
    try:
        answer.sendmsg([b"w"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pidfd.to_bytes(4, sys.byteorder))])
    except OSError:
        return  # the runner has ended, and the supervisor will see that too
    finally:
        answer.close()
        for descriptor in (pidfd, request[0], *request[2:]):
            os.close(descriptor)


def _become_supervisor(parent: int, request: int, lifeline: int, *streams: int) -> None:
    """Be the supervisor of one command, and end. A defect is shown in the command's standard error."""
    try:
        with open(request, "rb") as file:
            file.seek(0)
            command = marshal.load(file)  # noqa: S302 - only the runner writes it
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        os.setsid()
        _guard(parent, lifeline, command)
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


# ---- a supervisor ---------------------------------------------------------------------------------------------


def _guard(parent: int, lifeline: int, command: Command) -> None:
    """Run the command until its timeout, end everything it left behind, then report to the runner."""
    awake, seen = _alarm()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent or not os.read(lifeline, 1):
        return
    until = time.monotonic() + command[3]
    limits = Limits((command[4] or {}).get("watch"))
    word, number = _watch(lifeline, _start(lifeline, command), awake, seen, until, limits)
    if word in {"timeout", "stopped"}:
        _ask_to_end(awake)
    _end_all()
    _report(lifeline, word, number)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _report(lifeline: int, word: str, number: int) -> None:
    """Report to the runner, if it still runs."""
    try:
        os.write(lifeline, f"{word} {number}\n".encode())
    except OSError:
        return


def _start(lifeline: int, command: Command) -> int:
    """Start the command in a session of its own, and let the kernel kill it when the supervisor is killed."""
    supervisor = os.getpid()
    argv, env, cwd, _, confinement = command
    child = os.fork()
    if child:
        return child
    failed = "chdir"
    try:
        os.chdir(cwd)
        failed = "errno"
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (*WAKING, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, lifeline)  # the run's lock among them: the command could unlock it
        os.closerange(lifeline + 1, os.sysconf("SC_OPEN_MAX"))
        if confinement:
            failed = "confine"
            confine(confinement)
            failed = "errno"
        if os.getppid() == supervisor:
            os.execvpe(argv[0], argv, env)
    except OSError as error:
        _report(lifeline, failed, error.errno or 0)
    os._exit(127)


def _alarm() -> tuple[int, set[int]]:
    """Let signals wake a poll. Returns the descriptor to poll, and the set that collects the signals."""
    seen: set[int] = set()
    awake, waker = os.pipe()
    for end in (awake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in WAKING:
        signal.signal(number, lambda number, _frame: seen.add(number))
    return awake, seen


def _reap(child: int) -> int | None:
    """Reap the children that ended. Returns the command's exit code (negative: the signal) if it is among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)


def _watch(lifeline: int, child: int, awake: int, seen: set[int], until: float, limits: Limits) -> tuple[str, int]:
    """Wait for the command's end, its timeout, a limit, a signal, or the end of the runner. Returns what came first."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.register(awake, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        ready = {descriptor for descriptor, _event in poll.poll(min(left, limits.pause) * 1000 + 1)}
        if awake in ready:
            os.read(awake, 4096)
        if (code := _reap(child)) is not None:
            return "exit", code
        if lifeline in ready or seen - {signal.SIGCHLD}:
            return "stopped", 0
        if (name := limits.reached()) is not None:
            return name, 0
    return "timeout", 0


def _children() -> list[int]:
    """Return the pids of this process's children, zombies included."""
    try:
        with open("/proc/thread-self/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == os.getpid()]


def _ask_to_end(awake: int) -> None:
    """Send SIGTERM to all that the command started, and wait at most for the grace until nothing is left.

    A sandbox's own process gets none: it would take the others with it before they have cleaned up.
    """
    for pid in _descendants(_children()):
        if _name(pid) != b"bwrap":
            try:
                os.kill(pid, signal.SIGTERM)
                os.kill(pid, signal.SIGCONT)
            except OSError:
                continue
    poll = select.poll()
    poll.register(awake, select.POLLIN)
    until = time.monotonic() + GRACE
    while _any_left() and (left := until - time.monotonic()) > 0:
        if poll.poll(left * 1000 + 1):
            os.read(awake, 4096)
        _reap(0)


def _descendants(pids: list[int]) -> list[int]:
    """Return processes and all they started, outermost first."""
    return [pid for pid, _ in started_by(pids)]


def _name(pid: int) -> bytes:
    return _read(f"/proc/{pid}/comm").strip()


def _read(path: str) -> bytes:
    """Return what a file of the process table says, nothing where the process has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _end_all() -> None:
    """Kill children until there are none. The children of the killed become ours, at any depth."""
    while _any_left():
        for pid in _children():
            _kill(pid)
            os.waitpid(pid, 0)


def _any_left() -> bool:
    """Ask the kernel whether there is any child. The list of children may miss one while others end."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _kill(pid: int) -> None:
    """Kill a child and its group. It was not reaped yet, so no other process has its number."""
    group = os.getpgid(pid)
    if group != os.getpgrp():
        os.killpg(group, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
