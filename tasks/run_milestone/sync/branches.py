"""The work: commits that no branch of the remote holds yet travel with the records that speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapters.git.state_refs import Swap
from ..checks.diff import changed_files
from ..checks.secrets import scan
from ..model import BranchMade, Inspected, Kind, Step
from ..policy.graph import BOOTSTRAP, step_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Git
    from ..adapters.git.state_refs import RemoteRefs
    from ..model import Milestone
    from ..store import State

WORK = "work/"
"""What an issue's ref is called below the milestone's, before its branch, which stays when its number does not."""


class Work:
    """The issues' branches of one milestone, here and on the remote."""

    def __init__(self, milestone: Milestone, state: State, git: Git) -> None:
        """Look at the branches of the repository of `git`."""
        self._milestone = milestone
        self._state = state
        self._git = git
        self.kept_here: list[str] = []
        """Issues whose work was not sent, because it holds a secret or could not be looked through."""

    # ---- inwards ----------------------------------------------------------------------------------------------

    def bring(self, there: RemoteRefs) -> None:
        """Make the branches that the records speak of stand here as on the remote; nobody's commit is left behind.

        Errors: OutsideError where a ref went away since `there` was asked.
        """
        wanted = dict(self._wanted(there))
        missing = {sha for pair in wanted.values() for sha in pair if sha and not self._git.has(sha)}
        kept = self._kept()
        new = {name: sha for name, sha in there.refs.items() if _is_kept(name) and kept.get(name) != sha}
        branches = [name for name, sha in there.heads.items() if sha in missing]
        self._git.shared.fetch(branches, [name for name, sha in there.refs.items() if sha in missing or name in new])
        for name, sha in new.items():
            self._git.keep(f"{self._milestone.id}/{name}", sha)
        for branch, (pushed, sent) in wanted.items():
            self._bring(branch, pushed, sent)

    def _wanted(self, there: RemoteRefs) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
        """Yield every branch that was begun, with its commit on the remote's branch and the one that was sent."""
        if self._state.markers.read(BOOTSTRAP) is not None and self._git.head(self._milestone.branch) is None:
            yield self._milestone.branch, (there.heads.get(self._milestone.branch), None)
        removed = (known.branch for known in self._state.registry.roll.issues if not known.number)
        for branch in (*(made.branch for _, made in self._begun()), *removed):
            if branch:
                yield branch, (there.heads.get(branch), there.refs.get(f"{WORK}{branch}"))

    def _begun(self) -> Iterator[tuple[str, BranchMade]]:
        """Yield the issues that were begun by the numbers that the records have, which the plan here may not have."""
        known = [entry.number for entry in self._state.registry.roll.issues if entry.number]
        for number in known or [issue.number for issue in self._milestone.issues]:
            made = self._state.markers.evidence(step_name(number, Step.BRANCH), BranchMade)
            if made is not None:
                yield number, made

    def _bring(self, branch: str, pushed: str | None, sent: str | None) -> None:
        """Move a branch to the newer of two commits, unless commits would be left behind that nothing else holds."""
        behind = pushed is not None and sent is not None and self._git.is_ancestor(sent, pushed)
        target = pushed if sent is None or behind else sent
        here = self._git.head(branch)
        if target is None or target == here:
            return
        if here is None or self._git.is_ancestor(here, target) or self._is_kept(here):
            self._git.set_branch(branch, target, here)

    def _is_kept(self, commit: str) -> bool:
        """Return whether work that was thrown away, and kept, holds a commit."""
        return any(self._git.is_ancestor(commit, kept) for kept in self._kept().values())

    # ---- outwards ---------------------------------------------------------------------------------------------

    def swaps(self, there: RemoteRefs, differing: set[str]) -> dict[str, Swap]:
        """Return how the refs of the work are to move, for the issues whose records differ from the remote's."""
        self.kept_here = []
        changed = {path.split("/")[1] for path in differing if path.startswith("issues/")}
        if not changed:
            return {}
        heads, found = self._git.heads(), dict[str, Swap]()
        for number, made in self._begun():
            if number in changed:
                found |= self._swap(number, made, heads.get(made.branch), there)
        kept = {name: sha for name, sha in self._kept().items() if name not in there.refs}
        return {**found, **{name: (None, sha) for name, sha in kept.items()}}

    def _swap(self, number: str, made: BranchMade, head: str | None, there: RemoteRefs) -> dict[str, Swap]:
        """Send a branch's commit that no branch of the remote holds, take back what one holds by now."""
        name, base = f"{WORK}{made.branch}", made.base
        pushed, sent = there.heads.get(made.branch), there.refs.get(name)
        if head is None or (self._holds(sent, head) and not self._holds(pushed, head)):
            return {}
        if head in {base, pushed} or self._holds(pushed, head):
            held = sent is not None and (self._holds(pushed, sent) or self._is_kept(sent))
            return {name: (sent, None)} if held else {}
        if not self._harmless(number, base, head):
            self.kept_here.append(number)
            return {}
        return {name: (sent, head)}

    def _holds(self, later: str | None, earlier: str) -> bool:
        return later is not None and self._git.has(later) and self._git.is_ancestor(earlier, later)

    def _kept(self) -> dict[str, str]:
        """Return the refs of work that was thrown away and kept here, by the rest of their names."""
        place = f"refs/run-milestone/{self._milestone.id}/"
        found = self._git.kept_refs(f"{self._milestone.id}/*/")
        return {name.removeprefix(place): sha for name, sha in found.items() if _is_kept(name.removeprefix(place))}

    def _harmless(self, number: str, base: str, head: str) -> bool:
        """Return whether a change was looked through for secrets and holds none: what was not is never sent."""
        inspected = self._state.markers.evidence(step_name(number, Step.INSPECT), Inspected)
        if inspected is not None and inspected.head == head:
            return not any(finding.kind in {Kind.SECRET, Kind.TOOL} for finding in inspected.findings)
        try:
            return not any(scan(text) for text in self._texts(base, head))
        except ImportError:
            return False

    def _texts(self, base: str, head: str) -> Iterator[str]:
        for file in changed_files(self._git.diff(base, head, "--unified=0")):
            if file.binary and file.after:
                yield (self._git.read(head, file.after) or b"").decode("utf-8", "replace")
            yield from (text for _, text in file.added)


def _is_kept(name: str) -> bool:
    return name.partition("/")[0].isdigit()
