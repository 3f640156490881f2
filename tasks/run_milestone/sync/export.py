"""What of a milestone's records others need, read as it may leave this machine: whole, plainly named, no secrets."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..core.fs import LARGEST, read_text
from ..core.text import for_record
from ..store.json_record import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = frozenset({"FORM", "seal", "seal.new", "lock", "cache", "journal.head", "shared.json", "report.html"})
"""What stays: a machine's own, or made again from the rest."""
LARGEST_LOG = 128 * 1024
"""Bytes; a longer log stays where it was written."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}")
_DEEPEST = 4


def may_travel(path: str) -> bool:
    """Return whether a path is one that a record can have: plain names, and none that is a machine's own."""
    parts = path.split("/")
    return len(parts) <= _DEEPEST and parts[0] not in OWN and all(_PART.fullmatch(part) for part in parts)


class Outgoing:
    """Reads `state/<id>`; a file that did not change since is not read again."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1`)."""
        self._folder = folder
        self._read: dict[str, tuple[tuple[int, ...], bytes]] = {}

    def files(self) -> dict[str, bytes]:
        """Return every record that others need, by its path below the folder.

        Errors: DamagedStateError for one that cannot be read, or a journal that holds a secret.
        """
        found = {path: self._content(path, status) for path, status in sorted(_files(self._folder, ""))}
        return {path: content for path, content in found.items() if not _too_long(path, content)}

    def logs_left_out(self) -> tuple[str, ...]:
        """Return the logs that are too long to travel."""
        return tuple(
            path for path, status in sorted(_files(self._folder, "")) if _is_log(path) and status.st_size > LARGEST_LOG
        )

    def _content(self, path: str, status: os.stat_result) -> bytes:
        known = (status.st_ino, status.st_size, status.st_ctime_ns)
        if path not in self._read or self._read[path][0] != known:
            self._read[path] = known, _harmless(path, read_text(self._folder / path) or "").encode()
        return self._read[path][1]


def _files(folder: Path, below: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield regular files of plain names; what else lies there is nobody else's business."""
    try:
        entries = list(os.scandir(folder / below))
    except FileNotFoundError:
        return
    for entry in entries:
        path = f"{below}{entry.name}"
        if not may_travel(path):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(folder, f"{path}/")
        elif entry.is_file(follow_symlinks=False) and (status := _status(entry)) is not None:
            yield path, status


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return what a file is, None where it is gone meanwhile or a log too long to be read at all."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return None if entry.name.endswith(".log") and status.st_size > LARGEST else status


def _is_log(path: str) -> bool:
    return path.startswith("logs/")


def _too_long(path: str, content: bytes) -> bool:
    return _is_log(path) and len(content) > LARGEST_LOG


def _harmless(path: str, text: str) -> str:
    """Return a record's text without secrets; all that is written here is redacted already, except by hand."""
    if path == "journal.jsonl":
        return _journal(path, text)
    if not path.endswith(".json") or path.startswith("approvals/"):
        return for_record(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise DamagedStateError(
            f"{path} is not JSON, so it is not sent.", "Mend or delete it, then run the same again."
        ) from None
    harmless = clean(value)
    return text if harmless == value else json.dumps(harmless, indent=2, ensure_ascii=False) + "\n"


def _journal(path: str, text: str) -> str:
    """Return the journal as it is: what is chained cannot be changed, so a secret in it keeps it here."""
    suspect = for_record(text) != text
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        if suspect or "\\" in line:  # an escape may hide a part of a secret from a look at the text
            entry = _entry(line)
            if clean(entry) != entry:
                raise DamagedStateError(
                    f"Line {number} of {path} holds what looks like a secret, so nothing is sent.",
                    "Move the journal and journal.head aside to start a new one; then run the same again.",
                )
    return text[: text.rfind("\n") + 1]


def _entry(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
