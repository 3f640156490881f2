"""talk: a program that stays and answers each line with a line, where starting one per question would cost more."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from .children import Child, opened, ready

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
        if "\n" in question:
            raise ValueError(f"{question!r} is more than one line")
        with self._turn:
            answers = (self._asked(f"{question}\n".encode("utf-8", "surrogateescape")) for _ in range(2))
            return next((answer for answer in answers if answer is not None), None)

    def _asked(self, question: bytes) -> str | None:
        """Ask once; a program that was left in the middle of an answer is never asked again."""
        answer = None
        try:
            answer = _exchange(self._running(), question)
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


def _exchange(child: Child, question: bytes) -> str | None:
    until, answer = time.monotonic() + PATIENCE, b""
    with suppress(BrokenPipeError):  # it has ended, or did not wait for the question
        os.write(opened(child.stdin).fileno(), question)
    while not answer.endswith(b"\n"):
        left = max(0.0, until - time.monotonic())
        piece = os.read(child.stdout.fileno(), 1 << 16) if ready(child.stdout.fileno(), left) else b""
        if not piece:
            return None
        answer += piece
    return answer[:-1].decode("utf-8", "replace")
