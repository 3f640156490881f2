"""Merge the pull requests of issues into the milestone branch: check, merge, read back, record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...core.errors import OutsideError
from ...model import Finding, Kind, Landed, LandedIssue, Pushed, Reviewed, Severity, Step, pull_of
from ...policy.graph import COMPLETE, step_name
from ...policy.stacking import retargets
from ...render import milestone_pr as words
from ...runner.reconcile import label_changes, record_merge
from ...runner.up_to_date import SKIPPED
from ...steps.base_branch import conflict_with
from ...steps.ci_checks import await_checks
from .queue import await_queue
from .readiness import unanswered

if TYPE_CHECKING:
    from ...model import Issue, PullRequest
    from ...runner.session import Session
    from ...store import State


@dataclass(slots=True)
class Landing:
    """The landing of one milestone. Nothing is done twice."""

    session: Session

    def merges(self, issue: Issue) -> bool:
        """Merge the pull request of an issue; returns whether the next may follow."""
        if self.session.settled(issue.number) == SKIPPED:
            return True
        pull, pulls = self._pull(issue)
        if pull is not None and pull.state == "merged":
            self._record(issue, pull)
            return True
        if not self._is_fit(issue, pull) or pull is None:
            return False
        self._retarget(pull, pulls)
        return self._asks_nothing(issue, pull) and self._is_fit_still(issue) and self._merge(issue, pull)

    def _pull(self, issue: Issue) -> tuple[PullRequest | None, tuple[PullRequest, ...]]:
        """Return the pull request of an issue, and those of all."""
        branches = self.session.store.registry.branches(self.session.milestone)
        pulls = self.session.outside.forge.pulls(*branches.values())
        return pull_of(branches[issue.number], pulls), pulls

    def _is_fit_still(self, issue: Issue) -> bool:
        """Return whether nobody changed anything about a pull request while its checks were waited for."""
        return self._is_fit(issue, self._pull(issue)[0])

    def _is_fit(self, issue: Issue, pull: PullRequest | None) -> bool:
        """Return whether a pull request can be merged as people approved it; else say why not."""
        why = _unfit(pull, self._pushed(issue)) or (self._unapproved(issue, pull) if pull else None)
        if why is not None:
            self.session.forget(COMPLETE)  # a run has something to do
            self.session.console.say(words.not_landed(issue, why))
        return why is None

    def _unapproved(self, issue: Issue, pull: PullRequest) -> str | None:
        """Return what people changed about a pull request since the landing began; None where they changed nothing."""
        reviews = self.session.outside.forge.reviews(pull.number)[pull.number]
        relabelled = _relabelled(self.session.store, issue, pull)
        return relabelled or next(unanswered(self.session, issue, pull.number, reviews), None)

    def _pushed(self, issue: Issue) -> str:
        pushed = self.session.store.markers.evidence(step_name(issue.number, Step.PUSH), Pushed)
        return pushed.head if pushed else ""

    def _retarget(self, pull: PullRequest, pulls: tuple[PullRequest, ...]) -> None:
        """Retarget pull requests that are based on this branch to the milestone branch."""
        branch, branches = self.session.milestone.branch, self.session.store.registry.branches(self.session.milestone)
        for other in retargets(self.session.milestone, pull, pulls, branches):
            moved = self.session.outside.forge.retarget(other.number, branch)
            if moved.base != branch:
                raise OutsideError(
                    f"PR #{other.number} still goes to {moved.base}, not to {branch}.", "Set its base, then land again."
                )
            self.session.console.say(words.retargeted(other, branch))

    def _asks_nothing(self, issue: Issue, pull: PullRequest) -> bool:
        """Return whether the pull request merges cleanly and its checks passed; otherwise open its gate."""
        head, outside, milestone = self._pushed(issue), self.session.outside, self.session.milestone
        clash = conflict_with(outside.git, pull.head, head, milestone.branch, tip_of(self.session))
        with self.session.console.working(f"{issue.number}:land"):
            findings = (clash,) if clash else await_checks(outside, pull.number, milestone.checks)
        return self.session.passes(issue.number, findings, reviewed_change(self.session, issue.number))

    def _merge(self, issue: Issue, pull: PullRequest) -> bool:
        head = self._pushed(issue)
        self.session.ctx.shared.confirm(required=True)
        try:
            merged = self._merged(issue, pull, head)
        except OutsideError as error:
            merged = Finding(Kind.FORGE, Severity.CRITICAL, "merge", error.what)
        if isinstance(merged, Finding):
            return self.session.passes(issue.number, (merged,), reviewed_change(self.session, issue.number))
        if merged.state != "merged" or not self._holds(head):
            branch = self.session.milestone.branch
            raise OutsideError(
                f"PR #{pull.number} was merged, but {branch} lacks {head[:10]}.",
                "Look at it, then land again.",
            )
        self._record(issue, merged)
        return True

    def _merged(self, issue: Issue, pull: PullRequest, head: str) -> PullRequest | Finding:
        """Merge a pull request, or have it merged by the queue of its base; returns it, or why it is not merged."""
        outside = self.session.outside
        merged = outside.forge.merge(pull.number, head=head)
        if merged.state != "open":
            return merged
        self.session.console.say(words.queued(merged))
        with self.session.console.working(f"{issue.number}:land"):
            return await_queue(outside, merged, self.session.milestone.checks.wait)

    def _holds(self, head: str) -> bool:
        """Return whether the milestone branch holds a commit, or its content where it was squashed or rebased."""
        git, tip = self.session.outside.git, tip_of(self.session)
        if git.is_ancestor(head, tip):
            return True
        merged = git.merged(tip, head)
        return not merged.conflicts and merged.tree == git.tree_of(tip)

    def _record(self, issue: Issue, pull: PullRequest) -> None:
        """Record once that a pull request landed; that makes its issue done."""
        landed = landed_so_far(self.session)
        if all(known.pr != pull.number for known in landed.issues):
            self._note(landed, issue, pull)
        record_merge(self.session.store, issue, pull)

    def _note(self, landed: Landed, issue: Issue, pull: PullRequest) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        one = LandedIssue(issue.number, pull.number, pull.head_sha or self._pushed(issue), tip_of(self.session), at)
        self.session.store.write_landed(replace(landed, issues=(*landed.issues, one)))
        self.session.store.journal.add("landed", issue=issue.number, pr=pull.number, head=one.head)
        self.session.console.say(words.landed(issue, pull, landed.branch))


def _unfit(pull: PullRequest | None, pushed: str) -> str | None:
    """Return why a pull request cannot be merged as it is, None where it can."""
    if pull is None:
        return "its pull request is gone; a run makes it again"
    if pull.state == "closed":
        return f"PR #{pull.number} was closed; a run asks about it"
    if pull.draft:
        return f"PR #{pull.number} is a draft; mark it ready for review, or let a run do so"
    if pull.head_sha is not None and pull.head_sha != pushed:
        return f"PR #{pull.number} is at {pull.head_sha[:10]}, but {pushed[:10]} was approved; a run reviews it again"
    return None


def _relabelled(store: State, issue: Issue, pull: PullRequest) -> str | None:
    """Return how the labels of a pull request differ from those that its phase was approved with."""
    added, removed = label_changes(store, issue, pull)
    if not added and not removed:
        return None
    before = ", ".join(sorted(frozenset(pull.labels) - added | removed)) or "none"
    now = ", ".join(sorted(pull.labels)) or "none"
    return f"PR #{pull.number} has the labels {now}, but was approved with {before}; a run asks about its phase again"


def landed_so_far(session: Session) -> Landed:
    """Return what has landed so far; nothing where the plan names other branches now."""
    milestone = session.milestone
    empty = Landed(milestone.id, milestone.branch, milestone.target)
    known = session.store.landed() or empty
    return known if (known.branch, known.target) == (empty.branch, empty.target) else empty


def reviewed_change(session: Session, issue: str) -> str:
    """Return the identity of an issue's change as it was reviewed, to which answers are bound."""
    reviewed = session.store.markers.evidence(step_name(issue, Step.REVIEW), Reviewed)
    return reviewed.change if reviewed else ""


def tip_of(session: Session) -> str:
    """Return the head of the milestone branch on the remote, and fetch its objects."""
    git, name = session.outside.git, session.milestone.branch
    tip = git.remote_heads().get(name)
    if tip is None:
        raise OutsideError(f"Branch {name} is gone from the remote.", "Push it again, then land again.")
    if not git.has(tip):
        git.fetch(name)
    return tip
