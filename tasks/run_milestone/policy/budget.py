"""Decide how much time, money and attempts a milestone may use over all its runs, and what it has used."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.units import amount, dollars, duration, seconds
from ..model import Finding, Kind, Severity, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Decision, Gate, Milestone

GATE = "budget"
"""The name of the gate, which belongs to the milestone."""
BEGAN = "attempt began"
"""The journal's event before an attempt of an agent. The entry of the task that has a `cost` ends it."""
REVIEW_BEGAN = "review began"
"""The journal's event before an agent reviews. The entry of the task that has `review_costs` ends it."""


def attempts(text: str) -> int | None:
    """Return the number of attempts in a text, None where it is not one."""
    return int(text) if text.isdecimal() and len(text) < 7 and int(text) > 0 else None


PARSERS = {"time": seconds, "money": dollars, "attempts": attempts}
FORMATS = {"time": duration, "money": amount, "attempts": amount}
WHAT = {
    "time": "The time of its steps is used up",
    "money": "The money for its agents is used up",
    "attempts": "The attempts of its agents are used up",
}
PER_ISSUE, LEAST = 3, 10
"""Attempts that a plan without a number allows: per issue, and for a small milestone."""


@dataclass(frozen=True, slots=True)
class Used:
    """What all runs used: seconds, US dollars, attempts and reviews of agents.

    Of the attempts, `unknown` are those of unknown cost and `untimed` those of unknown time; of the reviews,
    `unpriced` are those of unknown cost.
    """

    time: float = 0.0
    money: float = 0.0
    attempts: int = 0
    unknown: int = 0
    untimed: int = 0
    reviews: int = 0
    unpriced: int = 0
    begun: tuple[str, ...] = ()
    """Tasks of attempts that have not ended, and so are of unknown cost."""
    reviewing: tuple[str, ...] = ()
    """Tasks of reviews that have not ended, one for each agent."""

    def and_more(self, entry: dict[str, Any]) -> Used:
        """Return the total with one entry of the journal; a missing cost or time is unknown, not 0."""
        began, ended, task = entry["event"] == BEGAN, "cost" in entry, str(entry.get("task"))
        took, cost, attempt = entry.get("took"), entry.get("cost"), began or ended
        counted = ended and task in self.begun
        others = tuple(name for name in self.begun if not (counted and name == task))
        begins, reviews = entry["event"] == REVIEW_BEGAN, entry.get("review_costs", [])
        over = self.reviewing.count(task) if "review_costs" in entry else 0
        reviewing = tuple(name for name in self.reviewing if not (over and name == task))
        return Used(
            self.time + (took or 0.0),
            self.money + sum(part or 0.0 for part in (cost, *reviews)),
            self.attempts + attempt - counted,
            self.unknown + (attempt and cost is None) - counted,
            self.untimed + (attempt and took is None) - counted,
            self.reviews + begins + len(reviews) - over,
            self.unpriced + begins + reviews.count(None) - over,
            (*others, task) if began else others,
            (*reviewing, task) if begins else reviewing,
        )


def used(entries: Iterable[dict[str, Any]]) -> Used:
    """Return what the journal's entries add up to."""
    total = Used()
    for entry in entries:
        total = total.and_more(entry)
    return total


def costs(entries: Iterable[dict[str, Any]]) -> dict[str, float | None]:
    """Return the cost of agents by issue; None where a part of it is unknown."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["event"] in {BEGAN, REVIEW_BEGAN} or entry.keys() & {"cost", "review_costs"}:
            by_task.setdefault(str(entry["task"]), []).append(entry)
    totals = {task.partition(":")[0]: used(items) for task, items in by_task.items()}
    return {number: None if total.unknown or total.unpriced else total.money for number, total in totals.items()}


def limited(milestone: Milestone, *, time: float | None, money: float | None) -> Milestone:
    """Return the milestone with the limits of flags instead of those of the plan."""
    plan = milestone.limits
    return replace(milestone, limits=replace(plan, time=time or plan.time, money=money or plan.money))


def limits(milestone: Milestone, decisions: Iterable[Decision]) -> dict[str, float]:
    """Return the limits in force: those of plan and flags, raised by approvals."""
    plan = milestone.limits
    attempts_allowed = plan.all_attempts or max(LEAST, PER_ISSUE * len(milestone.issues))
    allowed: dict[str, float] = {"time": plan.time, "money": plan.money, "attempts": attempts_allowed}
    for decision in decisions:
        if decision.gate == GATE and decision.verb is Verb.APPROVE:
            allowed = {name: max(limit, granted(decision.why).get(name, 0.0)) for name, limit in allowed.items()}
    return allowed


def reached(total: Used, allowed: dict[str, float]) -> tuple[Finding, ...]:
    """Return the limits that are used up; `detail` is the limit as an answer writes it."""
    return tuple(
        Finding(Kind.BUDGET, Severity.WARNING, name, WHAT[name], detail=f"{name} {FORMATS[name](limit)}")
        for name, limit in allowed.items()
        if getattr(total, name) >= limit
    )


def granted(text: str) -> dict[str, float]:
    """Return the limits in a reason: `time 4h`, `money 20`, `attempts 40`, or several."""
    return dict(_granted(text.replace(",", " ").split()))


def _granted(words: list[str]) -> Iterator[tuple[str, float]]:
    for name, value in itertools.pairwise(words):
        read = PARSERS[name](value) if name in PARSERS else None
        if read is not None:
            yield name, read


def refusal(gate: Gate | None, verb: str, why: str) -> str | None:
    """Return why an approval of more budget is refused, None where it is not."""
    if gate is None or gate.kind is not Kind.BUDGET or verb != Verb.APPROVE:
        return None
    given = granted(why)
    if all(given.get(finding.rule, 0.0) > granted(finding.detail or "")[finding.rule] for finding in gate.findings):
        return None
    return f"its reason has to name a larger limit, for example `{example(gate)}`"


def example(gate: Gate) -> str:
    """Return an answer that would be accepted: every limit doubled."""
    asked = {name: limit for finding in gate.findings for name, limit in granted(finding.detail or "").items()}
    return ", ".join(f"{name} {FORMATS[name](2 * limit)}" for name, limit in asked.items())
