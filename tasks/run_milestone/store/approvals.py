"""Read, write and set aside approval files, which people touch to answer gates."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError, UsageError
from ..core.fs import read_text, write_text
from ..core.serialize import digest, plain
from ..model import Approval, Signed, answer_word
from ..policy.topics import parse

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 64 * 1024
"""Bytes of an approval file; a reason is a few sentences."""
_UNREADABLE = f"it is no text file of at most {LONGEST >> 10} KiB"


class Approvals:
    """The folder `state/<id>/approvals`: `<gate>.<verb>` files, and `stale/` for those that were refused."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder` (`state/m4.1/approvals`)."""
        self.folder = folder

    def all(self) -> tuple[Approval, ...]:
        """Return every approval file, oldest first."""
        if not self._is_there():
            return ()
        seen = os.scandir(self.folder)
        entries = [entry.name for entry in seen if entry.name != "stale" and not entry.name.startswith(".")]
        read = [approval for name in entries if (approval := self._read(name)) is not None]
        return tuple(sorted(read, key=lambda approval: (approval.written, approval.file)))

    def _is_there(self) -> bool:
        """Return whether there is a folder; a link is none, because what it leads to is not the milestone's."""
        if not os.path.lexists(self.folder):
            return False
        if self.folder.is_symlink() or not self.folder.is_dir():
            what = "link" if self.folder.is_symlink() else "file"
            raise UsageError(
                f"{self.folder} is a {what}, but approvals are files in a folder of that name.",
                f"Move it away (`mv {self.folder} {self.folder}.old`) and run the same command again.",
            )
        return True

    def _read(self, name: str) -> Approval | None:
        """Return one file, None where it is gone meanwhile; one that cannot be read has a `problem` and no verb.

        A time in the future would outlive every question, so a file counts as written when it came here at the latest.
        """
        try:
            status = os.lstat(self.folder / name)
        except FileNotFoundError:
            return None
        gate, _, word = name.strip().rpartition(".")
        verb, topic = parse(word.strip())
        written, source = min(status.st_mtime_ns, status.st_ctime_ns), f"{name}:{status.st_ino}:{status.st_mtime_ns}"
        text = self._text(name, status)
        if text is None:
            return Approval(name, gate, "", written, source, problem=_UNREADABLE, came=status.st_ctime_ns)
        content = _content(text)
        who = content.pop("who", "") or _owner(status.st_uid)
        source = content.pop("source", "") or source
        if signed := content.get("signed"):
            source = f"signature:{digest(signed.statement)}"  # one signature can be spelled in several ways
        return Approval(name, gate, verb, written, source, who=who, came=status.st_ctime_ns, topic=topic, **content)

    def _text(self, name: str, status: os.stat_result) -> str | None:
        if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST:
            return None
        try:
            return read_text(self.folder / name) or ""
        except DamagedStateError:
            return None

    def leave(
        self,
        gate: str,
        verb: str,
        *,
        why: str = "",
        who: str = "",
        digest: str | None = None,
        source: str = "",
        when: str = "",
        topic: str = "",
        signed: Signed | None = None,
    ) -> Path:
        """Write an approval file with its reason and the digest of what was shown.

        `source` identifies the approval, so that it counts once however often it is copied; by default it is new.
        `when` is by default now. A `topic` is the one question of the gate that it answers.
        """
        import uuid

        self._is_there()
        path = self.folder / f"{gate}.{answer_word(verb, topic)}"
        when = when or datetime.now(UTC).isoformat(timespec="seconds")
        source = source or uuid.uuid4().hex
        content = {"verb": verb, "why": _plain(why), "who": who, "digest": digest, "source": source, "when": when}
        more = {"signed": plain(signed)} if signed else {}
        write_text(path, json.dumps({**content, **more}, ensure_ascii=False, indent=2) + "\n")
        return path

    def take(self, approval: Approval) -> None:
        """Remove a file that became a decision."""
        (self.folder / approval.file).unlink(missing_ok=True)

    def set_aside(self, approval: Approval) -> Path:
        """Move a refused file to `stale/` under a name that overwrites nothing."""
        return self.set_aside_name(approval.file)

    def set_aside_name(self, name: str) -> Path:
        """Move the file of that name to `stale/`."""
        stale = self.folder / "stale"
        if stale.is_symlink() or (stale.exists() and not stale.is_dir()):
            stale.rename(_free(self.folder, ".stale"))
        stale.mkdir(parents=True, exist_ok=True)
        aside = _free(stale, name.rpartition("/")[2])
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).rename(aside)
        return aside


def _free(folder: Path, name: str) -> Path:
    stem = os.fsdecode(os.fsencode(name)[:200])  # a name may have 255 bytes
    number = 1
    while os.path.lexists(folder / f"{stem}.{number}"):
        number += 1
    return folder / f"{stem}.{number}"


def _owner(uid: int) -> str:
    """Return the login name of a file's owner, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _content(text: str) -> dict[str, Any]:
    """Return what a file says: the JSON that `leave` writes, or plain text, which is the reason."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return {"why": text.strip()}
    return {
        "why": _plain(data.get("why")),
        "who": _plain(data.get("who")),
        "digest": _plain(data.get("digest")) or None,
        "source": _plain(data.get("source")),
        "when": _time(data.get("when")),
        "signed": _signed(data.get("signed")),
    }


def _signed(value: Any) -> Signed | None:
    """Return what was signed, None where nothing was."""
    if not isinstance(value, dict):
        return None
    return Signed(_plain(value.get("statement")), _plain(value.get("signature")))


def _time(value: Any) -> str:
    """Return a time with a zone as it is written, nothing for anything else."""
    try:
        return value if datetime.fromisoformat(value).tzinfo else ""
    except (TypeError, ValueError):
        return ""


def _plain(value: Any) -> str:
    """Return a value as text that can be written down: JSON and terminals give halves of characters, UTF-8 has none."""
    return str(value or "").encode("utf-8", "replace").decode()


def given_at(approval: Approval) -> str:
    """Return when an approval was given (UTC, ISO 8601): its own time, else its file's."""
    return approval.when or datetime.fromtimestamp(approval.written / 1e9, UTC).isoformat(timespec="seconds")
