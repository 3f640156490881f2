"""Renders the summary that ends a milestone, and `summary.md`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..core.units import count
from ..model import Completed, Kind, PlanReviewed, Verb
from ..policy.graph import COMPLETE, PLAN_REVIEW, phase_name
from ..policy.stops import STOPS
from ..policy.topics import kinds
from ..policy.version_tag import next_tag
from ..store.issue_status import issue_statuses
from ..store.summary import summarise
from .phrases import RULE, next_steps, tag_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Decision, Milestone
    from ..store import State
    from ..store.issue_status import IssueStatus


def completed(milestone: Milestone, state: State) -> list[str]:
    """Return the summary of a finished milestone with its banner."""
    return [RULE, f"✓ Milestone {milestone.id.upper()} Complete", RULE, "", *summary_lines(milestone, state)]


def summary_lines(milestone: Milestone, state: State) -> list[str]:
    """Return the summary's blocks: issues, PRs, labels, commands, gates, next steps."""
    with state.steady.block():
        issues, facts = issue_statuses(milestone.issues, state), summarise(milestone, state)
        blocks = [
            _issues(issues, facts),
            _prs(issues, facts),
            _labels(facts),
            _commands(state.decisions.all()),
            _agents(facts["used"]),
            _quality(milestone, state),
            _next_steps(milestone, issues, facts, suggested_tag(milestone, state)),
        ]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _issues(issues: tuple[IssueStatus, ...], facts: dict[str, Any]) -> list[str]:
    lines = [f"Issues: {facts['issues']['total']} total", f"  ✅ Completed: {facts['issues']['completed']}"]
    skipped = [f"#{issue.number} - {(issue.reason or '').lower()}" for issue in issues if issue.status == "skipped"]
    if skipped:
        lines.append(f"  ⏭️ Skipped: {len(skipped)} ({'; '.join(skipped)})")
    unfinished = [f"#{issue.number}" for issue in issues if issue.status in {"open", "waiting"}]
    if unfinished:
        lines.append(f"  ⏳ Unfinished: {len(unfinished)} ({', '.join(unfinished)})")
    return lines


def _prs(issues: tuple[IssueStatus, ...], facts: dict[str, Any]) -> list[str]:
    prs = facts["prs"]
    lines = [f"PRs: {prs['created']} created", f"  ✓ Clean: {prs['clean']}"]
    if facts["landing"]["merged"]:
        lines.append(f"  ✓ Landed: {facts['landing']['merged']}")
    if prs["fixed"]:
        lines.append(f"  🔧 Fixed: {prs['fixed']} ({_why(issues, facts, 'fixed', Verb.FIX)})")
    if prs.get("unreviewed"):
        lines.append(f"  ⚠️ Not reviewed: {prs['unreviewed']}")
    if prs["approved"]:
        lines.append(f"  ⚠️ Approved: {prs['approved']} ({_why(issues, facts, 'approved', Verb.APPROVE)})")
    return lines


def _why(issues: tuple[IssueStatus, ...], facts: dict[str, Any], verdict: str, verb: Verb) -> str:
    numbers = {issue.number for issue in issues if issue.verdict == verdict}
    decisions = [d for d in facts["decisions"] if d["gate"] in numbers and d["verb"] == verb]
    return _kinds([decision["kind"] for decision in decisions])


def _kinds(kinds: Sequence[str | None]) -> str:
    known = [Kind(kind) for kind in kinds if kind]
    return ", ".join(sorted({STOPS[kind].title.lower() for kind in known})) or "written ahead"


def _labels(facts: dict[str, Any]) -> list[str]:
    rows = [f"  {label}: {times}" for label, times in facts["labels"].items()]
    return ["Labels applied:", *rows] if rows else []


def _commands(decisions: tuple[Decision, ...]) -> list[str]:
    if not decisions:
        return []
    verbs = Counter(decision.verb for decision in decisions)
    asked = {verb: [kind for one in decisions if one.verb is verb for kind in kinds(one) or (None,)] for verb in verbs}
    return ["Commands used:", *(f"  {verb}: {times} ({_kinds(asked[verb])})" for verb, times in verbs.most_common())]


def _agents(used: dict[str, Any]) -> list[str]:
    """Return how many attempts ended when their run ended, empty where none did."""
    lost = used["unknown_times"]
    what = f"{lost} of them ended with {'its' if lost == 1 else 'their'} run: what that took and cost is unknown"
    return [f"Attempts of agents: {used['attempts']}", f"  ⚠️ {what}"] if lost else []


def _quality(milestone: Milestone, state: State) -> list[str]:
    reviewed = state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    warnings = sum(1 for finding in reviewed.findings if finding.kind is Kind.PLAN_WARNING) if reviewed else 0
    first = f"  ✅ Pre-execution: Passed ({count(warnings, 'warning')})"
    if reviewed is None or reviewed.left_out_by:
        first = f"  ⏳ Pre-execution: {'review left out' if reviewed else 'not reviewed'}"
    passed = [(phase.number, state.markers.read(phase_name(phase.number)) is not None) for phase in milestone.phases]
    rows = [f"  ✅ Phase {number}: Approved" if yes else f"  ⏳ Phase {number}: open" for number, yes in passed]
    return ["Quality gates:", first, *rows]


def _next_steps(milestone: Milestone, issues: tuple[IssueStatus, ...], facts: dict[str, Any], tag: str) -> list[str]:
    if facts["status"] != "complete":
        return next_steps(_to_resume(milestone, facts["waiting"]))
    steps = []
    unmerged, pull = sum(1 for issue in issues if issue.verdict and not issue.merged), facts["landing"]["pr"]
    if unmerged:
        steps.append(f"Merge {count(unmerged, 'open PR')}")
    steps += [f"Address skipped issue #{issue.number} if needed" for issue in issues if issue.status == "skipped"]
    if pull is None:
        steps.append(f"Create milestone PR → {milestone.target}")
    elif pull["state"] != "merged":
        steps.append(f"Merge milestone PR #{pull['number']} → {milestone.target}")
    steps.append(tag_step(tag))
    lands = [f"`run-milestone land {milestone.id}` merges and creates them"] if pull is None else []
    return [*next_steps(steps), *lands]


def suggested_tag(milestone: Milestone, state: State) -> str:
    """Return the tag that was suggested when the milestone was complete."""
    ended = state.markers.evidence(COMPLETE, Completed)
    return next_tag((), milestone.id) if ended is None or ended.tag is None else ended.tag


def _to_resume(milestone: Milestone, waiting: list[str]) -> list[str]:
    """Return the steps that an unfinished milestone needs."""
    asked = [f"Answer {', '.join(waiting)}: `run-milestone gates {milestone.id}` lists the commands"] if waiting else []
    return [*asked, f"Run `run-milestone {milestone.id}` again"]
