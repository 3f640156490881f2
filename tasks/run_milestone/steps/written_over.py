"""Compare a tree with its commit after its tests ran: one that they rewrite, code or test, is not what was tested."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ..checks.file_types import is_lock_file
from ..model import Finding, Kind, Severity
from ..render.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..adapters.git import Git

CHANGED, PUT_BACK = "changed", "put back"
"""What the tests left of a file that they wrote to: something else, or what it was before."""


class Watched:
    """The files of a commit, looked at before its tests run. No process can choose the times that it compares."""

    def __init__(self, git: Git, tree: Path, commit: str, index: str) -> None:
        """Look at the commit's files in `tree`, which was checked out with `index`."""
        self._git, self._tree, self._commit, self._index = git, tree, commit, index
        self._before = {path: _look(tree / path) for path in git.listing(commit, ".")}

    def is_untouched(self) -> bool:
        """Return whether no file was written to since."""
        return all(_look(self._tree / path) == before for path, before in self._before.items())

    def rewritten(self) -> dict[str, str]:
        """Return the files that were written to since, each with what is left of it, and put them all back."""
        paths = [path for path, before in self._before.items() if _look(self._tree / path) != before]
        left = {path: PUT_BACK if self._is_same(path) else CHANGED for path in paths}
        if left:
            self._git.restore(self._tree, self._index)
        return left

    def _is_same(self, path: str) -> bool:
        place = self._tree / path
        try:
            data = os.fsencode(place.readlink()) if place.is_symlink() else place.read_bytes()
        except OSError:
            return False
        return data == self._git.read(self._commit, path)


def findings(rewritten: Mapping[str, str]) -> Iterator[Finding]:
    """Yield one finding for the files that the tests changed, one for those that they put back, and for lock files."""
    locks = [path for path in rewritten if is_lock_file(path)]
    for left, rule, what in (
        (CHANGED, "rewritten", "The tests rewrote {}: they did not test what was committed"),
        (
            PUT_BACK,
            "rewritten",
            "The tests rewrote {} and put back what was there: they may have tested something else",
        ),
    ):
        paths = [path for path, how in rewritten.items() if how == left and path not in locks]
        if paths:
            yield Finding(Kind.TAMPERING, Severity.CRITICAL, rule, what.format(listing(tuple(paths))), paths[0])
    if locks:
        message = f"The tests rewrote {listing(tuple(locks))}, which the commit leaves as it was"
        yield Finding(Kind.LOCKFILE, Severity.WARNING, "rewritten", message, locks[0])


def _look(path: Path) -> tuple[int, ...] | None:
    """Return what changes with every write to a file, None where there is no file."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return None  # a submodule
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
