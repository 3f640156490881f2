"""Write what others pushed into the records here, and prepare answers given here for other machines."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..core.fs import read_json, write_json, write_text
from ..model import Verb
from ..policy import gating, topics
from ..policy.issue_identity import another, changed
from ..render.transcript import refused
from ..store.approvals import given_at
from .merge import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

    from ..store import State
    from .merge import Merged


def read_base(state: State) -> str | None:
    """Return the commit that these records and the remote last had in common, None where there was none."""
    file = _base_file(state)
    record = read_json(file)
    if record is None:
        return None
    commit = record.get("commit") if isinstance(record, dict) else None
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise DamagedStateError(
            f"{file} names no commit.", "Delete it, so that records are compared file by file; then run again."
        )
    return commit


def write_base(state: State, commit: str) -> None:
    """Record the commit that these records and the remote have in common."""
    write_json(_base_file(state), {"commit": commit})


def _base_file(state: State) -> Path:
    return state.folder / "shared.json"


def apply(state: State, merged: Merged, journal: bytes | None) -> list[str]:
    """Write merged records; returns a line for each answer that was set aside. After a crash it is done again.

    The journal is written first and deletions come last, so that a decision is never without its entry or its file.
    Errors: DamagedStateError where the chain of either journal is broken.
    """
    before = state.registry.roll
    if journal is not None:
        state.journal.rebase(journal, merged.numbers)
    for path in merged.asides:
        state.approvals.set_aside_name(path.removeprefix("approvals/"))
    for path, content in merged.writes.items():
        if content is None:
            _remove(state.folder / path)
        elif path != JOURNAL:
            write_text(state.folder / path, content.decode())
    state.decisions.reread()
    return _set_aside(state, changed(before, state.registry.roll), merged)


def _remove(file: Path) -> None:
    """Remove a record, and an issue's folder once it is empty: another issue's may take its place."""
    file.unlink(missing_ok=True)
    if file.parent.parent.name == "issues":
        with contextlib.suppress(OSError):
            file.parent.rmdir()


def _set_aside(state: State, numbers: frozenset[str], merged: Merged) -> list[str]:
    """Set aside answers that were given here for numbers that mean another issue now."""
    outdated = [
        approval
        for approval in state.approvals.all()
        if approval.gate in numbers and f"approvals/{approval.file}" not in merged.writes
    ]
    return [refused(one.file, another(one.gate), state.refuse(one, another(one.gate))) for one in outdated]


def bind_touched(state: State) -> None:
    """Bind touched answers to the question that was open: on another machine a file's age says nothing."""
    for approval in state.approvals.all():
        gate = topics.meant(state.gates.read(approval.gate), approval.verb, approval.topic)
        since = state.gates.since(approval.gate) if gate else 0
        offered = gate.verbs if gate else gating.ahead(approval.gate)
        verb, name = approval.file.removeprefix(f"{approval.gate}."), (approval.verb, approval.topic)
        plain = topics.parse(verb) == name and approval.verb in set(Verb)
        if plain and not approval.when and approval.verb in offered and approval.written >= since:
            state.approvals.leave(
                approval.gate,
                approval.verb,
                why=approval.why,
                who=approval.who,
                digest=approval.digest or (gate.digest if gate else None),
                when=given_at(approval),
                topic=approval.topic,
            )
