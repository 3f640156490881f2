"""Build the system-call filters of a box, as programs for the kernel's packet filter."""

from __future__ import annotations

import errno
import functools
import platform
import struct

_LOAD, _EQUAL, _ABOVE, _ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST, _ARGUMENT = 0, 4, 16, 8
"""Offsets of the call's number, the architecture and the low half of the first argument, and an argument's bytes."""

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
SET_USER_ID, SET_GROUP_ID, _MADE, NEW_USER = 0o4000, 0o2000, 0o100 | 0o20000000, 0x10000000
"""In the mode of a file; in the flags of an open that can make one; in those of a new process or namespace."""
MODES = {"x86_64": ((90, 1), (91, 1), (268, 2), (452, 2)), "aarch64": ((52, 1), (53, 2), (452, 2))}
"""Calls that change a mode, with the place of it: chmod, fchmod, fchmodat, fchmodat2. Folders may set their group."""
MAKES = {"x86_64": ((85, 1), (133, 1), (259, 2)), "aarch64": ((33, 2),)}
"""Calls that make a file, with the place of its mode: creat, mknod."""
OPENS = {"x86_64": ((2, 1), (257, 2)), "aarch64": ((56, 2),)}
"""Calls that open files, with the place of their flags. The mode of a new file follows."""
NAMESPACES = {"x86_64": ((272, 0), (56, 0)), "aarch64": ((97, 0), (220, 0))}
"""Calls that make namespaces, with the place of their flags: unshare, clone."""
ENTER = {"x86_64": (308, 161, 155), "aarch64": (268, 51, 41)}
"""Calls that need privileges of a namespace: setns, chroot, pivot_root."""
_OPENS_BY_STRUCTURE, _CLONES_BY_STRUCTURE = 437, 435
"""openat2 and clone3 hide their flags from a filter. Where they are not there, programs take the older calls."""
_SOCKET = {"x86_64": 41, "aarch64": 198}
_UNIX, _NETWORK = (1,), (2, 10, 16, 17, 40)
"""Families of sockets: files and names on this machine; IPv4, IPv6, netlink, packets, virtual machines."""


def supported() -> bool:
    """Return whether the filters are known for this machine's processor."""
    return platform.machine() in ARCHITECTURES


@functools.cache
def program(*, local_sockets: bool = True, network: bool = True, namespaces: bool = True) -> bytes:
    """Return a filter that refuses the calls above, files that set the user id, and new ones that set the group's.

    Without them, also sockets to names on this machine or to the network, and user namespaces.
    """
    machine = platform.machine()
    code = [_do(_LOAD, _ARCHITECTURE), _jump(_EQUAL, ARCHITECTURES[machine], 1, 0), _refused(), _do(_LOAD, _NUMBER)]
    if machine == "x86_64":
        code += [_jump(_ABOVE, _X32, 0, 1), _refused()]
    for number in (*KERNEL[machine], *(() if namespaces else ENTER[machine])):
        code += _if_equal(number)
    for number in (_OPENS_BY_STRUCTURE, *(() if namespaces else (_CLONES_BY_STRUCTURE,))):
        code += [_jump(_EQUAL, number, 0, 1), _do(_RETURN, _ERRNO | errno.ENOSYS)]
    for number, place in MODES[machine]:
        code += _only(number, _bits(place, SET_USER_ID))
    for number, place in MAKES[machine]:
        code += _only(number, _bits(place, SET_USER_ID | SET_GROUP_ID))
    for number, place in OPENS[machine]:
        mode = _bits(place + 1, SET_USER_ID | SET_GROUP_ID)
        code += _only(number, [_argument(place), _jump(_ANY, _MADE, 0, len(mode)), *mode])
    for number, place in () if namespaces else NAMESPACES[machine]:
        code += _only(number, _bits(place, NEW_USER))
    families = (*(() if local_sockets else _UNIX), *(() if network else _NETWORK))
    if families:
        code += _only(_SOCKET[machine], [_argument(0), *(one for family in families for one in _if_equal(family))])
    return b"".join([*code, _do(_RETURN, _ALLOW)])


def _only(number: int, code: list[bytes]) -> list[bytes]:
    """Return instructions for the call of this number, which it ends with where none of them has refused it."""
    return [_jump(_EQUAL, number, 0, len(code) + 1), *code, _do(_RETURN, _ALLOW)]


def _bits(place: int, bits: int) -> list[bytes]:
    """Refuse an argument that has any of these bits."""
    return [_argument(place), _jump(_ANY, bits, 0, 1), _refused()]


def _if_equal(value: int) -> list[bytes]:
    return [_jump(_EQUAL, value, 0, 1), _refused()]


def _argument(place: int) -> bytes:
    return _do(_LOAD, _FIRST + _ARGUMENT * place)


def _do(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def _jump(code: int, value: int, match: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", code, match, otherwise, value)


def _refused() -> bytes:
    return _do(_RETURN, _ERRNO | errno.EPERM)
