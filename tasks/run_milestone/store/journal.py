"""Appends events to a journal. Each line holds the hash of the one before, so a changed or missing line is detected."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.file_watch import Seen, seen_at
from ..core.fs import unwritable, write_text
from ..core.serialize import plain
from .journal_chain import (
    START,
    Position,
    chained,
    difference,
    entry_in,
    first_break,
    hash_of,
    head_line,
    head_of,
    line_of,
    renumbered,
    shared_lines,
    unchained,
    whole_lines,
)
from .json_record import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Entry = dict[str, Any]

_SIZE = 2
"""Where `Seen` has the size of a file."""


class Journal:
    """`state/<id>/journal.jsonl`: one JSON object per line with `n`, `at`, `event`, `prev` and the event's own keys.

    `journal.head` beside it holds the position of the last entry, so that a removed end is detected. A crash may leave
    it one entry behind. During `rebase` it holds the last position before and after.
    """

    def __init__(self, path: Path) -> None:
        """Use `path`. The first entry creates it."""
        self._path = path
        self._head = path.with_name("journal.head")
        self._turn = threading.Lock()
        self._last: Position | None = None
        self._intact = True
        self._written: Seen | None = None
        """The file as it was after the last entry of this object."""
        self._is_foreign = False
        self._known: tuple[Seen | None, list[Entry | None]] = (None, [])
        """How the file was when it was read, and what its lines said; None for a line that is no entry."""

    def add(self, event: str, **facts: Any) -> None:
        """Append one entry and make it durable before returning."""
        with self._turn:
            self._is_foreign = self._was_written_by_others()
            number, prev = self._last or self._find_last()
            entry = {"n": number + 1, "at": _now(), "event": event, **clean(plain(facts)), "prev": prev}
            line = line_of(entry)
            self._last = None  # read again after a write that failed half-way
            before = seen_at(str(self._path))
            with _writing(self._path):
                _append(self._path, line)
                self._note(line, before)
                self._last = (number + 1, hash_of(line))
                self._write_head(self._last)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every complete entry, oldest first.

        Errors: DamagedStateError names a line that is no entry.
        """
        for number, entry in enumerate(tuple(self._all()), start=1):
            if entry is None:
                raise _damaged(self._path, f"line {number} is not an entry")
            yield entry

    def last(self, *events: str) -> dict[str, Any]:
        """Return the last complete entry of one of these events, an empty one where there is none."""
        return next((entry for entry in reversed(self._all()) if entry and entry["event"] in events), {})

    def _all(self) -> list[Entry | None]:
        """Return what each complete line says. The lines of a file that has not changed are read once."""
        with self._turn:
            seen = seen_at(str(self._path))
            if seen is None or self._known[0] != seen:
                self._known = seen, list(map(entry_in, _lines(self._path)))
            return self._known[1]

    def _note(self, line: bytes, before: Seen | None) -> None:
        """Note a line that was appended to what was read; `before` is how the file was."""
        self._written = after = seen_at(str(self._path))
        seen, entries = self._known
        if after and seen and seen == before and after[_SIZE] == before[_SIZE] + len(line):
            entries.append(entry_in(line))
            self._known = after, entries

    def count(self, event: str) -> int:
        """Return how many entries of an event there are."""
        return sum(entry["event"] == event for entry in self.entries())

    def is_as_written(self) -> bool:
        """Return whether nobody else wrote the file since this was last asked; what is told once is not told again."""
        with self._turn:
            is_ours, self._is_foreign = not self._was_written_by_others(), False
            self._written = self._written and seen_at(str(self._path))
            return is_ours

    def _was_written_by_others(self) -> bool:
        return self._is_foreign or bool(self._written and seen_at(str(self._path)) != self._written)

    def is_new(self) -> bool:
        """Return whether it tells of nothing but starts of runs, as after a person moved the old one aside."""
        return all(entry["event"] == "run started" for entry in self.entries())

    def broken(self) -> str | None:
        """Return where the chain breaks (`line 7: …`), None where it is whole."""
        lines = _lines(self._path)
        return first_break(lines) or self._head_differs(lines)

    def rebase(self, theirs: bytes, numbers: Mapping[tuple[int, str], int | None]) -> None:
        """Replace this journal by `theirs`, followed by the entries that only this one has, chained again.

        `numbers` are decisions' new numbers, by old number and gate. The entry of one without a number is left out.
        A crash leaves the journal as it was or as it becomes.

        Errors: DamagedStateError where the chain of either is broken.
        """
        with self._turn:
            _drop_torn_line(self._path)
            local, remote = _lines(self._path), whole_lines(theirs)
            if why := first_break(local) or self._head_differs(local):
                raise _damaged(self._path, why)
            if why := first_break(remote):
                raise _damaged(self._path, f"on the remote, {why}")
            entries = (entry_in(line) or {} for line in local[shared_lines(local, remote) :])
            lines = chained(remote, renumbered(entries, numbers))
            if lines != local:
                self._replace(local, lines)

    def lacks(self, theirs: bytes) -> list[dict[str, Any]]:
        """Return the entries of another journal that this one has not, wherever it stands in the chain.

        Errors: DamagedStateError where the other chain is broken.
        """
        lines = whole_lines(theirs)
        if why := first_break(lines):
            raise _damaged(self._path, f"in what is taken up, {why}")
        known = {unchained(line) for line in _lines(self._path)}
        return [entry for line in lines if unchained(line) not in known and (entry := entry_in(line)) is not None]

    def take_up(self, entries: Iterable[dict[str, Any]]) -> None:
        """Append entries that another journal has, chained again."""
        with self._turn:
            _drop_torn_line(self._path)
            local = _lines(self._path)
            self._replace(local, chained(local, entries))

    def _replace(self, before: list[bytes], after: list[bytes]) -> None:
        """Replace all lines. Until that is done, the head holds the last position of both."""
        self._last = None
        write_text(self._head, head_line(before) + head_line(after))
        write_text(self._path, b"".join(after).decode())
        self._written = seen_at(str(self._path))
        write_text(self._head, head_line(after))

    def _head_differs(self, lines: list[bytes]) -> str | None:
        """Return how the last line differs from what was written last, None where it does not."""
        differences = [difference(lines, *position) for position in self._read_heads()]
        return None if None in differences else differences[0]

    def _find_last(self) -> Position:
        """Return the last entry's position. Where it was changed the head stays, so that `broken` detects it."""
        _drop_torn_line(self._path)
        lines = _lines(self._path)
        last = (len(lines), hash_of(lines[-1])) if lines else (0, START)
        self._intact = self._head_differs(lines) is None
        self._write_head(last)
        return last

    def _read_heads(self) -> list[Position]:
        rows = [line.partition(" ") for line in _content(self._head).decode("ascii", "replace").splitlines()]
        return [(int(number), name) for number, _, name in rows if number.isdecimal()] or [(0, START)]

    def _write_head(self, position: Position) -> None:
        """Overwrite the head in place. Every head has the same length, so it is whole after a crash."""
        if self._intact:
            self._head.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(_open(self._head, os.O_WRONLY | os.O_CREAT), "wb") as file:
                file.write(head_of(position).encode())
                file.truncate()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _lines(path: Path) -> list[bytes]:
    return whole_lines(_content(path))


def _content(path: Path) -> bytes:
    try:
        with os.fdopen(_open(path, os.O_RDONLY), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(_open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as file:
        file.write(line)
        file.flush()
        os.fdatasync(file.fileno())


def _drop_torn_line(path: Path) -> None:
    """Cut off an incomplete last line, which a crash left."""
    if (content := _content(path)) and not content.endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)


def _open(path: Path, flags: int) -> int:
    """Open a regular file. A FIFO is not waited for, a symlink is not followed."""
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _damaged(path, "it is not a regular file")
    return handle


def _damaged(path: Path, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{path} cannot be read: {why}.",
        f"Restore it from a backup, or move it and {path.with_name('journal.head').name} aside to start a new one; "
        "then run the same command again.",
    )
