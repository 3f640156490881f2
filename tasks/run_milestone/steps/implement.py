"""Make one attempt at an issue: an agent's, or a person's commits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..adapters.agents import agent_of
from ..adapters.agents.base import Assignment, Report
from ..core.errors import OutsideError, UsageError
from ..core.text import for_markdown, for_title
from ..model import BranchMade, Finding, Implemented, Kind, Severity, Step, Verb
from ..policy.graph import step_name
from ..render import steps as render_steps
from ..render.phrases import one_line
from .base_branch import conflict, counting, fetch_base, held_by, stands_on, tip_of
from .clean_history import asks_about_history, rebuild_of, wanted_by_hand
from .gates import log_of, shown_paths
from .push import foreign, seen_now
from .restart import restart_due, throw_away
from .task import IssueStep, Questions, failure
from .workplace import ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.git import Commit
    from .step_context import StepContext


class Implement(IssueStep[Implemented]):
    """Have the issue implemented by an agent, or take a person's commits. The tree is what counts."""

    name = Step.IMPLEMENT
    shape = Implemented
    fields = ("criteria", "spec", "tests", "agent")
    settings = ("agent",)

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return where the branch started, and the decisions that ask for another attempt."""
        made = ctx.evidence(Step.BRANCH, BranchMade)
        return {"base": made.start or made.base, "rework decisions": [decision.id for decision in ctx.reworks]}

    def is_done(self, ctx: StepContext) -> bool:
        """Return whether the attempt is on the branch already, so that nobody is asked to make it."""
        commits = ctx.git.commits(ctx.base, ctx.head or ctx.base, *ctx.marks)
        return any(commit.attempt == ctx.attempt for commit in commits) or (bool(commits) and ctx.attempt == 1)

    def run(self, ctx: StepContext) -> Implemented:
        """Adopt the attempt where its commit is on the branch (a crash, a lost state), else have it made."""
        base = ctx.base
        head = ctx.head or base
        commits = ctx.git.commits(base, head, *ctx.marks)
        made = [commit for commit in commits if commit.attempt == ctx.attempt]
        if made:
            return _measured(ctx, f"{made[-1].sha}^", made[-1].sha, adopted=True)
        if _by_somebody_else(ctx):
            return _measured(ctx, base, head, adopted=True)
        if restart_due(ctx):
            restarted = throw_away(ctx, ctx.start, head, commits)
            return replace(_implement(ctx, ctx.start, ctx.start, ()), restarted=restarted)
        return _implement(ctx, base, head, commits)

    def drift(self, ctx: StepContext, evidence: Implemented) -> str | None:
        """Return that a person committed to the branch since the attempt failed."""
        if evidence.problem is None or ctx.run.adapters is None:
            return None
        return "somebody committed to its branch" if _by_somebody_else(ctx) else None

    def findings(self, ctx: StepContext, evidence: Implemented) -> Questions:
        """Return the agent's problem, or what a person is asked to do, with what is wanted of them."""
        if evidence.problem is None:
            return Questions()
        if ctx.agent.kind == "human":
            return Questions((evidence.problem,), "", tuple(render_steps.wanted_of_person(ctx.issue, ctx.rework)))
        return Questions((evidence.problem,), "", log_of(ctx.run, ctx.issue.number, f"agent-{evidence.attempt}.log"))


def _by_somebody_else(ctx: StepContext) -> bool:
    """Return whether a person committed to the branch since an attempt failed: that answers the question it left."""
    before = ctx.recorded(Step.IMPLEMENT, Implemented)
    if before is None or before.problem is None or before.problem.kind not in _ANSWERED_BY_COMMIT:
        return False
    if ctx.head is None or ctx.head == before.head:
        return False
    known = {commit.sha for commit in ctx.git.commits(ctx.base, before.head, *ctx.marks)}
    return any(
        not commit.ours and commit.sha not in known for commit in ctx.git.commits(ctx.base, ctx.head, *ctx.marks)
    )


_ANSWERED_BY_COMMIT = frozenset({Kind.AGENT, Kind.FAILED})


def _implement(ctx: StepContext, base: str, head: str, commits: tuple[Commit, ...]) -> Implemented:
    if asks_about_history(ctx):
        return _joined_anew(ctx, head)
    if ctx.agent.kind == "human":
        return _by_person(ctx, base, head, commits)
    if ctx.rework is not None and ctx.rework.kind is Kind.CONFLICT:
        return _merged(ctx, head)
    if commits and ctx.attempt == 1:
        return _measured(ctx, base, head, adopted=True)
    return _by_agent(ctx, head)


