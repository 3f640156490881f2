"""Write files atomically (write beside, fsync, rename), and read them strictly."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DamagedStateError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEP = 20
"""Levels of folders: short enough for every path, whatever its parts are called."""
LARGEST = 8 * 1024 * 1024
"""Bytes. We write nothing near this size, so a larger file is not ours."""


def write_text(path: Path, text: str, *, lasting: bool = True) -> None:
    """Write `text` to `path` completely or not at all, also across a crash. Parents are made.

    Without `lasting` a power cut may bring back the file as it was before.
    Errors: OutsideError where the file system refuses.
    """
    try:
        _write(path, text, lasting=lasting)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> OutsideError:
    """Return the error for a file that the file system refuses to write."""
    why = error.strerror or str(error)
    return OutsideError(f"{path} cannot be written: {why}.", "Fix that and run the same command again.")


def shown(path: Path) -> str:
    """Return a path as a person types it in the working directory, the whole path where it lies elsewhere."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.path.join(os.pardir, os.pardir)) else relative


def _write(path: Path, text: str, *, lasting: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    if lasting:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that it holds, also where it is nested too deep for `shutil.rmtree` or locked."""
    with contextlib.suppress(RecursionError, OSError):
        shutil.rmtree(folder)
    if os.path.lexists(folder):
        with contextlib.suppress(OSError):
            _flatten(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _flatten(top: Path) -> None:
    """Move every folder that lies deeper than a path can name to the top, and make each one accessible."""
    waiting, moved = [str(top)], 0
    while waiting:
        folder = waiting.pop()
        os.chmod(folder, 0o700)
        for entry in list(os.scandir(folder)):
            if not entry.is_dir(follow_symlinks=False):
                continue
            path = entry.path
            if path.count("/") - str(top).count("/") > _DEEP:
                moved += 1
                path = os.path.join(top, f".moved-{os.getpid()}-{moved}")
                os.rename(entry.path, path)
            waiting.append(path)


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Make a folder for what an untrusted command writes. It is removed whatever the command made of it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        remove_tree(folder)


def write_json(path: Path, value: Any, *, lasting: bool = True) -> None:
    """Write `value` as indented JSON that a person can read and edit."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", lasting=lasting)


def read_text(path: Path, largest: int = LARGEST) -> str | None:
    """Return the text of a regular file of at most `largest` bytes, or None where there is none.

    Errors: DamagedStateError for anything that is not a readable regular file. A FIFO is not opened and a symlink is
    not followed, so that nothing hangs or leads elsewhere.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be opened") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)  # Python makes no file of a folder's descriptor
        raise _damaged(path, "it is not a regular file")
    with os.fdopen(handle, "rb") as file:
        if status.st_size > largest:
            raise _damaged(path, f"it is larger than {largest >> 20} MiB")
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise _damaged(path, "it is not UTF-8 text") from None


def read_json(path: Path) -> Any:
    """Return the JSON value in a file, None where there is none. Errors: DamagedStateError."""
    text = read_text(path)
    if text is None:
        return None
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is not JSON ({str(error)[:80]})") from None
    if value is None:
        raise _damaged(path, "it holds null")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _damaged(path: Path, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{path} cannot be read: {why}.",
        "Correct it, or delete it so that its step runs again. Then run the same command again.",
    )
