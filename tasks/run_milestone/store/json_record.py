"""Writes a record as a JSON file without secrets, and checks its shape when reading."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json
from ..core.serialize import digest, plain, thaw
from ..core.text import for_record

if TYPE_CHECKING:
    from pathlib import Path

    from .steady import Steady

T = TypeVar("T")

TIMES = ("at", "took", "opened", "asked", "when")
"""Keys of a record that may differ between machines that did the same."""
SETTLED = 2_000_000_000
"""Nanoseconds: two changes of a folder within them may have the same time."""


def write_record(path: Path, record: Any, *, lasting: bool = True) -> None:
    """Write a frozen record as JSON, without secrets."""
    write_json(path, clean(plain(record)), lasting=lasting)


def record_digest(record: Any, *left_out: str) -> str:
    """Return the digest of a record as it is written, without the keys `left_out`. The journal holds it.

    The times are left out too: machines that share their state take over those of the first.
    """
    return stored_digest(clean(plain(record)), *left_out)


def stored_digest(record: dict[str, Any], *left_out: str) -> str:
    """Return the digest of a record that was read from its file. What is redacted today may stand in an old one."""
    return digest({key: value for key, value in record.items() if key not in {*TIMES, *left_out}})


def names_in(folder: Path) -> list[str]:
    """Return the sorted names of a folder's records, none where there is no folder.

    Errors: DamagedStateError where the folder cannot be read.
    """
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json") and not name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DamagedStateError(
            f"{folder} cannot be read: {error.strerror}.",
            "Make it readable, or move it away; then run the same command again.",
        ) from None


class RecordNames:
    """The sorted names of a folder's records. A folder that has not changed since is not listed again."""

    def __init__(self, folder: Path, steady: Steady) -> None:
        """Look at `folder`."""
        self._folder, self._name = folder, str(folder)
        self._steady = steady
        self._listed: tuple[int, tuple[str, ...]] = (0, ())
        """When the folder had changed last, 0 where that is too recent to tell it from the next change."""

    def get(self) -> tuple[str, ...]:
        """Return the names, the same object as before where they are the same. Errors: as `names_in`."""
        if self._steady.has(self._name):
            return self._listed[1]
        try:
            changed = os.stat(self._folder).st_ctime_ns
        except OSError:
            changed = 0
        listed, names = self._listed
        if not changed or changed != listed:
            settled = changed if time.time_ns() - changed > SETTLED else 0
            current = tuple(names_in(self._folder))
            names = names if current == names else current
            self._listed = settled, names
        self._steady.note(self._name)
        return names

    def forget(self) -> None:
        """List the folder again at the next call."""
        self._listed = 0, ()
        self._steady.forget(self._name)


def clean(value: Any) -> Any:
    """Return plain data with every text redacted."""
    if isinstance(value, str):
        return for_record(value)
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def read_record(path: Path, shape: type[T]) -> T | None:
    """Return the record in `path`, None where there is none.

    Errors: DamagedStateError names a file that does not have this shape.
    """
    data = read_json(path)
    if data is None:
        return None
    try:
        return thaw(shape, data)
    except ValueError as error:
        raise DamagedStateError(
            f"{path} cannot be read: {error}.",
            "Correct it, or delete it so that the run records it again; then run the same command again.",
        ) from None
