"""Say in a diff which of several equal places in a file a hunk changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOB = re.compile(rb"index ([0-9a-f]+)\.\.[0-9a-f]+")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def with_places(diff: bytes, read: Callable[[str], bytes | None]) -> bytes:
    """Return a diff in which the header of an ambiguous hunk is its place, `@@ 2/3`, and every other one is `@@`.

    A hunk is ambiguous where the lines that it replaces, with those around them, stand in the file more than once.
    Line numbers would change with every merge of the base. `diff` has full blob ids, by which `read` returns a file.
    """
    return b"\n".join(_lines(iter(diff.split(b"\n")), read))


def _lines(lines: Iterator[bytes], read: Callable[[str], bytes | None]) -> Iterator[bytes]:
    blob, file = "", _File(b"")
    for line in lines:
        if match := _BLOB.match(line):
            blob, file = match[1].decode(), _File(b"")
        if not (hunk := _HUNK.match(line)):
            yield line
            continue
        if blob:
            blob, file = "", _File(read(blob) or b"" if blob.strip("0") else b"")
        body = list(_body(lines, int(hunk[2] or 1), int(hunk[3] or 1)))
        old = [one[1:] for one in body if one[:1] in {b" ", b"-"}]
        yield b"@@" + file.place(old, int(hunk[1]) - 1)
        yield from body


def _body(lines: Iterator[bytes], old: int, new: int) -> Iterator[bytes]:
    """Yield the lines of a hunk that has so many lines before and after."""
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            return
        old -= line[:1] in {b" ", b"-"}
        new -= line[:1] in {b" ", b"+"}
        yield line


class _File:
    """The lines of a file, and where each stands."""

    def __init__(self, text: bytes) -> None:
        """Look at a file's text."""
        self._lines = text.split(b"\n") if text else []
        self._places: dict[bytes, list[int]] = {}
        for number, line in enumerate(self._lines):
            self._places.setdefault(line, []).append(number)

    def place(self, block: list[bytes], start: int) -> bytes:
        """Return ` 2/3` for a block of lines that begins at `start` and stands here three times; else nothing."""
        if not block:
            return b""
        rarest = min(range(len(block)), key=lambda index: len(self._places.get(block[index], ())))
        starts = [number - rarest for number in self._places.get(block[rarest], ())]
        equal = [one for one in starts if one >= 0 and self._lines[one : one + len(block)] == block]
        if len(equal) < 2 or start not in equal:
            return b""
        return b" %d/%d" % (equal.index(start) + 1, len(equal))
