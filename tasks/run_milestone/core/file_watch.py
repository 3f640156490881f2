"""Look at files without reading them, to tell later which of them changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Seen = tuple[int, ...]
"""Inode, mode, size, modification time and change time of a file; nobody can set the change time."""
_PASSED_OVER = frozenset({"__pycache__", "objects", "logs", "cache", "approvals"})


def look(places: Iterable[Path]) -> dict[str, Seen]:
    """Return how every file at or below some places is now. Links are not followed."""
    return {path: seen for place in places for path, seen in _below(str(place))}


def changed(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> list[str]:
    """Return the files that were changed, made or removed between two looks, sorted."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def _below(path: str) -> Iterator[tuple[str, Seen]]:
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _PASSED_OVER:
                        yield from _below(entry.path)
                elif (seen := seen_at(entry.path)) is not None:
                    yield entry.path, seen
    except NotADirectoryError:
        if (seen := seen_at(path)) is not None:
            yield path, seen
    except OSError:
        return


def seen_at(path: str) -> Seen | None:
    """Return how one file or folder is now, None where there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns
