"""The records of a milestone as machines share them: what goes out, what comes in, and what they agreed on last."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json, write_text
from ..policy.issue_identity import another, changed
from .export import Outgoing
from .merge import JOURNAL, renumber

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from ..store import State
    from .merge import Merged


class SharedRecords:
    """`state/<id>` on its way to other machines and back. `shared.json` in it names the commit agreed on last."""

    def __init__(self, state: State) -> None:
        """Share the records of this state."""
        self._state = state
        self._outgoing = Outgoing(state.folder)
        self.logs_left_out = self._outgoing.logs_left_out
        self.refused: list[str] = []
        """What to say of answers that were left here for a number that means another issue now."""

    @property
    def _note(self) -> Path:
        return self._state.folder / "shared.json"

    def agreed(self) -> str | None:
        """Return the commit that these records and the remote had in common last, None where none was."""
        said = read_json(self._note)
        if said is None:
            return None
        commit = said.get("commit") if isinstance(said, dict) else None
        if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise DamagedStateError(
                f"{self._note} names no commit.",
                "Delete it, so that records are compared file by file; then run again.",
            )
        return commit

    def agree(self, commit: str) -> None:
        """Note the commit that these records and the remote have in common."""
        write_json(self._note, {"commit": commit})

    def files(self) -> dict[str, bytes]:
        """Return what goes out. An answer that was touched and is bound to no question yet stays here."""
        return {path: content for path, content in self._outgoing.files().items() if _is_bound(path, content)}

    def take_over(self, merged: Merged, journal: bytes | None) -> None:
        """Write what others changed; a crash half-way is gone on from by doing it again.

        The journal goes first and deletions last, so that a decision is never without its entry or its file.
        Errors: DamagedStateError where the chain of either journal is broken.
        """
        state, before = self._state, self._state.registry.roll
        if journal is not None:
            state.journal.rebase(journal, renumber(merged.numbers))
        for path in merged.asides:
            state.approvals.set_aside_name(path.removeprefix("approvals/"))
        for path, content in merged.writes.items():
            if content is None:
                self._remove(path)
            elif path != JOURNAL:
                write_text(state.folder / path, content.decode())
        state.decisions.reread()
        self._refuse(changed(before, state.registry.roll), merged)

    def _remove(self, path: str) -> None:
        """Remove a record, and the folder of an issue that has none any more: another's may come in its place."""
        file = self._state.folder / path
        file.unlink(missing_ok=True)
        if path.startswith("issues/"):
            with contextlib.suppress(OSError):
                file.parent.rmdir()

    def _refuse(self, numbers: AbstractSet[str], merged: Merged) -> None:
        """Set aside what was left here, and not sent, for numbers that mean another issue since."""
        for approval in self._state.approvals.found():
            if approval.gate in numbers and f"approvals/{approval.file}" not in merged.writes:
                self.refused.append(self._state.refuse(approval, another(approval.gate)))


def _is_bound(path: str, content: bytes) -> bool:
    if not path.startswith("approvals/") or path.startswith("approvals/stale/"):
        return True
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and bool(said.get("source"))
