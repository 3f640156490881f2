"""Reconcile the records with what happened to branches and pull requests since the last run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ..model import Bootstrapped, BranchMade, Implemented, Kind, Linted, Passed, Proposed, Pushed, Step
from ..policy.graph import BOOTSTRAP, step_name
from ..policy.naming import is_branch_of
from ..policy.opinions import asking_for_changes
from ..policy.stacking import join_of
from ..policy.stops import STOPS
from ..render import reconciled as words
from ..steps.base_branch import fetch_base, stands_on
from ..steps.step_context import step_context
from ..store.markers import marker_digest
from .issue_seals import IssueSeals
from .up_to_date import SKIPPED, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Issue, PullRequest
    from ..steps.run_context import RunContext
    from ..steps.step_context import StepContext
    from ..store import State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Compare the records of one milestone with what the remote and the forge said at a run's start.

    What loses nothing is taken over at once; what might is left to the step that asks about it.
    """

    ctx: RunContext
    others: frozenset[str] = frozenset()
    """Issues that other runs work on at this moment; their branches are left to those."""
    seals: IssueSeals = field(default_factory=IssueSeals)
    """The issues of which nothing has changed since they had nothing to take over."""

    def take_over(self) -> Iterator[str]:
        """Take over what happened to branches and pull requests, and yield a sentence for each."""
        yield from self._milestone_branch()
        for issue in self._changed():
            yield from self._issue(issue)
        yield from self._left_behind()
        yield from self._asked_for_changes()

    def _issue(self, issue: Issue) -> Iterator[str]:
        yield from self._begun_elsewhere(issue)
        pull = self.ctx.world.pull(self._name(issue))
        if pull is not None and pull.state == "merged":
            yield from self._merged(issue, pull)
        elif (made := self._evidence(issue, Step.BRANCH, BranchMade)) is not None:
            yield from self._branch(issue, made, pull)
            yield from self._labelled(issue, pull)
            on = step_context(self.ctx, issue)
            fetch_base(on)
            yield from self._retargeted(on, pull)

    def _changed(self) -> list[Issue]:
        """Return the issues that may have something to take over: those without a seal that holds."""
        with self.ctx.store.steady.block():
            issues = (issue for issue in self.ctx.milestone.issues if issue.number not in self.others)
            return [issue for issue in issues if not self.seals.hold(self.ctx, issue.number, ())]

    def leave_drafts(self) -> Iterator[str]:
        """Leave the pull requests of skipped issues as drafts, so that nobody merges them by mistake."""
        with self.ctx.store.steady.block():
            pulls = [pull for issue in self.ctx.milestone.issues if (pull := self._skipped(issue)) is not None]
        for pull in pulls:
            self.ctx.outside.forge.set_draft(pull.number, draft=True)
            yield words.draft_left(pull)

    def _skipped(self, issue: Issue) -> PullRequest | None:
        """Return the open pull request of an issue that was skipped, None where there is none that could be merged."""
        pull = self.ctx.world.pull(self._name(issue))
        is_ready = pull is not None and pull.state == "open" and not pull.draft
        return pull if is_ready and settled(self.ctx, issue.number) == SKIPPED else None

    def _name(self, issue: Issue) -> str:
        return self.ctx.branch(issue)

    def _evidence(self, issue: Issue, step: Step, shape: type[T]) -> T | None:
        return self.ctx.store.markers.evidence(step_name(issue.number, step), shape)

    def _begun_elsewhere(self, issue: Issue) -> Iterator[str]:
        """Take up work that was begun under another number or title, where no records tell of it."""
        registry, milestone = self.ctx.store.registry, self.ctx.milestone
        heads, name = {**self.ctx.world.heads, **self.ctx.branches.heads}, self._name(issue)
        if name in heads or self._evidence(issue, Step.BRANCH, BranchMade) is not None:
            return
        unowned = set(heads).difference(registry.all_branches(milestone))
        begun = {head for head in unowned if is_branch_of(milestone, issue, head)}
        candidates = sorted(begun - {join_of(head) for head in begun})
        if len(candidates) == 1:
            registry.pin(milestone, issue, candidates[0])
        if candidates:
            yield words.begun_on(issue, candidates)

    def _left_behind(self) -> Iterator[str]:
        """Name the open pull requests of issues that are no longer in the plan, in every run."""
        for known in self.ctx.store.registry.roll.issues:
            pull = self.ctx.world.pull(known.branch) if known.branch and not known.number else None
            if pull is not None and pull.state == "open":
                yield words.left_behind(pull, known)

    def _asked_for_changes(self) -> Iterator[str]:
        """Say which people ask for changes on open pull requests, because the milestone does not land over them."""
        for issue in self.ctx.milestone.issues:
            pull = self.ctx.world.pull(self._name(issue))
            reviews = self.ctx.world.reviews_of(self._name(issue)) if pull else ()
            yield from (words.changes_requested(pull.number, review) for review in asking_for_changes(reviews) if pull)

    # ---- pull requests ----------------------------------------------------------------------------------------

    def _merged(self, issue: Issue, pull: PullRequest) -> Iterator[str]:
        if record_merge(self.ctx.store, issue, pull):
            yield words.merged(issue, pull, self.ctx.milestone.branch)

    def _labelled(self, issue: Issue, pull: PullRequest | None) -> Iterator[str]:
        """Take over labels that people added or removed, because a phase is approved with its labels."""
        if pull is None or pull.state != "open":
            return
        added, removed = label_changes(self.ctx.store, issue, pull)
        if added or removed:
            name = step_name(issue.number, Step.PR)
            record_labels(self.ctx.store, name, added, removed)
            yield words.labelled(pull, sorted(added), sorted(removed))

    def _retargeted(self, on: StepContext, pull: PullRequest | None) -> Iterator[str]:
        """Say that a pull request goes where it should not; its step sets it back."""
        proposed, base = on.recorded(Step.PR, Proposed), stands_on(on).branch
        if proposed is None or proposed.problem or pull is None or pull.state != "open" or pull.base == base:
            return
        made = on.recorded(Step.BRANCH, BranchMade)
        yield words.retargeted(pull, base, followed=made is not None and made.onto == pull.base)

    # ---- branches ---------------------------------------------------------------------------------------------

    def _milestone_branch(self) -> Iterator[str]:
        """Put the milestone branch back that was deleted, here or on the remote, while pull requests go to it."""
        state, git, name = self.ctx.store, self.ctx.git, self.ctx.milestone.branch
        made = state.markers.evidence(BOOTSTRAP, Bootstrapped)
        local, remote = self.ctx.branches.heads.get(name), self.ctx.world.heads.get(name)
        if made is None or made.branch != name or state.landed() is not None or (local and remote):
            return
        head = local or remote or (made.head if git.has(made.head) else None)
        if head is None:
            return
        if local is None:
            if not git.has(head):
                git.fetch(name)
            git.set_branch(name, head, None)
            yield words.put_back(name, head)
        if remote is None:
            git.push(head, name, None)
            yield words.pushed_again(name, head)

    def _branch(self, issue: Issue, made: BranchMade, pull: PullRequest | None) -> Iterator[str]:
        """Bring a branch here to what people made of it; a difference that could cost commits is the push step's."""
        git, name = self.ctx.git, self._name(issue)
        local, remote = self.ctx.branches.heads.get(name), self.ctx.world.heads.get(name)
        if remote is not None and remote != local and not git.has(remote):
            git.fetch(name)
        if local is None:
            yield self._bring_back(issue, made, remote)
        elif remote is None:
            yield from self._gone(issue, name, pull)
        elif remote != local:
            yield from self._moved(issue, name, local, remote)

    def _bring_back(self, issue: Issue, made: BranchMade, remote: str | None) -> str:
        """Make a branch again that was deleted here: from the remote, from the records, or, with all lost, anew."""
        git, name = self.ctx.git, self._name(issue)
        known = next((sha for sha in (remote, *self._recorded(issue, made)) if sha and git.has(sha)), None)
        if known is None:
            self.ctx.store.markers.forget(issue.number)
            return words.commits_gone(name, issue)
        git.set_branch(name, known, None)
        return words.put_back(name, known, "the remote" if remote else "the records")

    def _recorded(self, issue: Issue, made: BranchMade) -> tuple[str, ...]:
        """Return the commits that the records name for a branch, the newest first; its base where it had none yet."""
        evidences = (
            self._evidence(issue, Step.PUSH, Pushed),
            self._evidence(issue, Step.LINT, Linted),
            self._evidence(issue, Step.IMPLEMENT, Implemented),
        )
        return tuple(evidence.head for evidence in evidences if evidence is not None) or (made.base,)

    def _gone(self, issue: Issue, name: str, pull: PullRequest | None) -> Iterator[str]:
        pushed = self._evidence(issue, Step.PUSH, Pushed)
        if pushed is not None and not pushed.problem and not (pull and pull.state == "closed"):
            yield words.branch_gone(name)

    def _moved(self, issue: Issue, name: str, local: str, remote: str) -> Iterator[str]:
        git, pushed = self.ctx.git, self._evidence(issue, Step.PUSH, Pushed)
        if git.is_ancestor(remote, local):
            if pushed is not None and pushed.head == local and not pushed.problem:
                yield words.set_back(name, remote)
        elif git.is_ancestor(local, remote) and not self._thrown_away(issue, local, remote):
            yield self._follow(name, local, remote)

    def _follow(self, name: str, local: str, remote: str) -> str:
        """Move a branch forward to what somebody pushed, unless somebody works on it here."""
        where = self.ctx.git.checked_out(name)
        if where is not None:
            return words.newer_commits(name, remote, where)
        self.ctx.git.set_branch(name, remote, local)
        return words.took_over(name, remote)

    def _thrown_away(self, issue: Issue, local: str, remote: str) -> bool:
        marks = self.ctx.store.registry.marks(self.ctx.milestone, issue)
        return any(self.ctx.git.is_thrown_away(remote, local, f"{mark}/") for mark in marks)


