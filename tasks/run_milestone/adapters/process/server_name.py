"""Read from the first message of TLS which host a client asks for (RFC 8446 section 4.1.2, RFC 6066 section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedIOBase

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0
_LARGEST = 1 << 14
"""Bytes of a record of TLS."""


def server_name(stream: BufferedIOBase) -> tuple[bytes, str | None]:
    """Return what was read, and the host that it asks for; None where it asks for none, or this is no TLS."""
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
    end = at + 2 + _number(record, at)
    at += 2
    while at < end:
        kind, length = _number(record, at), _number(record, at + 2)
        if kind == _SERVER_NAME:
            return _only_name(record[at + 4 : at + 4 + length])
        at += 4 + length
    return None


def _only_name(names: bytes) -> str | None:
    """Return the one name of a list, None where there are more or it is of another type."""
    length = _number(names, 3)
    if _number(names, 0) != length + 3 or names[2] != _HOST_NAME or len(names) != length + 5:
        return None
    return names[5:].decode("ascii", "replace").lower()


def _number(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]
