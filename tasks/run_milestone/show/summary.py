"""The summary: a pure function of plan, markers, open gates and decisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..digest import plain
from ..gates import skipped as skip_of
from ..graph import COMPLETE, PLAN_REVIEW, phase_name
from ..model import (
    Decision,
    Finding,
    Gate,
    Implemented,
    Issue,
    Kind,
    Passed,
    PlanReviewed,
    Proposed,
    Reviewed,
    Severity,
    Step,
    Tested,
    Verb,
)
from ..policy import LEFT_OUT, STOPS
from .words import RULE, count, reference, short_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Milestone, Phase
    from ..state import State


@dataclass(frozen=True, slots=True)
class IssueStory:
    """One issue, as the records tell it. `status` is done, skipped, waiting or open."""

    number: str
    title: str
    github: int | None
    phase: int
    status: str
    pr: int | None = None
    url: str | None = None
    labels: tuple[str, ...] = ()
    verdict: str | None = None
    """clean, fixed (after code review), approved or unreviewed; None without a finished PR."""
    tests: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    cost: float | None = None
    decisions: tuple[int, ...] = ()
    reason: str | None = None
    merged: bool = False
    """Whether its pull request was merged."""


def stories(milestone: Milestone, state: State) -> tuple[IssueStory, ...]:
    """Return every issue's story in plan order."""
    decisions, gates = state.decisions.all(), {gate.gate: gate for gate in state.gates.all()}
    return tuple(_story(issue, state, decisions, gates.get(issue.number)) for issue in milestone.issues)


def _story(issue: Issue, state: State, decisions: tuple[Decision, ...], gate: Gate | None) -> IssueStory:
    own = tuple(decision for decision in decisions if decision.gate == issue.number)
    proposed = state.markers.evidence(f"{issue.number}:pr", Proposed)
    tested = state.markers.evidence(f"{issue.number}:test", Tested)
    implemented = state.markers.evidence(f"{issue.number}:{Step.IMPLEMENT}", Implemented)
    finished = state.markers.read(f"{issue.number}:{Step.REVIEW_GATE}") is not None
    merged = proposed is not None and proposed.state == "merged"
    skip = skip_of(issue.number, issue.phase, decisions, finished=finished)
    status = "skipped" if skip else "waiting" if gate else "done" if finished or merged else "open"
    made = proposed if proposed and not proposed.problem else None
    return IssueStory(
        issue.number,
        issue.title,
        issue.github,
        issue.phase,
        status,
        made.number if made else None,
        made.url if made else None,
        _labels_of(made, state, issue.number),
        _verdict(own, state, issue.number) if status == "done" and made else None,
        tested.passed if tested else None,
        1 + sum(1 for decision in own if decision.verb in {Verb.FIX, Verb.RESTART}),
        round(sum(_took(state, issue.number)), 1),
        implemented.cost if implemented else None,
        decisions=tuple(decision.id for decision in own),
        reason=_reason(skip) if skip else None,
        merged=merged,
    )


def _labels_of(made: Proposed | None, state: State, issue: str) -> tuple[str, ...]:
    """Return the pull request's labels, with those that its review added."""
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW_GATE}", Passed)
    return tuple(dict.fromkeys((*made.labels, *(reviewed.labels if reviewed else ())))) if made else ()


def _took(state: State, issue: str) -> Iterator[float]:
    for step in Step:
        marker = state.markers.read(f"{issue}:{step}")
        if marker is not None:
            yield marker.took


def _verdict(own: tuple[Decision, ...], state: State, issue: str) -> str:
    reviewed = state.markers.evidence(f"{issue}:{Step.REVIEW}", Reviewed)
    if reviewed is not None and any(finding.rule == LEFT_OUT for finding in reviewed.findings):
        return "unreviewed"
    if any(decision.verb is Verb.APPROVE for decision in own):
        return "approved"
    if any(decision.verb in {Verb.FIX, Verb.RESTART} for decision in own):
        return "fixed"
    return "clean"


def _reason(skip: Decision) -> str:
    return skip.why or (STOPS[skip.kind].title if skip.kind else "skipped by decision")


def status_of(state: State) -> str:
    """Return complete, waiting, aborted or unfinished: what a run would report as it stands."""
    decisions = state.decisions.all()
    if state.markers.read(COMPLETE) is not None and not state.gates.all():
        return "complete"
    if decisions and decisions[-1].verb is Verb.ABORT and not state.gates.all():
        return "aborted"
    return "waiting" if state.gates.all() else "unfinished"