def label_changes(store: State, issue: Issue, pull: PullRequest) -> tuple[frozenset[str], frozenset[str]]:
    """Return the labels that a pull request has got and lost since they were recorded."""
    known = store.markers.evidence(step_name(issue.number, Step.PR), Proposed)
    if known is None or known.problem or known.number != pull.number:
        return frozenset(), frozenset()
    reviewed = store.markers.evidence(step_name(issue.number, Step.REVIEW_GATE), Passed)
    of_review = frozenset(reviewed.labels if reviewed else (STOPS[Kind.REVIEW_PENDING].label or "",))
    recorded, now = frozenset(known.labels), frozenset(pull.labels)
    return now - recorded - of_review, recorded - now


def record_labels(store: State, task: str, added: frozenset[str], removed: frozenset[str]) -> None:
    """Record labels that people added and removed in the marker of a pull request."""
    marker, known = store.markers.read(task), store.markers.evidence(task, Proposed)
    if marker is not None and known is not None:
        labels = tuple(sorted(frozenset(known.labels) - removed | added))
        store.correct(task, marker.inputs, replace(known, labels=labels))


def record_merge(store: State, issue: Issue, pull: PullRequest) -> bool:
    """Record that a pull request is merged, which makes its issue done; returns whether that was new."""
    name = step_name(issue.number, Step.PR)
    marker, known = store.markers.read(name), store.markers.evidence(name, Proposed)
    if known is not None and (known.number, known.state) == (pull.number, "merged"):
        return False
    labels = tuple(sorted(pull.labels))
    same = replace(known, state="merged") if known is not None and known.number == pull.number else None
    merged = same or Proposed(pull.number, pull.url, labels, "merged", adopted=True)
    inputs = marker.inputs if marker else {}
    store.journal.add("done", task=name, took=0.0, record=marker_digest(inputs, merged))
    store.markers.write(name, inputs, merged, marker.took if marker else 0.0)
    return True
