"""Push a milestone's state to its ref on the remote, and pull it from there."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..adapters.git.state_refs import blob_id
from ..core.errors import DamagedStateError, OutsideError, UsageError
from ..core.fs import shown
from ..core.user import whoami
from ..render import shared_state as words
from .branches import Branches
from .export import Export
from .merge import JOURNAL, changed_subjects, merge
from .records import apply, bind_touched, read_base, write_base
from .remote_lock import RemoteLock
from .validate import FORM, check_contents, check_journal, check_names, form

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from ..adapters.git import Git
    from ..adapters.git.state_refs import Entry, RemoteRefs, Swap
    from ..model import Milestone
    from ..store import State

STATE = "state"
"""The ref's name below the milestone's."""
TRIES = 60
"""Pushes that others may win before one gives up; of those that try at once, one wins each time."""
REJECTIONS = 3
"""Pushes that fail though nobody else pushed, before the failure counts as the remote's answer."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The commit that a push left on the remote, and how many pushes of others came first."""

    commit: str
    lost: int


class StateSync:
    """The state of one milestone, here and on the remote: its records, its branches and the lock of its runs."""

    def __init__(self, milestone: Milestone, state: State, git: Git) -> None:
        """Compare `state` with the remote of `git`.

        Errors: UsageError where the repository has no remote.
        """
        if git.is_alone:
            raise UsageError(
                f"{git.repository} has no remote, so there is nowhere to share the state of {milestone.id}.",
                "Add one (`git remote add origin URL`), or name one in the plan (`repository: {remote: URL}`).",
            )
        self.plan, self.milestone, self.target = milestone, milestone.id, milestone.target
        self.state = state
        self.refs = git.shared
        self.export = Export(state.folder)
        self.lock = RemoteLock(milestone.id, git.shared)
        self.place = f"refs/run-milestone/{milestone.id}/{STATE} on the remote"
        self.git = git
        self.branches = Branches(milestone, state, git)
        self._notes: list[str] = []
        self._withheld: set[str] = set()

    def take_notes(self) -> list[str]:
        """Return what people should know since the last call: answers set aside, commits that stay here."""
        notes, self._notes = self._notes, []
        return notes

    def unsent(self) -> set[str]:
        """Return which records here differ from the last common commit, as far as that commit is here."""
        base = read_base(self.state)
        return self._differing(self.export.files(), base if base and self.refs.holds(base) else None) - {FORM}

    def _differing(self, files: Mapping[str, bytes], base: str | None) -> set[str]:
        before = {path: entry.sha for path, entry in self.refs.listing(base).items()} if base else {}
        return {path for path in {*files, *before} if path not in files or blob_id(files[path]) != before.get(path)}

    # ---- pull -------------------------------------------------------------------------------------------------

    def pull(self) -> bool:
        """Merge records and move branches; returns whether the records changed.

        A ref may go away between the look and the fetch: its commits are on a branch by then, so it looks again.
        Errors: Clash where both sides changed the same, DamagedStateError for a state that cannot be used.
        """
        changed = False
        for is_last in (False, False, True):
            remote = self.refs.look()
            changed = self._merge(remote) or changed
            try:
                self.branches.pull(remote)
                break
            except OutsideError:
                if is_last:
                    raise
        return changed

    def _merge(self, remote: RemoteRefs) -> bool:
        """Merge the remote's records into those here; returns whether there were any new ones."""
        commit, base = remote.refs.get(STATE), read_base(self.state)
        if commit == base:
            return False
        if commit is None:
            raise self._replaced(f"the ref is gone; commit {base} was there")
        if not self.refs.holds(commit):
            self.refs.fetch((), (STATE,))
        before = self._base_entries(base, commit)
        self.merge_changes(before, self.changes(before, self.refs.listing(commit), self.place))
        write_base(self.state, commit)
        return True

    def merge_changes(self, before: Mapping[str, Entry], theirs: Mapping[str, bytes | None]) -> None:
        """Merge what others changed since the files `before` into the records here."""
        ours = self.export.files()
        known = {path: entry.sha for path, entry in before.items() if path != FORM}
        edited = {path for path in {*ours, *known} if path not in ours or blob_id(ours[path]) != known.get(path)}
        self._notes += apply(self.state, merge(ours, edited, theirs), theirs.get(JOURNAL))

    def _base_entries(self, base: str | None, commit: str) -> dict[str, Entry]:
        """Return the files of the last common commit; nothing is merged where others replaced it."""
        if base is None:
            return {}
        if not self.refs.holds(base) or not self.git.is_ancestor(base, commit):
            raise self._replaced(f"commit {commit} does not go on from {base}, which was there before")
        return self.refs.listing(base)

    def changes(self, before: Mapping[str, Entry], after: Mapping[str, Entry], place: str) -> dict[str, bytes | None]:
        """Return what others changed since the last common commit (None: removed), once all of it is checked.

        Errors: DamagedStateError, which names the `place` where the records come from.
        """
        check_names(after, place)
        contents = self.refs.contents({path: entry for path, entry in after.items() if before.get(path) != entry})
        check_contents(contents, self.milestone, place)
        changes = {**contents, **dict.fromkeys(before.keys() - after.keys())}
        if JOURNAL in before and JOURNAL in changes:
            known = self.refs.contents({JOURNAL: before[JOURNAL]})[JOURNAL]
            check_journal(known, changes[JOURNAL], place)
        return {path: content for path, content in changes.items() if path != FORM}

    def _replaced(self, why: str) -> DamagedStateError:
        return DamagedStateError(
            f"{self.place} was replaced: {why}.",
            f"Nothing was changed. If that was meant, delete {shown(self.state.folder)}/shared.json: "
            "then the records are compared file by file.",
        )

    # ---- push -------------------------------------------------------------------------------------------------

    def push(self) -> Pushed | None:
        """Merge and push; returns None where nothing differs. The errors are those of `push_rounds`."""
        rounds = self.push_rounds()
        while True:
            try:
                next(rounds)
            except StopIteration as end:
                pushed: Pushed | None = end.value
                return pushed

    def push_rounds(self) -> Generator[None, None, Pushed | None]:
        """Yield after each merge, when summaries can be derived from the merged records; then push, until it succeeds.

        Errors: Clash, BusyError once the lock is gone, OutsideError with the remote's own words where it refuses.
        """
        rejected = 0
        for lost in range(TRIES):
            remote = self.refs.look()
            self.lock.check(remote)
            self._merge(remote)
            yield
            commit, swaps = self._prepare(remote)
            if commit is None:
                return None
            error = self.refs.swap(swaps)
            now = self.refs.look() if error else remote
            if error is None or now.refs.get(STATE) == commit:
                write_base(self.state, commit)
                return Pushed(commit, lost)
            rejected += now.refs == remote.refs
            if rejected >= REJECTIONS or "hook declined" in error:
                raise self._rejected(error)
            time.sleep(random.uniform(0, 0.05 * min(lost + 1, 10)))  # noqa: S311  # lets another one win
        raise OutsideError(f"{TRIES} others pushed to {self.place} first.", "Run the same command again.")

    def _check_own_journal(self, base: str | None, now: bytes | None) -> None:
        """Refuse to share a journal that was rewritten here: it begins with what the remote has. Errors: as `pull`."""
        entry = self.refs.listing(base).get(JOURNAL) if base and self.refs.holds(base) else None
        if entry is not None:
            known = self.refs.contents({JOURNAL: entry})[JOURNAL]
            check_journal(known, now, f"The state of {self.milestone} on this machine")

    def _prepare(self, remote: RemoteRefs) -> tuple[str | None, dict[str, Swap]]:
        """Return the commit to push and all refs of that push; no commit where there is nothing to push."""
        bind_touched(self.state)
        base = read_base(self.state)
        files = {FORM: form(self.milestone), **self.export.files()}
        differing = self._differing(files, base)
        self._check_own_journal(base, files.get(JOURNAL))
        swaps = {**self.lock.check(remote), **self.branches.swaps(remote, differing)}
        self._note_withheld()
        if not differing and all(old == new for old, new in swaps.values()):
            return None, {}
        commit = self.refs.commit(files, base, self._message(differing - {FORM}))
        return commit, {STATE: (base, commit), **swaps}

    def _note_withheld(self) -> None:
        """Note once whose commits stay here."""
        new = [number for number in self.branches.withheld if number not in self._withheld]
        self._withheld.update(new)
        self._notes += map(words.commits_stay, new)

    def _message(self, differing: set[str]) -> str:
        what = "; ".join(changed_subjects(sorted(differing))) or "records"
        return f"{self.milestone}: {what[:200]}\n\nBy: {whoami()}\nHost: {socket.gethostname()}\n"

    def _rejected(self, error: str) -> OutsideError:
        return OutsideError(
            f"The remote does not take {self.place.removesuffix(' on the remote')}: {error}.",
            f"Let yourself push to refs/run-milestone/{self.milestone}/ there, then run again; nothing here is lost.",
        )
