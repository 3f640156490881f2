"""conversation: feed a child its input and take its output, until it ends or its time is up."""

from __future__ import annotations

import functools
import os
import selectors
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from .output import KEEP, Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from .child import Child

TICK = 1.0
"""Seconds between two reports of progress."""


class Conversation:
    """Feeds a child its input and takes its output, without ever waiting for only one of them."""

    def __init__(self, child: Child, stdin: bytes | None, out: Kept, err: Kept) -> None:
        """Prepare to send `stdin`, and to take both outputs."""
        self._child = child
        self._unsent = memoryview(stdin or b"")
        self._open = {child.stdout: out, child.stderr: err}

    def follow(self, until: float, tick: Callable[[], None]) -> bool:
        """Go on until the child ends (True) or the time `until` has come (False), with a tick every second.

        Its end counts, not that of its output: a daemon it left behind may hold that open for ever.
        """
        due, ended = time.monotonic() + TICK, self._child.ended
        with selectors.PollSelector() as selector:
            selector.register(ended, selectors.EVENT_READ, lambda: None)
            self._register(selector)
            while (left := until - time.monotonic()) > 0:
                ready = selector.select(min(left, TICK))
                for key, _events in ready:
                    key.data()
                if any(key.fileobj == ended for key, _events in ready):
                    self._read_rest()
                    return True
                if time.monotonic() >= due:
                    tick()
                    due += TICK
        return False

    def _register(self, selector: selectors.BaseSelector) -> None:
        for pipe in self._open:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, functools.partial(self._read, selector, pipe))
        if (stdin := self._child.stdin) is not None:
            os.set_blocking(stdin.fileno(), False)
            selector.register(stdin, selectors.EVENT_WRITE, functools.partial(self._write, selector, stdin))

    def _read(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        if data := os.read(pipe.fileno(), 1 << 16):
            self._open[pipe].add(data)
        else:
            selector.unregister(pipe)

    def _write(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        try:
            self._unsent = self._unsent[os.write(pipe.fileno(), self._unsent[: 1 << 16]) :]
        except BrokenPipeError:  # a child need not read what it is given
            self._unsent = memoryview(b"")
        if not self._unsent:
            selector.unregister(pipe)
            pipe.close()

    def _read_rest(self) -> None:
        """Take what the pipes still hold; one read of a pipe's size or more empties it."""
        for pipe, kept in self._open.items():
            with suppress(BlockingIOError):
                kept.add(os.read(pipe.fileno(), KEEP))
