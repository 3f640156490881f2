"""Makes what `summary.json` and `metrics.json` hold, from the status of the issues, the decisions and the journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.serialize import plain
from ..policy import budget
from ..policy.graph import COMPLETE, phase_name
from ..policy.issue_identity import renumbered
from .issue_status import issue_statuses, with_costs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Decision, Milestone, Phase
    from . import State
    from .issue_status import IssueStatus

    Entry = dict[str, Any]


SUMMARY = "summary"
"""Its name among what is derived from the records."""


def status_of(state: State) -> str:
    """Return aborted or failed where the last run ended so, else waiting, complete or unfinished."""
    ended = str(state.journal.last("run started", "run ended").get("status"))
    if ended in {"aborted", "failed"}:
        return ended
    if state.gates.all():
        return "waiting"
    return "complete" if state.markers.read(COMPLETE) is not None else "unfinished"


def history(state: State) -> list[Entry]:
    """Return the journal's entries by time, with the numbers that their issues have now.

    The file has the entries of several machines in the order in which they arrived.
    """
    return renumbered(sorted(state.journal.entries(), key=lambda entry: str(entry["at"])))


# ---- summary.json ---------------------------------------------------------------------------------------------


def summarise(milestone: Milestone, state: State) -> dict[str, Any]:
    """Return the summary as `schemas/summary.schema.json` describes it."""
    known = state.steady.derived if state.steady.derived is not None else {}
    if SUMMARY not in known:
        known[SUMMARY] = _summary(milestone, state)
    return dict(known[SUMMARY])


def _summary(milestone: Milestone, state: State) -> dict[str, Any]:
    entries = renumbered(list(state.journal.entries()))
    issues, decisions = with_costs(issue_statuses(milestone.issues, state), entries), state.decisions.all()
    return {
        "milestone": milestone.id,
        "title": milestone.title,
        "status": status_of(state),
        "issues": {
            "total": len(issues),
            "completed": sum(issue.status == "done" for issue in issues),
            "skipped": sum(issue.status == "skipped" for issue in issues),
        },
        "prs": _pulls(issues),
        "landing": _landing(issues, state),
        "labels": dict(sorted(Counter(label for issue in issues if issue.verdict for label in issue.labels).items())),
        "commands": dict(Counter(decision.verb.value for decision in decisions)),
        "seconds": round(sum(issue.seconds for issue in issues), 1),
        "cost": _total([issue.cost for issue in issues if issue.verdict]),
        "used": _used(entries),
        "phases": [_phase(phase, state) for phase in milestone.phases],
        "waiting": [gate.gate for gate in state.gates.all()],
        "per_issue": [plain(issue) for issue in issues],
        "decisions": [plain(decision) for decision in decisions],
    }


def _pulls(issues: tuple[IssueStatus, ...]) -> dict[str, int]:
    """Return how many pull requests there are, by the verdict on finished ones; `unreviewed` only where some are."""
    verdicts = Counter(issue.verdict for issue in issues if issue.verdict)
    usual = {verdict: verdicts[verdict] for verdict in ("clean", "fixed", "approved")}
    created = sum(issue.pr is not None for issue in issues)
    return {"created": created, **usual, **({"unreviewed": verdicts["unreviewed"]} if verdicts["unreviewed"] else {})}


def _landing(issues: tuple[IssueStatus, ...], state: State) -> dict[str, Any]:
    """Return how many pull requests were merged, and the milestone's own as it was last seen."""
    landed = state.landed()
    pull = {"number": landed.pr, "url": landed.url, "state": landed.state} if landed and landed.pr else None
    return {"merged": sum(issue.merged for issue in issues), "pr": pull}


def _total(costs: list[float | None]) -> float | None:
    """Return the sum, None (unknown) where there is no cost or one is unknown."""
    return None if not costs or None in costs else round(sum(cost for cost in costs if cost is not None), 2)


def _used(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return what all runs used of the budget, time and money as far as they are known."""
    used = budget.used(entries)
    return {
        "seconds": round(used.time, 3),
        "known_cost": round(used.money, 4) if used.attempts + used.reviews > used.unknown + used.unpriced else None,
        "attempts": used.attempts,
        "unknown_costs": used.unknown + used.unpriced,
        "unknown_times": used.untimed,
    }


def _phase(phase: Phase, state: State) -> dict[str, Any]:
    passed = state.markers.read(phase_name(phase.number)) is not None
    return {"number": phase.number, "title": phase.title, "approved": passed}


# ---- metrics.json ---------------------------------------------------------------------------------------------


def measure(milestone: Milestone, state: State) -> dict[str, Any]:
    """Return the metrics as `schemas/metrics.schema.json` describes them. An unknown cost is null, never 0."""
    entries, decisions = history(state), state.decisions.all()
    ran = [entry for entry in entries if "took" in entry]  # also where it is null: a time that is unknown
    gates = list(_gates(entries, decisions))
    return {
        "milestone": milestone.id,
        "status": status_of(state),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": sum(entry["event"] == "run started" for entry in entries),
        "all": _sum(ran),
        "steps": _sums((entry["task"].rpartition(":")[2], entry) for entry in ran),
        "issues": _issues(milestone, state, ran),
        "phases": _phases(milestone, ran),
        "gates": gates,
        "stops": dict(Counter(gate["kind"] for gate in gates)),
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


def _sums(ran: Iterable[tuple[str, Entry]]) -> dict[str, Any]:
    """Return the sum of each group of named entries."""
    groups = defaultdict(list)
    for name, entry in ran:
        groups[name].append(entry)
    return {name: _sum(rows) for name, rows in groups.items()}


def _issue_of(entry: Entry) -> str:
    return str(entry["task"].partition(":")[0])


def _issues(milestone: Milestone, state: State, ran: list[Entry]) -> dict[str, Any]:
    sums = _sums((_issue_of(entry), entry) for entry in ran)
    return {
        issue.number: {**sums.get(issue.number, _sum(())), "attempts": issue.attempts, "status": issue.status}
        for issue in issue_statuses(milestone.issues, state)
    }


def _phases(milestone: Milestone, ran: list[Entry]) -> dict[str, Any]:
    phases = {issue.number: phase_name(issue.phase) for issue in milestone.issues}
    sums = _sums((phases.get(_issue_of(entry), ""), entry) for entry in ran)
    return {name: sums.get(name, _sum(())) for name in dict.fromkeys(phases.values())}


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
            "waited": _seconds_between(entry["at"], answer.when) if answer else None,
        }


def _seconds_between(start: str, end: str) -> float:
    """Return the seconds between two times. A decision's time is in whole seconds, so a quick one may seem earlier."""
    return max(0.0, round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 3))
