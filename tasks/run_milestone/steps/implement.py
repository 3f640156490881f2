"""implement: one attempt by an agent, or a person's commits; judged by the tree it leaves."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..adapters.agents import agent_of
from ..adapters.agents.base import Assignment, Report
from ..core.text import for_markdown, for_title
from ..model import Finding, Implemented, Kind, Severity
from ..render.phrases import one_line
from .base_branch import conflict, counting, stands_on, tip_of
from .push import foreign, seen_now
from .restart import restart_due, throw_away

if TYPE_CHECKING:
    from ..adapters.git import Commit
    from .context import Job


def implement(job: Job) -> Implemented:
    """Adopt the attempt where its commit is there already (a crash, a lost state), else have it made."""
    base = job.base
    head = job.head or base
    commits = job.hands.git.commits(base, head, *job.marks)
    made = [commit for commit in commits if commit.attempt == job.attempt]
    if made:
        return _measured(job, f"{made[-1].sha}^", made[-1].sha, adopted=True)
    if restart_due(job):
        restarted = throw_away(job, base, head, commits)
        return replace(_implement(job, base, base, ()), restarted=restarted)
    return _implement(job, base, head, commits)


def is_made(job: Job) -> bool:
    """Return whether the attempt is on the branch already, so that nobody is asked to make it."""
    commits = job.hands.git.commits(job.base, job.head or job.base, *job.marks)
    return any(commit.attempt == job.attempt for commit in commits) or (bool(commits) and job.attempt == 1)


def _implement(job: Job, base: str, head: str, commits: tuple[Commit, ...]) -> Implemented:
    if job.agent.kind == "human":
        return _by_person(job, base, head, commits)
    if job.rework is not None and job.rework.kind is Kind.CONFLICT:
        return _merged(job, head)
    if commits and job.attempt == 1:
        return _measured(job, base, head, adopted=True)
    return _by_agent(job, head)


def _measured(job: Job, before: str, head: str, *, adopted: bool = False, report: Report | None = None) -> Implemented:
    files, lines = job.hands.git.measure(before, head)
    said, cost = (report.lines, report.cost) if report else ((), None)
    tip = tip_of(job, stands_on(job))
    return Implemented(head, job.attempt, files, lines, said, adopted, cost, counting(job, tip, head) if tip else "")


def _by_agent(job: Job, head: str) -> Implemented:
    git = job.hands.git
    git.checkout(job.tree, head, job.index)
    report = _ask(job)
    commit = head if report.problem else git.commit(job.tree, head, job.index, _message(job, report))
    if report.problem or (commit == head and job.attempt > 1):
        return _failed(job, head, report.problem or "the agent changed nothing", report.cost)
    if commit != head:
        git.set_branch(job.branch, commit, head)
    return _measured(job, head, commit, report=report)


def _merged(job: Job, head: str) -> Implemented:
    """Take in what is in the way of the push, others' commits or the base; the agent is asked about conflicts only."""
    job, heads = seen_now(job)
    other = foreign(job, head, heads) or tip_of(job, stands_on(job))
    if other is None or job.hands.git.is_ancestor(other, head):
        return _measured(job, head, head, report=Report(("Nothing is in the way any more",), 0.0))
    merged = job.hands.git.merged(head, other)
    job.hands.git.checkout(job.tree, merged.tree, job.index)
    said = Report((f"Merged {other[:10]}",), 0.0)  # nobody was asked, so it cost nothing
    report = _ask(job) if merged.conflicts else said
    return _failed(job, head, report.problem, report.cost) if report.problem else _joined(job, head, other, report)


def _joined(job: Job, head: str, other: str, report: Report) -> Implemented:
    """Commit the merge that lies in the tree, unless conflict markers are left."""
    git = job.hands.git
    merged, message = git.merged(head, other), _message(job, report)
    commit = git.commit(job.tree, head, job.index, message, merged=other)
    unresolved = [path for path in merged.conflicts if _MARKER.search(git.read(commit, path) or b"")]
    if unresolved:
        return _failed(job, head, f"conflict markers are left in {', '.join(unresolved)}", report.cost)
    git.set_branch(job.branch, commit, head)
    return _measured(job, merged.tree, commit, report=report)


_MARKER = re.compile(rb"(?m)^(?:<{7}|>{7}) ")
"""What git leaves around lines that conflict."""


def _failed(job: Job, head: str, why: str, cost: float | None) -> Implemented:
    problem = Finding(Kind.AGENT, Severity.CRITICAL, "agent", why)
    return Implemented(head, job.attempt, 0, 0, cost=cost, problem=problem)


def _ask(job: Job) -> Report:
    """Have the agent work; that it begins is on record before it does."""
    agent = agent_of(job.agent, job.hands.processes)
    job.attempting(job.issue.number)
    return agent.work(_assignment(job))


def _assignment(job: Job) -> Assignment:
    findings = job.rework.findings if job.rework else ()
    log = job.state.logs(job.issue.number) / f"agent-{job.attempt}.log"
    return Assignment(job.milestone, job.issue, job.tree, job.attempt, findings, job.plan_folder, log)


def _message(job: Job, report: Report) -> str:
    """Return the commit message: a conventional subject, what the agent reported, and the mark that is found again."""
    after = None if job.afresh else job.rework
    verb = f"Rework after {after.kind or 'review'}" if after else for_title(one_line(job.issue.title))
    kind = "fix" if after else job.issue.type
    said = "".join(f"- {for_markdown(one_line(line))}\n" for line in report.lines) + ("\n" if report.lines else "")
    trailer = f"Run-Milestone: {job.mark} attempt-{job.attempt}\n"
    return f"{kind}({job.milestone.id}): {verb} {job.label}\n\n{said}{trailer}"


def _by_person(job: Job, base: str, head: str, commits: tuple[Commit, ...]) -> Implemented:
    """Take a person's commits over, or say where to make them; nothing waits in a process."""
    wanted = _wanted(job, base, head, commits)
    if wanted is None:
        return _measured(job, base, head)
    finding = Finding(Kind.HUMAN, Severity.INFO, "human", f"{wanted}, then run again", detail=_place(job))
    return Implemented(head, job.attempt, 0, 0, problem=finding)


def _wanted(job: Job, base: str, head: str, commits: tuple[Commit, ...]) -> str | None:
    """Return what a person has to do: commit, or merge in what is in the way of the push; None where it is done."""
    if job.rework is not None and job.rework.kind is Kind.CONFLICT:
        job, heads = seen_now(job)
        other = foreign(job, head, heads) or (tip_of(job, stands_on(job)) if conflict(job) else None)
        return f"`git merge {other[:10]}` on {job.branch} and resolve what conflicts" if other else None
    asked = job.rework.change if job.rework else ""
    done = commits and (not asked or job.hands.git.patch_id(base, head) != asked)
    return None if done else f"commit your work on {job.branch}"


def _place(job: Job) -> str:
    """Return where a person works: a worktree, made where there is none, or their own checkout."""
    if job.one_tree:
        return f"in your own checkout: `git switch {job.branch}`"
    place = job.hands.git.worktree(job.tree.with_name(f"{job.tree.name}-person"), job.branch)
    return f"a worktree of it: {place}"
