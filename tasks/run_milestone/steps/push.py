"""Push the issue's branch; nothing else moves on the remote."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import OutsideError
from ..model import BranchMade, Finding, Kind, Pushed, Severity, Step
from ..policy.stacking import join_of
from .base_branch import BASE, conflict, fetch_base, stands_on
from .clean_history import history_finding
from .task import IssueStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .step_context import StepContext


class Push(IssueStep[Pushed]):
    """Push the branch's commit to the remote branch of the same name. Nothing else moves."""

    name = Step.PUSH
    shape = Pushed

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the commit, and the base's commit that the branch conflicts with."""
        clash = ctx.evidence(Step.BRANCH, BranchMade).conflict
        return {"commit": ctx.head, **({"conflict with the base": clash} if clash else {})}

    def run(self, ctx: StepContext) -> Pushed:
        """Reconcile, push with a lease on what is on the remote, read back."""
        try:
            return _push(ctx, ctx.head or "")
        except OutsideError as error:
            refused = Finding(Kind.FORGE, Severity.CRITICAL, "push", error.what, detail=_way_to_sign(ctx, error.what))
            return Pushed(ctx.head or "", refused)

    def drift(self, ctx: StepContext, evidence: Pushed) -> str | None:
        """Return how the remote's branch differs from what was pushed."""
        if ctx.remote is None:
            return None
        if evidence.problem and evidence.problem.rule == BASE:
            return None if conflict(ctx) else "git merges it into its base now"
        remote, pull = ctx.remote.heads.get(ctx.branch), ctx.remote.pull(ctx.branch)
        if remote is None and pull is not None and pull.state == "closed":
            return None  # closing it may have deleted its branch: the next step asks
        expected = evidence.there if evidence.problem else evidence.head
        if remote == expected or (evidence.problem and evidence.there is None):
            return None
        return f"the remote has {ctx.branch} at {remote or 'no commit'}"


def _push(ctx: StepContext, head: str) -> Pushed:
    ctx, heads = seen_now(ctx)
    if wrong := wrong_way(ctx, ctx.branch, {ctx.milestone.target, ctx.milestone.branch}):
        return _stopped(ctx, Kind.TARGET, f"The push is refused: {wrong}")
    if (clash := conflict(ctx)) is not None:
        return Pushed(head, clash)
    if (secret := history_finding(ctx, head)) is not None:
        return replace(Pushed(head, secret), there=heads.get(ctx.branch))
    ctx.run.shared.confirm(required=True)
    _push_base(ctx, heads)
    if (theirs := foreign(ctx, head, heads)) is not None:
        return replace(_stopped(ctx, Kind.CONFLICT, _way_out(ctx, theirs)), there=theirs)
    remote = heads.get(ctx.branch)
    return Pushed(head if remote == head else ctx.git.push(head, ctx.branch, remote))


def seen_now(ctx: StepContext) -> tuple[StepContext, dict[str, str]]:
    """Ask the remote for its branches; returns the context with them, and these. The base's commit is fetched."""
    heads = ctx.git.remote_heads()
    ctx = ctx.with_heads(heads)
    fetch_base(ctx)
    return ctx, heads


def wrong_way(ctx: StepContext, branch: str, never: set[str]) -> str | None:
    """Return what leads from a branch to one that must never be reached; None where nothing does.

    A remote may hold a branch that is another name for `main`: a push to it is a push to `main`.
    """
    landing = ctx.git.lands_on(branch)
    if branch in never:
        return f"{branch} is no branch of an issue"
    return f"on the remote {branch} is another name for {landing}" if landing in never else None


def foreign(ctx: StepContext, head: str, heads: dict[str, str]) -> str | None:
    """Return the commit of the remote's branch where others pushed to it what `head` does not hold."""
    remote = heads.get(ctx.branch)
    return None if remote is None or remote == head or _ours(ctx, remote, head) else remote


def _push_base(ctx: StepContext, heads: dict[str, str]) -> None:
    """Push the branch that joins several open issues; only such a base is the runner's own to push here."""
    name = join_of(ctx.branch)
    local, remote = ctx.heads.get(name), heads.get(name)
    if stands_on(ctx).branch == name and local is not None and local != remote:
        ctx.git.push(local, name, remote)


def _way_out(ctx: StepContext, remote: str) -> str:
    """Return what is in the way, and the way out of it by hand."""
    held = f"{ctx.branch} has commits on the remote that are not here ({remote[:10]})"
    return f"{held}: merge or rebase onto them here, or push over them yourself, then run again"


def _ours(ctx: StepContext, remote: str, head: str) -> bool:
    """Return whether the remote's commit may be replaced by what is pushed, so that nobody's commit is lost.

    It is contained in that, it was kept when its work was thrown away, or it is what this runner pushed last and
    somebody rewrote here: then it is kept as well, and none of what goes away may be a person's.
    """
    git = ctx.git
    if not git.has(remote):
        git.fetch(ctx.branch)
    if any(git.is_ancestor(remote, known) for known in (head, *_kept(ctx))):
        return True
    before = ctx.recorded(Step.PUSH, Pushed)
    if before is None or before.head != remote or not all(one.ours for one in git.commits(head, remote, *ctx.marks)):
        return False
    git.keep(f"{ctx.mark}/rewritten", remote)
    return True


def _kept(ctx: StepContext) -> tuple[str, ...]:
    """Return the work of this issue that was thrown away, under whatever number."""
    return tuple(commit for mark in ctx.marks for commit in ctx.git.kept(f"{mark}/"))


def _way_to_sign(ctx: StepContext, why: str) -> str | None:
    """Return how to sign what is there, where the remote refused it for that; its rules did not tell before."""
    if "signature" not in why.lower():
        return None
    base = stands_on(ctx).branch
    return f"`git config commit.gpgSign true`, then sign what is there: `git rebase --gpg-sign {base} {ctx.branch}`"


def _stopped(ctx: StepContext, kind: Kind, message: str) -> Pushed:
    head = ctx.head or ""
    return Pushed(head, Finding(kind, Severity.CRITICAL, "push", message))