def _measured(
    ctx: StepContext, before: str, head: str, report: Report | None = None, *, adopted: bool = False
) -> Implemented:
    files, lines = ctx.git.measure(before, head)
    lines_reported, cost = (report.lines, report.cost) if report else ((), None)
    fetch_base(ctx)
    tip = tip_of(ctx, stands_on(ctx))
    counted = counting(ctx, tip, head) if tip else ""
    done = Implemented(head, ctx.attempt, files, lines, lines_reported, adopted, cost, counted)
    return replace(done, by_lfs=ctx.git.count_by_lfs(before, head))


def _by_agent(ctx: StepContext, head: str) -> Implemented:
    report = _ask(ctx, ready(ctx, head).agent_env)
    try:
        edited = ctx.git.edited_submodules(ctx.tree, head, ctx.index)
        return replace(_taken(ctx, head, report), in_submodules=edited)
    except (OutsideError, UsageError, OSError) as error:  # recorded, so that no run pays the agent again unasked
        return Implemented(head, ctx.attempt, 0, 0, cost=report.cost, problem=failure(Step.IMPLEMENT, error))


def _answers_fix(ctx: StepContext) -> bool:
    """Return whether this attempt answers a `fix`: where nothing changed, the question before it is asked again."""
    return ctx.rework is not None and ctx.rework.verb is Verb.FIX


def _taken(ctx: StepContext, head: str, report: Report) -> Implemented:
    """Commit what the agent left in the tree, and move the branch to it."""
    git = ctx.git
    commit = head if report.problem else git.commit(ctx.tree, head, ctx.index, _message(ctx, report))
    if commit == head and not report.problem and _answers_fix(ctx):
        return _measured(ctx, head, head, report=Report(("The agent changed nothing",), report.cost))
    if report.problem or (commit == head and ctx.attempt > 1):
        return _failed(ctx, head, report.problem or "the agent changed nothing", report.cost)
    if commit == head:
        return _measured(ctx, head, head, report=report)
    return _measured(ctx, head, *_moved(ctx, head, commit, report))


def _moved(ctx: StepContext, head: str, commit: str, report: Report) -> tuple[str, Report]:
    """Move the branch to what was committed, without earlier commits of the run that hold a secret it removed.

    Returns the branch's new commit, and the report with what was joined.
    """
    rebuild = rebuild_of(ctx, commit)
    if rebuild is not None:
        report = replace(report, lines=(*report.lines, rebuild.note))
        commit = ctx.git.commit_again(commit, rebuild.parents, _message(ctx, report))
    if commit != head:
        ctx.git.set_branch(ctx.branch, commit, head)
    return commit, report


def _joined_anew(ctx: StepContext, head: str) -> Implemented:
    """Take a secret out of the branch's earlier commits where all of them are the run's, else say what to do."""
    if (wanted := wanted_by_hand(ctx, head)) is not None:
        problem = Finding(Kind.HUMAN, Severity.INFO, "human", wanted, detail=_place(ctx))
        return Implemented(head, ctx.attempt, 0, 0, problem=problem)
    nobody_asked = Report(cost=0.0)
    return _measured(ctx, head, *_moved(ctx, head, head, nobody_asked))


def _merged(ctx: StepContext, head: str) -> Implemented:
    """Take in what is in the way of the push, others' commits or the base; the agent is asked about conflicts only."""
    ctx, heads = seen_now(ctx)
    other = foreign(ctx, head, heads) or tip_of(ctx, stands_on(ctx))
    if other is None or ctx.git.is_ancestor(other, head):
        return _measured(ctx, head, head, report=Report(("Nothing is in the way any more",), 0.0))
    merged = ctx.git.merged_past(head, other, held_by(ctx, head))
    ctx.git.checkout(ctx.tree, merged.tree, ctx.index)
    clean = Report((f"Merged {other[:10]}",), 0.0)  # nobody was asked, so it cost nothing
    report = _ask(ctx) if merged.conflicts else clean
    return _failed(ctx, head, report.problem, report.cost) if report.problem else _joined(ctx, head, other, report)


