"""Build the system-call filters of a box, as programs for the kernel's packet filter."""

from __future__ import annotations

import errno
import functools
import platform
import struct

_LOAD, _EQUAL, _ABOVE, _ANY, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
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
SET_USER_ID, SET_GROUP_ID, _MADE = 0o4000, 0o2000, 0o100 | 0o20000000
"""In the mode of a file; in the flags of an open that can make one."""
NEW_USER, NEW_CONTROL_GROUP = 0x10000000, 0x02000000
"""In the flags of a new process or namespace. In one of control groups root's belong to a box that root makes."""
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
_BY_STRUCTURE = (437, 435)
"""openat2 and clone3 hide their flags from a filter. Where they are not there, programs take the older calls."""
ATTRIBUTES = {
    "x86_64": (188, 189, 190, 197, 198, 199, 463, 466),
    "aarch64": (5, 6, 7, 14, 15, 16, 463, 466),
}
"""Calls that set or remove a file's extended attributes, such as privileges that it gives and access lists."""
MEMORY = {
    "x86_64": (29, 30, 31, 64, 65, 220, 66, 68, 69, 70, 71, 240, 241),
    "aarch64": (194, 195, 196, 190, 191, 192, 193, 186, 187, 188, 189, 180, 181),
}
"""Calls that reach memory, semaphores and queues by a number or a name that no file system holds."""
_SOCKET, _PAIR, _LIMITS = (
    {"x86_64": 41, "aarch64": 198},
    {"x86_64": 53, "aarch64": 199},
    {"x86_64": 302, "aarch64": 261},
)
"""socket, socketpair, prlimit64."""
_UNIX, _NETWORK = 1, (2, 10, 16)
"""Families of sockets: files and names on this machine; IPv4, IPv6, netlink."""
_CONNECTED, _TYPE = (1, 5), 0xF
"""Types of sockets that send only where they are connected: streams and packets in sequence."""


def supported() -> bool:
    """Return whether the filters are known for this machine's processor."""
    return platform.machine() in ARCHITECTURES


@functools.cache
def program(*, local_sockets: bool = True, network: bool = True, memory: bool = True, shared: bool = False) -> bytes:
    """Return a filter that refuses the calls above, files that set the user id, and new ones that set the group's.

    Sockets are those of the network and of names on this machine, without the one or the other where it is taken away.
    `memory` is that which no file system holds. Where processes are `shared` with the machine, the limits of others
    and user namespaces are refused as well.
    """
    machine = platform.machine()
    refused = (*KERNEL[machine], *(ENTER[machine] if shared else ()), *(() if memory else MEMORY[machine]))
    code = [*_calls_of(machine), *_numbers(refused, errno.EPERM), *_numbers(_BY_STRUCTURE, errno.ENOSYS)]
    code += _numbers(ATTRIBUTES[machine], errno.EOPNOTSUPP)
    code += _modes(machine)
    for number, place in NAMESPACES[machine]:
        code += _only(number, _bits(place, NEW_CONTROL_GROUP | (NEW_USER if shared else 0)))
    if shared:
        code += _only(_LIMITS[machine], [_argument(0), *_none_but((0,))])
    if not local_sockets:
        code += _only(_PAIR[machine], [_argument(1), _do(_AND, _TYPE), *_none_but(_CONNECTED)])
    families = (*((_UNIX,) if local_sockets else ()), *(_NETWORK if network else ()))
    code += _only(_SOCKET[machine], [_argument(0), *_none_but(families)])
    return b"".join([*code, _do(_RETURN, _ALLOW)])


def _calls_of(machine: str) -> list[bytes]:
    """Refuse the calls of any other processor, and load the number."""
    code = [_do(_LOAD, _ARCHITECTURE), _jump(_EQUAL, ARCHITECTURES[machine], 1, 0), _refused(), _do(_LOAD, _NUMBER)]
    return [*code, _jump(_ABOVE, _X32, 0, 1), _refused()] if machine == "x86_64" else code


def _numbers(numbers: tuple[int, ...], error: int) -> list[bytes]:
    return [one for number in numbers for one in (_jump(_EQUAL, number, 0, 1), _refused(error))]


def _modes(machine: str) -> list[bytes]:
    """Refuse files that set the user id, and new ones that set the group's."""
    code: list[bytes] = []
    for number, place in MODES[machine]:
        code += _only(number, _bits(place, SET_USER_ID))
    for number, place in MAKES[machine]:
        code += _only(number, _bits(place, SET_USER_ID | SET_GROUP_ID))
    for number, place in OPENS[machine]:
        mode = _bits(place + 1, SET_USER_ID | SET_GROUP_ID)
        code += _only(number, [_argument(place), _jump(_ANY, _MADE, 0, len(mode)), *mode])
    return code


def _only(number: int, code: list[bytes]) -> list[bytes]:
    """Return instructions for the call of this number, which it ends with where none of them has refused it."""
    return [_jump(_EQUAL, number, 0, len(code) + 1), *code, _do(_RETURN, _ALLOW)]


def _bits(place: int, bits: int) -> list[bytes]:
    """Refuse an argument that has any of these bits."""
    return [_argument(place), _jump(_ANY, bits, 0, 1), _refused()]


def _none_but(values: tuple[int, ...]) -> list[bytes]:
    """Refuse an argument that is none of these."""
    return [*(one for value in values for one in (_jump(_EQUAL, value, 0, 1), _do(_RETURN, _ALLOW))), _refused()]


def _argument(place: int) -> bytes:
    return _do(_LOAD, _FIRST + _ARGUMENT * place)


def _do(code: int, value: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, value)


def _jump(code: int, value: int, match: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", code, match, otherwise, value)


def _refused(error: int = errno.EPERM) -> bytes:
    return _do(_RETURN, _ERRNO | error)
