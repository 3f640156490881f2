"""Keep secrets that a later commit removed out of what is pushed: join the runner's commits, or name a person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..checks.commit_secrets import removed_secrets
from ..model import Finding, Kind, Severity
from ..policy.stops import HISTORY
from .base_branch import stands_on, tip_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.git import Commit
    from ..checks.commit_secrets import TaintedCommit
    from .step_context import StepContext


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How one commit takes the place of the runner's commits from the first tainted one on."""

    parents: tuple[str, ...]
    count: int

    @property
    def note(self) -> str:
        """What the commit message says about it."""
        return f"Joined {self.count} commits into one, so that a secret in an earlier one is not pushed"


def tainted(ctx: StepContext, head: str) -> tuple[TaintedCommit, ...]:
    """Return the commits that a push of `head` would send with a secret that the change no longer holds."""
    return removed_secrets(ctx.git, ctx.base, head, known_outside(ctx))


def rebuild_of(ctx: StepContext, head: str) -> Rebuild | None:
    """Return how to make the branch clean; None where it is clean, or where a commit is not the run's to rewrite."""
    commits = tainted(ctx, head)
    chain = _chain(ctx, head, commits)
    if not chain or _in_the_way(ctx, head, commits) is not None:
        return None
    first = ctx.git.parents(chain[-1])[0]
    merged = (parent for sha in reversed(chain) for parent in ctx.git.parents(sha)[1:])
    others = tuple(dict.fromkeys(sha for sha in merged if not ctx.git.is_ancestor(sha, first)))
    return Rebuild((first, *others), len(chain))


def history_finding(ctx: StepContext, head: str) -> Finding | None:
    """Return the question about commits that hold a secret, None where all are clean."""
    commits = tainted(ctx, head)
    if not commits:
        return None
    holds = f"Commit {commits[0].sha[:10]} holds what a later commit removed, and a push would send it"
    way_out = _by_hand(ctx, head, commits) or "`fix` joins the run's commits into a clean one"
    detail = "; ".join(f"{commit.sha[:10]}: {commit.what}" for commit in commits)
    return Finding(Kind.SECRET, Severity.CRITICAL, HISTORY, f"{holds}: {commits[0].what}. {way_out}", detail=detail)


def wanted_by_hand(ctx: StepContext, head: str) -> str | None:
    """Return what a person has to do before the branch can be pushed, None where a run can do it or nothing is to do.

    A run never rewrites a person's commit.
    """
    return _by_hand(ctx, head, tainted(ctx, head))


def _by_hand(ctx: StepContext, head: str, commits: tuple[TaintedCommit, ...]) -> str | None:
    kept = _in_the_way(ctx, head, commits)
    if kept is None:
        return None
    why = f"No run rewrites commit {kept.sha[:10]} ({kept.subject}), because it is a person's or came by a merge"
    return f"{why}: rewrite {ctx.branch} yourself (`git rebase --interactive {commits[0].sha[:10]}^`), then run again"


def asks_about_history(ctx: StepContext) -> bool:
    """Return whether this attempt answers the question about a secret in earlier commits, and about nothing else."""
    findings = ctx.rework.findings if ctx.rework else ()
    return bool(findings) and all(finding.rule == HISTORY for finding in findings)


def known_outside(ctx: StepContext) -> tuple[str, ...]:
    """Return the commits that are on the remote already, or are others' to push."""
    remote = ctx.remote.heads if ctx.remote else {}
    names = (ctx.branch, ctx.milestone.branch, ctx.milestone.target)
    outside = (*(remote.get(name) for name in names), tip_of(ctx, stands_on(ctx)))
    return tuple(dict.fromkeys((ctx.base, *(sha for sha in outside if sha is not None and ctx.git.has(sha)))))


def _chain(ctx: StepContext, head: str, commits: tuple[TaintedCommit, ...]) -> tuple[str, ...]:
    """Return the branch's commits from `head` down to the first tainted one; empty where that is not on its line."""
    tainted_shas, chain = {commit.sha for commit in commits}, tuple(_line(ctx, head))
    last = max((place for place, sha in enumerate(chain) if sha in tainted_shas), default=-1)
    return chain[: last + 1] if tainted_shas <= set(chain) else ()


def _line(ctx: StepContext, head: str) -> Iterator[str]:
    """Yield the new commits from `head` along first parents."""
    new = set(ctx.git.new_commits(head, known_outside(ctx)))
    while head in new:
        yield head
        head = next(iter(ctx.git.parents(head)), "")


def _in_the_way(ctx: StepContext, head: str, commits: tuple[TaintedCommit, ...]) -> Commit | None:
    """Return a commit that would have to be rewritten and may not be; None where all of them are the run's."""
    chain, tainted_shas = set(_chain(ctx, head, commits)), {commit.sha for commit in commits}
    listed = [one for one in ctx.git.commits(ctx.base, head, *ctx.marks) if one.sha in chain | tainted_shas]
    return next((one for one in listed if not one.ours or not chain), None)
