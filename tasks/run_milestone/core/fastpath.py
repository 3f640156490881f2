"""Answer for a finished milestone before anything else is imported, while none of the watched files changed.

Only `os` is used here, so that the answer takes no longer than Python itself takes to start.
"""

from __future__ import annotations

import os

from .version import __version__


def survey(folders: list[str], files: list[str]) -> str:
    """Return one line per watched file: its path, modification time (ns) and size.

    Folders are watched with everything below them. A missing path is a line too.
    """
    lines: list[str] = []
    lines += [_line(file, follow=True) for file in files]
    for folder in folders:
        _survey_folder(folder, lines)
    return "\n".join(lines)


def _line(path: str, *, follow: bool) -> str:
    try:
        status = os.stat(path, follow_symlinks=follow)
    except OSError:
        return f"{path} -"
    return f"{path} {status.st_mtime_ns} {status.st_size}"


def _survey_folder(folder: str, lines: list[str]) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        lines.append(f"{folder} -")
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _survey_folder(entry.path, lines)
        else:
            lines.append(_line(entry.path, follow=False))


FORM = f"run-milestone seal 2 by {__version__}, {_line(__file__, follow=True)}"
"""A seal answers for the program that wrote it: another version may answer differently."""


class Watched:
    """Folders and files, and how they were: look at them before anything is derived from them."""

    def __init__(self, folders: list[str], files: list[str]) -> None:
        """Look at them."""
        self.folders, self.files, self.seen = folders, files, survey(folders, files)


def write(path: str, watched: Watched, code: int, texts: dict[str, str]) -> None:
    """Write the seal of a finished run: its exit code, and the output of each command that it can answer.

    A crash in between leaves a seal that cannot be read, which counts as none.
    """
    parts = [f"{FORM} of {path}", str(code), "\n".join(watched.folders), "\n".join(watched.files), watched.seen]
    parts += [f"{name}\n{text}" for name, text in texts.items()]
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8", errors="surrogateescape") as file:  # file names may be any bytes
        file.write("\0".join(parts) + "\0end")
    os.replace(beside, path)


def read(path: str) -> tuple[int, dict[str, str]] | None:
    """Return exit code and outputs, None where anything watched has changed.

    A seal holds its own path, so that one in a copied project does not answer for the original.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", opener=_at_once) as file:
            form, code, folders, files, seen, texts = file.read().split("\0", 5)
        answers = dict(part.split("\n", 1) for part in texts.split("\0")[:-1])
        ended = int(code)
    except (OSError, ValueError):
        return None
    if form != f"{FORM} of {path}" or not texts.endswith("\0end") or survey(_names(folders), _names(files)) != seen:
        return None
    return ended, answers


def read_from(directory: str, milestone: str) -> tuple[int, dict[str, str]] | None:
    """Return what the seal of a milestone says in the project around `directory`, where plans are in `plans/`."""
    folder = _project(os.path.realpath(directory)) if os.path.isdir(directory) else None
    return read(f"{folder}/state/{milestone}/seal") if folder else None


def _project(folder: str) -> str | None:
    """Return the nearest folder upwards with `plans/`, None where settings may say that plans are elsewhere."""
    while not os.path.isdir(f"{folder}/plans"):
        parent = os.path.dirname(folder)
        if parent == folder or _may_have_settings(folder):
            return None
        folder = parent
    return None if _may_have_settings(folder) else folder


def _may_have_settings(folder: str) -> bool:
    if os.path.lexists(f"{folder}/run-milestone.toml"):
        return True
    try:
        with open(f"{folder}/pyproject.toml", "rb") as file:
            return b"run-milestone" in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _names(part: str) -> list[str]:
    return part.split("\n") if part else []


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)
