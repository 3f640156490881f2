"""A program that keeps running and answers questions line by line, where one start per question would cost more."""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from .child import Child, ready

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .child import Exit

PATIENCE = 60.0
"""Seconds in which an answer has to come."""


class Launcher(Protocol):
    """Starts and ends the program."""

    def start(self, argv: Sequence[str], *, cwd: Path | str, env: Mapping[str, str]) -> Child:
        """Start a trusted child."""

    def finish(self, child: Child) -> Exit:
        """End and reap a child."""


class Coprocess:
    """One such program, started with the first question, and again where it has ended since.

    It ends with `close`, with the launcher, or with this object. Any thread may ask.
    """

    def __init__(
        self,
        launcher: Launcher,
        argv: tuple[str, ...],
        cwd: Path | str,
        env: Mapping[str, str],
        body: re.Pattern[str] | None = None,
    ) -> None:
        """Prepare to ask. After a line that matches `body` come as many bytes as its group says, and a newline."""
        self._launcher = launcher
        self._argv, self._cwd, self._env = argv, cwd, env
        self._body = body
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._finish: weakref.finalize[..., Coprocess] | None = None

    def ask(self, question: str) -> tuple[str, bytes] | None:
        """Return the answer: its line, and the bytes that follow it. None where even a new program gives no answer.

        Errors: OSError where it cannot start, ValueError for a question of more than one line.
        """
        if "\n" in question:
            raise ValueError(f"{question!r} is more than one line")
        with self._lock:
            answers = (self._try(f"{question}\n".encode("utf-8", "surrogateescape")) for _ in range(2))
            return next((answer for answer in answers if answer is not None), None)

    def _try(self, question: bytes) -> tuple[str, bytes] | None:
        """Ask once. A program that was left in the middle of an answer is never asked again."""
        answer = None
        try:
            answer = self._exchange(self._running(), question)
        finally:
            if answer is None:
                self.close()
        return answer

    def _running(self) -> Child:
        if self._child is None:
            self._child = self._launcher.start(self._argv, cwd=self._cwd, env=self._env)
            self._finish = weakref.finalize(self, self._launcher.finish, self._child)
        return self._child

    def close(self) -> None:
        """End the program."""
        self._child = None
        if self._finish is not None:
            self._finish()

    def _exchange(self, child: Child, question: bytes) -> tuple[str, bytes] | None:
        """Return the whole answer, None where it is shorter or longer: the next question would get the rest."""
        until, out = time.monotonic() + PATIENCE, child.stdout.fileno()
        if child.stdin is None or ready(out, 0):
            return None
        with suppress(BrokenPipeError):  # it has ended, or did not wait for the question
            os.write(child.stdin.fileno(), question)
        line, newline, rest = _read(out, b"", until).partition(b"\n")
        text = line.decode("utf-8", "replace")
        match = self._body.fullmatch(text) if self._body and newline else None
        size = int(match[1]) + 1 if match else 0
        rest = _read(out, rest, until, size)
        return (text, rest[:-1]) if newline and len(rest) == size else None


def _read(out: int, start: bytes, until: float, size: int | None = None) -> bytes:
    """Read until there are `size` bytes, or a newline where no size is given, or the output or the time ends."""
    data = bytearray(start)
    while b"\n" not in data if size is None else len(data) < size:
        piece = os.read(out, 1 << 16) if ready(out, max(0.0, until - time.monotonic())) else b""
        if not piece:
            break
        data += piece
    return bytes(data)
