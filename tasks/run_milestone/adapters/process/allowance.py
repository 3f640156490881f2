"""Watch over what all processes of one untrusted command use together, which no limit of the kernel counts.

It runs in the supervisor, so it imports the standard library alone.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.25
"""Seconds between two looks."""
SELDOM = 2.0
"""Seconds between two counts of bytes, at least."""
APART = 50
"""How many times as long as a count took the next one waits, at least."""
_BLOCK = 512
"""Bytes, in which the system counts what a file takes."""


class Limits:
    """How many processes a command may have at once, and how many bytes it may add below some folders.

    Each look asks the system for two totals. Where one has grown by a limit, the command's own are counted. Its bytes
    are counted from time to time too, because others may free as much as it takes.
    """

    def __init__(self, watch: dict[str, Any] | None) -> None:
        """Begin to watch; None watches nothing."""
        self._watch = watch or {}
        self.pause = PAUSE if self._watch else 3600.0
        self._began = time.time()
        self._next_count = time.monotonic() + SELDOM
        self._free = self._free_bytes()
        self._tasks = _tasks()

    def reached(self) -> str | None:
        """Return the limit that was reached, `processes` or `disk`, None where none was."""
        if not self._watch:
            return None
        if _tasks() - self._tasks > self._watch["processes"] < _tasks_below(os.getpid()):
            return "processes"
        free, limit, now = self._free_bytes(), self._watch["disk"], time.monotonic()
        is_less = any(before - left > limit for before, left in zip(self._free, free, strict=True))
        if not is_less and now < self._next_count:
            return None
        if _added(self._watch["places"], self._began) > limit:
            return "disk"
        if is_less:
            self._free = [left + limit * 7 // 8 for left in free]  # others wrote it: count again once more has gone
        ended = time.monotonic()
        self._next_count = ended + max(SELDOM, APART * (ended - now))
        return None

    def _free_bytes(self) -> list[int]:
        return [_free(place) for place in self._watch.get("places", ())]


def _free(place: bytes) -> int:
    try:
        status = os.statvfs(place)
    except OSError:
        return 0
    return status.f_bfree * status.f_frsize


def _tasks() -> int:
    """Return how many processes and threads the system has."""
    return int(_text("/proc/loadavg").split()[3].partition("/")[2])


def _tasks_below(pid: int) -> int:
    """Return how many processes and threads descend from a process."""
    return sum(len(threads) for _, threads in started_by([pid])) - 1


def started_by(pids: list[int]) -> Iterator[tuple[int, list[str]]]:
    """Yield processes and all they started, outermost first, each with its threads: any of them starts processes."""
    known = list(pids)
    for pid in known:  # grows while it is gone through
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            threads = []
        yield pid, threads
        for thread in threads:
            known += map(int, _text(f"/proc/{pid}/task/{thread}/children").split())


def _added(folders: list[bytes], since: float) -> int:
    """Return the bytes of the files below some folders that changed since a time, which only the system sets.

    Those that a process has open count too: one that has lost its name takes as much.
    """
    below = {(one.st_dev, one.st_ino): _taken(one, since) // one.st_nlink for one in _files_below(folders)}
    disks = {device for device, _ in below}
    open_ones = {(one.st_dev, one.st_ino): _taken(one, since) for one in _open_files()}
    nameless = {**dict(_mapped_files()), **open_ones}
    return sum(below.values()) + sum(size for file, size in nameless.items() if file not in below and file[0] in disks)


def _taken(status: os.stat_result, since: float) -> int:
    return status.st_blocks * _BLOCK if status.st_ctime >= since - 1 else 0


def _files_below(folders: list[bytes]) -> Iterator[os.stat_result]:
    waiting = list(folders)
    for folder in folders:
        with suppress(OSError):
            yield os.stat(folder)
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)


def _open_files() -> Iterator[os.stat_result]:
    """Yield what the processes of the command have open; each thread may have files of its own."""
    for pid, threads in started_by([os.getpid()]):
        for place in (f"/proc/{pid}/task/{thread}/fd" for thread in threads):
            with suppress(OSError):
                for name in os.listdir(place):
                    with suppress(OSError):
                        yield os.stat(f"{place}/{name}")


def _mapped_files() -> Iterator[tuple[tuple[int, int], int]]:
    """Yield the files without a name that processes of the command have in memory, and up to which byte."""
    for pid, _ in started_by([os.getpid()]):
        for line in _text(f"/proc/{pid}/maps").splitlines():
            if line.endswith(" (deleted)"):
                span, _, offset, device, number = line.split()[:5]
                (begin, end), (major, minor) = (span.split("-"), device.split(":"))
                length = int(end, 16) - int(begin, 16)
                yield (os.makedev(int(major, 16), int(minor, 16)), int(number)), int(offset, 16) + length


def _text(path: str) -> str:
    """Return what a file of the process table says, nothing where the process has ended."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
