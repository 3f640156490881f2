"""Tell whether anything touched some paths of a tree, by what only the system sets."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def state(tree: Path, paths: Iterable[str]) -> str:
    """Return a digest of these paths with all that is in them; empty where they cannot be read, as nothing made is."""
    total = hashlib.sha256()
    try:
        for path in paths:
            for entry in _entries(os.fsencode(tree / path)):
                total.update(b"%s\0%o\0%d\0%d\0%d\0" % entry)
    except (RecursionError, OSError):  # nested too deep, or removed meanwhile: not as the setup left it
        return ""
    return total.hexdigest()


def _entries(path: bytes) -> Iterator[tuple[bytes, int, int, int, int]]:
    """Yield a path and all below it: of what is no folder also size, time of change and number. No link is followed."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        yield path, status.st_mode, status.st_size, status.st_ctime_ns, status.st_ino
        return
    yield path, status.st_mode, 0, 0, 0
    for name in sorted(os.listdir(path)):
        yield from _entries(os.path.join(path, name))
