"""Limit what one process of an untrusted command uses, and say which limit it reached."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def reached(limits: ProcessLimits, code: int | None, output: str) -> str:
    """Return a line for each limit that a failed command seems to have reached, nothing where it reached none."""
    return "".join(_reached(limits, code, output)) if code else ""


def _reached(limits: ProcessLimits, code: int | None, output: str) -> Iterator[str]:
    units = {"file": "MiB a file", "cpu": "s of computing", "open_files": "open files", "memory": "MiB of memory"}
    for name, (ending, words) in _SIGNS.items():
        limit = getattr(limits, name)
        is_ended = ending is not None and code in {-ending, 128 + ending}
        if limit is not None and (is_ended or any(word in output for word in words)):
            yield f"[a limit of the plan was reached: {limit} {units[name]} (`sandbox.limits.{name}`)]\n"
