"""Tell what an issue's own change is compared with, whatever its branch took from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import BranchMade, Implemented, Proposed, Step
from ..policy.graph import step_name

if TYPE_CHECKING:
    from ..adapters.git import Git
    from ..store import State
    from .run_context import RunContext


def counted_from(store: State, issue: str) -> str | None:
    """Return the commit that an issue's change is counted from, as recorded; None before there is a branch.

    An attempt that merged its base in (a conflict was resolved) counts from there, until the branch is looked at again.
    """
    made = store.markers.evidence(step_name(issue, Step.BRANCH), BranchMade)
    done = store.markers.evidence(step_name(issue, Step.IMPLEMENT), Implemented)
    if made is not None and done is not None and done.base and done.head != made.work:
        return done.base
    return made.base if made else None


def changed_between(run: RunContext, number: str) -> tuple[str, str] | None:
    """Return the commits between which an issue's own change lies now; None where there is no such issue or branch."""
    issue, start = run.issues.get(number), counted_from(run.store, number)
    if issue is None or start is None:
        return None
    heads, remote = run.branches.heads, run.remote.heads if run.remote else {}
    head, target = heads.get(run.branch(issue), start), run.milestone.target
    return own_base(run.git, start, head, (heads.get(target), remote.get(target))), head


def makers_of(run: RunContext, number: str, span: tuple[str, str]) -> tuple[str, ...]:
    """Return the names of who made an issue's change: as its commits say, and as the forge knows their people."""
    proposed = run.store.markers.evidence(step_name(number, Step.PR), Proposed)
    logins = run.outside.forge.makers(proposed.number) if proposed is not None and proposed.number else {}
    return run.git.makers(*span, logins)


def own_base(git: Git, start: str, head: str | None, targets: tuple[str | None, ...]) -> str:
    """Return what a change is compared with: `start`, and what `head` holds of the `targets` beyond it."""
    for target in dict.fromkeys(targets):
        if head is None or target in {None, start, head} or not git.has(str(target)):
            continue
        if git.is_ancestor(str(target), start):  # so is all that it shares with `head`
            continue
        shared = git.merge_bases(str(target), head)
        for commit in shared:
            start = start if commit == head or git.is_ancestor(commit, start) else git.overlay(start, commit)
    return start
