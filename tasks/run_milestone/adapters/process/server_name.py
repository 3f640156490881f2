"""Read from the first message of TLS which host a client asks for (RFC 8446 section 4.1.2, RFC 6066 section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME, _ENCRYPTED = 22, 1, 0, 0, 0xFE0D
HIDDEN = "a host that it hides (ECH)"
"""Where the message holds another one, encrypted, so that nobody between can tell what it asks for."""
_LARGEST = 1 << 14
"""Bytes of a record of TLS."""


def server_name(stream: BufferedIOBase) -> tuple[bytes, str | None]:
    """Return what was read, and the host that it asks for: HIDDEN, or None where it asks for none or this is no TLS."""
    header = stream.read(5)
    length = int.from_bytes(header[3:])
    if len(header) < 5 or header[0] != _HANDSHAKE or length > _LARGEST:
        return header, None
    record = stream.read(length)
    try:
        return header + record, _name(record)
    except IndexError:
        return header + record, None


def _name(record: bytes) -> str | None:
    if record[0] != _CLIENT_HELLO:
        return None
    at = 4 + 2 + 32  # type and length, version, random
    at += 1 + record[at]  # session
    at += 2 + _number(record, at)  # ciphers
    at += 1 + record[at]  # compression
    extensions = dict(_extensions(record, at + 2, at + 2 + _number(record, at)))
    if _ENCRYPTED in extensions:
        return HIDDEN
    names = extensions.get(_SERVER_NAME)
    return None if names is None else _only_name(names)


def _extensions(record: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the content of each. Errors: IndexError where the message is cut."""
    while at < end:
        kind, length = _number(record, at), _number(record, at + 2)
        yield kind, record[at + 4 : at + 4 + length]
        at += 4 + length


def _only_name(names: bytes) -> str | None:
    """Return the one name of a list, None where there are more or it is of another type."""
    length = _number(names, 3)
    if _number(names, 0) != length + 3 or names[2] != _HOST_NAME or len(names) != length + 5:
        return None
    return names[5:].decode("ascii", "replace").lower()


def _number(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]