def summarise(milestone: Milestone, state: State) -> dict[str, Any]:
    """Return the summary as `schemas/summary.schema.json` describes it."""
    told = stories(milestone, state)
    decisions = state.decisions.all()
    return {
        "milestone": milestone.id,
        "title": milestone.title,
        "status": status_of(state),
        "issues": {
            "total": len(told),
            "completed": sum(1 for story in told if story.status == "done"),
            "skipped": sum(1 for story in told if story.status == "skipped"),
        },
        "prs": _pulls(told),
        "landing": _landing(told, state),
        "labels": dict(sorted(Counter(label for story in told if story.verdict for label in story.labels).items())),
        "commands": dict(Counter(decision.verb.value for decision in decisions)),
        "seconds": round(sum(story.seconds for story in told), 1),
        "cost": _total([story.cost for story in told if story.verdict]),
        "phases": [_phase(phase, state) for phase in milestone.phases],
        "waiting": [gate.gate for gate in state.gates.all()],
        "per_issue": [plain(story) for story in told],
        "decisions": [plain(decision) for decision in decisions],
    }


def _pulls(told: tuple[IssueStory, ...]) -> dict[str, int]:
    """Return how the pull requests came through; those that nobody reviewed are named only where there are any."""
    came = Counter(story.verdict for story in told if story.verdict)
    usual = {verdict: came[verdict] for verdict in ("clean", "fixed", "approved")}
    return {"created": came.total(), **usual, **({"unreviewed": came["unreviewed"]} if came["unreviewed"] else {})}


def _landing(told: tuple[IssueStory, ...], state: State) -> dict[str, Any]:
    """Return how many pull requests were merged, and the milestone's own as it was last seen."""
    landed = state.landed()
    pull = {"number": landed.pr, "url": landed.url, "state": landed.state} if landed and landed.pr else None
    return {"merged": sum(1 for story in told if story.merged), "pr": pull}


def _total(costs: list[float | None]) -> float | None:
    """Return the sum; unknown where any part is unknown, never 0 for it."""
    return None if not costs or None in costs else round(sum(cost for cost in costs if cost is not None), 2)


def _phase(phase: Phase, state: State) -> dict[str, Any]:
    passed = state.markers.read(phase_name(phase.number)) is not None
    return {"number": phase.number, "title": phase.title, "approved": passed}


def listing(phase: Phase, milestone: Milestone, state: State) -> list[str]:
    """Return the list that a phase's barrier shows."""
    told = {story.number: story for story in stories(milestone, state)}
    rows = [_row(issue, told[issue.number], state) for issue in phase.issues]
    ready = sum(1 for issue in phase.issues if told[issue.number].verdict)
    left_out = sum(1 for issue in phase.issues if told[issue.number].status == "skipped")
    skips = f", {left_out} skipped" if left_out else ""
    again = _again(phase, milestone, state)
    return [f"✓ Phase {phase.number} complete — {count(ready, 'PR')} ready{skips}", *again, "", *rows]


def _again(phase: Phase, milestone: Milestone, state: State) -> list[str]:
    """Return how the list of a phase that was approved before differs from the list that was."""
    answers = {Verb.CONTINUE, Verb.SKIP_PHASE}
    own = [one for one in state.decisions.all() if one.gate == phase_name(phase.number) and one.verb in answers]
    if not own:
        return []
    then, now = (
        {item.rule: item.message for item in items} for items in (own[-1].findings, listed(phase, milestone, state))
    )
    new = [message for number, message in now.items() if then.get(number) != message]
    gone = [message for number, message in then.items() if number not in now]
    parts = [f"{what}: {', '.join(messages)}" for what, messages in (("new", new), ("gone", gone)) if messages]
    return [f"Asked again: since decision {own[-1].id} {'; '.join(parts)}"] if parts else []


def listed(phase: Phase, milestone: Milestone, state: State, *, skipping: bool = False) -> tuple[Finding, ...]:
    """Return what a phase's barrier asks about, by issue number: their order in the plan is no other list.

    A skipped issue is a warning; `skipping` lists what is unfinished as skipped.
    """
    told = [story for story in stories(milestone, state) if story.phase == phase.number]
    return tuple(_listed(story, skipping=skipping) for story in sorted(told, key=lambda story: story.number))