def _joined(ctx: StepContext, head: str, other: str, report: Report) -> Implemented:
    """Commit the merge that is in the tree, unless conflict markers are left."""
    git = ctx.git
    merged, message = git.merged_past(head, other, held_by(ctx, head)), _message(ctx, report)
    commit = git.commit(ctx.tree, head, ctx.index, message, merged=other)
    unresolved = [path for path in merged.conflicts if _MARKER.search(git.read(commit, path) or b"")]
    if unresolved:
        return _failed(ctx, head, f"conflict markers are left in {', '.join(unresolved)}", report.cost)
    commit, report = _moved(ctx, head, commit, report)
    return _measured(ctx, merged.tree, commit, report=report)


_MARKER = re.compile(rb"(?m)^(?:<{7}|>{7}) ")
"""What git leaves around lines that conflict."""


def _failed(ctx: StepContext, head: str, why: str, cost: float | None) -> Implemented:
    problem = Finding(Kind.AGENT, Severity.CRITICAL, "agent", why)
    return Implemented(head, ctx.attempt, 0, 0, cost=cost, problem=problem)


def _ask(ctx: StepContext, env: Mapping[str, str] | None = None) -> Report:
    """Have the agent work. That an agent which costs something begins is recorded, and shared, before it does."""
    agent = agent_of(ctx.agent, ctx.processes)
    if ctx.is_paid:
        ctx.store.usage.begin(step_name(ctx.issue.number, Step.IMPLEMENT))
        ctx.run.console.say(ctx.run.shared.push())
    report = agent.work(_assignment(ctx, env or {}))
    ctx.store.note_connections(ctx.tree, ctx.agent.command, report.connections)
    return report


def _assignment(ctx: StepContext, env: Mapping[str, str]) -> Assignment:
    findings = ctx.rework.findings if ctx.rework else ()
    log = ctx.log_folder / f"agent-{ctx.attempt}.log"
    reason = ctx.rework.why if ctx.rework else ""
    change = "".join(ctx.git.file_diff(ctx.base, ctx.head or ctx.base, path) for path in shown_paths(findings))
    return Assignment(
        ctx.milestone, ctx.issue, ctx.tree, ctx.attempt, findings, ctx.plan_folder, log, reason, change, env
    )


def _message(ctx: StepContext, report: Report) -> str:
    """Return the commit message: a conventional subject, what the agent reported, and the mark that is found again."""
    after = None if ctx.from_scratch else ctx.rework
    verb = f"Rework after {after.kind or 'review'}" if after else for_title(one_line(ctx.issue.title))
    kind = "fix" if after else ctx.issue.type
    body = "".join(f"- {for_markdown(one_line(line))}\n" for line in report.lines) + ("\n" if report.lines else "")
    trailer = f"Run-Milestone: {ctx.mark} attempt-{ctx.attempt}\n"
    return f"{kind}({ctx.milestone.id}): {verb} {ctx.label}\n\n{body}{trailer}"


def _by_person(ctx: StepContext, base: str, head: str, commits: tuple[Commit, ...]) -> Implemented:
    """Take a person's commits over, or say where to make them; nothing waits in a process."""
    wanted = _wanted(ctx, base, head, commits)
    if wanted is None:
        return _measured(ctx, base, head)
    finding = Finding(Kind.HUMAN, Severity.INFO, "human", f"{wanted}, then run again", detail=_place(ctx))
    return Implemented(head, ctx.attempt, 0, 0, problem=finding)


def _wanted(ctx: StepContext, base: str, head: str, commits: tuple[Commit, ...]) -> str | None:
    """Return what a person has to do: commit, or merge in what is in the way of the push; None where it is done."""
    if ctx.rework is not None and ctx.rework.kind is Kind.CONFLICT:
        ctx, heads = seen_now(ctx)
        other = foreign(ctx, head, heads) or (tip_of(ctx, stands_on(ctx)) if conflict(ctx) else None)
        return f"`git merge {other[:10]}` on {ctx.branch} and resolve what conflicts" if other else None
    shown = ctx.rework.change if ctx.rework else ""
    done = commits and (not shown or ctx.git.patch_id(base, head) != shown)
    return None if done else f"commit your work on {ctx.branch}"


def _place(ctx: StepContext) -> str:
    """Return where a person works: a worktree, made where there is none, or their own checkout."""
    if ctx.run.options.no_worktree:
        return f"in your own checkout: `git switch {ctx.branch}`"
    place = ctx.git.worktree(ctx.tree.with_name(f"{ctx.tree.name}-person"), ctx.branch)
    return f"a worktree of it: {place}"
