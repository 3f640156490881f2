"""Keep what the set-up of a tree made, beside the trees, and put it into other trees with the same lock files."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...core.fs import remove_tree, write_text
from .tree_state import state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SMALL = 200_000
"""Bytes up to which a file of an environment is looked through for the path of the tree that it was made in."""

_AT_ONCE, _BATCH = 4, 64
"""Threads that copy files, and how many files each takes at a time."""


class TreeCache:
    """A folder with one copy per setup key, and a note of what each tree holds.

    A tree that is not in use may be released: then the next one takes what was made there, which saves a copy.
    """

    def __init__(self, folder: Path) -> None:
        """Use a folder beside the trees, which is made when something is kept."""
        self._folder = folder

    def release(self, *trees: Path) -> None:
        """Let other trees take what a setup made in these, until they are used again."""
        for tree in trees:
            if self._note_of(tree).exists():
                self._released(tree).touch()

    def reserve(self, tree: Path, *keys: str) -> tuple[str, ...]:
        """Let no other tree take what a setup made in this one, and return the paths. Waits for one that does."""
        with self._alone():
            self._released(tree).unlink(missing_ok=True)
        return self.made_in(tree, *keys)

    def reopen(self, tree: Path) -> tuple[str, ...]:
        """Reserve a tree and return the paths that its last setup made. Puts back what another tree took."""
        made = self.reserve(tree)
        is_here = all(os.path.lexists(tree / path) for path in made)
        return made if is_here else self.take(tree, str(self._note(tree).get("key")))

    def made_in(self, tree: Path, *keys: str) -> tuple[str, ...]:
        """Return the paths that a setup of one of these keys made in a tree, without any those of the last setup."""
        note = self._note(tree)
        made = note.get("made")
        return tuple(map(str, made)) if (not keys or note.get("key") in keys) and isinstance(made, list) else ()

    def is_intact(self, tree: Path, key: str) -> bool:
        """Return whether nothing touched what the setup made. Only the system sets the times that are compared."""
        note = self._note(tree)
        before = note.get("state")  # empty where it could not be read
        return bool(before) and note.get("key") == key and before == state(tree, self.made_in(tree))

    def keep(self, tree: Path, key: str, made: tuple[str, ...], *, complete: bool) -> None:
        """Copy what a setup made, so that other trees can take it. An incomplete copy is not taken."""
        if complete and made:
            beside = self._folder / f"{key}.new"
            remove_tree(beside)
            for path in made:
                _copy(tree / path, beside / "files" / path)
            write_text(beside / "made.json", json.dumps({"made": made, "tree": str(tree)}))
            remove_tree(self._folder / key)
            beside.rename(self._folder / key)
        self._write_note(tree, key, made)

    def take(self, tree: Path, key: str) -> tuple[str, ...]:
        """Put what a setup of this key made into a tree: moved from one that released it intact, else copied.

        Returns the paths, none where nothing is kept.
        """
        with self._alone(f"{tree.name}.lock"):
            return self.made_in(tree) if self.is_intact(tree, key) else self._take(tree, key)

    def _take(self, tree: Path, key: str) -> tuple[str, ...]:
        kept = self._folder / key
        try:
            record = json.loads((kept / "made.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ()
        made = tuple(record["made"])
        if not _all_inside(tree, made):
            return ()  # a link in the tree would lead to other files
        _clear(tree, made)
        giver = self._move(tree, key, made)
        if giver is None:
            _clear(tree, made)
            for path in made:
                _copy(kept / "files" / path, tree / path)
        for path in made:
            _relocate(tree / path, str(giver or record["tree"]), str(tree))
        self._write_note(tree, key, made)
        return made

    def _move(self, tree: Path, key: str, made: tuple[str, ...]) -> Path | None:
        """Move these paths out of a released tree in which nothing touched them. Returns that tree."""
        with self._alone():
            trees = (self._folder.with_name(one.stem) for one in sorted(self._folder.glob("*.released")))
            for giver in trees:
                if giver != tree and self._can_give(giver, key, made):
                    return giver if _moved(giver, tree, made) else None
            return None

    def _can_give(self, tree: Path, key: str, made: tuple[str, ...]) -> bool:
        return self.made_in(tree, key) == made and _all_inside(tree, made) and self.is_intact(tree, key)

    @contextmanager
    def _alone(self, name: str = "lock") -> Iterator[None]:
        """Hold a lock of this name against other threads and programs."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / name).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)

    def _released(self, tree: Path) -> Path:
        return self._folder / f"{tree.name}.released"

    def _note_of(self, tree: Path) -> Path:
        return self._folder / f"{tree.name}.json"

    def _note(self, tree: Path) -> dict[str, object]:
        try:
            note = json.loads(self._note_of(tree).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _write_note(self, tree: Path, key: str, made: tuple[str, ...]) -> None:
        note = {"key": key, "made": made, "state": state(tree, made)}
        write_text(self._note_of(tree), json.dumps(note))


def copy_in(checkout: Path, tree: Path, paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy untracked files of a checkout into a tree. Returns the copied paths, and those that do not exist.

    Errors: OutsideError where a link of the tree leads such a path out of it.
    """
    copied, absent = [], []
    for path in dict.fromkeys(paths):
        source = checkout / path
        if not _is_inside(source, checkout) or not source.exists():
            absent.append(path)
        elif not _is_inside((tree / path).parent, tree):
            raise OutsideError(f"{path} leads out of {tree.name}: a folder above it is a link.", "Commit a folder.")
        elif not os.path.lexists(tree / path):
            _copy(source, tree / path)
            copied.append(path)
    return tuple(copied), tuple(absent)


def _is_inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _moved(source: Path, target: Path, paths: Iterable[str]) -> bool:
    """Move these paths from one tree to another. Returns whether the file system lets them be moved."""
    try:
        for path in paths:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            os.rename(source / path, target / path)
    except OSError:
        return False
    return True


def _all_inside(tree: Path, paths: Iterable[str]) -> bool:
    return all(_is_inside((tree / path).parent, tree) for path in paths)


def _clear(tree: Path, paths: Iterable[str]) -> None:
    for path in paths:
        _remove(tree / path)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or folder as it is. Links stay links, and what is neither file, folder nor link is left out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
    elif source.is_dir():
        _copy_folder(str(source), str(target))
    elif source.is_file():
        _copy_file(str(source), str(target))


def _copy_folder(source: str, target: str) -> None:
    """Copy a folder, several files at once, because to make thousands of files takes longer than to fill them."""
    from concurrent.futures import ThreadPoolExecutor

    folders, files = [(source, target)], list[tuple[str, str]]()
    for folder, place in folders:  # grows as it goes
        os.makedirs(place, exist_ok=True)
        with os.scandir(folder) as entries:
            for entry in entries:
                pair = (entry.path, os.path.join(place, entry.name))
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), pair[1])
                elif entry.is_dir():
                    folders.append(pair)
                elif entry.is_file():
                    files.append(pair)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
        list(pool.map(_copy_files, batches))
    for pair in reversed(folders):
        shutil.copystat(*pair)


def _copy_files(pairs: list[tuple[str, str]]) -> None:
    for source, target in pairs:
        _copy_file(source, target)


def _copy_file(source: str, target: str) -> None:
    """Copy a file with its mode and time; the file system shares the blocks where it can."""
    read = os.open(source, os.O_RDONLY)
    try:
        status = os.fstat(read)
        write = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, status.st_mode & 0o777)
        try:
            _copy_content(read, write, status.st_size)
            os.fchmod(write, status.st_mode & 0o7777)
            os.utime(write, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(write)
    finally:
        os.close(read)


def _copy_content(read: int, write: int, left: int) -> None:
    """Copy `left` bytes from one file to another."""
    try:
        while left > 0 and (copied := os.copy_file_range(read, write, left)):
            left -= copied
    except OSError:  # not between these file systems: go on from where it stopped
        with open(read, "rb", closefd=False) as source, open(write, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)


def _relocate(place: Path, old: str, new: str) -> None:
    """Replace the path of the tree that an environment was made in: its scripts and settings name it."""
    for path in _files(place):
        if not _names_places(path) or path.is_symlink() or not path.is_file() or path.stat().st_size > _SMALL:
            continue
        content = path.read_bytes()
        if old.encode() in content and b"\0" not in content:
            path.write_bytes(content.replace(old.encode(), new.encode()))


def _names_places(path: Path) -> bool:
    is_setting = path.suffix in {".pth", ".cfg", ".json"} or path.name.startswith("__editable__")
    return path.parent.name == "bin" or is_setting


def _files(place: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(place):
        yield from (Path(folder, name) for name in names)
