"""The exchange: records go to the state ref and come from it, one commit per change, by comparing and swapping."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..adapters.git.state_refs import blob_id
from ..core.errors import DamagedStateError, OutsideError
from ..core.user import whoami
from ..model import Verb
from ..policy import gating
from ..store.approvals import written_at
from .merge import JOURNAL, merge, told
from .records import SharedRecords
from .validate import FORM, check_contents, check_names, form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..adapters.git import Git
    from ..adapters.git.state_refs import Entry, RemoteRefs, Swap
    from ..model import Approval
    from ..store import State

STATE = "state"
"""The ref's name below the milestone's."""
TRIES = 60
"""Pushes that others may win before one gives up; of those that try at once, one wins each time."""
REFUSALS = 3
"""Pushes that fail though nobody else won before it is taken for the remote's answer."""

Extra = dict[str, "Swap"]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push came to: the commit that the remote has now, and how many pushes of others came before it."""

    commit: str
    lost: int


class Exchange:
    """The records of one milestone and the state ref of its remote."""

    def __init__(self, milestone: str, state: State, git: Git) -> None:
        """Exchange `state` with the remote of `git`."""
        self._milestone = milestone
        self._state = state
        self._git = git
        self._refs = git.shared
        self.records = SharedRecords(state)
        self.place = f"refs/run-milestone/{milestone}/{STATE} on the remote"

    def take_over(self, there: RemoteRefs) -> bool:
        """Bring what others pushed into the records; returns whether there was anything.

        Errors: Clash where both did the same, DamagedStateError for what is no state of ours; nothing is changed then.
        """
        commit, agreed = there.refs.get(STATE), self.records.agreed()
        if commit == agreed:
            return False
        if commit is None:
            raise self._replaced(f"the ref is gone; commit {agreed} was there")
        if not self._refs.holds(commit):
            self._refs.fetch((), (STATE,))
        before = self._before(agreed, commit)
        after = self._refs.listing(commit)
        check_names(after, self.place)
        changed = {path: entry for path, entry in after.items() if before.get(path) != entry}
        contents = self._refs.contents(changed)
        check_contents(contents, self._milestone, self.place)
        self._check_journal(before, contents, after)
        self._merge(before, {**contents, **dict.fromkeys(before.keys() - after.keys())})
        self.records.agree(commit)
        return True

    def _before(self, agreed: str | None, commit: str) -> dict[str, Entry]:
        """Return what was agreed on last; where others replaced it, nothing is taken over."""
        if agreed is None:
            return {}
        if not self._refs.holds(agreed) or not self._git.is_ancestor(agreed, commit):
            raise self._replaced(f"commit {commit} does not go on from {agreed}, which was there before")
        return self._refs.listing(agreed)

    def _replaced(self, why: str) -> DamagedStateError:
        note = f"state/{self._milestone}/shared.json"
        return DamagedStateError(
            f"{self.place} was replaced: {why}.",
            f"Nothing was changed. If that was meant, delete {note}: then the records are compared file by file.",
        )

    def _check_journal(
        self, before: Mapping[str, Entry], changed: Mapping[str, bytes], after: Mapping[str, Entry]
    ) -> None:
        """Refuse a journal that does not go on from the one before: its entries are never changed."""
        if JOURNAL in before and JOURNAL in changed:
            known = self._refs.contents({JOURNAL: before[JOURNAL]})[JOURNAL]
            kept = changed[JOURNAL].startswith(known)
        else:
            kept = JOURNAL not in before or JOURNAL in after
        if not kept:
            raise DamagedStateError(
                f"{self.place} cannot be used: entries of its journal were changed or removed.",
                "Nothing here was changed. `run-milestone state show` tells who pushed it; restore what was there.",
            )

    def _merge(self, before: Mapping[str, Entry], changes: Mapping[str, bytes | None]) -> None:
        ours = self.records.files()
        known = {path: entry.sha for path, entry in before.items() if path != FORM}
        own = {path for path in {*ours, *known} if path not in ours or blob_id(ours[path]) != known.get(path)}
        theirs = {path: content for path, content in changes.items() if path != FORM}
        self.records.take_over(merge(ours, own, theirs), theirs.get(JOURNAL))

    # ---- outwards ---------------------------------------------------------------------------------------------

    def publish(
        self,
        refresh: Callable[[], None],
        extra: Callable[[RemoteRefs, set[str]], Extra],
    ) -> Pushed | None:
        """Merge what others pushed, derive again what rests on it (`refresh`), and push; None where nothing differs.

        `extra` gives the refs that move in the same push, from what the remote has and which records differ.
        Errors: Clash, OutsideError with the remote's own words where it refuses.
        """
        refused = 0
        for lost in range(TRIES):
            there = self._refs.look()
            self.take_over(there)
            refresh()
            made, swaps = self._prepared(there, extra)
            if made is None:
                return None
            why = self._refs.swap(swaps)
            now = self._refs.look() if why else there
            if why is None or now.refs.get(STATE) == made:
                self.records.agree(made)
                return Pushed(made, lost)
            refused += now.refs == there.refs
            if refused >= REFUSALS or "hook declined" in why:
                raise self._refused(why)
            time.sleep(random.uniform(0, 0.05 * min(lost + 1, 10)))  # noqa: S311  # lets another one win
        raise OutsideError(f"{TRIES} others pushed to {self.place} first.", "Run the same command again.")

    def _prepared(self, there: RemoteRefs, extra: Callable[[RemoteRefs, set[str]], Extra]) -> tuple[str | None, Extra]:
        """Return the commit to push and all swaps of that push; no commit where there is nothing to push."""
        self._bind_touched()
        agreed = self.records.agreed()
        files = {FORM: form(self._milestone), **self.records.files()}
        differing = self._differing(files, agreed)
        swaps = extra(there, differing)
        if not differing and all(old == new for old, new in swaps.values()):
            return None, {}
        made = self._refs.commit(files, agreed, self._message(differing - {FORM}))
        return made, {STATE: (agreed, made), **swaps}

    def _differing(self, files: Mapping[str, bytes], agreed: str | None) -> set[str]:
        before = {path: entry.sha for path, entry in self._refs.listing(agreed).items()} if agreed else {}
        return {path for path in {*files, *before} if path not in files or blob_id(files[path]) != before.get(path)}

    def unsent(self) -> set[str]:
        """Return which records here differ from what was agreed on last, as far as that is known."""
        agreed = self.records.agreed()
        known = agreed if agreed and self._refs.holds(agreed) else None
        return self._differing(self.records.files(), known) - {FORM}

    def _message(self, differing: set[str]) -> str:
        what = "; ".join(told(sorted(differing))) or "records"
        return f"{self._milestone}: {what[:200]}\n\nBy: {whoami()}\nHost: {socket.gethostname()}\n"

    def _refused(self, why: str) -> OutsideError:
        return OutsideError(
            f"The remote does not take {self.place.removesuffix(' on the remote')}: {why}.",
            f"Let yourself push to refs/run-milestone/{self._milestone}/ there, then run again; nothing here is lost.",
        )

    def _bind_touched(self) -> None:
        """Bind answers that were touched here to the question that was open: elsewhere their age tells nothing."""
        for approval in self._state.approvals.found():
            gate = self._state.gates.read(approval.gate)
            since = self._state.gates.since(approval.gate) if gate else 0
            offered = gate.verbs if gate else gating.ahead(approval.gate)
            plain = approval.file == f"{approval.gate}.{approval.verb}" and approval.verb in set(Verb)
            if plain and not approval.when and approval.verb in offered and approval.written >= since:
                self._bind(approval, gate.digest if gate else None)

    def _bind(self, approval: Approval, digest: str | None) -> None:
        digest, when = approval.digest or digest, written_at(approval)
        leave = self._state.approvals.leave
        leave(approval.gate, approval.verb, why=approval.why, who=approval.who, digest=digest, when=when)