def _listed(story: IssueStory, *, skipping: bool) -> Finding:
    if story.status == "skipped" or (skipping and story.status != "done"):
        return Finding(Kind.PHASE, Severity.WARNING, story.number, f"issue #{story.number} skipped")
    labels = f" [{', '.join(story.labels)}]" if story.labels else ""
    reviewed = ", not reviewed" if story.verdict == "unreviewed" else ""
    said = f"PR #{story.pr} of issue #{story.number}{labels}{reviewed}"
    return Finding(Kind.PHASE, Severity.INFO, story.number, said)


def _row(issue: Issue, story: IssueStory, state: State) -> str:
    if story.status == "skipped":
        return f"* (Issue #{issue.number} skipped)"
    labels = f" [{', '.join(story.labels)}]" if story.labels else ""
    approved = state.markers.evidence(f"{issue.number}:{Step.INSPECT_GATE}", Passed)
    if story.verdict == "unreviewed":
        return f"* PR #{story.pr} — {short_title(issue)}{reference(issue)}{labels} ⚠️ Not reviewed"
    sign = " ⚠️ Breaking change approved" if approved and approved.decisions else " ✓"
    return f"* PR #{story.pr} — {short_title(issue)}{reference(issue)}{labels}{sign}"


def closing(milestone: Milestone, state: State) -> list[str]:
    """Return the closing summary of a finished milestone, as the transcript shows it."""
    return [RULE, f"✓ Milestone {milestone.id.upper()} Complete", RULE, "", *report(milestone, state)]


def report(milestone: Milestone, state: State) -> list[str]:
    """Return the summary's blocks: issues, PRs, labels, commands, gates, next steps."""
    told, facts = stories(milestone, state), summarise(milestone, state)
    blocks = [
        _issues(told, facts),
        _prs(told, facts),
        _labels(facts),
        _commands(state.decisions.all()),
        _quality(milestone, state),
        _next_steps(milestone, told, facts),
    ]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _issues(told: tuple[IssueStory, ...], facts: dict[str, Any]) -> list[str]:
    lines = [f"Issues: {facts['issues']['total']} total", f"  ✅ Completed: {facts['issues']['completed']}"]
    left_out = [f"#{story.number} - {(story.reason or '').lower()}" for story in told if story.status == "skipped"]
    if left_out:
        lines.append(f"  ⏭️ Skipped: {len(left_out)} ({'; '.join(left_out)})")
    unfinished = [f"#{story.number}" for story in told if story.status in {"open", "waiting"}]
    if unfinished:
        lines.append(f"  ⏳ Unfinished: {len(unfinished)} ({', '.join(unfinished)})")
    return lines


def _prs(told: tuple[IssueStory, ...], facts: dict[str, Any]) -> list[str]:
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


def _why(told: tuple[IssueStory, ...], facts: dict[str, Any], verdict: str, verb: Verb) -> str:
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


def _quality(milestone: Milestone, state: State) -> list[str]:
    reviewed = state.markers.evidence(PLAN_REVIEW, PlanReviewed)
    warnings = sum(1 for finding in reviewed.findings if finding.kind is Kind.PLAN_WARNING) if reviewed else 0
    first = f"  ✅ Pre-execution: Passed ({count(warnings, 'warning')})"
    if reviewed is None or reviewed.left_out_by:
        first = f"  ⏳ Pre-execution: {'review left out' if reviewed else 'not reviewed'}"
    passed = [(phase.number, state.markers.read(phase_name(phase.number)) is not None) for phase in milestone.phases]
    rows = [f"  ✅ Phase {number}: Approved" if yes else f"  ⏳ Phase {number}: open" for number, yes in passed]
    return ["Quality gates:", first, *rows]


def _next_steps(milestone: Milestone, told: tuple[IssueStory, ...], facts: dict[str, Any]) -> list[str]:
    steps = []
    left, pull = facts["prs"]["created"] - facts["landing"]["merged"], facts["landing"]["pr"]
    if left > 0:
        steps.append(f"Merge {count(left, 'open PR')}")
    steps += [f"Address skipped issue #{story.number} if needed" for story in told if story.status == "skipped"]
    if pull is None:
        steps.append(f"Create milestone PR → {milestone.target}")
    elif pull["state"] != "merged":
        steps.append(f"Merge milestone PR #{pull['number']} → {milestone.target}")
    steps.append(f"Tag: v{version_of(milestone.id)}")
    return ["Next steps:", *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]


def version_of(milestone: str) -> str:
    """Return the version a milestone is tagged with: m4.1 is 0.4.1, m3 is 0.3.0."""
    parts = milestone.removeprefix("m").split(".")
    return ".".join(["0", *parts, "0"][:3])
