"""Restart an issue from its base; the work that is thrown away is kept under a ref of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Restarted, Verb

if TYPE_CHECKING:
    from ..adapters.git import Commit
    from .step_context import StepContext

EVENT = "work thrown away"


def restart_due(ctx: StepContext) -> bool:
    """Return whether the last rework asks for a restart that no run has carried out; the journal remembers those."""
    if not ctx.reworks or ctx.reworks[-1].verb is not Verb.RESTART:
        return False
    entries = ctx.store.journal.entries()
    return not any((entry.get("event"), entry.get("decision")) == (EVENT, ctx.reworks[-1].id) for entry in entries)


def throw_away(ctx: StepContext, base: str, head: str, commits: tuple[Commit, ...]) -> Restarted | None:
    """Keep the branch's head under a ref of its own, then move the branch to its base; the journal's line is last."""
    git, restarted = ctx.git, None
    if head != base:
        kept = git.keep(f"{ctx.mark}/attempt-{ctx.attempt - 1}", head)
        git.set_branch(ctx.branch, base, head)
        people = tuple(f"{commit.sha[:10]} {commit.subject}" for commit in commits if not commit.ours)
        restarted = Restarted(kept, len(commits), people)
    ctx.store.journal.add(EVENT, issue=ctx.issue.number, decision=ctx.reworks[-1].id, kept=restarted)
    return restarted
