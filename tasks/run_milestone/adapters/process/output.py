"""The result of a command: how it ended, and its output, bounded to head and tail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.text import for_terminal

if TYPE_CHECKING:
    from pathlib import Path

KEEP = 1 << 20
"""Bytes kept of the head, and of the tail, of each output stream, where nobody asks for more."""
KEEP_REPORT = 64 * KEEP
"""Bytes kept of each, where a test runner's output is its report."""
MOST = 128 * KEEP
"""Bytes after which a trusted program is ended: what it prints was cut long before, and is refused."""
_WORD = 512
"""Bytes; where output is cut, a word of up to this length goes whole."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command. `code` is None where it could not start (`err` says why), negative for a signal."""

    argv: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    timed_out: bool = False
    truncated: bool = False
    limit: str = ""
    """What is said of the limit of the plan at which it was ended; empty where it was not."""
    connections: tuple[str, ...] = ()
    """The hosts that it reached, and was refused, where the plan lists those that it may reach."""

    @property
    def ending(self) -> str:
        """How it ended and when, as the last line of a log."""
        how = "could not start" if self.code is None else "timed out" if self.timed_out else f"exit {self.code}"
        return f"[{how} after {self.seconds:.1f} s]"


class BoundedOutput:
    """One output stream, of which only head and tail are kept."""

    def __init__(self, keep: int = KEEP) -> None:
        """Prepare to keep so many bytes of the head, and as many of the tail."""
        self._keep = keep
        self._head, self._tail, self.lost = bytearray(), bytearray(), 0
        self.size = 0

    def add(self, data: bytes) -> None:
        """Append the next piece."""
        self.size += len(data)
        room = self._keep - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if (excess := len(self._tail) - self._keep) > 0:
            del self._tail[:excess]
            self.lost += excess

    def text(self) -> str:
        """Return what was kept. The cut falls between words, because half a secret would escape redaction."""
        if not self.lost:
            return (self._head + self._tail).decode("utf-8", "replace")
        head = self._head[:-_WORD] + re.sub(rb"\S+\Z", b"", self._head[-_WORD:])
        tail = re.sub(rb"\A\S+", b"", self._tail[:_WORD]) + self._tail[_WORD:]
        return f"{head.decode('utf-8', 'replace')}\n[… {self.lost} bytes left out …]\n{tail.decode('utf-8', 'replace')}"


def why_not_started(argv: tuple[str, ...], error: OSError | ValueError) -> str:
    """Return why a program could not start."""
    if isinstance(error, OSError):
        return f"{error.filename or argv[0]}: {error.strerror}"
    return f"{argv[0]}: {error}"


def append_log(log: Path | None, text: str) -> None:
    """Append a text to a log, sanitised, and of a long one head and tail; without a log do nothing."""
    if log is None:
        return
    if len(text) > 2 * KEEP:
        bounded = BoundedOutput()
        bounded.add(text.encode("utf-8", "replace"))
        text = bounded.text()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(for_terminal(text))
