"""What others recorded, as it came from the remote: checked whole before anything of it is written here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

from ..core.errors import DamagedStateError
from ..core.fs import LARGEST
from ..core.thaw import thaw
from ..model import Decision, Gate, Marker
from .export import may_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = "FORM"
"""The file that says what a shared tree is."""
MOST = 100_000
"""Files; no milestone comes near it."""

_SHAPES: tuple[tuple[re.Pattern[str], type[Any]], ...] = (
    (re.compile(r"issues/\d+/[a-z-]+\.json|phases/\d+\.json|(?:bootstrap|plan-review|complete)\.json"), Marker),
    (re.compile(r"gates/[^/]+\.json"), Gate),
    (re.compile(r"decisions/[^/]+\.json"), Decision),
)


class Entry(Protocol):
    """What is known of a file of a shared tree before it is read; `size` in bytes."""

    @property
    def mode(self) -> str:
        """Git's mode: 100644 for a plain file."""

    @property
    def size(self) -> int:
        """Bytes."""


def form(milestone: str) -> bytes:
    """Return what the file `FORM` of a milestone's shared tree says."""
    return f"run-milestone state 1 of {milestone}\n".encode()


def check_names(entries: Mapping[str, Entry], place: str) -> None:
    """Refuse a tree that holds anything but plain files under names that records have; `place` is where it is from.

    Errors: DamagedStateError names the first that is none.
    """
    if FORM not in entries:
        raise _refused(place, "it is no state of run-milestone")
    if len(entries) > MOST:
        raise _refused(place, f"it holds more than {MOST} files")
    for path, entry in entries.items():
        if path != FORM and not may_travel(path):
            raise _refused(place, f"it holds {path[:100]!r}, which is no record's name")
        if entry.mode != "100644":
            raise _refused(place, f"{path} is no plain file (git mode {entry.mode})")
        if entry.size > LARGEST:
            raise _refused(place, f"{path} is larger than {LARGEST >> 20} MiB")


def check_contents(files: Mapping[str, bytes], milestone: str, place: str) -> None:
    """Refuse records that could not be read once they were written here.

    Errors: DamagedStateError names the first.
    """
    if FORM in files and files[FORM] != form(milestone):
        raise _refused(place, f"it is no state of {milestone} in a form that this version knows")
    for path, content in files.items():
        if path.endswith(".json") and (why := _unreadable(path, content)):
            raise _refused(place, f"{path} cannot be read: {why}")


def _unreadable(path: str, content: bytes) -> str | None:
    if path.startswith("approvals/"):
        return None  # what a person writes is judged when it is taken up
    try:
        value = json.loads(content)
        for pattern, shape in _SHAPES:
            if pattern.fullmatch(path):
                _check_name(path, thaw(shape, value))
    except (ValueError, RecursionError) as error:
        return str(error)[:200]
    return None


def _check_name(path: str, record: Any) -> None:
    """Refuse a record under a name that belongs to another."""
    if isinstance(record, Marker):
        expected = record.task.replace(":", "/").replace("phase-", "phases/")
        expected = f"issues/{expected}" if ":" in record.task else expected
    elif isinstance(record, Decision):
        expected = f"decisions/{record.id:04}-{record.gate}-{record.verb}"
    else:
        expected = f"gates/{record.gate}"
    if path != f"{expected}.json":
        raise ValueError(f"it is the record of {expected}")


def _refused(place: str, why: str) -> DamagedStateError:
    return DamagedStateError(
        f"{place} cannot be used: {why}.",
        "Nothing here was changed. `run-milestone state show` tells who pushed it; restore what was there before, or "
        "delete the ref on the remote.",
    )
