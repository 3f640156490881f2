"""Copy what a box shows of /etc once: one mount of a folder takes far less time than thirty of what lies in it."""

from __future__ import annotations

import functools
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .visible import system

if TYPE_CHECKING:
    from collections.abc import Iterator

ETC = Path("/etc")
LARGE = 100
"""Entries from which on a folder is mounted by itself: to copy a link to a disk can take longer than a mount."""


@functools.lru_cache(maxsize=64)
def shown_of_etc(read: tuple[Path, ...]) -> tuple[Path, tuple[Path, ...]]:
    """Return a folder to mount at /etc, and the paths of `read` that are still to be mounted.

    It holds what belongs to the system, but for files that not everybody may read, a place for each other path, and
    the user and the group of a box, so that programs that look themselves up find a name.
    """
    inside = frozenset(path for path in read if path.is_relative_to(ETC))
    known = inside & frozenset(system())
    large = tuple(folder for path in sorted(known) for folder in _large(path))
    folder = Path(_copy(known, (inside - known).union(large)).name)
    return folder, (*(path for path in read if path not in known), *large)


@functools.lru_cache(maxsize=8)
def _copy(known: frozenset[Path], others: frozenset[Path]) -> tempfile.TemporaryDirectory[str]:
    """Copy once per process. The folder goes with the process."""
    kept = tempfile.TemporaryDirectory(prefix="run-milestone-etc-")
    folder = Path(kept.name)
    folder.chmod(0o755)
    for path in sorted(known - others):
        _add(path, folder / path.relative_to(ETC), others)
    for path in others:
        _make_place(folder / path.relative_to(ETC), is_folder=path.is_dir())
    user, group = (1000, 1000) if os.getuid() == 0 else (os.getuid(), os.getgid())
    texts = {"passwd": f"user:x:{user}:{group}::/tmp:/bin/sh\n", "group": f"user:x:{group}:\n"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return kept


@functools.cache
def _large(path: Path) -> tuple[Path, ...]:
    """Return the folders at and below a path that hold many entries, all of them for everybody."""
    if path.is_symlink() or not path.is_dir() or not is_for_everybody(path):
        return ()
    if len(os.listdir(path)) > LARGE and _parts(path) == (path,):
        return (path,)
    return tuple(folder for entry in sorted(path.iterdir()) for folder in _large(entry))


def _add(path: Path, place: Path, others: frozenset[Path]) -> None:
    """Copy a file or folder without what not everybody may read, and without the others."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        paths = {name: Path(folder, name) for name in names}
        return [name for name, one in paths.items() if one in others or not _everybody_reads(one)]

    if not is_for_everybody(path):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, place, symlinks=True, ignore=left_out, copy_function=_copy_file)
    else:
        _copy_file(path, place)


def is_for_everybody(path: Path) -> bool:
    """Return whether everybody may read a path, or what it leads to if it is a link, and reach it there."""
    place = Path(os.path.realpath(path))
    if not place.exists() or not _everybody_reads(place):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in place.parents)


def parts_for_everybody(path: Path) -> tuple[Path, ...]:
    """Return a path, or the parts of it that everybody may read where it holds others."""
    if os.getuid() != 0:
        return (path,)  # the kernel refuses what is not for everybody
    return _parts(path)


@functools.cache
def _parts(path: Path) -> tuple[Path, ...]:
    if not is_for_everybody(path):
        return ()
    if not path.is_dir() or all(_everybody_reads(Path(place)) for place in _below(path)):
        return (path,)
    return tuple(part for entry in sorted(path.iterdir()) for part in _parts(entry))


def _below(folder: Path) -> Iterator[str]:
    return (os.path.join(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files))


def _everybody_reads(path: Path) -> bool:
    """Return whether a file or folder is open to everybody; a link in a folder leads to nothing of it."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return True
    needed = 0o005 if stat.S_ISDIR(mode) else 0o004
    return (stat.S_ISDIR(mode) or stat.S_ISREG(mode)) and mode & needed == needed


def _copy_file(source: str | Path, target: str | Path) -> None:
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def _make_place(place: Path, *, is_folder: bool) -> None:
    """Make the file or folder that a mount needs."""
    if os.path.lexists(place):
        return
    (place if is_folder else place.parent).mkdir(parents=True, exist_ok=True)
    if not is_folder:
        place.touch()
