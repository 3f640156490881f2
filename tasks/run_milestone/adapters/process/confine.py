"""Confine the process that becomes an untrusted command. It runs between fork and exec, below the supervisor.

It imports the standard library alone, because the interpreter that forks supervisors cannot import run_milestone.
"""

from __future__ import annotations

import _socket as socket  # the part in C, as below: each command is a fork that would import the rest again
import ctypes
import fcntl
import os
import resource
import stat
import struct
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _FILTER = 38, 22, 24, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _CAPSET = 444, 445, 446, {"x86_64": 126, "aarch64": 91}
_NEWUSER, _NEWNET, _NEWIPC, _NEWNS = 0x10000000, 0x40000000, 0x08000000, 0x00020000
_SLAVE, _NO_PROGRAMS = 0x80000 | 0x4000, 2 | 8
"""How mounts of a namespace are kept from the others, and how one holds no programs."""
_LAST_CAPABILITY = 63

_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_ALL = (1 << 16) - 1
"""Every access to files that ABI 6 knows."""
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_SIGNALS_AND_ABSTRACT_SOCKETS = 3


def confine(how: dict[str, Any]) -> None:
    """Confine this process, and everything that it will start. Errors: OSError."""
    for name, wanted in how.get("limits", {}).items():
        kind = getattr(resource, name)
        most = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, wanted if most == resource.RLIM_INFINITY else tuple(min(one, most) for one in wanted))
    if how.keys() <= {"limits", "watch"}:
        return
    filter_ = how.get("seccomp")
    if "landlock" in how:
        is_apart = _leave_others(network=how["network"] is True)
        if isinstance(how["network"], str):
            _reach_only(how["network"], is_apart=is_apart)
        filter_ = how["seccomp" if is_apart else "seccomp without namespaces"]
        terminals = how["terminals"] if is_apart and _own_terminals() else []
        _drop_capabilities()
        _landlock(how["read"], [*how["write"], *terminals])
    _check(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if "scope" in how:
        _restrict(0, how["scope"])
    if filter_:
        _seccomp(filter_)


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


def _seccomp(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _check(_LIBC.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(header), 0, 0), "seccomp")


# ---- Landlock -------------------------------------------------------------------------------------------------


def _landlock(read: list[bytes], write: list[bytes]) -> None:
    rules = [*((path, _EXECUTE | _READ | _LIST) for path in read), *((path, _ALL) for path in write)]
    _check(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _restrict(_ALL, _SIGNALS_AND_ABSTRACT_SOCKETS, rules)


def _restrict(files: int, scope: int, rules: list[tuple[bytes, int]] | None = None) -> None:
    """Refuse these accesses to files but where the rules grant them, and what the scope names."""
    handled = struct.pack("QQQ", files, 0, scope)
    ruleset = _check(_LIBC.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0), "landlock")
    for path, access in rules or ():
        _allow(ruleset, path, access)
    _check(_LIBC.syscall(_RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: bytes, access: int) -> None:
    """Grant access to what lies below a path. One that is gone by now is left out."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        access &= _OF_FILES
    rule = struct.pack("=Qi", access, place)
    _check(_LIBC.syscall(_ADD_RULE, ruleset, 1, rule, 0), "landlock")
    os.close(place)


def _drop_capabilities() -> None:
    """Give up every privilege of root, now and for programs that are started."""
    for capability in range(_LAST_CAPABILITY):
        _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    _check(_LIBC.syscall(_CAPSET[os.uname().machine], header, bytes(24)), "capset")


# ---- namespaces -----------------------------------------------------------------------------------------------


def _leave_others(*, network: bool) -> bool:
    """Take mounts and shared memory of its own and, unless `network`, a network with nothing but the loopback.

    Returns whether the kernel allows that.
    """
    user, group = os.getuid(), os.getgid()
    if _LIBC.unshare(_NEWUSER | _NEWNS | _NEWIPC | (0 if network else _NEWNET)) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    if not network:
        _loopback_up()
    return True


def _own_terminals() -> bool:
    """Cover the terminals of this machine, the person's among them, by none. Returns whether the kernel allows that."""
    place, how = b"/dev/pts", b"newinstance,ptmxmode=0666,mode=620"
    if _LIBC.mount(None, b"/", None, ctypes.c_ulong(_SLAVE), None) != 0:
        return False
    return bool(_LIBC.mount(b"devpts", place, b"devpts", ctypes.c_ulong(_NO_PROGRAMS), how) == 0)


def _reach_only(path: str, *, is_apart: bool) -> None:
    """Let a relay listen in a network of its own that leads to the socket `path`. Errors: OSError."""
    import relay  # type: ignore[import-not-found]  # beside this file, which no package holds in here

    if not is_apart:
        raise OSError(ctypes.get_errno(), "a network of its own")
    relay.start(path)


def _loopback_up() -> None:
    set_flags, up = 0x8914, 1
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)
    fcntl.ioctl(line.fileno(), set_flags, struct.pack("16sH14x", b"lo", up))
    line.close()
