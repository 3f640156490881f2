"""warden: stands between the runner and one untrusted command, and lets nothing of it outlive either of them.

Runs in an interpreter of its own (process.py starts it) with `LIFELINE SECONDS PROGRAM [ARGUMENT ...]` and the
standard library alone. LIFELINE is the descriptor of a socket whose other end the runner holds: end of file there
means that the runner is gone, and what became of the command is written to it (`exit 0`, `timeout 0`, `stopped 0`,
`errno 2`). Killing a process group misses whoever left it, so the warden is a subreaper: an orphaned descendant
becomes its own child, and it ends when it has no child left.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # the part in C: the enums around it cost 8 ms a start
import ctypes
import os
import select
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
WAKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _say(lifeline: int, word: str, number: int) -> None:
    """Tell the runner; one that is gone need not hear it."""
    try:
        os.write(lifeline, f"{word} {number}\n".encode())
    except OSError:
        return


def _start(lifeline: int, argv: list[str]) -> int:
    """Start the command in a session of its own, and see to it that it does not outlive a killed warden."""
    warden = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (*WAKING, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, lifeline)  # the run's lock among them: the command could unlock it
        os.closerange(lifeline + 1, os.sysconf("SC_OPEN_MAX"))
        if os.getppid() == warden:
            os.execvp(argv[0], argv)
    except OSError as error:
        _say(lifeline, "errno", error.errno or 0)
    os._exit(127)


def _alarm() -> tuple[int, set[int]]:
    """Let signals wake a poll; return the descriptor to poll, and the set that collects which came."""
    seen: set[int] = set()
    awake, waker = os.pipe()
    for end in (awake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in WAKING:
        signal.signal(number, lambda number, _frame: seen.add(number))
    return awake, seen


def _reap(child: int) -> int | None:
    """Bury whoever ended; return the command's exit code (negative: the signal) once it is among them."""
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


def _watch(lifeline: int, child: int, awake: int, seen: set[int], until: float) -> tuple[str, int]:
    """Wait for the command's end, its time limit, a signal, or the end of the runner; return what came first."""
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    poll.register(awake, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        ready = {descriptor for descriptor, _event in poll.poll(min(left, 3600) * 1000 + 1)}
        if awake in ready:
            os.read(awake, 4096)
        if (code := _reap(child)) is not None:
            return "exit", code
        if lifeline in ready or seen - {signal.SIGCHLD}:
            return "stopped", 0
    return "timeout", 0


def _children() -> list[int]:
    """Return the pids of this process's own children, zombies included."""
    try:
        with open("/proc/thread-self/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == os.getpid()]


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _end_all() -> None:
    """Kill children until there are none: the children of the killed become ours, however deep they hid."""
    while _any_left():
        for pid in _children():
            _kill(pid)
            os.waitpid(pid, 0)


def _any_left() -> bool:
    """Ask the kernel; the list of children may miss one while others end."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _kill(pid: int) -> None:
    """Kill a child that was not buried yet (so the number is still its own), with the group it is in."""
    group = os.getpgid(pid)
    if group != os.getpgrp():
        os.killpg(group, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Run the command for at most its seconds, end everything it left behind, then tell the runner."""
    lifeline, seconds, argv = int(sys.argv[0]), float(sys.argv[1]), sys.argv[2:]
    until = time.monotonic() + seconds
    runner = os.getppid()
    os.set_inheritable(lifeline, False)
    awake, seen = _alarm()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != runner:
        return
    word, number = _watch(lifeline, _start(lifeline, argv), awake, seen, until)
    _end_all()
    _say(lifeline, word, number)
