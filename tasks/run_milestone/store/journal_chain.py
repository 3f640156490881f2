"""The chain of a journal: each line holds the hash of the line before it. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

START = "0" * 64
"""The `prev` of the first entry."""

Position = tuple[int, str]
"""An entry's number and the SHA-256 of its line."""


def renumbered(
    entries: Iterable[dict[str, Any]], numbers: Mapping[tuple[int, str], int | None]
) -> Iterator[dict[str, Any]]:
    """Yield entries with the new numbers of their decisions."""
    for entry in entries:
        key = (entry.get("id"), entry.get("gate"))
        if entry.get("event") != "decision" or key not in numbers:
            yield entry
        elif (number := numbers[key]) is not None:  # type: ignore[index]
            yield {**entry, "id": number}


def first_break(lines: list[bytes]) -> str | None:
    """Return the first line that does not follow the one before it, None where all do."""
    prev = START
    for number, line in enumerate(lines, start=1):
        entry = entry_in(line)
        if entry is None:
            return f"line {number}: not an entry"
        if (entry.get("n"), entry.get("prev")) != (number, prev):
            return f"line {number}: does not follow the line before it"
        prev = hash_of(line)
    return None


def difference(lines: list[bytes], number: int, name: str) -> str | None:
    """Return how the last line differs from the entry at a position or the one after it, None where it is either."""
    if len(lines) not in {number, number + 1}:
        return f"line {min(len(lines), number) + 1}: {len(lines)} entries where {number} were written"
    if number and hash_of(lines[number - 1]) != name:
        return f"line {number}: not what was written"
    return None


def shared_lines(local: list[bytes], remote: list[bytes]) -> int:
    """Return how many first lines two journals have in common."""
    pairs = enumerate(zip(local, remote, strict=False))
    return next((number for number, (mine, other) in pairs if mine != other), min(len(local), len(remote)))


def chained(lines: list[bytes], entries: Iterable[dict[str, Any]]) -> list[bytes]:
    """Return lines with entries appended, each with the hash of the line before it."""
    chained = list(lines)
    for entry in entries:
        bound = {**entry, "n": len(chained) + 1, "prev": hash_of(chained[-1]) if chained else START}
        chained.append(line_of(bound))
    return chained


def unchained(line: bytes) -> str:
    """Return what an entry says, without its place in the chain."""
    entry = entry_in(line) or {}
    return json.dumps({key: value for key, value in entry.items() if key not in {"n", "prev"}}, sort_keys=True)


def line_of(entry: dict[str, Any]) -> bytes:
    """Return the line of an entry."""
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def head_line(lines: list[bytes]) -> str:
    """Return what the head holds of these lines: the position of the last one."""
    return head_of((len(lines), hash_of(lines[-1]) if lines else START))


def head_of(position: Position) -> str:
    """Return what the head holds of a position."""
    return f"{position[0]:012} {position[1]}\n"


def hash_of(line: bytes) -> str:
    """Return the hash of a line."""
    return hashlib.sha256(line).hexdigest()


def entry_in(line: bytes) -> dict[str, Any] | None:
    """Return the entry in a line, None where it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("event", "at"))
    return entry if is_entry else None


def whole_lines(content: bytes) -> list[bytes]:
    """Return the complete lines. Only a newline ends one, so that no text hides behind a carriage return."""
    return [line + b"\n" for line in content.split(b"\n")[:-1]]
