"""restart: a branch's work is thrown away and its base is where it starts again; nothing of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Restarted, Verb

if TYPE_CHECKING:
    from ..adapters.git import Commit
    from .context import Job

EVENT = "work thrown away"


def restart_due(job: Job) -> bool:
    """Return whether the last rework asks for a restart that no run has carried out; the journal remembers those."""
    if not job.reworks or job.reworks[-1].verb is not Verb.RESTART:
        return False
    entries = job.state.journal.entries()
    return not any((entry.get("event"), entry.get("decision")) == (EVENT, job.reworks[-1].id) for entry in entries)


def throw_away(job: Job, base: str, head: str, commits: tuple[Commit, ...]) -> Restarted | None:
    """Keep the branch's head under a ref of its own, then move the branch to its base; the journal's line is last."""
    git, restarted = job.hands.git, None
    if head != base:
        kept = git.keep(f"{job.mark}/attempt-{job.attempt - 1}", head)
        git.set_branch(job.branch, base, head)
        people = tuple(f"{commit.sha[:10]} {commit.subject}" for commit in commits if not commit.ours)
        restarted = Restarted(kept, len(commits), people)
    job.state.journal.add(EVENT, issue=job.issue.number, decision=job.reworks[-1].id, kept=restarted)
    return restarted
