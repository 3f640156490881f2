"""Build the system-call filters of a box, as programs for the kernel's packet filter."""

from __future__ import annotations

import errno
import functools
import platform
import struct

_LOAD, _EQUAL, _ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
"""Offsets of the call's number, the architecture and the low half of the first argument."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
"""Numbers from here on are the 32-bit calls of x86_64."""

KERNEL = {
    "x86_64": (
        *(101, 310, 311, 312, 440),  # ptrace, process_vm_readv, process_vm_writev, kcmp, process_madvise
        *(248, 249, 250),  # add_key, request_key, keyctl
        *(321, 298, 323),  # bpf, perf_event_open, userfaultfd
        *(425, 426, 427),  # io_uring
        *(246, 320, 169, 175, 176, 313, 167, 168, 304),  # kexec, reboot, modules, swap, open_by_handle_at
    ),
    "aarch64": (
        *(117, 270, 271, 272, 440),
        *(217, 218, 219),
        *(280, 241, 282),
        *(425, 426, 427),
        *(104, 294, 142, 105, 106, 273, 224, 225, 265),
    ),
}
"""Calls that reach the kernel's keyring, other processes, or parts of the kernel that tests do not need."""
_SOCKET = {"x86_64": 41, "aarch64": 198}
_UNIX, _NETWORK = (1,), (2, 10, 16, 17, 40)
"""Families of sockets: files and names on this machine; IPv4, IPv6, netlink, packets, virtual machines."""


def supported() -> bool:
    """Return whether the filters are known for this machine's processor."""
    return platform.machine() in ARCHITECTURES


@functools.cache
def program(*, local_sockets: bool = True, network: bool = True) -> bytes:
    """Return a filter that refuses the calls above, and sockets to names on this machine or to the network."""
    machine = platform.machine()
    code = [_do(_LOAD, _ARCHITECTURE), _jump(_EQUAL, ARCHITECTURES[machine], 1, 0), _refused(), _do(_LOAD, _NUMBER)]
    if machine == "x86_64":
        code += [_jump(_ABOVE, _X32, 0, 1), _refused()]
    for number in KERNEL[machine]:
        code += [_jump(_EQUAL, number, 0, 1), _refused()]
    families = (*(() if local_sockets else _UNIX), *(() if network else _NETWORK))
    if families:
        code += [_jump(_EQUAL, _SOCKET[machine], 0, 2 * len(families) + 1), _do(_LOAD, _FIRST)]
        for family in families:
            code += [_jump(_EQUAL, family, 0, 1), _refused()]
    return b"".join([*code, _do(_RETURN, _ALLOW)])


def _do(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def _jump(code: int, value: int, match: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", code, match, otherwise, value)


def _refused() -> bytes:
    return _do(_RETURN, _ERRNO | errno.EPERM)
