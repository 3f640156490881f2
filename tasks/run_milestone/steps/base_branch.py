"""The base of an issue's branch: what it is, where it is, and whether the branch still fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import OutsideError
from ..model import BranchMade, Finding, Kind, Pushed, Severity, Step
from ..policy.graph import step_name
from ..policy.stacking import base_of

if TYPE_CHECKING:
    from ..adapters.git import Git
    from ..policy.stacking import Base
    from .step_context import StepContext


BASE = "base"
"""The rule of a finding that tells of a conflict with the base."""


def stands_on(ctx: StepContext) -> Base:
    """Return the base of the issue's branch, as the forge was when it was asked."""
    branches = ctx.store.registry.branches(ctx.milestone)
    return base_of(ctx.milestone, ctx.issue, ctx.remote.by_branch if ctx.remote else {}, branches)


def fetch_base(ctx: StepContext) -> None:
    """Fetch what the issue's base and the milestone branch are at on the remote, where it is not here yet."""
    names = dict.fromkeys((ctx.milestone.branch, stands_on(ctx).branch))
    for name in names:
        remote = ctx.remote.heads.get(name) if ctx.remote else None
        is_used = name == ctx.milestone.branch or name not in ctx.heads
        if is_used and remote not in {None, ctx.heads.get(name)} and not ctx.git.has(str(remote)):
            ctx.git.fetch(name)


def tip_of(ctx: StepContext, base: Base) -> str | None:
    """Return the commit that the base's branch is at; None where there is no such branch."""
    if base.branch == ctx.milestone.branch:
        return milestone_head(ctx)
    return ctx.heads.get(base.branch) or (ctx.remote.heads.get(base.branch) if ctx.remote else None)


def milestone_head(ctx: StepContext) -> str:
    """Return the milestone branch's commit: the remote's, unless the local branch goes on from it."""
    name = ctx.milestone.branch
    local, remote = ctx.heads.get(name), ctx.remote.heads.get(name) if ctx.remote else None
    if local is not None and local == remote:
        return local
    head = remote if local is None or (remote and ctx.git.is_ancestor(local, remote)) else local
    if head is None:
        raise OutsideError(f"Branch {name} is gone.", f"Restore it, or run `doit forget {ctx.milestone.id}:bootstrap`.")
    return head


def behind(ctx: StepContext, tip: str, head: str, base: Base) -> bool:
    """Return whether the branch has to take its base in: it lacks work it depends on, or its change reads wrong.

    An issue on the milestone branch is not behind because others were merged: only where what it depends on got there
    as other commits (squashed, or joined in another way), so that its change would be counted from too early.
    """
    git = ctx.git
    if git.is_ancestor(tip, head):
        return False
    if base.issues:
        return True
    known = ctx.counted_from
    if known is None:
        return len(git.merge_bases(tip, head)) > 1
    return not git.is_ancestor(known, tip) or any(not git.is_ancestor(sha, head) for sha in _needed(ctx))


def _needed(ctx: StepContext) -> tuple[str, ...]:
    """Return the last pushed commits of what the issue depends on, those that are here."""
    recorded = (ctx.store.markers.evidence(step_name(number, Step.PUSH), Pushed) for number in ctx.issue.depends_on)
    return tuple(pushed.head for pushed in recorded if pushed and ctx.git.has(pushed.head))


def held_by(ctx: StepContext, head: str) -> tuple[str, ...]:
    """Return the commits of others that the branch stands on, which its base may hold as other commits."""
    known = ctx.counted_from
    stood = (known,) if known and ctx.git.is_ancestor(known, head) else ()
    return tuple(dict.fromkeys((*_needed(ctx), *stood)))


def counting(ctx: StepContext, tip: str, head: str) -> str:
    """Return from which commit the change of `head` is counted: the newest of its base that it holds."""
    git, known = ctx.git, ctx.counted_from
    if tip in {known, head} or git.is_ancestor(tip, head):
        return tip
    shared = git.merge_base(tip, head)
    return shared if known is None or git.is_ancestor(known, shared) else known


def moved(ctx: StepContext, made: BranchMade) -> str | None:
    """Return how the base moved since the branch was made or took it in; None where the branch is still based on it."""
    base = stands_on(ctx)
    tip = tip_of(ctx, base)
    if tip is None or ctx.head is None or tip == made.conflict or (tip == made.tip and tip == made.base):
        return None
    if behind(ctx, tip, ctx.head, base):
        return f"{base.branch} moved to {tip[:10]}"
    return None if counting(ctx, tip, ctx.head) == ctx.counted_from else f"it holds {base.branch} at {tip[:10]} now"


def conflict(ctx: StepContext) -> Finding | None:
    """Return where the branch and its base change the same lines differently; None where git merges them."""
    base = stands_on(ctx)
    tip = tip_of(ctx, base)
    head = ctx.head or ""
    return conflict_with(ctx.git, ctx.branch, head, base.branch, tip, held_by(ctx, head)) if tip else None


def conflict_with(git: Git, branch: str, head: str, base: str, tip: str, held: tuple[str, ...] = ()) -> Finding | None:
    """Return where `head` of a branch and `tip` of its base change the same lines; None where git merges them.

    `held` are commits of others in the branch, which the base may hold squashed or rebased.
    """
    paths = () if git.is_ancestor(tip, head) else git.merged_past(head, tip, held).conflicts
    if not paths:
        return None
    where = f"{', '.join(paths[:5])}{f' and {len(paths) - 5} more' if len(paths) > 5 else ''}"
    what = f"{branch} and {base} ({tip[:10]}) change the same lines in {where}"
    return Finding(Kind.CONFLICT, Severity.CRITICAL, BASE, what)
