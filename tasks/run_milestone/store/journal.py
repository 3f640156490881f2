"""Appends events to a journal. Each line holds the hash of the one before, so a changed or missing line is detected."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.file_watch import Seen, seen_at
from ..core.fs import unwritable, write_text
from ..core.serialize import plain
from .json_record import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

START = "0" * 64
"""The `prev` of the first entry."""

Position = tuple[int, str]
"""An entry's number and the SHA-256 of its line."""


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

    def add(self, event: str, **facts: Any) -> None:
        """Append one entry and make it durable before returning."""
        with self._turn:
            self._is_foreign = self._was_written_by_others()
            number, prev = self._last or self._find_last()
            entry = {"n": number + 1, "at": _now(), "event": event, **clean(plain(facts)), "prev": prev}
            line = _line(entry)
            self._last = None  # read again after a write that failed half-way
            with _writing(self._path):
                _append(self._path, line)
                self._written = seen_at(str(self._path))
                self._last = (number + 1, _hash(line))
                self._write_head(self._last)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every complete entry, oldest first.

        Errors: DamagedStateError names a line that is no entry.
        """
        for number, line in enumerate(_lines(self._path), start=1):
            entry = _entry(line)
            if entry is None:
                raise _damaged(self._path, f"line {number} is not an entry")
            yield entry

    def last(self, *events: str) -> dict[str, Any]:
        """Return the last complete entry of one of these events, an empty one where there is none."""
        entries = map(_entry, reversed(_lines(self._path)))
        return next((entry for entry in entries if entry and entry["event"] in events), {})

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
        return _break(lines) or self._head_differs(lines)

    def rebase(self, theirs: bytes, numbers: Mapping[tuple[int, str], int | None]) -> None:
        """Replace this journal by `theirs`, followed by the entries that only this one has, chained again.

        `numbers` are decisions' new numbers, by old number and gate. The entry of one without a number is left out.
        A crash leaves the journal as it was or as it becomes.

        Errors: DamagedStateError where the chain of either is broken.
        """
        with self._turn:
            _drop_torn_line(self._path)
            local, remote = _lines(self._path), _split(theirs)
            if why := _break(local) or self._head_differs(local):
                raise _damaged(self._path, why)
            if why := _break(remote):
                raise _damaged(self._path, f"on the remote, {why}")
            entries = (_entry(line) or {} for line in local[_shared(local, remote) :])
            lines = _chained(remote, _renumbered(entries, numbers))
            if lines != local:
                self._replace(local, lines)

    def _replace(self, before: list[bytes], after: list[bytes]) -> None:
        """Replace all lines. Until that is done, the head holds the last position of both."""
        self._last = None
        write_text(self._head, _head_line(before) + _head_line(after))
        write_text(self._path, b"".join(after).decode())
        self._written = seen_at(str(self._path))
        write_text(self._head, _head_line(after))

    def _head_differs(self, lines: list[bytes]) -> str | None:
        """Return how the last line differs from what was written last, None where it does not."""
        differences = [_difference(lines, *position) for position in self._read_heads()]
        return None if None in differences else differences[0]

    def _find_last(self) -> Position:
        """Return the last entry's position. Where it was changed the head stays, so that `broken` detects it."""
        _drop_torn_line(self._path)
        lines = _lines(self._path)
        last = (len(lines), _hash(lines[-1])) if lines else (0, START)
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
                file.write(_head_of(position).encode())
                file.truncate()


def _renumbered(
    entries: Iterable[dict[str, Any]], numbers: Mapping[tuple[int, str], int | None]
) -> Iterator[dict[str, Any]]:
    """Yield entries with the new numbers of their decisions."""
    for entry in entries:
        key = (entry.get("id"), entry.get("gate"))
        if entry.get("event") != "decision" or key not in numbers:
            yield entry
        elif (number := numbers[key]) is not None:  # type: ignore[index]
            yield {**entry, "id": number}


def _break(lines: list[bytes]) -> str | None:
    """Return the first line that does not follow the one before it, None where all do."""
    prev = START
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        if entry is None:
            return f"line {number}: not an entry"
        if (entry.get("n"), entry.get("prev")) != (number, prev):
            return f"line {number}: does not follow the line before it"
        prev = _hash(line)
    return None


def _difference(lines: list[bytes], number: int, name: str) -> str | None:
    """Return how the last line differs from the entry at a position or the one after it, None where it is either."""
    if len(lines) not in {number, number + 1}:
        return f"line {min(len(lines), number) + 1}: {len(lines)} entries where {number} were written"
    if number and _hash(lines[number - 1]) != name:
        return f"line {number}: not what was written"
    return None


def _shared(local: list[bytes], remote: list[bytes]) -> int:
    """Return how many first lines two journals have in common."""
    pairs = enumerate(zip(local, remote, strict=False))
    return next((number for number, (mine, other) in pairs if mine != other), min(len(local), len(remote)))


def _chained(lines: list[bytes], entries: Iterable[dict[str, Any]]) -> list[bytes]:
    """Return lines with entries appended, each with the hash of the line before it."""
    chained = list(lines)
    for entry in entries:
        bound = {**entry, "n": len(chained) + 1, "prev": _hash(chained[-1]) if chained else START}
        chained.append(_line(bound))
    return chained


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _head_line(lines: list[bytes]) -> str:
    return _head_of((len(lines), _hash(lines[-1]) if lines else START))


def _head_of(position: Position) -> str:
    return f"{position[0]:012} {position[1]}\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("event", "at"))
    return entry if is_entry else None


def _lines(path: Path) -> list[bytes]:
    return _split(_content(path))


def _split(content: bytes) -> list[bytes]:
    """Return the complete lines. Only a newline ends one, so that no text hides behind a carriage return."""
    return [line + b"\n" for line in content.split(b"\n")[:-1]]


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
