"""Write which system calls a container refuses, by name, as podman and docker read it."""

from __future__ import annotations

import errno
import json
from typing import Any

from .seccomp import NEW_USER, SET_GROUP_ID, SET_USER_ID

_REFUSED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "process_madvise"),
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "kexec_load", "kexec_file_load", "reboot"),
    *("init_module", "finit_module", "delete_module", "swapon", "swapoff", "open_by_handle_at"),
    *("setns", "chroot", "pivot_root", "mount", "umount2", "fsopen", "fsmount", "move_mount", "open_tree", "acct"),
    *("settimeofday", "clock_settime", "syslog", "quotactl", "mount_setattr", "pidfd_getfd"),
)
_HIDE_FLAGS = ("openat2", "clone3")
"""Where they are not there, programs take the older calls."""
_BITS = (
    *((name, 1, SET_USER_ID) for name in ("chmod", "fchmod", "creat", "mknod")),
    *((name, 2, SET_USER_ID) for name in ("fchmodat", "fchmodat2", "mknodat", "open")),
    ("openat", 3, SET_USER_ID),
    *((name, 1, SET_GROUP_ID) for name in ("creat", "mknod")),
    *((name, 2, SET_GROUP_ID) for name in ("mknodat", "open")),
    ("openat", 3, SET_GROUP_ID),
    *((name, 0, NEW_USER) for name in ("unshare", "clone")),
)
"""Calls, with the place of an argument and the bits that it may not have."""
_NETLINK = 16
"""The last family of sockets that is needed. Others reach the machine below a virtual one, or parts of the kernel."""


def profile() -> str:
    """Return the profile as JSON."""
    calls = [_rule(_REFUSED, errno.EPERM), _rule(_HIDE_FLAGS, errno.ENOSYS)]
    for name, place, bits in _BITS:
        has = {"index": place, "value": bits, "valueTwo": bits, "op": "SCMP_CMP_MASKED_EQ"}
        calls.append({**_rule((name,), errno.EPERM), "args": [has]})
    family = {"index": 0, "value": _NETLINK, "op": "SCMP_CMP_GT"}
    calls.append({**_rule(("socket",), errno.EPERM), "args": [family]})
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": calls})


def _rule(names: tuple[str, ...], number: int) -> dict[str, Any]:
    return {"names": list(names), "action": "SCMP_ACT_ERRNO", "errnoRet": number}
