"""The journal: append-only, each line bound to the one before, so a changed or missing entry shows."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..digest import plain
from .records import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = "0" * 64
"""What the first entry is bound to."""


class Journal:
    """`state/<id>/journal.jsonl`: one JSON object per line with `n`, `at`, `event`, `prev` and the event's own keys."""

    def __init__(self, path: Path) -> None:
        """Look at `path`; it is created by the first entry."""
        self._path = path
        self._turn = threading.Lock()
        self._last: tuple[int, str] | None = None

    def add(self, event: str, **facts: Any) -> None:
        """Append one entry and make it durable before returning."""
        with self._turn:
            number, prev = self._last or self._find_last()
            entry = {"n": number + 1, "at": _now(), "event": event, **clean(plain(facts)), "prev": prev}
            line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
            _append(self._path, line)
            self._last = (number + 1, _name(line))

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every whole entry, oldest first."""
        for line in _lines(self._path):
            yield json.loads(line)

    def broken(self) -> str | None:
        """Return where the chain breaks (`line 7: …`), None where every entry fits the one before."""
        prev = START
        for number, line in enumerate(_lines(self._path), start=1):
            try:
                entry = json.loads(line)
                fits = entry["prev"] == prev and entry["n"] == number
            except (ValueError, KeyError, TypeError):
                return f"line {number}: not an entry"
            if not fits:
                return f"line {number}: does not follow the line before it"
            prev = _name(line)
        return None

    def _find_last(self) -> tuple[int, str]:
        _drop_torn_line(self._path)
        lines = _lines(self._path)
        return (len(lines), _name(lines[-1])) if lines else (0, START)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _name(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    except FileNotFoundError:
        return []


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        os.write(handle, line)
        os.fdatasync(handle)
    finally:
        os.close(handle)


def _drop_torn_line(path: Path) -> None:
    """Cut off what a crash left of an entry that was never acknowledged."""
    try:
        with path.open("r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
    except FileNotFoundError:
        return
