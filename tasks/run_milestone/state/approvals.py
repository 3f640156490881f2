"""Approval files: what a person touches, as found; judging them is the business of gates.py."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..files import read_text, write_text
from ..model import Approval

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 64 * 1024
"""Bytes of an approval file; a reason is a few sentences."""


class Approvals:
    """The folder `state/<id>/approvals`: `<gate>.<verb>` files, and `stale/` for those that were refused."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1/approvals`)."""
        self.folder = folder

    def found(self) -> tuple[Approval, ...]:
        """Return every file a person left, oldest first."""
        if not self.folder.exists():
            return ()
        if not self.folder.is_dir():
            raise UsageError(
                f"{self.folder} is a file, but approvals are files in a folder of that name.",
                f"Move it away (`mv {self.folder} {self.folder}.old`) and run the same command again.",
            )
        seen = os.scandir(self.folder)
        entries = [entry for entry in seen if entry.name != "stale" and not entry.name.startswith(".")]
        return tuple(sorted((self._read(entry) for entry in entries), key=lambda approval: approval.written))

    def _read(self, entry: os.DirEntry[str]) -> Approval:
        status = entry.stat(follow_symlinks=False)
        gate, _, verb = entry.name.strip().rpartition(".")
        source = f"{entry.name}:{status.st_ino}:{status.st_mtime_ns}"
        plain = stat.S_ISREG(status.st_mode) and status.st_size <= LONGEST
        content = _content(read_text(self.folder / entry.name) or "") if plain else {}
        return Approval(entry.name, gate, verb.strip() if plain else "", status.st_mtime_ns, source, **content)

    def leave(self, gate: str, verb: str, *, why: str = "", who: str = "", digest: str | None = None) -> Path:
        """Write an approval file as `touch` would, with the reason, and the digest of what was shown."""
        path = self.folder / f"{gate}.{verb}"
        content = {"verb": verb, "why": why, "who": who, "digest": digest}
        write_text(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        return path

    def take(self, approval: Approval) -> None:
        """Remove a file that became a decision."""
        (self.folder / approval.file).unlink(missing_ok=True)

    def set_aside(self, approval: Approval) -> Path:
        """Move a refused file to `stale/` under a name that overwrites nothing."""
        stale = self.folder / "stale"
        stale.mkdir(parents=True, exist_ok=True)
        aside = _free(stale, approval.file)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / approval.file).rename(aside)
        return aside


def _free(folder: Path, name: str) -> Path:
    number = 1
    while (folder / f"{name}.{number}").exists():
        number += 1
    return folder / f"{name}.{number}"


def _content(text: str) -> dict[str, Any]:
    """Return what a file says: the JSON that `leave` writes, or plain text, which is the reason."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return {"why": text.strip()}
    return {
        "why": str(data.get("why") or ""),
        "who": str(data.get("who") or ""),
        "digest": str(data["digest"]) if data.get("digest") else None,
    }
