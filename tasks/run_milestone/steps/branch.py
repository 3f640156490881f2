"""Make the issue's branch, adopt it, or bring it up to a base that moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError
from ..model import BranchMade, Finding, Implemented, Kind, Pushed, Severity, Step
from ..plan.review import unspecified
from ..policy.graph import step_name
from ..policy.preflight import blocked_name
from ..policy.skips import skipped
from .base_branch import behind, counting, fetch_base, held_by, milestone_head, moved, stands_on, tip_of
from .task import IssueStep, Questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..policy.stacking import Base
    from .step_context import StepContext


class Branch(IssueStep[BranchMade]):
    """Make the issue's branch, adopt it, or merge a base into it that moved. No commit is ever lost."""

    name = Step.BRANCH
    shape = BranchMade
    fields = ("depends_on",)
    settings = ("branch",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the branch's name, and the pushed commits of what the issue depends on: when one moves, so does it."""
        numbers = ctx.issue.depends_on
        pushed = [ctx.store.markers.evidence(step_name(number, Step.PUSH), Pushed) for number in numbers]
        commits = {"commits it depends on": [one.head if one else None for one in pushed]} if pushed else {}
        left_out = _skipped(ctx)
        return {"branch name": ctx.branch, **commits, **({"skipped dependencies": left_out} if left_out else {})}

    def blockers(self, ctx: StepContext) -> Questions:
        """Return what keeps the issue from being started: no specification, or a skipped issue it depends on."""
        return Questions((*unspecified(ctx.issue), *_skipped_dependencies(ctx), *_in_the_way(ctx)))

    def run(self, ctx: StepContext) -> BranchMade:
        """Make the branch where it is missing, else bring it up to its base."""
        fetch_base(ctx)
        git, base = ctx.git, stands_on(ctx)
        tip = _tip(ctx, base)
        head = git.head(ctx.branch) or _from_remote(ctx)
        made = BranchMade(ctx.branch, tip, start=tip, onto=base.branch, tip=tip, work=_work(ctx))
        if head is None:
            git.set_branch(ctx.branch, tip, None)
            return made
        if behind(ctx, tip, head, base):
            return _restacked(ctx, replace(made, start=_start(ctx, tip, head)), head)
        adopted = head != tip and ctx.counted_from is None
        return replace(made, base=counting(ctx, tip, head), start=_start(ctx, tip, head), adopted=adopted)

    def drift(self, ctx: StepContext, evidence: BranchMade) -> str | None:
        """Return how the base moved."""
        return None if ctx.remote is None or evidence.problem else moved(ctx, evidence)


def _skipped(ctx: StepContext) -> list[str]:
    """Return the issues that this one depends on and that are skipped, before it began or after it was finished."""
    decisions, issues = ctx.store.decisions.all(), ctx.run.issues
    return [one for one in ctx.issue.depends_on if skipped(one, issues[one].phase, decisions, finished=False)]


def _skipped_dependencies(ctx: StepContext) -> tuple[Finding, ...]:
    what, way_out = "it depends on issue #{}, which was skipped", "`unskip` at {} takes that back"
    return tuple(
        Finding(Kind.BLOCKED, Severity.WARNING, "depends_on", what.format(number), detail=way_out.format(number))
        for number in _skipped(ctx)
    )


def _in_the_way(ctx: StepContext) -> tuple[Finding, ...]:
    """Return the branch beside which git cannot make the issue's, with how to move it away."""
    why = blocked_name(ctx.branch, ctx.run.branches.heads, ctx.remote.heads if ctx.remote else None)
    return (Finding(Kind.FAILED, Severity.CRITICAL, Step.BRANCH, why[0], detail=why[1]),) if why else ()


def _work(ctx: StepContext) -> str:
    done = ctx.recorded(Step.IMPLEMENT, Implemented)
    return done.head if done else ""


def _start(ctx: StepContext, tip: str, head: str) -> str:
    before = ctx.recorded(Step.BRANCH, BranchMade)
    return before.start or before.base if before else counting(ctx, tip, head)


def _from_remote(ctx: StepContext) -> str | None:
    """Bring a branch that only the remote has into the user's repository."""
    remote = ctx.remote.heads.get(ctx.branch) if ctx.remote else None
    if remote is not None:
        ctx.git.fetch(ctx.branch)
        ctx.git.set_branch(ctx.branch, remote, None)
    return remote


# ---- the base moved -----------------------------------------------------------------------------------------------


def _restacked(ctx: StepContext, made: BranchMade, head: str) -> BranchMade:
    """Merge the base into the branch; nobody's commits are rewritten. What conflicts is asked where it is pushed."""
    git, tip = ctx.git, made.tip
    joined = tip if git.is_ancestor(head, tip) else git.join(head, tip, _message(ctx, made), held_by(ctx, head))
    before = replace(made, base=ctx.counted_from or git.merge_base(tip, head))
    if joined is None:
        return replace(before, conflict=tip)
    place = git.checked_out(ctx.branch)
    if place is not None:
        return replace(before, problem=_by_hand(ctx, made, str(place)))
    git.set_branch(ctx.branch, joined, head)
    return replace(made, restacked=True)


def _message(ctx: StepContext, made: BranchMade) -> str:
    subject = f"chore({ctx.milestone.id}): Merge {made.onto} into {ctx.branch}"
    return f"{subject}\n\nRun-Milestone: {ctx.mark} restack-{made.tip[:10]}\n"


def _by_hand(ctx: StepContext, made: BranchMade, place: str) -> Finding:
    """Ask the person who has the branch checked out to merge: no run touches a checkout."""
    name = made.onto if ctx.heads.get(made.onto) == made.tip else made.tip[:12]
    what = f"{made.onto} moved and {ctx.branch} is checked out: `git -C {place} merge {name}`, then run again"
    return Finding(Kind.HUMAN, Severity.INFO, "human", what)


# ---- the commit to start from -------------------------------------------------------------------------------------


def _tip(ctx: StepContext, base: Base) -> str:
    """Return the commit to start from. Several open issues are joined on a branch that only grows."""
    if len(base.issues) > 1:
        return _joined(ctx, base)
    tip = tip_of(ctx, base)
    if tip is None:
        raise OutsideError(
            f"Branch {base.branch}, which #{ctx.issue.number} stands on, is gone.",
            f"Restore it, or run `doit forget {ctx.milestone.id}:{base.issues[0]}`; then run the same command again.",
        )
    return tip


def _joined(ctx: StepContext, base: Base) -> str:
    git, before = ctx.git, ctx.heads.get(base.branch)
    tip = before or tip_of(ctx, base) or milestone_head(ctx)
    for number in base.issues:
        made = ctx.store.markers.evidence(step_name(number, Step.BRANCH), BranchMade)
        needed = git.head(made.branch) if made else None
        if needed is not None and not git.is_ancestor(needed, tip):
            tip = _join(ctx, base, tip, needed, number)
    if tip != before:
        git.set_branch(base.branch, tip, before)
    return tip


def _join(ctx: StepContext, base: Base, tip: str, needed: str, number: str) -> str:
    subject = f"chore({ctx.milestone.id}): Join issue {number} into the base of issue {ctx.issue.number}"
    joined = ctx.git.join(tip, needed, f"{subject}\n\nRun-Milestone: {ctx.mark} restack-{needed[:10]}\n")
    if joined is None:
        raise OutsideError(
            f"The issues that #{ctx.issue.number} depends on conflict with each other (at #{number}).",
            f"Merge {', '.join(f'#{name}' for name in base.issues)} by hand on a branch called {base.branch}, "
            f"or skip #{ctx.issue.number}; then run the same command again.",
        )
    return joined
