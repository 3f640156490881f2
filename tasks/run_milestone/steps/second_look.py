"""Look again at what a job without rights recorded of an issue: whether it speaks of the change that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapters.git.cmd import OBJECT_ID
from ..checks import inspect_text
from ..core.serialize import digest, plain
from ..core.text import without_skips
from ..model import BranchMade, Implemented, Inspected, Reviewed, Step, Tested
from ..policy.graph import step_name
from ..store.json_record import clean
from .base_branch import fetch_base, stands_on, tip_of
from .clean_history import known_outside
from .inspect import change_of, identity

if TYPE_CHECKING:
    from ..checks.change import Change
    from .step_context import StepContext

_OF_A_COMMIT: dict[Step, type[Tested | Inspected | Reviewed]] = {
    Step.TEST: Tested,
    Step.INSPECT: Inspected,
    Step.REVIEW: Reviewed,
}


def untrue(ctx: StepContext) -> str | None:
    """Return what the records of an issue say that its branch does not bear out, in a sentence; None where nothing is.

    Only what still counts is compared: a record of an earlier commit is made again.
    """
    number = ctx.issue.number
    if ctx.head is None or ctx.recorded(Step.BRANCH, BranchMade) is None:
        return None
    if not _counts_from_its_base(ctx):
        return f"The change of #{number} that was handed back is counted from a commit that its base does not hold."
    if (commit := _silent(ctx)) is not None:
        return f"The message of commit {commit[:10]} of #{number} that was handed back tells CI to skip it."
    change = change_of(ctx)
    for step in _OF_A_COMMIT:
        if _counts(ctx, step) and not _is_about(ctx, step, change):
            return f"The record of {step_name(number, step)} that was handed back is about another change."
    missed = _overlooked(ctx, change)
    return f"The inspection of #{number} that was handed back leaves out: {missed}." if missed else None


def _counts_from_its_base(ctx: StepContext) -> bool:
    """Return whether the change is counted from where the branch began, or from a commit that its base holds."""
    made, done = ctx.evidence(Step.BRANCH, BranchMade), ctx.recorded(Step.IMPLEMENT, Implemented)
    if done is None or done.base in {"", made.base}:
        return True
    fetch_base(ctx)
    tip = tip_of(ctx, stands_on(ctx))
    is_commit = OBJECT_ID.fullmatch(done.base) is not None and ctx.git.has(done.base)
    return is_commit and tip is not None and ctx.git.is_ancestor(done.base, tip)


def _silent(ctx: StepContext) -> str | None:
    """Return the first new commit whose message keeps CI from looking at it. A person's is on the remote already."""
    new = ctx.git.new_commits(ctx.head, known_outside(ctx)) if ctx.head else ()
    messages = ((sha, ctx.git.commit_text(sha).decode("utf-8", "replace")) for sha in new)
    return next((sha for sha, text in messages if without_skips(text) != text), None)


def _counts(ctx: StepContext, step: Step) -> bool:
    """Return whether a step's marker says that it looked at the commit that the branch is at."""
    marker = ctx.store.markers.read(step_name(ctx.issue.number, step))
    return marker is not None and marker.inputs.get("commit") == digest(ctx.head)[:16]


def _is_about(ctx: StepContext, step: Step, change: Change) -> bool:
    """Return whether evidence is about the branch's commit, and names its change as answers are bound to it."""
    evidence = ctx.evidence(step, _OF_A_COMMIT[step])
    if evidence.head != ctx.head:
        return False
    if isinstance(evidence, Inspected):
        sizes = len(change.files), sum(file.lines for file in change.files), tuple(file.path for file in change.files)
        if (evidence.files, evidence.lines, evidence.paths) != sizes:
            return False
    return isinstance(evidence, Tested) or evidence.change == identity(ctx, change)


def _overlooked(ctx: StepContext, change: Change) -> str | None:
    """Return what the checks find in the change's text that the recorded inspection of it does not say so."""
    if not _counts(ctx, Step.INSPECT):
        return None
    recorded = plain(ctx.evidence(Step.INSPECT, Inspected).findings)
    return next((one.message for one in inspect_text(change) if clean(plain(one)) not in recorded), None)
