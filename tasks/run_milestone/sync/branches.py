"""Push commits that no branch of the remote holds yet together with the records that name them, and pull them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks.commit_secrets import removed_secrets, tainted_commits
from ..model import BranchMade, Inspected, Kind, Step
from ..policy.graph import BOOTSTRAP, step_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Git
    from ..adapters.git.state_refs import RemoteRefs, Swap
    from ..model import Milestone
    from ..store import State

WORK = "work/"
"""How an issue's ref begins below the milestone's; its branch follows, which stays when the issue's number changes."""


class Branches:
    """The issues' branches of one milestone, here and on the remote."""

    def __init__(self, milestone: Milestone, state: State, git: Git) -> None:
        """Look at the branches of the repository of `git`."""
        self._milestone = milestone
        self._state = state
        self._git = git
        self._searched: dict[str, bool] = {}
        """Whether commits that are kept from before a restart hold no secret."""
        self.withheld: tuple[str, ...] = ()
        """Issues whose commits the last push left out, because they hold a secret or could not be looked through."""

    # ---- pull -------------------------------------------------------------------------------------------------

    def pull(self, remote: RemoteRefs) -> None:
        """Move the branches that the records name to the remote's commits. No commit is left without a ref.

        Errors: OutsideError where a ref went away since `remote` was read.
        """
        wanted = dict(self._wanted(remote))
        kept = self._kept()
        new = {name: sha for name, sha in remote.refs.items() if _is_kept(name) and kept.get(name) != sha}
        named = (*(sha for pair in wanted.values() for sha in pair if sha), *new.values())
        missing = {sha for sha in named if not self._git.has(sha)}
        heads = [name for name, sha in remote.heads.items() if sha in missing]
        self._git.shared.fetch(heads, [name for name, sha in remote.refs.items() if sha in missing])
        for name, sha in new.items():
            self._git.keep(f"{self._milestone.id}/{name}", sha)
        for branch, (pushed, sent) in wanted.items():
            self._move(branch, pushed, sent)

    def _wanted(self, remote: RemoteRefs) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
        """Yield every branch that was begun, with the commits of the remote's branch and of its work ref."""
        if self._state.markers.read(BOOTSTRAP) is not None and self._git.head(self._milestone.branch) is None:
            yield self._milestone.branch, (remote.heads.get(self._milestone.branch), None)
        removed = (known.branch for known in self._state.registry.roll.issues if not known.number)
        for branch in (*(made.branch for _, made in self._begun()), *removed):
            if branch:
                yield branch, (remote.heads.get(branch), remote.refs.get(f"{WORK}{branch}"))

    def _begun(self) -> Iterator[tuple[str, BranchMade]]:
        """Yield the issues that were begun, by their numbers in the records: the plan here may have others."""
        known = [entry.number for entry in self._state.registry.roll.issues if entry.number]
        for number in known or [issue.number for issue in self._milestone.issues]:
            made = self._state.markers.evidence(step_name(number, Step.BRANCH), BranchMade)
            if made is not None:
                yield number, made

    def _move(self, branch: str, pushed: str | None, sent: str | None) -> None:
        """Move a branch to the newer of two commits, unless that would leave commits without a ref."""
        is_newer = pushed is not None and sent is not None and self._git.is_ancestor(sent, pushed)
        target, here = pushed if sent is None or is_newer else sent, self._git.head(branch)
        if target is None or target == here:
            return
        if here is None or self._git.is_ancestor(here, target) or self._holds_kept(here):
            self._git.set_branch(branch, target, here)

    def _holds_kept(self, commit: str) -> bool:
        """Return whether a ref of restarted work holds a commit."""
        return any(self._git.is_ancestor(commit, kept) for kept in self._kept().values())

    # ---- push -------------------------------------------------------------------------------------------------

    def swaps(self, remote: RemoteRefs, differing: set[str]) -> dict[str, Swap]:
        """Return how the work refs are to move, for the issues whose records differ from the remote's."""
        changed = {path.split("/")[1] for path in differing if path.startswith("issues/")}
        self.withheld = ()
        if not changed:
            return {}
        heads, swaps = self._git.heads(), dict[str, "Swap"]()
        for number, made in self._begun():
            if number in changed:
                swaps |= self._swap(number, made, heads.get(made.branch), remote)
        return swaps | self._kept_swaps(remote)

    def _swap(self, number: str, made: BranchMade, head: str | None, remote: RemoteRefs) -> dict[str, Swap]:
        """Send a branch's commit that no branch of the remote holds, and remove a work ref whose commit one holds."""
        name, pushed = f"{WORK}{made.branch}", remote.heads.get(made.branch)
        sent = remote.refs.get(name)
        if head is None or (self._contains(sent, head) and not self._contains(pushed, head)):
            return {}
        if head in {made.base, pushed} or self._contains(pushed, head):
            is_held = sent is not None and (self._contains(pushed, sent) or self._holds_kept(sent))
            return {name: (sent, None)} if is_held else {}
        if not self._is_harmless(number, made.base, head, remote):
            self.withheld += (number,)
            return {}
        return {name: (sent, head)}

    def _contains(self, later: str | None, earlier: str) -> bool:
        return later is not None and self._git.has(later) and self._git.is_ancestor(earlier, later)

    def _kept(self) -> dict[str, str]:
        """Return the refs here that keep the work before a restart, by their names below the milestone's."""
        prefix = f"refs/run-milestone/{self._milestone.id}/"
        refs = {name.removeprefix(prefix): sha for name, sha in self._git.kept_refs(f"{self._milestone.id}/*/").items()}
        return {name: sha for name, sha in refs.items() if _is_kept(name)}

    def _is_harmless(self, number: str, base: str, head: str, remote: RemoteRefs) -> bool:
        """Return whether each commit was looked through and holds no secret; one that was not is never sent."""
        inspected = self._state.markers.evidence(step_name(number, Step.INSPECT), Inspected)
        if inspected is not None and inspected.head == head:
            is_clean = not any(finding.kind in {Kind.SECRET, Kind.TOOL} for finding in inspected.findings)
            return is_clean and not removed_secrets(self._git, base, head, (base, *self._known(remote)))
        return not tainted_commits(self._git, head, (base, *self._known(remote)))

    def _kept_swaps(self, remote: RemoteRefs) -> dict[str, Swap]:
        """Return how to send the work before a restart; what holds a secret stays here."""
        new = {name: sha for name, sha in self._kept().items() if name not in remote.refs}
        for name, sha in new.items():
            if sha not in self._searched:
                self._searched[sha] = not tainted_commits(self._git, sha, self._known(remote))
            if not self._searched[sha]:
                self.withheld += (name.partition("/")[0],)
        return {name: (None, sha) for name, sha in new.items() if self._searched[sha]}

    def _known(self, remote: RemoteRefs) -> tuple[str, ...]:
        """Return the commits of the remote's branches that are here."""
        return tuple(sha for sha in dict.fromkeys(remote.heads.values()) if self._git.has(sha))


def _is_kept(name: str) -> bool:
    return name.partition("/")[0].isdigit()
