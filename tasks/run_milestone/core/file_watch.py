"""Look at files, without reading more than must be, to tell later which of them changed."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Seen = tuple[int, ...]
"""Inode, mode, size and modification time of a file, and its change time, which nobody can set.

In its place stands the content where the file has several names: installers link one file into many environments, and
each link moves the change time of all.
"""
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
    is_linked = stat.S_ISREG(status.st_mode) and status.st_nlink > 1
    last = _content(path) if is_linked else status.st_ctime_ns
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, last


def _content(path: str) -> int:
    try:
        return int.from_bytes(hashlib.sha256(Path(path).read_bytes()).digest()[:8])
    except OSError:
        return 0
