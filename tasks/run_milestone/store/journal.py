"""The journal: append-only, each line bound to the one before, so a changed or missing entry shows."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import unwritable, write_text
from ..core.serialize import plain
from .json_record import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

START = "0" * 64
"""What the first entry is bound to."""

Place = tuple[int, str]
"""An entry's number and the name (SHA-256) of its line."""


class Journal:
    """`state/<id>/journal.jsonl`: one JSON object per line with `n`, `at`, `event`, `prev` and the event's own keys.

    `journal.head` beside it names the last entry, which no later one is bound to; only a crash leaves it one behind.
    While entries are appended to those of others (`rebase`) it names the end before and the end after.
    """

    def __init__(self, path: Path) -> None:
        """Look at `path`; it is created by the first entry."""
        self._path = path
        self._head = path.with_name("journal.head")
        self._turn = threading.Lock()
        self._last: Place | None = None
        self._intact = True

    def add(self, event: str, **facts: Any) -> None:
        """Append one entry and make it durable before returning."""
        with self._turn:
            number, prev = self._last or self._find_last()
            entry = {"n": number + 1, "at": _now(), "event": event, **clean(plain(facts)), "prev": prev}
            line = _line(entry)
            self._last = None  # a disk may be full half-way
            with _writing(self._path):
                _append(self._path, line)
                self._last = (number + 1, _name(line))
                self._keep_head(self._last)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every whole entry, oldest first; DamagedStateError names a line that is none."""
        for number, line in enumerate(_lines(self._path), start=1):
            entry = _entry(line)
            if entry is None:
                raise _damaged(self._path, f"line {number} is not an entry")
            yield entry

    def last(self, *events: str) -> dict[str, Any]:
        """Return the last whole entry of one of these events, an empty one where there is none."""
        found = (_entry(line) or {} for line in reversed(_lines(self._path)))
        return next((entry for entry in found if entry.get("event") in events), {})

    def broken(self) -> str | None:
        """Return where the chain breaks (`line 7: …`), None where every entry fits the one before."""
        lines = _lines(self._path)
        return _break(lines) or self._end_differs(lines)

    def rebase(self, theirs: bytes, numbers: Mapping[tuple[int, str], int | None]) -> None:
        """Take the journal that others went on with, and append to it the entries that only this one has, chained anew.

        `numbers` are decisions' new numbers, by old number and gate; the entry of one without a number is left out.
        A crash leaves the journal as it was or as it becomes.

        Errors: DamagedStateError where the chain of either is broken.
        """
        with self._turn:
            _drop_torn_line(self._path)
            here, there = _lines(self._path), _split(theirs)
            if why := _break(here) or self._end_differs(here):
                raise _damaged(self._path, why)
            if why := _break(there):
                raise _damaged(self._path, f"on the remote, {why}")
            entries = (_entry(line) or {} for line in here[_shared(here, there) :])
            lines = _chained(there, _renumbered(entries, numbers))
            if lines != here:
                self._replace(here, lines)

    def _replace(self, before: list[bytes], after: list[bytes]) -> None:
        """Exchange all lines; until they are, the head names both ends."""
        self._last = None
        write_text(self._head, _head_line(before) + _head_line(after))
        write_text(self._path, b"".join(after).decode())
        write_text(self._head, _head_line(after))

    def _end_differs(self, lines: list[bytes]) -> str | None:
        """Return how the journal's end is not what was written last, None where it is."""
        told = [_end_is_not(lines, *place) for place in self._read_heads()]
        return None if None in told else told[0]

    def _find_last(self) -> Place:
        """Return the last entry's place; an end that somebody changed is left for `broken` to tell."""
        _drop_torn_line(self._path)
        lines = _lines(self._path)
        last = (len(lines), _name(lines[-1])) if lines else (0, START)
        self._intact = self._end_differs(lines) is None
        self._keep_head(last)
        return last

    def _read_heads(self) -> list[Place]:
        rows = [line.partition(" ") for line in _content(self._head).decode("ascii", "replace").splitlines()]
        return [(int(number), name) for number, _, name in rows if number.isdecimal()] or [(0, START)]

    def _keep_head(self, place: Place) -> None:
        """Write over the name of the last entry in place: of one length, it is whole after a crash."""
        if self._intact:
            self._head.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(_open(self._head, os.O_WRONLY | os.O_CREAT), "wb") as file:
                file.write(_head_of(place).encode())
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
        prev = _name(line)
    return None


def _end_is_not(lines: list[bytes], number: int, name: str) -> str | None:
    """Return how the last line is not the entry of that number and name, or the one after it; None where it is."""
    if len(lines) not in {number, number + 1}:
        return f"line {min(len(lines), number) + 1}: {len(lines)} entries where {number} were written"
    if number and _name(lines[number - 1]) != name:
        return f"line {number}: not what was written"
    return None


def _shared(here: list[bytes], there: list[bytes]) -> int:
    """Return how many lines two journals begin with in common."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))


def _chained(lines: list[bytes], entries: Iterable[dict[str, Any]]) -> list[bytes]:
    """Return lines with entries appended, each bound to the one before it."""
    chained = list(lines)
    for entry in entries:
        bound = {**entry, "n": len(chained) + 1, "prev": _name(chained[-1]) if chained else START}
        chained.append(_line(bound))
    return chained


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _head_line(lines: list[bytes]) -> str:
    return _head_of((len(lines), _name(lines[-1]) if lines else START))


def _head_of(place: Place) -> str:
    return f"{place[0]:012} {place[1]}\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _name(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    told = isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("event", "at"))
    return entry if told else None


def _lines(path: Path) -> list[bytes]:
    return _split(_content(path))


def _split(content: bytes) -> list[bytes]:
    """Return the whole lines; only a newline ends one, else text could hide behind a carriage return."""
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
    """Cut off what a crash left of an entry that was never acknowledged."""
    content = _content(path)
    if not content.endswith(b"\n") and content:
        os.truncate(path, content.rfind(b"\n") + 1)


def _open(path: Path, flags: int) -> int:
    """Open a regular file; nothing else is waited for or followed."""
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
