"""Make what a command left in a tree fit for git, within bounds: git is slow on what has none, and keeps it all."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...core.fs import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEPEST = 100
"""Levels of folders."""
LONGEST = 3_000
"""Characters of a path, which the system ends at 4,096."""
MOST_FILES = 20_000
MOST_BYTES = 2 << 30
"""Of the files that a command adds or changes between two commits."""
_SETS_AN_ID = stat.S_ISUID | stat.S_ISGID
_INSTEAD = "Keep what is generated out of the tree (`.gitignore`)."


def tidy(tree: Path) -> None:
    """Remove from a tree every `.git`, everything that is no file, folder or link, and what sets a user or a group.

    git passes FIFOs, sockets and devices over: they would stay for the next command. A folder that nobody may list is
    made accessible. Errors: OutsideError where folders are nested too deep.
    """
    waiting, levels = [str(tree)], str(tree).count("/") + DEEPEST
    while waiting:
        folder = waiting.pop()
        if folder.count("/") > levels or len(folder) > LONGEST:
            raise OutsideError(f"{_beginning(folder, tree)}/… in {tree.name} is nested too deep to commit.", _INSTEAD)
        for entry in _listed(folder):
            if entry.name == ".git" or not (entry.is_symlink() or entry.is_file() or entry.is_dir()):
                _remove(entry)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif not entry.is_symlink() and (mode := entry.stat().st_mode) & _SETS_AN_ID:
                os.chmod(entry.path, mode & 0o777)


def refuse_flood(tree: Path, paths: Iterable[str], *, truncated: bool) -> None:
    """Refuse to commit more than the bounds. `paths` are added or changed, `truncated` says that there are more.

    Errors: OutsideError, which names the folder that holds most of it.
    """
    sizes = {path: status.st_size for path in paths if (status := _status(tree / path))}
    if not truncated and len(sizes) <= MOST_FILES and sum(sizes.values()) <= MOST_BYTES:
        return
    is_large = not truncated and len(sizes) <= MOST_FILES
    weights = Counter[str]()
    for path, size in sizes.items():
        weights[path.partition("/")[0]] += size if is_large else 1
    where = f", most of it in {weights.most_common(1)[0][0]}" if weights else ""
    many = f"{sum(sizes.values()) >> 20:,} MiB (limit {MOST_BYTES >> 20:,})"
    what = many if is_large else f"{'more than ' if truncated else ''}{len(sizes):,} files (limit {MOST_FILES:,})"
    raise OutsideError(f"{tree.name} adds or changes {what}{where}: too much to commit.", _INSTEAD)


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except PermissionError:
        os.chmod(folder, 0o700)
        return list(os.scandir(folder))


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        remove_tree(Path(entry.path))
    else:
        os.unlink(entry.path)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _beginning(folder: str, tree: Path) -> str:
    return "/".join(Path(folder).relative_to(tree).parts[:3])[:80]
