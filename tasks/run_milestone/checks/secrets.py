"""Finds tokens, keys and passwords in what a change adds, before anything is pushed."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.secret_shapes import shapes_in
from ..core.serialize import digest
from ..model import Finding, Kind, Severity
from .placeholders import is_local, is_placeholder, is_sample_token, is_throw_away
from .unavailable import failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

LARGEST = 1_000_000
"""Bytes of a binary file that are searched. A larger one is a question of its own."""

_WINDOW, _OVERLAP = 4000, 1000
"""Characters. A longer line is scanned in overlapping pieces, so that no pattern can take for ever."""

_URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,30}://([^\s/?#:@\"'<>]{0,200}):([^\s/?#@\"'<>]{1,300})@([^\s/?#\"'<>,;)\\]{1,255})"
)
_JWT = re.compile(r"(?<![\w.-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,3000}\.[\w-]+")
_AWS_SECRET = re.compile(
    r"(?i:aws)\w{0,20}?(?i:secret|key)\w{0,20}[\"']?\s{0,4}(?:[:=]|=>|,|>)\s{0,4}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\s|\\[nr]|[\"'+,\\]|Version:[^\n]*|Proc-Type:[^\n]*|DEK-Info:[^\n]*|Comment:[^\n]*)*[A-Za-z0-9+/=]{24,}"
)
"""A private key: its header and at least a row of what it holds. A header alone is a word that code names."""
_ARCHIVES = (
    *(
        b"PK\3\4",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"7z\xbc\xaf",
        b"Rar!",
        b"\x28\xb5\x2f\xfd",
        b"x\x01",
        b"x\x9c",
        b"x\xda",
    ),
    *(b"\x5d\0\0", b"\x04\x22\x4d\x18", b"\x1f\x9d", b"MSCF"),
)
_KEY_STORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce", b"0\x82", b"0\x80")
"""How a Java key store and a file of certificates and keys (PKCS #8, #12) begin."""
_NETRC = re.compile(r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S+)")
_PUTTY = re.compile(r"PuTTY-User-Key-File-\d: \S+")
_ENCODED = re.compile(r"(?<![\w+/=-])(?:[A-Za-z0-9+/_-]{32,4000}={0,2})(?![\w+/=-])")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: its kind, the value (kept out of `repr`), and its line, counted from 1."""

    type: str
    value: str = field(repr=False)
    line: int


def check(change: Change) -> Iterator[Finding]:
    """Yield a critical finding per secret in the added lines. The message names its kind, never its value."""
    for file in change.files:
        if file.binary and file.after:
            yield from _in_binary(change, file)
        for type_ in dict.fromkeys(secret.type for secret in scan(file.path) if file.after):
            where = "a file that is not named here"
            yield _finding(f"{type_} in the name of a file", where, digest([type_, file.path]))
        yield from _in_lines(file)


def _in_lines(file: ChangedFile) -> Iterator[Finding]:
    """Search the added lines. A finding is bound to its line's text, and to its place among equal lines."""
    numbers, lines = [number for number, _ in file.added], [text for _, text in file.added]
    secrets = scan("\n".join(lines)) if lines else ()
    for type_, place in dict.fromkeys((secret.type, secret.line - 1) for secret in secrets):
        values = [secret.value for secret in secrets if (secret.type, secret.line - 1) == (type_, place)]
        equal = lines[:place].count(lines[place])
        identity = digest([type_, file.path, lines[place], equal, values])  # a key has more lines than its first
        yield _finding(type_, file.path, identity, numbers[place])


def _finding(type_: str, path: str, identity: str, line: int | None = None) -> Finding:
    return Finding(Kind.SECRET, Severity.CRITICAL, "secret", f"{type_} in the change", path, line, change=identity)


def _in_binary(change: Change, file: ChangedFile) -> Iterator[Finding]:
    """Search a whole binary file, where lines mean nothing. What cannot be searched is said."""
    size = change.size(file)
    if size > max(LARGEST, change.milestone.limits.bytes):
        return
    content = change.commits.read(change.head, file.path) if size <= LARGEST else None
    if (why := unreadable(content, size)) is not None:
        yield failed("secrets", f"{file.path} {why}, so it was not searched for secrets. Look into it yourself")
        return
    types = (secret.type for secret in scan_bytes(content or b""))
    identity = hashlib.sha256(content or b"").hexdigest()
    yield from (_finding(type_, file.path, digest([type_, file.path, identity])) for type_ in dict.fromkeys(types))


def unreadable(content: bytes | None, size: int) -> str | None:
    """Return why a binary file cannot be searched, None where it can."""
    if size > LARGEST:
        return f"is larger than {LARGEST:,} bytes"
    if content is None:
        return "cannot be read"
    if content.startswith(_KEY_STORES):
        return "may be a key store"
    is_archive = content.startswith(_ARCHIVES) or content[257:262] == b"ustar"
    return "is an archive" if is_archive else None


def scan_bytes(content: bytes) -> tuple[Secret, ...]:
    """Return every credential in the bytes of a file. Without zero bytes UTF-16 reads as ASCII."""
    return scan(content.replace(b"\0", b"").decode("utf-8", "replace"))


def scan(text: str) -> tuple[Secret, ...]:
    """Return every credential in a text, in order of line and kind. Nothing is asked over the network."""
    secrets = {
        Secret(type_, value, number): None
        for number, line in enumerate(text.split("\n"), 1)
        for piece in pieces(line)
        for type_, value in _matches(piece)
    }
    keys = [Secret("Private Key", match[0], text.count("\n", 0, match.start()) + 1) for match in _KEY.finditer(text)]
    keys = [key for key in keys if not is_placeholder(key.value.rpartition("-----")[2].strip())]
    return tuple(sorted((*secrets, *dict.fromkeys(keys)), key=lambda secret: secret.line))


def pieces(line: str) -> Iterator[str]:
    """Yield a line whole, or in overlapping pieces where it is very long."""
    step = _WINDOW - _OVERLAP
    for start in range(0, max(len(line) - _OVERLAP, 1), step):
        yield line[start : start + _WINDOW]


def _decoded(line: str) -> Iterator[str]:
    """Yield the texts that a line holds in base64 or hexadecimal digits, as a Kubernetes secret does."""
    for match in _ENCODED.finditer(line):
        for decode in (bytes.fromhex, _from_base64):
            try:
                text = decode(match[0]).decode("ascii")
            except ValueError:
                continue
            if text.replace("\n", "").isprintable():
                yield from text.splitlines()


def _from_base64(word: str) -> bytes:
    whole = word.rstrip("=")
    return base64.b64decode(whole + "=" * (-len(whole) % 4), altchars=b"-_" if set("-_") & set(whole) else None)


def _matches(line: str, *, encoded: bool = False) -> Iterator[tuple[str, str]]:
    for type_, pattern in shapes_in(line):
        yield from ((type_, match[0]) for match in pattern.finditer(line) if not is_placeholder(match[0]))
    if "://" in line:
        yield from (("Password in a URL", match[2]) for match in _URL.finditer(line) if not _is_harmless(match))
    if "eyJ" in line:
        yield from (("JSON Web Token", match[0]) for match in _JWT.finditer(line) if not is_sample_token(match[0]))
    yield from (
        ("Password in a netrc file", match[1]) for match in _NETRC.finditer(line) if not is_throw_away(match[1])
    )
    yield from (("Private Key", match[0]) for match in _PUTTY.finditer(line))
    if not encoded:
        for text in _decoded(line):
            yield from ((f"{type_}, encoded", value) for type_, value in _matches(text, encoded=True))
    for match in _AWS_SECRET.finditer(line):
        if not is_placeholder(match[1]):
            yield "AWS Secret Key", match[1]


def _is_harmless(match: re.Match[str]) -> bool:
    """Tell a URL that holds a template, or the password of a service that nobody else reaches."""
    user, password, host = match.groups()
    return is_throw_away(password) or is_local(host, password, user)
