"""Metrics: what a milestone took, waited and cost over all its runs, from the journal and the decisions alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..policy import budget
from ..policy.graph import phase_name
from ..policy.issue_identity import renumbered
from .issue_status import issue_statuses
from .summary import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Decision, Milestone
    from . import State

    Entry = dict[str, Any]


def measure(milestone: Milestone, state: State) -> dict[str, Any]:
    """Return the metrics as `schemas/metrics.schema.json` describes them; an unknown cost is null, never 0."""
    entries = renumbered(sorted(state.journal.entries(), key=lambda entry: str(entry["at"])))
    decisions = state.decisions.all()
    ran = [entry for entry in entries if "took" in entry]  # one that is null too: nobody knows how long that was
    asked = list(_gates(entries, decisions))
    return {
        "milestone": milestone.id,
        "status": status_of(state),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": sum(1 for entry in entries if entry["event"] == "run started"),
        "all": _sum(ran),
        "steps": _by(ran, lambda entry: entry["task"].rpartition(":")[2]),
        "issues": _issues(milestone, state, ran),
        "phases": _phases(milestone, ran),
        "gates": asked,
        "stops": dict(Counter(gate["kind"] for gate in asked)),
        "decisions": dict(Counter(decision.verb.value for decision in decisions)),
        "limits": budget.limits(milestone, decisions),
    }


def _sum(ran: Iterable[Entry]) -> dict[str, Any]:
    """Return how often tasks ran, their seconds, and what their agents cost."""
    rows = list(ran)
    costs = [entry["cost"] for entry in rows if "cost" in entry]
    costs += [cost for entry in rows for cost in entry.get("review_costs", ())]
    known = [cost for cost in costs if cost is not None]
    return {
        "ran": len(rows),
        "seconds": round(sum(entry["took"] or 0.0 for entry in rows), 3),
        "unknown_times": sum(entry["took"] is None for entry in rows),
        "cost": round(sum(known), 4) if costs and len(known) == len(costs) else None,
        "known_cost": round(sum(known), 4) if known else None,
        "unknown_costs": len(costs) - len(known),
    }


def _by(ran: list[Entry], key: Any) -> dict[str, Any]:
    groups = defaultdict(list)
    for entry in ran:
        groups[key(entry)].append(entry)
    return {name: _sum(rows) for name, rows in groups.items()}


def _issues(milestone: Milestone, state: State, ran: list[Entry]) -> dict[str, Any]:
    groups = _by(ran, lambda entry: entry["task"].partition(":")[0])
    told = {story.number: story for story in issue_statuses(milestone, state)}
    return {
        number: {**groups.get(number, _sum(())), "attempts": story.attempts, "status": story.status}
        for number, story in told.items()
    }


def _phases(milestone: Milestone, ran: list[Entry]) -> dict[str, Any]:
    phases = {issue.number: phase_name(issue.phase) for issue in milestone.issues}
    groups = _by(ran, lambda entry: phases.get(entry["task"].partition(":")[0], ""))
    return {name: groups.get(name, _sum(())) for name in dict.fromkeys(phases.values())}


def _gates(entries: list[Entry], decisions: tuple[Decision, ...]) -> Iterator[dict[str, Any]]:
    """Yield every question once, with its answer and the seconds that it waited for it."""
    answers = {(decision.gate, decision.digest): decision for decision in reversed(decisions)}
    opened = {(entry["gate"], entry["digest"]): entry for entry in reversed(entries) if entry["event"] == "gate opened"}
    for key, entry in reversed(opened.items()):
        answer = answers.get(key)
        yield {
            "gate": entry["gate"],
            "kind": entry["kind"],
            "opened": entry["at"],
            "answered": answer.when if answer else None,
            "verb": answer.verb.value if answer else None,
            "waited": _seconds(entry["at"], answer.when) if answer else None,
        }


def _seconds(start: str, end: str) -> float:
    """Return the seconds between two times; a decision's are whole seconds, so a quick one may seem earlier."""
    return max(0.0, round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 3))
