"""Limit what an untrusted command uses, and say which limit it reached."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ....model import ProcessLimits

MIB = 1 << 20
GRACE = 5
"""Seconds of computing between the signal that a process may heed and the one that ends it."""
_SIGNS = {
    "file": (signal.SIGXFSZ, ("Errno 27] File too large", "EFBIG")),
    "cpu": (signal.SIGXCPU, ("CPU time limit exceeded",)),
    "open_files": (None, ("Errno 24] Too many open files", "EMFILE")),
    "memory": (None, ("MemoryError", "Cannot allocate memory", "out of memory", "bad_alloc")),
}
"""The signal that ends a process at a limit, and what it says where it may go on."""


def kernel_limits(limits: ProcessLimits) -> dict[str, tuple[int, int]]:
    """Return the limits as `confine.py` sets them: soft and hard, by the kernel's name. No process dumps its memory."""
    sizes = {"RLIMIT_AS": limits.memory, "RLIMIT_FSIZE": limits.file}
    named = {name: (size * MIB, size * MIB) for name, size in sizes.items() if size is not None}
    if limits.cpu is not None:
        named["RLIMIT_CPU"] = limits.cpu, limits.cpu + GRACE
    return {**named, "RLIMIT_NOFILE": (limits.open_files, limits.open_files), "RLIMIT_CORE": (0, 0)}


def watched(limits: ProcessLimits, places: Iterable[Path]) -> dict[str, object]:
    """Return the limits that the supervisor watches over: how many processes, and bytes added below `places`."""
    folders = [os.fsencode(place) for place in places]
    return {"processes": limits.processes, "disk": limits.disk * MIB, "places": folders}


def sentence(limits: ProcessLimits, name: str) -> str:
    """Return what is said where a command reached the limit of this name."""
    return f"a limit of the plan was reached: {getattr(limits, name)} {_UNITS[name]} (`sandbox.limits.{name}`)"


def reached(limits: ProcessLimits, code: int | None, output: str) -> str:
    """Return a line for each limit of one process that a failed command seems to have reached, else nothing."""
    return "".join(f"[{sentence(limits, name)}]\n" for name in _reached(limits, code, output)) if code else ""


def ended_by(limits: ProcessLimits, code: int | None) -> str:
    """Return the limit whose signal ended a command, empty where none did."""
    signals = {name: number for name, (number, _) in _SIGNS.items() if number and getattr(limits, name) is not None}
    return next((name for name, number in signals.items() if code in {-number, 128 + number}), "")


_UNITS = {
    "file": "MiB a file",
    "cpu": "s of computing",
    "open_files": "open files",
    "memory": "MiB of memory",
    "disk": "MiB of new files",
    "processes": "processes and threads",
    "output": "MiB of output",
    "idle": "s without any output",
}


def _reached(limits: ProcessLimits, code: int | None, output: str) -> Iterator[str]:
    for name, (ending, words) in _SIGNS.items():
        is_ended = ending is not None and code in {-ending, 128 + ending}
        if getattr(limits, name) is not None and (is_ended or any(word in output for word in words)):
            yield name
