"""Compare markers, decisions and open gates with the digests that the journal holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import DamagedStateError
from ..core.fs import read_json
from ..policy.issue_identity import renumbered
from .json_record import names_in, stored_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from . import State

_OLDER = "is older than the journal's last entry about it: a run was interrupted here, or the file was put back"
_OTHER = "is not what the run recorded; somebody else wrote it"
_KEYS = {"decision": ("decision", "id"), "gate opened": ("gate", "gate")}


class RecordCheck:
    """What the journal says of the records of one milestone. Entries of versions without digests accuse nobody."""

    def __init__(self, state: State) -> None:
        """Read the journal of `state`."""
        self._folder = state.folder
        self._path_of = state.markers.path
        self._is_shared = state.is_shared
        self._digests: dict[tuple[str, Any], list[str | None]] = {}
        for entry in renumbered(list(state.journal.entries())):
            event = str(entry.get("event"))
            kind, key = ("marker", "task") if event in {"done", "recorded"} else _KEYS.get(event, ("", ""))
            if kind:
                self._digests.setdefault((kind, entry.get(key)), []).append(entry.get("record"))

    def marker(self, task: str) -> str | None:
        """Return how a task's marker differs from what was recorded, None where it does not or there is none."""
        if ("marker", task) not in self._digests:
            return None
        path = self._path_of(task)
        return self.difference(path, read_json(path))

    def difference(self, path: Path, content: Any) -> str | None:
        """Return how one record, read from `path`, differs from what was recorded, None where it does not."""
        if not isinstance(content, dict):
            return None
        if path.parent.name == "decisions":
            return self._difference("decision", content.get("id"), stored_digest(content, "id"))
        if path.parent.name == "gates":
            return self._difference("gate", content.get("gate"), stored_digest(content))
        present = {"inputs": content.get("inputs") or {}, "evidence": content.get("evidence")}
        return self._difference("marker", content.get("task"), stored_digest(present))

    def answers(self) -> Iterator[tuple[Path, str]]:
        """Yield the files of decisions and open gates that differ from what was recorded, each with how."""
        for folder in (self._folder / "decisions", self._folder / "gates"):
            for path in (folder / name for name in names_in(folder)):
                if (why := self.difference(path, read_json(path))) is not None:
                    yield path, why

    def _difference(self, kind: str, key: Any, present: str) -> str | None:
        digests = self._digests.get((kind, key), [])
        if not digests:
            return "is not in the journal"
        if digests[-1] in {None, present}:
            return None
        if present not in digests:
            return _OTHER
        is_put_back = kind == "marker" and not self._is_shared  # of two machines' records the first one stays
        return _OLDER if is_put_back else None


def refuse_forged(state: State) -> None:
    """Refuse to go on with decisions or open gates that the journal does not know.

    A journal that begins anew takes up those that are there. Errors: DamagedStateError names the first.
    """
    if state.journal.is_new():
        for gate in state.gates.all():
            state.gates.journal(gate)
        for decision in state.decisions.written():
            state.decisions.journal(decision)
    for path, why in RecordCheck(state).answers():
        raise DamagedStateError(
            f"{path} {why}.",
            "Look at it. Restore it from a backup, or delete it so that its question is asked again; "
            "then run the same command again.",
        )
