"""reconciling: what happened to branches and pull requests since the last run is taken over, and said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ..model import Bootstrapped, BranchMade, Implemented, Linted, Proposed, Pushed, Step
from ..policy.graph import BOOTSTRAP, step_name
from ..policy.naming import is_branch_of
from ..policy.stacking import join_of
from ..render.phrases import one_line
from ..steps.base_branch import stands_on
from .up_to_date import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..adapters import Hands
    from ..model import Issue, PullRequest, World
    from .up_to_date import Due

    Say = Callable[[Iterable[str]], None]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Holds the records of one milestone against what the remote and the forge said at a run's start.

    What loses nothing is taken over at once; what might is left to the step that asks about it.
    """

    due: Due
    hands: Hands
    world: World
    others: frozenset[str] = frozenset()
    """Issues that other runs work on at this moment; their branches are left to those."""

    def take_over(self, say: Say) -> None:
        """Take over what happened to branches and pull requests, and say each in a sentence."""
        say(self._milestone_branch())
        for issue in self.due.making.milestone.issues:
            if issue.number in self.others:
                continue
            say(self._begun_elsewhere(issue))
            pull = self.world.pull(self._name(issue))
            if pull is not None and pull.state == "merged":
                say(self._merged(issue, pull))
            elif (made := self._evidence(issue, Step.BRANCH, BranchMade)) is not None:
                say(self._branch(issue, made, pull))
                say(self._retargeted(issue, pull))
        say(self._left_behind())

    def leave_drafts(self, say: Say) -> None:
        """Leave the pull requests of skipped issues as drafts, so that nobody merges them by mistake."""
        for issue in self.due.making.milestone.issues:
            pull = self.world.pull(self._name(issue))
            if pull is None or pull.state != "open" or pull.draft or self.due.settled(issue.number) != SKIPPED:
                continue
            self.hands.forge.set_draft(pull.number, draft=True)
            say([f"✓ PR #{pull.number} is left as a draft: its issue is skipped"])

    def _name(self, issue: Issue) -> str:
        return self.due.making.state.registry.branch(self.due.making.milestone, issue)

    def _evidence(self, issue: Issue, step: Step, shape: type[T]) -> T | None:
        return self.due.making.state.markers.evidence(step_name(issue.number, step), shape)

    def _begun_elsewhere(self, issue: Issue) -> Iterator[str]:
        """Take up work that was begun under another number or title, where no records tell of it."""
        registry, milestone = self.due.making.state.registry, self.due.making.milestone
        heads, name = {**self.world.heads, **self.due.making.outside.heads}, self._name(issue)
        if name in heads or self._evidence(issue, Step.BRANCH, BranchMade) is not None:
            return
        unowned = set(heads).difference(registry.all_branches(milestone))
        begun = {head for head in unowned if is_branch_of(milestone, issue, head)}
        found = sorted(begun - {join_of(head) for head in begun})
        if len(found) == 1:
            registry.pin(milestone, issue, found[0])
            yield f"✓ Issue #{issue.number} was begun on {found[0]}: its work is taken up there"
        elif found:
            yield f"⚠️ Issue #{issue.number} may have been begun on {' or '.join(found)}; none is taken up"

    def _left_behind(self) -> Iterator[str]:
        """Name the open pull requests of issues that are no longer in the plan, in every run."""
        for known in self.due.making.state.registry.roll.issues:
            pull = self.world.pull(known.branch) if known.branch and not known.number else None
            if pull is not None and pull.state == "open":
                what = f"its issue ({one_line(known.title)}) is no longer in the plan"
                yield f"⚠️ PR #{pull.number} is open, but {what}: close it, or put the issue back"

    # ---- pull requests ----------------------------------------------------------------------------------------

    def _merged(self, issue: Issue, pull: PullRequest) -> Iterator[str]:
        if not record_merge(self.due, issue, pull):
            return
        base = self.due.making.milestone.branch
        where = "" if pull.base == base else f" into {pull.base} (the plan says {base})"
        yield f"✓ PR #{pull.number} was merged{where}: issue #{issue.number} is done"

    def _retargeted(self, issue: Issue, pull: PullRequest | None) -> Iterator[str]:
        """Say that a pull request goes where it should not; its step sets it back."""
        said, base = self._evidence(issue, Step.PR, Proposed), stands_on(self.due.making.job(issue)).branch
        if said is None or said.problem or pull is None or pull.state != "open" or pull.base == base:
            return
        made = self._evidence(issue, Step.BRANCH, BranchMade)
        if made is not None and made.onto == pull.base:
            yield f"· PR #{pull.number} goes to {base} from now on, no longer to {pull.base}"
        else:
            yield f"⚠️ PR #{pull.number} goes to {pull.base}; it is set back to {base}"

    # ---- branches ---------------------------------------------------------------------------------------------

    def _milestone_branch(self) -> Iterator[str]:
        """Put the milestone branch back that was deleted, here or on the remote, while pull requests go to it."""
        state, git, name = self.due.making.state, self.hands.git, self.due.making.milestone.branch
        made = state.markers.evidence(BOOTSTRAP, Bootstrapped)
        here, there = self.due.making.outside.heads.get(name), self.world.heads.get(name)
        if made is None or made.branch != name or state.landed() is not None or (here and there):
            return
        head = here or there or (made.head if git.has(made.head) else None)
        if head is None:
            return
        if here is None:
            if not git.has(head):
                git.fetch(name)
            git.set_branch(name, head, None)
            yield f"✓ {name} was gone here: put back at {head[:10]}"
        if there is None:
            git.push(head, name, None)
            yield f"✓ {name} was gone from the remote: pushed again at {head[:10]}"

    def _branch(self, issue: Issue, made: BranchMade, pull: PullRequest | None) -> Iterator[str]:
        """Bring a branch here to what people made of it; a difference that could cost commits is the push step's."""
        git, name = self.hands.git, self._name(issue)
        here, there = self.due.making.outside.heads.get(name), self.world.heads.get(name)
        if there is not None and there != here and not git.has(there):
            git.fetch(name)
        if here is None:
            yield self._bring_back(issue, made, there)
        elif there is None:
            yield from self._gone(issue, name, pull)
        elif there != here:
            yield from self._moved(issue, name, here, there)

    def _bring_back(self, issue: Issue, made: BranchMade, there: str | None) -> str:
        """Make a branch again that was deleted here: from the remote, from the records, or, with all lost, anew."""
        git, name = self.hands.git, self._name(issue)
        known = next((sha for sha in (there, *self._recorded(issue, made)) if sha and git.has(sha)), None)
        if known is None:
            self.due.making.state.markers.forget(issue.number)
            return f"⚠️ {name} is gone and so are its commits: issue #{issue.number} starts again"
        git.set_branch(name, known, None)
        return f"✓ {name} was gone here: put back at {known[:10]}, from {'the remote' if there else 'the records'}"

    def _recorded(self, issue: Issue, made: BranchMade) -> tuple[str, ...]:
        """Return the commits that the records name for a branch, the newest first; its base where it had none yet."""
        found = (
            self._evidence(issue, Step.PUSH, Pushed),
            self._evidence(issue, Step.LINT, Linted),
            self._evidence(issue, Step.IMPLEMENT, Implemented),
        )
        return tuple(evidence.head for evidence in found if evidence is not None) or (made.base,)

    def _gone(self, issue: Issue, name: str, pull: PullRequest | None) -> Iterator[str]:
        pushed = self._evidence(issue, Step.PUSH, Pushed)
        if pushed is not None and not pushed.problem and not (pull and pull.state == "closed"):
            yield f"⚠️ {name} is gone from the remote; it is pushed again, nothing of it is lost"

    def _moved(self, issue: Issue, name: str, here: str, there: str) -> Iterator[str]:
        git, pushed = self.hands.git, self._evidence(issue, Step.PUSH, Pushed)
        if git.is_ancestor(there, here):
            if pushed is not None and pushed.head == here and not pushed.problem:
                yield f"⚠️ {name} was set back on the remote to {there[:10]}; it is pushed again"
        elif git.is_ancestor(here, there) and not self._thrown_away(issue, here, there):
            yield self._follow(name, here, there)

    def _follow(self, name: str, here: str, there: str) -> str:
        """Move a branch forward to what somebody pushed, unless somebody works on it here."""
        where = self.hands.git.checked_out(name)
        if where is not None:
            return f"⚠️ {name} has newer commits on the remote ({there[:10]}): pull them in {where}, then run again"
        self.hands.git.set_branch(name, there, here)
        return f"✓ Took over what was pushed to {name} ({there[:10]})"

    def _thrown_away(self, issue: Issue, here: str, there: str) -> bool:
        making = self.due.making
        marks = making.state.registry.marks(making.milestone, issue)
        return any(self.hands.git.is_thrown_away(there, here, f"{mark}/") for mark in marks)


def record_merge(due: Due, issue: Issue, pull: PullRequest) -> bool:
    """Record that a pull request is merged, which makes its issue done; returns whether that was new."""
    state, name = due.making.state, step_name(issue.number, Step.PR)
    marker, said = state.markers.read(name), state.markers.evidence(name, Proposed)
    if said is not None and (said.number, said.state) == (pull.number, "merged"):
        return False
    labels = tuple(sorted(pull.labels))
    known = replace(said, state="merged") if said is not None and said.number == pull.number else None
    merged = known or Proposed(pull.number, pull.url, labels, "merged", adopted=True)
    state.markers.write(name, marker.inputs if marker else {}, merged, marker.took if marker else 0.0)
    state.journal.add("done", task=name, took=0.0)
    return True
