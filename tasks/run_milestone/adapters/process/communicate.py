"""Feed a child its input and read its output, until it ends or its time is up."""

from __future__ import annotations

import os
import selectors
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from .output import KEEP, BoundedOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .child import Child, Request

TICK = 1.0
"""Seconds between two reports of progress."""


class Communication:
    """Feeds a child its input and reads its output, without ever waiting for only one of them."""

    def __init__(self, child: Child, request: Request) -> None:
        """Prepare to send its input, and to read into `out` and `err` within the limits of the request."""
        self._child = child
        self._most, self._idle = request.output, request.idle
        self._unsent = memoryview(request.stdin or b"")
        self.out, self.err = BoundedOutput(request.keep), BoundedOutput(request.keep)
        self._outputs = {child.stdout: self.out, child.stderr: self.err}
        self.ended = False
        self.limit = ""
        """The limit that the output reached, `output` or `idle`."""

    def follow(self, until: float) -> Iterator[None]:
        """Go on until the child has `ended`, reached a `limit`, or the time `until` has come. Yields every second.

        The end of the child counts, not that of its output: a daemon it left behind may hold that open for ever.
        """
        due, size, since = time.monotonic() + TICK, 0, time.monotonic()
        with selectors.PollSelector() as selector:
            self._register(selector)
            while not self.ended and not self.limit and (left := until - time.monotonic()) > 0:
                for key, _events in selector.select(min(left, TICK)):
                    self._serve(key.fileobj, selector)
                if (now := self.out.size + self.err.size) != size:
                    size, since = now, time.monotonic()
                silent = time.monotonic() - since
                self.limit = "output" if size > self._most else "idle" if silent > self._idle else ""
                if not self.ended and time.monotonic() >= due:
                    yield
                    due += TICK
        if self.ended:
            self._read_rest()

    def _register(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._child.ended, selectors.EVENT_READ)
        for pipe in self._outputs:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
        if (stdin := self._child.stdin) is not None:
            os.set_blocking(stdin.fileno(), False)
            selector.register(stdin, selectors.EVENT_WRITE)

    def _serve(self, ready: object, selector: selectors.BaseSelector) -> None:
        if ready == self._child.ended:
            self.ended = True
        elif self._child.stdin is not None and ready is self._child.stdin:
            self._write(self._child.stdin, selector)
        else:
            for pipe, output in self._outputs.items():
                if ready is pipe:
                    self._read(pipe, output, selector)

    def _read(self, pipe: IO[bytes], output: BoundedOutput, selector: selectors.BaseSelector) -> None:
        if data := os.read(pipe.fileno(), 1 << 16):
            output.add(data)
        else:
            selector.unregister(pipe)

    def _write(self, stdin: IO[bytes], selector: selectors.BaseSelector) -> None:
        try:
            self._unsent = self._unsent[os.write(stdin.fileno(), self._unsent[: 1 << 16]) :]
        except BrokenPipeError:  # a child need not read its input
            self._unsent = memoryview(b"")
        if not self._unsent:
            selector.unregister(stdin)
            stdin.close()

    def _read_rest(self) -> None:
        """Read what the pipes still hold. One read of a pipe's size or more empties it."""
        for pipe, output in self._outputs.items():
            with suppress(BlockingIOError):
                output.add(os.read(pipe.fileno(), KEEP))
