"""Read the records that other machines need: those under plain names, whole and without secrets."""

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

LOCAL = frozenset({"FORM", "seal", "seal.new", "lock", "cache", "journal.head", "shared.json", "report.html"})
"""What stays: files of one machine, or derived from the others."""
LONGEST_LOG = 128 * 1024
"""Bytes; a longer log stays where it was written."""
_FREE = ("approvals/", "logs/")
"""Below what people and programs write as they like."""
DEEPEST = 4
"""Parts of a record's path."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}")


def may_travel(path: str) -> bool:
    """Return whether a path can be a record's: plain names, and not a file of one machine."""
    parts = path.split("/")
    return len(parts) <= DEEPEST and parts[0] not in LOCAL and all(_PART.fullmatch(part) for part in parts)


class Export:
    """Reads `state/<id>`. A file is read again only after it changed."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1`)."""
        self._folder = folder
        self._read: dict[str, tuple[tuple[int, ...], bytes | None]] = {}

    def files(self) -> dict[str, bytes]:
        """Return every record that others need, by its path below the folder.

        A touched answer that is bound to no question yet stays here, and so do answers and logs that are no text.
        Errors: DamagedStateError for one that cannot be read, or a journal that holds a secret.
        """
        files = {path: self._content(path, status) for path, status in sorted(_files(self._folder, ""))}
        return {path: content for path, content in files.items() if content is not None and not _stays(path, content)}

    def logs_left_out(self) -> tuple[str, ...]:
        """Return the logs that are too long to travel."""
        files = sorted(_files(self._folder, ""))
        return tuple(path for path, status in files if path.startswith("logs/") and status.st_size > LONGEST_LOG)

    def _content(self, path: str, status: os.stat_result) -> bytes | None:
        version = (status.st_ino, status.st_size, status.st_ctime_ns)
        if path not in self._read or self._read[path][0] != version:
            self._read[path] = version, self._text(path)
        return self._read[path][1]

    def _text(self, path: str) -> bytes | None:
        """Return a record without secrets, None for what nothing reads as a record and is no text."""
        try:
            text = read_text(self._folder / path) or ""
        except DamagedStateError:
            if path.startswith(_FREE):
                return None
            raise
        return _without_secrets(path, text).encode()


def _files(folder: Path, below: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield regular files under plain names, but for logs that are too long to be read at all."""
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
        elif entry.is_file(follow_symlinks=False):
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if not path.endswith(".log") or status.st_size <= LARGEST:
                yield path, status


def _stays(path: str, content: bytes) -> bool:
    if path.startswith("approvals/") and not path.startswith("approvals/stale/"):
        record = _json(content)
        return not isinstance(record, dict) or not record.get("source")
    return path.startswith("logs/") and len(content) > LONGEST_LOG


def _json(text: str | bytes) -> object:
    """Return what a JSON text says, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_secrets(path: str, text: str) -> str:
    """Return a record's text without secrets. The program redacts what it writes, but people edit these files too."""
    if path == "journal.jsonl":
        return _journal(path, text)
    if not path.endswith(".json") or path.startswith("approvals/"):
        return for_record(text)
    value = _json(text)
    if value is None and text.strip() != "null":
        raise DamagedStateError(
            f"{path} is not JSON, so it is not sent.", "Repair or delete it, then run the same command again."
        )
    cleaned = clean(value)
    return text if cleaned == value else json.dumps(cleaned, indent=2, ensure_ascii=False) + "\n"


def _journal(path: str, text: str) -> str:
    """Return the journal's whole lines. They are chained, so none can be changed: a secret in one keeps it here."""
    is_suspect = for_record(text) != text
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        if is_suspect or "\\" in line:  # an escape may hide a part of a secret from a look at the text
            entry = _json(line)
            if clean(entry) != entry:
                raise DamagedStateError(
                    f"Line {number} of {path} holds what looks like a secret, so nothing is sent.",
                    "Move the journal and journal.head aside to start a new one; then run the same again.",
                )
    return text[: text.rfind("\n") + 1]
