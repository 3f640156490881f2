"""The closing summary: the summary in the words that end a finished milestone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..core.units import count
from ..model import Kind, PlanReviewed, Verb
from ..policy.graph import PLAN_REVIEW, phase_name
from ..policy.stops import STOPS
from ..store.issue_status import issue_statuses
from ..store.summary import summarise
from .phrases import RULE, next_steps, version_of

if TYPE_CHECKING:
    from ..model import Decision, Milestone
    from ..store import State
    from ..store.issue_status import IssueStatus


def completed(milestone: Milestone, state: State) -> list[str]:
    """Return the closing summary of a finished milestone, as the transcript shows it."""
    return [RULE, f"✓ Milestone {milestone.id.upper()} Complete", RULE, "", *summary_lines(milestone, state)]


def summary_lines(milestone: Milestone, state: State) -> list[str]:
    """Return the summary's blocks: issues, PRs, labels, commands, gates, next steps."""
    told, facts = issue_statuses(milestone, state), summarise(milestone, state)
    blocks = [
        _issues(told, facts),
        _prs(told, facts),
        _labels(facts),
        _commands(state.decisions.all()),
        _agents(facts["used"]),
        _quality(milestone, state),
        _left_to_people(milestone, told, facts),
    ]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _issues(told: tuple[IssueStatus, ...], facts: dict[str, Any]) -> list[str]:
    lines = [f"Issues: {facts['issues']['total']} total", f"  ✅ Completed: {facts['issues']['completed']}"]
    left_out = [f"#{story.number} - {(story.reason or '').lower()}" for story in told if story.status == "skipped"]
    if left_out:
        lines.append(f"  ⏭️ Skipped: {len(left_out)} ({'; '.join(left_out)})")
    unfinished = [f"#{story.number}" for story in told if story.status in {"open", "waiting"}]
    if unfinished:
        lines.append(f"  ⏳ Unfinished: {len(unfinished)} ({', '.join(unfinished)})")
    return lines


def _prs(told: tuple[IssueStatus, ...], facts: dict[str, Any]) -> list[str]:
    prs = facts["prs"]
    lines = [f"PRs: {prs['created']} created", f"  ✓ Clean: {prs['clean']}"]
    if facts["landing"]["merged"]:
        lines.append(f"  ✓ Landed: {facts['landing']['merged']}")
    if prs["fixed"]:
        lines.append(f"  🔧 Fixed: {prs['fixed']} ({_why(told, facts, 'fixed', Verb.FIX)})")
    if prs.get("unreviewed"):
        lines.append(f"  ⚠️ Not reviewed: {prs['unreviewed']}")
    if prs["approved"]:
        lines.append(f"  ⚠️ Approved: {prs['approved']} ({_why(told, facts, 'approved', Verb.APPROVE)})")
    return lines


def _why(told: tuple[IssueStatus, ...], facts: dict[str, Any], verdict: str, verb: Verb) -> str:
    numbers = {story.number for story in told if story.verdict == verdict}
    decisions = [d for d in facts["decisions"] if d["gate"] in numbers and d["verb"] == verb]
    return _kinds([decision["kind"] for decision in decisions])


def _kinds(kinds: list[str | None]) -> str:
    known = [Kind(kind) for kind in kinds if kind]
    return ", ".join(sorted({STOPS[kind].title.lower() for kind in known})) or "written ahead"


def _labels(facts: dict[str, Any]) -> list[str]:
    return (
        ["Labels applied:", *(f"  {label}: {times}" for label, times in facts["labels"].items())]
        if facts["labels"]
        else []
    )


def _commands(decisions: tuple[Decision, ...]) -> list[str]:
    if not decisions:
        return []
    verbs = Counter(decision.verb for decision in decisions)
    kinds = {verb: _kinds([decision.kind for decision in decisions if decision.verb is verb]) for verb in verbs}
    return ["Commands used:", *(f"  {verb}: {times} ({kinds[verb]})" for verb, times in verbs.most_common())]


def _agents(used: dict[str, Any]) -> list[str]:
    """Return how many attempts ended with their run, where any did."""
    gone = used["unknown_times"]
    what = f"{gone} of them ended with {'its' if gone == 1 else 'their'} run: what that took and cost is unknown"
    return [f"Attempts of agents: {used['attempts']}", f"  ⚠️ {what}"] if gone else []


def _quality(milestone: Milestone, state: State) -> list[str]:
    reviewed = state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    warnings = sum(1 for finding in reviewed.findings if finding.kind is Kind.PLAN_WARNING) if reviewed else 0
    first = f"  ✅ Pre-execution: Passed ({count(warnings, 'warning')})"
    if reviewed is None or reviewed.left_out_by:
        first = f"  ⏳ Pre-execution: {'review left out' if reviewed else 'not reviewed'}"
    passed = [(phase.number, state.markers.read(phase_name(phase.number)) is not None) for phase in milestone.phases]
    rows = [f"  ✅ Phase {number}: Approved" if yes else f"  ⏳ Phase {number}: open" for number, yes in passed]
    return ["Quality gates:", first, *rows]


def _left_to_people(milestone: Milestone, told: tuple[IssueStatus, ...], facts: dict[str, Any]) -> list[str]:
    if facts["status"] != "complete":
        return next_steps(_to_go_on(milestone, facts["waiting"]))
    steps = []
    left, pull = sum(1 for story in told if story.verdict and not story.merged), facts["landing"]["pr"]
    if left:
        steps.append(f"Merge {count(left, 'open PR')}")
    steps += [f"Address skipped issue #{story.number} if needed" for story in told if story.status == "skipped"]
    if pull is None:
        steps.append(f"Create milestone PR → {milestone.target}")
    elif pull["state"] != "merged":
        steps.append(f"Merge milestone PR #{pull['number']} → {milestone.target}")
    steps.append(f"Tag: v{version_of(milestone.id)}")
    return next_steps(steps)


def _to_go_on(milestone: Milestone, waiting: list[str]) -> list[str]:
    """Return what a milestone that is not finished needs of people."""
    asked = [f"Answer {', '.join(waiting)}: `run-milestone gates {milestone.id}` lists the commands"] if waiting else []
    return [*asked, f"Run `run-milestone {milestone.id}` again"]
