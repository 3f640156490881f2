"""Start a command under Landlock: the kernel refuses files that it was not granted. Weaker than bubblewrap."""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from . import seccomp
from .etc import ETC, is_for_everybody, parts_for_everybody
from .grants import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .grants import Places

OLDEST = 6
"""The first ABI that keeps signals and abstract sockets inside."""
_CREATE_RULESET, _VERSION = 444, 1
_DEVICES = ("null", "zero", "full", "random", "urandom", "shm")
_TERMINALS = ("/dev/tty", "/dev/ptmx", "/dev/pts")
_SYSTEM = ("/proc", "/etc/xdg", "/sys/fs/cgroup")
_ABSTRACT_SOCKETS = 1
_filter = functools.partial(seccomp.program, local_sockets=False, shared=True)


@functools.cache
def abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 where it offers none."""
    version = ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    return max(0, int(version))


def box(places: Places, *, network: bool | str) -> Box:
    """Return the box: what `confine.py` hands to the kernel before the command starts.

    A text as `network` is the socket of a proxy, to which a relay in a network of its own leads.
    """
    read = (*_for_everybody((*places.read, *map(Path, _SYSTEM))), *_public())
    devices = [Path("/dev", name) for name in _DEVICES]
    confinement = {
        "landlock": abi(),
        "read": [os.fsencode(path) for path in read if path.exists()],
        "write": [os.fsencode(path) for path in (*places.write, *devices) if path.exists()],
        "terminals": [os.fsencode(path) for path in _TERMINALS],
        "network": network,
        "seccomp": _filter(),
        "seccomp without namespaces": _filter(memory=False, network=network is True),
    }
    return Box((), confinement)


def scope() -> dict[str, object]:
    """Return what keeps a box that shares the network from names of sockets in it, nothing with an older kernel."""
    return {"scope": _ABSTRACT_SOCKETS} if abi() >= OLDEST else {}


def _for_everybody(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the paths, of those in `/etc` what everybody may read: with root's number a command is their owner."""
    for path in paths:
        yield from parts_for_everybody(path) if path.is_relative_to(ETC) else (path,)


@functools.cache
def _public() -> tuple[Path, ...]:
    """Return the settings of the system that everybody may read: programs take a refusal for an error."""
    return tuple(path for path in sorted(ETC.iterdir()) if is_for_everybody(path) and path.is_file())
