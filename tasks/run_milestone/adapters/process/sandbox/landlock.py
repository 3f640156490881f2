"""Start a command under Landlock: the kernel refuses files that it was not granted. Weaker than bubblewrap."""

from __future__ import annotations

import ctypes
import functools
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from . import seccomp
from .grants import Box

if TYPE_CHECKING:
    from .grants import Places

OLDEST = 6
"""The first ABI that keeps signals and abstract sockets inside."""
_CREATE_RULESET, _VERSION = 444, 1
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm")

_SYSTEM = ("/proc", "/etc/xdg", "/sys/fs/cgroup")


@functools.cache
def abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 where it offers none."""
    version = ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    return max(0, int(version))


def box(places: Places, *, network: bool | str) -> Box:
    """Return the box: what `confine.py` hands to the kernel before the command starts.

    A text as `network` is the socket of a proxy, to which a relay in a network of its own leads.
    """
    devices = [Path("/dev", name) for name in _DEVICES]
    confinement = {
        "landlock": abi(),
        "read": [os.fsencode(path) for path in (*places.read, *map(Path, _SYSTEM), *_public()) if path.exists()],
        "write": [os.fsencode(path) for path in (*places.write, *devices) if path.exists()],
        "network": network,
        "seccomp": seccomp.program(local_sockets=False, namespaces=False),
        "seccomp without network": seccomp.program(local_sockets=False, network=False, namespaces=False),
    }
    return Box((), confinement)


@functools.cache
def _public() -> tuple[Path, ...]:
    """Return the settings of the system that everybody may read: programs take a refusal for an error."""
    entries = [entry for entry in os.scandir("/etc") if entry.is_file()]
    return tuple(Path(entry.path) for entry in entries if entry.stat().st_mode & stat.S_IROTH)
