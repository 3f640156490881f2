"""Tell what an issue's own change is compared with, whatever its branch took from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import BranchMade, Implemented, Proposed, Step
from ..policy.graph import step_name

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    head, plan = heads.get(run.branch(issue), start), run.milestone
    return own_base(run.git, start, head, tips(plan.target, heads, remote), tips(plan.branch, heads, remote)), head


def makers_of(run: RunContext, number: str, span: tuple[str, str]) -> tuple[str, ...]:
    """Return the names of who made an issue's change: as its commits say, and as the forge knows their people."""
    proposed = run.store.markers.evidence(step_name(number, Step.PR), Proposed)
    logins = run.outside.forge.makers(proposed.number) if proposed is not None and proposed.number else {}
    return run.git.makers(*span, logins)


def own_base(
    git: Git, start: str, head: str | None, targets: tuple[str | None, ...], milestone: tuple[str | None, ...] = ()
) -> str:
    """Return what a change is compared with: `start`, and what `head` took from others beyond it.

    It may have merged or picked commits of the `targets`, and picked some of the `milestone` branch.
    """
    for target in _moved_on(git, start, head, targets):
        for commit in git.merge_bases(target, str(head)):
            start = start if commit == head or git.is_ancestor(commit, start) else git.overlay(start, commit)
    for source in _moved_on(git, start, head, (*targets, *milestone)):
        start = git.past_picks(start, str(head), source)
    return start


def _moved_on(git: Git, start: str, head: str | None, tips: tuple[str | None, ...]) -> list[str]:
    """Return those commits that are here and hold more than `start`."""
    known = (tip for tip in dict.fromkeys(tips) if tip is not None and tip not in {start, head} and git.has(tip))
    return [tip for tip in known if not git.is_ancestor(tip, start)] if head is not None else []


def tips(name: str, local: Mapping[str, str], remote: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return where a branch is here and on the remote."""
    return local.get(name), remote.get(name)
