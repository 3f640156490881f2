"""Renders what `status` and `gates` print, and the JSON of `gates`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..core.serialize import plain
from ..core.units import count
from ..model import Inspected, Kind, Step
from ..policy.approvers import progress
from ..policy.graph import BOOTSTRAP, COMPLETE, PLAN_REVIEW, phase_name
from ..store.issue_status import issue_statuses
from ..store.run_lock import holder_of
from ..store.summary import summarise
from .gate import decide_commands
from .phrases import found_at, headlines, migrated, wanted

if TYPE_CHECKING:
    from ..model import Gate, Milestone
    from ..store import State
    from ..store.issue_status import IssueStatus

_SIGN = {"done": "✓", "skipped": "⏭", "waiting": "🛑", "open": "·"}


def status_text(milestone: Milestone, state: State) -> str:
    """Return one line per issue, then the totals."""
    facts = summarise(milestone, state)
    issues = {issue.number: issue for issue in issue_statuses(milestone.issues, state)}
    started = state.markers.read(BOOTSTRAP) is not None
    waiting = {gate.gate: _headline(milestone, gate, state) for gate in state.gates.all()}
    lines = [f"Milestone {milestone.id}: {milestone.title} — {facts['status'] if started else 'not started'}", ""]
    for phase in milestone.phases:
        passed = facts["phases"][phase.number - 1]["approved"]
        lines.append(f"Phase {phase.number}: {phase.title}{' (approved)' if passed else ''}")
        lines += [_line(issues[issue.number], waiting.get(issue.number)) for issue in phase.issues]
    done, skipped = facts["issues"]["completed"], facts["issues"]["skipped"]
    rest = len(issues) - done - skipped
    lines += ["", f"{count(len(issues), 'issue')}: {done} completed, {skipped} skipped, {rest} open"]
    # A run writes its own last status for quick answers, which are given when it has ended.
    if (holder := holder_of(state.folder)) and holder.pid != os.getpid():
        who = f"process {holder.pid} on {holder.host}" if holder.pid else "a process that left no name"
        lines.append(f"A run is active: {who}, since {holder.since}")
    world = state.remembered()
    lines.append(f"Remote and forge last asked: {world.asked if world else 'never'}")
    if facts["waiting"]:
        lines.append(f"Waiting for decisions: {', '.join(facts['waiting'])} (`run-milestone gates {milestone.id}`)")
    return "\n".join(lines) + "\n"


def _headline(milestone: Milestone, gate: Gate, state: State) -> str:
    """Return what a gate asks, and how far the answers of those are whose count."""
    given = progress(gate, state.decisions.answers(), state.with_teams(milestone).teams)
    return headlines(gate) + (f" · {given}" if given else "")


def _line(issue: IssueStatus, question: str | None) -> str:
    notes = [
        f"PR #{issue.pr}" if issue.pr else "",
        issue.verdict or "",
        "landed" if issue.merged else "",
        ", ".join(issue.labels),
        issue.reason or "",
        question or "",
    ]
    note = " · ".join(filter(None, notes))
    return f"  {_SIGN[issue.status]} #{issue.number} {issue.title}" + (f" — {note}" if note else "")


def statuses(milestone: Milestone, state: State) -> dict[str, str]:
    """Return the status of each issue and of each task of the milestone: done, skipped, waiting or open."""
    issues = {issue.number: issue.status for issue in issue_statuses(milestone.issues, state)}
    waiting = {gate.gate: "waiting" for gate in state.gates.all()}
    names = [BOOTSTRAP, PLAN_REVIEW, *(phase_name(phase.number) for phase in milestone.phases), COMPLETE]
    return issues | {name: waiting.get(name) or ("done" if state.markers.read(name) else "open") for name in names}


def gates_text(milestone: Milestone, state: State) -> str:
    """Return every open gate with the commands that answer it."""
    blocks = [_gate(milestone, gate, state) for gate in state.gates.all()]
    return "\n".join(blocks) or f"No gate of {milestone.id} waits for a decision.\n"


def _gate(milestone: Milestone, gate: Gate, state: State) -> str:
    """Return a gate: its findings, what a person is to implement, and the commands that answer it."""
    head = f"{gate.gate}: {_headline(milestone, gate, state)} (since {gate.opened})"
    findings = (f"  - {found_at(finding)}" for finding in gate.findings)
    issue = next((issue for issue in milestone.issues if issue.number == gate.gate), None)
    work = wanted(issue) if issue and gate.kind is Kind.HUMAN else []
    inspected = state.markers.evidence(f"{gate.gate}:{Step.INSPECT}", Inspected) if issue else None
    tried = migrated(inspected) if inspected and inspected.change == gate.change else []
    lines = [head, *findings, *(f"  {line}" for line in (*tried, *work))]
    return "\n".join([*lines, *decide_commands(milestone, gate, shared=state.is_shared), ""])


def gates_json(milestone: Milestone, state: State) -> list[dict[str, Any]]:
    """Return the open gates as their files have them, each with its commands."""
    offered = ((gate, decide_commands(milestone, gate, shared=state.is_shared)) for gate in state.gates.all())
    answers, teams = state.decisions.answers(), state.with_teams(milestone).teams
    given = {gate.gate: progress(gate, answers, teams) for gate in state.gates.all()}
    return [
        {
            **plain(gate),
            "commands": [command.strip() for command in commands],
            **({"progress": given[gate.gate]} if given[gate.gate] else {}),
        }
        for gate, commands in offered
    ]
