"""Check a state from the remote as a whole, before any of it is written here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import LARGEST
from ..core.serialize import thaw
from ..model import Decision, Gate, Marker
from .export import may_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.git.state_refs import Entry

FORM = "FORM"
"""The file that names the format of a shared tree."""
MOST = 100_000
"""Files; no milestone comes near it."""

_SHAPES: tuple[tuple[re.Pattern[str], type[Any]], ...] = (
    (re.compile(r"issues/\d+/[a-z-]+\.json|phases/\d+\.json|(?:bootstrap|plan-review|complete)\.json"), Marker),
    (re.compile(r"gates/[^/]+\.json"), Gate),
    (re.compile(r"decisions/[^/]+\.json"), Decision),
)


def form(milestone: str) -> bytes:
    """Return the content of the file `FORM` in a milestone's shared tree."""
    return f"run-milestone state 1 of {milestone}\n".encode()


def check_names(entries: Mapping[str, Entry], place: str) -> None:
    """Refuse a tree that holds anything but plain files under records' names; `place` is where it comes from.

    Errors: DamagedStateError names the first.
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


def check_journal(known: bytes, now: bytes | None, place: str) -> None:
    """Refuse a journal that does not begin with the entries that are known: they never change.

    Errors: DamagedStateError.
    """
    if now is None or not now.startswith(known):
        raise _refused(place, "entries of its journal were changed or removed")


def _unreadable(path: str, content: bytes) -> str | None:
    if path.startswith("approvals/"):
        return None  # what people write is judged when it is collected
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
