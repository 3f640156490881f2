"""The summary: what `summary.json` holds, counted from the issue_statuses of a milestone's issues and its decisions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..core.serialize import plain
from ..policy import budget
from ..policy.graph import COMPLETE, phase_name
from ..policy.issue_identity import renumbered
from .issue_status import issue_statuses, with_costs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Milestone, Phase
    from . import State
    from .issue_status import IssueStatus


def status_of(state: State) -> str:
    """Return aborted or failed where the last run ended so, else complete, waiting or unfinished, as it stands."""
    ended = str(state.journal.last("run started", "run ended").get("status"))
    if ended in {"aborted", "failed"}:
        return ended
    if state.gates.all():
        return "waiting"
    return "complete" if state.markers.read(COMPLETE) is not None else "unfinished"


def summarise(milestone: Milestone, state: State) -> dict[str, Any]:
    """Return the summary as `schemas/summary.schema.json` describes it."""
    entries = renumbered(list(state.journal.entries()))
    told, decisions = with_costs(issue_statuses(milestone, state), entries), state.decisions.all()
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
        "used": _used(entries),
        "phases": [_phase(phase, state) for phase in milestone.phases],
        "waiting": [gate.gate for gate in state.gates.all()],
        "per_issue": [plain(story) for story in told],
        "decisions": [plain(decision) for decision in decisions],
    }


def _pulls(told: tuple[IssueStatus, ...]) -> dict[str, int]:
    """Return how many there are, and how those of finished issues came through; `unreviewed` only where some are."""
    came = Counter(story.verdict for story in told if story.verdict)
    usual = {verdict: came[verdict] for verdict in ("clean", "fixed", "approved")}
    created = sum(1 for story in told if story.pr is not None)
    return {"created": created, **usual, **({"unreviewed": came["unreviewed"]} if came["unreviewed"] else {})}


def _landing(told: tuple[IssueStatus, ...], state: State) -> dict[str, Any]:
    """Return how many pull requests were merged, and the milestone's own as it was last seen."""
    landed = state.landed()
    pull = {"number": landed.pr, "url": landed.url, "state": landed.state} if landed and landed.pr else None
    return {"merged": sum(1 for story in told if story.merged), "pr": pull}


def _total(costs: list[float | None]) -> float | None:
    """Return the sum; unknown where any part is unknown, never 0 for it."""
    return None if not costs or None in costs else round(sum(cost for cost in costs if cost is not None), 2)


def _used(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what all runs used of the budget; time and money as far as they are known."""
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
