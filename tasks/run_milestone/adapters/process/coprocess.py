"""talk: a program that stays and answers each line with a line, where starting one per question would cost more."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from .child import Child, opened, ready

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60.0
"""Seconds in which an answer has to come."""


class Talk:
    """One such program; started when it is first asked, and again where it has ended since.

    It ends when it is closed, with the door that started it, or with this object. Any thread may ask.
    """

    def __init__(self, start: Callable[[], Child], bury: Callable[[Child], object]) -> None:
        """Start nothing yet; `start` does, and `bury` ends it."""
        self._start = start
        self._bury = bury
        self._turn = threading.Lock()
        self._child: Child | None = None
        self._finish: weakref.finalize[..., Talk] | None = None

    def ask(self, question: str) -> str | None:
        """Return the answer's line, None where the program ended or was silent instead, also when started again.

        Errors: OSError where it cannot start, ValueError for a question of more than one line.
        """
        found = self.read(question, lambda _: 0)
        return None if found is None else found[0]

    def read(self, question: str, size: Callable[[str], int]) -> tuple[str, bytes] | None:
        """Return the answer's line and the bytes that follow it, of which the line tells `size`; else as `ask`."""
        if "\n" in question:
            raise ValueError(f"{question!r} is more than one line")
        with self._turn:
            answers = (self._asked(f"{question}\n".encode("utf-8", "surrogateescape"), size) for _ in range(2))
            return next((answer for answer in answers if answer is not None), None)

    def _asked(self, question: bytes, size: Callable[[str], int]) -> tuple[str, bytes] | None:
        """Ask once; a program that was left in the middle of an answer is never asked again."""
        answer = None
        try:
            answer = _exchange(self._running(), question, size)
        finally:
            if answer is None:
                self.close()
        return answer

    def _running(self) -> Child:
        if self._child is None:
            self._child = self._start()
            self._finish = weakref.finalize(self, self._bury, self._child)
        return self._child

    def close(self) -> None:
        """End the program."""
        self._child = None
        if self._finish is not None:
            self._finish()


def _exchange(child: Child, question: bytes, size: Callable[[str], int]) -> tuple[str, bytes] | None:
    """Ask and hear the whole answer, None where it says less, or more: the next question would get what is left."""
    until, out = time.monotonic() + PATIENCE, child.stdout.fileno()
    if ready(out, 0):
        return None
    with suppress(BrokenPipeError):  # it has ended, or did not wait for the question
        os.write(opened(child.stdin).fileno(), question)
    said = _heard(out, b"", lambda said: b"\n" in said, until)
    line, newline, rest = said.partition(b"\n")
    told = line.decode("utf-8", "replace")
    wanted = size(told) if newline else 0
    rest = _heard(out, rest, lambda rest: len(rest) >= wanted, until)
    return (told, rest) if newline and len(rest) == wanted else None


def _heard(out: int, said: bytes, enough: Callable[[bytes | bytearray], bool], until: float) -> bytes:
    """Return what was said, and what is said until it is enough, nothing more comes, or the time is over."""
    pieces = bytearray(said)
    while not enough(pieces):
        left = max(0.0, until - time.monotonic())
        piece = os.read(out, 1 << 16) if ready(out, left) else b""
        if not piece:
            break
        pieces += piece
    return bytes(pieces)
